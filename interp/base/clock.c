/* Dates by the civil-calendar arithmetic of days since 0000-03-01 (era of 400 years): no time zone database, no locale.
 */
#include "interp/base/clock.h"

#include <stdio.h>
#include <time.h>

#define US_PER_S INT64_C(1000000)
#define S_PER_DAY INT64_C(86400)
#define FIRST_US (INT64_C(-62135596800) * US_PER_S)               /* 0001-01-01T00:00:00 */
#define LAST_US (INT64_C(253402300799) * US_PER_S + US_PER_S - 1) /* 9999-12-31T23:59:59.999999 */

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    if (clock_gettime(id, &now) != 0)
        return 0;
    return (int64_t) now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

static int64_t system_wall_us(void *context)
{
    (void) context;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_mono_us(void *context)
{
    (void) context;
    return read_clock(CLOCK_MONOTONIC);
}

const struct ros_clock *ros_clock_system(void)
{
    static const struct ros_clock clock = {system_wall_us, system_mono_us, NULL};
    return &clock;
}

static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int *y, int *m, int *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    *d = (int) (day_of_year - (153 * month + 2) / 5 + 1);
    *m = (int) (month < 10 ? month + 3 : month - 9);
    *y = (int) (year_of_era + era * 400 + (*m <= 2));
}

size_t ros_time_format(int64_t wall_us, char text[ROS_TIME_TEXT_SIZE])
{
    if (wall_us < FIRST_US)
        wall_us = FIRST_US;
    if (wall_us > LAST_US)
        wall_us = LAST_US;
    int64_t seconds = wall_us / US_PER_S;
    int64_t fraction = wall_us % US_PER_S;
    if (fraction < 0) {
        fraction += US_PER_S;
        seconds--;
    }
    int64_t days = seconds / S_PER_DAY;
    int64_t rest = seconds % S_PER_DAY;
    if (rest < 0) {
        rest += S_PER_DAY;
        days--;
    }
    int y, m, d;
    civil_from_days(days, &y, &m, &d);
    int len = snprintf(text, ROS_TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", y, m, d, (int) (rest / 3600),
                       (int) (rest / 60 % 60), (int) (rest % 60));
    if (fraction != 0)
        len += snprintf(text + len, ROS_TIME_TEXT_SIZE - (size_t) len, ".%06d", (int) fraction);
    len += snprintf(text + len, ROS_TIME_TEXT_SIZE - (size_t) len, "+00:00");
    return (size_t) len;
}

/* Reads exactly n digits. */
static bool take_number(const char **p, const char *end, int n, int64_t *ret)
{
    int64_t value = 0;
    for (int i = 0; i < n; i++) {
        if (*p == end || **p < '0' || **p > '9')
            return false;
        value = value * 10 + (*(*p)++ - '0');
    }
    *ret = value;
    return true;
}

static bool take_char(const char **p, const char *end, char c)
{
    if (*p == end || **p != c)
        return false;
    (*p)++;
    return true;
}

static bool take_date(const char **p, const char *end, int64_t *ret_days)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t y, m, d;
    if (!take_number(p, end, 4, &y) || !take_char(p, end, '-') || !take_number(p, end, 2, &m) ||
        !take_char(p, end, '-') || !take_number(p, end, 2, &d))
        return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (y < 1 || m < 1 || m > 12 || d < 1 || d > month_days[m - 1] || (m == 2 && d == 29 && !leap))
        return false;
    *ret_days = days_from_civil(y, m, d);
    return true;
}

static bool take_fraction(const char **p, const char *end, int64_t *ret_us)
{
    int64_t scale = US_PER_S / 10;
    *ret_us = 0;
    if (!take_char(p, end, '.') && !take_char(p, end, ','))
        return true;
    const char *start = *p;
    for (; *p < end && **p >= '0' && **p <= '9'; (*p)++, scale /= 10)
        *ret_us += (**p - '0') * scale;
    return *p > start;
}

static bool take_offset(const char **p, const char *end, int64_t *ret_s)
{
    *ret_s = 0;
    if (*p == end || take_char(p, end, 'Z') || take_char(p, end, 'z'))
        return true;
    int64_t sign = take_char(p, end, '-') ? -1 : 1;
    int64_t h, m = 0;
    if (sign == 1 && !take_char(p, end, '+'))
        return false;
    if (!take_number(p, end, 2, &h))
        return false;
    if (*p < end && (take_char(p, end, ':'), !take_number(p, end, 2, &m)))
        return false;
    if (h > 23 || m > 59)
        return false;
    *ret_s = sign * (h * 3600 + m * 60);
    return true;
}

bool ros_time_parse(const char *text, size_t len, int64_t *ret_wall_us)
{
    const char *p = text;
    const char *end = text + len;
    int64_t days, h, m, s, us, offset;
    if (!take_date(&p, end, &days) || (!take_char(&p, end, 'T') && !take_char(&p, end, ' ')))
        return false;
    if (!take_number(&p, end, 2, &h) || !take_char(&p, end, ':') || !take_number(&p, end, 2, &m) ||
        !take_char(&p, end, ':') || !take_number(&p, end, 2, &s) || h > 23 || m > 59 || s > 59)
        return false;
    if (!take_fraction(&p, end, &us) || !take_offset(&p, end, &offset) || p != end)
        return false;
    *ret_wall_us = (days * S_PER_DAY + h * 3600 + m * 60 + s - offset) * US_PER_S + us;
    return true;
}
