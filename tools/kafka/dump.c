/*
 * Reads a topic once, without a group: every partition from its low watermark until the broker says that there is no
 * more. With read_committed that end is the last stable offset, so an open transaction does not make the dump wait.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "tools/kafka/kafka_tool.h"

enum { ANSWER_TIMEOUT_MS = 20000 };

enum form { FORM_VALUE, FORM_KEY, FORM_JSON };

struct dump {
    rd_kafka_t *client;
    const char *brokers;
    const char *topic;
    enum form form;
    bool count_only;
    bool uncommitted;
    uint64_t count;
};

static bool parse(struct dump *dump, int argc, char **argv)
{
    static const struct option options[] = {
        {"brokers", required_argument, NULL, 'b'}, {"topic", required_argument, NULL, 't'},
        {"format", required_argument, NULL, 'f'},  {"count", no_argument, NULL, 'c'},
        {"uncommitted", no_argument, NULL, 'u'},   {NULL, 0, NULL, 0}};
    static const char *const forms[] = {[FORM_VALUE] = "value", [FORM_KEY] = "key", [FORM_JSON] = "json"};
    for (int c; (c = getopt_long(argc, argv, "b:t:f:cu", options, NULL)) != -1;)
        switch (c) {
        case 'b':
            dump->brokers = optarg;
            break;
        case 't':
            dump->topic = optarg;
            break;
        case 'f': {
            size_t form = 0;
            while (form < ROS_COUNT(forms) && strcmp(optarg, forms[form]) != 0)
                form++;
            if (form == ROS_COUNT(forms)) {
                ros_kafka_fail(EX_USAGE, "--format takes value, key or json");
                return false;
            }
            dump->form = (enum form) form;
            break;
        }
        case 'c':
            dump->count_only = true;
            break;
        case 'u':
            dump->uncommitted = true;
            break;
        default:
            return false;
        }
    if (dump->topic != NULL && optind == argc)
        return true;
    ros_kafka_fail(EX_USAGE, "--topic is needed, and nothing else");
    return false;
}

static bool open_client(struct dump *dump)
{
    char space[256];
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (!ros_kafka_set(conf, "bootstrap.servers", ros_kafka_brokers(dump->brokers, space, sizeof space)) ||
        !ros_kafka_set(conf, "group.id", "ros-kafka-dump") || !ros_kafka_set(conf, "enable.auto.commit", "false") ||
        !ros_kafka_set(conf, "enable.partition.eof", "true") ||
        !ros_kafka_set(conf, "isolation.level", dump->uncommitted ? "read_uncommitted" : "read_committed")) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    dump->client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (dump->client == NULL) {
        rd_kafka_conf_destroy(conf);
        ros_kafka_fail(EX_UNAVAILABLE, "%s", why);
        return false;
    }
    rd_kafka_poll_set_consumer(dump->client);
    return true;
}

/* Assigns every partition of the topic; the number of partitions, or -1. */
static int assign(struct dump *dump)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(dump->client, dump->topic, NULL);
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t error = rd_kafka_metadata(dump->client, 0, topic, &metadata, ANSWER_TIMEOUT_MS);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        error = metadata->topics[0].err;
    int count = -1;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        count = metadata->topics[0].partition_cnt;
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
        for (int i = 0; i < count; i++)
            rd_kafka_topic_partition_list_add(list, dump->topic, metadata->topics[0].partitions[i].id)->offset =
                RD_KAFKA_OFFSET_BEGINNING;
        error = rd_kafka_assign(dump->client, list);
        rd_kafka_topic_partition_list_destroy(list);
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        ros_kafka_fail(EX_UNAVAILABLE, "%s: %s", dump->topic, rd_kafka_err2str(error));
        count = -1;
    }
    if (metadata != NULL)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    return count;
}

static json_t *text_or_null(const void *data, size_t len)
{
    json_t *text = data != NULL ? json_stringn(data, len) : NULL; // NULL when not UTF-8
    return text != NULL ? text : json_null();
}

static void print_json(const rd_kafka_message_t *message)
{
    json_t *headers = json_object();
    rd_kafka_headers_t *list = NULL;
    if (rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char *name;
        const void *value;
        size_t size;
        for (size_t i = 0; rd_kafka_header_get_all(list, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
            json_object_set_new(headers, name, text_or_null(value, size));
    }
    rd_kafka_timestamp_type_t kind;
    json_t *all =
        json_pack("{s:i, s:I, s:I, s:o, s:o, s:o}", "partition", (int) message->partition, "offset",
                  (json_int_t) message->offset, "timestamp", (json_int_t) rd_kafka_message_timestamp(message, &kind),
                  "key", text_or_null(message->key, message->key_len), "headers", headers, "value",
                  text_or_null(message->payload, message->len));
    if (all != NULL)
        json_dumpf(all, stdout, JSON_COMPACT);
    json_decref(all);
    putchar('\n');
}

static void print(struct dump *dump, const rd_kafka_message_t *message)
{
    dump->count++;
    if (dump->count_only)
        return;
    if (dump->form == FORM_JSON) {
        print_json(message);
        return;
    }
    if (dump->form == FORM_KEY)
        fwrite(message->key, 1, message->key_len, stdout);
    else
        fwrite(message->payload, 1, message->len, stdout);
    putchar('\n');
}

static int read_all(struct dump *dump, int partitions)
{
    int ended = 0;
    while (ended < partitions) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(dump->client, ANSWER_TIMEOUT_MS);
        if (message == NULL)
            return ros_kafka_fail(EX_UNAVAILABLE, "%s: no answer", dump->topic);
        int status = EX_OK;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            ended++;
        else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            print(dump, message);
        else
            status = ros_kafka_fail(EX_UNAVAILABLE, "%s", rd_kafka_message_errstr(message));
        rd_kafka_message_destroy(message);
        if (status != EX_OK)
            return status;
    }
    if (dump->count_only)
        printf("%llu\n", (unsigned long long) dump->count);
    return EX_OK;
}

int ros_kafka_dump(int argc, char **argv)
{
    struct dump dump = {0};
    if (!parse(&dump, argc, argv))
        return EX_USAGE;
    if (!open_client(&dump))
        return EX_UNAVAILABLE;
    int partitions = assign(&dump);
    int status = partitions >= 0 ? read_all(&dump, partitions) : EX_UNAVAILABLE;
    rd_kafka_consumer_close(dump.client);
    rd_kafka_destroy(dump.client);
    return status;
}
