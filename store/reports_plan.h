/*
 * reports_plan.h - what a range of rows means for the tables, decided before anything is written. Room-internal.
 *
 * A plan is fed with what is stored (hosts, uploads, tombstones), then folds the rows in their order into one change a
 * host. It is pure: no SQL in it.
 */
#ifndef ROS_STORE_REPORTS_PLAN_H
#define ROS_STORE_REPORTS_PLAN_H

#include "interp/base/arena.h"
#include "interp/base/map.h"
#include "store/reports.h"

struct ros__host {
    const char *inventory_id;
    const char *org_id; /* NULL: nobody's yet */
    bool is_stored;
    bool is_new;     /* to be inserted */
    bool is_changed; /* to be inserted or updated */
    bool has_report;
    int64_t report_date_us;       /* of the newest, stored or in this range */
    size_t newest;                /* index into rows of the one that will be the profile; SIZE_MAX: none */
    struct ros_report_row merged; /* is_changed: what to write */
};

struct ros__plan {
    struct ros_arena arena;
    struct ros_map hosts;      /* inventory id -> struct ros__host */
    struct ros_map uploads;    /* inventory id, blank, request key -> anything */
    struct ros_map tombstones; /* inventory id, blank, organisation -> int64_t, when it was erased */
    const struct ros_report_row *rows;
    struct ros_report_result *results;
    const size_t *index; /* rows of this range, in order */
    size_t count;
    bool *has_history; /* [count] */
};

void ros__plan_done(struct ros__plan *plan);
/* Registers the hosts of rows[index[0..count)]. The arguments are borrowed. */
enum ros_code ros__plan_init(struct ros__plan *plan, const struct ros_report_row *rows,
                             struct ros_report_result *results, const size_t *index, size_t count) ROS_MUST_CHECK;

struct ros__host *ros__plan_host(const struct ros__plan *plan, const char *inventory_id);
/* Remembers an upload as stored; *ret_known (may be NULL): it was before. */
enum ros_code ros__plan_upload(struct ros__plan *plan, const char *inventory_id, const char *request_key,
                               bool *ret_known) ROS_MUST_CHECK;
enum ros_code ros__plan_tombstone(struct ros__plan *plan, const char *inventory_id, const char *org_id,
                                  int64_t deleted_at_us) ROS_MUST_CHECK;
/* Gives every row its fate, and every host its change. */
enum ros_code ros__plan_fold(struct ros__plan *plan) ROS_MUST_CHECK;

ROS_DEFINE_AUTO(ros__plan)

#endif
