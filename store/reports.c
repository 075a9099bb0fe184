/*
 * reports.c - carrying a batch out: offsets, then ranges of rows under savepoints, then offsets again.
 *
 *     BEGIN
 *       lock the offsets           rows below them are REPLAYED
 *       SAVEPOINT  all rows        refused as data? roll back to here, and do each half alone, down to one row
 *       store the new offsets
 *     COMMIT
 *
 * The halving costs nothing while the data is good, and log2(n) attempts a bad row. Only SQLSTATE classes that blame
 * the data start it: a lost connection or a full disk fails the batch, which the caller tries again.
 */
#include "store/reports.h"

#include <stdio.h>
#include <string.h>

#include "store/array.h"
#include "store/pg_internal.h"
#include "store/reports_plan.h"

#define COLUMNS_MAX 15

/* A row of columns: what one statement is given. */
struct columns {
    struct ros__array array[COLUMNS_MAX];
    size_t count;
};

static void columns_init(struct columns *c, size_t count)
{
    c->count = count;
    for (size_t i = 0; i < count; i++)
        ros__array_init(&c->array[i], NULL);
}

static void columns_done(struct columns *c)
{
    for (size_t i = 0; i < c->count; i++)
        ros__array_done(&c->array[i]);
}

static inline void ros__auto_columns(struct columns *c)
{
    columns_done(c);
}

/* Runs a statement over the columns; first (may be NULL) is a parameter before them. */
static enum ros_code columns_exec(struct columns *c, struct ros_pg_conn *conn, enum ros_sql statement,
                                  const char *first, struct ros_pg_rows *ret, struct ros_error *reterr)
{
    struct ros_pg_param params[COLUMNS_MAX + 1];
    size_t n = 0;
    if (first != NULL)
        params[n++] = ros_pg_text(first);
    for (size_t i = 0; i < c->count; i++)
        ROS_TRY(ros__array_param(&c->array[i], &params[n++], reterr));
    return ros_pg_exec(conn, statement, params, n, ret, reterr);
}

/* ---- what is stored ---- */

static enum ros_code read_hosts(struct ros__plan *plan, struct ros_pg_conn *conn, struct ros_error *reterr)
{
    ros_auto(columns) struct columns c;
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    columns_init(&c, 1);
    for (size_t i = 0; i < plan->hosts.count; i++)
        ros__array_text(&c.array[0], plan->hosts.entries[i].key);
    ROS_TRY(columns_exec(&c, conn, ROS_SQL_REPORT_HOSTS, NULL, &rows, reterr));
    for (size_t i = 0; i < ros_pg_rows_count(&rows); i++) {
        struct ros__host *host = ros__plan_host(plan, ros_pg_rows_text(&rows, i, 0));
        if (host == NULL)
            continue;
        const char *org_id = ros_pg_rows_text(&rows, i, 1);
        host->is_stored = true;
        host->has_report = ros_pg_rows_i64(&rows, i, 2, &host->report_date_us);
        if (org_id == NULL)
            continue;
        host->org_id = ros_arena_copy(&plan->arena, org_id, strlen(org_id));
        if (host->org_id == NULL)
            return ros_error_code(reterr, ROS_E_OOM);
    }
    return ROS_OK;
}

static enum ros_code read_tombstones(struct ros__plan *plan, struct ros_pg_conn *conn, struct ros_error *reterr)
{
    ros_auto(columns) struct columns c;
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    columns_init(&c, 1);
    for (size_t i = 0; i < plan->hosts.count; i++)
        ros__array_text(&c.array[0], plan->hosts.entries[i].key);
    ROS_TRY(columns_exec(&c, conn, ROS_SQL_REPORT_TOMBSTONES, NULL, &rows, reterr));
    for (size_t i = 0; i < ros_pg_rows_count(&rows); i++) {
        int64_t deleted_at_us = 0;
        if (!ros_pg_rows_i64(&rows, i, 2, &deleted_at_us))
            return ros_error_set(reterr, ROS_E_INTERNAL, "PostgreSQL: a tombstone without a time");
        enum ros_code code =
            ros__plan_tombstone(plan, ros_pg_rows_text(&rows, i, 0), ros_pg_rows_text(&rows, i, 1), deleted_at_us);
        if (code != ROS_OK)
            return ros_error_code(reterr, code);
    }
    return ROS_OK;
}

