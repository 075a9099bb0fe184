/*
 * Binding by name is done once: for each input of the program the scorer remembers what kind of thing to look for. A
 * host is then a walk over at most ROS_LIMIT_SLOTS inputs, each one lookup in the evidence.
 */
#include "services/score/score.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "interp/base/limits.h"

struct ros_scorer {
    const struct ros_alloc *alloc;
    struct ros_program *program;
    struct ros_facts *facts;
    struct ros_vm *vm;
    struct ros_offer *offers; /* [offer_size] */
    size_t offer_size;
    struct ros_fired *fired; /* [fired_size]: of a rule set with `decide every`; else NULL */
    size_t *fired_rules;     /* [fired_size]: their numbers */
    size_t fired_size;
    struct ros_buf withheld; /* texts of `fired` */
    int report_cpu;
    int report_mem;
    int report_psi;
    int report_price;
    int report_send; /* -1: the rule set has none */
    int field_type;
    int field_cost;
};

/* --- making one --------------------------------------------------------------------------------------------------- */

static enum ros_code find_report(const struct ros_program *program, const char *name, enum ros_value_kind value,
                                 bool vector, int *ret, struct ros_error *reterr)
{
    int index = ros_program_report_find(program, name);
    if (index < 0)
        return ros_error_set(reterr, ROS_E_RULES, "the rule set has no `report %s`, which scoring needs", name);
    const struct ros_report_info *info = ros_program_report(program, (size_t) index);
    if (info->value != value || info->vector != vector)
        return ros_error_set(reterr, ROS_E_RULES, "`report %s` must be %s", name,
                             vector                    ? "a number for each device"
                             : value == ROS_VALUE_BOOL ? "true or false"
                                                       : "one number");
    *ret = index;
    return ROS_OK;
}

static enum ros_code find_field(const struct ros_program *program, const char *name, int *ret, struct ros_error *reterr)
{
    *ret = ros_program_offer_field(program, name);
    if (*ret < 0)
        return ros_error_set(reterr, ROS_E_RULES, "the candidates have no `%s`, which every offer shows", name);
    return ROS_OK;
}

static enum ros_code check_contract(struct ros_scorer *s, struct ros_error *reterr)
{
    int io;
    ROS_TRY(find_report(s->program, "cpu_utilization", ROS_VALUE_NUM, false, &s->report_cpu, reterr));
    ROS_TRY(find_report(s->program, "mem_utilization", ROS_VALUE_NUM, false, &s->report_mem, reterr));
    ROS_TRY(find_report(s->program, "io_utilization", ROS_VALUE_NUM, true, &io, reterr));
    ROS_TRY(find_report(s->program, "psi_enabled", ROS_VALUE_BOOL, false, &s->report_psi, reterr));
    ROS_TRY(find_report(s->program, "price", ROS_VALUE_NUM, false, &s->report_price, reterr));
    s->report_send = -1;
    if (ros_program_report_find(s->program, "send_event") >= 0)
        ROS_TRY(find_report(s->program, "send_event", ROS_VALUE_BOOL, false, &s->report_send, reterr));
    ROS_TRY(find_field(s->program, "type", &s->field_type, reterr));
    return find_field(s->program, "cost", &s->field_cost, reterr);
}

static enum ros_code take_fired(struct ros_scorer *s, struct ros_error *reterr)
{
    if (!ros_program_decides_every(s->program))
        return ROS_OK;
    s->fired_size = ros_program_rule_count(s->program);
    s->fired = ros_alloc_zero(s->alloc, ros_alloc_product(s->fired_size, sizeof *s->fired));
    s->fired_rules = ros_alloc_zero(s->alloc, ros_alloc_product(s->fired_size, sizeof *s->fired_rules));
    return s->fired != NULL && s->fired_rules != NULL ? ROS_OK : ros_error_code(reterr, ROS_E_OOM);
}

