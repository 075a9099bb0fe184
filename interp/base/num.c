/*
 * Reading takes Clinger's fast path (at most 15 digits and a power of ten up to 22: both factors are exact, so one
 * multiplication or division rounds once), and leaves the rest to the C library under the C locale, which rounds
 * correctly too. Writing tries 15, 16 and 17 digits and keeps the first that reads back: 17 always does.
 */
#include "interp/base/num.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_NUMBER 400

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

struct decimal {
    bool negative;
    uint64_t digits;    /* the first 19 significant digits at most */
    int significant;    /* how many there were in all */
    long long exponent; /* value = digits * 10^exponent, when significant <= 19 */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void take_digit(struct decimal *d, char c, bool fraction)
{
    if (d->significant > 0 || c != '0') {
        d->significant++;
        if (d->significant <= 19)
            d->digits = d->digits * 10 + (uint64_t) (c - '0');
        else
            d->exponent++;
    }
    if (fraction)
        d->exponent--;
}

static bool scan_exponent(const char *p, const char *end, struct decimal *d)
{
    bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return false;
    long long exponent = 0;
    for (; p < end; p++) {
        if (!is_digit(*p))
            return false;
        if (exponent < 100000)
            exponent = exponent * 10 + (*p - '0');
    }
    d->exponent += minus ? -exponent : exponent;
    return true;
}

static bool scan(const char *text, size_t len, struct decimal *d)
{
    const char *p = text;
    const char *end = text + len;
    *d = (struct decimal){.negative = p < end && *p == '-'};
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    size_t digits = 0;
    for (; p < end && is_digit(*p); p++, digits++)
        take_digit(d, *p, false);
    if (p < end && *p == '.')
        for (p++; p < end && is_digit(*p); p++, digits++)
            take_digit(d, *p, true);
    if (digits == 0)
        return false;
    if (p < end && (*p == 'e' || *p == 'E'))
        return scan_exponent(p + 1, end, d);
    return p == end;
}

/* The rare case: many digits or a large exponent. The text was checked, so strtod_l takes all of it. */
static bool parse_slowly(const char *text, size_t len, double *ret_value)
{
    char copy[LONGEST_NUMBER + 1];
    memcpy(copy, text, len);
    copy[len] = '\0';
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t) 0);
    if (c_locale == (locale_t) 0)
        return false;
    *ret_value = strtod_l(copy, NULL, c_locale);
    freelocale(c_locale);
    return isfinite(*ret_value);
}

bool ros_num_parse(const char *text, size_t len, double *ret_value)
{
    struct decimal d;
    if (len > LONGEST_NUMBER || !scan(text, len, &d))
        return false;
    double value;
    if (d.digits == 0) {
        value = 0;
    } else if (d.significant <= 15 && d.exponent >= -22 && d.exponent <= 22) {
        value = (double) d.digits;
        value = d.exponent < 0 ? value / powers_of_ten[-d.exponent] : value * powers_of_ten[d.exponent];
    } else {
        return parse_slowly(text, len, ret_value);
    }
    *ret_value = d.negative ? -value : value;
    return true;
}

bool ros_num_parse_u64(const char *text, size_t len, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]) || __builtin_mul_overflow(value, (uint64_t) 10, &value) ||
            __builtin_add_overflow(value, (uint64_t) (text[i] - '0'), &value))
            return false;
    }
    *ret_value = value;
    return true;
}

bool ros_num_parse_i64(const char *text, size_t len, int64_t *ret_value)
{
    bool negative = len > 0 && text[0] == '-';
    uint64_t magnitude;
    if (!ros_num_parse_u64(text + negative, len - negative, &magnitude))
        return false;
    if (magnitude > (uint64_t) INT64_MAX + negative)
        return false;
    *ret_value = negative ? (int64_t) (0 - magnitude) : (int64_t) magnitude;
    return true;
}

/* "d.ddde[+-]xx" with no trailing zeros, digits and exponent taken apart. */
static size_t split_shortest(double value, char digits[24], int *ret_exponent)
{
    char text[40];
    /* A subnormal has fewer bits, and so may need fewer digits than the 15 that every other double can show. */
    for (int precision = value < DBL_MIN ? 0 : 14; precision <= 16; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, value);
        double back;
        if (precision == 16 || (ros_num_parse(text, strlen(text), &back) && back == value))
            break;
    }
    size_t n = 0;
    const char *p = text;
    for (; *p != 'e'; p++)
        if (is_digit(*p) && n < 23)
            digits[n++] = *p;
    int64_t exponent = 0;
    bool plus = p[1] == '+';
    ros_num_parse_i64(p + 1 + plus, strlen(p + 1 + plus), &exponent);
    *ret_exponent = (int) exponent;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';
    return n;
}

size_t ros_num_format(double value, char text[ROS_NUM_TEXT_SIZE])
{
    if (!isfinite(value))
        return (size_t) snprintf(text, ROS_NUM_TEXT_SIZE, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    const char *sign = signbit(value) ? "-" : "";
    if (value == 0)
        return (size_t) snprintf(text, ROS_NUM_TEXT_SIZE, "%s0.0", sign);
    char digits[24];
    int exponent;
    int n = (int) split_shortest(fabs(value), digits, &exponent);
    int len;
    if (exponent < -4 || exponent >= 16)
        len = snprintf(text, ROS_NUM_TEXT_SIZE, "%s%c%s%se%c%02d", sign, digits[0], n > 1 ? "." : "", digits + 1,
                       exponent < 0 ? '-' : '+', abs(exponent));
    else if (exponent < 0)
        len = snprintf(text, ROS_NUM_TEXT_SIZE, "%s0.%.*s%s", sign, -exponent - 1, "000", digits);
    else if (n <= exponent + 1)
        len = snprintf(text, ROS_NUM_TEXT_SIZE, "%s%s%.*s.0", sign, digits, exponent + 1 - n, "000000000000000");
    else
        len = snprintf(text, ROS_NUM_TEXT_SIZE, "%s%.*s.%s", sign, exponent + 1, digits, digits + exponent + 1);
    return (size_t) len;
}
