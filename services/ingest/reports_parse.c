/*
 * reports_parse.c - what a message may say, field by field, each with its type and its bound.
 *
 * The database would refuse most of this too, but late, in a batch with others, and in words about columns. What it
 * would silently accept (a text where a list belongs, "tomorrow" as a time) is refused here alone. Two bounds come from
 * indexes: operating_system and the texts that are indexed must fit in a third of a page.
 */
#include "services/ingest/reports_parse.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "interp/base/buf.h"

#define NAME_BYTES 1024           /* display_name, fqdn */
#define WORD_BYTES 255            /* state, instance type, region, cloud provider, candidate */
#define KEY_BYTES 512             /* request id */
#define STATE_NAMES 64            /* names in one list of states */
#define OS_BYTES 2000             /* operating_system as JSON: it is indexed */
#define DOCUMENT_BYTES (1u << 20) /* any other JSON value */
#define DAY_US (24 * 3600 * 1000000LL)

struct reader {
    struct ros_arena *arena;
    const json_t *root;
    struct ros_error *reterr;
};

struct json_holder {
    json_t *json;
};
static inline void ros__auto_json_holder(struct json_holder *holder)
{
    json_decref(holder->json);
}

static enum ros_code oom(struct reader *r)
{
    return ros_error_code(r->reterr, ROS_E_OOM);
}

static enum ros_code wrong(struct reader *r, const char *key, const char *what)
{
    return ros_error_set(r->reterr, ROS_E_MESSAGE, "%s is not %s", key, what);
}

static enum ros_code too_long(struct reader *r, const char *key, size_t max_bytes)
{
    return ros_error_set(r->reterr, ROS_E_LIMIT, "%s is longer than %zu bytes", key, max_bytes);
}

/* A value that is there and not null, or NULL. */
static const json_t *value_of(const struct reader *r, const char *key)
{
    const json_t *value = json_object_get(r->root, key);
    return json_is_null(value) ? NULL : value;
}

static enum ros_code copy_text(struct reader *r, const char *key, const json_t *value, size_t max_bytes,
                               const char **ret)
{
    if (!json_is_string(value))
        return wrong(r, key, "a text");
    if (json_string_length(value) > max_bytes)
        return too_long(r, key, max_bytes);
    *ret = ros_arena_copy(r->arena, json_string_value(value), json_string_length(value));
    return *ret != NULL ? ROS_OK : oom(r);
}

static enum ros_code read_text(struct reader *r, const char *key, size_t max_bytes, const char **ret)
{
    const json_t *value = value_of(r, key);
    return value == NULL ? ROS_OK : copy_text(r, key, value, max_bytes, ret);
}

/* ---- JSON back to text: numbers as short as they came, which jansson's own writer does not do ---- */

static void write_json(const json_t *value, struct ros_buf *out);

static void write_scalar(const json_t *value, struct ros_buf *out)
{
    size_t size = json_dumpb(value, NULL, 0, JSON_ENCODE_ANY);
    if (ros_buf_reserve(out, size) != ROS_OK)
        return;
    (void) json_dumpb(value, out->data + out->len, size, JSON_ENCODE_ANY);
    out->len += size;
    out->data[out->len] = '\0';
}

static void write_key(const char *key, struct ros_buf *out)
{
    ros_auto(json_holder) struct json_holder name = {json_string(key)};
    if (name.json != NULL)
        write_scalar(name.json, out);
    else
        out->code = ROS_E_OOM;
}

static void write_object(const json_t *value, struct ros_buf *out)
{
    bool is_first = true;
    for (void *it = json_object_iter((json_t *) (uintptr_t) value); it != NULL;
         it = json_object_iter_next((json_t *) (uintptr_t) value, it)) {
        (void) ros_buf_addc(out, is_first ? '{' : ',');
        is_first = false;
        write_key(json_object_iter_key(it), out);
        (void) ros_buf_addc(out, ':');
        write_json(json_object_iter_value(it), out);
    }
    (void) ros_buf_puts(out, is_first ? "{}" : "}");
}

/* Recursion is bounded by the parser, which refuses nesting beyond 2048. */
static void write_json(const json_t *value, struct ros_buf *out)
{
    if (ros_buf_code(out) != ROS_OK)
        return;
    if (json_is_real(value)) {
        (void) ros_buf_double(out, json_real_value(value));
    } else if (json_is_object(value)) {
        write_object(value, out);
    } else if (json_is_array(value)) {
        (void) ros_buf_addc(out, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (i > 0)
                (void) ros_buf_addc(out, ',');
            write_json(json_array_get(value, i), out);
        }
        (void) ros_buf_addc(out, ']');
    } else {
        write_scalar(value, out);
    }
}

static enum ros_code read_json(struct reader *r, const char *key, json_type type, size_t max_bytes, const char **ret)
{
    const json_t *value = value_of(r, key);
    if (value == NULL)
        return ROS_OK;
    if (json_typeof(value) != type)
        return wrong(r, key, type == JSON_OBJECT ? "an object" : "a list");
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    text.cap_bytes = max_bytes;
    write_json(value, &text);
    if (ros_buf_code(&text) == ROS_E_LIMIT)
        return too_long(r, key, max_bytes);
    if (ros_buf_code(&text) != ROS_OK)
        return oom(r);
    *ret = ros_arena_copy(r->arena, ros_buf_text(&text), text.len);
    return *ret != NULL ? ROS_OK : oom(r);
}

