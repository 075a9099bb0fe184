/*
 * The consuming half, and the settings of both. Everything that happens between two polls happens on the owner's
 * thread: librdkafka calls the rebalance and error callbacks from within rd_kafka_consumer_poll() only.
 */
#include "services/ingest/kafka.h"

#include <string.h>

#include "interp/base/clock.h"
#include "services/ingest/kafka_client.h"

enum { POSITION_TIMEOUT_MS = 10000, PROBE_TIMEOUT_MS = 300, PROBE_EVERY_US = 1000000 };

struct held { /* a message on loan: ros_broker_message.handle */
    rd_kafka_message_t *message;
    size_t size_bytes;
    struct ros_broker_header headers[];
};

enum ros_code ros__kafka_fail(struct ros__kafka *kafka, enum ros_code code, const char *what, const char *why,
                              struct ros_error *reterr)
{
    ros_error_set(&kafka->failed, code, "%s: %s", what, why);
    return ros_error_set(reterr, code, "%s", kafka->failed.text);
}

bool ros__kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct ros_error *reterr)
{
    char why[256];
    if (value == NULL || value[0] == '\0' || rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK)
        return true;
    // librdkafka's own text may repeat the value, which may be a password
    ros_error_set(reterr, ROS_E_CONFIG, "the value for Kafka's %s is refused", name);
    return false;
}

static void on_error(rd_kafka_t *client, int error, const char *why, void *opaque)
{
    struct ros__kafka *kafka = opaque;
    char text[256];
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
        rd_kafka_resp_err_t original = rd_kafka_fatal_error(client, text, sizeof text);
        (void) ros__kafka_fail(kafka, ROS_E_UNAVAILABLE, rd_kafka_err2name(original), text, NULL);
    } else if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        kafka->unreachable = true;
    } else if (kafka->config.log != NULL) {
        kafka->config.log(kafka->config.log_context, 5, why);
    }
}

static void on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    (void) facility;
    const struct ros__kafka *kafka = rd_kafka_opaque(client);
    if (kafka != NULL && kafka->config.log != NULL)
        kafka->config.log(kafka->config.log_context, level, text);
}

rd_kafka_conf_t *ros__kafka_conf(struct ros__kafka *kafka, struct ros_error *reterr)
{
    const struct ros_kafka_config *config = &kafka->config;
    const struct {
        const char *name;
        const char *value;
    } rows[] = {
        {"bootstrap.servers", config->bootstrap},
        {"client.id", "ros"},
        {"security.protocol", config->security_protocol},
        {"sasl.mechanisms", config->sasl_mechanism},
        {"sasl.username", config->sasl_username},
        {"sasl.password", config->sasl_password},
        {"ssl.ca.location", config->ca_path},
        {"reconnect.backoff.max.ms", "1000"}, // back within seconds of the broker's return
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < ROS_COUNT(rows); i++)
        if (!ros__kafka_set(conf, rows[i].name, rows[i].value, reterr)) {
            rd_kafka_conf_destroy(conf);
            return NULL;
        }
    rd_kafka_conf_set_opaque(conf, kafka);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    return conf;
}

/* ---- partitions come and go ---- */

