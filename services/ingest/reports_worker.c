/*
 * Positions live beside the rows, so the broker's own are only asked for where we have none yet: the group may have
 * been served by the system that we stand in for.
 */
#include "services/ingest/reports_worker.h"

#include <string.h>

#include "services/ingest/dead.h"

enum { IDLE_MS = 100, RETRY_MIN_MS = 100, RETRY_MAX_MS = 2000, DEAD_MAX = 200, DEAD_MAX_BYTES = 1040000 };

struct held_dead { /* a malformed message, kept until its dead letter is delivered */
    struct ros_broker_message message;
    struct ros_error reason;
};

struct ros__reporting {
    struct ros__reporting_config config;
    const struct ros__observe *observe;
    struct ros_reports *reports;
    struct ros_report_result *results;
    size_t result_size;
    struct held_dead dead[DEAD_MAX];
    size_t dead_count;
    struct ros_arena arena; /* of one flush */
    struct ros_broker *broker;
};

/* ---- partitions ---- */

struct lookup {
    struct ros_broker_position *positions;
    size_t count;
};

static enum ros_code take_stored(void *context, const struct ros_offset *offset)
{
    const struct lookup *lookup = context;
    for (size_t i = 0; i < lookup->count; i++)
        if (lookup->positions[i].partition == offset->partition &&
            strcmp(lookup->positions[i].topic, offset->topic) == 0)
            lookup->positions[i].committed = offset->next_offset;
    return ROS_OK;
}

static enum ros_code assigned(void *context, struct ros_broker_position *positions, size_t count,
                              struct ros_error *reterr)
{
    struct ros__reporting *reporting = context;
    struct lookup lookup = {.positions = positions, .count = count};
    ros_auto_ptr(ros_pg_conn) struct ros_pg_conn *conn = NULL;
    ROS_TRY(ros_pg_acquire(reporting->observe->ingest->pool, &conn, reterr));
    ROS_TRY(ros_offsets_load(conn, reporting->config.group, take_stored, &lookup, reterr));
    for (size_t i = 0; i < count; i++) {
        enum ros_broker_start start = ros_broker_begin(&positions[i], -1, &positions[i].next);
        if (start == ROS_START_RECREATED)
            ROS_TRY(
                ros_offsets_forget(conn, reporting->config.group, positions[i].topic, positions[i].partition, reterr));
        ros__observe_start(reporting->observe, &positions[i], start);
    }
    return ROS_OK;
}

static void revoked(void *context, const struct ros_broker_position *positions, size_t count)
{
    struct ros__reporting *reporting = context;
    for (size_t i = 0; i < count; i++) {
        ros_reports_drop(reporting->reports, positions[i].topic, positions[i].partition);
        size_t kept = 0;
        for (size_t j = 0; j < reporting->dead_count; j++) {
            struct held_dead *dead = &reporting->dead[j];
            if (dead->message.partition == positions[i].partition &&
                strcmp(dead->message.topic, positions[i].topic) == 0)
                reporting->broker->release(reporting->broker, &dead->message);
            else
                reporting->dead[kept++] = *dead;
        }
        reporting->dead_count = kept;
    }
}

struct ros_broker_listener ros__reporting_listener(struct ros__reporting *reporting)
{
    return (struct ros_broker_listener){.assigned = assigned, .revoked = revoked, .context = reporting};
}

/* ---- taking ---- */

static void observe(const struct ros__reporting *reporting, const char *outcome, const struct ros_report_row *row,
                    const struct ros_broker_message *message, const struct ros_error *reason)
{
    struct ros__outcome seen = {.outcome = outcome, .message = message};
    if (row != NULL) {
        seen.org_id = row->org_id;
        seen.host_id = row->inventory_id;
        seen.request_id = row->request_key;
    }
    if (reason != NULL)
        seen.reason = *reason;
    ros__observe_outcome(reporting->observe, &seen);
}

/* Feeds one message. The message is released here, or with the dead letters. */
static enum ros_code take(struct ros__reporting *reporting, struct ros_broker_message *message,
                          struct ros_error *reterr)
{
    struct ros_reports_message fed = {.topic = message->topic,
                                      .partition = message->partition,
                                      .offset = message->offset,
                                      .timestamp_ms = message->timestamp_ms,
                                      .data = message->data,
                                      .size = message->size};
    struct ros_error reason = ROS_ERROR_INIT;
    enum ros_reports_verdict verdict = ROS_REPORTS_IGNORE;
    enum ros_code code = ros_reports_feed(reporting->reports, &fed, &verdict, &reason, reterr);
    if (code == ROS_OK && verdict == ROS_REPORTS_DEAD) {
        reporting->dead[reporting->dead_count++] = (struct held_dead){.message = *message, .reason = reason};
        return ROS_OK;
    }
    if (code == ROS_OK && verdict == ROS_REPORTS_IGNORE)
        observe(reporting, "ignored", NULL, message, NULL);
    reporting->broker->release(reporting->broker, message);
    return code;
}

