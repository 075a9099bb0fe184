/*
 * pg.c - running statements.
 *
 * libpq's blocking calls wait for ever when a network swallows packets, so everything here goes through its
 * asynchronous half: send, then poll the socket until a deadline. The server has the same time-out, one second shorter
 * than ours; it normally wins, and then the connection stays good.
 */
#include "store/pg_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "interp/base/clock.h"
#include "interp/base/num.h"

#define GRACE_MS 1000 /* what we wait longer than the server's own statement_timeout */

static const struct {
    const char *name;
    int params;
    const char *text;
} statements[ROS_SQL_COUNT] = {
#define ROS_SQL(name, params, text) {"ros_" #name, params, text},
#include "store/sql.def"
#undef ROS_SQL
};

enum ros_code ros_tenant_check(const struct ros_tenant *tenant, struct ros_error *reterr)
{
    const unsigned char *p = tenant != NULL ? (const unsigned char *) tenant->org_id : NULL;
    if (p == NULL || *p == 0)
        return ros_error_set(reterr, ROS_E_UNAUTHENTICATED, "no organisation");
    if (strlen((const char *) p) > ROS_TENANT_ORG_BYTES)
        return ros_error_set(reterr, ROS_E_UNAUTHENTICATED, "the organisation's id is too long");
    for (; *p != 0; p++)
        if (*p < 0x20 || *p == 0x7f)
            return ros_error_set(reterr, ROS_E_UNAUTHENTICATED, "the organisation's id has control characters");
    return ROS_OK;
}

enum ros_code ros__pg_code(const char *sqlstate)
{
    static const struct {
        const char *prefix;
        enum ros_code code;
    } table[] = {
        /* the more special first */
        {"23505", ROS_E_EXISTS},      {"57014", ROS_E_TIMEOUT},    {"55P03", ROS_E_CONFLICT},
        {"57P0", ROS_E_UNAVAILABLE},  {"42501", ROS_E_FORBIDDEN},  {"42P01", ROS_E_CONFIG},
        {"25006", ROS_E_UNAVAILABLE}, {"25P0", ROS_E_UNAVAILABLE}, {"08", ROS_E_UNAVAILABLE},
        {"53", ROS_E_UNAVAILABLE},    {"58", ROS_E_UNAVAILABLE},   {"40", ROS_E_CONFLICT},
        {"22", ROS_E_DATA},           {"23", ROS_E_DATA},          {"54", ROS_E_DATA},
        {"28", ROS_E_CONFIG},         {"3D", ROS_E_CONFIG},
    };
    for (size_t i = 0; i < ROS_COUNT(table); i++)
        if (strncmp(sqlstate, table[i].prefix, strlen(table[i].prefix)) == 0)
            return table[i].code;
    return ROS_E_INTERNAL;
}

/* libpq's messages end with a newline and may have several lines; an error has one. */
static enum ros_code set_one_line(struct ros_error *reterr, enum ros_code code, const char *text)
{
    char line[ROS_ERROR_TEXT_SIZE];
    size_t n = 0;
    for (; text != NULL && *text != '\0' && n < sizeof(line) - 1; text++)
        line[n++] = *text == '\n' || *text == '\r' || *text == '\t' ? ' ' : *text;
    while (n > 0 && line[n - 1] == ' ')
        n--;
    line[n] = '\0';
    return ros_error_set(reterr, code, "PostgreSQL: %s", n > 0 ? line : ros_code_text(code));
}

