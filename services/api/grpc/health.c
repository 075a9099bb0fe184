/*
 * grpc.health.v1 over the same registry that /readyz shows: the whole server ("") and each of its services serve when
 * every part of the process is ready.
 */
#include <string.h>

#include "proto/grpc/health/v1/health.pb-c.h"
#include "services/api/grpc/call.h"
#include "services/common/health.h"

typedef Grpc__Health__V1__HealthCheckRequest check_request;
typedef Grpc__Health__V1__HealthCheckResponse check_response;

enum {
    SERVING = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING,
    NOT_SERVING = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING,
    SERVICE_UNKNOWN = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN
};

static bool is_service(const char *name)
{
    for (size_t i = 0; i < ros_method_count(); i++)
        if (strcmp(ros_method_at(i)->service, name) == 0)
            return true;
    return name[0] == '\0' || strcmp(name, "grpc.health.v1.Health") == 0;
}

static int status_of(const struct ros_grpc *server, const char *service)
{
    if (!is_service(service))
        return SERVICE_UNKNOWN;
    return ros_health_ready(ros__grpc_config(server)->health) ? SERVING : NOT_SERVING;
}

void ros__health_check(struct ros__grpc_call *call, const ProtobufCMessage *message)
{
    check_response answer = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    int status = status_of(call->server, ((const check_request *) message)->service);
    if (status == SERVICE_UNKNOWN) {
        ros__call_finish(call, NULL, GRPC_STATUS_NOT_FOUND, "there is no such service");
        return;
    }
    answer.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus) status;
    ros__call_finish(call, &answer.base, GRPC_STATUS_OK, NULL);
}

void ros__health_watch(struct ros__grpc_call *call, const ProtobufCMessage *message)
{
    const char *service = ((const check_request *) message)->service;
    call->service = ros_arena_copy(&call->keep, service, strlen(service));
    if (call->service == NULL) {
        ros__call_finish(call, NULL, GRPC_STATUS_RESOURCE_EXHAUSTED, "out of memory");
        return;
    }
    ros__health_tick(call);
}

void ros__health_tick(struct ros__grpc_call *call)
{
    check_response answer = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    if (call->finished || call->sending || call->service == NULL)
        return;
    if (ros__grpc_stopping(call->server)) {
        ros__call_finish(call, NULL, GRPC_STATUS_UNAVAILABLE, "the server stops");
        return;
    }
    int status = status_of(call->server, call->service);
    if (status == call->last_status)
        return;
    call->last_status = status;
    answer.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus) status;
    ros__call_send(call, &answer.base);
}