static enum ros_code read_uploads(struct ros__plan *plan, struct ros_pg_conn *conn, struct ros_error *reterr)
{
    ros_auto(columns) struct columns c;
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    columns_init(&c, 2);
    for (size_t i = 0; i < plan->count; i++) {
        const struct ros_report_row *row = &plan->rows[plan->index[i]];
        if (row->kind != ROS_REPORT_DATA || row->request_key == NULL)
            continue;
        ros__array_text(&c.array[0], row->inventory_id);
        ros__array_text(&c.array[1], row->request_key);
    }
    ROS_TRY(columns_exec(&c, conn, ROS_SQL_REPORT_UPLOADS, NULL, &rows, reterr));
    for (size_t i = 0; i < ros_pg_rows_count(&rows); i++) {
        enum ros_code code = ros__plan_upload(plan, ros_pg_rows_text(&rows, i, 0), ros_pg_rows_text(&rows, i, 1), NULL);
        if (code != ROS_OK)
            return ros_error_code(reterr, code);
    }
    return ROS_OK;
}

/* ---- what is written ---- */

static enum ros_code write_accounts(const struct ros__plan *plan, struct ros_pg_conn *conn, struct ros_error *reterr)
{
    ros_auto(columns) struct columns all;
    ros_auto(columns) struct columns named;
    bool any_named = false;
    columns_init(&all, 2);
    columns_init(&named, 2);
    for (size_t i = 0; i < plan->hosts.count; i++) {
        const struct ros__host *host = plan->hosts.entries[i].value;
        if (!host->is_changed)
            continue;
        ros__array_text(&all.array[0], host->org_id);
        ros__array_text(&all.array[1], host->merged.account);
        if (host->merged.account == NULL)
            continue;
        any_named = true;
        ros__array_text(&named.array[0], host->org_id);
        ros__array_text(&named.array[1], host->merged.account);
    }
    ROS_TRY(columns_exec(&all, conn, ROS_SQL_REPORT_ACCOUNTS, NULL, NULL, reterr));
    return any_named ? columns_exec(&named, conn, ROS_SQL_REPORT_ACCOUNT_NAMES, NULL, NULL, reterr) : ROS_OK;
}

static void add_states(struct ros__array *array, const struct ros_report_states *states)
{
    ros__array_names(array, states->names, states->count, states->is_null);
}

/* Inserts the hosts that are new, or updates those that are not. */
static enum ros_code write_hosts(const struct ros__plan *plan, struct ros_pg_conn *conn, bool is_new,
                                 struct ros_error *reterr)
{
    ros_auto(columns) struct columns c;
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    size_t count = 0;
    columns_init(&c, 15);
    for (size_t i = 0; i < plan->hosts.count; i++) {
        const struct ros__host *host = plan->hosts.entries[i].value;
        const struct ros_report_row *m = &host->merged;
        if (!host->is_changed || host->is_new != is_new)
            continue;
        count++;
        ros__array_text(&c.array[0], m->inventory_id);
        ros__array_text(&c.array[1], m->org_id);
        ros__array_text(&c.array[2], m->display_name);
        ros__array_text(&c.array[3], m->fqdn);
        ros__array_text(&c.array[4], m->cloud_provider);
        ros__array_text(&c.array[5], m->stale_timestamp);
        ros__array_text(&c.array[6], m->groups);
        ros__array_text(&c.array[7], m->operating_system);
        ros__array_i64(&c.array[8], m->present);
        add_states(&c.array[9], &m->cpu_states);
        add_states(&c.array[10], &m->io_states);
        add_states(&c.array[11], &m->memory_states);
        ros__array_text(&c.array[12], m->state);
        ros__array_text(&c.array[13], m->instance_type);
        ros__array_text(&c.array[14], m->region);
    }
    if (count == 0)
        return ROS_OK;
    ROS_TRY(columns_exec(&c, conn, is_new ? ROS_SQL_REPORT_HOSTS_NEW : ROS_SQL_REPORT_HOSTS_SET, NULL, &rows, reterr));
    if (ros_pg_rows_affected(&rows) != count)
        return ros_error_set(reterr, ROS_E_CONFLICT, "a host of the batch was written by somebody else meanwhile");
    return ROS_OK;
}

