/*
 * method.h - the methods of proto/ros/v1 as a table: message in, message out, free of any transport.
 *
 * gRPC and REST both come through ros_method_call(): the identity is parsed there, once, and becomes the tenant that
 * every read needs. An answer and everything in it lives in the call's arena; it is packed or printed, never freed
 * alone.
 *
 * Threads: calls run at the same time on as many threads as ask; each has its own struct ros_call and arena.
 * Errors:  enum ros_code with its gRPC and HTTP faces; `http_status` where REST has always said something else.
 */
#ifndef ROS_API_METHOD_H
#define ROS_API_METHOD_H

#include <protobuf-c/protobuf-c.h>

#include "interp/base/arena.h"

struct ros_api;

struct ros_call {
    struct ros_arena *arena;
    const char *identity; /* the header or metadata x-rh-identity; NULL: none */
    size_t identity_len;
    int64_t deadline_us; /* of ros_clock_system()'s mono_us, when the caller stops waiting; 0: it waits */
    int http_status;     /* set by a failing method that has a REST status of its own; 0: the code's */
};

struct ros_method {
    const char *service; /* "ros.v1.Systems" */
    const char *name;    /* "GetSystem" */
    const ProtobufCMessageDescriptor *input;
    const ProtobufCMessageDescriptor *output;
};

size_t ros_method_count(void);
const struct ros_method *ros_method_at(size_t index);
/* NULL when there is no such method. */
const struct ros_method *ros_method_find(const char *service, const char *name);

/* Runs a method on a message of its input type. *ret is of its output type, and lives in the arena. */
enum ros_code ros_method_call(struct ros_api *api, const struct ros_method *method, struct ros_call *call,
                              const ProtobufCMessage *input, ProtobufCMessage **ret,
                              struct ros_error *reterr) ROS_MUST_CHECK;

#endif
