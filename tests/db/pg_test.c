/* pg_test.c - the pool and its statements against a real server that is also killed. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "interp/base/clock.h"
#include "store/migrate.h"
#include "store/pg_internal.h"
#include "tests/db/db.h"

static void parameters(void **state ROS_UNUSED)
{
    struct ros_pg_pool *pool = db_pool("dbname=postgres", 1);
    struct ros_pg_conn *conn = NULL;
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    struct ros_pg_param params[] = {ros_pg_text("it's {\"x\"}"), ros_pg_int(-9007199254740993), ros_pg_double(0.06),
                                    ros_pg_bool(true),           ros_pg_bytes("a\0b", 3),       ros_pg_null()};
    double number = 0;
    int64_t integer = 0;
    bool flag = false;
    db_ok(ros_pg_acquire(pool, &conn, &db_error));
    db_ok(ros_pg_query(conn, "SELECT $1::text, $2::bigint, $3::float8, $4::boolean, length($5::bytea), $6::text",
                       params, ROS_COUNT(params), &rows, &db_error));
    assert_string_equal(ros_pg_rows_text(&rows, 0, 0), "it's {\"x\"}");
    assert_true(ros_pg_rows_i64(&rows, 0, 1, &integer) && integer == -9007199254740993);
    assert_true(ros_pg_rows_double(&rows, 0, 2, &number) && number == 0.06);
    assert_true(ros_pg_rows_bool(&rows, 0, 3, &flag) && flag);
    assert_string_equal(ros_pg_rows_text(&rows, 0, 4), "3");
    assert_null(ros_pg_rows_text(&rows, 0, 5));
    assert_null(ros_pg_rows_text(&rows, 1, 0));
    assert_false(ros_pg_rows_bool(&rows, 0, 0, &flag));
    assert_int_equal(ros_pg_exec(conn, ROS_SQL_PING, params, 1, NULL, NULL), ROS_E_ARGUMENT);
    ros_pg_release(conn);
    ros_pg_pool_free(pool);
}

static void failures_have_codes(void **state ROS_UNUSED)
{
    static const struct {
        const char *sql;
        enum ros_code code;
    } cases[] = {
        {"SELECT 1/0", ROS_E_DATA},
        {"SELECT 'x'::uuid", ROS_E_DATA},
        {"SELECT * FROM not_there", ROS_E_CONFIG},
        {"SELEC", ROS_E_INTERNAL},
        {"SELECT pg_sleep(30)", ROS_E_TIMEOUT},
        {"COPY (SELECT 1) TO STDOUT", ROS_E_UNSUPPORTED},
    };
    struct ros_pg_config config = {.conninfo = "dbname=postgres", .size = 1, .statement_timeout_ms = 200};
    struct ros_pg_pool *pool = NULL;
    db_ok(ros_pg_pool_new(&config, &pool, &db_error));
    for (size_t i = 0; i < ROS_COUNT(cases); i++) {
        struct ros_pg_conn *conn = NULL;
        db_ok(ros_pg_acquire(pool, &conn, &db_error));
        enum ros_code code = ros_pg_query(conn, cases[i].sql, NULL, 0, NULL, &db_error);
        if (code != cases[i].code)
            fail_msg("%s gives %s: %s", cases[i].sql, ros_code_name(code), db_error.text);
        if (code != ROS_E_UNSUPPORTED) /* the connection is good for the next */
            db_ok(ros_pg_exec(conn, ROS_SQL_PING, NULL, 0, NULL, &db_error));
        ros_pg_release(conn);
    }
    db_ok(ros_pg_ping(pool, &db_error));
    ros_pg_pool_free(pool);
}

static void no_server(void **state ROS_UNUSED)
{
    struct ros_pg_pool *pool = db_pool("host=/nowhere password=sesame", 1);
    for (int i = 0; i < 3; i++) { /* a failed connect gives its place back */
        assert_int_equal(ros_pg_ping(pool, &db_error), ROS_E_UNAVAILABLE);
        assert_null(strstr(db_error.text, "sesame"));
    }
    ros_pg_pool_free(pool);
}

static void full_pool(void **state ROS_UNUSED)
{
    struct ros_pg_pool *pool = db_pool("dbname=postgres", 2);
    struct ros_pg_conn *a = NULL;
    struct ros_pg_conn *b = NULL;
    struct ros_pg_conn *c = NULL;
    db_ok(ros_pg_acquire(pool, &a, &db_error));
    db_ok(ros_pg_acquire(pool, &b, &db_error));
    assert_int_equal(ros_pg_acquire(pool, &c, NULL), ROS_E_TIMEOUT);
    ros_pg_release(b);
    db_ok(ros_pg_acquire(pool, &c, &db_error));
    assert_ptr_equal(b, c);
    ros_pg_release(a);
    ros_pg_release(c);
    ros_pg_pool_free(pool);
}

