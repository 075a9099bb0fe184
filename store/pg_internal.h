/* pg_internal.h - what the files of pg share, and migrate.c needs; not for other rooms. */
#ifndef ROS_STORE_PG_INTERNAL_H
#define ROS_STORE_PG_INTERNAL_H

#include <libpq-fe.h>

#include "store/pg.h"

#define ROS__SQLSTATE_SIZE 6

struct ros_pg_conn {
    struct ros_pg_pool *pool;
    struct ros_pg_conn *next; /* in the list of idle ones */
    PGconn *pg;
    unsigned timeout_ms; /* how long we wait for an answer; 0: for ever */
    int64_t idle_since_us;
    bool broken;
    char sqlstate[ROS__SQLSTATE_SIZE];
    bool prepared[ROS_SQL_COUNT];
};

/* Text of several statements, without parameters or rows: BEGIN, SAVEPOINT, a migration. */
enum ros_code ros__pg_script(struct ros_pg_conn *conn, const char *sql, struct ros_error *reterr) ROS_MUST_CHECK;

/* Turns a failed result (or the connection, when NULL) into an error. */
enum ros_code ros__pg_fail(struct ros_pg_conn *conn, const PGresult *result, struct ros_error *reterr) ROS_MUST_CHECK;

/* Waits until the socket can be read or written (poll events); deadline_us 0: for ever. */
enum ros_code ros__pg_wait(struct ros_pg_conn *conn, short events, int64_t deadline_us,
                           struct ros_error *reterr) ROS_MUST_CHECK;

/* SQLSTATE to code; see pg.h. */
enum ros_code ros__pg_code(const char *sqlstate) ROS_MUST_CHECK;

#endif
