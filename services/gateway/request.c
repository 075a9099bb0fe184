/*
 * Words in, message out, JSON back. What a caller did wrong is told; what went wrong here is logged once and told in
 * general words.
 */
#include "services/gateway/request.h"

#include <string.h>
#include <strings.h>

#include "interp/base/utf8.h"
#include "proto/json.h"
#include "proto/ros/v1/systems.pb-c.h"
#include "services/common/health.h"
#include "services/common/identity.h"
#include "services/common/json.h"
#include "services/common/log.h"
#include "services/common/metrics.h"
#include "services/gateway/links.h"

#define JSON_TYPE "application/json; charset=UTF-8;"
#define TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define LARGEST_HEADER 16384
#define PARAMETERS_MAX 500
#define REQUEST_ARENA_CAP ((size_t) 512 << 20)

struct request {
    const struct ros_gateway_config *config;
    struct MHD_Connection *connection;
    const char *path;
    struct ros_arena arena;
    struct ros__match match;
    ProtobufCMessage *input;
    struct ros_buf kept; /* parameters that links repeat */
    size_t parameters;
    bool seen[64];      /* scalar fields that a parameter has set, by index */
    enum ros_code code; /* first failure while walking over parameters */
    struct ros_error error;
    const char *identity;
    size_t identity_count;
};

/* --- answers ------------------------------------------------------------------------------------------------------ */

static void answer_message(struct ros__answer *ret, int status, const char *key, const char *text)
{
    ret->status = status;
    ret->content_type = JSON_TYPE;
    ros_buf_clear(&ret->body);
    ros_buf_printf(&ret->body, "{\"%s\": ", key);
    ros_json_add_text(&ret->body, text, strlen(text));
    ros_buf_puts(&ret->body, "}\n");
}

static void answer_error(const struct request *r, const struct ros_call *call, enum ros_code code,
                         const struct ros_error *error, struct ros__answer *ret)
{
    int status = call != NULL && call->http_status != 0 ? call->http_status : ros_code_http(code);
    if (status >= 500) {
        ROS_LOG(r->config->log, ROS_LOG_ERROR, "request_failed", error->text, ros_field_text("path", r->path),
                ros_field_code(code));
        answer_message(ret, status, "message", ros_code_text(code));
        return;
    }
    answer_message(ret, status, code == ROS_E_UNAUTHENTICATED ? "Error" : "message", error->text);
}

static bool answer_for_operators(const struct ros_gateway_config *config, const char *path, struct ros__answer *ret)
{
    ret->status = MHD_HTTP_OK;
    ret->content_type = JSON_TYPE;
    if (strcmp(path, "/healthz") == 0) {
        ret->route = "/healthz";
        ros_buf_puts(&ret->body, "{\"alive\": true}\n");
    } else if (strcmp(path, "/readyz") == 0) {
        ret->route = "/readyz";
        ret->status = ros_health_ready(config->health) ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
        if (ros_health_write(config->health, &ret->body) != ROS_OK)
            answer_message(ret, MHD_HTTP_SERVICE_UNAVAILABLE, "message", ros_code_text(ROS_E_OOM));
    } else if (strcmp(path, "/metrics") == 0) {
        ret->route = "/metrics";
        ret->content_type = TEXT_TYPE;
        if (ros_metrics_write(config->metrics, &ret->body) != ROS_OK)
            answer_message(ret, MHD_HTTP_SERVICE_UNAVAILABLE, "message", ros_code_text(ROS_E_OOM));
    } else {
        return false;
    }
    return true;
}

/* --- parameters --------------------------------------------------------------------------------------------------- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c) != NULL;
}

static void keep_encoded(struct ros_buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (is_plain(*text))
            ros_buf_addc(out, *text);
        else
            ros_buf_printf(out, "%%%02X", (unsigned char) *text);
}

/* Of a parameter that is given more than once and is no list, the first one counts. */
static bool is_repeated_scalar(struct request *r, const char *name)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(r->input->descriptor, name);
    if (field == NULL || field->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    size_t index = (size_t) (field - r->input->descriptor->fields);
    if (index >= ROS_COUNT(r->seen) || r->seen[index])
        return true;
    r->seen[index] = true;
    return false;
}

