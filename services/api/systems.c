/* The list of systems: its parameters are judged here, word by word, before anything is asked. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "interp/base/num.h"
#include "proto/ros/v1/systems.pb-c.h"
#include "services/api/convert.h"
#include "services/api/handlers.h"
#include "services/common/json.h"
#include "store/read.h"

#define DEFAULT_LIMIT 10
#define FILTER_WORDS 100 /* values of one repeated filter */

/* Sets optional field F of message M of type T. */
#define SET_OPTIONAL(message, TYPE, FIELD, field, value)                                                               \
    do {                                                                                                               \
        (message)->_##field##_case = ROS__V1__##TYPE##___##FIELD##_##FIELD;                                            \
        (message)->field = (value);                                                                                    \
    } while (0)
#define SET_TEXT(message, TYPE, FIELD, field, value)                                                                   \
    do {                                                                                                               \
        char *text_ = (value);                                                                                         \
        if (text_ != NULL)                                                                                             \
            SET_OPTIONAL(message, TYPE, FIELD, field, text_);                                                          \
    } while (0)

/* --- parameters --------------------------------------------------------------------------------------------------- */

/* A JSON array as text in the arena; takes the array. */
static enum ros_code keep_array(const struct ros__request *request, json_t *array, const char **ret,
                                struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    enum ros_code code = array != NULL ? ros_json_dump(array, &text) : ROS_E_OOM;
    json_decref(array);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    *ret = ros_arena_copy(request->call->arena, text.data, text.len);
    return *ret != NULL ? ROS_OK : ros__no_memory(request, reterr);
}

static enum ros_code check_count(const struct ros__request *request, size_t count, const char *what,
                                 struct ros_error *reterr)
{
    if (count <= FILTER_WORDS)
        return ROS_OK;
    return ros__refuse(request, reterr, ROS_E_ARGUMENT, 400, "%s is given more than %d times", what, FILTER_WORDS);
}

/* The state's own spelling, whatever the case of the request; NULL when there is no such state. */
static const char *find_state(const char *word)
{
    static const char *const states[] = {"Oversized",           "Undersized", "Idling",          "Under pressure",
                                         "Storage rightsizing", "Optimized",  "Waiting for data"};
    for (size_t i = 0; i < ROS_COUNT(states); i++)
        if (strcasecmp(states[i], word) == 0)
            return states[i];
    return NULL;
}

static enum ros_code read_states(const struct ros__request *request, char *const *words, size_t count, const char **ret,
                                 struct ros_error *reterr)
{
    if (count == 0)
        return ROS_OK;
    ROS_TRY(check_count(request, count, "state", reterr));
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        const char *state = find_state(words[i]);
        if (state == NULL) {
            json_decref(array);
            return ros__refuse(request, reterr, ROS_E_ARGUMENT, 400, "values are not matching");
        }
        json_array_append_new(array, json_string(state));
    }
    return keep_array(request, array, ret, reterr);
}

/* "8.4", or "8" for 8.0. */
static json_t *read_version(const char *word)
{
    const char *dot = strchr(word, '.');
    size_t major_len = dot != NULL ? (size_t) (dot - word) : strlen(word);
    uint64_t major;
    uint64_t minor = 0;
    if (!ros_num_parse_u64(word, major_len, &major) || major > 1000)
        return NULL;
    if (dot != NULL && (!ros_num_parse_u64(dot + 1, strlen(dot + 1), &minor) || minor > 1000))
        return NULL;
    return json_pack("{s:s, s:i, s:i}", "name", "RHEL", "major", (int) major, "minor", (int) minor);
}

static enum ros_code read_versions(const struct ros__request *request, char *const *words, size_t count,
                                   const char **ret, struct ros_error *reterr)
{
    if (count == 0)
        return ROS_OK;
    ROS_TRY(check_count(request, count, "os", reterr));
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *version = read_version(words[i]);
        if (version == NULL) {
            json_decref(array);
            return ros__refuse(request, reterr, ROS_E_ARGUMENT, 400, "Not a valid RHEL version");
        }
        json_array_append_new(array, version);
    }
    return keep_array(request, array, ret, reterr);
}

static enum ros_code read_groups(const struct ros__request *request, char *const *words, size_t count, const char **ret,
                                 struct ros_error *reterr)
{
    if (count == 0)
        return ROS_OK;
    ROS_TRY(check_count(request, count, "group_name", reterr));
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(words[i]));
    return keep_array(request, array, ret, reterr);
}

