/*
 * reports.c - collecting rows until it is worth a transaction: a thousand of them, or fifty milliseconds.
 *
 * A batch is one arena: rows, texts and raw messages begin with the first message and end with clear(). Arrays that
 * hold them are made once, so that a row never moves while the shell looks at it.
 */
#include "services/ingest/reports.h"

#include <string.h>

#include "interp/base/arena.h"
#include "services/ingest/reports_parse.h"

#define DEFAULT_ROWS 1000
#define DEFAULT_AGE_MS 50
#define DEFAULT_MESSAGE_BYTES (4u << 20)
#define PARTITIONS_MAX 4096 /* partitions in hand of one consumer */

struct raw {
    const void *data;
    size_t size;
};

struct ros_reports {
    const struct ros_alloc *alloc;
    const struct ros_clock *clock;
    struct ros_arena fixed; /* lives as long as the machine: topics, the group's name, the arrays below */
    struct ros_arena arena; /* lives as long as the batch */
    size_t max_rows;
    size_t max_message_bytes;
    int64_t max_age_us;
    int64_t oldest_us; /* when the first message in hand was fed */
    bool has_any;
    struct ros_report_batch batch; /* its arrays are the ones below */
    struct ros_report_row *rows;
    struct raw *raws;
    struct ros_offset *offsets;
};

