/*
 * One line a value:    disk.dev.total ["sda"]  54.117 count / sec
 *                      name           instance value  unit
 *
 * Why one bad line spoils the whole text: a summary that was cut or overwritten says of no line where the damage ends,
 * and a wrong number is worse than none. Values are gathered in a list by metric first, since a metric's instances need
 * not stand together, then laid out as the arrays that evidence promises.
 */
#include <math.h>
#include <string.h>

#include "interp/base/limits.h"
#include "interp/base/map.h"
#include "interp/base/num.h"
#include "services/intake/parse.h"

#define INSTANCE_BYTES_MAX 1024u
#define NUMBER_BYTES_MAX 400u

struct value {
    struct value *next;
    struct ros__slice instance; /* at == NULL: none */
    struct ros__slice unit;
    double mean;
};

struct metric {
    struct metric *next;
    struct ros__slice name;
    struct value *first, *last;
    size_t count;
};

struct work {
    struct ros_arena *arena;
    struct ros_map metrics; /* name -> struct metric */
    struct ros_map values;  /* name NUL instance -> struct value, so that a repeated line replaces the first */
    struct metric *first, *last;
    size_t count;
};

struct line {
    struct ros__slice name, instance, unit;
    double mean;
    bool skipped; /* "*name", seen for less than a tenth of the time, says nothing of the rest; and names without end */
};

/* A number as the tools of the trade read it: digits may be grouped by '_', and nan and inf are words. */
static double number_of(struct ros__slice text)
{
    char digits[NUMBER_BYTES_MAX];
    size_t n = 0;
    double value;
    struct ros__slice word = text;
    double sign = 1;
    if (word.len > 0 && (word.at[0] == '-' || word.at[0] == '+')) {
        sign = word.at[0] == '-' ? -1 : 1;
        word.at++;
        word.len--;
    }
    if (ros__slice_is_lower(word, "inf") || ros__slice_is_lower(word, "infinity"))
        return sign * INFINITY;
    for (size_t i = 0; i < text.len; i++) {
        bool grouping = text.at[i] == '_' && i > 0 && i + 1 < text.len && text.at[i - 1] >= '0' &&
                        text.at[i - 1] <= '9' && text.at[i + 1] >= '0' && text.at[i + 1] <= '9';
        if (grouping)
            continue;
        if (n == sizeof(digits))
            return NAN;
        digits[n++] = text.at[i];
    }
    return ros_num_parse(digits, n, &value) ? value : NAN;
}

/* False for a line that is not a whole one. */
static bool line_read(struct ros__slice text, struct line *line)
{
    struct ros__slice rest = text;
    line->name = ros__slice_word(&rest);
    line->instance = (struct ros__slice){NULL, 0};
    if (line->name.len == 0)
        return false;
    line->skipped = line->name.at[0] == '*' || line->name.len > ROS_LIMIT_NAME_BYTES;
    if (rest.len > 0 && rest.at[0] == '[') {
        struct ros__slice inner;
        if (!ros__slice_cut(rest, ']', &inner, &rest))
            return false;
        while (inner.len > 0 && (inner.at[0] == '[' || inner.at[0] == '"'))
            inner = (struct ros__slice){inner.at + 1, inner.len - 1};
        while (inner.len > 0 && inner.at[inner.len - 1] == '"')
            inner.len--;
        line->skipped = line->skipped || inner.len > INSTANCE_BYTES_MAX;
        line->instance = inner;
        rest = ros__slice_strip(rest);
    }
    struct ros__slice value = ros__slice_word(&rest);
    line->unit = ros__slice_strip(rest);
    line->mean = number_of(value);
    return value.len > 0 && line->unit.len > 0;
}

/* A name below a value ("mem.physmem.val"): two readings of one word, and so damage. */
static bool stands_below_value(const struct work *work, struct ros__slice name)
{
    for (size_t i = 1; i < name.len; i++) {
        struct ros__slice rest = {name.at + i + 1, name.len - i - 1};
        struct ros__slice part = rest;
        if (name.at[i] != '.' || ros_map_get(&work->metrics, name.at, i) == NULL)
            continue;
        if (!ros__slice_cut(rest, '.', &part, &rest))
            part = (struct ros__slice){name.at + i + 1, name.len - i - 1};
        if (ros__slice_is(part, "val") || ros__slice_is(part, "units"))
            return true;
    }
    return false;
}

