/* client.c - see client.h. Each step is a batch of its own, plucked by its tag, so a test reads from top to bottom. */
#include "tests/unit/grpc/client.h"

#include <arpa/inet.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/compression.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/common/health.h"
#include "services/common/metrics.h"
#include "store/pg.h"

#define PATIENCE_MS 10000

/* Tags: any addresses that differ. */
static char opened, sent, closed, received, ended;

/* --- the server --------------------------------------------------------------------------------------------------- */

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *) &address, sizeof address) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

void fixture_set(struct ros_config *config, const char *name, const char *value)
{
    enum ros_config_key key;
    assert_int_equal(ros_config_find(name, &key, NULL), ROS_OK);
    assert_int_equal(ros_config_set(config, key, value, ROS_CONFIG_FLAG, NULL), ROS_OK);
}

int fixture_setup(void **state)
{
    static struct fixture f;
    char port[16];
    struct ros_error err = ROS_ERROR_INIT;
    assert_int_equal(ros_config_init(&f.config, NULL), ROS_OK);
    snprintf(port, sizeof port, "%d", free_port());
    fixture_set(&f.config, "listen_address", "127.0.0.1");
    fixture_set(&f.config, "grpc_port", port);
    assert_int_equal(ros_health_new(&f.health, NULL), ROS_OK);
    assert_int_equal(ros_metrics_new(&f.metrics, NULL), ROS_OK);
    const struct ros_pg_config pg = {.conninfo = "host=127.0.0.1 port=1", .size = 2};
    assert_int_equal(ros_pg_pool_new(&pg, &f.pool, NULL), ROS_OK);
    const struct ros_api_config api = {.config = &f.config, .pool = f.pool, .metrics = f.metrics, .health = f.health};
    assert_int_equal(ros_api_new(&api, &f.api, NULL), ROS_OK);
    if (ros_grpc_start(f.api, &f.server, &err) != ROS_OK)
        fail_msg("%s", err.text);
    *state = &f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    ros_grpc_stop(f->server);
    ros_api_free(f->api);
    ros_pg_pool_free(f->pool);
    ros_metrics_free(f->metrics);
    ros_health_free(f->health);
    ros_config_done(&f->config);
    return 0;
}

/* --- the client --------------------------------------------------------------------------------------------------- */

static bool pluck(struct call *call, void *tag)
{
    gpr_timespec until = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(PATIENCE_MS, GPR_TIMESPAN));
    grpc_event event = grpc_completion_queue_pluck(call->queue, tag, until, NULL);
    if (event.type != GRPC_OP_COMPLETE)
        fail_msg("nothing happens for %d ms", PATIENCE_MS);
    return event.success != 0;
}

static void start(struct call *call, const grpc_op *ops, size_t count, void *tag)
{
    assert_int_equal(grpc_call_start_batch(call->core, ops, count, tag, NULL), GRPC_CALL_OK);
}

static size_t add_metadata(struct call *call, size_t count, const char *key, const char *value)
{
    if (value == NULL)
        return count;
    call->metadata[count].key = grpc_slice_from_static_string(key);
    call->metadata[count].value = grpc_slice_from_copied_string(value);
    return count + 1;
}

static void connect_to(struct call *call, const struct fixture *f)
{
    char target[64];
    /* no channel is shared with another one: what ends one call must not be seen through a neighbour's connection */
    grpc_arg arg = {.type = GRPC_ARG_INTEGER, .key = (char *) (uintptr_t) GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL};
    arg.value.integer = 1;
    const grpc_channel_args args = {1, &arg};
    snprintf(target, sizeof target, "127.0.0.1:%lld", (long long) f->config.grpc_port);
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
    call->channel = grpc_channel_create(target, credentials, &args);
    grpc_channel_credentials_release(credentials);
}

void call_open(struct call *call, const struct fixture *f, const char *path, const struct call_options *options)
{
    static const struct call_options none;
    if (options == NULL)
        options = &none;
    memset(call, 0, sizeof *call);
    grpc_init();
    connect_to(call, f);
    call->queue = grpc_completion_queue_create_for_pluck(NULL);
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    int timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : PATIENCE_MS;
    gpr_timespec deadline = gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
    grpc_slice method = grpc_slice_from_copied_string(path);
    call->core = grpc_channel_create_call(call->channel, NULL, GRPC_PROPAGATE_DEFAULTS, call->queue, method, NULL,
                                          deadline, NULL);
    grpc_slice_unref(method);
    size_t count = add_metadata(call, 0, "x-rh-identity", options->identity);
    count = add_metadata(call, count, "x-rh-identity", options->other_identity);
    count = add_metadata(call, count, "x-padding", options->padding);
    if (options->compressed) { /* asks the core to compress what is sent */
        assert_true(count < ROS_COUNT(call->metadata));
        count = add_metadata(call, count, GRPC_COMPRESSION_REQUEST_ALGORITHM_MD_KEY, "gzip");
    }
    grpc_op ops[2] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}, {.op = GRPC_OP_RECV_INITIAL_METADATA}};
    ops[0].data.send_initial_metadata.metadata = call->metadata;
    ops[0].data.send_initial_metadata.count = count;
    ops[1].data.recv_initial_metadata.recv_initial_metadata = &call->initial;
    start(call, ops, 2, &opened);
    grpc_op end = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    end.data.recv_status_on_client.trailing_metadata = &call->trailing;
    end.data.recv_status_on_client.status = &call->status;
    end.data.recv_status_on_client.status_details = &call->details;
    start(call, &end, 1, &ended);
}