static void add_report(struct columns *c, const struct ros_report_row *row)
{
    ros__array_text(&c->array[0], row->inventory_id);
    ros__array_i64(&c->array[1], row->report_date_us);
    ros__array_text(&c->array[2], row->performance_record);
    ros__array_text(&c->array[3], row->performance_utilization);
    ros__array_text(&c->array[4], row->rule_hit_details);
    ros__array_text(&c->array[5], row->operating_system);
    ros__array_i64(&c->array[6], row->number_of_recommendations);
    ros__array_text(&c->array[7], row->state);
    ros__array_bool(&c->array[8], row->psi_known, row->psi_enabled);
    ros__array_text(&c->array[9], row->top_candidate);
    ros__array_double(&c->array[10], row->top_candidate_price_known, row->top_candidate_price);
}

static enum ros_code write_history(const struct ros__plan *plan, struct ros_pg_conn *conn, struct ros_error *reterr)
{
    ros_auto(columns) struct columns reports;
    ros_auto(columns) struct columns uploads;
    bool any = false;
    columns_init(&reports, 11);
    columns_init(&uploads, 3);
    for (size_t i = 0; i < plan->count; i++) {
        const struct ros_report_row *row = &plan->rows[plan->index[i]];
        if (!plan->has_history[i])
            continue;
        any = true;
        add_report(&reports, row);
        if (row->request_key == NULL)
            continue;
        ros__array_text(&uploads.array[0], row->inventory_id);
        ros__array_text(&uploads.array[1], row->request_key);
        ros__array_i64(&uploads.array[2], row->report_date_us);
    }
    if (!any)
        return ROS_OK;
    ROS_TRY(columns_exec(&reports, conn, ROS_SQL_REPORT_HISTORY, NULL, NULL, reterr));
    return columns_exec(&uploads, conn, ROS_SQL_REPORT_UPLOADS_PUT, NULL, NULL, reterr);
}

static enum ros_code write_profiles(const struct ros__plan *plan, struct ros_pg_conn *conn, struct ros_error *reterr)
{
    ros_auto(columns) struct columns c;
    bool any = false;
    columns_init(&c, 11);
    for (size_t i = 0; i < plan->hosts.count; i++) {
        const struct ros__host *host = plan->hosts.entries[i].value;
        if (host->newest == SIZE_MAX)
            continue;
        any = true;
        add_report(&c, &plan->rows[host->newest]);
    }
    return any ? columns_exec(&c, conn, ROS_SQL_REPORT_PROFILES, NULL, NULL, reterr) : ROS_OK;
}

static bool any_changed(const struct ros__plan *plan)
{
    for (size_t i = 0; i < plan->hosts.count; i++)
        if (((const struct ros__host *) plan->hosts.entries[i].value)->is_changed)
            return true;
    return false;
}

/* ---- ranges ---- */

struct writer {
    struct ros_pg_conn *conn;
    const struct ros_report_row *rows;
    struct ros_report_result *results;
};

