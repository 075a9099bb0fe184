/*
 * The server around the calls: arguments that close the core's known holes, queues with their threads, and the drain.
 *
 * Watchers of health are told by looking twice a second, so no thread ever touches another thread's call.
 */
#include "services/api/grpc/server.h"

#include <grpc/compression.h>
#include <grpc/grpc_security.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "interp/base/clock.h"
#include "proto/descriptors.h"
#include "proto/grpc/health/v1/health.pb-c.h"
#include "proto/grpc/reflection/v1/reflection.pb-c.h"
#include "services/api/grpc/call.h"
#include "services/common/config.h"
#include "services/common/health.h"
#include "services/common/log.h"

#define TICK_MS 500
#define GRACE_MS 5000
#define MESSAGE_BYTES (4 << 20)
#define METADATA_BYTES 16384
#define STREAMS 100
#define KEEPALIVE_MS 60000
#define KEEPALIVE_WAIT_MS 20000
#define SHORTEST_PING_MS 5000
#define ACCEPTS_A_QUEUE 4
#define OWN_METHODS 4

struct ros__grpc_queue {
    struct ros_grpc *server;
    grpc_completion_queue *core;
    pthread_t thread;
    bool running;
    unsigned missing; /* accepts that memory was too short for */
    struct ros__grpc_call *streams;
};

struct ros_grpc {
    struct ros_api *api;
    const struct ros_api_config *config;
    struct ros_descriptors *descriptors;
    struct ros_arena arena;
    struct ros__grpc_method *methods;
    size_t method_count;
    grpc_server *core;
    struct ros__grpc_queue *queues;
    size_t queue_count;
    bool started;
    atomic_bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t drained_changed;
    bool drained;
};

/* --- for call.c and the handlers ---------------------------------------------------------------------------------- */

const struct ros__grpc_method *ros__grpc_find(const struct ros_grpc *server, grpc_slice path)
{
    for (size_t i = 0; i < server->method_count; i++)
        if (grpc_slice_str_cmp(path, server->methods[i].path) == 0)
            return &server->methods[i];
    return NULL;
}

grpc_server *ros__grpc_core(const struct ros_grpc *server)
{
    return server->core;
}

grpc_completion_queue *ros__grpc_queue_core(const struct ros__grpc_queue *queue)
{
    return queue->core;
}

struct ros__grpc_call **ros__grpc_streams(struct ros__grpc_queue *queue)
{
    return &queue->streams;
}

const struct ros_api_config *ros__grpc_config(const struct ros_grpc *server)
{
    return server->config;
}

struct ros_api *ros__grpc_api(const struct ros_grpc *server)
{
    return server->api;
}

const struct ros_descriptors *ros__grpc_descriptors(const struct ros_grpc *server)
{
    return server->descriptors;
}

bool ros__grpc_stopping(const struct ros_grpc *server)
{
    return atomic_load(&server->stopping);
}

void ros__grpc_accept_later(struct ros__grpc_queue *queue)
{
    queue->missing++;
}

/* --- methods of the table ----------------------------------------------------------------------------------------- */

/* False when the metadata is there more than once: two identities are none. */
static bool find_identity(const struct ros__grpc_call *call, struct ros_call *to)
{
    for (size_t i = 0; i < call->metadata.count; i++) {
        const grpc_metadata *entry = &call->metadata.metadata[i];
        if (grpc_slice_str_cmp(entry->key, "x-rh-identity") != 0)
            continue;
        if (to->identity != NULL)
            return false;
        to->identity = (const char *) GRPC_SLICE_START_PTR(entry->value);
        to->identity_len = GRPC_SLICE_LENGTH(entry->value);
    }
    return true;
}

/* False when it has passed. The core's answer is in whole milliseconds, and capped where there is no deadline. */
static bool find_deadline(const struct ros__grpc_call *call, struct ros_call *to)
{
    gpr_timespec deadline = call->details.deadline;
    if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0)
        return true;
    int64_t left_ms = gpr_time_to_millis(gpr_time_sub(deadline, gpr_now(deadline.clock_type)));
    to->deadline_us = ros_clock_mono_us(ros_clock_system()) + left_ms * 1000;
    return left_ms > 0;
}

static void fail_call(struct ros__grpc_call *call, enum ros_code code, const struct ros_error *error)
{
    bool ours = ros_code_http(code) >= 500;
    if (ours)
        ROS_LOG(call->server->config->log, ROS_LOG_ERROR, "call_failed", error->text,
                ros_field_text("method", call->method->path), ros_field_code(code));
    ros__call_finish(call, NULL, (grpc_status_code) ros_code_grpc(code), ours ? ros_code_text(code) : error->text);
}

