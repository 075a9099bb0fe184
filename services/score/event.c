/*
 * The payload is a contract with consumers that we do not own: names, order and nesting are as they expect, the nested
 * `details` of the no-PCP hit included. Values are built in jansson trees; a failed allocation anywhere makes the whole
 * object NULL, which is checked once at the end (fields.h).
 */
#include "services/score/event.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "interp/base/clock.h"
#include "interp/base/num.h"
#include "services/score/fields.h"
#include "services/score/outcome_json.h"

#define JIRA_LINK "https://issues.redhat.com/browse/CEECBA-5875"
#define COMPONENT_PREFIX "telemetry.rules.plugins.ros.ros_instance_evaluation."
#define NO_PCP_RULE "NO_PCP_DATA"

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

static void carry(struct ros__fields *fields, const char *key, const json_t *value)
{
    if (value != NULL && !json_is_null(value))
        ros__fields_put(fields, key, json_deep_copy(value));
}

static void put_base(struct ros__fields *fields, const json_t *message)
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

/* The three lists stand beside the state; null where no rule fired or the group has none. */
static void put_group_states(struct ros__fields *fields, const struct ros_event_input *input)
{
    const struct ros_outcome *outcome = input->kind == ROS_EVENT_PCP ? input->outcome : NULL;
    static const char *const groups[][2] = {{"cpu_states", "cpu"}, {"io_states", "io"}, {"memory_states", "memory"}};
    json_t *states = outcome != NULL && outcome->rule != NULL ? ros_outcome_states_json(outcome) : json_object();
    fields->failed |= states == NULL;
    for (size_t i = 0; i < ROS_COUNT(groups); i++) {
        json_t *list = json_object_get(states, groups[i][1]);
        ros__fields_put(fields, groups[i][0], list != NULL ? json_incref(list) : json_null());
    }
    json_decref(states);
}

/* --- figures ------------------------------------------------------------------------------------------------------ */

static json_t *value_object(const struct ros_metric_value *value)
{
    struct ros__fields fields = ros__fields_begin();
    ros__fields_put(&fields, "val", ros__number_or_null(value->mean));
    ros__fields_put(&fields, "units", json_string(value->unit != NULL ? value->unit : ""));
    return ros__fields_end(&fields);
}

static json_t *scalar_of(const struct ros_evidence *evidence, const char *name)
{
    const struct ros_metric *metric = ros_evidence_metric(evidence, name);
    const struct ros_metric_value *value = metric != NULL ? ros_metric_find(metric, NULL) : NULL;
    return value != NULL ? ros__number_or_null(value->mean) : json_null();
}