static struct metric *metric_of(struct work *work, struct ros__slice name)
{
    struct metric *metric = ros_map_get(&work->metrics, name.at, name.len);
    if (metric != NULL)
        return metric;
    metric = ros_arena_new(work->arena, struct metric);
    if (metric == NULL || ros_map_add(&work->metrics, name.at, name.len, metric) != ROS_OK)
        return NULL;
    metric->name = name;
    if (work->last != NULL)
        work->last->next = metric;
    else
        work->first = metric;
    work->last = metric;
    work->count++;
    return metric;
}

static enum ros_code line_add(struct work *work, const struct line *line, struct ros_error *reterr)
{
    struct metric *metric = metric_of(work, line->name);
    size_t key_len = line->name.len + 1 + (line->instance.at != NULL ? line->instance.len + 1 : 0);
    char *key = ros_arena_get(work->arena, key_len);
    if (metric == NULL || key == NULL)
        return ros_error_code(reterr, ros_arena_code(work->arena));
    memcpy(key, line->name.at, line->name.len);
    if (line->instance.at != NULL)
        memcpy(key + line->name.len + 1, line->instance.at, line->instance.len);
    struct value *value = ros_map_get(&work->values, key, key_len);
    if (value == NULL) {
        value = ros_arena_new(work->arena, struct value);
        if (value == NULL || ros_map_add(&work->values, key, key_len, value) != ROS_OK)
            return ros_error_code(reterr, ros_arena_code(work->arena));
        if (metric->last != NULL)
            metric->last->next = value;
        else
            metric->first = value;
        metric->last = value;
        if (++metric->count > ROS_LIMIT_INSTANCES)
            return ros_error_set(reterr, ROS_E_ARCHIVE_LIMIT, "metric %.*s has more than %d instances",
                                 (int) metric->name.len, metric->name.at, ROS_LIMIT_INSTANCES);
    }
    value->instance = line->instance;
    value->unit = line->unit;
    value->mean = line->mean;
    return ROS_OK;
}

static const char *copy_of(struct ros_arena *arena, struct ros__slice slice)
{
    return ros_arena_copy(arena, slice.at, slice.len);
}

static enum ros_code metric_lay_out(const struct metric *from, struct ros_arena *arena, struct ros_metric *to)
{
    struct ros_metric_value *values = ros_arena_new_array(arena, struct ros_metric_value, from->count);
    to->name = copy_of(arena, from->name);
    to->values = values;
    to->value_count = from->count;
    if (values == NULL || to->name == NULL)
        return ros_arena_code(arena);
    for (const struct value *value = from->first; value != NULL; value = value->next, values++) {
        *values = (struct ros_metric_value){
            .mean = value->mean, .min = NAN, .max = NAN, .last = NAN, .covered_s = NAN, .samples = 0};
        values->unit = copy_of(arena, value->unit);
        values->instance = value->instance.at != NULL ? copy_of(arena, value->instance) : NULL;
        if (values->unit == NULL || (value->instance.at != NULL && values->instance == NULL))
            return ros_arena_code(arena);
    }
    return ROS_OK;
}

enum ros_code ros__pmlog_read(struct ros__slice text, struct ros_arena *scratch, struct ros_evidence *evidence,
                              struct ros_error *reterr)
{
    struct work work = {.arena = scratch};
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice one;
    struct line line;
    ros_map_init(&work.metrics, scratch, (uint64_t) (uintptr_t) scratch);
    ros_map_init(&work.values, scratch, (uint64_t) (uintptr_t) scratch);
    while (ros__lines_next(&lines, &one)) {
        if (ros__slice_strip(one).len == 0)
            continue;
        if (!line_read(one, &line) || stands_below_value(&work, line.name))
            return ROS_OK;
        if (!line.skipped)
            ROS_TRY(line_add(&work, &line, reterr));
    }
    if (work.count == 0)
        return ROS_OK;
    struct ros_metric *metrics = ros_arena_new_array(&evidence->arena, struct ros_metric, work.count);
    if (metrics == NULL)
        return ros_error_code(reterr, ros_arena_code(&evidence->arena));
    evidence->metrics = metrics;
    for (const struct metric *metric = work.first; metric != NULL; metric = metric->next, metrics++) {
        if (metric_lay_out(metric, &evidence->arena, metrics) != ROS_OK)
            return ros_error_code(reterr, ros_arena_code(&evidence->arena));
        evidence->metric_count++;
    }
    return ROS_OK;
}
