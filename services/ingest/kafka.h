/*
 * kafka.h - struct ros_broker over librdkafka: one consumer in a group, and one producer.
 *
 * With a transactional_id, send() takes offsets and is one Kafka transaction; the id fences whoever used it before, so
 * it must be unique to this process and the same after its restart. Without, send() is idempotent and takes none.
 *
 * What librdkafka would do by itself is turned off: no auto commit, no offset store, no silent reset of a position, no
 * batch queue (it loses messages across rebalances in 2.0.2). A commit that stays slow makes the producer anew.
 *
 * Threads:  one owner; librdkafka's own threads call `log` only.   Lifetime: the texts of the config are borrowed until
 *           free().
 * Errors:   ROS_E_CONFIG (a setting is refused), ROS_E_UNAVAILABLE, ROS_E_LIMIT (a record is too large), ROS_E_OOM.
 */
#ifndef ROS_INGEST_KAFKA_H
#define ROS_INGEST_KAFKA_H

#include "interp/base/alloc.h"
#include "services/ingest/broker.h"

struct ros_kafka_config {
    const char *bootstrap; /* "host:port,host:port" */
    const char *topic;
    const char *group;
    const char *instance_id;       /* static membership; NULL or "": dynamic */
    const char *transactional_id;  /* NULL: no transactions */
    bool own_positions;            /* the group's positions live elsewhere: do not ask the broker for them */
    const char *security_protocol; /* these five: NULL or "" leaves librdkafka's default */
    const char *sasl_mechanism;
    const char *sasl_username;
    const char *sasl_password;
    const char *ca_path;
    void (*log)(void *context, int syslog_level, const char *text); /* from any thread; may be NULL */
    void *log_context;
};

/* Connects the producer (a transactional one waits for the broker), subscribes the consumer. */
enum ros_code ros_kafka_open(const struct ros_kafka_config *config, const struct ros_broker_listener *listener,
                             const struct ros_alloc *alloc, struct ros_broker **ret,
                             struct ros_error *reterr) ROS_MUST_CHECK;

#endif
