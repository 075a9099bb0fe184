/*
 * pool.c - connections, few and kept.
 *
 * A PostgreSQL connection is a process on the server, so their number is bounded and they are reused, the one used last
 * first: the others may grow old and go. An idle connection whose server went away shows it by a readable socket, which
 * costs one poll() to see. Such a one is asked before it is handed out, and one that idled long is too, since a
 * firewall forgets without a word.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "interp/base/clock.h"
#include "store/pg_internal.h"

#define IDLE_ASK_US (30 * 1000000LL)

struct ros_pg_pool {
    const struct ros_alloc *alloc;
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct ros_pg_conn *idle;
    unsigned count; /* open or being opened */
    unsigned size;
    unsigned connect_timeout_ms;
    unsigned acquire_timeout_ms;
    unsigned statement_timeout_ms;
    size_t conninfo_size;
    size_t name_size;
    char *conninfo;
    char *name;
};

static int64_t now_us(void)
{
    return ros_clock_mono_us(ros_clock_system());
}

static unsigned or_default(unsigned value, unsigned otherwise)
{
    return value != 0 ? value : otherwise;
}

static enum ros_code start_sync(struct ros_pg_pool *pool, struct ros_error *reterr)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return ros_error_set(reterr, ROS_E_OOM, "no condition variable");
    (void) pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(&pool->freed, &attr);
    pthread_condattr_destroy(&attr);
    if (failed == 0 && pthread_mutex_init(&pool->lock, NULL) != 0) {
        pthread_cond_destroy(&pool->freed);
        failed = 1;
    }
    return failed == 0 ? ROS_OK : ros_error_set(reterr, ROS_E_OOM, "no lock for the pool");
}

static char *copy(const struct ros_alloc *alloc, const char *text, size_t size)
{
    char *p = ros_alloc_get(alloc, size);
    if (p != NULL)
        memcpy(p, text, size);
    return p;
}

enum ros_code ros_pg_pool_new(const struct ros_pg_config *config, struct ros_pg_pool **ret, struct ros_error *reterr)
{
    const char *name = config->application_name != NULL ? config->application_name : "ros";
    const char *conninfo = config->conninfo != NULL ? config->conninfo : "";
    struct ros_pg_pool *pool = ros_alloc_zero(config->alloc, sizeof(*pool));
    if (pool == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    pool->alloc = config->alloc;
    pool->size = or_default(config->size, 5);
    pool->connect_timeout_ms = or_default(config->connect_timeout_ms, 2000);
    pool->acquire_timeout_ms = or_default(config->acquire_timeout_ms, 5000);
    pool->statement_timeout_ms = or_default(config->statement_timeout_ms, 30000);
    pool->conninfo_size = strlen(conninfo) + 1;
    pool->name_size = strlen(name) + 1;
    enum ros_code code = start_sync(pool, reterr);
    if (code != ROS_OK) {
        ros_alloc_put(pool->alloc, pool, sizeof(*pool));
        return code;
    }
    pool->conninfo = copy(pool->alloc, conninfo, pool->conninfo_size);
    pool->name = copy(pool->alloc, name, pool->name_size);
    if (pool->conninfo == NULL || pool->name == NULL) {
        ros_pg_pool_free(pool);
        return ros_error_code(reterr, ROS_E_OOM);
    }
    *ret = pool;
    return ROS_OK;
}

static void conn_close(struct ros_pg_conn *conn)
{
    PQfinish(conn->pg);
    ros_alloc_put(conn->pool->alloc, conn, sizeof(*conn));
}

void ros_pg_pool_free(struct ros_pg_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->idle != NULL) {
        struct ros_pg_conn *conn = pool->idle;
        pool->idle = conn->next;
        conn_close(conn);
    }
    pthread_cond_destroy(&pool->freed);
    pthread_mutex_destroy(&pool->lock);
    if (pool->conninfo != NULL)
        ros_alloc_put(pool->alloc, pool->conninfo, pool->conninfo_size);
    if (pool->name != NULL)
        ros_alloc_put(pool->alloc, pool->name, pool->name_size);
    ros_alloc_put(pool->alloc, pool, sizeof(*pool));
}

