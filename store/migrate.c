/*
 * migrate.c - one migration, one transaction, one runner.
 *
 * The lock is the transaction's, so that nothing is left behind however the runner ends. Every runner looks again under
 * the lock: the one that waited finds the work done. The checksum is taken by the server, which has the text anyway.
 */
#include "store/migrate.h"

#include <string.h>

#include "store/migrations.h"
#include "store/pg_internal.h"

/* Under the lock a migration may take its time; a table that is in use is waited for, but not for ever. */
#define BEGIN_SQL                                                                                                      \
    "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; "                                             \
    "SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock(7239411200517131)"
#define PREPARE_SQL                                                                                                    \
    "SET LOCAL lock_timeout = '60s'; CREATE TABLE IF NOT EXISTS ros_migration (version integer PRIMARY KEY, "          \
    "name text NOT NULL, checksum text NOT NULL, applied_at timestamp with time zone NOT NULL DEFAULT now())"

unsigned ros_migrate_version(void)
{
    return ros__migrations[ros__migration_count - 1].number;
}

/* Whether a migration is applied; an applied one that is not ours is an error. */
static enum ros_code is_applied(struct ros_pg_conn *conn, const struct ros__migration *m, bool *ret,
                                struct ros_error *reterr)
{
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    struct ros_pg_param params[] = {ros_pg_int(m->number), ros_pg_text(m->sql)};
    ROS_TRY(ros_pg_exec(conn, ROS_SQL_MIGRATION_GET, params, ROS_COUNT(params), &rows, reterr));
    bool same = false;
    *ret = ros_pg_rows_count(&rows) > 0;
    if (*ret && (!ros_pg_rows_bool(&rows, 0, 0, &same) || !same))
        return ros_error_set(reterr, ROS_E_CONFLICT, "migration %s was applied with another content", m->name);
    return ROS_OK;
}

static enum ros_code check_newest(struct ros_pg_conn *conn, struct ros_error *reterr)
{
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    int64_t newest = 0;
    ROS_TRY(ros_pg_exec(conn, ROS_SQL_MIGRATION_NEWEST, NULL, 0, &rows, reterr));
    if (ros_pg_rows_i64(&rows, 0, 0, &newest) && newest > (int64_t) ros_migrate_version())
        return ros_error_set(reterr, ROS_E_CONFLICT, "the database is at migration %lld, this build ends at %u",
                             (long long) newest, ros_migrate_version());
    return ROS_OK;
}

static enum ros_code run_one(struct ros_pg_conn *conn, const struct ros__migration *m, unsigned *applied,
                             struct ros_error *reterr)
{
    bool done = false;
    ros_auto(ros_pg_tx) struct ros_pg_tx tx = {conn};
    ROS_TRY(ros__pg_script(conn, BEGIN_SQL, reterr));
    ROS_TRY(ros__pg_script(conn, PREPARE_SQL, reterr));
    ROS_TRY(check_newest(conn, reterr));
    ROS_TRY(is_applied(conn, m, &done, reterr));
    if (done)
        return ROS_OK;
    enum ros_code code = ros__pg_script(conn, m->sql, reterr);
    if (code != ROS_OK)
        return ros_error_prefix(reterr, code, "migration %s", m->name);
    struct ros_pg_param params[] = {ros_pg_int(m->number), ros_pg_text(m->name), ros_pg_text(m->sql)};
    ROS_TRY(ros_pg_exec(conn, ROS_SQL_MIGRATION_PUT, params, ROS_COUNT(params), NULL, reterr));
    ROS_TRY(ros_pg_commit(&tx, reterr));
    (*applied)++;
    return ROS_OK;
}

enum ros_code ros_migrate(struct ros_pg_conn *conn, unsigned *ret_applied, struct ros_error *reterr)
{
    unsigned applied = 0;
    unsigned timeout_ms = conn->timeout_ms;
    enum ros_code code = ROS_OK;
    conn->timeout_ms = 0;
    for (size_t i = 0; i < ros__migration_count && code == ROS_OK; i++)
        code = run_one(conn, &ros__migrations[i], &applied, reterr);
    conn->timeout_ms = timeout_ms;
    if (code == ROS_OK && ret_applied != NULL)
        *ret_applied = applied;
    return code;
}

enum ros_code ros_migrate_check(struct ros_pg_conn *conn, struct ros_error *reterr)
{
    for (size_t i = 0; i < ros__migration_count; i++) {
        bool done = false;
        ROS_TRY(is_applied(conn, &ros__migrations[i], &done, reterr));
        if (!done)
            return ros_error_set(reterr, ROS_E_CONFIG, "the database lacks migration %s", ros__migrations[i].name);
    }
    return check_newest(conn, reterr);
}