bool call_send(struct call *call, const void *bytes, size_t len, bool compressed)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(bytes, len);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE, .flags = compressed ? 0 : GRPC_WRITE_NO_COMPRESS};
    op.data.send_message.send_message = buffer;
    start(call, &op, 1, &sent);
    bool ok = pluck(call, &sent);
    grpc_byte_buffer_destroy(buffer);
    return ok;
}

bool call_send_message(struct call *call, const ProtobufCMessage *message)
{
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    size_t len = protobuf_c_message_get_packed_size(message);
    assert_int_equal(ros_buf_reserve(&bytes, len + 1), ROS_OK);
    protobuf_c_message_pack(message, (uint8_t *) bytes.data);
    return call_send(call, bytes.data, len, false);
}

void call_half_close(struct call *call)
{
    grpc_op op = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    start(call, &op, 1, &closed);
    pluck(call, &closed);
}

ProtobufCMessage *call_receive(struct call *call, const ProtobufCMessageDescriptor *descriptor)
{
    grpc_byte_buffer *bytes = NULL;
    grpc_byte_buffer_reader reader;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &bytes;
    start(call, &op, 1, &received);
    if (!pluck(call, &received) || bytes == NULL)
        return NULL;
    assert_int_not_equal(grpc_byte_buffer_reader_init(&reader, bytes), 0);
    grpc_slice whole = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(bytes);
    ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, NULL, GRPC_SLICE_LENGTH(whole), GRPC_SLICE_START_PTR(whole));
    grpc_slice_unref(whole);
    assert_non_null(message);
    return message;
}

void call_cancel(struct call *call)
{
    assert_int_equal(grpc_call_cancel(call->core, NULL), GRPC_CALL_OK);
}

grpc_status_code call_status(struct call *call, struct ros_buf *out)
{
    if (!call->has_ended) {
        pluck(call, &ended);
        call->has_ended = true;
    }
    if (out != NULL) {
        char *text = grpc_slice_to_c_string(call->details);
        ros_buf_clear(out);
        ros_buf_puts(out, text);
        gpr_free(text);
    }
    return call->status;
}

void call_close(struct call *call)
{
    if (!call->has_ended)
        call_cancel(call);
    call_status(call, NULL);
    pluck(call, &opened);
    grpc_call_unref(call->core);
    grpc_completion_queue_shutdown(call->queue);
    while (grpc_completion_queue_pluck(call->queue, NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(call->queue);
    grpc_channel_destroy(call->channel);
    for (size_t i = 0; i < ROS_COUNT(call->metadata); i++)
        grpc_slice_unref(call->metadata[i].value);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    grpc_slice_unref(call->details);
    grpc_shutdown();
}

grpc_status_code ask_bytes(const struct fixture *f, const char *path, const void *bytes, size_t len,
                           const struct call_options *options, const ProtobufCMessageDescriptor *output,
                           ProtobufCMessage **ret, struct ros_buf *text)
{
    struct call call;
    call_open(&call, f, path, options);
    if (bytes != NULL)
        call_send(&call, bytes, len, options != NULL && options->compressed);
    call_half_close(&call);
    ProtobufCMessage *message = output != NULL ? call_receive(&call, output) : NULL;
    grpc_status_code status = call_status(&call, text);
    call_close(&call);
    if (ret != NULL)
        *ret = message;
    else if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
    return status;
}

grpc_status_code ask(const struct fixture *f, const char *path, const ProtobufCMessage *input,
                     const struct call_options *options, const ProtobufCMessageDescriptor *output,
                     ProtobufCMessage **ret, struct ros_buf *text)
{
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    size_t len = protobuf_c_message_get_packed_size(input);
    assert_int_equal(ros_buf_reserve(&bytes, len + 1), ROS_OK);
    protobuf_c_message_pack(input, (uint8_t *) bytes.data);
    return ask_bytes(f, path, bytes.data, len, options, output, ret, text);
}
