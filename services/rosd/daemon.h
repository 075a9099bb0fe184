/*
 * daemon.h - the parts of one rosd process, in the order in which they start and, backwards, stop.
 *
 *     rules -> PostgreSQL (migrated, texts written) -> cache -> API by REST and gRPC -> ingest
 *
 * /healthz, /readyz and /metrics answer from the first moment. What needs PostgreSQL starts when PostgreSQL answers: a
 * daemon whose database is down is not ready, says so, and goes on trying.
 *
 * Threads: one owner, the main thread.
 */
#ifndef ROS_SERVICES_DAEMON_H
#define ROS_SERVICES_DAEMON_H

#include <stdbool.h>

#include "services/common/config.h"
#include "services/common/log.h"

enum ros_target {
    ROS_TARGET_SCORING = 1 << 0,
    ROS_TARGET_REPORTS = 1 << 1,
    ROS_TARGET_API = 1 << 2,
    ROS_TARGET_ALL = ROS_TARGET_SCORING | ROS_TARGET_REPORTS | ROS_TARGET_API
};

struct ros_daemon;

/* Starts what can start at once. ROS_E_RULES: the findings were logged. Borrows config and log. */
enum ros_code ros_daemon_start(const struct ros_config *config, unsigned targets, struct ros_log *log,
                               struct ros_daemon **ret, struct ros_error *reterr) ROS_MUST_CHECK;

/* Does what is due: brings up what waited for PostgreSQL, looks whether it still answers. Call it about every second.
 */
enum ros_code ros_daemon_tick(struct ros_daemon *daemon, struct ros_error *reterr) ROS_MUST_CHECK;

/* Takes the rule files anew. A rule set with an error is logged, and the old one stays. */
void ros_daemon_reload(struct ros_daemon *daemon);

/* Drains and frees: ingest, then the API, then the rest. */
void ros_daemon_stop(struct ros_daemon *daemon);

/* Brings the schema up to date, once. For rosd --migrate. */
enum ros_code ros_daemon_migrate(const struct ros_config *config, unsigned *ret_applied,
                                 struct ros_error *reterr) ROS_MUST_CHECK;

#endif
