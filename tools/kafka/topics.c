/*
 * Making and removing topics. Both wait for the broker's answer, so that what follows in a script can rely on it.
 */
#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "interp/base/num.h"
#include "tools/kafka/kafka_tool.h"

enum { ADMIN_TIMEOUT_MS = 30000, ANSWER_TIMEOUT_MS = 40000, MAX_TOPICS = 64, MAX_PARTITIONS = 1024 };

struct admin {
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    rd_kafka_AdminOptions_t *options;
    const char *brokers; /* of the command line */
    int64_t partitions;
};

static bool admin_parse(struct admin *admin, int argc, char **argv)
{
    static const struct option options[] = {
        {"brokers", required_argument, NULL, 'b'}, {"partitions", required_argument, NULL, 'p'}, {NULL, 0, NULL, 0}};
    admin->partitions = 4;
    for (int c; (c = getopt_long(argc, argv, "b:p:", options, NULL)) != -1;)
        switch (c) {
        case 'b':
            admin->brokers = optarg;
            break;
        case 'p':
            if (!ros_num_parse_i64(optarg, __builtin_strlen(optarg), &admin->partitions) || admin->partitions < 1 ||
                admin->partitions > MAX_PARTITIONS) {
                ros_kafka_fail(EX_USAGE, "--partitions takes a number from 1 to %d", MAX_PARTITIONS);
                return false;
            }
            break;
        default:
            return false;
        }
    if (optind < argc && argc - optind <= MAX_TOPICS)
        return true;
    ros_kafka_fail(EX_USAGE, "name 1 to %d topics", MAX_TOPICS);
    return false;
}

static int admin_open(struct admin *admin, rd_kafka_admin_op_t operation)
{
    char space[256];
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (!ros_kafka_set(conf, "bootstrap.servers", ros_kafka_brokers(admin->brokers, space, sizeof space))) {
        rd_kafka_conf_destroy(conf);
        return EX_USAGE;
    }
    admin->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (admin->client == NULL) {
        rd_kafka_conf_destroy(conf);
        return ros_kafka_fail(EX_UNAVAILABLE, "%s", why);
    }
    admin->queue = rd_kafka_queue_new(admin->client);
    admin->options = rd_kafka_AdminOptions_new(admin->client, operation);
    if (rd_kafka_AdminOptions_set_request_timeout(admin->options, ADMIN_TIMEOUT_MS, why, sizeof why) != 0 ||
        rd_kafka_AdminOptions_set_operation_timeout(admin->options, ADMIN_TIMEOUT_MS, why, sizeof why) != 0)
        return ros_kafka_fail(EX_SOFTWARE, "%s", why);
    return EX_OK;
}

static void admin_close(struct admin *admin)
{
    if (admin->options != NULL)
        rd_kafka_AdminOptions_destroy(admin->options);
    if (admin->queue != NULL)
        rd_kafka_queue_destroy(admin->queue);
    if (admin->client != NULL)
        rd_kafka_destroy(admin->client);
}

/* Waits for the answer; the error `fine` counts as success. */
static int admin_answer(struct admin *admin, bool create, rd_kafka_resp_err_t fine)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(admin->queue, ANSWER_TIMEOUT_MS);
    if (event == NULL)
        return ros_kafka_fail(EX_UNAVAILABLE, "no answer from the broker");
    int status = EX_OK;
    size_t count = 0;
    const rd_kafka_topic_result_t **results = NULL;
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        status = ros_kafka_fail(EX_UNAVAILABLE, "%s", rd_kafka_event_error_string(event));
    else if (create)
        results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    else
        results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != fine)
            status = ros_kafka_fail(EX_UNAVAILABLE, "%s: %s", rd_kafka_topic_result_name(results[i]),
                                    rd_kafka_err2str(error));
    }
    rd_kafka_event_destroy(event);
    return status;
}

static int create(struct admin *admin, char **names, int count)
{
    rd_kafka_NewTopic_t *topics[MAX_TOPICS];
    char why[256];
    int made = 0;
    int status = EX_OK;
    for (; made < count; made++) {
        topics[made] = rd_kafka_NewTopic_new(names[made], (int) admin->partitions, -1, why, sizeof why);
        if (topics[made] == NULL) {
            status = ros_kafka_fail(EX_USAGE, "%s: %s", names[made], why);
            break;
        }
    }
    if (status == EX_OK) {
        rd_kafka_CreateTopics(admin->client, topics, (size_t) made, admin->options, admin->queue);
        status = admin_answer(admin, true, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS);
    }
    rd_kafka_NewTopic_destroy_array(topics, (size_t) made);
    return status;
}

static int delete (struct admin *admin, char **names, int count)
{
    rd_kafka_DeleteTopic_t *topics[MAX_TOPICS];
    for (int i = 0; i < count; i++)
        topics[i] = rd_kafka_DeleteTopic_new(names[i]);
    rd_kafka_DeleteTopics(admin->client, topics, (size_t) count, admin->options, admin->queue);
    int status = admin_answer(admin, false, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rd_kafka_DeleteTopic_destroy_array(topics, (size_t) count);
    return status;
}

int ros_kafka_create_topics(int argc, char **argv)
{
    struct admin admin = {0};
    if (!admin_parse(&admin, argc, argv))
        return EX_USAGE;
    int status = admin_open(&admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    if (status == EX_OK)
        status = create(&admin, argv + optind, argc - optind);
    admin_close(&admin);
    return status;
}

int ros_kafka_delete_topics(int argc, char **argv)
{
    struct admin admin = {0};
    if (!admin_parse(&admin, argc, argv))
        return EX_USAGE;
    int status = admin_open(&admin, RD_KAFKA_ADMIN_OP_DELETETOPICS);
    if (status == EX_OK)
        status = delete (&admin, argv + optind, argc - optind);
    admin_close(&admin);
    return status;
}