static void transactions(void **state ROS_UNUSED)
{
    struct ros_pg_pool *pool = db_make("p_tx", 1);
    struct ros_pg_conn *conn = NULL;
    db_ok(ros_pg_acquire(pool, &conn, &db_error));
    db_run(conn, "CREATE TABLE t (n integer)");
    {
        ros_auto(ros_pg_tx) struct ros_pg_tx tx = ROS_PG_TX_INIT;
        db_ok(ros_pg_begin(conn, &tx, &db_error));
        db_run(conn, "INSERT INTO t VALUES (1)");
    } /* left without commit */
    db_expect(conn, "0", "SELECT count(*) FROM t");
    struct ros_pg_tx tx = ROS_PG_TX_INIT;
    db_ok(ros_pg_begin(conn, &tx, &db_error));
    db_run(conn, "INSERT INTO t VALUES (1)");
    assert_int_equal(ros_pg_query(conn, "SELECT 1/0", NULL, 0, NULL, NULL), ROS_E_DATA);
    assert_int_not_equal(ros_pg_commit(&tx, NULL), ROS_OK); /* a failed transaction is never "stored" */
    db_expect(conn, "0", "SELECT count(*) FROM t");
    db_ok(ros_pg_begin(conn, &tx, &db_error));
    db_run(conn, "INSERT INTO t VALUES (1)");
    ros_pg_release(conn); /* forgotten: rolled back */
    db_ok(ros_pg_acquire(pool, &conn, &db_error));
    db_expect(conn, "0", "SELECT count(*) FROM t");
    ros_pg_release(conn);
    ros_pg_pool_free(pool);
}

static void killed_connections(void **state ROS_UNUSED)
{
    struct ros_pg_pool *admin = db_pool("dbname=postgres", 1);
    struct ros_pg_pool *pool = db_make("p_kill", 2);
    struct ros_pg_conn *killer = NULL;
    struct ros_pg_conn *conn = NULL;
    static const char kill[] = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'p_kill'";
    db_ok(ros_pg_acquire(admin, &killer, &db_error));
    /* while idle: the next holder never sees it */
    db_ok(ros_pg_ping(pool, &db_error));
    db_expect(killer, "t", kill);
    db_ok(ros_pg_ping(pool, &db_error));
    /* while held: an error, then a new one */
    db_ok(ros_pg_acquire(pool, &conn, &db_error));
    db_expect(killer, "t", kill);
    assert_int_equal(ros_pg_exec(conn, ROS_SQL_PING, NULL, 0, NULL, NULL), ROS_E_UNAVAILABLE);
    assert_true(ros_pg_broken(conn));
    ros_pg_release(conn);
    db_ok(ros_pg_ping(pool, &db_error));
    ros_pg_release(killer);
    ros_pg_pool_free(pool);
    ros_pg_pool_free(admin);
}

static void *hammer(void *context)
{
    for (int i = 0; i < 100; i++)
        if (ros_pg_ping(context, NULL) != ROS_OK)
            return context;
    return NULL;
}

static void threads(void **state ROS_UNUSED)
{
    struct ros_pg_pool *pool = db_pool("dbname=postgres", 2);
    pthread_t all[6];
    for (size_t i = 0; i < ROS_COUNT(all); i++)
        assert_int_equal(pthread_create(&all[i], NULL, hammer, pool), 0);
    for (size_t i = 0; i < ROS_COUNT(all); i++) {
        void *failed = NULL;
        pthread_join(all[i], &failed);
        assert_null(failed);
    }
    ros_pg_pool_free(pool);
}

/* Every statement of the table is one that the server accepts over our schema. */
static void all_statements_prepare(void **state ROS_UNUSED)
{
    struct ros_pg_pool *pool = db_make("p_all", 1);
    struct ros_pg_conn *conn = NULL;
    db_ok(ros_pg_acquire(pool, &conn, &db_error));
    db_ok(ros_migrate(conn, NULL, &db_error));
    static const struct {
        const char *name;
        const char *text;
    } all[] = {
#define ROS_SQL(name, params, text) {#name, text},
#include "store/sql.def"
#undef ROS_SQL
    };
    for (size_t i = 0; i < ROS_COUNT(all); i++) {
        ros_auto(ros_buf) struct ros_buf sql = ROS_BUF_INIT;
        (void) ros_buf_printf(&sql, "PREPARE s%zu AS %s", i, all[i].text);
        if (ros__pg_script(conn, ros_buf_text(&sql), &db_error) != ROS_OK)
            fail_msg("%s: %s", all[i].name, db_error.text);
    }
    ros_pg_release(conn);
    ros_pg_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters), cmocka_unit_test(failures_have_codes),    cmocka_unit_test(no_server),
        cmocka_unit_test(full_pool),  cmocka_unit_test(transactions),           cmocka_unit_test(killed_connections),
        cmocka_unit_test(threads),    cmocka_unit_test(all_statements_prepare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
