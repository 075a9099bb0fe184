/* A study's life, its runs, and the values that a run left behind. */
#include "interp/study/internal.h"

#include <math.h>
#include <string.h>

static enum ros_code make_machine(struct ros_study *study, struct ros_error *reterr)
{
    ROS_TRY(ros_vm_new(study->program, study->alloc, &study->vm, reterr));
    ROS_TRY(ros_facts_new(study->program, study->alloc, &study->facts, reterr));
    size_t params = study->program->param_count;
    study->vm->trace = ros__trace_new(&study->arena, study->program);
    study->params = ros_arena_new_array(&study->arena, struct ros__prog_param, params);
    study->values = ros_arena_new_array(&study->arena, struct ros__value, params);
    if (study->vm->trace == NULL || study->params == NULL || study->values == NULL || !ros__study_gather(study))
        return ros_error_code(reterr, ros_arena_code(&study->arena));
    return ROS_OK;
}

enum ros_code ros_study_new(const struct ros_unit *unit, const struct ros_alloc *alloc, struct ros_diags *diags,
                            struct ros_study **ret, struct ros_error *reterr)
{
    ros_auto_ptr(ros_study) struct ros_study *study = ros_alloc_zero(alloc, sizeof *study);
    if (study == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    study->alloc = alloc;
    study->unit = unit;
    ros_arena_init(&study->arena, alloc, ROS_LIMIT_COMPILE_BYTES);
    ROS_TRY(ros__program_build(unit, alloc, &study->arena, diags, &study->model, &study->program, reterr));
    ROS_TRY(make_machine(study, reterr));
    *ret = ros_steal(&study);
    return ROS_OK;
}

void ros_study_free(struct ros_study *study)
{
    if (study == NULL)
        return;
    const struct ros_alloc *alloc = study->alloc;
    ros_vm_free(study->vm);
    ros_facts_free(study->facts);
    ros_program_unref(study->program);
    ros_arena_done(&study->arena);
    ros_alloc_put(alloc, study, sizeof *study);
}

struct ros_program *ros_study_program(const struct ros_study *study)
{
    return study->program;
}

/* --- runs --------------------------------------------------------------------------------------------------------- */

void ros__study_run(struct ros_study *study, const struct ros_facts *facts)
{
    struct ros__trace *trace = study->vm->trace;
    size_t count = study->program->code_count;
    memset(trace->ran, 0, count * sizeof *trace->ran);
    memset(trace->truths, 0, count * sizeof *trace->truths);
    study->asked = facts;
    for (size_t i = 0; i < study->program->param_count; i++) {
        const struct ros__prog_param *param = &study->vm->params[i];
        study->values[i] =
            (struct ros__value){.num = param->num,
                                .truth = param->bank == ROS__BANK_B ? (enum ros_tri) param->truth : ROS_UNKNOWN,
                                .text = param->text != 0 ? study->program->texts[param->text] : NULL,
                                .row = -1};
    }
    ros_vm_run(study->vm, facts, &study->verdict);
}

/* --- values on the ground of a run -------------------------------------------------------------------------------- */

static bool input_value(const struct ros_study *study, const struct ros__node *node, size_t instance,
                        struct ros__value *ret)
{
    const struct ros_facts *facts = study->asked;
    if (node->type.vector) {
        if (instance >= facts->instances[node->index].count)
            return false;
        ret->num = facts->instances[node->index].values[instance];
        return true;
    }
    ret->num = facts->num[node->index];
    ret->truth = (enum ros_tri) facts->truth[node->index];
    ret->text = ros__vm_text(study->vm, facts->text[node->index]);
    return true;
}

/* A rule is true when it fired, unknown when its condition is, and false else. */
static enum ros_tri rule_truth(const struct ros_study *study, size_t index)
{
    const struct ros_verdict *v = &study->verdict;
    if (v->fired[index])
        return ROS_TRUE;
    return v->rules[index] == ROS_UNKNOWN ? ROS_UNKNOWN : ROS_FALSE;
}

static bool outcome_holds(const struct ros_verdict *v, enum ros__outcome outcome)
{
    switch (outcome) {
    case ROS__OUTCOME_NONE:
        return v->rule < 0 && !v->skipped;
    case ROS__OUTCOME_CERTAIN:
        return v->certain;
    case ROS__OUTCOME_SKIPPED:
        return v->skipped;
    case ROS__OUTCOME_WITHHELD:
        return v->withheld;
    }
    return false;
}

static void offer_value(const struct ros_study *study, const struct ros__node *node, struct ros__value *ret)
{
    int field = ros_program_offer_field(study->program, node->text);
    if (node->type.kind == ROS_KIND_TEXT)
        ret->text = ros_vm_offer_text(study->vm, node->index, field);
    else
        (void) ros_vm_offer_num(study->vm, node->index, field, &ret->num);
}

static bool leaf(void *context, const struct ros__node *node, size_t instance, struct ros__value *ret)
{
    struct ros_study *study = context;
    const struct ros_verdict *v = &study->verdict;
    switch (node->kind) {
    case ROS__NODE_INPUT:
        return input_value(study, node, instance, ret);
    case ROS__NODE_FLAG:
        ret->truth = v->flags[node->index];
        return true;
    case ROS__NODE_RULE:
        ret->truth = rule_truth(study, node->index);
        return true;
    case ROS__NODE_OUTCOME:
        ret->truth = outcome_holds(v, (enum ros__outcome) node->index) ? ROS_TRUE : ROS_FALSE;
        return true;
    case ROS__NODE_REASON:
        ret->truth = (v->reasons & (UINT32_C(1) << node->index)) != 0 ? ROS_TRUE : ROS_FALSE;
        return true;
    case ROS__NODE_OFFER_COUNT:
        ret->num = (double) v->offer_count;
        return true;
    case ROS__NODE_OFFER:
        offer_value(study, node, ret);
        return true;
    default:
        return false;
    }
}

static size_t instance_count(void *context, size_t slot)
{
    const struct ros_study *study = context;
    return study->asked->instances[slot].count;
}

static int64_t find_row(void *context, size_t table, const struct ros__value *keys)
{
    const struct ros_program *p = ((const struct ros_study *) context)->program;
    const struct ros__prog_table *t = &p->tables[table];
    uint64_t bits[ROS_LIMIT_TABLE_KEYS];
    for (uint32_t k = 0; k < t->key_count; k++) {
        enum ros__bank bank = p->columns[t->keys[k]].bank;
        double number = keys[k].num + 0.0; /* -0 is 0 */
        if (bank == ROS__BANK_N   ? isnan(number)
            : bank == ROS__BANK_S ? keys[k].text == NULL
                                  : keys[k].truth == ROS_UNKNOWN)
            return -1;
        bits[k] = keys[k].truth;
        if (bank == ROS__BANK_N)
            memcpy(&bits[k], &number, sizeof number);
        else if (bank == ROS__BANK_S)
            bits[k] = (uintptr_t) ros_map_get(&p->text_ids, keys[k].text, strlen(keys[k].text));
        if (bank == ROS__BANK_S && bits[k] == 0)
            return -1; /* a text that the program does not know is no key of its tables */
    }
    return ros__table_find(p, t, bits);
}

struct ros__ground ros__study_ground(struct ros_study *study)
{
    return (struct ros__ground){.model = study->model,
                                .params = study->values,
                                .leaf = leaf,
                                .instance_count = instance_count,
                                .find = find_row,
                                .context = study};
}

/* --- values that the machine wrote -------------------------------------------------------------------------------- */

const struct ros__node *ros__study_behind(const struct ros_study *study, const struct ros__node *node)
{
    for (;;) {
        if (node->kind == ROS__NODE_LET)
            node = study->model->lets.items[node->index].node;
        else if (node->kind == ROS__NODE_FLAG)
            node = study->model->flags.items[node->index].when;
        else
            return node;
    }
}

bool ros__study_value(struct ros_study *study, const struct ros__node *node, struct ros__value *ret)
{
    const struct ros__trace *trace = study->vm->trace;
    node = ros__study_behind(study, node);
    uint32_t at = node->at != 0 && trace->ran[node->at - 1] ? node->at : node->from;
    *ret = (struct ros__value){.num = NAN, .truth = ROS_UNKNOWN, .row = -1};
    if (at == 0 || !trace->ran[at - 1])
        return false;
    switch (ros__bank_of(&node->type)) {
    case ROS__BANK_N:
        ret->num = trace->last[at - 1].num;
        break;
    case ROS__BANK_B:
        ret->truth = (enum ros_tri) trace->last[at - 1].truth;
        break;
    case ROS__BANK_S:
        ret->text = ros__vm_text(study->vm, trace->last[at - 1].text);
        break;
    default:
        ret->row = trace->last[at - 1].row;
        break;
    }
    return true;
}

enum ros_tri ros__study_truth(struct ros_study *study, const struct ros__node *node)
{
    struct ros__value value;
    return ros__study_value(study, node, &value) ? value.truth : ROS_UNKNOWN;
}
