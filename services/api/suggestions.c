/*
 * What is suggested for one system. The texts come from the table `rules`, where placeholders stand for what differs
 * from host to host; they are replaced as text, and nothing in a table is ever evaluated.
 */
#include <string.h>

#include "interp/base/num.h"
#include "proto/ros/v1/systems.pb-c.h"
#include "services/api/convert.h"
#include "services/api/handlers.h"
#include "services/common/json.h"
#include "services/score/rules.h"
#include "store/read.h"

#define SHOWN_CANDIDATES 3

#define SET_TEXT(message, FIELD, field, value)                                                                         \
    do {                                                                                                               \
        char *text_ = (value);                                                                                         \
        if (text_ != NULL) {                                                                                           \
            (message)->_##field##_case = ROS__V1__SUGGESTION___##FIELD##_##FIELD;                                      \
            (message)->field = text_;                                                                                  \
        }                                                                                                              \
    } while (0)

/* --- placeholders ------------------------------------------------------------------------------------------------- */

struct values {
    const char *instance_type;
    const char *cloud_provider;
    const char *region;
};

static void add_upper(struct ros_buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        ros_buf_addc(out, *text >= 'a' && *text <= 'z' ? (char) (*text - 'a' + 'A') : *text);
}

/* Adds the value of the placeholder at `at`; how many bytes it took, 0 when there is none. */
static size_t add_placeholder(struct ros_buf *out, const char *at, const struct values *values)
{
    const struct {
        const char *text;
        const char *value;
        bool upper;
    } rows[] = {{"{system.instance_type}", values->instance_type, false},
                {"{system.region}", values->region, false},
                {"{system.cloud_provider.upper()}", values->cloud_provider, true},
                {"{system.cloud_provider}", values->cloud_provider, false}};
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        size_t len = strlen(rows[i].text);
        if (strncmp(at, rows[i].text, len) != 0)
            continue;
        const char *value = rows[i].value != NULL ? rows[i].value : "(unknown)";
        if (rows[i].upper)
            add_upper(out, value);
        else
            ros_buf_puts(out, value);
        return len;
    }
    return 0;
}

static char *render(struct ros_arena *arena, const char *text, const struct values *values)
{
    if (text == NULL)
        return NULL;
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    while (*text != '\0') {
        size_t taken = *text == '{' ? add_placeholder(&out, text, values) : 0;
        if (taken == 0)
            ros_buf_addc(&out, *text++);
        text += taken;
    }
    return ros_buf_code(&out) == ROS_OK ? ros_arena_copy(arena, ros_buf_text(&out), out.len) : NULL;
}

/* --- states and offers -------------------------------------------------------------------------------------------- */

/* The active rules' words for a state; its name when they have none. */
static const char *state_text(const struct ros_program *program, const char *state)
{
    size_t count = program != NULL ? ros_program_flag_count(program) : 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(ros_program_flag(program, i)->name, state) == 0)
            return ros_program_flag(program, i)->text;
    return state;
}

static void add_states(struct ros_buf *out, const struct ros_program *program, const json_t *states)
{
    json_t *members = (json_t *) (uintptr_t) states; /* iterating changes nothing, but jansson's types say otherwise */
    for (void *at = json_object_iter(members); at != NULL; at = json_object_iter_next(members, at)) {
        size_t i;
        json_t *state;
        json_array_foreach(json_object_iter_value(at), i, state)
        {
            const char *name = ros_json_text(state);
            if (name != NULL)
                ros_buf_printf(out, "%s%s", out->len > 0 ? "\n" : "", state_text(program, name));
        }
    }
}

/* "0.0116", "0" for a whole number, "unknown" for none. */
static void add_price(struct ros_buf *out, const json_t *price)
{
    if (json_is_integer(price))
        ros_buf_printf(out, "%lld", (long long) json_integer_value(price));
    else if (json_is_real(price))
        ros_buf_double(out, json_real_value(price));
    else
        ros_buf_puts(out, "unknown");
}

static void add_offer(struct ros_buf *out, const char *type, const json_t *price)
{
    ros_buf_printf(out, "%s%s (", out->len > 0 ? "\n" : "", type != NULL ? type : "(unknown)");
    add_price(out, price);
    ros_buf_puts(out, " USD/hour)");
}

static char *keep(struct ros_arena *arena, const struct ros_buf *text)
{
    return ros_buf_code(text) == ROS_OK ? ros_arena_copy(arena, ros_buf_text(text), text->len) : NULL;
}

static void fill_details(struct ros_arena *arena, const struct ros_program *program, const char *key,
                         const json_t *details, Ros__V1__Suggestion *to)
{
    ros_auto(ros_buf) struct ros_buf issues = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf offers = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf current = ROS_BUF_INIT;
    if (key == NULL || strcmp(key, "INSTANCE_IDLE") != 0) {
        add_states(&issues, program, json_object_get(details, "states"));
        SET_TEXT(to, DETECTED_ISSUES, detected_issues, keep(arena, &issues));
    }
    const json_t *candidates = json_object_get(details, "candidates");
    for (size_t i = 0; i < SHOWN_CANDIDATES && i < json_array_size(candidates); i++) {
        const json_t *pair = json_array_get(candidates, i);
        add_offer(&offers, ros_json_text(json_array_get(pair, 0)), json_array_get(pair, 1));
    }
    SET_TEXT(to, SUGGESTED_INSTANCES, suggested_instances, keep(arena, &offers));
    add_offer(&current, ros_json_text(json_object_get(details, "instance_type")), json_object_get(details, "price"));
    SET_TEXT(to, CURRENT_INSTANCE, current_instance, keep(arena, &current));
}

