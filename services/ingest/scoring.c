/*
 * Admission of inventory events. The order of the questions is that of the reference system, because the first answer
 * decides which counter moves; each question is one small function, so that its test is one too.
 */
#include "services/ingest/scoring.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "interp/base/clock.h"
#include "services/common/json.h"
#include "store/tenant.h"

#define API_PRODUCER "host-inventory-service"
enum { UUID_CHARS = 36, REQUEST_ID_MAX = 255, URL_MAX = 8192 };

static enum ros_code ROS_PRINTF(3, 4) dead(struct ros_decision *decision, enum ros_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(decision->reason.text, sizeof decision->reason.text, format, args);
    va_end(args);
    decision->reason.code = code;
    decision->kind = ROS_DECISION_DEAD;
    decision->outcome = "dead_message";
    return ROS_OK;
}

static enum ros_code ignored(struct ros_decision *decision, const char *outcome)
{
    decision->kind = ROS_DECISION_IGNORE;
    decision->outcome = outcome;
    return ROS_OK;
}

/* As Python judges: null, false, zero and everything empty are false. */
static bool is_true(const json_t *value)
{
    switch (value != NULL ? json_typeof(value) : JSON_NULL) {
    case JSON_TRUE:
        return true;
    case JSON_INTEGER:
        return json_integer_value(value) != 0;
    case JSON_REAL:
        return json_real_value(value) != 0;
    case JSON_STRING:
        return json_string_length(value) > 0;
    case JSON_ARRAY:
        return json_array_size(value) > 0;
    case JSON_OBJECT:
        return json_object_size(value) > 0;
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return false;
}

/* A text of 1 to max bytes without control characters, or NULL. */
static const char *plain_text(const json_t *value, size_t max)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if (text == NULL || len == 0 || len > max)
        return NULL;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char) text[i] < 0x20 || text[i] == 0x7f)
            return NULL;
    return text;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_uuid(const char *text)
{
    if (text == NULL || strlen(text) != UUID_CHARS)
        return false;
    for (size_t i = 0; i < UUID_CHARS; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !is_hex(text[i]))
            return false;
    }
    return true;
}

/* The header `producer`; of several, the last counts. */
static bool made_by_api(const struct ros_broker_message *message)
{
    const struct ros_broker_header *producer = NULL;
    for (size_t i = 0; i < message->header_count; i++)
        if (strcmp(message->headers[i].name, "producer") == 0)
            producer = &message->headers[i];
    return producer != NULL && producer->value != NULL &&
           memmem(producer->value, producer->size, API_PRODUCER, strlen(API_PRODUCER)) != NULL;
}

static bool find_date(const struct ros_broker_message *message, const json_t *root, int64_t *ret_us)
{
    const json_t *stamp = json_object_get(root, "timestamp");
    if (json_is_string(stamp) && ros_time_parse(json_string_value(stamp), json_string_length(stamp), ret_us))
        return true;
    if (message->timestamp_ms < 0 || message->timestamp_ms > INT64_MAX / 1000)
        return false;
    *ret_us = message->timestamp_ms * 1000;
    return true;
}

static const char *find_request_id(const json_t *root, const json_t *platform)
{
    const char *id = plain_text(json_object_get(platform, "request_id"), REQUEST_ID_MAX);
    if (id == NULL)
        id = plain_text(json_object_get(json_object_get(root, "metadata"), "request_id"), REQUEST_ID_MAX);
    return id;
}

static enum ros_code decide_upload(const json_t *platform, struct ros_decision *decision)
{
    if (platform == NULL || json_is_null(platform))
        return ignored(decision, "ignored_no_upload");
    if (!is_true(json_object_get(platform, "is_ros_v2")))
        return ignored(decision, "ignored_not_ros");
    decision->url = plain_text(json_object_get(platform, "url"), URL_MAX);
    if (decision->url == NULL)
        return dead(decision, ROS_E_MESSAGE, "platform_metadata.url is missing or not a text of 1 to %d bytes",
                    URL_MAX);
    if (decision->request_id == NULL)
        return dead(decision, ROS_E_MESSAGE, "neither platform_metadata nor metadata has a request_id");
    decision->has_pcp = is_true(json_object_get(platform, "is_pcp_raw_data_collected"));
    decision->kind = ROS_DECISION_FETCH;
    decision->outcome = "fetch";
    return ROS_OK;
}

