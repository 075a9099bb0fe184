/* The table, and the one way in: identity, tenant, handler. */
#include "services/api/method.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "interp/base/clock.h"
#include "interp/base/utf8.h"
#include "proto/ros/v1/systems.pb-c.h"
#include "services/api/handlers.h"
#include "services/common/config.h"

struct ros_api {
    struct ros_api_config config;
};

static const char service_name[] = "ros.v1.Systems";

#define ROW(method, snake, handler, identity)                                                                          \
    {                                                                                                                  \
        {service_name, method, &ros__v1__##snake##_request__descriptor, &ros__v1__##snake##_response__descriptor},     \
            handler, identity                                                                                          \
    }

static const struct row {
    struct ros_method method;
    ros__handler *handler;
    bool needs_identity;
} rows[] = {
    ROW("GetStatus", get_status, ros__get_status, false),
    ROW("IsConfigured", is_configured, ros__is_configured, true),
    ROW("ListSystems", list_systems, ros__list_systems, true),
    ROW("GetSystem", get_system, ros__get_system, true),
    ROW("ListSuggestions", list_suggestions, ros__list_suggestions, true),
};

size_t ros_method_count(void)
{
    return ROS_COUNT(rows);
}

const struct ros_method *ros_method_at(size_t index)
{
    return &rows[index].method;
}

const struct ros_method *ros_method_find(const char *service, const char *name)
{
    for (size_t i = 0; i < ROS_COUNT(rows); i++)
        if (strcmp(rows[i].method.service, service) == 0 && strcmp(rows[i].method.name, name) == 0)
            return &rows[i].method;
    return NULL;
}

enum ros_code ros_api_new(const struct ros_api_config *config, struct ros_api **ret, struct ros_error *reterr)
{
    if (config->config->enable_rbac || config->config->enable_kessel)
        return ros_error_set(
            reterr, ROS_E_CONFIG,
            "%s is on, and this version cannot ask it what a caller may see; it will not let everybody "
            "in instead. Switch it off only where every caller may see all of its organisation",
            config->config->enable_kessel ? "enable_kessel" : "enable_rbac");
    struct ros_api *api = ros_alloc_zero(NULL, sizeof *api);
    if (api == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    api->config = *config;
    *ret = api;
    return ROS_OK;
}

void ros_api_free(struct ros_api *api)
{
    if (api != NULL)
        ros_alloc_put(NULL, api, sizeof *api);
}

const struct ros_api_config *ros_api_config(const struct ros_api *api)
{
    return &api->config;
}

enum ros_code ros__connect(const struct ros__request *request, struct ros_pg_conn **ret, struct ros_error *reterr)
{
    ROS_TRY(ros_pg_acquire(request->api->config.pool, ret, reterr));
    if (request->call->deadline_us == 0)
        return ROS_OK;
    int64_t left_us = request->call->deadline_us - ros_clock_mono_us(ros_clock_system());
    if (left_us <= 0)
        return ros_error_set(reterr, ROS_E_TIMEOUT, "the deadline has passed");
    int64_t left_ms = left_us / 1000;
    ros_pg_limit(*ret, left_ms < UINT32_MAX ? (unsigned) left_ms : UINT32_MAX);
    return ROS_OK;
}

enum ros_code ros__refuse(const struct ros__request *request, struct ros_error *reterr, enum ros_code code,
                          int http_status, const char *format, ...)
{
    char text[ROS_ERROR_TEXT_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text[ros_utf8_check(text, strlen(text))] = '\0'; /* a cut may have gone through a character */
    request->call->http_status = http_status;
    return ros_error_set(reterr, code, "%s", text);
}

enum ros_code ros__no_memory(const struct ros__request *request, struct ros_error *reterr)
{
    enum ros_code code = ros_arena_code(request->call->arena);
    return ros_error_code(reterr, code != ROS_OK ? code : ROS_E_OOM);
}

enum ros_code ros_method_call(struct ros_api *api, const struct ros_method *method, struct ros_call *call,
                              const ProtobufCMessage *input, ProtobufCMessage **ret, struct ros_error *reterr)
{
    const struct row *row = (const struct row *) (const void *) method; /* the method is the row's first member */
    struct ros_identity identity = {0};
    struct ros_tenant tenant = {0};
    struct ros__request request = {.api = api, .call = call};
    call->http_status = 0;
    if (row->needs_identity) {
        ROS_TRY(ros_identity_parse(call->identity, call->identity_len, call->arena, &identity, reterr));
        tenant.org_id = identity.org_id;
        ROS_TRY(ros_tenant_check(&tenant, reterr));
        request.identity = &identity;
    }
    ProtobufCMessage *out = ros_arena_get(call->arena, method->output->sizeof_message);
    if (out == NULL)
        return ros__no_memory(&request, reterr);
    method->output->message_init(out);
    ROS_TRY(row->handler(&tenant, &request, input, out, reterr));
    *ret = out;
    return ROS_OK;
}