static Ros__V1__Suggestion *make_suggestion(struct ros_arena *arena, const struct ros_program *program,
                                            const struct ros_pg_rows *rows, size_t row)
{
    Ros__V1__Suggestion *to = ros_arena_new(arena, Ros__V1__Suggestion);
    if (to == NULL)
        return NULL;
    ros__v1__suggestion__init(to);
    const struct values values = {ros_pg_rows_text(rows, row, ROS_SUGGESTION_INSTANCE_TYPE),
                                  ros_pg_rows_text(rows, row, ROS_SUGGESTION_CLOUD_PROVIDER),
                                  ros_pg_rows_text(rows, row, ROS_SUGGESTION_REGION)};
    to->rule_id = ros__copy_cell(arena, rows, row, ROS_SUGGESTION_RULE_ID);
    SET_TEXT(to, DESCRIPTION, description,
             render(arena, ros_pg_rows_text(rows, row, ROS_SUGGESTION_DESCRIPTION), &values));
    SET_TEXT(to, REASON, reason, render(arena, ros_pg_rows_text(rows, row, ROS_SUGGESTION_REASON), &values));
    SET_TEXT(to, RESOLUTION, resolution,
             render(arena, ros_pg_rows_text(rows, row, ROS_SUGGESTION_RESOLUTION), &values));
    SET_TEXT(to, CONDITION, condition, render(arena, ros_pg_rows_text(rows, row, ROS_SUGGESTION_CONDITION), &values));
    json_t *details = ros__json_cell(rows, row, ROS_SUGGESTION_DETAILS);
    fill_details(arena, program, ros_pg_rows_text(rows, row, ROS_SUGGESTION_KEY), details, to);
    json_decref(details);
    bool psi;
    if (ros_pg_rows_bool(rows, row, ROS_SUGGESTION_PSI, &psi)) {
        to->_psi_enabled_case = ROS__V1__SUGGESTION___PSI_ENABLED_PSI_ENABLED;
        to->psi_enabled = psi;
    }
    return to->rule_id != NULL && ros_arena_code(arena) == ROS_OK ? to : NULL;
}

/* --- the answer --------------------------------------------------------------------------------------------------- */

static enum ros_code fill_answer(const struct ros__request *request, const struct ros_pg_rows *rows,
                                 const struct ros_program *program, Ros__V1__ListSuggestionsResponse *answer,
                                 struct ros_error *reterr)
{
    struct ros_arena *arena = request->call->arena;
    size_t count = ros_pg_rows_count(rows);
    answer->inventory_id = ros__copy_cell(arena, rows, 0, ROS_SUGGESTION_INVENTORY_ID);
    answer->meta = ros_arena_new(arena, Ros__V1__ListSuggestionsResponse__Meta);
    answer->data = ros_arena_new_array(arena, Ros__V1__Suggestion *, count);
    if (answer->inventory_id == NULL || answer->meta == NULL || answer->data == NULL)
        return ros__no_memory(request, reterr);
    ros__v1__list_suggestions_response__meta__init(answer->meta);
    for (size_t row = 0; row < count; row++) {
        if (ros_pg_rows_text(rows, row, ROS_SUGGESTION_RULE_ID) == NULL)
            continue;
        Ros__V1__Suggestion *suggestion = make_suggestion(arena, program, rows, row);
        if (suggestion == NULL)
            return ros__no_memory(request, reterr);
        answer->data[answer->n_data++] = suggestion;
    }
    answer->meta->count = (int32_t) answer->n_data;
    return ROS_OK;
}

enum ros_code ros__list_suggestions(const struct ros_tenant *tenant, const struct ros__request *request,
                                    const ProtobufCMessage *in, ProtobufCMessage *out, struct ros_error *reterr)
{
    const Ros__V1__ListSuggestionsRequest *asked = (const Ros__V1__ListSuggestionsRequest *) in;
    const struct ros_api_config *config = ros_api_config(request->api);
    char id[37];
    if (!ros__uuid(asked->inventory_id, id))
        return ros__refuse(request, reterr, ROS_E_NOT_FOUND, 404, "Invalid host_id, Id should be in form of UUID4");
    enum ros_code code = ROS_OK;
    const char *like = ros__like_pattern(request->call->arena, asked->description, &code);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    ros_auto_ptr(ros_pg_conn) struct ros_pg_conn *conn = NULL;
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    bool reported = false;
    ROS_TRY(ros__connect(request, &conn, reterr));
    ROS_TRY(ros_read_suggestions(tenant, conn, id, like, &rows, reterr));
    if (!ros_pg_rows_bool(&rows, 0, ROS_SUGGESTION_REPORTED, &reported))
        return ros__refuse(request, reterr, ROS_E_NOT_FOUND, 404, "System %s doesn't exist.", asked->inventory_id);
    if (!reported)
        return ros__refuse(request, reterr, ROS_E_NOT_FOUND, 404, "No records for host with id %s doesn't exist",
                           asked->inventory_id);
    struct ros_program *program = config->rules != NULL ? ros_rules_get(config->rules) : NULL;
    code = fill_answer(request, &rows, program, (Ros__V1__ListSuggestionsResponse *) out, reterr);
    ros_program_unref(program);
    return code;
}
