/*
 * ros-kafka: the few Kafka jobs that a local stack, a test and an operator at a terminal need, so that none of them
 * needs Kafka's own command line tools, which take seconds to start.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "tools/kafka/kafka_tool.h"

static const char usage_text[] =
    "usage: ros-kafka create-topics [--brokers B] [--partitions N] TOPIC...\n"
    "       ros-kafka delete-topics [--brokers B] TOPIC...\n"
    "       ros-kafka produce [--brokers B] --topic T [--key PATH] [--header NAME=VALUE]... [FILE]\n"
    "       ros-kafka dump [--brokers B] --topic T [--format value|key|json] [--count] [--uncommitted]\n"
    "\n"
    "create-topics  makes topics; one that is there already is fine (4 partitions unless told)\n"
    "delete-topics  removes topics with all their messages\n"
    "produce        one message for each line of FILE (default: standard input), of any bytes but NUL; PATH names the "
    "text in "
    "the\n"
    "               line's JSON that becomes the message's key, such as host.id (a line without it gets no key);\n"
    "               prints how many were stored\n"
    "dump           prints the messages of a topic from its start to its present end; --count prints their number "
    "only,\n"
    "               --uncommitted shows those of open and aborted transactions too\n"
    "\n"
    "B defaults to $INSIGHTS_KAFKA_HOST:$INSIGHTS_KAFKA_PORT, else localhost:9092.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"create-topics", ros_kafka_create_topics},
    {"delete-topics", ros_kafka_delete_topics},
    {"produce", ros_kafka_produce},
    {"dump", ros_kafka_dump},
};

const char *ros_kafka_brokers(const char *option, char *space, size_t size)
{
    if (option != NULL)
        return option;
    const char *host = getenv("INSIGHTS_KAFKA_HOST");
    const char *port = getenv("INSIGHTS_KAFKA_PORT");
    snprintf(space, size, "%s:%s", host != NULL ? host : "localhost", port != NULL ? port : "9092");
    return space;
}

bool ros_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[256];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK)
        return true;
    ros_kafka_fail(EX_USAGE, "%s", why);
    return false;
}

int ros_kafka_fail(int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("ros-kafka: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs(usage_text, stderr);
        return EX_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fputs(usage_text, stdout);
        return EX_OK;
    }
    for (size_t i = 0; i < ROS_COUNT(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            int status = commands[i].run(argc - 1, argv + 1);
            if (status == EX_OK && fflush(stdout) != 0)
                status = ros_kafka_fail(EX_IOERR, "standard output cannot be written");
            return status;
        }
    return ros_kafka_fail(EX_USAGE, "unknown command '%s'; see ros-kafka --help", argv[1]);
}
