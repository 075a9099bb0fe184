/*
 * ingest.h - the Kafka side of the service: two targets, each a thread of its own.
 *
 *   scoring   platform.inventory.events -> fetch, intake, score -> ros.events; one Kafka transaction a batch, with the
 *             consumed positions in it. Host evidence goes to the cache after that.
 *   reports   ros.events -> PostgreSQL; rows and positions in one database transaction.
 *
 * A start makes the thread and returns; the thread connects, and reconnects for as long as it takes. Health checks
 * kafka_scoring and kafka_reports say how that goes. A stop asks the thread to finish the message in hand, waits for
 * it, and frees it: what was not sent yet comes again to whoever reads next.
 *
 * Every message has exactly one outcome, counted and logged: an event, a reason to ignore it, or a dead letter.
 *
 * Lifetime: everything in struct ros_ingest is borrowed until the stop. Threads: call start and stop from one thread.
 * Errors:   ROS_E_CONFIG, ROS_E_OOM, ROS_E_INTERNAL (no thread). Trouble with a broker is no error.
 */
#ifndef ROS_INGEST_INGEST_H
#define ROS_INGEST_INGEST_H

#include "interp/base/error.h"

struct ros_config;
struct ros_log;
struct ros_metrics;
struct ros_health;
struct ros_flags;
struct ros_pg_pool;
struct ros_cache;
struct ros_rules;

struct ros_ingest {
    const struct ros_config *config;
    struct ros_log *log;
    struct ros_metrics *metrics;
    struct ros_health *health;
    struct ros_flags *flags;  /* scoring */
    struct ros_rules *rules;  /* scoring */
    struct ros_cache *cache;  /* scoring; NULL: no evidence is kept */
    struct ros_pg_pool *pool; /* reports needs it; scoring keeps its positions there too. Size 2 or more */
};

struct ros_scoring_target;
struct ros_reports_target;

enum ros_code ros_scoring_start(const struct ros_ingest *ingest, struct ros_scoring_target **ret,
                                struct ros_error *reterr) ROS_MUST_CHECK;
/* NULL is fine. */
void ros_scoring_stop(struct ros_scoring_target *target);

enum ros_code ros_reports_start(const struct ros_ingest *ingest, struct ros_reports_target **ret,
                                struct ros_error *reterr) ROS_MUST_CHECK;
void ros_reports_stop(struct ros_reports_target *target);

#endif
