/* migrate_test.c - an empty database, one of the reference, one that is not ours; and row-level security after it. */
#include "store/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/erase.h"
#include "tests/db/db.h"

static struct ros_pg_conn *start(const char *name, struct ros_pg_pool **pool)
{
    struct ros_pg_conn *conn = NULL;
    *pool = db_make(name, 2);
    db_ok(ros_pg_acquire(*pool, &conn, &db_error));
    return conn;
}

static void finish(struct ros_pg_pool *pool, struct ros_pg_conn *conn)
{
    ros_pg_release(conn);
    ros_pg_pool_free(pool);
}

static void empty_database(void **state ROS_UNUSED)
{
    struct ros_pg_pool *pool = NULL;
    struct ros_pg_conn *conn = start("m_empty", &pool);
    unsigned applied = 0;
    assert_int_not_equal(ros_migrate_check(conn, NULL), ROS_OK);
    db_ok(ros_migrate(conn, &applied, &db_error));
    assert_int_equal(applied, ros_migrate_version());
    db_ok(ros_migrate_check(conn, &db_error));
    db_ok(ros_migrate(conn, &applied, &db_error));
    assert_int_equal(applied, 0);
    db_expect(conn, "text",
              "SELECT data_type FROM information_schema.columns WHERE table_name = 'systems' "
              "AND column_name = 'display_name'");
    db_expect(conn, "5", "SELECT count(*) FROM pg_policies WHERE policyname = 'ros_tenant'");
    finish(pool, conn);
}

/* The reference's tables as its own tools left them: every row stays, every column gets wide. */
static void reference_database(void **state ROS_UNUSED)
{
    ros_auto(ros_buf) struct ros_buf dump = ROS_BUF_INIT;
    if (!db_read_file(getenv("ROS_TEST_DUMP"), &dump))
        skip();
    struct ros_pg_pool *pool = NULL;
    struct ros_pg_conn *conn = start("m_dump", &pool);
    unsigned applied = 0;
    static const char all[] =
        "SELECT md5(string_agg(t, '|' ORDER BY t)) FROM ("
        "SELECT s::text AS t FROM systems s UNION ALL SELECT a::text FROM rh_accounts a "
        "UNION ALL SELECT p::text FROM performance_profile p UNION ALL SELECT r::text FROM rules r "
        "UNION ALL SELECT h::text FROM performance_profile_history h "
        "UNION ALL SELECT g::text FROM recommendation_rating g) x";
    db_run(conn, ros_buf_text(&dump));
    db_run(conn, "SET search_path = public");
    ros_auto(ros_pg_rows) struct ros_pg_rows before = ROS_PG_ROWS_INIT;
    db_ok(ros_pg_query(conn, all, NULL, 0, &before, &db_error));
    assert_non_null(ros_pg_rows_text(&before, 0, 0));
    db_ok(ros_migrate(conn, &applied, &db_error));
    assert_int_equal(applied, ros_migrate_version());
    db_expect(conn, ros_pg_rows_text(&before, 0, 0), all);
    db_expect(conn, "0",
              "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' "
              "AND character_maximum_length IN (25, 100)");
    finish(pool, conn);
}

static void other_revision(void **state ROS_UNUSED)
{
    struct ros_pg_pool *pool = NULL;
    struct ros_pg_conn *conn = start("m_other", &pool);
    db_run(conn, "CREATE TABLE systems (id integer); CREATE TABLE alembic_version (version_num text); "
                 "INSERT INTO alembic_version VALUES ('0123456789ab')");
    assert_int_not_equal(ros_migrate(conn, NULL, &db_error), ROS_OK);
    assert_non_null(strstr(db_error.text, "0123456789ab"));
    db_expect(conn, "NULL", "SELECT to_regclass('performance_profile')::text");
    finish(pool, conn);
}

