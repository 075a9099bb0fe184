/*
 * The payload is a contract with consumers that we do not own: names, order and nesting are as they expect, the nested
 * `details` of the no-PCP hit included. Values are built in jansson trees; a failed allocation anywhere makes the whole
 * object NULL, which is checked once at the end (struct fields).
 */
#include "services/score/event.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "interp/base/clock.h"
#include "interp/base/num.h"

#define JIRA_LINK "https://issues.redhat.com/browse/CEECBA-5875"
#define COMPONENT_PREFIX "telemetry.rules.plugins.ros.ros_instance_evaluation."
#define NO_PCP_RULE "NO_PCP_DATA"

/* An object under construction that remembers a failed allocation. */
struct fields {
    json_t *object;
    bool failed;
};

static struct fields fields_begin(void)
{
    json_t *object = json_object();
    return (struct fields){object, object == NULL};
}

/* Takes value. */
static void put(struct fields *fields, const char *key, json_t *value)
{
    if (value == NULL || fields->failed || json_object_set_new(fields->object, key, value) != 0) {
        if (value != NULL && fields->failed)
            json_decref(value);
        fields->failed = true;
    }
}

static json_t *fields_end(struct fields *fields)
{
    if (!fields->failed)
        return fields->object;
    json_decref(fields->object);
    return NULL;
}

static json_t *text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

static json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *tri_or_null(enum ros_tri value)
{
    return value == ROS_UNKNOWN ? json_null() : json_boolean(value == ROS_TRUE);
}

static const json_t *host_of(const json_t *message)
{
    return json_object_get(message, "host");
}

static const json_t *profile_of(const json_t *message)
{
    return json_object_get(host_of(message), "system_profile");
}

static const char *host_id(const json_t *message)
{
    return json_string_value(json_object_get(host_of(message), "id"));
}

const char *ros_event_state(const char *rule)
{
    static const struct {
        const char *rule;
        const char *state;
    } rows[] = {
        {"INSTANCE_IDLE", "Idling"},
        {"INSTANCE_UNDERSIZED", "Undersized"},
        {"INSTANCE_OVERSIZED", "Oversized"},
        {"INSTANCE_OPTIMIZED_UNDER_PRESSURE", "Under pressure"},
        {"STORAGE_RIGHTSIZING", "Storage rightsizing"},
        {NO_PCP_RULE, "Waiting for data"},
    };
    if (rule == NULL)
        return "Optimized";
    for (size_t i = 0; i < ROS_COUNT(rows); i++)
        if (strcmp(rows[i].rule, rule) == 0)
            return rows[i].state;
    return NULL;
}

/* --- the base: what the inventory knows of the host --------------------------------------------------------------- */

static void carry(struct fields *fields, const char *key, const json_t *value)
{
    if (value != NULL && !json_is_null(value))
        put(fields, key, json_deep_copy(value));
}

static void put_base(struct fields *fields, const json_t *message)
{
    const json_t *host = host_of(message);
    carry(fields, "type", json_object_get(message, "type"));
    carry(fields, "org_id", json_object_get(host, "org_id"));
    carry(fields, "platform_metadata", json_object_get(message, "platform_metadata"));
    static const char *const carried[] = {"id", "display_name", "fqdn", "stale_timestamp", "groups"};
    for (size_t i = 0; i < ROS_COUNT(carried); i++)
        carry(fields, carried[i], json_object_get(host, carried[i]));
    carry(fields, "operating_system", json_object_get(profile_of(message), "operating_system"));
    carry(fields, "cloud_provider", json_object_get(profile_of(message), "cloud_provider"));
}

/* --- states ------------------------------------------------------------------------------------------------------- */

/* The listed flags of one group; NULL (no reference, no failure) when there are none. */
static json_t *group_states(const struct ros_outcome *outcome, const char *group, bool *failed)
{
    json_t *list = NULL;
    size_t count = ros_program_flag_count(outcome->program);
    for (size_t i = 0; i < count; i++) {
        const struct ros_flag_info *flag = ros_program_flag(outcome->program, i);
        if (strcmp(flag->group, group) != 0 || !ros_verdict_listed(outcome->program, &outcome->verdict, i))
            continue;
        if (list == NULL)
            list = json_array();
        if (list == NULL || json_array_append_new(list, json_string(flag->name)) != 0) {
            *failed = true;
            break;
        }
    }
    return list;
}

static void put_group_states(struct fields *fields, const struct ros_outcome *outcome, const char *key,
                             const char *group)
{
    bool failed = false;
    json_t *list = NULL;
    if (outcome != NULL && outcome->rule != NULL)
        list = group_states(outcome, group, &failed);
    put(fields, key, list != NULL ? list : json_null());
    fields->failed |= failed;
}

