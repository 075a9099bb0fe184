/* Everything here is a plain copy of an outcome into a tree; the states are shared with the event's shape. */
#include "services/score/outcome_json.h"

#include <math.h>
#include <string.h>

#include "services/score/fields.h"

/* The listed flags of one group; NULL (and no failure) when there are none. */
static json_t *group_states(const struct ros_outcome *outcome, size_t first, bool *failed)
{
    json_t *list = NULL;
    const char *group = ros_program_flag(outcome->program, first)->group;
    size_t count = ros_program_flag_count(outcome->program);
    for (size_t i = first; i < count; i++) {
        const struct ros_flag_info *flag = ros_program_flag(outcome->program, i);
        if (strcmp(flag->group, group) != 0)
            break;
        if (!ros_verdict_listed(outcome->program, &outcome->verdict, i))
            continue;
        if (list == NULL)
            list = json_array();
        *failed |= json_array_append_new(list, json_string(flag->name)) != 0;
    }
    return list;
}

json_t *ros_outcome_states_json(const struct ros_outcome *outcome)
{
    struct ros__fields states = ros__fields_begin();
    size_t count = ros_program_flag_count(outcome->program);
    for (size_t i = 0; i < count; i++) {
        const char *group = ros_program_flag(outcome->program, i)->group;
        if (i > 0 && strcmp(ros_program_flag(outcome->program, i - 1)->group, group) == 0)
            continue;
        json_t *list = group_states(outcome, i, &states.failed);
        if (list != NULL)
            ros__fields_put(&states, group, list);
    }
    return ros__fields_end(&states);
}

json_t *ros_outcome_host_json(const struct ros_evidence *evidence)
{
    static const char *const facts[][2] = {{"cloud", "host.cloud"},   {"instance_type", "host.instance_type"},
                                           {"region", "host.region"}, {"rhel", NULL},
                                           {"arch", "host.arch"},     {"system_id", "host.system_id"}};
    char rhel[32];
    bool has_rhel = ros_evidence_rhel(evidence, rhel);
    struct ros__fields fields = ros__fields_begin();
    for (size_t i = 0; i < ROS_COUNT(facts); i++) {
        const char *text = facts[i][1] != NULL ? ros_evidence_text(evidence, facts[i][1]) : has_rhel ? rhel : NULL;
        ros__fields_put(&fields, facts[i][0], ros__text_or_null(text));
    }
    return ros__fields_end(&fields);
}

static json_t *disks_json(const struct ros_evidence *evidence)
{
    const struct ros_metric *disks = ros_evidence_metric(evidence, "disk.dev.total");
    if (disks == NULL)
        return json_null();
    struct ros__fields fields = ros__fields_begin();
    for (size_t i = 0; i < disks->value_count; i++)
        if (disks->values[i].instance != NULL)
            ros__fields_put(&fields, disks->values[i].instance, ros__number_or_null(disks->values[i].mean));
    return ros__fields_end(&fields);
}

json_t *ros_outcome_report_json(const struct ros_outcome *outcome)
{
    struct ros__fields fields = ros__fields_begin();
    ros__fields_put(&fields, "cpu_utilization", ros__number_or_null(outcome->cpu_utilization));
    ros__fields_put(&fields, "mem_utilization", ros__number_or_null(outcome->mem_utilization));
    ros__fields_put(&fields, "io_utilization", disks_json(outcome->evidence));
    ros__fields_put(&fields, "psi_enabled", ros__tri_or_null(outcome->psi_enabled));
    return ros__fields_end(&fields);
}

static json_t *offers_json(const struct ros_offer *offers, size_t count)
{
    json_t *list = json_array();
    bool failed = list == NULL;
    for (size_t i = 0; i < count && !failed; i++) {
        struct ros__fields offer = ros__fields_begin();
        ros__fields_put(&offer, "type", ros__text_or_null(offers[i].type));
        ros__fields_put(&offer, "price", ros__number_or_null(offers[i].price));
        failed = json_array_append_new(list, ros__fields_end(&offer)) != 0;
    }
    if (!failed)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *reasons_json(uint32_t reasons)
{
    json_t *list = json_array();
    for (enum ros_reason reason = ROS_REASON_NONE + 1; reason < ROS_REASON_COUNT; reason++)
        if ((reasons & (UINT32_C(1) << reason)) != 0 &&
            json_array_append_new(list, json_string(ros_reason_name(reason))) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *reason_json(enum ros_reason reason, const char *text)
{
    struct ros__fields fields = ros__fields_begin();
    ros__fields_put(&fields, "reason", ros__text_or_null(reason != ROS_REASON_NONE ? ros_reason_name(reason) : NULL));
    ros__fields_put(&fields, "text", ros__text_or_null(text));
    return ros__fields_end(&fields);
}

/* Why there is no verdict (a guard of the rules) or no offer (a need of its candidates), else null. */
static json_t *withheld_json(const struct ros_verdict *verdict)
{
    if (verdict->skipped)
        return reason_json(verdict->skip_reason, verdict->skip_text);
    return verdict->withheld ? reason_json(verdict->withheld_reason, verdict->withheld_text) : json_null();
}

static json_t *fired_json(const struct ros_outcome *outcome)
{
    json_t *list = json_array();
    bool failed = list == NULL;
    for (size_t i = 0; i < outcome->fired_count && !failed; i++) {
        const struct ros_fired *fired = &outcome->fired[i];
        struct ros__fields fields = ros__fields_begin();
        ros__fields_put(&fields, "rule", json_string(fired->rule));
        ros__fields_put(&fields, "offers", offers_json(fired->offers, fired->offer_count));
        ros__fields_put(&fields, "withheld",
                        fired->withheld ? reason_json(fired->withheld_reason, fired->withheld_text) : json_null());
        failed = json_array_append_new(list, ros__fields_end(&fields)) != 0;
    }
    if (!failed)
        return list;
    json_decref(list);
    return NULL;
}

json_t *ros_outcome_verdict_json(const struct ros_outcome *outcome)
{
    struct ros__fields fields = ros__fields_begin();
    ros__fields_put(&fields, "rule", ros__text_or_null(outcome->rule));
    if (ros_program_decides_every(outcome->program))
        ros__fields_put(&fields, "fired", fired_json(outcome));
    ros__fields_put(&fields, "states", ros_outcome_states_json(outcome));
    ros__fields_put(&fields, "offers", offers_json(outcome->offers, outcome->offer_count));
    ros__fields_put(&fields, "price", ros__number_or_null(outcome->price));
    ros__fields_put(&fields, "certain", json_boolean(outcome->verdict.certain));
    ros__fields_put(&fields, "withheld", withheld_json(&outcome->verdict));
    ros__fields_put(&fields, "reasons", reasons_json(outcome->reasons));
    return ros__fields_end(&fields);
}

json_t *ros_outcome_rules_json(const struct ros_program *program)
{
    struct ros__fields fields = ros__fields_begin();
    ros__fields_put(&fields, "name", json_string(ros_program_name(program)));
    ros__fields_put(&fields, "version", json_string(ros_program_version(program)));
    ros__fields_put(&fields, "checksum", json_string(ros_program_checksum(program)));
    return ros__fields_end(&fields);
}
