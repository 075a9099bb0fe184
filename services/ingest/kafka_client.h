/*
 * kafka_client.h - what kafka.c (consuming) and kafka_send.c (producing) share. Of this room only.
 */
#ifndef ROS_INGEST_KAFKA_CLIENT_H
#define ROS_INGEST_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>

#include "services/ingest/kafka.h"

struct ros__kafka {
    struct ros_broker calls; /* first: the broker is this object */
    const struct ros_alloc *alloc;
    struct ros_kafka_config config;
    struct ros_broker_listener listener;
    rd_kafka_t *consumer;
    rd_kafka_t *producer;
    bool paused;
    bool unreachable;
    int64_t probe_after_us;
    struct ros_error failed;         /* code is ROS_OK while the object is good */
    rd_kafka_resp_err_t undelivered; /* of the records of this send() */
    unsigned slow_commits;           /* in a row */
};

/* A configuration with everything that both clients need; NULL and *reterr when a setting is refused. */
rd_kafka_conf_t *ros__kafka_conf(struct ros__kafka *kafka, struct ros_error *reterr);
bool ros__kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct ros_error *reterr);

/* Remembers that the object is worn. Returns the code. */
enum ros_code ros__kafka_fail(struct ros__kafka *kafka, enum ros_code code, const char *what, const char *why,
                              struct ros_error *reterr);

enum ros_code ros__kafka_producer_open(struct ros__kafka *kafka, struct ros_error *reterr);
void ros__kafka_producer_close(struct ros__kafka *kafka);
enum ros_code ros__kafka_send(struct ros_broker *broker, const struct ros_broker_record *records, size_t count,
                              const struct ros_broker_offset *offsets, size_t offset_count, struct ros_error *reterr);

#endif