static enum ros_code write_once(struct writer *w, const size_t *index, size_t count, struct ros_error *reterr)
{
    ros_auto(ros__plan) struct ros__plan plan;
    enum ros_code code = ros__plan_init(&plan, w->rows, w->results, index, count);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    ROS_TRY(read_hosts(&plan, w->conn, reterr));
    ROS_TRY(read_tombstones(&plan, w->conn, reterr));
    ROS_TRY(read_uploads(&plan, w->conn, reterr));
    code = ros__plan_fold(&plan);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    if (any_changed(&plan)) {
        ROS_TRY(write_accounts(&plan, w->conn, reterr));
        ROS_TRY(write_hosts(&plan, w->conn, true, reterr));
        ROS_TRY(write_hosts(&plan, w->conn, false, reterr));
        ROS_TRY(write_profiles(&plan, w->conn, reterr));
    }
    return write_history(&plan, w->conn, reterr);
}

/* Whether PostgreSQL blamed the values: a bad text, a broken constraint, a row too large for an index. */
static bool is_poison(const struct ros_pg_conn *conn)
{
    const char *state = ros_pg_sqlstate(conn);
    return strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0 || strncmp(state, "54", 2) == 0;
}

/* Recursion ends at one row: log2(ROS_REPORT_BATCH_MAX) deep. */
static enum ros_code write_range(struct writer *w, const size_t *index, size_t count, struct ros_error *reterr)
{
    struct ros_error why = ROS_ERROR_INIT;
    if (count == 0)
        return ROS_OK;
    ROS_TRY(ros__pg_script(w->conn, "SAVEPOINT ros_range", reterr));
    w->conn->sqlstate[0] = '\0';
    enum ros_code code = write_once(w, index, count, &why);
    if (code == ROS_OK)
        return ros__pg_script(w->conn, "RELEASE SAVEPOINT ros_range", reterr);
    if (ros_pg_broken(w->conn) || !is_poison(w->conn))
        return ros_error_set(reterr, code, "%s", why.text);
    ROS_TRY(ros__pg_script(w->conn, "ROLLBACK TO SAVEPOINT ros_range; RELEASE SAVEPOINT ros_range", reterr));
    if (count == 1) {
        struct ros_report_result *result = &w->results[index[0]];
        result->fate = ROS_REPORT_REFUSED;
        result->code = code;
        snprintf(result->reason, sizeof(result->reason), "%.200s (SQLSTATE %.5s)", why.text, ros_pg_sqlstate(w->conn));
        return ROS_OK;
    }
    ROS_TRY(write_range(w, index, count / 2, reterr));
    return write_range(w, index + count / 2, count - count / 2, reterr);
}

/* ---- the batch ---- */

static void refuse(struct ros_report_result *result, const char *reason)
{
    result->fate = ROS_REPORT_REFUSED;
    result->code = ROS_E_ARGUMENT;
    snprintf(result->reason, sizeof(result->reason), "%.255s", reason);
}

/* Only what the statements rely on: ids are map keys here and come back from the server in this form. */
static bool is_inventory_id(const char *text)
{
    if (text == NULL || strlen(text) != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text[i] != '-' : text[i] == '\0' || strchr("0123456789abcdef", text[i]) == NULL)
            return false;
    }
    return true;
}

static bool is_acceptable(const struct ros_report_row *row, struct ros_report_result *result)
{
    struct ros_error why = ROS_ERROR_INIT;
    struct ros_tenant tenant = {row->org_id};
    if (!is_inventory_id(row->inventory_id))
        refuse(result, "the inventory id is not a UUID in its usual form");
    else if (ros_tenant_check(&tenant, &why) != ROS_OK)
        refuse(result, why.text);
    else
        return true;
    return false;
}

static const struct ros_offset *find_offset(const struct ros_offset *offsets, size_t count, const char *topic,
                                            int32_t partition)
{
    for (size_t i = 0; i < count; i++)
        if (offsets[i].partition == partition && strcmp(offsets[i].topic, topic) == 0)
            return &offsets[i];
    return NULL;
}