static json_t *all_states(const struct ros_outcome *outcome)
{
    struct fields states = fields_begin();
    size_t count = ros_program_flag_count(outcome->program);
    for (size_t i = 0; i < count; i++) {
        const char *group = ros_program_flag(outcome->program, i)->group;
        if (i > 0 && strcmp(ros_program_flag(outcome->program, i - 1)->group, group) == 0)
            continue;
        json_t *list = group_states(outcome, group, &states.failed);
        if (list != NULL)
            put(&states, group, list);
    }
    return fields_end(&states);
}

/* --- figures ------------------------------------------------------------------------------------------------------ */

static json_t *value_object(const struct ros_metric_value *value)
{
    struct fields fields = fields_begin();
    put(&fields, "val", number_or_null(value->mean));
    put(&fields, "units", json_string(value->unit != NULL ? value->unit : ""));
    return fields_end(&fields);
}

static json_t *scalar_of(const struct ros_evidence *evidence, const char *name)
{
    const struct ros_metric *metric = ros_evidence_metric(evidence, name);
    const struct ros_metric_value *value = metric != NULL ? ros_metric_find(metric, NULL) : NULL;
    return value != NULL ? number_or_null(value->mean) : json_null();
}

static json_t *instances_of(const struct ros_evidence *evidence, const char *name)
{
    const struct ros_metric *metric = ros_evidence_metric(evidence, name);
    if (metric == NULL)
        return json_null();
    struct fields fields = fields_begin();
    for (size_t i = 0; i < metric->value_count; i++)
        if (metric->values[i].instance != NULL)
            put(&fields, metric->values[i].instance, value_object(&metric->values[i]));
    return fields_end(&fields);
}

static json_t *performance_record(const struct ros_evidence *evidence)
{
    static const struct {
        const char *name;
        bool instances;
    } metrics[] = {
        {"hinv.ncpu", false},
        {"mem.physmem", false},
        {"mem.util.available", false},
        {"disk.dev.total", true},
        {"kernel.all.cpu.idle", false},
        {"kernel.all.pressure.cpu.some.avg", true},
        {"kernel.all.pressure.io.full.avg", true},
        {"kernel.all.pressure.io.some.avg", true},
        {"kernel.all.pressure.memory.full.avg", true},
        {"kernel.all.pressure.memory.some.avg", true},
    };
    struct fields fields = fields_begin();
    for (size_t i = 0; i < ROS_COUNT(metrics); i++)
        put(&fields, metrics[i].name,
            metrics[i].instances ? instances_of(evidence, metrics[i].name) : scalar_of(evidence, metrics[i].name));
    const struct ros_fact *cpus = ros_evidence_fact(evidence, "host.cpus");
    put(&fields, "total_cpus",
        cpus != NULL && cpus->kind == ROS_FACT_NUM ? json_integer((json_int_t) cpus->number) : json_null());
    return fields_end(&fields);
}

/* Percent, rounded half to even as the shape has always had it; -1 stands for unknown there. */
static json_int_t percent(double share)
{
    return isfinite(share) && fabs(share) < 1e6 ? (json_int_t) nearbyint(share * 100) : -1;
}

static double to_three_decimals(double value)
{
    char text[512];
    int len = snprintf(text, sizeof text, "%.3f", value);
    double rounded;
    return len > 0 && ros_num_parse(text, (size_t) len, &rounded) ? rounded : value;
}

static json_t *utilization(const struct ros_outcome *outcome)
{
    const struct ros_metric *disks = ros_evidence_metric(outcome->evidence, "disk.dev.total");
    struct fields io = fields_begin();
    double most = NAN;
    for (size_t i = 0; disks != NULL && i < disks->value_count; i++) {
        const struct ros_metric_value *disk = &disks->values[i];
        if (disk->instance == NULL || !isfinite(disk->mean))
            continue;
        double value = to_three_decimals(disk->mean);
        put(&io, disk->instance, json_real(value));
        most = fmax(most, value);
    }
    struct fields fields = fields_begin();
    put(&fields, "memory", json_integer(percent(outcome->mem_utilization)));
    put(&fields, "cpu", json_integer(percent(outcome->cpu_utilization)));
    put(&fields, "io", fields_end(&io));
    put(&fields, "max_io", isnan(most) ? json_integer(0) : json_real(most));
    return fields_end(&fields);
}

static json_t *no_utilization(void)
{
    return json_pack("{s:i, s:i, s:f, s:{}}", "memory", -1, "cpu", -1, "max_io", -1.0, "io");
}

/* --- the rule's hit ----------------------------------------------------------------------------------------------- */

