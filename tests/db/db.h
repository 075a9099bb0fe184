/* db.h - what the database tests share: a fresh database, one value of a query, a file. */
#ifndef ROS_TESTS_DB_H
#define ROS_TESTS_DB_H

/* cmocka wants these before its own header */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "interp/base/buf.h"
#include "store/pg.h"

/* Fails the test with the error's text unless code is ROS_OK. */
#define db_ok(call)                                                                                                    \
    do {                                                                                                               \
        enum ros_code db__code = (call);                                                                               \
        if (db__code != ROS_OK)                                                                                        \
            fail_msg("%s: %s: %s", #call, ros_code_name(db__code), db_error.text);                                     \
    } while (0)

extern struct ros_error db_error;

/* Makes an empty database of this name (an older one goes) and a pool on it. */
struct ros_pg_pool *db_make(const char *name, unsigned size);
struct ros_pg_pool *db_pool(const char *conninfo, unsigned size);
/* Runs SQL with $1, $2 ... as texts and compares the first cell ("NULL" for NULL or no row). */
void db_expect(struct ros_pg_conn *conn, const char *expected, const char *sql);
void db_run(struct ros_pg_conn *conn, const char *sql);
/* The whole file, or false. */
bool db_read_file(const char *path, struct ros_buf *out);

#endif
