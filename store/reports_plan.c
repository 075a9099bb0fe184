/*
 * reports_plan.c - folding a range of rows.
 *
 * Two rows of one host may not meet in one statement (PostgreSQL refuses to touch a row twice), and which of them wins
 * is a question of dates, not of arrival. So the decision is made here, over what is stored and locked, and the
 * statements only carry it out.
 */
#include "store/reports_plan.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void ros__plan_done(struct ros__plan *plan)
{
    ros_arena_done(&plan->arena);
}

static enum ros_code add_host(struct ros__plan *plan, const char *inventory_id)
{
    if (ros__plan_host(plan, inventory_id) != NULL)
        return ROS_OK;
    struct ros__host *host = ros_arena_new(&plan->arena, struct ros__host);
    if (host == NULL)
        return ros_arena_code(&plan->arena);
    host->inventory_id = inventory_id;
    host->newest = SIZE_MAX;
    return ros_map_add(&plan->hosts, inventory_id, strlen(inventory_id), host);
}

enum ros_code ros__plan_init(struct ros__plan *plan, const struct ros_report_row *rows,
                             struct ros_report_result *results, const size_t *index, size_t count)
{
    ros_arena_init(&plan->arena, NULL, 0);
    /* Keys come from outside; an address is enough to keep them from being chosen to collide. */
    uint64_t seed = (uint64_t) (uintptr_t) rows ^ (uint64_t) (uintptr_t) plan;
    ros_map_init(&plan->hosts, &plan->arena, seed);
    ros_map_init(&plan->uploads, &plan->arena, seed);
    ros_map_init(&plan->tombstones, &plan->arena, seed);
    plan->rows = rows;
    plan->results = results;
    plan->index = index;
    plan->count = count;
    plan->has_history = ros_arena_new_array(&plan->arena, bool, count);
    if (plan->has_history == NULL)
        return ros_arena_code(&plan->arena);
    for (size_t i = 0; i < count; i++)
        ROS_TRY(add_host(plan, rows[index[i]].inventory_id));
    return ROS_OK;
}

struct ros__host *ros__plan_host(const struct ros__plan *plan, const char *inventory_id)
{
    return ros_map_get(&plan->hosts, inventory_id, strlen(inventory_id));
}

enum ros_code ros__plan_upload(struct ros__plan *plan, const char *inventory_id, const char *request_key,
                               bool *ret_known)
{
    char *key = ros_arena_printf(&plan->arena, "%s %s", inventory_id, request_key);
    if (key == NULL)
        return ros_arena_code(&plan->arena);
    enum ros_code code = ros_map_add(&plan->uploads, key, strlen(key), key);
    if (ret_known != NULL)
        *ret_known = code == ROS_E_EXISTS;
    return code == ROS_E_EXISTS ? ROS_OK : code;
}

enum ros_code ros__plan_tombstone(struct ros__plan *plan, const char *inventory_id, const char *org_id,
                                  int64_t deleted_at_us)
{
    char *key = ros_arena_printf(&plan->arena, "%s %s", inventory_id, org_id);
    int64_t *value = ros_arena_new(&plan->arena, int64_t);
    if (key == NULL || value == NULL)
        return ros_arena_code(&plan->arena);
    *value = deleted_at_us;
    return ros_map_add(&plan->tombstones, key, strlen(key), value);
}

/* Erased by its organisation at or after the upload. */
static bool is_erased(const struct ros__plan *plan, const struct ros_report_row *row)
{
    char key[ROS_TENANT_ORG_BYTES + 64];
    int n = snprintf(key, sizeof(key), "%s %s", row->inventory_id, row->org_id);
    const int64_t *deleted_at_us = ros_map_get(&plan->tombstones, key, (size_t) n);
    return deleted_at_us != NULL && row->report_date_us <= *deleted_at_us;
}

static void keep_text(const char **to, const char *from)
{
    if (from != NULL)
        *to = from;
}