/* Locks the offsets of the batch and copies what is stored into stored[0..offset_count). */
static enum ros_code lock_offsets(struct ros_pg_conn *conn, const struct ros_report_batch *batch,
                                  struct ros_offset *stored, struct ros_error *reterr)
{
    ros_auto(columns) struct columns c;
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    columns_init(&c, 2);
    if (batch->offset_count == 0)
        return ROS_OK;
    for (size_t i = 0; i < batch->offset_count; i++) {
        stored[i] = (struct ros_offset){batch->offsets[i].topic, batch->offsets[i].partition, 0};
        ros__array_text(&c.array[0], stored[i].topic);
        ros__array_i64(&c.array[1], stored[i].partition);
    }
    ROS_TRY(columns_exec(&c, conn, ROS_SQL_OFFSET_LOCK, batch->consumer_group, &rows, reterr));
    for (size_t i = 0; i < ros_pg_rows_count(&rows); i++) {
        int64_t partition = 0;
        int64_t next_offset = 0;
        if (!ros_pg_rows_i64(&rows, i, 1, &partition) || !ros_pg_rows_i64(&rows, i, 2, &next_offset))
            return ros_error_set(reterr, ROS_E_INTERNAL, "PostgreSQL: an offset is no number");
        for (size_t k = 0; k < batch->offset_count; k++)
            if (stored[k].partition == partition && strcmp(stored[k].topic, ros_pg_rows_text(&rows, i, 0)) == 0)
                stored[k].next_offset = next_offset;
    }
    return ROS_OK;
}

static enum ros_code put_offsets(struct ros_pg_conn *conn, const char *consumer_group, const struct ros_offset *offsets,
                                 size_t count, struct ros_error *reterr)
{
    ros_auto(columns) struct columns c;
    columns_init(&c, 3);
    if (count == 0)
        return ROS_OK;
    for (size_t i = 0; i < count; i++) {
        ros__array_text(&c.array[0], offsets[i].topic);
        ros__array_i64(&c.array[1], offsets[i].partition);
        ros__array_i64(&c.array[2], offsets[i].next_offset);
    }
    return columns_exec(&c, conn, ROS_SQL_OFFSET_PUT, consumer_group, NULL, reterr);
}

static enum ros_code write_batch(struct ros_pg_conn *conn, const struct ros_report_batch *batch, size_t *index,
                                 struct ros_offset *stored, struct ros_report_result *results, struct ros_error *reterr)
{
    ros_auto(ros_pg_tx) struct ros_pg_tx tx = ROS_PG_TX_INIT;
    struct writer w = {conn, batch->rows, results};
    size_t count = 0;
    ROS_TRY(ros_pg_begin(conn, &tx, reterr));
    ROS_TRY(lock_offsets(conn, batch, stored, reterr));
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct ros_report_row *row = &batch->rows[i];
        const struct ros_offset *at =
            row->topic != NULL ? find_offset(stored, batch->offset_count, row->topic, row->partition) : NULL;
        memset(&results[i], 0, sizeof(results[i]));
        if (at != NULL && row->offset < at->next_offset)
            results[i].fate = ROS_REPORT_REPLAYED;
        else if (is_acceptable(row, &results[i]))
            index[count++] = i;
    }
    ROS_TRY(write_range(&w, index, count, reterr));
    ROS_TRY(put_offsets(conn, batch->consumer_group, batch->offsets, batch->offset_count, reterr));
    return ros_pg_commit(&tx, reterr);
}