/* ---- identity ---- */

static int lower_hex(char c)
{
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 'a';
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ? c : 0;
}

/* 32 hexadecimal digits, with dashes at the usual places or none, in any case. */
static bool normalise_uuid(const char *text, char out[37])
{
    size_t n = 0;
    bool has_dashes = strlen(text) == 36;
    for (size_t digits = 0; digits < 32; digits++) {
        if (digits == 8 || digits == 12 || digits == 16 || digits == 20) {
            out[n++] = '-';
            if (has_dashes && *text++ != '-')
                return false;
        }
        int c = lower_hex(*text++);
        if (c == 0)
            return false;
        out[n++] = (char) c;
    }
    out[n] = '\0';
    return *text == '\0';
}

static enum ros_code read_identity(struct reader *r, struct ros_report_row *row)
{
    const char *id = NULL;
    char uuid[37];
    ROS_TRY(read_text(r, "org_id", ROS_TENANT_ORG_BYTES, &row->org_id));
    struct ros_tenant tenant = {row->org_id};
    if (ros_tenant_check(&tenant, NULL) != ROS_OK)
        return wrong(r, "org_id", "an organisation");
    ROS_TRY(read_text(r, "id", 64, &id));
    if (id == NULL || !normalise_uuid(id, uuid))
        return wrong(r, "id", "a UUID");
    row->inventory_id = ros_arena_copy(r->arena, uuid, 36);
    if (row->inventory_id == NULL)
        return oom(r);
    const json_t *platform = value_of(r, "platform_metadata");
    if (platform != NULL && !json_is_object(platform))
        return wrong(r, "platform_metadata", "an object");
    const json_t *request = json_object_get(platform, "request_id");
    if (!json_is_string(request) || json_string_length(request) == 0)
        return ROS_OK;
    return copy_text(r, "request_id", request, KEY_BYTES, &row->request_key);
}

/* ---- description ---- */

static enum ros_code read_stale(struct reader *r, struct ros_report_row *row)
{
    const char *text = NULL;
    char normal[ROS_TIME_TEXT_SIZE];
    int64_t us = 0;
    ROS_TRY(read_text(r, "stale_timestamp", 64, &text));
    if (text == NULL)
        return ROS_OK;
    if (!ros_time_parse(text, strlen(text), &us))
        return wrong(r, "stale_timestamp", "a time");
    size_t size = ros_time_format(us, normal);
    row->stale_timestamp = ros_arena_copy(r->arena, normal, size);
    return row->stale_timestamp != NULL ? ROS_OK : oom(r);
}

static enum ros_code read_description(struct reader *r, struct ros_report_row *row)
{
    ROS_TRY(read_text(r, "display_name", NAME_BYTES, &row->display_name));
    ROS_TRY(read_text(r, "fqdn", NAME_BYTES, &row->fqdn));
    ROS_TRY(read_text(r, "cloud_provider", WORD_BYTES, &row->cloud_provider));
    ROS_TRY(read_stale(r, row));
    ROS_TRY(read_json(r, "groups", JSON_ARRAY, DOCUMENT_BYTES, &row->groups));
    return read_json(r, "operating_system", JSON_OBJECT, OS_BYTES, &row->operating_system);
}

/* ---- state and report ---- */

static enum ros_code read_states(struct reader *r, const char *key, struct ros_report_states *ret)
{
    const json_t *value = value_of(r, key);
    ret->is_null = value == NULL;
    if (value == NULL)
        return ROS_OK;
    if (!json_is_array(value))
        return wrong(r, key, "a list");
    size_t count = json_array_size(value);
    if (count > STATE_NAMES)
        return ros_error_set(r->reterr, ROS_E_LIMIT, "%s has more than %d names", key, STATE_NAMES);
    const char **names = ros_arena_array(r->arena, count, sizeof(*names));
    if (names == NULL)
        return oom(r);
    for (size_t i = 0; i < count; i++)
        ROS_TRY(copy_text(r, key, json_array_get(value, i), WORD_BYTES, &names[i]));
    ret->names = names;
    ret->count = count;
    return ROS_OK;
}

static enum ros_code read_state(struct reader *r, struct ros_report_row *row)
{
    static const struct {
        const char *key;
        unsigned bit;
    } keys[] = {
        {"cpu_states", ROS_REPORT_HAS_CPU_STATES},       {"io_states", ROS_REPORT_HAS_IO_STATES},
        {"memory_states", ROS_REPORT_HAS_MEMORY_STATES}, {"state", ROS_REPORT_HAS_STATE},
        {"instance_type", ROS_REPORT_HAS_INSTANCE_TYPE}, {"region", ROS_REPORT_HAS_REGION},
    };
    for (size_t i = 0; i < ROS_COUNT(keys); i++)
        if (json_object_get(r->root, keys[i].key) != NULL)
            row->present |= keys[i].bit;
    ROS_TRY(read_states(r, "cpu_states", &row->cpu_states));
    ROS_TRY(read_states(r, "io_states", &row->io_states));
    ROS_TRY(read_states(r, "memory_states", &row->memory_states));
    ROS_TRY(read_text(r, "state", WORD_BYTES, &row->state));
    ROS_TRY(read_text(r, "instance_type", WORD_BYTES, &row->instance_type));
    return read_text(r, "region", WORD_BYTES, &row->region);
}

