/*
 * call.h - one gRPC call on the C core, as its handlers see it. Of this room only.
 *
 * A handler is called with each message of the client (NULL after the last one of a stream) and answers by
 * ros__call_send() and, once, ros__call_finish(); nothing may follow that. Streams go in lock step: the next message is
 * read when the last answer is on its way.
 *
 * Threads: everything of a call happens on its queue's thread.
 */
#ifndef ROS_API_GRPC_CALL_H
#define ROS_API_GRPC_CALL_H

#include <grpc/grpc.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "interp/base/arena.h"
#include "services/api/grpc/server.h"
#include "services/api/method.h"

struct ros__grpc_call;
struct ros__grpc_queue;

enum ros__call_kind { ROS__UNARY, ROS__SERVER_STREAM, ROS__BIDI };

/* How one method is answered. */
struct ros__grpc_method {
    const char *path; /* "/ros.v1.Systems/GetSystem" */
    enum ros__call_kind kind;
    const ProtobufCMessageDescriptor *input;
    void (*on_message)(struct ros__grpc_call *call, const ProtobufCMessage *message);
    void (*on_tick)(struct ros__grpc_call *call); /* streams: twice a second; NULL: none */
    const struct ros_method *method;              /* of the method table; NULL for health and reflection */
};

enum ros__call_event { ROS__EVENT_NEW, ROS__EVENT_RECEIVED, ROS__EVENT_SENT, ROS__EVENT_DONE, ROS__EVENT_CLOSED };

/* A tag of the core: which call, and what happened to it. */
struct ros__grpc_tag {
    struct ros__grpc_call *call;
    enum ros__call_event event;
};

struct ros__grpc_call {
    struct ros_grpc *server;
    struct ros__grpc_queue *queue;
    grpc_call *core;
    grpc_call_details details;
    grpc_metadata_array metadata;
    const struct ros__grpc_method *method;
    struct ros_arena arena; /* of the message in hand and its answer */
    grpc_byte_buffer *input;
    struct ros__grpc_tag tags[5];
    unsigned pending; /* tags that the core still holds */
    bool initial_sent;
    bool sending;
    bool finished;
    int cancelled;
    int64_t started_us;
    const char *service;                /* health Watch: what is watched; in `keep` */
    struct ros_arena keep;              /* lives as long as the call */
    int last_status;                    /* health Watch: what was told last; -1: nothing yet */
    struct ros__grpc_call *next_stream; /* streams of this queue */
};

void ros__call_send(struct ros__grpc_call *call, const ProtobufCMessage *message);
/* message may be NULL; text is UTF-8 and may be NULL. */
void ros__call_finish(struct ros__grpc_call *call, const ProtobufCMessage *message, grpc_status_code status,
                      const char *text);

/* Asks the core for one more call on this queue; false when memory is short (ask again later). */
bool ros__call_accept(struct ros_grpc *server, struct ros__grpc_queue *queue);
/* Handles one event of the core. */
void ros__call_event(struct ros__grpc_tag *tag, bool ok);

/* --- server.c, for call.c and the handlers --- */
const struct ros__grpc_method *ros__grpc_find(const struct ros_grpc *server, grpc_slice path);
grpc_server *ros__grpc_core(const struct ros_grpc *server);
grpc_completion_queue *ros__grpc_queue_core(const struct ros__grpc_queue *queue);
struct ros__grpc_call **ros__grpc_streams(struct ros__grpc_queue *queue);
const struct ros_api_config *ros__grpc_config(const struct ros_grpc *server);
struct ros_api *ros__grpc_api(const struct ros_grpc *server);
const struct ros_descriptors *ros__grpc_descriptors(const struct ros_grpc *server);
bool ros__grpc_stopping(const struct ros_grpc *server);
/* Memory was too short to ask for the next call: the queue's next tick tries again. */
void ros__grpc_accept_later(struct ros__grpc_queue *queue);

/* --- health.c, reflection.c --- */
void ros__health_check(struct ros__grpc_call *call, const ProtobufCMessage *message);
void ros__health_watch(struct ros__grpc_call *call, const ProtobufCMessage *message);
void ros__health_tick(struct ros__grpc_call *call);
void ros__reflection(struct ros__grpc_call *call, const ProtobufCMessage *message);
void ros__reflection_tick(struct ros__grpc_call *call);

#endif
