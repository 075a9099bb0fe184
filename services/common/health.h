/*
 * health.h - which parts of this process are ready, and why not.
 *
 * A part counts from the moment that something sets it; what a process does not run never holds it back. Liveness is
 * another question: a process that can answer at all is alive.
 *
 * Threads: safe. A NULL registry takes everything and is ready.
 */
#ifndef ROS_COMMON_HEALTH_H
#define ROS_COMMON_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "interp/base/buf.h"
#include "interp/base/error.h"

/* X(ID, "name") */
#define ROS_HEALTH_PARTS(X)                                                                                            \
    X(RULES, "rules")                                                                                                  \
    X(POSTGRESQL, "postgresql")                                                                                        \
    X(CACHE, "cache")                                                                                                  \
    X(KAFKA_SCORING, "kafka_scoring")                                                                                  \
    X(KAFKA_REPORTS, "kafka_reports")                                                                                  \
    X(REST, "rest")                                                                                                    \
    X(GRPC, "grpc")                                                                                                    \
    X(PROCESS, "process")

enum ros_health_part {
#define ROS_HEALTH_ID(id, name) ROS_HEALTH_##id,
    ROS_HEALTH_PARTS(ROS_HEALTH_ID)
#undef ROS_HEALTH_ID
        ROS_HEALTH_COUNT
};

struct ros_health;

enum ros_code ros_health_new(struct ros_health **ret, struct ros_error *reterr) ROS_MUST_CHECK;
void ros_health_free(struct ros_health *health);

/* text says why, for people; NULL or "" when there is nothing to say. */
void ros_health_set(struct ros_health *health, enum ros_health_part part, bool ready, const char *text);
/* True when every part that counts is ready. */
bool ros_health_ready(struct ros_health *health);
bool ros_health_part_ready(struct ros_health *health, enum ros_health_part part);
/* Moves with every change of readiness, so that a watcher need not compare. */
uint64_t ros_health_generation(struct ros_health *health);
/* {"ready": false, "parts": {"postgresql": {"ready": false, "text": "..."}}} */
enum ros_code ros_health_write(struct ros_health *health, struct ros_buf *out) ROS_MUST_CHECK;

ROS_DEFINE_AUTO_PTR(ros_health)

#endif
