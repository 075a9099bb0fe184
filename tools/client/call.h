/* call.h - one unary gRPC call from C, start to end: what a client of the API needs, in one function. */
#ifndef ROS_TOOLS_CLIENT_CALL_H
#define ROS_TOOLS_CLIENT_CALL_H

#include <protobuf-c/protobuf-c.h>

#include "interp/base/error.h"

struct client_call {
    const char *server;   /* "127.0.0.1:9000" */
    const char *path;     /* "/ros.v1.Systems/ListSystems" */
    const char *identity; /* x-rh-identity; NULL: none */
    int timeout_ms;
    const ProtobufCMessage *input;
    const ProtobufCMessageDescriptor *output;
};

/*
 * Returns owned in *ret (protobuf_c_message_free_unpacked). The server's status comes back as the code with the same
 * gRPC face, its text as the error's.
 */
enum ros_code client_call(const struct client_call *call, ProtobufCMessage **ret, struct ros_error *reterr);

#endif
