/*
 * kafka_tool.h - what the commands of ros-kafka share.
 *
 * Each command is one function: it reads its own arguments with getopt_long, prints what went wrong to stderr once, and
 * returns the exit status of the program (sysexits.h).
 */
#ifndef ROS_TOOLS_KAFKA_TOOL_H
#define ROS_TOOLS_KAFKA_TOOL_H

#include <librdkafka/rdkafka.h>

#include "interp/base/error.h"

int ros_kafka_create_topics(int argc, char **argv);
int ros_kafka_delete_topics(int argc, char **argv);
int ros_kafka_produce(int argc, char **argv);
int ros_kafka_dump(int argc, char **argv);

/* "HOST:PORT" of --brokers, or of INSIGHTS_KAFKA_HOST and INSIGHTS_KAFKA_PORT, or localhost:9092. */
const char *ros_kafka_brokers(const char *option, char *space, size_t size);

/* Sets one property, or prints why not. */
bool ros_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value);

/* Prints "ros-kafka: ..." and returns status. */
int ros_kafka_fail(int status, const char *format, ...) ROS_PRINTF(2, 3);

#endif