static enum ros_code init(struct ros_reports *r, const struct ros_reports_config *config, struct ros_error *reterr)
{
    const char *group = config->consumer_group;
    r->max_rows = config->max_rows != 0 ? config->max_rows : DEFAULT_ROWS;
    r->max_age_us = (int64_t) (config->max_age_ms != 0 ? config->max_age_ms : DEFAULT_AGE_MS) * 1000;
    r->max_message_bytes = config->max_message_bytes != 0 ? config->max_message_bytes : DEFAULT_MESSAGE_BYTES;
    r->clock = config->clock != NULL ? config->clock : ros_clock_system();
    if (group == NULL || r->max_rows > ROS_REPORT_BATCH_MAX)
        return ros_error_set(reterr, ROS_E_ARGUMENT, "reports: a consumer group and at most %d rows",
                             ROS_REPORT_BATCH_MAX);
    r->rows = ros_arena_new_array(&r->fixed, struct ros_report_row, r->max_rows);
    r->raws = ros_arena_new_array(&r->fixed, struct raw, r->max_rows);
    r->offsets = ros_arena_new_array(&r->fixed, struct ros_offset, PARTITIONS_MAX);
    r->batch.consumer_group = ros_arena_copy(&r->fixed, group, strlen(group));
    if (r->rows == NULL || r->raws == NULL || r->offsets == NULL || r->batch.consumer_group == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    r->batch.rows = r->rows;
    r->batch.offsets = r->offsets;
    return ROS_OK;
}

enum ros_code ros_reports_new(const struct ros_reports_config *config, struct ros_reports **ret,
                              struct ros_error *reterr)
{
    struct ros_reports *r = ros_alloc_zero(config->alloc, sizeof(*r));
    if (r == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    r->alloc = config->alloc;
    ros_arena_init(&r->fixed, config->alloc, 0);
    ros_arena_init(&r->arena, config->alloc, 0);
    enum ros_code code = init(r, config, reterr);
    if (code != ROS_OK) {
        ros_reports_free(r);
        return code;
    }
    *ret = r;
    return ROS_OK;
}

void ros_reports_free(struct ros_reports *reports)
{
    if (reports == NULL)
        return;
    ros_arena_done(&reports->arena);
    ros_arena_done(&reports->fixed);
    ros_alloc_put(reports->alloc, reports, sizeof(*reports));
}

static struct ros_offset *find_offset(struct ros_reports *r, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < r->batch.offset_count; i++)
        if (r->offsets[i].partition == partition && strcmp(r->offsets[i].topic, topic) == 0)
            return &r->offsets[i];
    return NULL;
}

/* The entry of a message's partition; a new one is not counted until the message is taken. */
static enum ros_code offset_entry(struct ros_reports *r, const struct ros_reports_message *message,
                                  struct ros_offset **ret, struct ros_error *reterr)
{
    *ret = find_offset(r, message->topic, message->partition);
    if (*ret != NULL)
        return ROS_OK;
    if (r->batch.offset_count == PARTITIONS_MAX)
        return ros_error_set(reterr, ROS_E_LIMIT, "reports: more than %d partitions in hand", PARTITIONS_MAX);
    *ret = &r->offsets[r->batch.offset_count];
    (*ret)->topic = ros_arena_copy(&r->arena, message->topic, strlen(message->topic));
    (*ret)->partition = message->partition;
    (*ret)->next_offset = 0;
    return (*ret)->topic != NULL ? ROS_OK : ros_error_code(reterr, ROS_E_OOM);
}

/* Decides; puts the row into the free place of the batch without counting it. */
static enum ros_code judge(struct ros_reports *r, const struct ros_reports_message *message, const char *topic,
                           enum ros_reports_verdict *ret, struct ros_error *reason)
{
    struct ros_error why = ROS_ERROR_INIT;
    struct ros_report_row row = {.topic = NULL};
    bool is_ignored = message->size == 0;
    enum ros_code code = ROS_OK;
    if (message->size > r->max_message_bytes)
        code = ros_error_set(&why, ROS_E_LIMIT, "the message is longer than %zu bytes", r->max_message_bytes);
    else if (!is_ignored)
        code = ros__report_parse(&r->arena, message, &row, &is_ignored, &why);
    if (code == ROS_E_OOM)
        return code;
    *ret = code != ROS_OK ? ROS_REPORTS_DEAD : is_ignored ? ROS_REPORTS_IGNORE : ROS_REPORTS_ROW;
    if (*ret == ROS_REPORTS_DEAD && reason != NULL)
        *reason = why;
    if (*ret != ROS_REPORTS_ROW)
        return ROS_OK;
    row.topic = topic;
    row.partition = message->partition;
    row.offset = message->offset;
    struct raw raw = {ros_arena_copy(&r->arena, message->data, message->size), message->size};
    if (raw.data == NULL)
        return ROS_E_OOM;
    r->rows[r->batch.row_count] = row;
    r->raws[r->batch.row_count] = raw;
    return ROS_OK;
}

enum ros_code ros_reports_feed(struct ros_reports *reports, const struct ros_reports_message *message,
                               enum ros_reports_verdict *ret, struct ros_error *reason, struct ros_error *reterr)
{
    struct ros_offset *entry = NULL;
    if (reports->batch.row_count == reports->max_rows)
        return ros_error_set(reterr, ROS_E_LIMIT, "reports: the batch is full");
    ROS_TRY(offset_entry(reports, message, &entry, reterr));
    enum ros_code code = judge(reports, message, entry->topic, ret, reason);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    if (*ret == ROS_REPORTS_ROW)
        reports->batch.row_count++;
    if (entry == &reports->offsets[reports->batch.offset_count])
        reports->batch.offset_count++;
    if (message->offset + 1 > entry->next_offset)
        entry->next_offset = message->offset + 1;
    if (!reports->has_any)
        reports->oldest_us = ros_clock_mono_us(reports->clock);
    reports->has_any = true;
    return ROS_OK;
}

int ros_reports_wait_ms(const struct ros_reports *reports)
{
    if (!reports->has_any)
        return -1;
    if (reports->batch.row_count == reports->max_rows)
        return 0;
    int64_t left_us = reports->oldest_us + reports->max_age_us - ros_clock_mono_us(reports->clock);
    return left_us <= 0 ? 0 : (int) ((left_us + 999) / 1000);
}

bool ros_reports_due(const struct ros_reports *reports)
{
    return ros_reports_wait_ms(reports) == 0;
}

const struct ros_report_batch *ros_reports_batch(const struct ros_reports *reports)
{
    return &reports->batch;
}

const void *ros_reports_raw(const struct ros_reports *reports, size_t i, size_t *ret_size)
{
    if (i >= reports->batch.row_count)
        return NULL;
    *ret_size = reports->raws[i].size;
    return reports->raws[i].data;
}

void ros_reports_clear(struct ros_reports *reports)
{
    ros_arena_clear(&reports->arena);
    reports->batch.row_count = 0;
    reports->batch.offset_count = 0;
    reports->has_any = false;
}

void ros_reports_drop(struct ros_reports *reports, const char *topic, int32_t partition)
{
    size_t kept = 0;
    struct ros_offset *entry = find_offset(reports, topic, partition);
    if (entry == NULL)
        return;
    for (size_t i = 0; i < reports->batch.row_count; i++) {
        const struct ros_report_row *row = &reports->rows[i];
        if (row->partition == partition && strcmp(row->topic, topic) == 0)
            continue;
        reports->rows[kept] = reports->rows[i];
        reports->raws[kept++] = reports->raws[i];
    }
    reports->batch.row_count = kept;
    *entry = reports->offsets[--reports->batch.offset_count];
    if (reports->batch.offset_count == 0)
        ros_reports_clear(reports);
}
