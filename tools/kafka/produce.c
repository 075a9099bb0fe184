/*
 * Lines in, messages out. A line need not be JSON: tests send rubbish on purpose, and rubbish has no key.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "interp/base/buf.h"
#include "tools/kafka/kafka_tool.h"

enum { MAX_HEADERS = 16, FLUSH_TIMEOUT_MS = 60000 };

struct producer {
    rd_kafka_t *client;
    const char *brokers;
    const char *topic;
    const char *key_path;
    const char *file;
    char *headers[MAX_HEADERS]; /* NAME=VALUE */
    size_t header_count;
    uint64_t stored;
    uint64_t failed;
};

static void delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *context)
{
    (void) client;
    struct producer *producer = context;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        producer->stored++;
    else if (producer->failed++ == 0)
        ros_kafka_fail(EX_UNAVAILABLE, "a message was not stored: %s", rd_kafka_err2str(message->err));
}

static bool parse(struct producer *producer, int argc, char **argv)
{
    static const struct option options[] = {{"brokers", required_argument, NULL, 'b'},
                                            {"topic", required_argument, NULL, 't'},
                                            {"key", required_argument, NULL, 'k'},
                                            {"header", required_argument, NULL, 'H'},
                                            {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "b:t:k:H:", options, NULL)) != -1;)
        switch (c) {
        case 'b':
            producer->brokers = optarg;
            break;
        case 't':
            producer->topic = optarg;
            break;
        case 'k':
            producer->key_path = optarg;
            break;
        case 'H':
            if (producer->header_count == MAX_HEADERS || strchr(optarg, '=') == NULL) {
                ros_kafka_fail(EX_USAGE, "--header takes NAME=VALUE, %d times at most", MAX_HEADERS);
                return false;
            }
            producer->headers[producer->header_count++] = optarg;
            break;
        default:
            return false;
        }
    if (producer->topic == NULL || argc - optind > 1) {
        ros_kafka_fail(EX_USAGE, "--topic and at most one file are needed");
        return false;
    }
    producer->file = optind < argc ? argv[optind] : "-";
    return true;
}

static bool open_client(struct producer *producer)
{
    char space[256];
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (!ros_kafka_set(conf, "bootstrap.servers", ros_kafka_brokers(producer->brokers, space, sizeof space)) ||
        !ros_kafka_set(conf, "enable.idempotence", "true") || !ros_kafka_set(conf, "linger.ms", "5")) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    producer->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (producer->client != NULL)
        return true;
    rd_kafka_conf_destroy(conf);
    ros_kafka_fail(EX_UNAVAILABLE, "%s", why);
    return false;
}

/* The text at a dotted path of an object, or NULL. */
static const char *find_key(const json_t *object, const char *path)
{
    while (object != NULL) {
        const char *dot = strchr(path, '.');
        char name[128];
        size_t len = dot != NULL ? (size_t) (dot - path) : strlen(path);
        if (len >= sizeof name)
            return NULL;
        memcpy(name, path, len);
        name[len] = '\0';
        object = json_object_get(object, name);
        if (dot == NULL)
            return json_string_value(object);
        path = dot + 1;
    }
    return NULL;
}

static rd_kafka_headers_t *make_headers(const struct producer *producer)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(producer->header_count);
    for (size_t i = 0; i < producer->header_count; i++) {
        const char *equals = strchr(producer->headers[i], '=');
        (void) rd_kafka_header_add(headers, producer->headers[i], equals - producer->headers[i], equals + 1, -1);
    }
    return headers;
}

static int send_line(struct producer *producer, const char *line, size_t len)
{
    json_t *root = NULL;
    const char *key = NULL;
    if (producer->key_path != NULL) {
        root = json_loadb(line, len, 0, NULL);
        key = find_key(root, producer->key_path);
    }
    size_t key_size = key != NULL ? strlen(key) : 0;
    rd_kafka_headers_t *headers = make_headers(producer);
    rd_kafka_resp_err_t error;
    do {
        error = rd_kafka_producev(producer->client, RD_KAFKA_V_TOPIC(producer->topic), RD_KAFKA_V_KEY(key, key_size),
                                  RD_KAFKA_V_VALUE((void *) (uintptr_t) line, len), RD_KAFKA_V_HEADERS(headers),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        rd_kafka_poll(producer->client, error == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 50 : 0);
    } while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    json_decref(root);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return EX_OK;
    rd_kafka_headers_destroy(headers);
    return ros_kafka_fail(EX_UNAVAILABLE, "%s", rd_kafka_err2str(error));
}

static int send_lines(struct producer *producer, FILE *input)
{
    ros_auto(ros_buf) struct ros_buf line = ROS_BUF_INIT;
    int status = EX_OK;
    char piece[65536];
    while (status == EX_OK && fgets(piece, sizeof piece, input) != NULL) {
        size_t len = strlen(piece);
        bool ends = len > 0 && piece[len - 1] == '\n';
        if (ros_buf_add(&line, piece, ends ? len - 1 : len) != ROS_OK)
            return ros_kafka_fail(EX_OSERR, "out of memory");
        if (!ends)
            continue;
        status = send_line(producer, ros_buf_text(&line), line.len);
        ros_buf_clear(&line);
    }
    if (status == EX_OK && line.len > 0)
        status = send_line(producer, ros_buf_text(&line), line.len);
    if (status == EX_OK && ferror(input))
        status = ros_kafka_fail(EX_IOERR, "%s cannot be read", producer->file);
    return status;
}

int ros_kafka_produce(int argc, char **argv)
{
    struct producer producer = {0};
    if (!parse(&producer, argc, argv))
        return EX_USAGE;
    bool stdin_is_meant = strcmp(producer.file, "-") == 0;
    FILE *input = stdin_is_meant ? stdin : fopen(producer.file, "r");
    if (input == NULL)
        return ros_kafka_fail(EX_NOINPUT, "%s: %m", producer.file);
    int status = EX_UNAVAILABLE;
    if (open_client(&producer)) {
        status = send_lines(&producer, input);
        if (rd_kafka_flush(producer.client, FLUSH_TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
            status = ros_kafka_fail(EX_UNAVAILABLE, "not every message was stored in time");
        if (status == EX_OK && producer.failed > 0)
            status = EX_UNAVAILABLE;
        printf("%llu\n", (unsigned long long) producer.stored);
        rd_kafka_destroy(producer.client);
    }
    if (!stdin_is_meant)
        (void) fclose(input);
    return status;
}