/* Notices ("table exists, skipping") would go to standard error; libraries never write there. */
static void drop_notice(void *context ROS_UNUSED, const PGresult *result ROS_UNUSED)
{
}

static enum ros_code connect_start(struct ros_pg_conn *conn, struct ros_error *reterr)
{
    const struct ros_pg_pool *pool = conn->pool;
    const char *keys[] = {"dbname",
                          "client_encoding",
                          "fallback_application_name",
                          "keepalives_idle",
                          "keepalives_interval",
                          "keepalives_count",
                          "tcp_user_timeout",
                          NULL};
    const char *values[] = {pool->conninfo, "UTF8", pool->name, "10", "5", "3", "20000", NULL};
    conn->pg = PQconnectStartParams(keys, values, 1);
    if (conn->pg == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    if (PQstatus(conn->pg) == CONNECTION_BAD)
        return ros__pg_fail(conn, NULL, reterr);
    return ROS_OK;
}

static enum ros_code connect_finish(struct ros_pg_conn *conn, struct ros_error *reterr)
{
    int64_t deadline_us = now_us() + (int64_t) conn->pool->connect_timeout_ms * 1000;
    short events = POLLOUT;
    for (;;) {
        ROS_TRY(ros__pg_wait(conn, events, deadline_us, reterr));
        switch (PQconnectPoll(conn->pg)) {
        case PGRES_POLLING_OK:
            return ROS_OK;
        case PGRES_POLLING_READING:
            events = POLLIN;
            break;
        case PGRES_POLLING_WRITING:
            events = POLLOUT;
            break;
        default:
            return ros__pg_fail(conn, NULL, reterr);
        }
    }
}

/*
 * What every connection of ours needs: the server's own time-outs, times in UTC, and plans made for the parameters at
 * hand (a plan kept from when a table was tiny scans it for ever).
 */
static enum ros_code settle(struct ros_pg_conn *conn, struct ros_error *reterr)
{
    char sql[384];
    unsigned ms = conn->pool->statement_timeout_ms;
    snprintf(sql, sizeof(sql),
             "SET statement_timeout = %u; SET lock_timeout = %u; SET idle_in_transaction_session_timeout = %u; "
             "SET timezone = 'UTC'; SET plan_cache_mode = force_custom_plan; SET extra_float_digits = 1",
             ms, ms, ms > 30000 ? ms * 2 : 60000);
    PQsetNoticeReceiver(conn->pg, drop_notice, NULL);
    return ros__pg_script(conn, sql, reterr);
}

static enum ros_code conn_open(struct ros_pg_pool *pool, struct ros_pg_conn **ret, struct ros_error *reterr)
{
    struct ros_pg_conn *conn = ros_alloc_zero(pool->alloc, sizeof(*conn));
    if (conn == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    conn->pool = pool;
    conn->timeout_ms = pool->connect_timeout_ms;
    enum ros_code code = connect_start(conn, reterr);
    if (code == ROS_OK)
        code = connect_finish(conn, reterr);
    if (code == ROS_OK && PQsetnonblocking(conn->pg, 1) != 0)
        code = ros__pg_fail(conn, NULL, reterr);
    if (code == ROS_OK)
        code = settle(conn, reterr);
    if (code != ROS_OK) {
        conn_close(conn);
        return code;
    }
    conn->timeout_ms = pool->statement_timeout_ms;
    *ret = conn;
    return ROS_OK;
}

static bool is_fresh(struct ros_pg_conn *conn)
{
    struct pollfd fd = {.fd = PQsocket(conn->pg), .events = POLLIN};
    if (conn->broken || fd.fd < 0)
        return false;
    /* Something to read where nobody asked: a notice, or the server's farewell. */
    bool is_suspect = poll(&fd, 1, 0) != 0;
    if (!is_suspect && now_us() - conn->idle_since_us < IDLE_ASK_US)
        return true;
    conn->timeout_ms = conn->pool->connect_timeout_ms;
    bool answered = ros__pg_script(conn, "", NULL) == ROS_OK;
    conn->timeout_ms = conn->pool->statement_timeout_ms;
    return answered;
}

/* An idle connection, or NULL with the right to open one; waits until either is there. */
static enum ros_code take(struct ros_pg_pool *pool, struct ros_pg_conn **ret, struct ros_error *reterr)
{
    struct timespec until;
    enum ros_code code = ROS_OK;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t) (pool->acquire_timeout_ms / 1000);
    until.tv_nsec += (long) (pool->acquire_timeout_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_mutex_lock(&pool->lock);
    while (pool->idle == NULL && pool->count >= pool->size && code == ROS_OK)
        if (pthread_cond_timedwait(&pool->freed, &pool->lock, &until) == ETIMEDOUT)
            code = ros_error_set(reterr, ROS_E_TIMEOUT, "all %u database connections are in use", pool->size);
    if (pool->idle != NULL) {
        code = ROS_OK;
        *ret = pool->idle;
        pool->idle = (*ret)->next;
        (*ret)->next = NULL;
    } else if (code == ROS_OK) {
        pool->count++;
        *ret = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    return code;
}

/* The place of a connection that is no more. */
static void give_place(struct ros_pg_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->count--;
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
}

enum ros_code ros_pg_acquire(struct ros_pg_pool *pool, struct ros_pg_conn **ret, struct ros_error *reterr)
{
    struct ros_pg_conn *conn = NULL;
    ROS_TRY(take(pool, &conn, reterr));
    if (conn != NULL && is_fresh(conn)) {
        conn->timeout_ms = pool->statement_timeout_ms;
        conn->sqlstate[0] = '\0';
        *ret = conn;
        return ROS_OK;
    }
    if (conn != NULL)
        conn_close(conn); /* its place is ours */
    enum ros_code code = conn_open(pool, ret, reterr);
    if (code != ROS_OK)
        give_place(pool);
    return code;
}

void ros_pg_limit(struct ros_pg_conn *conn, unsigned timeout_ms)
{
    unsigned most = conn->pool->statement_timeout_ms;
    conn->timeout_ms = timeout_ms < most ? timeout_ms : most;
    if (conn->timeout_ms == 0)
        conn->timeout_ms = 1; /* 0 would be "for ever" */
}

void ros_pg_release(struct ros_pg_conn *conn)
{
    if (conn == NULL)
        return;
    struct ros_pg_pool *pool = conn->pool;
    PGTransactionStatusType state = PQtransactionStatus(conn->pg);
    if (state == PQTRANS_INTRANS || state == PQTRANS_INERROR) {
        struct ros_pg_tx left_open = {conn};
        ros_pg_tx_done(&left_open);
    }
    if (conn->broken || PQtransactionStatus(conn->pg) != PQTRANS_IDLE) {
        conn_close(conn);
        give_place(pool);
        return;
    }
    conn->idle_since_us = now_us();
    pthread_mutex_lock(&pool->lock);
    conn->next = pool->idle;
    pool->idle = conn;
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
}

enum ros_code ros_pg_ping(struct ros_pg_pool *pool, struct ros_error *reterr)
{
    struct ros_pg_conn *conn = NULL;
    ROS_TRY(ros_pg_acquire(pool, &conn, reterr));
    conn->timeout_ms = pool->connect_timeout_ms;
    enum ros_code code = ros_pg_exec(conn, ROS_SQL_PING, NULL, 0, NULL, reterr);
    conn->timeout_ms = pool->statement_timeout_ms;
    ros_pg_release(conn);
    return code;
}