static enum ros_code read_numbers(struct reader *r, struct ros_report_row *row)
{
    const json_t *count = value_of(r, "number_of_recommendations");
    const json_t *psi = value_of(r, "psi_enabled");
    const json_t *price = value_of(r, "top_candidate_price");
    if (count != NULL &&
        (!json_is_integer(count) || json_integer_value(count) < INT32_MIN || json_integer_value(count) > INT32_MAX))
        return wrong(r, "number_of_recommendations", "a whole number of 32 bits");
    if (psi != NULL && !json_is_boolean(psi))
        return wrong(r, "psi_enabled", "true or false");
    if (price != NULL && !json_is_number(price))
        return wrong(r, "top_candidate_price", "a number");
    row->number_of_recommendations = count != NULL ? json_integer_value(count) : 0;
    row->psi_known = psi != NULL;
    row->psi_enabled = json_is_true(psi);
    row->top_candidate_price_known = price != NULL;
    row->top_candidate_price = price != NULL ? json_number_value(price) : 0.0;
    return ROS_OK;
}

/* A date beyond the broker's own by more than clocks differ would outrank every true report to come. */
static enum ros_code read_date(struct reader *r, int64_t broker_us, struct ros_report_row *row)
{
    const char *text = NULL;
    row->report_date_us = broker_us;
    ROS_TRY(read_text(r, "report_date", 64, &text));
    if (text == NULL)
        return broker_us > 0 ? ROS_OK : wrong(r, "report_date", "there, and the message has no time either");
    if (!ros_time_parse(text, strlen(text), &row->report_date_us))
        return wrong(r, "report_date", "a time");
    if (broker_us > 0 && row->report_date_us > broker_us + DAY_US)
        return ros_error_set(r->reterr, ROS_E_MESSAGE, "report_date lies in the future");
    return ROS_OK;
}

static enum ros_code read_report(struct reader *r, int64_t broker_us, struct ros_report_row *row)
{
    ROS_TRY(read_state(r, row));
    ROS_TRY(read_date(r, broker_us, row));
    ROS_TRY(read_json(r, "performance_record", JSON_OBJECT, DOCUMENT_BYTES, &row->performance_record));
    ROS_TRY(read_json(r, "performance_utilization", JSON_OBJECT, DOCUMENT_BYTES, &row->performance_utilization));
    ROS_TRY(read_json(r, "rule_hit_details", JSON_ARRAY, DOCUMENT_BYTES, &row->rule_hit_details));
    ROS_TRY(read_numbers(r, row));
    return read_text(r, "top_candidate", WORD_BYTES, &row->top_candidate);
}

static bool is_report(const json_t *root)
{
    return json_object_get(root, "performance_record") != NULL ||
           json_object_get(root, "performance_utilization") != NULL ||
           json_object_get(root, "rule_hit_details") != NULL;
}

enum ros_code ros__report_parse(struct ros_arena *arena, const struct ros_reports_message *message,
                                struct ros_report_row *ret, bool *ret_ignore, struct ros_error *reterr)
{
    json_error_t error;
    struct ros_report_row row = {.topic = NULL};
    ros_auto(json_holder) struct json_holder root = {NULL};
    root.json = json_loadb(message->data, message->size, JSON_DECODE_ANY, &error);
    if (root.json == NULL && json_error_code(&error) == json_error_out_of_memory)
        return ros_error_code(reterr, ROS_E_OOM);
    if (root.json == NULL)
        return ros_error_set(reterr, ROS_E_MESSAGE, "not JSON, at byte %d", error.position);
    if (!json_is_object(root.json))
        return ros_error_set(reterr, ROS_E_MESSAGE, "not a JSON object");
    struct reader r = {arena, root.json, reterr};
    const char *type = NULL;
    int64_t broker_us =
        message->timestamp_ms > 0 && message->timestamp_ms < INT64_MAX / 1000 ? message->timestamp_ms * 1000 : 0;
    row.kind = is_report(root.json) ? ROS_REPORT_DATA : ROS_REPORT_BASE;
    row.report_date_us = broker_us;
    ROS_TRY(read_text(&r, "type", WORD_BYTES, &type));
    row.created = type != NULL && strcmp(type, "created") == 0;
    *ret_ignore = row.kind == ROS_REPORT_BASE && !row.created && (type == NULL || strcmp(type, "updated") != 0);
    if (*ret_ignore)
        return ROS_OK;
    ROS_TRY(read_identity(&r, &row));
    ROS_TRY(read_description(&r, &row));
    if (row.kind == ROS_REPORT_DATA)
        ROS_TRY(read_report(&r, broker_us, &row));
    *ret = row;
    return ROS_OK;
}