/* Two entries of one partition would meet in one statement; a row without its partition would not be guarded. */
static enum ros_code check_batch(const struct ros_report_batch *batch, struct ros_error *reterr)
{
    if (batch->row_count > ROS_REPORT_BATCH_MAX || batch->offset_count > ROS_REPORT_BATCH_MAX)
        return ros_error_set(reterr, ROS_E_LIMIT, "a batch has at most %d rows", ROS_REPORT_BATCH_MAX);
    if (batch->offset_count > 0 && batch->consumer_group == NULL)
        return ros_error_set(reterr, ROS_E_ARGUMENT, "offsets without a consumer group");
    for (size_t i = 0; i < batch->offset_count; i++) {
        const struct ros_offset *o = &batch->offsets[i];
        if (find_offset(batch->offsets, i, o->topic, o->partition) != NULL)
            return ros_error_set(reterr, ROS_E_ARGUMENT, "partition %d is there twice", (int) o->partition);
    }
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct ros_report_row *row = &batch->rows[i];
        if (row->topic != NULL && find_offset(batch->offsets, batch->offset_count, row->topic, row->partition) == NULL)
            return ros_error_set(reterr, ROS_E_ARGUMENT, "row %zu is of a partition without an offset", i);
    }
    return ROS_OK;
}

enum ros_code ros_reports_write(struct ros_pg_conn *conn, const struct ros_report_batch *batch,
                                struct ros_report_result *results, struct ros_error *reterr)
{
    ROS_TRY(check_batch(batch, reterr));
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    size_t *index = ros_arena_new_array(&arena, size_t, batch->row_count);
    struct ros_offset *stored = ros_arena_new_array(&arena, struct ros_offset, batch->offset_count);
    if (index == NULL || stored == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    return write_batch(conn, batch, index, stored, results, reterr);
}

/* ---- offsets and rules ---- */

enum ros_code ros_offsets_load(struct ros_pg_conn *conn, const char *consumer_group, ros_offset_call *call,
                               void *context, struct ros_error *reterr)
{
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    struct ros_pg_param group = ros_pg_text(consumer_group);
    ROS_TRY(ros_pg_exec(conn, ROS_SQL_OFFSET_LIST, &group, 1, &rows, reterr));
    for (size_t i = 0; i < ros_pg_rows_count(&rows); i++) {
        int64_t partition = 0;
        struct ros_offset offset = {.topic = ros_pg_rows_text(&rows, i, 0)};
        if (!ros_pg_rows_i64(&rows, i, 1, &partition) || !ros_pg_rows_i64(&rows, i, 2, &offset.next_offset))
            return ros_error_set(reterr, ROS_E_INTERNAL, "PostgreSQL: an offset is no number");
        offset.partition = (int32_t) partition;
        enum ros_code code = call(context, &offset);
        if (code != ROS_OK)
            return ros_error_code(reterr, code);
    }
    return ROS_OK;
}

enum ros_code ros_offsets_store(struct ros_pg_conn *conn, const char *consumer_group, const struct ros_offset *offsets,
                                size_t count, struct ros_error *reterr)
{
    return put_offsets(conn, consumer_group, offsets, count, reterr);
}

enum ros_code ros_offsets_forget(struct ros_pg_conn *conn, const char *consumer_group, const char *topic,
                                 int32_t partition, struct ros_error *reterr)
{
    struct ros_pg_param params[] = {ros_pg_text(consumer_group), ros_pg_text(topic), ros_pg_int(partition)};
    return ros_pg_exec(conn, ROS_SQL_OFFSET_FORGET, params, ROS_COUNT(params), NULL, reterr);
}

enum ros_code ros_rules_upsert(struct ros_pg_conn *conn, const struct ros_rule_text *rules, size_t count,
                               struct ros_error *reterr)
{
    ros_auto(columns) struct columns c;
    columns_init(&c, 5);
    if (count == 0)
        return ROS_OK;
    for (size_t i = 0; i < count; i++) {
        ros__array_text(&c.array[0], rules[i].rule_id);
        ros__array_text(&c.array[1], rules[i].description);
        ros__array_text(&c.array[2], rules[i].reason);
        ros__array_text(&c.array[3], rules[i].resolution);
        ros__array_text(&c.array[4], rules[i].condition);
    }
    return columns_exec(&c, conn, ROS_SQL_RULES_PUT, NULL, NULL, reterr);
}
