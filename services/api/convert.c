/* Rows may have been written by the system that ROS replaces, with values of any type: nothing here trusts them. */
#include "services/api/convert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "interp/base/clock.h"
#include "interp/base/num.h"
#include "services/common/json.h"

#define LARGEST_CELL_BYTES ((size_t) 16 << 20)

char *ros__copy_cell(struct ros_arena *arena, const struct ros_pg_rows *rows, size_t row, size_t column)
{
    const char *text = ros_pg_rows_text(rows, row, column);
    return text != NULL ? ros_arena_copy(arena, text, strlen(text)) : NULL;
}

int32_t ros__int_cell(const struct ros_pg_rows *rows, size_t row, size_t column)
{
    int64_t value;
    if (!ros_pg_rows_i64(rows, row, column, &value) || value < INT32_MIN || value > INT32_MAX)
        return 0;
    return (int32_t) value;
}

json_t *ros__json_cell(const struct ros_pg_rows *rows, size_t row, size_t column)
{
    const char *text = ros_pg_rows_text(rows, row, column);
    const struct ros_json_limits exact = {.bytes = LARGEST_CELL_BYTES};
    const struct ros_json_limits rounded = {.bytes = LARGEST_CELL_BYTES, .integers_as_real = true};
    json_t *value = NULL;
    if (text == NULL)
        return NULL;
    /* jsonb keeps whole numbers of any length: 1e22 comes back with all its digits. */
    if (ros_json_parse(text, strlen(text), &exact, &value, NULL) != ROS_OK &&
        ros_json_parse(text, strlen(text), &rounded, &value, NULL) != ROS_OK)
        return NULL;
    if (!json_is_null(value))
        return value;
    json_decref(value);
    return NULL;
}

char *ros__date_cell(struct ros_arena *arena, const struct ros_pg_rows *rows, size_t row, size_t column)
{
    const char *text = ros_pg_rows_text(rows, row, column);
    int64_t us;
    if (text == NULL || !ros_time_parse(text, strlen(text), &us))
        return NULL;
    char iso[ROS_TIME_TEXT_SIZE];
    size_t len = ros_time_format(us, iso);
    return ros_arena_copy(arena, iso, len);
}

/* A number, also one that is written as a text. */
static bool number_of(const json_t *value, double *ret)
{
    if (json_is_number(value)) {
        *ret = json_number_value(value);
        return true;
    }
    return json_is_string(value) && ros_num_parse(json_string_value(value), json_string_length(value), ret);
}

static int32_t int_of(const json_t *value)
{
    double number;
    if (!number_of(value, &number) || !(number > -2147483649.0 && number < 2147483648.0))
        return 0;
    return (int32_t) number;
}

/* A version's part: a whole number, or a text. */
static bool add_part(struct ros_buf *out, const json_t *value)
{
    if (json_is_integer(value))
        return ros_buf_printf(out, "%lld", (long long) json_integer_value(value)) == ROS_OK;
    const char *text = ros_json_text(value);
    return text != NULL && ros_buf_puts(out, text) == ROS_OK;
}

char *ros__os_text(struct ros_arena *arena, const json_t *os)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    if (!add_part(&text, json_object_get(os, "name")) || ros_buf_addc(&text, ' ') != ROS_OK ||
        !add_part(&text, json_object_get(os, "major")) || ros_buf_addc(&text, '.') != ROS_OK ||
        !add_part(&text, json_object_get(os, "minor")))
        return NULL;
    return ros_arena_copy(arena, text.data, text.len);
}

char *ros__idling_time(struct ros_arena *arena, const json_t *idle, const json_t *cpus)
{
    double idle_cpus;
    double all_cpus;
    if (!number_of(idle, &idle_cpus) || !number_of(cpus, &all_cpus) || !(all_cpus >= 1))
        return NULL;
    return ros_arena_printf(arena, "%0.2f", idle_cpus * 100 / trunc(all_cpus));
}