enum ros_code ros__pg_fail(struct ros_pg_conn *conn, const PGresult *result, struct ros_error *reterr)
{
    const char *sqlstate = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    if (PQstatus(conn->pg) == CONNECTION_BAD)
        conn->broken = true;
    if (sqlstate == NULL) {
        conn->sqlstate[0] = '\0';
        return set_one_line(reterr, ROS_E_UNAVAILABLE, PQerrorMessage(conn->pg));
    }
    snprintf(conn->sqlstate, sizeof(conn->sqlstate), "%s", sqlstate);
    /* The primary message only: the detail quotes whole rows, and errors end up in logs. */
    return set_one_line(reterr, ros__pg_code(sqlstate), PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

enum ros_code ros__pg_wait(struct ros_pg_conn *conn, short events, int64_t deadline_us, struct ros_error *reterr)
{
    const struct ros_clock *clock = ros_clock_system();
    struct pollfd fd = {.fd = PQsocket(conn->pg), .events = events};
    if (fd.fd < 0)
        return ros__pg_fail(conn, NULL, reterr);
    for (;;) {
        int wait_ms = -1;
        if (deadline_us != 0) {
            int64_t left_us = deadline_us - ros_clock_mono_us(clock);
            if (left_us <= 0) {
                conn->broken = true; /* its answer may still come: nobody may take it for another's */
                conn->sqlstate[0] = '\0';
                return ros_error_set(reterr, ROS_E_TIMEOUT, "PostgreSQL does not answer");
            }
            wait_ms = (int) (left_us / 1000) + 1;
        }
        int n = poll(&fd, 1, wait_ms);
        if (n > 0)
            return ROS_OK;
        if (n < 0 && errno != EINTR)
            return ros_error_set(reterr, ROS_E_IO, "poll: %s", strerror(errno));
    }
}

static enum ros_code flush(struct ros_pg_conn *conn, int64_t deadline_us, struct ros_error *reterr)
{
    int left;
    while ((left = PQflush(conn->pg)) > 0) {
        /* Reading too: a server that is blocked on sending to us would never read. */
        ROS_TRY(ros__pg_wait(conn, POLLIN | POLLOUT, deadline_us, reterr));
        if (PQconsumeInput(conn->pg) == 0)
            return ros__pg_fail(conn, NULL, reterr);
    }
    return left == 0 ? ROS_OK : ros__pg_fail(conn, NULL, reterr);
}

/* Keeps the first failure of a series, else the last success. */
static PGresult *pick(PGresult *kept, PGresult *next)
{
    if (kept != NULL && PQresultStatus(kept) == PGRES_FATAL_ERROR) {
        PQclear(next);
        return kept;
    }
    PQclear(kept);
    return next;
}

/* Reads all that answers what was sent. *ret is owned by the caller. */
static enum ros_code collect(struct ros_pg_conn *conn, PGresult **ret, struct ros_error *reterr)
{
    int64_t deadline_us = 0;
    if (conn->timeout_ms != 0)
        deadline_us = ros_clock_mono_us(ros_clock_system()) + ((int64_t) conn->timeout_ms + GRACE_MS) * 1000;
    PGresult *kept = NULL;
    enum ros_code code = flush(conn, deadline_us, reterr);
    while (code == ROS_OK) {
        if (PQisBusy(conn->pg)) {
            code = ros__pg_wait(conn, POLLIN, deadline_us, reterr);
            if (code == ROS_OK && PQconsumeInput(conn->pg) == 0)
                code = ros__pg_fail(conn, NULL, reterr);
            continue;
        }
        PGresult *next = PQgetResult(conn->pg);
        if (next == NULL)
            break;
        ExecStatusType status = PQresultStatus(next);
        kept = pick(kept, next);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            conn->broken = true;
            code = ros_error_set(reterr, ROS_E_UNSUPPORTED, "COPY is not for this interface");
        }
    }
    if (code != ROS_OK) {
        PQclear(kept);
        return code;
    }
    *ret = kept;
    return ROS_OK;
}

/* Collects and judges; ret may be NULL. */
static enum ros_code finish(struct ros_pg_conn *conn, struct ros_pg_rows *ret, struct ros_error *reterr)
{
    PGresult *result = NULL;
    ROS_TRY(collect(conn, &result, reterr));
    ExecStatusType status = result != NULL ? PQresultStatus(result) : PGRES_FATAL_ERROR;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
        enum ros_code code = ros__pg_fail(conn, result, reterr);
        PQclear(result);
        return code;
    }
    if (ret == NULL) {
        PQclear(result);
        return ROS_OK;
    }
    ros_pg_rows_done(ret);
    ret->result = result;
    return ROS_OK;
}

enum ros_code ros__pg_script(struct ros_pg_conn *conn, const char *sql, struct ros_error *reterr)
{
    if (conn->broken)
        return ros_error_set(reterr, ROS_E_UNAVAILABLE, "PostgreSQL: the connection is lost");
    if (PQsendQuery(conn->pg, sql) == 0)
        return ros__pg_fail(conn, NULL, reterr);
    return finish(conn, NULL, reterr);
}

