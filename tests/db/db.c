/* db.c - see db.h. */
#include "tests/db/db.h"

#include <stdio.h>
#include <string.h>

#include "store/pg_internal.h"

struct ros_error db_error = ROS_ERROR_INIT;

struct ros_pg_pool *db_pool(const char *conninfo, unsigned size)
{
    struct ros_pg_pool *pool = NULL;
    struct ros_pg_config config = {
        .conninfo = conninfo, .size = size, .statement_timeout_ms = 20000, .acquire_timeout_ms = 300};
    db_ok(ros_pg_pool_new(&config, &pool, &db_error));
    return pool;
}

void db_run(struct ros_pg_conn *conn, const char *sql)
{
    db_ok(ros__pg_script(conn, sql, &db_error));
}

struct ros_pg_pool *db_make(const char *name, unsigned size)
{
    char sql[128];
    struct ros_pg_conn *conn = NULL;
    struct ros_pg_pool *admin = db_pool("dbname=postgres", 1);
    db_ok(ros_pg_acquire(admin, &conn, &db_error));
    snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s WITH (FORCE)", name);
    db_run(conn, sql);
    snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE template0", name);
    db_run(conn, sql);
    ros_pg_release(conn);
    ros_pg_pool_free(admin);
    snprintf(sql, sizeof(sql), "dbname=%s", name);
    return db_pool(sql, size);
}

void db_expect(struct ros_pg_conn *conn, const char *expected, const char *sql)
{
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    db_ok(ros_pg_query(conn, sql, NULL, 0, &rows, &db_error));
    const char *got = ros_pg_rows_text(&rows, 0, 0);
    if (strcmp(got != NULL ? got : "NULL", expected) != 0)
        fail_msg("%s\n  gives %s\n  not   %s", sql, got != NULL ? got : "NULL", expected);
}

bool db_read_file(const char *path, struct ros_buf *out)
{
    char block[65536];
    FILE *file = path != NULL ? fopen(path, "rb") : NULL;
    size_t n;
    if (file == NULL)
        return false;
    while ((n = fread(block, 1, sizeof(block), file)) > 0)
        (void) ros_buf_add(out, block, n);
    fclose(file);
    return ros_buf_code(out) == ROS_OK;
}
