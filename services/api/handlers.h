/*
 * handlers.h - one function a method; the table in method.c names them. Of this room only.
 *
 * A handler gets the tenant first: without one there is nothing to read. in and out are of its method's types; what it
 * puts into out lives in the call's arena.
 */
#ifndef ROS_API_HANDLERS_H
#define ROS_API_HANDLERS_H

#include "services/api/api.h"
#include "services/api/method.h"
#include "services/common/identity.h"
#include "store/pg.h"

struct ros__request {
    struct ros_api *api;
    struct ros_call *call;
    const struct ros_identity *identity; /* NULL for a method that needs none */
};

typedef enum ros_code ros__handler(const struct ros_tenant *tenant, const struct ros__request *request,
                                   const ProtobufCMessage *in, ProtobufCMessage *out, struct ros_error *reterr);

ros__handler ros__get_status;
ros__handler ros__is_configured;
ros__handler ros__list_systems;
ros__handler ros__get_system;
ros__handler ros__list_suggestions;

/* A connection whose statements end when the caller stops waiting. ROS_E_TIMEOUT when it has stopped already. */
enum ros_code ros__connect(const struct ros__request *request, struct ros_pg_conn **ret,
                           struct ros_error *reterr) ROS_MUST_CHECK;

/* Fails with a REST status of its own. */
enum ros_code ros__refuse(const struct ros__request *request, struct ros_error *reterr, enum ros_code code,
                          int http_status, const char *format, ...) ROS_PRINTF(5, 6);

/* ROS_E_OOM as an error, for an allocation in the arena that failed. */
enum ros_code ros__no_memory(const struct ros__request *request, struct ros_error *reterr);

#endif