static json_t *instances_of(const struct ros_evidence *evidence, const char *name)
{
    const struct ros_metric *metric = ros_evidence_metric(evidence, name);
    if (metric == NULL)
        return json_null();
    struct ros__fields fields = ros__fields_begin();
    for (size_t i = 0; i < metric->value_count; i++)
        if (metric->values[i].instance != NULL)
            ros__fields_put(&fields, metric->values[i].instance, value_object(&metric->values[i]));
    return ros__fields_end(&fields);
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
    struct ros__fields fields = ros__fields_begin();
    for (size_t i = 0; i < ROS_COUNT(metrics); i++)
        ros__fields_put(&fields, metrics[i].name,
                        metrics[i].instances ? instances_of(evidence, metrics[i].name)
                                             : scalar_of(evidence, metrics[i].name));
    const struct ros_fact *cpus = ros_evidence_fact(evidence, "host.cpus");
    ros__fields_put(&fields, "total_cpus",
                    cpus != NULL && cpus->kind == ROS_FACT_NUM ? json_integer((json_int_t) cpus->number) : json_null());
    return ros__fields_end(&fields);
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
    struct ros__fields io = ros__fields_begin();
    double most = 0;
    bool any = false;
    for (size_t i = 0; disks != NULL && i < disks->value_count; i++) {
        const struct ros_metric_value *disk = &disks->values[i];
        if (disk->instance == NULL)
            continue;
        double value = isfinite(disk->mean) ? to_three_decimals(disk->mean) : disk->mean;
        ros__fields_put(&io, disk->instance, ros__number_or_null(value));
        most = !any || value > most ? value : most;
        any = true;
    }
    struct ros__fields fields = ros__fields_begin();
    ros__fields_put(&fields, "memory", json_integer(percent(outcome->mem_utilization)));
    ros__fields_put(&fields, "cpu", json_integer(percent(outcome->cpu_utilization)));
    ros__fields_put(&fields, "io", ros__fields_end(&io));
    ros__fields_put(&fields, "max_io", any ? ros__number_or_null(most) : json_integer(0));
    return ros__fields_end(&fields);
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
        if (pair == NULL || json_array_append_new(pair, ros__text_or_null(offer->type)) != 0 ||
            json_array_append_new(pair, ros__number_or_null(offer->price)) != 0 ||
            json_array_append_new(list, pair) != 0) {
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
    struct ros__fields fields = ros__fields_begin();
    ros__fields_put(&fields, "rhel", ros__text_or_null(ros_evidence_rhel(evidence, rhel) ? rhel : NULL));
    ros__fields_put(&fields, "cloud_provider", ros__text_or_null(ros_evidence_text(evidence, "host.cloud")));
    ros__fields_put(&fields, "instance_type", ros__text_or_null(ros_evidence_text(evidence, "host.instance_type")));
    ros__fields_put(&fields, "region", ros__text_or_null(ros_evidence_text(evidence, "host.region")));
    ros__fields_put(&fields, "price", isfinite(outcome->price) ? json_real(outcome->price) : json_integer(0));
    ros__fields_put(&fields, "candidates", candidates_of(outcome));
    ros__fields_put(&fields, "states", ros_outcome_states_json(outcome));
    ros__fields_put(&fields, "type", json_string("rule"));
    ros__fields_put(&fields, "error_key", json_string(outcome->rule));
    return ros__fields_end(&fields);
}

/* Takes details. */
static json_t *hit(const char *key, const char *component, json_t *details, const char *system_id)
{
    struct ros__fields fields = ros__fields_begin();
    ros__fields_put(&fields, "key", json_string(key));
    ros__fields_put(&fields, "tags", json_array());
    ros__fields_put(&fields, "type", json_string("rule"));
    ros__fields_put(&fields, "links", json_pack("{s:[s], s:[]}", "jira", JIRA_LINK, "kcs"));
    ros__fields_put(&fields, "details", details);
    ros__fields_put(&fields, "rule_id", json_sprintf("ros_instance_evaluation|%s", key));
    ros__fields_put(&fields, "component", json_sprintf(COMPONENT_PREFIX "%s", component));
    ros__fields_put(&fields, "system_id", ros__text_or_null(system_id));
    return ros__fields_end(&fields);
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

/* Whether the archive says where the host runs: it then does so alone, since half of each would be of no host. */
static bool place_is_told(const struct ros_event_input *input)
{
    return ros_evidence_text(input->evidence, "host.instance_type") != NULL;
}

/* Whether the host's own words about itself count: not where the rules are for other hosts. */
static bool host_is_ours(const struct ros_event_input *input)
{
    return place_is_told(input) && (input->outcome == NULL || !input->outcome->verdict.skipped);
}

/* The archive's word, else the inventory's, in either of the two places where it stands. */
static const char *place_of(const struct ros_event_input *input, const char *fact, const char *key)
{
    if (place_is_told(input))
        return ros_evidence_text(input->evidence, fact);
    const json_t *profile = profile_of(input->message);
    const char *text = json_string_value(json_object_get(profile, key));
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
    const char *cloud = place_is_told(input) ? ros_evidence_text(input->evidence, "host.cloud") : NULL;
    if (cloud == NULL)
        cloud = json_string_value(json_object_get(profile_of(input->message), "cloud_provider"));
    struct ros__fields inner = ros__fields_begin();
    ros__fields_put(&inner, "rhel", inventory_rhel(input->message));
    ros__fields_put(&inner, "type", json_string("rule"));
    ros__fields_put(&inner, "error_key", json_string(NO_PCP_RULE));
    ros__fields_put(&inner, "instance_type", ros__text_or_null(type));
    ros__fields_put(&inner, "cloud_provider", ros__text_or_null(cloud));
    struct ros__fields outer = ros__fields_begin();
    ros__fields_put(&outer, "error_key", json_string(NO_PCP_RULE));
    ros__fields_put(&outer, "instance_type", ros__text_or_null(type));
    ros__fields_put(&outer, "region", ros__text_or_null(region));
    ros__fields_put(&outer, "states", json_object());
    ros__fields_put(&outer, "details", ros__fields_end(&inner));
    return ros__fields_end(&outer);
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

static void put_verdict(struct ros__fields *fields, const struct ros_event_input *input, const struct verdict_fields *v)
{
    char report_date[ROS_TIME_TEXT_SIZE];
    ros_time_format(input->report_date_us, report_date);
    put_group_states(fields, input);
    ros__fields_put(fields, "state", json_string(v->state));
    ros__fields_put(fields, "instance_type", ros__text_or_null(v->type));
    ros__fields_put(fields, "region", ros__text_or_null(v->region));
    ros__fields_put(fields, "performance_record", v->record);
    ros__fields_put(fields, "performance_utilization", v->utilization);
    ros__fields_put(fields, "report_date", json_string(report_date));
    ros__fields_put(fields, "rule_hit_details", v->hits);
    ros__fields_put(fields, "number_of_recommendations", json_integer(v->recommendations));
    ros__fields_put(fields, "psi_enabled", ros__tri_or_null(v->psi));
    ros__fields_put(fields, "top_candidate", ros__text_or_null(v->top != NULL ? v->top->type : NULL));
    ros__fields_put(fields, "top_candidate_price", v->top != NULL ? ros__number_or_null(v->top->price) : json_null());
}

static enum ros_tri evidence_psi(const struct ros_event_input *input)
{
    const struct ros_fact *fact = ros_evidence_fact(input->evidence, "host.psi_enabled");
    if (!host_is_ours(input) || fact == NULL || fact->kind != ROS_FACT_BOOL)
        return ROS_UNKNOWN;
    return fact->truth ? ROS_TRUE : ROS_FALSE;
}

static json_t *no_pcp_hits(const struct ros_event_input *input, const char *type, const char *region)
{
    const char *system_id = host_is_ours(input) ? ros_evidence_text(input->evidence, "host.system_id") : NULL;
    return one_hit(hit(NO_PCP_RULE, "report_no_data", no_pcp_details(input, type, region),
                       system_id != NULL ? system_id : host_id(input->message)));
}

static void put_no_pcp(struct ros__fields *fields, const struct ros_event_input *input)
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
                                         .psi = evidence_psi(input)});
}

/* No rule fired and CPU or memory use is unknown: "Optimized" would be a guess, so the host waits for data. */
static bool waits_for_data(const struct ros_outcome *outcome)
{
    return outcome->rule == NULL && (isnan(outcome->cpu_utilization) || isnan(outcome->mem_utilization));
}

static void put_pcp(struct ros__fields *fields, const struct ros_event_input *input)
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
    if (input->kind == ROS_EVENT_PCP && !input->outcome->event_due)
        return ros_error_set(reterr, ROS_E_UNSUPPORTED, "the rules send nothing for such a host");
    struct ros__fields fields = ros__fields_begin();
    put_base(&fields, input->message);
    if (input->kind == ROS_EVENT_PCP)
        put_pcp(&fields, input);
    else if (input->kind == ROS_EVENT_NO_PCP)
        put_no_pcp(&fields, input);
    *ret = ros__fields_end(&fields);
    return *ret != NULL ? ROS_OK : ros_error_code(reterr, ROS_E_OOM);
}
