/*
 * migrate.h - brings a database to the schema of this build: an empty one, or one of the system we stand in for.
 *
 * The migrations are store/migrations/NNN_name.sql, embedded in the binary. Each runs once, in a transaction of its
 * own together with its row in ros_migration; one runner at a time (advisory lock), others wait and find the work done.
 * There is no way down: see README.md.
 *
 * Errors: ROS_E_FORBIDDEN with the sentence what to grant; ROS_E_CONFLICT when an applied migration is not the one of
 *         this build, or the database is newer than it; else those of pg.h. What was committed before an error stays.
 */
#ifndef ROS_STORE_MIGRATE_H
#define ROS_STORE_MIGRATE_H

#include "store/pg.h"

/* ret_applied (may be NULL): how many ran now. */
enum ros_code ros_migrate(struct ros_pg_conn *conn, unsigned *ret_applied, struct ros_error *reterr) ROS_MUST_CHECK;

/* ROS_OK when the schema is this build's; ROS_E_CONFIG when a migration is missing. Changes nothing. */
enum ros_code ros_migrate_check(struct ros_pg_conn *conn, struct ros_error *reterr) ROS_MUST_CHECK;

/* The number of the newest embedded migration. */
unsigned ros_migrate_version(void);

#endif