static void merge_description(struct ros_report_row *to, const struct ros_report_row *from)
{
    keep_text(&to->account, from->account);
    keep_text(&to->display_name, from->display_name);
    keep_text(&to->fqdn, from->fqdn);
    keep_text(&to->cloud_provider, from->cloud_provider);
    keep_text(&to->stale_timestamp, from->stale_timestamp);
    keep_text(&to->groups, from->groups);
    keep_text(&to->operating_system, from->operating_system);
}

static void merge_state(struct ros_report_row *to, const struct ros_report_row *from)
{
    to->present |= from->present;
    if (from->present & ROS_REPORT_HAS_CPU_STATES)
        to->cpu_states = from->cpu_states;
    if (from->present & ROS_REPORT_HAS_IO_STATES)
        to->io_states = from->io_states;
    if (from->present & ROS_REPORT_HAS_MEMORY_STATES)
        to->memory_states = from->memory_states;
    if (from->present & ROS_REPORT_HAS_STATE)
        to->state = from->state;
    if (from->present & ROS_REPORT_HAS_INSTANCE_TYPE)
        to->instance_type = from->instance_type;
    if (from->present & ROS_REPORT_HAS_REGION)
        to->region = from->region;
}

static void start_change(struct ros__host *host, const struct ros_report_row *row)
{
    if (!host->is_changed) {
        host->merged.inventory_id = row->inventory_id;
        host->merged.org_id = row->org_id;
        host->merged.cpu_states.is_null = true;
        host->merged.io_states.is_null = true;
        host->merged.memory_states.is_null = true;
    }
    host->is_changed = true;
    host->is_new = !host->is_stored;
    host->org_id = row->org_id;
}

static enum ros_report_fate apply_data(struct ros__plan *plan, struct ros__host *host, size_t i)
{
    const struct ros_report_row *row = &plan->rows[plan->index[i]];
    plan->has_history[i] = true;
    if (host->has_report && row->report_date_us <= host->report_date_us) {
        /* The same date without a key is the same upload: its history row is there. */
        return row->report_date_us == host->report_date_us ? ROS_REPORT_REPLAYED : ROS_REPORT_OLDER;
    }
    if (host->newest != SIZE_MAX)
        plan->results[host->newest].fate = ROS_REPORT_OLDER;
    host->newest = plan->index[i];
    host->has_report = true;
    host->report_date_us = row->report_date_us;
    start_change(host, row);
    merge_description(&host->merged, row);
    merge_state(&host->merged, row);
    return ROS_REPORT_WRITTEN;
}

static void refuse(struct ros_report_result *result, enum ros_code code, const char *reason)
{
    result->fate = ROS_REPORT_REFUSED;
    result->code = code;
    snprintf(result->reason, sizeof(result->reason), "%s", reason);
}

static enum ros_code fold_row(struct ros__plan *plan, size_t i)
{
    const struct ros_report_row *row = &plan->rows[plan->index[i]];
    struct ros_report_result *result = &plan->results[plan->index[i]];
    struct ros__host *host = ros__plan_host(plan, row->inventory_id);
    bool is_known = host->is_stored || host->is_changed;
    if (host->org_id != NULL && strcmp(host->org_id, row->org_id) != 0) {
        refuse(result, ROS_E_FORBIDDEN, "the host belongs to another organisation");
        return ROS_OK;
    }
    if (is_erased(plan, row)) {
        result->fate = ROS_REPORT_DELETED;
        return ROS_OK;
    }
    if (row->kind == ROS_REPORT_BASE) {
        result->fate = is_known || row->created ? ROS_REPORT_WRITTEN : ROS_REPORT_UNKNOWN;
        if (result->fate == ROS_REPORT_WRITTEN) {
            start_change(host, row);
            merge_description(&host->merged, row);
        }
        return ROS_OK;
    }
    bool is_replay = false;
    if (row->request_key != NULL)
        ROS_TRY(ros__plan_upload(plan, row->inventory_id, row->request_key, &is_replay));
    result->fate = is_replay ? ROS_REPORT_REPLAYED : apply_data(plan, host, i);
    return ROS_OK;
}

enum ros_code ros__plan_fold(struct ros__plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        ROS_TRY(fold_row(plan, i));
    return ROS_OK;
}
