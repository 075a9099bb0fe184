/*
 * pg.h - PostgreSQL: a pool of connections, statements from one table, transactions that roll back by themselves.
 *
 * Statements are the rows of sql.def; each is prepared on a connection when that connection first needs it. Waiting is
 * bounded everywhere: for a free connection, for connecting, for an answer. The server cancels a statement that runs
 * out of time; when even that does not answer, its connection is thrown away.
 *
 * Lifetime: pool > connection > transaction and rows. Give a connection back before the pool is freed. A connection
 *           that broke is closed when it is given back; a connection that went stale while idle is replaced by
 *           ros_pg_acquire(). Whatever a holder left open (a transaction, a role) is rolled back when it is released.
 * Errors:   by SQLSTATE: ROS_E_UNAVAILABLE (no server, it stops, it has no room), ROS_E_TIMEOUT, ROS_E_CONFLICT
 *           (deadlock, serialisation, lock wait), ROS_E_EXISTS (unique), ROS_E_DATA (classes 22, 23 and 54: this row is
 *           the trouble), ROS_E_FORBIDDEN (privilege, row-level security), ROS_E_CONFIG (login, database, missing
 *           table), ROS_E_INTERNAL for the rest.
 * Threads:  the pool is safe from every thread; a connection has one owner at a time.
 */
#ifndef ROS_STORE_PG_H
#define ROS_STORE_PG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interp/base/alloc.h"
#include "interp/base/error.h"
#include "store/tenant.h"

struct pg_result; /* libpq's PGresult */
struct ros_pg_pool;
struct ros_pg_conn;

/* The statements: ROS_SQL_<NAME>, one a row of sql.def. */
enum ros_sql {
#define ROS_SQL(name, params, text) ROS_SQL_##name,
#include "store/sql.def"
#undef ROS_SQL
    ROS_SQL_COUNT
};

struct ros_pg_config {
    const char *conninfo;          /* libpq keywords or URI; its password never enters an error text */
    unsigned size;                 /* connections at most; 0: 5 */
    unsigned connect_timeout_ms;   /* 0: 2000 */
    unsigned acquire_timeout_ms;   /* wait for a free connection; 0: 5000 */
    unsigned statement_timeout_ms; /* one statement, by the server and by us; 0: 30000 */
    const char *application_name;  /* may be NULL: "ros" */
    const struct ros_alloc *alloc; /* may be NULL */
};

/* Makes the pool without connecting: a service starts while its database is down. Copies the texts of config. */
enum ros_code ros_pg_pool_new(const struct ros_pg_config *config, struct ros_pg_pool **ret,
                              struct ros_error *reterr) ROS_MUST_CHECK;
void ros_pg_pool_free(struct ros_pg_pool *pool);

/* A connection that answered when last seen; connects when none is idle. ROS_E_TIMEOUT when all are taken. */
enum ros_code ros_pg_acquire(struct ros_pg_pool *pool, struct ros_pg_conn **ret,
                             struct ros_error *reterr) ROS_MUST_CHECK;
/*
 * A shorter bound on each statement for as long as the connection is held: what is left of a caller's deadline. The
 * server keeps to it in transactions of ros_pg_begin_tenant(); we do in every one.
 */
void ros_pg_limit(struct ros_pg_conn *conn, unsigned timeout_ms);
/* Gives it back. NULL is fine. */
void ros_pg_release(struct ros_pg_conn *conn);

/* One round trip, for readiness probes; bounded by connect_timeout_ms. */
enum ros_code ros_pg_ping(struct ros_pg_pool *pool, struct ros_error *reterr) ROS_MUST_CHECK;

/* ---- parameters ---- */

enum ros_pg_kind { ROS_PG_NULL, ROS_PG_TEXT, ROS_PG_BYTES, ROS_PG_INT, ROS_PG_DOUBLE, ROS_PG_BOOL };

struct ros_pg_param { /* make one by the functions below; texts and bytes are borrowed for the call */
    enum ros_pg_kind kind;
    const void *data;
    size_t size_bytes;
    int64_t integer;
    double number;
};

static inline struct ros_pg_param ros_pg_null(void)
{
    return (struct ros_pg_param){.kind = ROS_PG_NULL};
}
/* NULL is SQL NULL. Also for numbers, timestamps, uuid, jsonb and array literals: the server reads the text. */
static inline struct ros_pg_param ros_pg_text(const char *text)
{
    return (struct ros_pg_param){.kind = text != NULL ? ROS_PG_TEXT : ROS_PG_NULL, .data = text};
}
/* A value in PostgreSQL's binary format (bytea: the bytes themselves). */
static inline struct ros_pg_param ros_pg_bytes(const void *data, size_t size_bytes)
{
    return (struct ros_pg_param){.kind = ROS_PG_BYTES, .data = data, .size_bytes = size_bytes};
}
static inline struct ros_pg_param ros_pg_int(int64_t value)
{
    return (struct ros_pg_param){.kind = ROS_PG_INT, .integer = value};
}
static inline struct ros_pg_param ros_pg_double(double value)
{
    return (struct ros_pg_param){.kind = ROS_PG_DOUBLE, .number = value};
}
static inline struct ros_pg_param ros_pg_bool(bool value)
{
    return (struct ros_pg_param){.kind = ROS_PG_BOOL, .integer = value};
}

