/*
 * client.h - a gRPC client that can also be rude: any bytes as a message, any metadata, streams that are left open; and
 * a server to be rude to.
 *
 * Every call of it waits for at most ten seconds and fails the test after that.
 */
#ifndef ROS_TESTS_GRPC_CLIENT_H
#define ROS_TESTS_GRPC_CLIENT_H

#include "tests/unit/base/test.h"

#include <grpc/grpc.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "interp/base/buf.h"
#include "services/api/api.h"
#include "services/api/grpc/server.h"
#include "services/common/config.h"

/* --- the server: everything but a database, on a free port of loopback --- */

struct fixture {
    struct ros_config config;
    struct ros_health *health;
    struct ros_metrics *metrics;
    struct ros_pg_pool *pool; /* of a port where nobody listens */
    struct ros_api *api;
    struct ros_grpc *server;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);
void fixture_set(struct ros_config *config, const char *name, const char *value);

/* --- the client --- */

struct call_options {
    const char *identity;       /* x-rh-identity; NULL: none */
    const char *other_identity; /* a second one */
    const char *padding;        /* metadata x-padding */
    int timeout_ms;             /* 0: 10,000 */
    bool compressed;            /* the message goes out as gzip */
};

struct call {
    grpc_channel *channel;
    grpc_completion_queue *queue;
    grpc_call *core;
    grpc_metadata metadata[3];
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_status_code status;
    grpc_slice details;
    bool has_ended;
};

void call_open(struct call *call, const struct fixture *f, const char *path, const struct call_options *options);
/* False when the stream has ended. */
bool call_send(struct call *call, const void *bytes, size_t len, bool compressed);
bool call_send_message(struct call *call, const ProtobufCMessage *message);
void call_half_close(struct call *call);
/* The next message; NULL at the end of the stream. Freed by the caller with protobuf_c_message_free_unpacked(). */
ProtobufCMessage *call_receive(struct call *call, const ProtobufCMessageDescriptor *descriptor);
void call_cancel(struct call *call);
/* Waits for the end. The text is kept in out, which may be NULL. */
grpc_status_code call_status(struct call *call, struct ros_buf *out);
/* Ends what still runs. */
void call_close(struct call *call);

/* One message there, one back or none; *ret may be NULL. */
grpc_status_code ask_bytes(const struct fixture *f, const char *path, const void *bytes, size_t len,
                           const struct call_options *options, const ProtobufCMessageDescriptor *output,
                           ProtobufCMessage **ret, struct ros_buf *text);
grpc_status_code ask(const struct fixture *f, const char *path, const ProtobufCMessage *input,
                     const struct call_options *options, const ProtobufCMessageDescriptor *output,
                     ProtobufCMessage **ret, struct ros_buf *text);

/* {"identity":{"org_id":"1"}} */
#define IDENTITY "eyJpZGVudGl0eSI6eyJvcmdfaWQiOiIxIn19"

#endif