static enum ros_code poll_once(struct ros__reporting *reporting, int timeout_ms, bool *ret_got,
                               struct ros_error *reterr)
{
    struct ros_broker_message message;
    ROS_TRY(reporting->broker->poll(reporting->broker, timeout_ms, &message, ret_got, reterr));
    return *ret_got ? take(reporting, &message, reterr) : ROS_OK;
}

static bool is_due(const struct ros__reporting *reporting)
{
    return ros_reports_due(reporting->reports) || reporting->dead_count == DEAD_MAX;
}

static enum ros_code gather(struct ros__reporting *reporting, struct ros_error *reterr)
{
    while (!is_due(reporting) && !atomic_load(reporting->config.stop)) {
        int wait_ms = ros_reports_wait_ms(reporting->reports);
        bool got = false;
        ROS_TRY(poll_once(reporting, wait_ms >= 0 ? wait_ms : IDLE_MS, &got, reterr));
        if (!got && wait_ms < 0)
            break;
    }
    return ROS_OK;
}

/* ---- writing ---- */

static enum ros_code send_dead(struct ros__reporting *reporting, struct ros_broker_record *records, size_t count,
                               struct ros_error *reterr)
{
    for (size_t i = 0; i < count; i++)
        if (records[i].size > DEAD_MAX_BYTES)
            records[i].size = DEAD_MAX_BYTES;
    return count == 0 ? ROS_OK : reporting->broker->send(reporting->broker, records, count, NULL, 0, reterr);
}