#define ROS_PG_PARAMS_MAX 40 /* parameters of one statement */

/* ---- rows ---- */

struct ros_pg_rows {
    struct pg_result *result;
};
#define ROS_PG_ROWS_INIT                                                                                               \
    {                                                                                                                  \
        NULL                                                                                                           \
    }

void ros_pg_rows_done(struct ros_pg_rows *rows);
size_t ros_pg_rows_count(const struct ros_pg_rows *rows);
/* Rows an INSERT, UPDATE or DELETE touched. */
size_t ros_pg_rows_affected(const struct ros_pg_rows *rows);
/* The text of a cell, NUL-terminated, borrowed until the rows are done; NULL for SQL NULL and outside the result. */
const char *ros_pg_rows_text(const struct ros_pg_rows *rows, size_t row, size_t column);
size_t ros_pg_rows_length(const struct ros_pg_rows *rows, size_t row, size_t column);
/* False for SQL NULL and for text that is no such value. Booleans are PostgreSQL's "t" and "f". */
bool ros_pg_rows_i64(const struct ros_pg_rows *rows, size_t row, size_t column, int64_t *ret);
bool ros_pg_rows_double(const struct ros_pg_rows *rows, size_t row, size_t column, double *ret);
bool ros_pg_rows_bool(const struct ros_pg_rows *rows, size_t row, size_t column, bool *ret);

/* ---- statements ---- */

/* Runs a statement of the table. ret may be NULL; *ret is replaced (done first), so one variable serves a loop. */
enum ros_code ros_pg_exec(struct ros_pg_conn *conn, enum ros_sql statement, const struct ros_pg_param *params,
                          size_t param_count, struct ros_pg_rows *ret, struct ros_error *reterr) ROS_MUST_CHECK;

/*
 * The same for SQL that is composed at run time from fixed pieces (a list with chosen filters and order). Values go in
 * as parameters, always; no byte from outside may be part of sql.
 */
enum ros_code ros_pg_query(struct ros_pg_conn *conn, const char *sql, const struct ros_pg_param *params,
                           size_t param_count, struct ros_pg_rows *ret, struct ros_error *reterr) ROS_MUST_CHECK;

/* The SQLSTATE of the connection's last failure; "" when there was none, or none from the server. */
const char *ros_pg_sqlstate(const struct ros_pg_conn *conn);
/* True when the connection cannot be used any more. */
bool ros_pg_broken(const struct ros_pg_conn *conn);

/* ---- transactions ---- */

/*
 * ros_auto(ros_pg_tx) struct ros_pg_tx tx = ROS_PG_TX_INIT; ROS_TRY(ros_pg_begin(conn, &tx, reterr)); ...
 * return ros_pg_commit(&tx, reterr); - every other way out rolls back.
 */
struct ros_pg_tx {
    struct ros_pg_conn *conn; /* NULL: nothing to roll back */
};
#define ROS_PG_TX_INIT                                                                                                 \
    {                                                                                                                  \
        NULL                                                                                                           \
    }

enum ros_code ros_pg_begin(struct ros_pg_conn *conn, struct ros_pg_tx *tx, struct ros_error *reterr) ROS_MUST_CHECK;

/*
 * Begins a transaction that sees and changes the rows of one organisation only, by row-level security: role ros_api and
 * the setting ros.org_id, both until its end. Every read of the API runs inside one.
 */
enum ros_code ros_pg_begin_tenant(const struct ros_tenant *tenant, struct ros_pg_conn *conn, struct ros_pg_tx *tx,
                                  struct ros_error *reterr) ROS_MUST_CHECK;

/* ROS_E_UNAVAILABLE here means "not known whether": repeat the work only if it is idempotent. */
enum ros_code ros_pg_commit(struct ros_pg_tx *tx, struct ros_error *reterr) ROS_MUST_CHECK;
void ros_pg_tx_done(struct ros_pg_tx *tx);

ROS_DEFINE_AUTO(ros_pg_rows)
ROS_DEFINE_AUTO(ros_pg_tx)
ROS_DEFINE_AUTO_PTR(ros_pg_pool)

/* ros_auto_ptr(ros_pg_conn) gives the connection back. */
static inline void ros__auto_ptr_ros_pg_conn(struct ros_pg_conn **conn)
{
    ros_pg_release(*conn);
}

#endif