static struct ros_broker_position *positions_new(struct ros__kafka *kafka, const rd_kafka_topic_partition_list_t *list)
{
    size_t count = (size_t) list->cnt;
    struct ros_broker_position *positions = ros_alloc_zero(kafka->alloc, ros_alloc_product(count, sizeof *positions));
    if (positions == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        positions[i] = (struct ros_broker_position){
            .topic = list->elems[i].topic, .partition = list->elems[i].partition, .committed = -1};
    return positions;
}

static void positions_free(struct ros__kafka *kafka, struct ros_broker_position *positions, int count)
{
    ros_alloc_put(kafka->alloc, positions, (size_t) count * sizeof *positions);
}

/* Asks the broker for positions and watermarks. */
static enum ros_code positions_fill(struct ros__kafka *kafka, rd_kafka_topic_partition_list_t *list,
                                    struct ros_broker_position *positions)
{
    if (!kafka->config.own_positions) {
        rd_kafka_resp_err_t error = rd_kafka_committed(kafka->consumer, list, POSITION_TIMEOUT_MS);
        for (int i = 0; i < list->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
            error = list->elems[i].err;
            positions[i].committed = list->elems[i].offset >= 0 ? list->elems[i].offset : -1;
        }
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
            return ros__kafka_fail(kafka, ROS_E_UNAVAILABLE, "stored positions", rd_kafka_err2str(error), NULL);
    }
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_resp_err_t error =
            rd_kafka_query_watermark_offsets(kafka->consumer, positions[i].topic, positions[i].partition,
                                             &positions[i].low, &positions[i].high, POSITION_TIMEOUT_MS);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
            return ros__kafka_fail(kafka, ROS_E_UNAVAILABLE, "watermarks", rd_kafka_err2str(error), NULL);
        positions[i].next = positions[i].low;
    }
    return ROS_OK;
}

static enum ros_code take_partitions(struct ros__kafka *kafka, rd_kafka_topic_partition_list_t *list,
                                     struct ros_broker_position *positions)
{
    ROS_TRY(positions_fill(kafka, list, positions));
    struct ros_error error = ROS_ERROR_INIT;
    enum ros_code code = kafka->listener.assigned(kafka->listener.context, positions, (size_t) list->cnt, &error);
    if (code != ROS_OK)
        return ros__kafka_fail(kafka, code, "where to begin", error.text, NULL);
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = positions[i].next;
    rd_kafka_resp_err_t bad = rd_kafka_assign(kafka->consumer, list);
    if (bad == RD_KAFKA_RESP_ERR_NO_ERROR && kafka->paused)
        bad = rd_kafka_pause_partitions(kafka->consumer, list);
    if (bad != RD_KAFKA_RESP_ERR_NO_ERROR)
        return ros__kafka_fail(kafka, ROS_E_UNAVAILABLE, "assignment", rd_kafka_err2str(bad), NULL);
    return ROS_OK;
}

static void on_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t *list,
                         void *opaque)
{
    struct ros__kafka *kafka = opaque;
    struct ros_broker_position *positions = positions_new(kafka, list);
    bool come = event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    enum ros_code code = ROS_OK;
    if (positions == NULL)
        code = ros__kafka_fail(kafka, ROS_E_OOM, "rebalance", "out of memory", NULL);
    else if (come)
        code = take_partitions(kafka, list, positions);
    else
        kafka->listener.revoked(kafka->listener.context, positions, (size_t) list->cnt);
    if (!come || code != ROS_OK)
        (void) rd_kafka_assign(client, NULL);
    if (positions != NULL)
        positions_free(kafka, positions, list->cnt);
}

/* ---- calls ---- */

static enum ros_code hold(struct ros__kafka *kafka, rd_kafka_message_t *message, struct ros_broker_message *ret)
{
    rd_kafka_headers_t *list = NULL;
    size_t count =
        rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR ? rd_kafka_header_cnt(list) : 0;
    size_t size = sizeof(struct held) + count * sizeof(struct ros_broker_header);
    struct held *held = ros_alloc_zero(kafka->alloc, size);
    if (held == NULL)
        return ROS_E_OOM;
    held->message = message;
    held->size_bytes = size;
    for (size_t i = 0; i < count; i++)
        (void) rd_kafka_header_get_all(list, i, &held->headers[i].name, &held->headers[i].value,
                                       &held->headers[i].size);
    rd_kafka_timestamp_type_t kind;
    *ret = (struct ros_broker_message){.topic = rd_kafka_topic_name(message->rkt),
                                       .partition = message->partition,
                                       .offset = message->offset,
                                       .timestamp_ms = rd_kafka_message_timestamp(message, &kind),
                                       .key = message->key,
                                       .key_size = message->key_len,
                                       .data = message->payload,
                                       .size = message->len,
                                       .headers = held->headers,
                                       .header_count = count,
                                       .handle = held};
    return ROS_OK;
}