/* The word without blanks around it, in lower case. */
static char *fold(struct ros_arena *arena, const char *word)
{
    while (isspace((unsigned char) *word))
        word++;
    size_t len = strlen(word);
    while (len > 0 && isspace((unsigned char) word[len - 1]))
        len--;
    char *folded = ros_arena_copy(arena, word, len);
    for (char *c = folded; c != NULL && *c != '\0'; c++)
        *c = (char) tolower((unsigned char) *c);
    return folded;
}

static enum ros_code read_sort(const struct ros__request *request, const Ros__V1__ListSystemsRequest *in,
                               struct ros_systems_query *query, struct ros_error *reterr)
{
    static const struct {
        const char *word;
        enum ros_read_sort sort;
    } sorts[] = {{"", ROS_SORT_REPORT_DATE},
                 {"report_date", ROS_SORT_REPORT_DATE},
                 {"display_name", ROS_SORT_DISPLAY_NAME},
                 {"cpu", ROS_SORT_CPU},
                 {"memory", ROS_SORT_MEMORY},
                 {"max_io", ROS_SORT_MAX_IO},
                 {"number_of_suggestions", ROS_SORT_SUGGESTIONS},
                 {"state", ROS_SORT_STATE},
                 {"os", ROS_SORT_OS},
                 {"group_name", ROS_SORT_GROUP_NAME}};
    const char *how = fold(request->call->arena, in->order_how);
    const char *by = fold(request->call->arena, in->order_by);
    if (how == NULL || by == NULL)
        return ros__no_memory(request, reterr);
    query->ascending = strcmp(how, "asc") == 0;
    if (!query->ascending && how[0] != '\0' && strcmp(how, "desc") != 0)
        return ros__refuse(request, reterr, ROS_E_ARGUMENT, 403, "Incorrect sorting order. Possible values - ASC/DESC");
    for (size_t i = 0; i < ROS_COUNT(sorts); i++)
        if (strcmp(sorts[i].word, by) == 0) {
            query->sort = sorts[i].sort;
            return ROS_OK;
        }
    return ros__refuse(request, reterr, ROS_E_ARGUMENT, 403, "Unexpected sort method %.100s", by);
}

