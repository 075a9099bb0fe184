/*
 * The producing half. A transaction that fails in any way is aborted and the object given up: the next one starts from
 * the last stored positions, which is the only state that is certain.
 */
#include <string.h>

#include "interp/base/clock.h"
#include "services/ingest/kafka_client.h"

enum {
    INIT_TIMEOUT_MS = 5000,
    SEND_TIMEOUT_MS = 30000,
    ABORT_TIMEOUT_MS = 5000,
    SLOW_COMMIT_US = 1000000,
    SLOW_COMMITS_MOST = 3
};

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    (void) client;
    struct ros__kafka *kafka = opaque;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && kafka->undelivered == RD_KAFKA_RESP_ERR_NO_ERROR)
        kafka->undelivered = message->err;
}

/* Takes the error. */
static enum ros_code failed(struct ros__kafka *kafka, const char *what, rd_kafka_error_t *error,
                            struct ros_error *reterr)
{
    enum ros_code code = kafka->undelivered == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? ROS_E_LIMIT : ROS_E_UNAVAILABLE;
    code = ros__kafka_fail(kafka, code, what, rd_kafka_error_string(error), reterr);
    rd_kafka_error_destroy(error);
    return code;
}

enum ros_code ros__kafka_producer_open(struct ros__kafka *kafka, struct ros_error *reterr)
{
    rd_kafka_conf_t *conf = ros__kafka_conf(kafka, reterr);
    if (conf == NULL)
        return ROS_E_CONFIG;
    bool good = ros__kafka_set(conf, "enable.idempotence", "true", reterr) &&
                ros__kafka_set(conf, "linger.ms", "2", reterr) &&
                ros__kafka_set(conf, "message.max.bytes", "4194304", reterr) &&
                // A commit right behind another is refused once and tried again after this: it decides the rate.
                ros__kafka_set(conf, "retry.backoff.ms", "2", reterr) &&
                ros__kafka_set(conf, "transactional.id", kafka->config.transactional_id, reterr);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    char why[256];
    if (good)
        kafka->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (kafka->producer == NULL) {
        rd_kafka_conf_destroy(conf);
        return good ? ros_error_set(reterr, ROS_E_CONFIG, "Kafka producer: %s", why) : ROS_E_CONFIG;
    }
    if (kafka->config.transactional_id == NULL)
        return ROS_OK;
    rd_kafka_error_t *error = rd_kafka_init_transactions(kafka->producer, INIT_TIMEOUT_MS);
    return error == NULL ? ROS_OK : failed(kafka, "Kafka transactions cannot begin", error, reterr);
}

void ros__kafka_producer_close(struct ros__kafka *kafka)
{
    if (kafka->producer != NULL)
        rd_kafka_destroy(kafka->producer);
    kafka->producer = NULL;
}

static rd_kafka_headers_t *make_headers(const struct ros_broker_record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; i < record->header_count; i++)
        (void) rd_kafka_header_add(headers, record->headers[i].name, -1, record->headers[i].value,
                                   (ssize_t) record->headers[i].size);
    return headers;
}

/* librdkafka copies key and value, though its types do not promise not to write to them. */
static void *unconst(const void *p)
{
    return (void *) (uintptr_t) p;
}

static enum ros_code produce(struct ros__kafka *kafka, const struct ros_broker_record *record, struct ros_error *reterr)
{
    int64_t end_us = ros_clock_mono_us(ros_clock_system()) + (int64_t) SEND_TIMEOUT_MS * 1000;
    rd_kafka_headers_t *headers = make_headers(record);
    for (;;) {
        rd_kafka_resp_err_t error = rd_kafka_producev(
            kafka->producer, RD_KAFKA_V_TOPIC(record->topic), RD_KAFKA_V_KEY(unconst(record->key), record->key_size),
            RD_KAFKA_V_VALUE(unconst(record->data), record->size), RD_KAFKA_V_HEADERS(headers),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
            return ROS_OK;
        if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && ros_clock_mono_us(ros_clock_system()) < end_us) {
            (void) rd_kafka_poll(kafka->producer, 10);
            continue;
        }
        rd_kafka_headers_destroy(headers);
        enum ros_code code = error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? ROS_E_LIMIT : ROS_E_UNAVAILABLE;
        return ros__kafka_fail(kafka, code, record->topic, rd_kafka_err2str(error), reterr);
    }
}