/* --- utilisation -------------------------------------------------------------------------------------------------- */

typedef Ros__V1__PerformanceUtilization__IoAllEntry disk_entry;

/* Stable: of equally busy disks the one that was stored first stays first. */
static void insert_disk(disk_entry **disks, size_t count, disk_entry *disk)
{
    while (count > 0 && disks[count - 1]->value < disk->value) {
        disks[count] = disks[count - 1];
        count--;
    }
    disks[count] = disk;
}

static bool add_disks(struct ros_arena *arena, const json_t *io, Ros__V1__PerformanceUtilization *to)
{
    size_t size = json_object_size(io);
    if (size == 0)
        return true;
    to->io_all = ros_arena_new_array(arena, disk_entry *, size);
    if (to->io_all == NULL)
        return false;
    json_t *members = (json_t *) (uintptr_t) io; /* iterating changes nothing, but jansson's types say otherwise */
    for (void *at = json_object_iter(members); at != NULL; at = json_object_iter_next(members, at)) {
        double value;
        if (!number_of(json_object_iter_value(at), &value))
            continue;
        disk_entry *disk = ros_arena_new(arena, disk_entry);
        if (disk == NULL)
            return false;
        ros__v1__performance_utilization__io_all_entry__init(disk);
        const char *key = json_object_iter_key(at);
        disk->key = ros_arena_copy(arena, key, strlen(key));
        disk->value = value;
        if (disk->key == NULL)
            return false;
        insert_disk(to->io_all, to->n_io_all++, disk);
    }
    return true;
}

Ros__V1__PerformanceUtilization *ros__utilization(struct ros_arena *arena, const json_t *stored)
{
    Ros__V1__PerformanceUtilization *to = ros_arena_new(arena, Ros__V1__PerformanceUtilization);
    if (to == NULL)
        return NULL;
    ros__v1__performance_utilization__init(to);
    to->cpu = int_of(json_object_get(stored, "cpu"));
    to->memory = int_of(json_object_get(stored, "memory"));
    double most;
    if (number_of(json_object_get(stored, "max_io"), &most)) {
        to->_max_io_case = ROS__V1__PERFORMANCE_UTILIZATION___MAX_IO_MAX_IO;
        to->max_io = most;
    }
    return add_disks(arena, json_object_get(stored, "io"), to) ? to : NULL;
}

/* --- words of a request ------------------------------------------------------------------------------------------- */

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool ros__uuid(const char *text, char canonical[37])
{
    static const char urn[] = "urn:uuid:";
    size_t len = strlen(text);
    if (len > 64)
        return false;
    if (strncmp(text, urn, sizeof urn - 1) == 0) {
        text += sizeof urn - 1;
        len -= sizeof urn - 1;
    }
    if (len >= 2 && text[0] == '{' && text[len - 1] == '}') {
        text++;
        len -= 2;
    }
    size_t digits = 0;
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '-')
            continue;
        int digit = hex_of(text[i]);
        if (digit < 0 || digits == 32)
            return false;
        if (digits == 8 || digits == 12 || digits == 16 || digits == 20)
            canonical[at++] = '-';
        canonical[at++] = "0123456789abcdef"[digit];
        digits++;
    }
    canonical[at] = '\0';
    return digits == 32;
}

char *ros__like_pattern(struct ros_arena *arena, const char *text, enum ros_code *ret_code)
{
    if (text == NULL || text[0] == '\0')
        return NULL;
    ros_auto(ros_buf) struct ros_buf pattern = ROS_BUF_INIT;
    ros_buf_addc(&pattern, '%');
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '%' || *text == '_')
            ros_buf_addc(&pattern, '\\');
        ros_buf_addc(&pattern, *text);
    }
    ros_buf_addc(&pattern, '%');
    char *copy = ros_buf_code(&pattern) == ROS_OK ? ros_arena_copy(arena, pattern.data, pattern.len) : NULL;
    if (copy == NULL)
        *ret_code = ROS_E_OOM;
    return copy;
}