static enum ros_code flush_malformed(struct ros__reporting *reporting, struct ros_error *reterr)
{
    size_t count = reporting->dead_count;
    struct ros_broker_record *records = ros_arena_new_array(&reporting->arena, struct ros_broker_record, count);
    if (records == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    for (size_t i = 0; i < count; i++)
        if (ros_dead_letter(&reporting->arena, &reporting->dead[i].message, reporting->config.dead_topic,
                            ros__stage_name(ROS__REPORTS), &reporting->dead[i].reason, &records[i]) != ROS_OK)
            return ros_error_code(reterr, ROS_E_OOM);
    ROS_TRY(send_dead(reporting, records, count, reterr));
    for (size_t i = 0; i < count; i++) {
        observe(reporting, "dead_message", NULL, &reporting->dead[i].message, &reporting->dead[i].reason);
        reporting->broker->release(reporting->broker, &reporting->dead[i].message);
    }
    reporting->dead_count = 0;
    return ROS_OK;
}

/* The message of a row, as far as the batch keeps it. */
static struct ros_broker_message row_message(const struct ros__reporting *reporting, size_t i)
{
    const struct ros_report_row *row = &ros_reports_batch(reporting->reports)->rows[i];
    struct ros_broker_message message = {
        .topic = row->topic, .partition = row->partition, .offset = row->offset, .timestamp_ms = -1};
    message.data = ros_reports_raw(reporting->reports, i, &message.size);
    if (row->inventory_id != NULL) {
        message.key = row->inventory_id;
        message.key_size = strlen(row->inventory_id);
    }
    return message;
}

static const char *fate_name(enum ros_report_fate fate)
{
    static const char *const names[] = {
        [ROS_REPORT_WRITTEN] = "written",         [ROS_REPORT_OLDER] = "older",
        [ROS_REPORT_REPLAYED] = "replayed",       [ROS_REPORT_UNKNOWN] = "ignored_unknown_host",
        [ROS_REPORT_DELETED] = "ignored_deleted", [ROS_REPORT_REFUSED] = "dead_refused",
    };
    return (size_t) fate < ROS_COUNT(names) ? names[fate] : "other";
}

static enum ros_code flush_results(struct ros__reporting *reporting, struct ros_error *reterr)
{
    const struct ros_report_batch *batch = ros_reports_batch(reporting->reports);
    struct ros_broker_record *records =
        ros_arena_new_array(&reporting->arena, struct ros_broker_record, batch->row_count);
    size_t count = 0;
    if (records == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct ros_report_result *result = &reporting->results[i];
        struct ros_broker_message message = row_message(reporting, i);
        struct ros_error reason = ROS_ERROR_INIT;
        bool refused = result->fate == ROS_REPORT_REFUSED;
        if (refused) {
            (void) ros_error_set(&reason, result->code, "%s", result->reason);
            if (ros_dead_letter(&reporting->arena, &message, reporting->config.dead_topic,
                                ros__stage_name(ROS__REPORTS), &reason, &records[count++]) != ROS_OK)
                return ros_error_code(reterr, ROS_E_OOM);
        }
        observe(reporting, fate_name(result->fate), &batch->rows[i], &message, refused ? &reason : NULL);
    }
    return send_dead(reporting, records, count, reterr);
}

static enum ros_code write_once(struct ros__reporting *reporting, struct ros_error *reterr)
{
    ros_auto_ptr(ros_pg_conn) struct ros_pg_conn *conn = NULL;
    ROS_TRY(ros_pg_acquire(reporting->observe->ingest->pool, &conn, reterr));
    return ros_reports_write(conn, ros_reports_batch(reporting->reports), reporting->results, reterr);
}

static bool is_empty(const struct ros__reporting *reporting)
{
    const struct ros_report_batch *batch = ros_reports_batch(reporting->reports);
    return batch->row_count == 0 && batch->offset_count == 0;
}

/* Writes, as often as it takes. An empty batch afterwards: every partition was revoked meanwhile. */
static enum ros_code write_batch(struct ros__reporting *reporting, struct ros_error *reterr)
{
    int retry_ms = RETRY_MIN_MS;
    while (!is_empty(reporting)) {
        struct ros_error why = ROS_ERROR_INIT;
        enum ros_code code = write_once(reporting, &why);
        if (code == ROS_OK)
            break;
        if (!ros_code_retry(code) || atomic_load(reporting->config.stop))
            return ros_error_set(reterr, code, "%s", why.text);
        ros__observe_ready(reporting->observe, false, why.text);
        ros__observe_trouble(reporting->observe, "write_again", &why);
        ROS_TRY(reporting->broker->pause(reporting->broker, true, reterr));
        int64_t end_us = ros_clock_mono_us(reporting->config.clock) + (int64_t) retry_ms * 1000;
        bool got = false;
        do
            ROS_TRY(poll_once(reporting, 50, &got, reterr));
        while (!atomic_load(reporting->config.stop) && ros_clock_mono_us(reporting->config.clock) < end_us);
        retry_ms = retry_ms * 2 < RETRY_MAX_MS ? retry_ms * 2 : RETRY_MAX_MS;
    }
    return reporting->broker->pause(reporting->broker, false, reterr);
}

static enum ros_code flush(struct ros__reporting *reporting, struct ros_error *reterr)
{
    int64_t start_us = ros_clock_mono_us(reporting->config.clock);
    ROS_TRY(flush_malformed(reporting, reterr));
    ROS_TRY(write_batch(reporting, reterr));
    size_t rows = ros_reports_batch(reporting->reports)->row_count;
    ROS_TRY(flush_results(reporting, reterr));
    ros_reports_clear(reporting->reports);
    ros__observe_batch(reporting->observe, rows,
                       (double) (ros_clock_mono_us(reporting->config.clock) - start_us) / 1e6);
    return ROS_OK;
}

enum ros_code ros__reporting_step(struct ros__reporting *reporting, struct ros_broker *broker, struct ros_error *reterr)
{
    reporting->broker = broker;
    ROS_TRY(gather(reporting, reterr));
    if (is_empty(reporting) && reporting->dead_count == 0)
        return ROS_OK;
    enum ros_code code = flush(reporting, reterr);
    ros_arena_clear(&reporting->arena);
    return code;
}

void ros__reporting_forget(struct ros__reporting *reporting, struct ros_broker *broker)
{
    ros_reports_clear(reporting->reports);
    for (size_t i = 0; i < reporting->dead_count; i++)
        broker->release(broker, &reporting->dead[i].message);
    reporting->dead_count = 0;
    ros_arena_clear(&reporting->arena);
}

enum ros_code ros__reporting_new(const struct ros__reporting_config *config, const struct ros__observe *observe,
                                 struct ros__reporting **ret, struct ros_error *reterr)
{
    struct ros__reporting *reporting = ros_alloc_zero(config->alloc, sizeof *reporting);
    if (reporting == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    reporting->config = *config;
    reporting->observe = observe;
    ros_arena_init(&reporting->arena, config->alloc, 0);
    struct ros_reports_config machine = {.consumer_group = config->group,
                                         .max_rows = config->batch_rows,
                                         .max_age_ms = config->batch_ms,
                                         .clock = config->clock,
                                         .alloc = config->alloc};
    reporting->result_size = config->batch_rows;
    reporting->results =
        ros_alloc_zero(config->alloc, ros_alloc_product(reporting->result_size, sizeof *reporting->results));
    enum ros_code code = reporting->results != NULL ? ros_reports_new(&machine, &reporting->reports, reterr)
                                                    : ros_error_code(reterr, ROS_E_OOM);
    if (code != ROS_OK) {
        ros__reporting_free(reporting);
        return code;
    }
    *ret = reporting;
    return ROS_OK;
}

void ros__reporting_free(struct ros__reporting *reporting)
{
    if (reporting == NULL)
        return;
    const struct ros_alloc *alloc = reporting->config.alloc;
    ros_reports_free(reporting->reports);
    ros_arena_done(&reporting->arena);
    if (reporting->results != NULL)
        ros_alloc_put(alloc, reporting->results, reporting->result_size * sizeof *reporting->results);
    ros_alloc_put(alloc, reporting, sizeof *reporting);
}