static enum ros_code read_query(const struct ros__request *request, const Ros__V1__ListSystemsRequest *in,
                                struct ros_systems_query *query, struct ros_error *reterr)
{
    enum ros_code code = ROS_OK;
    query->limit = in->_limit_case != 0 && in->limit >= -1 ? in->limit : DEFAULT_LIMIT;
    query->offset = in->_offset_case != 0 && in->offset >= 0 ? in->offset : 0;
    query->display_name_like = ros__like_pattern(request->call->arena, in->display_name, &code);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    ROS_TRY(read_states(request, in->state, in->n_state, &query->states, reterr));
    ROS_TRY(read_versions(request, in->os, in->n_os, &query->operating_systems, reterr));
    ROS_TRY(read_groups(request, in->group_name, in->n_group_name, &query->group_names, reterr));
    return read_sort(request, in, query, reterr);
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static bool add_groups(struct ros_arena *arena, const json_t *groups, Ros__V1__SystemRow *to)
{
    size_t size = json_array_size(groups);
    to->groups = size > 0 ? ros_arena_new_array(arena, Ros__V1__Group *, size) : NULL;
    for (size_t i = 0; i < size; i++) {
        Ros__V1__Group *group = to->groups != NULL ? ros_arena_new(arena, Ros__V1__Group) : NULL;
        if (group == NULL)
            return false;
        ros__v1__group__init(group);
        const char *id = ros_json_text(json_object_get(json_array_get(groups, i), "id"));
        const char *name = ros_json_text(json_object_get(json_array_get(groups, i), "name"));
        SET_TEXT(group, GROUP, ID, id, id != NULL ? ros_arena_copy(arena, id, strlen(id)) : NULL);
        SET_TEXT(group, GROUP, NAME, name, name != NULL ? ros_arena_copy(arena, name, strlen(name)) : NULL);
        to->groups[to->n_groups++] = group;
    }
    return true;
}

/* The JSON columns, parsed for as long as one row is made. */
struct documents {
    json_t *utilization, *idle, *cpus, *os, *groups;
};

static void documents_done(struct documents *d)
{
    json_decref(d->utilization);
    json_decref(d->idle);
    json_decref(d->cpus);
    json_decref(d->os);
    json_decref(d->groups);
}

static bool fill_row(struct ros_arena *arena, const struct ros_pg_rows *rows, size_t row, const struct documents *d,
                     Ros__V1__SystemRow *to)
{
    SET_TEXT(to, SYSTEM_ROW, FQDN, fqdn, ros__copy_cell(arena, rows, row, ROS_SYSTEMS_FQDN));
    SET_TEXT(to, SYSTEM_ROW, DISPLAY_NAME, display_name, ros__copy_cell(arena, rows, row, ROS_SYSTEMS_DISPLAY_NAME));
    to->inventory_id = ros__copy_cell(arena, rows, row, ROS_SYSTEMS_INVENTORY_ID);
    to->org_id = ros__copy_cell(arena, rows, row, ROS_SYSTEMS_ORG_ID);
    to->number_of_suggestions = ros__int_cell(rows, row, ROS_SYSTEMS_RECOMMENDATIONS);
    SET_TEXT(to, SYSTEM_ROW, STATE, state, ros__copy_cell(arena, rows, row, ROS_SYSTEMS_STATE));
    to->performance_utilization = ros__utilization(arena, d->utilization);
    SET_TEXT(to, SYSTEM_ROW, CLOUD_PROVIDER, cloud_provider,
             ros__copy_cell(arena, rows, row, ROS_SYSTEMS_CLOUD_PROVIDER));
    SET_TEXT(to, SYSTEM_ROW, INSTANCE_TYPE, instance_type, ros__copy_cell(arena, rows, row, ROS_SYSTEMS_INSTANCE_TYPE));
    SET_TEXT(to, SYSTEM_ROW, IDLING_TIME, idling_time, ros__idling_time(arena, d->idle, d->cpus));
    SET_TEXT(to, SYSTEM_ROW, OS, os, ros__os_text(arena, d->os));
    SET_TEXT(to, SYSTEM_ROW, REPORT_DATE, report_date, ros__date_cell(arena, rows, row, ROS_SYSTEMS_REPORT_DATE));
    return add_groups(arena, d->groups, to) && to->performance_utilization != NULL && to->inventory_id != NULL &&
           to->org_id != NULL && ros_arena_code(arena) == ROS_OK;
}

static Ros__V1__SystemRow *make_row(struct ros_arena *arena, const struct ros_pg_rows *rows, size_t row)
{
    Ros__V1__SystemRow *to = ros_arena_new(arena, Ros__V1__SystemRow);
    if (to == NULL)
        return NULL;
    ros__v1__system_row__init(to);
    struct documents d = {.utilization = ros__json_cell(rows, row, ROS_SYSTEMS_UTILIZATION),
                          .idle = ros__json_cell(rows, row, ROS_SYSTEMS_IDLE),
                          .cpus = ros__json_cell(rows, row, ROS_SYSTEMS_CPUS),
                          .os = ros__json_cell(rows, row, ROS_SYSTEMS_OS),
                          .groups = ros__json_cell(rows, row, ROS_SYSTEMS_GROUPS)};
    bool made = fill_row(arena, rows, row, &d, to);
    documents_done(&d);
    return made ? to : NULL;
}

static enum ros_code fill_answer(const struct ros__request *request, const struct ros_pg_rows *rows,
                                 const struct ros_systems_query *query, Ros__V1__ListSystemsResponse *answer,
                                 struct ros_error *reterr)
{
    struct ros_arena *arena = request->call->arena;
    size_t count = ros_pg_rows_text(rows, 0, ROS_SYSTEMS_ID) != NULL ? ros_pg_rows_count(rows) : 0;
    answer->meta = ros_arena_new(arena, Ros__V1__PageMeta);
    answer->data = ros_arena_new_array(arena, Ros__V1__SystemRow *, count);
    if (answer->meta == NULL || answer->data == NULL)
        return ros__no_memory(request, reterr);
    ros__v1__page_meta__init(answer->meta);
    answer->meta->count = ros__int_cell(rows, 0, ROS_SYSTEMS_COUNT);
    answer->meta->limit = query->limit < 0 ? answer->meta->count : (int32_t) query->limit;
    answer->meta->offset = (int32_t) query->offset;
    for (size_t i = 0; i < count; i++) {
        answer->data[i] = make_row(arena, rows, i);
        if (answer->data[i] == NULL)
            return ros__no_memory(request, reterr);
        answer->n_data++;
    }
    return ROS_OK;
}

enum ros_code ros__list_systems(const struct ros_tenant *tenant, const struct ros__request *request,
                                const ProtobufCMessage *in, ProtobufCMessage *out, struct ros_error *reterr)
{
    struct ros_systems_query query = {0};
    ROS_TRY(read_query(request, (const Ros__V1__ListSystemsRequest *) in, &query, reterr));
    ros_auto_ptr(ros_pg_conn) struct ros_pg_conn *conn = NULL;
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    ROS_TRY(ros__connect(request, &conn, reterr));
    ROS_TRY(ros_read_systems(tenant, conn, &query, &rows, reterr));
    return fill_answer(request, &rows, &query, (Ros__V1__ListSystemsResponse *) out, reterr);
}

/* --- one system --------------------------------------------------------------------------------------------------- */

static bool fill_system(struct ros_arena *arena, const struct ros_pg_rows *rows, const struct documents *d,
                        Ros__V1__GetSystemResponse *to)
{
    SET_TEXT(to, GET_SYSTEM_RESPONSE, FQDN, fqdn, ros__copy_cell(arena, rows, 0, ROS_SYSTEM_FQDN));
    to->inventory_id = ros__copy_cell(arena, rows, 0, ROS_SYSTEM_INVENTORY_ID);
    SET_TEXT(to, GET_SYSTEM_RESPONSE, DISPLAY_NAME, display_name,
             ros__copy_cell(arena, rows, 0, ROS_SYSTEM_DISPLAY_NAME));
    to->performance_utilization = ros__utilization(arena, d->utilization);
    to->rating = ros__int_cell(rows, 0, ROS_SYSTEM_RATING);
    to->number_of_suggestions = ros__int_cell(rows, 0, ROS_SYSTEM_RECOMMENDATIONS);
    SET_TEXT(to, GET_SYSTEM_RESPONSE, STATE, state, ros__copy_cell(arena, rows, 0, ROS_SYSTEM_STATE));
    SET_TEXT(to, GET_SYSTEM_RESPONSE, REPORT_DATE, report_date, ros__date_cell(arena, rows, 0, ROS_SYSTEM_REPORT_DATE));
    SET_TEXT(to, GET_SYSTEM_RESPONSE, INSTANCE_TYPE, instance_type,
             ros__copy_cell(arena, rows, 0, ROS_SYSTEM_INSTANCE_TYPE));
    SET_TEXT(to, GET_SYSTEM_RESPONSE, CLOUD_PROVIDER, cloud_provider,
             ros__copy_cell(arena, rows, 0, ROS_SYSTEM_CLOUD_PROVIDER));
    SET_TEXT(to, GET_SYSTEM_RESPONSE, IDLING_TIME, idling_time, ros__idling_time(arena, d->idle, d->cpus));
    SET_TEXT(to, GET_SYSTEM_RESPONSE, OS, os, ros__os_text(arena, d->os));
    bool psi;
    if (ros_pg_rows_bool(rows, 0, ROS_SYSTEM_PSI, &psi))
        SET_OPTIONAL(to, GET_SYSTEM_RESPONSE, PSI_ENABLED, psi_enabled, psi);
    return to->inventory_id != NULL && to->performance_utilization != NULL && ros_arena_code(arena) == ROS_OK;
}

enum ros_code ros__get_system(const struct ros_tenant *tenant, const struct ros__request *request,
                              const ProtobufCMessage *in, ProtobufCMessage *out, struct ros_error *reterr)
{
    const char *asked = ((const Ros__V1__GetSystemRequest *) in)->inventory_id;
    char id[37];
    if (!ros__uuid(asked, id))
        return ros__refuse(request, reterr, ROS_E_NOT_FOUND, 404, "Invalid host_id, Id should be in form of UUID4");
    ros_auto_ptr(ros_pg_conn) struct ros_pg_conn *conn = NULL;
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    bool reported = false;
    ROS_TRY(ros__connect(request, &conn, reterr));
    ROS_TRY(ros_read_system(tenant, conn, id, request->identity->username, &rows, reterr));
    if (!ros_pg_rows_bool(&rows, 0, ROS_SYSTEM_REPORTED, &reported) || !reported)
        return ros__refuse(request, reterr, ROS_E_NOT_FOUND, 404, "System %s doesn't exist", asked);
    struct documents d = {.utilization = ros__json_cell(&rows, 0, ROS_SYSTEM_UTILIZATION),
                          .idle = ros__json_cell(&rows, 0, ROS_SYSTEM_IDLE),
                          .cpus = ros__json_cell(&rows, 0, ROS_SYSTEM_CPUS),
                          .os = ros__json_cell(&rows, 0, ROS_SYSTEM_OS)};
    bool filled = fill_system(request->call->arena, &rows, &d, (Ros__V1__GetSystemResponse *) out);
    documents_done(&d);
    return filled ? ROS_OK : ros__no_memory(request, reterr);
}
