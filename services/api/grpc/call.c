/*
 * The life of a call is a count of tags that the core still holds: each batch adds one, each event takes one, and at
 * zero the call is freed. A unary call asks for "closed" together with its status; a stream asks at once, to hear of a
 * client that went away.
 */
#include "services/api/grpc/call.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <string.h>

#include "interp/base/clock.h"
#include "proto/guard.h"
#include "services/common/log.h"
#include "services/common/metrics.h"

#define ANSWER_ARENA_CAP ((size_t) 512 << 20)

static const struct ros__grpc_method unknown_method = {.path = "unknown", .kind = ROS__UNARY};

/* --- messages ----------------------------------------------------------------------------------------------------- */

static void *arena_alloc(void *context, size_t size)
{
    return ros_arena_get(context, size);
}

static void arena_free(void *context, void *memory)
{
    (void) context, (void) memory; /* dies with the arena */
}

static ProtobufCMessage *unpack(struct ros__grpc_call *call, const void *data, size_t size)
{
    const ProtobufCMessageDescriptor *descriptor = call->method->input;
    ProtobufCAllocator allocator = {arena_alloc, arena_free, &call->arena};
    if (!ros_proto_depth_ok(descriptor, data, size))
        return NULL;
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, size, data);
    return message != NULL && ros_proto_utf8_ok(message) ? message : NULL;
}

static ProtobufCMessage *decode(struct ros__grpc_call *call, grpc_byte_buffer *bytes)
{
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, bytes))
        return NULL;
    grpc_slice whole = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    ProtobufCMessage *message = unpack(call, GRPC_SLICE_START_PTR(whole), GRPC_SLICE_LENGTH(whole));
    grpc_slice_unref(whole);
    return message;
}

static grpc_byte_buffer *encode(const ProtobufCMessage *message)
{
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    grpc_byte_buffer *bytes = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return bytes;
}

/* --- batches ------------------------------------------------------------------------------------------------------ */

static void start_batch(struct ros__grpc_call *call, const grpc_op *ops, size_t count, enum ros__call_event event)
{
    call->pending++; /* before: the event may come on this queue at once */
    grpc_call_error failed = grpc_call_start_batch(call->core, ops, count, &call->tags[event], NULL);
    if (failed == GRPC_CALL_OK)
        return;
    call->pending--;
    call->finished = true;
    ROS_LOG(ros__grpc_config(call->server)->log, ROS_LOG_ERROR, "grpc_batch_refused", grpc_call_error_to_string(failed),
            ros_field_text("method", call->method->path));
}

static size_t add_initial(struct ros__grpc_call *call, grpc_op *ops, size_t count)
{
    if (call->initial_sent)
        return count;
    call->initial_sent = true;
    ops[count].op = GRPC_OP_SEND_INITIAL_METADATA;
    return count + 1;
}

void ros__call_send(struct ros__grpc_call *call, const ProtobufCMessage *message)
{
    grpc_op ops[2] = {0};
    if (call->finished)
        return;
    size_t count = add_initial(call, ops, 0);
    grpc_byte_buffer *bytes = encode(message);
    ops[count].op = GRPC_OP_SEND_MESSAGE;
    ops[count++].data.send_message.send_message = bytes;
    call->sending = true;
    start_batch(call, ops, count, ROS__EVENT_SENT);
    grpc_byte_buffer_destroy(bytes); /* the core has references of its own */
}

static void count_call(const struct ros__grpc_call *call, grpc_status_code status)
{
    char code[3] = {(char) ('0' + (int) status / 10), (char) ('0' + (int) status % 10), '\0'};
    struct ros_metrics *metrics = ros__grpc_config(call->server)->metrics;
    double seconds = (double) (ros_clock_mono_us(ros_clock_system()) - call->started_us) / 1e6;
    ros_metrics_count(metrics, ROS_METRIC_GRPC_CALLS, call->method->path, code);
    ros_metrics_observe(metrics, ROS_METRIC_GRPC_SECONDS, call->method->path, NULL, seconds);
}

void ros__call_finish(struct ros__grpc_call *call, const ProtobufCMessage *message, grpc_status_code status,
                      const char *text)
{
    grpc_op ops[4] = {0};
    grpc_byte_buffer *bytes = NULL;
    grpc_slice details = text != NULL ? grpc_slice_from_copied_string(text) : grpc_empty_slice();
    if (call->finished) {
        grpc_slice_unref(details);
        return;
    }
    size_t count = add_initial(call, ops, 0);
    if (message != NULL) {
        bytes = encode(message);
        ops[count].op = GRPC_OP_SEND_MESSAGE;
        ops[count++].data.send_message.send_message = bytes;
    }
    ops[count].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
    ops[count].data.send_status_from_server.status = status;
    ops[count++].data.send_status_from_server.status_details = &details;
    if (call->method->kind == ROS__UNARY) {
        ops[count].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
        ops[count++].data.recv_close_on_server.cancelled = &call->cancelled;
    }
    count_call(call, status);
    start_batch(call, ops, count, ROS__EVENT_DONE);
    call->finished = true;
    if (bytes != NULL)
        grpc_byte_buffer_destroy(bytes);
    grpc_slice_unref(details);
}