struct wire { /* parameters as libpq takes them */
    const char *values[ROS_PG_PARAMS_MAX];
    int lengths[ROS_PG_PARAMS_MAX];
    int formats[ROS_PG_PARAMS_MAX];
    char numbers[ROS_PG_PARAMS_MAX][ROS_NUM_TEXT_SIZE];
};

static enum ros_code to_wire(const struct ros_pg_param *params, size_t count, struct wire *wire,
                             struct ros_error *reterr)
{
    if (count > ROS_PG_PARAMS_MAX)
        return ros_error_set(reterr, ROS_E_ARGUMENT, "%zu parameters: at most %d", count, ROS_PG_PARAMS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct ros_pg_param *p = &params[i];
        wire->values[i] = p->data;
        wire->lengths[i] = 0;
        wire->formats[i] = 0;
        switch (p->kind) {
        case ROS_PG_NULL:
            wire->values[i] = NULL;
            break;
        case ROS_PG_TEXT:
            break;
        case ROS_PG_BYTES:
            if (p->size_bytes > (1u << 30))
                return ros_error_set(reterr, ROS_E_LIMIT, "a parameter is larger than 1 GiB");
            wire->values[i] = p->data != NULL ? p->data : "";
            wire->lengths[i] = (int) p->size_bytes;
            wire->formats[i] = 1;
            break;
        case ROS_PG_INT:
            snprintf(wire->numbers[i], ROS_NUM_TEXT_SIZE, "%lld", (long long) p->integer);
            wire->values[i] = wire->numbers[i];
            break;
        case ROS_PG_DOUBLE:
            ros_num_format(p->number, wire->numbers[i]);
            wire->values[i] = wire->numbers[i];
            break;
        case ROS_PG_BOOL:
            wire->values[i] = p->integer != 0 ? "t" : "f";
            break;
        }
    }
    return ROS_OK;
}

static enum ros_code prepare(struct ros_pg_conn *conn, enum ros_sql statement, struct ros_error *reterr)
{
    if (conn->prepared[statement])
        return ROS_OK;
    if (PQsendPrepare(conn->pg, statements[statement].name, statements[statement].text, 0, NULL) == 0)
        return ros__pg_fail(conn, NULL, reterr);
    enum ros_code code = finish(conn, NULL, reterr);
    if (code != ROS_OK)
        return ros_error_prefix(reterr, code, "%s", statements[statement].name);
    conn->prepared[statement] = true;
    return ROS_OK;
}

enum ros_code ros_pg_exec(struct ros_pg_conn *conn, enum ros_sql statement, const struct ros_pg_param *params,
                          size_t param_count, struct ros_pg_rows *ret, struct ros_error *reterr)
{
    struct wire wire;
    if ((unsigned) statement >= ROS_SQL_COUNT || param_count != (size_t) statements[statement].params)
        return ros_error_set(reterr, ROS_E_ARGUMENT, "no such statement, or a wrong number of parameters");
    if (conn->broken)
        return ros_error_set(reterr, ROS_E_UNAVAILABLE, "PostgreSQL: the connection is lost");
    ROS_TRY(to_wire(params, param_count, &wire, reterr));
    ROS_TRY(prepare(conn, statement, reterr));
    if (PQsendQueryPrepared(conn->pg, statements[statement].name, (int) param_count, wire.values, wire.lengths,
                            wire.formats, 0) == 0)
        return ros__pg_fail(conn, NULL, reterr);
    return finish(conn, ret, reterr);
}

enum ros_code ros_pg_query(struct ros_pg_conn *conn, const char *sql, const struct ros_pg_param *params,
                           size_t param_count, struct ros_pg_rows *ret, struct ros_error *reterr)
{
    struct wire wire;
    if (conn->broken)
        return ros_error_set(reterr, ROS_E_UNAVAILABLE, "PostgreSQL: the connection is lost");
    ROS_TRY(to_wire(params, param_count, &wire, reterr));
    if (PQsendQueryParams(conn->pg, sql, (int) param_count, NULL, wire.values, wire.lengths, wire.formats, 0) == 0)
        return ros__pg_fail(conn, NULL, reterr);
    return finish(conn, ret, reterr);
}

const char *ros_pg_sqlstate(const struct ros_pg_conn *conn)
{
    return conn->sqlstate;
}

