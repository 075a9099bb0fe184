/*
 * target.h - the thread of a target: opens the broker, steps until something fails, opens it again. Of this room only.
 *
 * The waits between attempts grow from 0.2 to 3 seconds, so that a dependency that comes back is noticed at once and
 * one that is gone is not hammered.
 */
#ifndef ROS_INGEST_TARGET_H
#define ROS_INGEST_TARGET_H

#include <pthread.h>
#include <stdatomic.h>

#include "interp/base/buf.h"
#include "services/ingest/kafka.h"
#include "services/ingest/observe.h"

struct ros__target_calls {
    struct ros_broker_listener listener;
    enum ros_code (*step)(void *context, struct ros_broker *broker, struct ros_error *reterr);
    void (*forget)(void *context, struct ros_broker *broker); /* everything in hand, before the broker is freed */
    void *context;
};

struct ros__target {
    struct ros__observe observe;
    struct ros_kafka_config kafka;
    struct ros__target_calls calls;
    char instance[160];
    char transactional_id[320];
    struct ros_buf bootstrap;
    atomic_bool stop;
    bool is_running;
    pthread_t thread;
};

/* Fills kafka from the configuration: the instance is kafka_instance_id, or the name of the machine. */
enum ros_code ros__target_configure(struct ros__target *target, const struct ros_ingest *ingest, enum ros__stage stage,
                                    struct ros_error *reterr) ROS_MUST_CHECK;
enum ros_code ros__target_start(struct ros__target *target, const struct ros__target_calls *calls,
                                struct ros_error *reterr) ROS_MUST_CHECK;
/* Also frees what configure made; fine for a target that never started. */
void ros__target_stop(struct ros__target *target);

#endif