enum ros_code ros_scorer_new(struct ros_program *program, const struct ros_alloc *alloc, struct ros_scorer **ret,
                             struct ros_error *reterr)
{
    ros_auto_ptr(ros_scorer) struct ros_scorer *s = ros_alloc_zero(alloc, sizeof *s);
    if (s == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    s->alloc = alloc;
    s->program = ros_program_ref(program);
    ros_buf_init(&s->withheld, alloc, ROS_LIMIT_RULES * ROS_LIMIT_RENDERED_BYTES);
    ROS_TRY(check_contract(s, reterr));
    ROS_TRY(take_fired(s, reterr));
    ROS_TRY(ros_facts_new(program, alloc, &s->facts, reterr));
    ROS_TRY(ros_vm_new(program, alloc, &s->vm, reterr));
    *ret = ros_steal(&s);
    return ROS_OK;
}

void ros_scorer_free(struct ros_scorer *scorer)
{
    if (scorer == NULL)
        return;
    const struct ros_alloc *alloc = scorer->alloc;
    ros_vm_free(scorer->vm);
    ros_facts_free(scorer->facts);
    ros_program_unref(scorer->program);
    ros_alloc_put(alloc, scorer->fired, scorer->fired_size * sizeof *scorer->fired);
    ros_alloc_put(alloc, scorer->fired_rules, scorer->fired_size * sizeof *scorer->fired_rules);
    ros_buf_done(&scorer->withheld);
    ros_alloc_put(alloc, scorer->offers, scorer->offer_size * sizeof *scorer->offers);
    ros_alloc_put(alloc, scorer, sizeof *scorer);
}

struct ros_program *ros_scorer_program(const struct ros_scorer *scorer)
{
    return scorer->program;
}

/* --- evidence -> facts -------------------------------------------------------------------------------------------- */

static double statistic_of(const struct ros_metric_value *value, enum ros_statistic statistic)
{
    switch (statistic) {
    case ROS_STATISTIC_P50:
        return ros_metric_quantile(value, 0.50);
    case ROS_STATISTIC_P90:
        return ros_metric_quantile(value, 0.90);
    case ROS_STATISTIC_P95:
        return ros_metric_quantile(value, 0.95);
    case ROS_STATISTIC_P99:
        return ros_metric_quantile(value, 0.99);
    case ROS_STATISTIC_LOWEST:
        return value->min;
    case ROS_STATISTIC_HIGHEST:
        return value->max;
    default:
        return value->mean;
    }
}

static enum ros_code bind_metric(struct ros_scorer *s, size_t index, const struct ros_input *input,
                                 const struct ros_evidence *evidence)
{
    const struct ros_metric *metric = ros_evidence_metric(evidence, input->name);
    if (metric == NULL)
        return ROS_OK;
    if (input->vector) {
        for (size_t i = 0; i < metric->value_count; i++) {
            const struct ros_metric_value *value = &metric->values[i];
            if (value->instance != NULL)
                ROS_TRY(ros_facts_add_instance(s->facts, index, value->instance, strlen(value->instance),
                                               statistic_of(value, input->statistic), value->unit));
        }
        return ROS_OK;
    }
    const struct ros_metric_value *value = ros_metric_find(metric, input->instance);
    return value != NULL ? ros_facts_set_num(s->facts, index, statistic_of(value, input->statistic), value->unit)
                         : ROS_OK;
}

/* A fact of another kind than the rules declare counts as missing: intake names facts, rules name types. */
static enum ros_code bind_fact(struct ros_scorer *s, size_t index, const struct ros_input *input,
                               const struct ros_evidence *evidence)
{
    const struct ros_fact *fact = ros_evidence_fact(evidence, input->name);
    if (fact == NULL)
        return ROS_OK;
    if (input->value == ROS_VALUE_NUM && fact->kind == ROS_FACT_NUM)
        return ros_facts_set_num(s->facts, index, fact->number, NULL);
    if (input->value == ROS_VALUE_BOOL && fact->kind == ROS_FACT_BOOL)
        return ros_facts_set_bool(s->facts, index, fact->truth);
    if (input->value == ROS_VALUE_TEXT && fact->kind == ROS_FACT_TEXT)
        return ros_facts_set_text(s->facts, index, fact->text, strlen(fact->text));
    return ROS_OK;
}

static enum ros_code bind(struct ros_scorer *s, const struct ros_evidence *evidence)
{
    ros_facts_clear(s->facts);
    size_t count = ros_program_input_count(s->program);
    for (size_t i = 0; i < count; i++) {
        const struct ros_input *input = ros_program_input(s->program, i);
        ROS_TRY(input->kind == ROS_INPUT_METRIC ? bind_metric(s, i, input, evidence)
                                                : bind_fact(s, i, input, evidence));
    }
    return ROS_OK;
}

enum ros_code ros_score_bind(struct ros_facts *facts, struct ros_program *program, const struct ros_evidence *evidence,
                             struct ros_error *reterr)
{
    struct ros_scorer binder = {.program = program, .facts = facts};
    enum ros_code code = bind(&binder, evidence);
    return code == ROS_OK ? ROS_OK : ros_error_code(reterr, code);
}

/* --- verdict -> outcome ------------------------------------------------------------------------------------------- */

static enum ros_code reserve_offers(struct ros_scorer *s, size_t count)
{
    if (count <= s->offer_size)
        return ROS_OK;
    struct ros_offer *offers =
        ros_alloc_resize(s->alloc, s->offers, s->offer_size * sizeof *offers, ros_alloc_product(count, sizeof *offers));
    if (offers == NULL)
        return ROS_E_OOM;
    s->offers = offers;
    s->offer_size = count;
    return ROS_OK;
}

static void read_offers(const struct ros_scorer *s, size_t rule, size_t count, struct ros_offer *offers)
{
    for (size_t i = 0; i < count; i++) {
        offers[i].type = ros_vm_rule_offer_text(s->vm, rule, i, s->field_type);
        if (!ros_vm_rule_offer_num(s->vm, rule, i, s->field_cost, &offers[i].price))
            offers[i].price = NAN;
    }
}

/* Of every rule that fired: its offers behind each other in one array, which starts with those of the verdict's rule.
 */
static enum ros_code collect_offers(struct ros_scorer *s, struct ros_outcome *outcome)
{
    size_t rule_count = ros_program_rule_count(s->program);
    size_t count = 0;
    for (size_t i = 0; i < rule_count; i++)
        count += ros_vm_rule_offers(s->vm, i).count;
    ROS_TRY(reserve_offers(s, count));
    struct ros_offer *offers = s->offers;
    for (size_t i = 0; i < rule_count; i++) {
        struct ros_rule_offers of = ros_vm_rule_offers(s->vm, i);
        if (!outcome->verdict.fired[i])
            continue;
        read_offers(s, i, of.count, offers);
        if (s->fired != NULL) {
            s->fired_rules[outcome->fired_count] = i;
            s->fired[outcome->fired_count++] = (struct ros_fired){.rule = ros_program_rule_name(s->program, i),
                                                                  .offers = offers,
                                                                  .offer_count = of.count,
                                                                  .withheld = of.withheld,
                                                                  .withheld_reason = of.withheld_reason};
        }
        offers += of.count;
    }
    outcome->offers = s->offers;
    outcome->offer_count = outcome->verdict.offer_count;
    outcome->fired = s->fired;
    return ROS_OK;
}

/* Why offers are withheld: texts behind each other in one buffer, which stays where it is once all are there. */
static enum ros_code collect_withheld(struct ros_scorer *s, struct ros_outcome *outcome)
{
    ros_buf_clear(&s->withheld);
    size_t at = 0;
    for (size_t i = 0; i < outcome->fired_count; i++) {
        if (!s->fired[i].withheld)
            continue;
        (void) ros_vm_render_withheld(s->vm, s->fired_rules[i], &s->withheld);
        ROS_TRY(ros_buf_addc(&s->withheld, '\0'));
    }
    for (size_t i = 0; i < outcome->fired_count; i++)
        if (s->fired[i].withheld) {
            s->fired[i].withheld_text = s->withheld.data + at;
            at += strlen(s->withheld.data + at) + 1;
        }
    return ROS_OK;
}

static double report_num(const struct ros_scorer *s, int report)
{
    double value;
    return ros_vm_report_num(s->vm, report, &value) ? value : NAN;
}

static uint32_t added_reasons(const struct ros_outcome *outcome)
{
    if (outcome->evidence->source == ROS_EVIDENCE_NO_PCP)
        return UINT32_C(1) << ROS_REASON_NO_PCP;
    if (isnan(outcome->cpu_utilization) || isnan(outcome->mem_utilization))
        return UINT32_C(1) << ROS_REASON_PARTIAL_METRICS;
    return 0;
}

void ros_scorer_set_org(struct ros_scorer *scorer, const char *org)
{
    (void) ros_vm_set_org(scorer->vm, org);
}

enum ros_code ros_scorer_run(struct ros_scorer *scorer, const struct ros_evidence *evidence, struct ros_outcome *ret,
                             struct ros_error *reterr)
{
    enum ros_code code = bind(scorer, evidence);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    struct ros_outcome outcome = {.evidence = evidence, .program = scorer->program};
    ros_vm_run(scorer->vm, scorer->facts, &outcome.verdict);
    if (outcome.verdict.rule >= 0)
        outcome.rule = ros_program_rule_name(scorer->program, (size_t) outcome.verdict.rule);
    outcome.cpu_utilization = report_num(scorer, scorer->report_cpu);
    outcome.mem_utilization = report_num(scorer, scorer->report_mem);
    outcome.price = report_num(scorer, scorer->report_price);
    outcome.psi_enabled = ros_vm_report_bool(scorer->vm, scorer->report_psi);
    outcome.event_due = scorer->report_send < 0 || ros_vm_report_bool(scorer->vm, scorer->report_send) == ROS_TRUE;
    outcome.reasons = outcome.verdict.reasons | added_reasons(&outcome);
    code = collect_offers(scorer, &outcome);
    if (code == ROS_OK)
        code = collect_withheld(scorer, &outcome);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    *ret = outcome;
    return ROS_OK;
}

enum ros_code ros_scorer_render(const struct ros_scorer *scorer, const struct ros_outcome *outcome, const char *field,
                                struct ros_buf *out)
{
    if (outcome->verdict.rule < 0)
        return ROS_E_NOT_FOUND;
    return ros_vm_render(scorer->vm, (size_t) outcome->verdict.rule, field, out);
}

enum ros_code ros_scorer_render_fired(const struct ros_scorer *scorer, const struct ros_outcome *outcome, size_t index,
                                      const char *field, struct ros_buf *out)
{
    if (index >= outcome->fired_count)
        return ROS_E_NOT_FOUND;
    return ros_vm_render(scorer->vm, scorer->fired_rules[index], field, out);
}

bool ros_evidence_rhel(const struct ros_evidence *evidence, char text[32])
{
    const struct ros_fact *major = ros_evidence_fact(evidence, "host.rhel.major");
    const struct ros_fact *minor = ros_evidence_fact(evidence, "host.rhel.minor");
    if (major == NULL || major->kind != ROS_FACT_NUM)
        return false;
    if (minor != NULL && minor->kind == ROS_FACT_NUM)
        snprintf(text, 32, "%.0f.%.0f", major->number, minor->number);
    else
        snprintf(text, 32, "%.0f", major->number);
    return true;
}