static void changed_migration(void **state ROS_UNUSED)
{
    struct ros_pg_pool *pool = NULL;
    struct ros_pg_conn *conn = start("m_changed", &pool);
    db_ok(ros_migrate(conn, NULL, &db_error));
    db_run(conn, "UPDATE ros_migration SET checksum = 'x' WHERE version = 2");
    assert_int_equal(ros_migrate(conn, NULL, &db_error), ROS_E_CONFLICT);
    db_run(conn, "UPDATE ros_migration SET checksum = encode(sha256('y'), 'hex') WHERE version = 2; "
                 "INSERT INTO ros_migration VALUES (999, 'later', 'z')");
    assert_int_equal(ros_migrate(conn, NULL, &db_error), ROS_E_CONFLICT);
    assert_non_null(strstr(db_error.text, "999"));
    finish(pool, conn);
}

/* An owner that may not create roles is told what to ask for, and nothing of that migration stays. */
static void no_role(void **state ROS_UNUSED)
{
    struct ros_pg_pool *pool = NULL;
    struct ros_pg_conn *conn = start("m_norole", &pool);
    db_run(conn, "DROP OWNED BY ros_api"); /* of this database; the others go below */
    ros_pg_release(conn);
    ros_pg_pool_free(pool);
    for (size_t i = 0; i < 3; i++) {
        static const char *const names[] = {"m_empty", "m_dump", "m_changed"};
        pool = db_make(names[i], 1);
        ros_pg_pool_free(pool);
    }
    pool = db_make("m_norole", 1);
    db_ok(ros_pg_acquire(pool, &conn, &db_error));
    db_run(conn, "DROP ROLE ros_api; CREATE ROLE plain LOGIN; ALTER DATABASE m_norole OWNER TO plain; "
                 "ALTER SCHEMA public OWNER TO plain");
    ros_pg_release(conn);
    ros_pg_pool_free(pool);
    pool = db_pool("dbname=m_norole user=plain", 1);
    db_ok(ros_pg_acquire(pool, &conn, &db_error));
    assert_int_equal(ros_migrate(conn, NULL, &db_error), ROS_E_FORBIDDEN);
    assert_non_null(strstr(db_error.text, "GRANT ros_api TO plain"));
    db_expect(conn, "3", "SELECT max(version) FROM ros_migration");
    db_expect(conn, "f", "SELECT relrowsecurity FROM pg_class WHERE relname = 'systems'");
    finish(pool, conn);
    /* The administrator did it: the rest runs, and the plain owner can take the role. */
    pool = db_pool("dbname=m_norole", 1);
    db_ok(ros_pg_acquire(pool, &conn, &db_error));
    db_run(conn, "CREATE ROLE ros_api NOLOGIN; GRANT ros_api TO plain");
    finish(pool, conn);
    pool = db_pool("dbname=m_norole user=plain", 1);
    db_ok(ros_pg_acquire(pool, &conn, &db_error));
    db_ok(ros_migrate(conn, NULL, &db_error));
    ros_auto(ros_pg_tx) struct ros_pg_tx tx = ROS_PG_TX_INIT;
    db_ok(ros_pg_begin_tenant(&(struct ros_tenant){"o1"}, conn, &tx, &db_error));
    db_expect(conn, "ros_api", "SELECT current_user");
    db_ok(ros_pg_commit(&tx, &db_error));
    db_expect(conn, "plain", "SELECT current_user");
    finish(pool, conn);
}

#define TWO_ORGS                                                                                                       \
    "INSERT INTO rh_accounts (id, org_id) VALUES (1, 'o1'), (2, 'o2'); "                                               \
    "INSERT INTO systems (id, tenant_id, inventory_id, display_name) VALUES "                                          \
    "(11, 1, '00000000-0000-0000-0000-000000000011', 'ours'), (22, 2, '00000000-0000-0000-0000-000000000022', "        \
    "'canary'), (33, NULL, '00000000-0000-0000-0000-000000000033', 'canary'); "                                        \
    "INSERT INTO performance_profile (system_id, report_date, state) SELECT id, now(), 'x' FROM systems; "             \
    "INSERT INTO performance_profile_history (system_id, report_date, state) SELECT id, now(), 'x' FROM systems; "     \
    "INSERT INTO recommendation_rating (system_id, rated_by, rating) SELECT id, 'me', 1 FROM systems"