static void release(struct ros_broker *broker, struct ros_broker_message *message)
{
    struct ros__kafka *kafka = (struct ros__kafka *) broker;
    struct held *held = message->handle;
    if (held == NULL)
        return;
    rd_kafka_message_destroy(held->message);
    ros_alloc_put(kafka->alloc, held, held->size_bytes);
    message->handle = NULL;
}

/* An error in a message's place: some pass by themselves, the others wear the object out. */
static enum ros_code consumer_error(struct ros__kafka *kafka, const rd_kafka_message_t *message,
                                    struct ros_error *reterr)
{
    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
        return ROS_OK;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        kafka->unreachable = true;
        return ROS_OK;
    default:
        return ros__kafka_fail(kafka, ROS_E_UNAVAILABLE, rd_kafka_err2name(message->err),
                               rd_kafka_message_errstr(message), reterr);
    }
}

/* After all brokers were gone nothing says that one is back, so ask, now and then. */
static void probe(struct ros__kafka *kafka)
{
    int64_t now_us = ros_clock_mono_us(ros_clock_system());
    if (!kafka->unreachable || now_us < kafka->probe_after_us)
        return;
    const struct rd_kafka_metadata *metadata = NULL;
    if (rd_kafka_metadata(kafka->consumer, 0, NULL, &metadata, PROBE_TIMEOUT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka->unreachable = false;
        rd_kafka_metadata_destroy(metadata);
    }
    kafka->probe_after_us = now_us + PROBE_EVERY_US;
}

static enum ros_code poll_one(struct ros_broker *broker, int timeout_ms, struct ros_broker_message *ret, bool *ret_got,
                              struct ros_error *reterr)
{
    struct ros__kafka *kafka = (struct ros__kafka *) broker;
    *ret_got = false;
    if (kafka->producer != NULL)
        (void) rd_kafka_poll(kafka->producer, 0);
    rd_kafka_message_t *message = rd_kafka_consumer_poll(kafka->consumer, timeout_ms);
    probe(kafka);
    if (kafka->failed.code != ROS_OK) {
        if (message != NULL)
            rd_kafka_message_destroy(message);
        return ros_error_set(reterr, kafka->failed.code, "%s", kafka->failed.text);
    }
    if (message == NULL)
        return ROS_OK;
    enum ros_code code;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        code = consumer_error(kafka, message, reterr);
        rd_kafka_message_destroy(message);
        return code;
    }
    kafka->unreachable = false;
    code = hold(kafka, message, ret);
    *ret_got = code == ROS_OK;
    if (code == ROS_OK)
        return ROS_OK;
    rd_kafka_message_destroy(message); // it is read and not done: only a fresh start gives it again
    return ros__kafka_fail(kafka, code, "message", ros_code_text(code), reterr);
}

static enum ros_code pause_all(struct ros_broker *broker, bool paused, struct ros_error *reterr)
{
    struct ros__kafka *kafka = (struct ros__kafka *) broker;
    if (kafka->paused == paused)
        return ROS_OK;
    kafka->paused = paused;
    rd_kafka_topic_partition_list_t *list = NULL;
    rd_kafka_resp_err_t error = rd_kafka_assignment(kafka->consumer, &list);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        error = paused ? rd_kafka_pause_partitions(kafka->consumer, list)
                       : rd_kafka_resume_partitions(kafka->consumer, list);
    if (list != NULL)
        rd_kafka_topic_partition_list_destroy(list);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return ROS_OK;
    return ros__kafka_fail(kafka, ROS_E_UNAVAILABLE, "pause", rd_kafka_err2str(error), reterr);
}

