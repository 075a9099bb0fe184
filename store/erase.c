/*
 * erase.c - hosts that left and reports that grew old.
 *
 * The organisation is part of the DELETE, so that a message about another organisation's host takes nothing away. The
 * janitor works in small bites: one DELETE of a year's history would hold its locks, and the readers, for minutes.
 */
#include "store/erase.h"

enum ros_code ros_host_erase(const struct ros_tenant *tenant, struct ros_pg_conn *conn, const char *inventory_id,
                             int64_t deleted_at_us, bool *ret_erased, struct ros_error *reterr)
{
    ROS_TRY(ros_tenant_check(tenant, reterr));
    ros_auto(ros_pg_tx) struct ros_pg_tx tx = ROS_PG_TX_INIT;
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    struct ros_pg_param params[] = {ros_pg_text(tenant->org_id), ros_pg_text(inventory_id), ros_pg_int(deleted_at_us)};
    ROS_TRY(ros_pg_begin(conn, &tx, reterr));
    ROS_TRY(ros_pg_exec(conn, ROS_SQL_TOMBSTONE_PUT, params, 3, NULL, reterr));
    ROS_TRY(ros_pg_exec(conn, ROS_SQL_ERASE_HOST, params, 3, &rows, reterr));
    bool erased = ros_pg_rows_affected(&rows) > 0;
    ROS_TRY(ros_pg_commit(&tx, reterr));
    if (ret_erased != NULL)
        *ret_erased = erased;
    return ROS_OK;
}

enum ros_code ros_host_is_erased(const struct ros_tenant *tenant, struct ros_pg_conn *conn, const char *inventory_id,
                                 int64_t event_us, bool *ret, struct ros_error *reterr)
{
    ROS_TRY(ros_tenant_check(tenant, reterr));
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    struct ros_pg_param params[] = {ros_pg_text(tenant->org_id), ros_pg_text(inventory_id), ros_pg_int(event_us)};
    ROS_TRY(ros_pg_exec(conn, ROS_SQL_TOMBSTONE_GET, params, ROS_COUNT(params), &rows, reterr));
    if (!ros_pg_rows_bool(&rows, 0, 0, ret))
        return ros_error_set(reterr, ROS_E_INTERNAL, "PostgreSQL: no answer about a tombstone");
    return ROS_OK;
}

static enum ros_code take_away(struct ros_pg_conn *conn, enum ros_sql statement, int64_t before_us, unsigned most,
                               uint64_t *count, struct ros_error *reterr)
{
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    struct ros_pg_param params[] = {ros_pg_int(before_us), ros_pg_int(most)};
    ROS_TRY(ros_pg_exec(conn, statement, params, ROS_COUNT(params), &rows, reterr));
    *count = ros_pg_rows_affected(&rows);
    return ROS_OK;
}

enum ros_code ros_janitor_run(struct ros_pg_conn *conn, int64_t reports_before_us, int64_t tombstones_before_us,
                              unsigned most, struct ros_janitor_result *ret, struct ros_error *reterr)
{
    struct ros_janitor_result result = {0, 0, 0, 0};
    if (most == 0)
        most = 10000;
    ROS_TRY(take_away(conn, ROS_SQL_JANITOR_HISTORY, reports_before_us, most, &result.history, reterr));
    ROS_TRY(take_away(conn, ROS_SQL_JANITOR_PROFILES, reports_before_us, most, &result.profiles, reterr));
    ROS_TRY(take_away(conn, ROS_SQL_JANITOR_UPLOADS, reports_before_us, most, &result.uploads, reterr));
    ROS_TRY(take_away(conn, ROS_SQL_JANITOR_TOMBSTONES, tombstones_before_us, most, &result.tombstones, reterr));
    *ret = result;
    return ROS_OK;
}