/* S3: no WHERE at all, and still only one organisation. */
static void tenants_are_apart(void **state ROS_UNUSED)
{
    static const char *const tables[] = {"rh_accounts", "systems", "performance_profile", "performance_profile_history",
                                         "recommendation_rating"};
    struct ros_pg_pool *pool = NULL;
    struct ros_pg_conn *conn = start("m_rls", &pool);
    char sql[128];
    db_ok(ros_migrate(conn, NULL, &db_error));
    db_run(conn, TWO_ORGS);
    for (size_t i = 0; i < ROS_COUNT(tables); i++) {
        ros_auto(ros_pg_tx) struct ros_pg_tx tx = ROS_PG_TX_INIT;
        snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[i]);
        db_ok(ros_pg_begin_tenant(&(struct ros_tenant){"o1"}, conn, &tx, &db_error));
        db_expect(conn, "1", sql);
        ros_pg_tx_done(&tx);
        db_expect(conn, i == 0 ? "2" : "3", sql); /* the owner again, on the same connection */
        db_ok(ros_pg_begin_tenant(&(struct ros_tenant){"nobody"}, conn, &tx, &db_error));
        db_expect(conn, "0", sql);
    }
    finish(pool, conn);
}

static void tenants_cannot_write_elsewhere(void **state ROS_UNUSED)
{
    static const char *const refused[] = {
        "INSERT INTO recommendation_rating (system_id, rated_by, rating) VALUES (22, 'you', 1)",
        "UPDATE recommendation_rating SET system_id = 22",
        "UPDATE systems SET state = 'y'",
        "DELETE FROM performance_profile",
        "SELECT * FROM ros_offset",
        "SELECT * FROM ros_tombstone",
        "SELECT * FROM ros_upload",
        "SELECT * FROM ros_migration",
    };
    struct ros_pg_pool *pool = NULL;
    struct ros_pg_conn *conn = start("m_rls", &pool);
    db_ok(ros_migrate(conn, NULL, &db_error));
    db_run(conn, TWO_ORGS);
    for (size_t i = 0; i < ROS_COUNT(refused); i++) {
        ros_auto(ros_pg_tx) struct ros_pg_tx tx = ROS_PG_TX_INIT;
        db_ok(ros_pg_begin_tenant(&(struct ros_tenant){"o1"}, conn, &tx, &db_error));
        if (ros_pg_query(conn, refused[i], NULL, 0, NULL, &db_error) != ROS_E_FORBIDDEN)
            fail_msg("%s is not refused", refused[i]);
    }
    ros_auto(ros_pg_tx) struct ros_pg_tx tx = ROS_PG_TX_INIT;
    db_ok(ros_pg_begin_tenant(&(struct ros_tenant){"o1"}, conn, &tx, &db_error));
    db_expect(conn, "1", "WITH d AS (DELETE FROM recommendation_rating RETURNING 1) SELECT count(*) FROM d");
    db_expect(conn, "7",
              "INSERT INTO recommendation_rating (system_id, rated_by, rating) VALUES (11, 'you', 7) "
              "RETURNING rating");
    db_ok(ros_pg_commit(&tx, &db_error));
    db_expect(conn, "3", "SELECT count(*) FROM recommendation_rating");
    assert_int_equal(ros_pg_begin_tenant(&(struct ros_tenant){""}, conn, &tx, NULL), ROS_E_UNAUTHENTICATED);
    assert_int_equal(ros_pg_begin_tenant(&(struct ros_tenant){"a\nb"}, conn, &tx, NULL), ROS_E_UNAUTHENTICATED);
    finish(pool, conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_database),
        cmocka_unit_test(reference_database),
        cmocka_unit_test(other_revision),
        cmocka_unit_test(changed_migration),
        cmocka_unit_test(no_role),
        cmocka_unit_test(tenants_are_apart),
        cmocka_unit_test(tenants_cannot_write_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