static int64_t lag(struct ros_broker *broker)
{
    struct ros__kafka *kafka = (struct ros__kafka *) broker;
    rd_kafka_topic_partition_list_t *list = NULL;
    if (rd_kafka_assignment(kafka->consumer, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return -1;
    int64_t sum = 0;
    if (rd_kafka_position(kafka->consumer, list) != RD_KAFKA_RESP_ERR_NO_ERROR)
        sum = -1;
    for (int i = 0; i < list->cnt && sum >= 0; i++) {
        int64_t low = -1;
        int64_t high = -1;
        (void) rd_kafka_get_watermark_offsets(kafka->consumer, list->elems[i].topic, list->elems[i].partition, &low,
                                              &high);
        if (high >= 0 && list->elems[i].offset >= 0 && high > list->elems[i].offset)
            sum += high - list->elems[i].offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return sum;
}

static bool reachable(struct ros_broker *broker)
{
    return !((struct ros__kafka *) broker)->unreachable;
}

static void close_all(struct ros_broker *broker)
{
    struct ros__kafka *kafka = (struct ros__kafka *) broker;
    if (kafka->consumer != NULL) {
        (void) rd_kafka_consumer_close(kafka->consumer);
        rd_kafka_destroy(kafka->consumer);
    }
    ros__kafka_producer_close(kafka);
    ros_alloc_put(kafka->alloc, kafka, sizeof *kafka);
}

static enum ros_code consumer_open(struct ros__kafka *kafka, struct ros_error *reterr)
{
    rd_kafka_conf_t *conf = ros__kafka_conf(kafka, reterr);
    if (conf == NULL)
        return ROS_E_CONFIG;
    static const struct {
        const char *name;
        const char *value;
    } rows[] = {
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"isolation.level", "read_committed"},
        {"session.timeout.ms", "10000"},
        {"heartbeat.interval.ms", "2000"},
        {"fetch.wait.max.ms", "100"},
        {"queued.max.messages.kbytes", "16384"}, // what one partition may hold in memory ahead of us
    };
    bool good = ros__kafka_set(conf, "group.id", kafka->config.group, reterr) &&
                ros__kafka_set(conf, "group.instance.id", kafka->config.instance_id, reterr);
    for (size_t i = 0; good && i < ROS_COUNT(rows); i++)
        good = ros__kafka_set(conf, rows[i].name, rows[i].value, reterr);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    char why[256];
    if (good)
        kafka->consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (kafka->consumer == NULL) {
        rd_kafka_conf_destroy(conf);
        return good ? ros_error_set(reterr, ROS_E_CONFIG, "Kafka consumer: %s", why) : ROS_E_CONFIG;
    }
    rd_kafka_poll_set_consumer(kafka->consumer);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, kafka->config.topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t error = rd_kafka_subscribe(kafka->consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return ros_error_set(reterr, ROS_E_UNAVAILABLE, "subscribe: %s", rd_kafka_err2str(error));
    return ROS_OK;
}

enum ros_code ros_kafka_open(const struct ros_kafka_config *config, const struct ros_broker_listener *listener,
                             const struct ros_alloc *alloc, struct ros_broker **ret, struct ros_error *reterr)
{
    struct ros__kafka *kafka = ros_alloc_zero(alloc, sizeof *kafka);
    if (kafka == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    kafka->alloc = alloc;
    kafka->config = *config;
    kafka->listener = *listener;
    kafka->calls = (struct ros_broker){.poll = poll_one,
                                       .release = release,
                                       .pause = pause_all,
                                       .send = ros__kafka_send,
                                       .lag = lag,
                                       .reachable = reachable,
                                       .free = close_all};
    // The producer first: it ends what a predecessor left open, so that the positions read next are final.
    enum ros_code code = ros__kafka_producer_open(kafka, reterr);
    if (code == ROS_OK)
        code = consumer_open(kafka, reterr);
    if (code != ROS_OK) {
        close_all(&kafka->calls);
        return code;
    }
    *ret = &kafka->calls;
    return ROS_OK;
}