/* limit and offset that are no whole numbers count as not given; digits beyond any page are refused. */
static bool is_ignorable(const char *name, const char *value)
{
    if (strcmp(name, "limit") != 0 && strcmp(name, "offset") != 0)
        return false;
    return value[0] == '\0' || strspn(value, "0123456789") != strlen(value);
}

/* A number as people write it in an address: blanks around it and a plus sign do not matter. */
static const char *plain_number(struct request *r, const char *value)
{
    while (*value == ' ' || *value == '\t')
        value++;
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        len--;
    if (len > 1 && *value == '+' && value[1] != '-')
        return ros_arena_copy(&r->arena, value + 1, len - 1);
    return ros_arena_copy(&r->arena, value, len);
}

static enum ros_code take_parameter(struct request *r, const char *name, const char *value)
{
    bool known = false;
    if (is_repeated_scalar(r, name))
        return ROS_OK;
    if (ros_utf8_check(value, strlen(value)) != strlen(value))
        return ros_error_set(&r->error, ROS_E_ARGUMENT, "a parameter is not UTF-8");
    if (strcmp(name, "limit") == 0 || strcmp(name, "offset") == 0)
        value = plain_number(r, value);
    if (value == NULL)
        return ros_error_code(&r->error, ROS_E_OOM);
    enum ros_code code = ros_proto_set_text(r->input, name, value, &r->arena, &known, &r->error);
    if (code == ROS_E_ARGUMENT && is_ignorable(name, value))
        return ROS_OK;
    ROS_TRY(code);
    if (!known || strcmp(name, "limit") == 0 || strcmp(name, "offset") == 0)
        return ROS_OK;
    ros_buf_addc(&r->kept, '&');
    keep_encoded(&r->kept, name);
    ros_buf_addc(&r->kept, '=');
    keep_encoded(&r->kept, value);
    return ros_buf_code(&r->kept) == ROS_OK ? ROS_OK : ros_error_code(&r->error, ROS_E_OOM);
}

static enum MHD_Result on_parameter(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct request *r = context;
    (void) kind;
    if (++r->parameters > PARAMETERS_MAX) {
        r->code = ros_error_set(&r->error, ROS_E_ARGUMENT, "more than %d parameters", PARAMETERS_MAX);
        return MHD_NO;
    }
    const char *name = ros__decode(&r->arena, key, strlen(key));
    const char *text = ros__decode(&r->arena, value != NULL ? value : "", value != NULL ? strlen(value) : 0);
    if (name == NULL || text == NULL)
        r->code = ros_arena_code(&r->arena) != ROS_OK
                      ? ros_error_code(&r->error, ros_arena_code(&r->arena))
                      : ros_error_set(&r->error, ROS_E_ARGUMENT, "a parameter holds a NUL byte");
    else
        r->code = take_parameter(r, name, text);
    return r->code == ROS_OK ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_header(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct request *r = context;
    (void) kind;
    size_t len = value != NULL ? strlen(value) : 0;
    if (len > LARGEST_HEADER)
        r->code = ROS_E_LIMIT;
    if (strcasecmp(key, "x-rh-identity") == 0) {
        r->identity = value;
        r->identity_count++;
    }
    return MHD_YES;
}

static enum ros_code make_input(struct request *r)
{
    const ProtobufCMessageDescriptor *descriptor = r->match.method->input;
    r->input = ros_arena_get(&r->arena, descriptor->sizeof_message);
    if (r->input == NULL)
        return ros_error_code(&r->error, ROS_E_OOM);
    descriptor->message_init(r->input);
    for (size_t i = 0; i < r->match.variable_count; i++)
        ROS_TRY(take_parameter(r, r->match.variables[i].name, r->match.variables[i].value));
    ros_buf_clear(&r->kept);
    MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, on_parameter, r);
    return r->code;
}