static enum ros_code produce_all(struct ros__kafka *kafka, const struct ros_broker_record *records, size_t count,
                                 struct ros_error *reterr)
{
    kafka->undelivered = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (size_t i = 0; i < count; i++)
        ROS_TRY(produce(kafka, &records[i], reterr));
    return ROS_OK;
}

static enum ros_code add_offsets(struct ros__kafka *kafka, const struct ros_broker_offset *offsets, size_t count,
                                 struct ros_error *reterr)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int) count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, offsets[i].topic, offsets[i].partition)->offset = offsets[i].next;
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(kafka->consumer);
    rd_kafka_error_t *error = rd_kafka_send_offsets_to_transaction(kafka->producer, list, group, SEND_TIMEOUT_MS);
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(list);
    return error == NULL ? ROS_OK : failed(kafka, "positions in the transaction", error, reterr);
}

static enum ros_code commit(struct ros__kafka *kafka, struct ros_error *reterr)
{
    int64_t start_us = ros_clock_mono_us(ros_clock_system());
    rd_kafka_error_t *error;
    while ((error = rd_kafka_commit_transaction(kafka->producer, SEND_TIMEOUT_MS)) != NULL) {
        int64_t spent_us = ros_clock_mono_us(ros_clock_system()) - start_us;
        if (!rd_kafka_error_is_retriable(error) || spent_us > (int64_t) SEND_TIMEOUT_MS * 1000)
            return failed(kafka, "commit", error, reterr);
        rd_kafka_error_destroy(error);
    }
    bool slow = ros_clock_mono_us(ros_clock_system()) - start_us > SLOW_COMMIT_US;
    kafka->slow_commits = slow ? kafka->slow_commits + 1 : 0;
    return ROS_OK;
}

static enum ros_code transaction(struct ros__kafka *kafka, const struct ros_broker_record *records, size_t count,
                                 const struct ros_broker_offset *offsets, size_t offset_count, struct ros_error *reterr)
{
    rd_kafka_error_t *error = rd_kafka_begin_transaction(kafka->producer);
    if (error != NULL)
        return failed(kafka, "begin", error, reterr);
    enum ros_code code = produce_all(kafka, records, count, reterr);
    if (code == ROS_OK)
        code = add_offsets(kafka, offsets, offset_count, reterr);
    if (code == ROS_OK)
        code = commit(kafka, reterr);
    if (code != ROS_OK) {
        // Its success changes nothing for us; without it readers would wait for the transaction's time-out.
        error = rd_kafka_abort_transaction(kafka->producer, ABORT_TIMEOUT_MS);
        if (error != NULL)
            rd_kafka_error_destroy(error);
        return code;
    }
    if (kafka->slow_commits < SLOW_COMMITS_MOST)
        return ROS_OK;
    // After a broker's crash a producer may stay slow for ever; a new one is not.
    kafka->slow_commits = 0;
    ros__kafka_producer_close(kafka);
    struct ros_error why = ROS_ERROR_INIT;
    code = ros__kafka_producer_open(kafka, &why);
    if (code != ROS_OK)
        (void) ros__kafka_fail(kafka, code, "new producer", why.text, NULL); // seen by the next poll
    return ROS_OK;
}

static enum ros_code deliver(struct ros__kafka *kafka, const struct ros_broker_record *records, size_t count,
                             struct ros_error *reterr)
{
    ROS_TRY(produce_all(kafka, records, count, reterr));
    rd_kafka_resp_err_t error = rd_kafka_flush(kafka->producer, SEND_TIMEOUT_MS);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        error = kafka->undelivered;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return ROS_OK;
    enum ros_code code = error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? ROS_E_LIMIT : ROS_E_UNAVAILABLE;
    return ros__kafka_fail(kafka, code, "delivery", rd_kafka_err2str(error), reterr);
}

enum ros_code ros__kafka_send(struct ros_broker *broker, const struct ros_broker_record *records, size_t count,
                              const struct ros_broker_offset *offsets, size_t offset_count, struct ros_error *reterr)
{
    struct ros__kafka *kafka = (struct ros__kafka *) broker;
    if (kafka->failed.code != ROS_OK)
        return ros_error_set(reterr, kafka->failed.code, "%s", kafka->failed.text);
    if (kafka->producer == NULL)
        return ros_error_code(reterr, ROS_E_INTERNAL);
    if (offset_count > 0)
        return transaction(kafka, records, count, offsets, offset_count, reterr);
    return deliver(kafka, records, count, reterr);
}
