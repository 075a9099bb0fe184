/*
 * erase.h - what takes rows away: the eraser (a host left the inventory) and the janitor (reports grew old).
 *
 * A deleted host leaves a tombstone, so that an event from before the deletion that arrives late does not bring it
 * back. Tombstones are truth, kept in PostgreSQL; the janitor takes them away when they are older than asked.
 *
 * Errors: those of pg.h.
 */
#ifndef ROS_STORE_ERASE_H
#define ROS_STORE_ERASE_H

#include "store/pg.h"

/*
 * Deletes a host (profile, history and ratings go with it) when it belongs to the tenant, and writes the tombstone,
 * known host or not, in one transaction. Untouched stays a host of another organisation, and one with a report from
 * after the deletion (it came back, and this message is a replay). ret_erased: it was there and is gone.
 */
enum ros_code ros_host_erase(const struct ros_tenant *tenant, struct ros_pg_conn *conn, const char *inventory_id,
                             int64_t deleted_at_us, bool *ret_erased, struct ros_error *reterr) ROS_MUST_CHECK;

/* True in *ret when the host was erased at or after event_us. */
enum ros_code ros_host_is_erased(const struct ros_tenant *tenant, struct ros_pg_conn *conn, const char *inventory_id,
                                 int64_t event_us, bool *ret, struct ros_error *reterr) ROS_MUST_CHECK;

struct ros_janitor_result {
    uint64_t profiles;
    uint64_t history;
    uint64_t tombstones;
    uint64_t uploads;
};

/*
 * Deletes reports older than reports_before_us and tombstones older than tombstones_before_us, up to `most` rows of
 * each table a call (0: 10000). Call again while *ret shows `most` anywhere.
 */
enum ros_code ros_janitor_run(struct ros_pg_conn *conn, int64_t reports_before_us, int64_t tombstones_before_us,
                              unsigned most, struct ros_janitor_result *ret, struct ros_error *reterr) ROS_MUST_CHECK;

#endif