/* --- methods ------------------------------------------------------------------------------------------------------ */

static enum ros_code add_links(struct request *r, ProtobufCMessage *output)
{
    if (output->descriptor != &ros__v1__list_systems_response__descriptor)
        return ROS_OK;
    Ros__V1__ListSystemsResponse *list = (Ros__V1__ListSystemsResponse *) output;
    const char *path = ros__decode(&r->arena, r->path, strlen(r->path));
    list->links = path != NULL ? ros__links(&r->arena, path, ros_buf_text(&r->kept), list->meta) : NULL;
    return list->links != NULL ? ROS_OK : ros_error_code(&r->error, ROS_E_OOM);
}

static void answer_method(struct request *r, struct ros__answer *ret)
{
    struct ros_call call = {
        .arena = &r->arena, .identity = r->identity, .identity_len = r->identity != NULL ? strlen(r->identity) : 0};
    ProtobufCMessage *output = NULL;
    enum ros_code code = make_input(r);
    if (code == ROS_OK)
        code = ros_method_call(r->config->api, r->match.method, &call, r->input, &output, &r->error);
    if (code == ROS_OK)
        code = add_links(r, output);
    if (code == ROS_OK) {
        ret->status = MHD_HTTP_OK;
        ret->content_type = JSON_TYPE;
        code = ros_proto_json(output, &ret->body);
        if (code == ROS_OK)
            code = ros_buf_addc(&ret->body, '\n');
        if (code != ROS_OK)
            ros_error_code(&r->error, code);
    }
    if (code != ROS_OK)
        answer_error(r, &call, code, &r->error, ret);
}

static void answer_path(struct request *r, const struct ros__routes *routes, const char *verb, struct ros__answer *ret)
{
    enum ros_code code = ros__routes_match(routes, verb, r->path, &r->arena, &r->match, &r->error);
    ret->route = r->match.template;
    ret->allow = NULL;
    if (code != ROS_OK) {
        answer_error(r, NULL, code, &r->error, ret);
    } else if (r->match.template == NULL) {
        answer_message(ret, MHD_HTTP_NOT_FOUND, "message", "There is nothing at this address");
    } else if (strcmp(verb, "OPTIONS") == 0) {
        ret->status = MHD_HTTP_OK;
        ret->content_type = JSON_TYPE;
        ret->allow = r->match.allow;
        ret->preflight = true;
    } else if (r->match.method == NULL) {
        answer_message(ret, MHD_HTTP_METHOD_NOT_ALLOWED, "message", "The method is not allowed for the requested URL.");
        ret->allow = r->match.allow;
    } else {
        answer_method(r, ret);
    }
}

void ros__request_answer(const struct ros_gateway_config *config, const struct ros__routes *routes,
                         struct MHD_Connection *connection, const char *verb, const char *path, struct ros__answer *ret)
{
    if (answer_for_operators(config, path, ret))
        return;
    if (routes == NULL) {
        answer_message(ret, MHD_HTTP_NOT_FOUND, "message", "There is nothing at this address");
        return;
    }
    struct request r = {.config = config, .connection = connection, .path = path};
    ros_arena_init(&r.arena, NULL, REQUEST_ARENA_CAP);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, &r);
    if (r.code == ROS_E_LIMIT) {
        answer_message(ret, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "message", "A header is longer than 16384 bytes");
    } else if (r.identity_count > 1) {
        answer_message(ret, MHD_HTTP_BAD_REQUEST, "message", "x-rh-identity is there more than once");
    } else {
        answer_path(&r, routes, verb, ret);
    }
    ros_buf_done(&r.kept);
    ros_arena_done(&r.arena);
}