static json_t *candidates_of(const struct ros_outcome *outcome)
{
    json_t *list = json_array();
    for (size_t i = 0; i < outcome->offer_count && list != NULL; i++) {
        const struct ros_offer *offer = &outcome->offers[i];
        json_t *pair = json_array();
        if (pair == NULL || json_array_append_new(pair, text_or_null(offer->type)) != 0 ||
            json_array_append_new(pair, number_or_null(offer->price)) != 0 || json_array_append_new(list, pair) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *report_details(const struct ros_outcome *outcome)
{
    const struct ros_evidence *evidence = outcome->evidence;
    char rhel[32];
    struct fields fields = fields_begin();
    put(&fields, "rhel", text_or_null(ros_evidence_rhel(evidence, rhel) ? rhel : NULL));
    put(&fields, "cloud_provider", text_or_null(ros_evidence_text(evidence, "host.cloud")));
    put(&fields, "instance_type", text_or_null(ros_evidence_text(evidence, "host.instance_type")));
    put(&fields, "region", text_or_null(ros_evidence_text(evidence, "host.region")));
    put(&fields, "price", isfinite(outcome->price) ? json_real(outcome->price) : json_integer(0));
    put(&fields, "candidates", candidates_of(outcome));
    put(&fields, "states", all_states(outcome));
    put(&fields, "type", json_string("rule"));
    put(&fields, "error_key", json_string(outcome->rule));
    return fields_end(&fields);
}

/* Takes details. */
static json_t *hit(const char *key, const char *component, json_t *details, const char *system_id)
{
    struct fields fields = fields_begin();
    put(&fields, "key", json_string(key));
    put(&fields, "tags", json_array());
    put(&fields, "type", json_string("rule"));
    put(&fields, "links", json_pack("{s:[s], s:[]}", "jira", JIRA_LINK, "kcs"));
    put(&fields, "details", details);
    put(&fields, "rule_id", json_sprintf("ros_instance_evaluation|%s", key));
    put(&fields, "component", json_sprintf(COMPONENT_PREFIX "%s", component));
    put(&fields, "system_id", text_or_null(system_id));
    return fields_end(&fields);
}

static json_t *one_hit(json_t *hit_object)
{
    json_t *list = json_array();
    if (list != NULL && json_array_append_new(list, hit_object) == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* --- where the host runs ------------------------------------------------------------------------------------------ */

/* The archive's word, else the inventory's, in either of the two places where it stands. */
static const char *place_of(const struct ros_event_input *input, const char *fact, const char *key)
{
    const char *text = ros_evidence_text(input->evidence, fact);
    if (text != NULL && text[0] != '\0')
        return text;
    const json_t *profile = profile_of(input->message);
    text = json_string_value(json_object_get(profile, key));
    if (text == NULL)
        text = json_string_value(json_object_get(json_object_get(profile, "cloud_metadata"), key));
    return text;
}

static json_t *inventory_rhel(const json_t *message)
{
    const json_t *os = json_object_get(profile_of(message), "operating_system");
    const char *name = json_string_value(json_object_get(os, "name"));
    const json_t *major = json_object_get(os, "major");
    const json_t *minor = json_object_get(os, "minor");
    if (name == NULL || strcmp(name, "RHEL") != 0 || !json_is_integer(major))
        return json_null();
    if (!json_is_integer(minor))
        return json_sprintf("%lld", (long long) json_integer_value(major));
    return json_sprintf("%lld.%lld", (long long) json_integer_value(major), (long long) json_integer_value(minor));
}

static json_t *no_pcp_details(const struct ros_event_input *input, const char *type, const char *region)
{
    const char *cloud = ros_evidence_text(input->evidence, "host.cloud");
    if (cloud == NULL)
        cloud = json_string_value(json_object_get(profile_of(input->message), "cloud_provider"));
    struct fields inner = fields_begin();
    put(&inner, "rhel", inventory_rhel(input->message));
    put(&inner, "type", json_string("rule"));
    put(&inner, "error_key", json_string(NO_PCP_RULE));
    put(&inner, "instance_type", text_or_null(type));
    put(&inner, "cloud_provider", text_or_null(cloud));
    struct fields outer = fields_begin();
    put(&outer, "error_key", json_string(NO_PCP_RULE));
    put(&outer, "instance_type", text_or_null(type));
    put(&outer, "region", text_or_null(region));
    put(&outer, "states", json_object());
    put(&outer, "details", fields_end(&inner));
    return fields_end(&outer);
}

/* --- the message -------------------------------------------------------------------------------------------------- */

/* What the second half of the message says; the json_t are taken by put_verdict(). */
struct verdict_fields {
    const char *state;
    const char *type;
    const char *region;
    json_t *record;
    json_t *utilization;
    json_t *hits;
    int recommendations;
    enum ros_tri psi;
    const struct ros_offer *top;
};

static void put_verdict(struct fields *fields, const struct ros_event_input *input, const struct verdict_fields *v)
{
    char report_date[ROS_TIME_TEXT_SIZE];
    ros_time_format(input->report_date_us, report_date);
    put_group_states(fields, input->outcome, "cpu_states", "cpu");
    put_group_states(fields, input->outcome, "io_states", "io");
    put_group_states(fields, input->outcome, "memory_states", "memory");
    put(fields, "state", json_string(v->state));
    put(fields, "instance_type", text_or_null(v->type));
    put(fields, "region", text_or_null(v->region));
    put(fields, "performance_record", v->record);
    put(fields, "performance_utilization", v->utilization);
    put(fields, "report_date", json_string(report_date));
    put(fields, "rule_hit_details", v->hits);
    put(fields, "number_of_recommendations", json_integer(v->recommendations));
    put(fields, "psi_enabled", tri_or_null(v->psi));
    put(fields, "top_candidate", text_or_null(v->top != NULL ? v->top->type : NULL));
    put(fields, "top_candidate_price", v->top != NULL ? number_or_null(v->top->price) : json_null());
}

static enum ros_tri evidence_psi(const struct ros_evidence *evidence)
{
    const struct ros_fact *fact = ros_evidence_fact(evidence, "host.psi_enabled");
    if (fact == NULL || fact->kind != ROS_FACT_BOOL)
        return ROS_UNKNOWN;
    return fact->truth ? ROS_TRUE : ROS_FALSE;
}

static json_t *no_pcp_hits(const struct ros_event_input *input, const char *type, const char *region)
{
    const char *system_id = ros_evidence_text(input->evidence, "host.system_id");
    return one_hit(hit(NO_PCP_RULE, "report_no_data", no_pcp_details(input, type, region),
                       system_id != NULL ? system_id : host_id(input->message)));
}

static void put_no_pcp(struct fields *fields, const struct ros_event_input *input)
{
    const char *type = place_of(input, "host.instance_type", "instance_type");
    const char *region = place_of(input, "host.region", "region");
    put_verdict(fields, input,
                &(struct verdict_fields){.state = ros_event_state(NO_PCP_RULE),
                                         .type = type,
                                         .region = region,
                                         .record = json_object(),
                                         .utilization = no_utilization(),
                                         .hits = no_pcp_hits(input, type, region),
                                         .recommendations = -1,
                                         .psi = evidence_psi(input->evidence)});
}

/* No rule fired and CPU or memory use is unknown: "Optimized" would be a guess, so the host waits for data. */
static bool waits_for_data(const struct ros_outcome *outcome)
{
    return outcome->rule == NULL && (isnan(outcome->cpu_utilization) || isnan(outcome->mem_utilization));
}

static void put_pcp(struct fields *fields, const struct ros_event_input *input)
{
    const struct ros_outcome *outcome = input->outcome;
    struct verdict_fields v = {.state = ros_event_state(outcome->rule),
                               .type = place_of(input, "host.instance_type", "instance_type"),
                               .region = place_of(input, "host.region", "region"),
                               .record = performance_record(input->evidence),
                               .utilization = utilization(outcome),
                               .psi = outcome->psi_enabled};
    if (waits_for_data(outcome)) {
        v.state = ros_event_state(NO_PCP_RULE);
        v.hits = no_pcp_hits(input, v.type, v.region);
        v.recommendations = -1;
    } else if (outcome->rule == NULL) {
        v.hits = json_array();
    } else {
        if (v.state == NULL) /* a rule of another author's: its name is its state */
            v.state = outcome->rule;
        v.hits = one_hit(hit(outcome->rule, "report", report_details(outcome),
                             ros_evidence_text(input->evidence, "host.system_id")));
        v.recommendations = 1;
        v.top = outcome->offer_count > 0 ? &outcome->offers[0] : NULL;
    }
    put_verdict(fields, input, &v);
}

enum ros_code ros_event_build(const struct ros_event_input *input, json_t **ret, struct ros_error *reterr)
{
    if (!json_is_object(input->message) || !json_is_object(host_of(input->message)))
        return ros_error_set(reterr, ROS_E_MESSAGE, "the message has no object `host`");
    if (input->kind == ROS_EVENT_PCP && input->outcome->verdict.skipped)
        return ros_error_set(reterr, ROS_E_UNSUPPORTED, "%s", input->outcome->verdict.skip_text);
    struct fields fields = fields_begin();
    put_base(&fields, input->message);
    if (input->kind == ROS_EVENT_PCP)
        put_pcp(&fields, input);
    else if (input->kind == ROS_EVENT_NO_PCP)
        put_no_pcp(&fields, input);
    *ret = fields_end(&fields);
    return *ret != NULL ? ROS_OK : ros_error_code(reterr, ROS_E_OOM);
}