static enum ros_code decide_host(const struct ros_broker_message *message, bool is_update, ros_decision_flag *flag,
                                 void *context, struct ros_decision *decision)
{
    const json_t *root = decision->message;
    const json_t *host = json_object_get(root, "host");
    if (!json_is_object(host))
        return dead(decision, ROS_E_MESSAGE, "host is missing or not an object");
    const char *org_id = json_string_value(json_object_get(host, "org_id"));
    struct ros_tenant tenant = {.org_id = org_id};
    if (org_id == NULL || ros_tenant_check(&tenant, NULL) != ROS_OK)
        return dead(decision, ROS_E_MESSAGE, "host.org_id is missing or not a valid text");
    decision->org_id = org_id;
    if (!flag(context, org_id))
        return ignored(decision, "ignored_flag_off");
    const char *id = json_string_value(json_object_get(host, "id"));
    if (!is_uuid(id))
        return dead(decision, ROS_E_MESSAGE, "host.id is missing or not a UUID");
    decision->host_id = id;
    const json_t *platform = json_object_get(root, "platform_metadata");
    if (platform != NULL && !json_is_null(platform) && !json_is_object(platform))
        return dead(decision, ROS_E_MESSAGE, "platform_metadata is not an object");
    if (!find_date(message, root, &decision->report_date_us))
        return dead(decision, ROS_E_MESSAGE, "timestamp is no time, and the message has none either");
    decision->request_id = find_request_id(root, platform);
    if (!is_update || !made_by_api(message))
        return decide_upload(platform, decision);
    if (decision->request_id == NULL)
        decision->request_id = "";
    decision->kind = ROS_DECISION_API;
    decision->outcome = "api";
    return ROS_OK;
}

static enum ros_code decide_object(const struct ros_broker_message *message, ros_decision_flag *flag, void *context,
                                   struct ros_decision *decision)
{
    const char *type = json_string_value(json_object_get(decision->message, "type"));
    if (type == NULL)
        return dead(decision, ROS_E_MESSAGE, "type is missing or not a text");
    if (strcmp(type, "delete") == 0)
        return ignored(decision, "ignored_delete");
    bool is_update = strcmp(type, "updated") == 0;
    if (!is_update && strcmp(type, "created") != 0)
        return ignored(decision, "ignored_type");
    return decide_host(message, is_update, flag, context, decision);
}

enum ros_code ros_decide(const struct ros_broker_message *message, size_t max_bytes, ros_decision_flag *flag,
                         void *context, struct ros_decision *ret, struct ros_error *reterr)
{
    memset(ret, 0, sizeof *ret);
    if (message->data == NULL)
        return ignored(ret, "ignored_tombstone");
    struct ros_json_limits limits = {.bytes = max_bytes};
    struct ros_error why = ROS_ERROR_INIT;
    enum ros_code code = ros_json_parse(message->data, message->size, &limits, &ret->message, &why);
    if (code == ROS_E_OOM)
        return ros_error_code(reterr, code);
    if (code != ROS_OK)
        return dead(ret, code == ROS_E_LIMIT ? code : ROS_E_MESSAGE, "%s", why.text);
    if (!json_is_object(ret->message))
        return dead(ret, ROS_E_MESSAGE, "not a JSON object");
    return decide_object(message, flag, context, ret);
}

void ros_decision_done(struct ros_decision *decision)
{
    json_decref(decision->message);
    memset(decision, 0, sizeof *decision);
}