static void run_method(struct ros__grpc_call *call, const ProtobufCMessage *message)
{
    struct ros_error error = ROS_ERROR_INIT;
    struct ros_call request = {.arena = &call->arena};
    ProtobufCMessage *answer = NULL;
    if (!find_deadline(call, &request)) {
        ros__call_finish(call, NULL, GRPC_STATUS_DEADLINE_EXCEEDED, "the deadline has passed");
        return;
    }
    enum ros_code code =
        find_identity(call, &request)
            ? ros_method_call(call->server->api, call->method->method, &request, message, &answer, &error)
            : ros_error_set(&error, ROS_E_ARGUMENT, "x-rh-identity is there more than once");
    if (code == ROS_OK)
        ros__call_finish(call, answer, GRPC_STATUS_OK, NULL);
    else
        fail_call(call, code, &error);
}

static enum ros_code make_methods(struct ros_grpc *server, struct ros_error *reterr)
{
    const struct ros__grpc_method own[OWN_METHODS] = {
        {"/grpc.health.v1.Health/Check", ROS__UNARY, &grpc__health__v1__health_check_request__descriptor,
         ros__health_check, NULL, NULL},
        {"/grpc.health.v1.Health/Watch", ROS__SERVER_STREAM, &grpc__health__v1__health_check_request__descriptor,
         ros__health_watch, ros__health_tick, NULL},
        {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", ROS__BIDI,
         &grpc__reflection__v1__server_reflection_request__descriptor, ros__reflection, ros__reflection_tick, NULL},
        {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", ROS__BIDI,
         &grpc__reflection__v1__server_reflection_request__descriptor, ros__reflection, ros__reflection_tick, NULL}};
    server->methods = ros_arena_new_array(&server->arena, struct ros__grpc_method, ros_method_count() + OWN_METHODS);
    if (server->methods == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    for (size_t i = 0; i < ros_method_count(); i++) {
        const struct ros_method *method = ros_method_at(i);
        const char *path = ros_arena_printf(&server->arena, "/%s/%s", method->service, method->name);
        if (path == NULL)
            return ros_error_code(reterr, ROS_E_OOM);
        server->methods[server->method_count++] =
            (struct ros__grpc_method){path, ROS__UNARY, method->input, run_method, NULL, method};
    }
    memcpy(&server->methods[server->method_count], own, sizeof own);
    server->method_count += OWN_METHODS;
    return ROS_OK;
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

static void tick(struct ros__grpc_queue *queue)
{
    while (queue->missing > 0 && ros__call_accept(queue->server, queue))
        queue->missing--;
    for (struct ros__grpc_call *call = queue->streams; call != NULL;) {
        struct ros__grpc_call *next = call->next_stream;
        call->method->on_tick(call);
        call = next;
    }
}

static void note_drained(struct ros_grpc *server)
{
    pthread_mutex_lock(&server->lock);
    server->drained = true;
    pthread_cond_broadcast(&server->drained_changed);
    pthread_mutex_unlock(&server->lock);
}

/* The hands of the clock move on under load too: a tick is due at a time, not after a silence. */
static void *serve(void *context)
{
    struct ros__grpc_queue *queue = context;
    gpr_timespec due = gpr_now(GPR_CLOCK_MONOTONIC);
    for (;;) {
        if (gpr_time_cmp(gpr_now(GPR_CLOCK_MONOTONIC), due) >= 0) {
            tick(queue);
            due = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(TICK_MS, GPR_TIMESPAN));
        }
        grpc_event event = grpc_completion_queue_next(queue->core, due, NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        if (event.type == GRPC_QUEUE_TIMEOUT)
            continue;
        if (event.tag == queue->server)
            note_drained(queue->server);
        else
            ros__call_event(event.tag, event.success != 0);
    }
}

/* --- start and stop ----------------------------------------------------------------------------------------------- */

static grpc_arg integer(const char *key, int value)
{
    return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *) (uintptr_t) key, .value.integer = value};
}

