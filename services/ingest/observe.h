/*
 * observe.h - what this room tells the outside: log lines, metrics and health, each under one name. Of this room only.
 *
 * The state machines call these and know nothing of their makers; all may be called from every thread.
 */
#ifndef ROS_INGEST_OBSERVE_H
#define ROS_INGEST_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "interp/base/error.h"
#include "services/ingest/broker.h"
#include "services/ingest/ingest.h"

enum ros__stage { ROS__SCORING, ROS__REPORTS };

struct ros__observe {
    const struct ros_ingest *ingest;
    enum ros__stage stage;
};

/* "scoring", "reports": in metrics, logs and dead letters. */
const char *ros__stage_name(enum ros__stage stage);

/* One message has its outcome: counted, and one log line. Dead letters are warnings, what is ignored is for debugging.
 */
struct ros__outcome {
    const char *outcome;
    const char *org_id; /* may be NULL, like the next two */
    const char *host_id;
    const char *request_id;
    const char *rule;        /* that fired; NULL: none */
    struct ros_error reason; /* code ROS_OK: none */
    double duration_s;
    const struct ros_broker_message *message;
};
void ros__observe_outcome(const struct ros__observe *observe, const struct ros__outcome *outcome);

/* One transaction was stored. */
void ros__observe_batch(const struct ros__observe *observe, size_t messages, double duration_s);
void ros__observe_lag(const struct ros__observe *observe, int64_t messages);
/* Where a partition is read from; a warning unless it simply continues. */
void ros__observe_start(const struct ros__observe *observe, const struct ros_broker_position *position,
                        enum ros_broker_start start);
/* Something failed and is tried again. */
void ros__observe_trouble(const struct ros__observe *observe, const char *event, const struct ros_error *error);
void ros__observe_ready(const struct ros__observe *observe, bool ready, const char *text);
/* librdkafka's own lines. context: a struct ros__observe. */
void ros__observe_kafka(void *context, int syslog_level, const char *text);

#endif