bool ros_pg_broken(const struct ros_pg_conn *conn)
{
    return conn->broken;
}

/* ---- transactions ---- */

enum ros_code ros_pg_begin(struct ros_pg_conn *conn, struct ros_pg_tx *tx, struct ros_error *reterr)
{
    ROS_TRY(ros__pg_script(conn, "BEGIN", reterr));
    tx->conn = conn;
    return ROS_OK;
}

enum ros_code ros_pg_begin_tenant(const struct ros_tenant *tenant, struct ros_pg_conn *conn, struct ros_pg_tx *tx,
                                  struct ros_error *reterr)
{
    ROS_TRY(ros_tenant_check(tenant, reterr));
    ROS_TRY(ros_pg_begin(conn, tx, reterr));
    const struct ros_pg_param params[] = {ros_pg_text(tenant->org_id), ros_pg_int(conn->timeout_ms)};
    enum ros_code code = ros_pg_exec(conn, ROS_SQL_TENANT, params, ROS_COUNT(params), NULL, reterr);
    if (code != ROS_OK)
        ros_pg_tx_done(tx);
    return code;
}

enum ros_code ros_pg_commit(struct ros_pg_tx *tx, struct ros_error *reterr)
{
    struct ros_pg_conn *conn = tx->conn;
    if (conn == NULL)
        return ros_error_set(reterr, ROS_E_ARGUMENT, "no transaction to commit");
    /* COMMIT of a failed transaction succeeds as ROLLBACK: the caller must not take that for stored. */
    if (PQtransactionStatus(conn->pg) == PQTRANS_INERROR) {
        ros_pg_tx_done(tx);
        return ros_error_set(reterr, ROS_E_INTERNAL, "PostgreSQL: the transaction had failed before");
    }
    tx->conn = NULL;
    return ros__pg_script(conn, "COMMIT", reterr);
}

void ros_pg_tx_done(struct ros_pg_tx *tx)
{
    if (tx->conn != NULL && ros__pg_script(tx->conn, "ROLLBACK", NULL) != ROS_OK)
        tx->conn->broken = true;
    tx->conn = NULL;
}

/* ---- rows ---- */

void ros_pg_rows_done(struct ros_pg_rows *rows)
{
    PQclear(rows->result);
    rows->result = NULL;
}

size_t ros_pg_rows_count(const struct ros_pg_rows *rows)
{
    return (size_t) PQntuples(rows->result);
}

size_t ros_pg_rows_affected(const struct ros_pg_rows *rows)
{
    uint64_t n = 0;
    const char *text = rows->result != NULL ? PQcmdTuples(rows->result) : "";
    return ros_num_parse_u64(text, strlen(text), &n) ? (size_t) n : 0;
}

const char *ros_pg_rows_text(const struct ros_pg_rows *rows, size_t row, size_t column)
{
    const PGresult *r = rows->result;
    if (r == NULL || row >= (size_t) PQntuples(r) || column >= (size_t) PQnfields(r) ||
        PQgetisnull(r, (int) row, (int) column))
        return NULL;
    return PQgetvalue(r, (int) row, (int) column);
}

size_t ros_pg_rows_length(const struct ros_pg_rows *rows, size_t row, size_t column)
{
    if (ros_pg_rows_text(rows, row, column) == NULL)
        return 0;
    return (size_t) PQgetlength(rows->result, (int) row, (int) column);
}

bool ros_pg_rows_i64(const struct ros_pg_rows *rows, size_t row, size_t column, int64_t *ret)
{
    const char *text = ros_pg_rows_text(rows, row, column);
    return text != NULL && ros_num_parse_i64(text, strlen(text), ret);
}

bool ros_pg_rows_double(const struct ros_pg_rows *rows, size_t row, size_t column, double *ret)
{
    const char *text = ros_pg_rows_text(rows, row, column);
    return text != NULL && ros_num_parse(text, strlen(text), ret);
}

bool ros_pg_rows_bool(const struct ros_pg_rows *rows, size_t row, size_t column, bool *ret)
{
    const char *text = ros_pg_rows_text(rows, row, column);
    if (text == NULL || (text[0] != 't' && text[0] != 'f') || text[1] != '\0')
        return false;
    *ret = text[0] == 't';
    return true;
}