static enum ros_code make_core(struct ros_grpc *server, struct ros_error *reterr)
{
    grpc_arg list[] = {
        integer(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, MESSAGE_BYTES),
        integer(GRPC_ARG_MAX_METADATA_SIZE, METADATA_BYTES),
        integer(GRPC_ARG_MAX_CONCURRENT_STREAMS, STREAMS),
        integer(GRPC_ARG_ALLOW_REUSEPORT, 0), /* else a second server on the port starts in silence */
        integer(GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS),
        integer(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_WAIT_MS),
        integer(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, SHORTEST_PING_MS),
        /* bit 0 is "not compressed": a gzip bomb would be unpacked before its size is looked at */
        integer(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1),
    };
    const grpc_channel_args args = {ROS_COUNT(list), list};
    server->core = grpc_server_create(&args, NULL);
    server->queues = ros_arena_new_array(&server->arena, struct ros__grpc_queue, server->queue_count);
    if (server->core == NULL || server->queues == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    for (size_t i = 0; i < server->queue_count; i++) {
        server->queues[i].server = server;
        server->queues[i].core = grpc_completion_queue_create_for_next(NULL);
        grpc_server_register_completion_queue(server->core, server->queues[i].core, NULL);
    }
    return ROS_OK;
}

static enum ros_code open_port(struct ros_grpc *server, struct ros_error *reterr)
{
    const struct ros_config *config = server->config->config;
    char address[300];
    bool v6 = strchr(config->listen_address, ':') != NULL;
    snprintf(address, sizeof address, "%s%.200s%s:%lld", v6 ? "[" : "", config->listen_address, v6 ? "]" : "",
             (long long) config->grpc_port);
    grpc_server_credentials *credentials = grpc_insecure_server_credentials_create();
    int port = grpc_server_add_http2_port(server->core, address, credentials);
    grpc_server_credentials_release(credentials);
    if (port == 0)
        return ros_error_set(reterr, ROS_E_UNAVAILABLE, "%s cannot be opened for gRPC: is the port taken?", address);
    return ROS_OK;
}

static enum ros_code start_threads(struct ros_grpc *server, struct ros_error *reterr)
{
    grpc_server_start(server->core);
    server->started = true;
    for (size_t i = 0; i < server->queue_count; i++) {
        struct ros__grpc_queue *queue = &server->queues[i];
        for (unsigned k = 0; k < ACCEPTS_A_QUEUE; k++)
            queue->missing += ros__call_accept(server, queue) ? 0 : 1;
        if (pthread_create(&queue->thread, NULL, serve, queue) != 0)
            return ros_error_set(reterr, ROS_E_UNAVAILABLE, "no thread for gRPC");
        queue->running = true;
    }
    return ROS_OK;
}

/*
 * The core prints lines of its own, some of them at the will of any peer. What matters comes back as a value; standard
 * error is for our events.
 */
static void drop_line(gpr_log_func_args *line)
{
    (void) line;
}

static enum ros_code start_all(struct ros_grpc *server, struct ros_error *reterr)
{
    ROS_TRY(ros_descriptors_new(&server->descriptors, reterr));
    ROS_TRY(make_methods(server, reterr));
    ROS_TRY(make_core(server, reterr));
    ROS_TRY(open_port(server, reterr));
    ROS_TRY(start_threads(server, reterr));
    ros_health_set(server->config->health, ROS_HEALTH_GRPC, true, NULL);
    return ROS_OK;
}

enum ros_code ros_grpc_start(struct ros_api *api, struct ros_grpc **ret, struct ros_error *reterr)
{
    struct ros_grpc *server = ros_alloc_zero(NULL, sizeof *server);
    if (server == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    server->api = api;
    server->config = ros_api_config(api);
    server->queue_count = (size_t) server->config->config->grpc_threads;
    ros_arena_init(&server->arena, NULL, 0);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->drained_changed, NULL);
    gpr_set_log_function(drop_line);
    grpc_init();
    enum ros_code code = start_all(server, reterr);
    if (code != ROS_OK) {
        ros_grpc_stop(server);
        return code;
    }
    *ret = server;
    return ROS_OK;
}

/* Waits for the calls that run; false when they take longer than the grace time. */
static bool wait_drained(struct ros_grpc *server)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += GRACE_MS / 1000;
    int failed = 0;
    pthread_mutex_lock(&server->lock);
    while (!server->drained && failed == 0)
        failed = pthread_cond_timedwait(&server->drained_changed, &server->lock, &until);
    bool drained = server->drained;
    pthread_mutex_unlock(&server->lock);
    return drained;
}

static void drain(struct ros_grpc *server)
{
    grpc_server_shutdown_and_notify(server->core, server->queues[0].core, server);
    if (wait_drained(server))
        return;
    grpc_server_cancel_all_calls(server->core);
    pthread_mutex_lock(&server->lock);
    while (!server->drained)
        pthread_cond_wait(&server->drained_changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

/* Takes what is left in a queue that has no thread. */
static void empty_queue(struct ros__grpc_queue *queue)
{
    for (;;) {
        grpc_event event = grpc_completion_queue_next(queue->core, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return;
        if (event.tag != queue->server)
            ros__call_event(event.tag, event.success != 0);
    }
}

static void close_queues(struct ros_grpc *server)
{
    for (size_t i = 0; server->queues != NULL && i < server->queue_count; i++) {
        struct ros__grpc_queue *queue = &server->queues[i];
        if (queue->core == NULL)
            continue;
        grpc_completion_queue_shutdown(queue->core);
        if (queue->running)
            pthread_join(queue->thread, NULL);
        else
            empty_queue(queue);
        grpc_completion_queue_destroy(queue->core);
    }
}

void ros_grpc_stop(struct ros_grpc *server)
{
    if (server == NULL)
        return;
    atomic_store(&server->stopping, true);
    if (server->started && server->queues[0].running)
        drain(server);
    else if (server->core != NULL && server->queues != NULL && server->queues[0].core != NULL)
        grpc_server_shutdown_and_notify(server->core, server->queues[0].core, server);
    close_queues(server);
    if (server->core != NULL)
        grpc_server_destroy(server->core);
    grpc_shutdown();
    ros_descriptors_free(server->descriptors);
    pthread_cond_destroy(&server->drained_changed);
    pthread_mutex_destroy(&server->lock);
    ros_arena_done(&server->arena);
    ros_alloc_put(NULL, server, sizeof *server);
}
