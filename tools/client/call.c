/* All six operations of a unary call go out as one batch, and one event says that they are done. */
#include "tools/client/call.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <string.h>

#define LARGEST_ANSWER (256 << 20)

struct exchange {
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_byte_buffer *sent;
    grpc_byte_buffer *received;
    grpc_status_code status;
    grpc_slice details;
    grpc_metadata identity;
};

static grpc_byte_buffer *encode(const ProtobufCMessage *message)
{
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    grpc_byte_buffer *bytes = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return bytes;
}

static ProtobufCMessage *decode(const ProtobufCMessageDescriptor *descriptor, grpc_byte_buffer *bytes)
{
    grpc_byte_buffer_reader reader;
    if (bytes == NULL || !grpc_byte_buffer_reader_init(&reader, bytes))
        return NULL;
    grpc_slice whole = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, NULL, GRPC_SLICE_LENGTH(whole), GRPC_SLICE_START_PTR(whole));
    grpc_slice_unref(whole);
    return message;
}

/* The code whose gRPC face is this status. */
static enum ros_code code_of(grpc_status_code status)
{
    static const enum ros_code codes[] = {ROS_E_ARGUMENT,        ROS_E_NOT_FOUND, ROS_E_EXISTS,      ROS_E_CONFIG,
                                          ROS_E_UNAVAILABLE,     ROS_E_TIMEOUT,   ROS_E_CANCELLED,   ROS_E_CONFLICT,
                                          ROS_E_UNAUTHENTICATED, ROS_E_FORBIDDEN, ROS_E_UNSUPPORTED, ROS_E_LIMIT};
    for (size_t i = 0; i < ROS_COUNT(codes); i++)
        if (ros_code_grpc(codes[i]) == (int) status)
            return codes[i];
    return ROS_E_INTERNAL;
}

static void fill_ops(struct exchange *x, const struct client_call *call, grpc_op ops[6])
{
    memset(ops, 0, 6 * sizeof *ops);
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    if (call->identity != NULL) {
        x->identity.key = grpc_slice_from_static_string("x-rh-identity");
        x->identity.value = grpc_slice_from_static_string(call->identity);
        ops[0].data.send_initial_metadata.metadata = &x->identity;
        ops[0].data.send_initial_metadata.count = 1;
    }
    ops[1].op = GRPC_OP_SEND_MESSAGE;
    ops[1].data.send_message.send_message = x->sent;
    ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &x->initial;
    ops[4].op = GRPC_OP_RECV_MESSAGE;
    ops[4].data.recv_message.recv_message = &x->received;
    ops[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    ops[5].data.recv_status_on_client.trailing_metadata = &x->trailing;
    ops[5].data.recv_status_on_client.status = &x->status;
    ops[5].data.recv_status_on_client.status_details = &x->details;
}

static void exchange(grpc_channel *channel, const struct client_call *call, struct exchange *x)
{
    grpc_completion_queue *queue = grpc_completion_queue_create_for_pluck(NULL);
    gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(call->timeout_ms, GPR_TIMESPAN));
    grpc_call *core = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, queue,
                                               grpc_slice_from_static_string(call->path), NULL, deadline, NULL);
    grpc_op ops[6];
    fill_ops(x, call, ops);
    if (grpc_call_start_batch(core, ops, 6, x, NULL) == GRPC_CALL_OK)
        grpc_completion_queue_pluck(queue, x, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    else
        x->status = GRPC_STATUS_INTERNAL;
    grpc_call_unref(core);
    grpc_completion_queue_shutdown(queue);
    while (grpc_completion_queue_pluck(queue, NULL, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(queue);
}

static enum ros_code read_result(const struct client_call *call, struct exchange *x, ProtobufCMessage **ret,
                                 struct ros_error *reterr)
{
    if (x->status != GRPC_STATUS_OK) {
        char *text = grpc_slice_to_c_string(x->details);
        enum ros_code code = ros_error_set(reterr, code_of(x->status), "%s", text);
        gpr_free(text);
        return code;
    }
    *ret = decode(call->output, x->received);
    return *ret != NULL ? ROS_OK : ros_error_set(reterr, ROS_E_DATA, "the answer cannot be read");
}

enum ros_code client_call(const struct client_call *call, ProtobufCMessage **ret, struct ros_error *reterr)
{
    struct exchange x = {.sent = encode(call->input), .details = grpc_empty_slice()};
    grpc_arg limit = {.type = GRPC_ARG_INTEGER,
                      .key = (char *) (uintptr_t) GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
                      .value.integer = LARGEST_ANSWER};
    const grpc_channel_args args = {1, &limit};
    grpc_init();
    grpc_metadata_array_init(&x.initial);
    grpc_metadata_array_init(&x.trailing);
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(call->server, credentials, &args);
    grpc_channel_credentials_release(credentials);
    exchange(channel, call, &x);
    enum ros_code code = read_result(call, &x, ret, reterr);
    grpc_channel_destroy(channel);
    grpc_metadata_array_destroy(&x.initial);
    grpc_metadata_array_destroy(&x.trailing);
    grpc_byte_buffer_destroy(x.sent);
    if (x.received != NULL)
        grpc_byte_buffer_destroy(x.received);
    grpc_slice_unref(x.details);
    grpc_shutdown();
    return code;
}