static void read_message(struct ros__grpc_call *call)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    if (call->finished)
        return;
    op.data.recv_message.recv_message = &call->input;
    start_batch(call, &op, 1, ROS__EVENT_RECEIVED);
}

/* --- events ------------------------------------------------------------------------------------------------------- */

static void on_new(struct ros__grpc_call *call, bool ok)
{
    if (!ok) { /* the server stops: no call came */
        call->finished = true;
        return;
    }
    if (!ros__call_accept(call->server, call->queue))
        ros__grpc_accept_later(call->queue);
    call->started_us = ros_clock_mono_us(ros_clock_system());
    const struct ros__grpc_method *found = ros__grpc_find(call->server, call->details.method);
    if (found == NULL) {
        ros__call_finish(call, NULL, GRPC_STATUS_UNIMPLEMENTED, "there is no such method");
        return;
    }
    call->method = found;
    if (found->kind != ROS__UNARY) {
        grpc_op op = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
        op.data.recv_close_on_server.cancelled = &call->cancelled;
        start_batch(call, &op, 1, ROS__EVENT_CLOSED);
    }
    if (found->on_tick != NULL) {
        struct ros__grpc_call **streams = ros__grpc_streams(call->queue);
        call->next_stream = *streams;
        *streams = call;
    }
    read_message(call);
}

static void on_received(struct ros__grpc_call *call)
{
    grpc_byte_buffer *bytes = call->input;
    call->input = NULL;
    if (call->finished) {
        if (bytes != NULL)
            grpc_byte_buffer_destroy(bytes);
        return;
    }
    if (bytes == NULL) {
        if (call->method->kind == ROS__BIDI)
            call->method->on_message(call, NULL);
        else
            ros__call_finish(call, NULL, GRPC_STATUS_INVALID_ARGUMENT, "there is no request message");
        return;
    }
    ros_arena_clear(&call->arena);
    bool compressed = bytes->data.raw.compression != GRPC_COMPRESS_NONE;
    ProtobufCMessage *message = compressed ? NULL : decode(call, bytes);
    grpc_byte_buffer_destroy(bytes);
    if (compressed)
        ros__call_finish(call, NULL, GRPC_STATUS_UNIMPLEMENTED, "compressed messages are not taken");
    else if (message == NULL)
        ros__call_finish(call, NULL, GRPC_STATUS_INVALID_ARGUMENT, "the request message cannot be read");
    else
        call->method->on_message(call, message);
}

static void leave_streams(struct ros__grpc_call *call)
{
    for (struct ros__grpc_call **at = ros__grpc_streams(call->queue); *at != NULL; at = &(*at)->next_stream)
        if (*at == call) {
            *at = call->next_stream;
            return;
        }
}

static void call_free(struct ros__grpc_call *call)
{
    leave_streams(call);
    if (call->input != NULL)
        grpc_byte_buffer_destroy(call->input);
    grpc_metadata_array_destroy(&call->metadata);
    grpc_call_details_destroy(&call->details);
    if (call->core != NULL)
        grpc_call_unref(call->core);
    ros_arena_done(&call->arena);
    ros_arena_done(&call->keep);
    ros_alloc_put(NULL, call, sizeof *call);
}

void ros__call_event(struct ros__grpc_tag *tag, bool ok)
{
    struct ros__grpc_call *call = tag->call;
    switch (tag->event) {
    case ROS__EVENT_NEW:
        on_new(call, ok);
        break;
    case ROS__EVENT_RECEIVED:
        on_received(call);
        break;
    case ROS__EVENT_SENT:
        call->sending = false;
        if (ok && call->method->kind == ROS__BIDI)
            read_message(call);
        break;
    case ROS__EVENT_CLOSED:
        if (call->cancelled != 0)
            call->finished = true;
        break;
    case ROS__EVENT_DONE:
        break;
    }
    if (--call->pending == 0)
        call_free(call);
}

bool ros__call_accept(struct ros_grpc *server, struct ros__grpc_queue *queue)
{
    if (ros__grpc_stopping(server))
        return true;
    struct ros__grpc_call *call = ros_alloc_zero(NULL, sizeof *call);
    if (call == NULL)
        return false;
    call->server = server;
    call->queue = queue;
    call->method = &unknown_method;
    call->last_status = -1;
    ros_arena_init(&call->arena, NULL, ANSWER_ARENA_CAP);
    ros_arena_init(&call->keep, NULL, 0);
    grpc_call_details_init(&call->details);
    grpc_metadata_array_init(&call->metadata);
    for (size_t i = 0; i < ROS_COUNT(call->tags); i++)
        call->tags[i] = (struct ros__grpc_tag){call, (enum ros__call_event) i};
    call->pending = 1;
    grpc_completion_queue *core = ros__grpc_queue_core(queue);
    grpc_call_error failed = grpc_server_request_call(ros__grpc_core(server), &call->core, &call->details,
                                                      &call->metadata, core, core, &call->tags[ROS__EVENT_NEW]);
    if (failed != GRPC_CALL_OK)
        call_free(call);
    return failed == GRPC_CALL_OK;
}
