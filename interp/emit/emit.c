/*
 * A model to a program: first the pools and tables that the code names by index (their order is the model's), then the
 * items in the order of the source. Everything is computed whether it is needed or not, so that each value can be shown
 * afterwards; only candidates' rows and the offers of rules that do not win are jumped over.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "interp/emit/emitter.h"

#define COPY(e, text) copy_text((e), (text), (text) != NULL ? strlen(text) : 0)

static const char *copy_text(struct ros__emitter *e, const char *text, size_t len)
{
    if (text == NULL)
        return NULL;
    const char *copy = ros_arena_copy(e->arena, text, len);
    if (copy == NULL)
        ros__emit_fail(e, ros_arena_code(e->arena));
    return copy;
}

/* An array of the program with as many items as the model has. */
static void *take(struct ros__emitter *e, size_t count, size_t size)
{
    void *items = ros_arena_array(e->arena, count, size);
    if (items == NULL)
        ros__emit_fail(e, ros_arena_code(e->arena));
    return items;
}

/* --- pools -------------------------------------------------------------------------------------------------------- */

static void copy_inputs(struct ros__emitter *e)
{
    const struct ros__model *m = e->model;
    struct ros_program *p = e->program;
    p->inputs = take(e, m->inputs.count, sizeof *p->inputs);
    for (size_t i = 0; p->inputs != NULL && i < m->inputs.count; i++) {
        const struct ros__input *from = &m->inputs.items[i];
        struct ros__prog_input *to = &p->inputs[p->input_count++];
        to->info = from->info;
        to->info.name = COPY(e, from->info.name);
        to->info.instance = COPY(e, from->info.instance);
        to->info.raw_unit = COPY(e, from->info.raw_unit);
        to->mul = from->mul;
        to->div = from->div;
    }
}

static void set_param(struct ros__emitter *e, struct ros__prog_param *to, double num, enum ros_tri truth,
                      const char *text)
{
    to->num = to->bank == ROS__BANK_N ? num : NAN;
    to->truth = to->bank == ROS__BANK_B ? (uint8_t) truth : 0;
    to->text = to->bank == ROS__BANK_S && text != NULL ? ros__text_id(e, text, strlen(text)) : 0;
}

static void copy_params(struct ros__emitter *e)
{
    const struct ros__model *m = e->model;
    struct ros_program *p = e->program;
    p->params = take(e, m->params.count, sizeof *p->params);
    for (size_t i = 0; p->params != NULL && i < m->params.count; i++) {
        const struct ros__param *from = &m->params.items[i];
        struct ros__prog_param *to = &p->params[p->param_count++];
        to->name = copy_text(e, from->name.text, from->name.len);
        to->bank = ros__bank_of(&from->type);
        if (to->bank == ROS__BANK_N)
            set_param(e, to, from->value.num, ROS_UNKNOWN, NULL);
        else if (to->bank == ROS__BANK_B)
            set_param(e, to, NAN, from->value.truth, NULL);
        else
            set_param(e, to, NAN, ROS_UNKNOWN, from->value.text);
    }
}

static int by_org(const void *a, const void *b)
{
    return strcmp(((const struct ros__prog_org *) a)->org, ((const struct ros__prog_org *) b)->org);
}

static void copy_orgs(struct ros__emitter *e)
{
    const struct ros__model *m = e->model;
    struct ros_program *p = e->program;
    p->orgs = take(e, m->orgs.count, sizeof *p->orgs);
    for (size_t i = 0; e->code == ROS_OK && i < m->orgs.count; i++) {
        const struct ros__org *from = &m->orgs.items[i];
        struct ros__prog_param *params = take(e, p->param_count, sizeof *params);
        for (uint32_t k = 0; params != NULL && k < p->param_count; k++)
            params[k] = p->params[k];
        for (size_t k = 0; params != NULL && k < from->bind_count; k++) {
            const struct ros__value *value = &from->binds[k].value;
            set_param(e, &params[from->binds[k].index], value->num, value->truth, value->text);
        }
        p->orgs[p->org_count++] = (struct ros__prog_org){copy_text(e, from->org.text, from->org.len), params};
    }
    if (e->code == ROS_OK && p->org_count > 0)
        qsort(p->orgs, p->org_count, sizeof *p->orgs, by_org);
}

static void copy_column(struct ros__emitter *e, const struct ros__column *from, size_t rows,
                        struct ros__prog_column *to)
{
    to->name = copy_text(e, from->name.text, from->name.len);
    to->bank = ros__bank_of(&from->type);
    to->table = (uint32_t) from->table;
    double *num = to->bank == ROS__BANK_N ? take(e, rows, sizeof *num) : NULL;
    uint8_t *truth = to->bank == ROS__BANK_B ? take(e, rows, sizeof *truth) : NULL;
    uint32_t *text = to->bank == ROS__BANK_S ? take(e, rows, sizeof *text) : NULL;
    for (size_t row = 0; e->code == ROS_OK && row < rows; row++) {
        if (num != NULL)
            num[row] = from->cells[row].num;
        else if (truth != NULL)
            truth[row] = (uint8_t) from->cells[row].truth;
        else if (text != NULL && from->cells[row].text != NULL)
            text[row] = ros__text_id(e, from->cells[row].text, strlen(from->cells[row].text));
    }
    to->num = num;
    to->truth = truth;
    to->text = text;
}

static void copy_tables(struct ros__emitter *e)
{
    const struct ros__model *m = e->model;
    struct ros_program *p = e->program;
    p->columns = take(e, m->columns.count, sizeof *p->columns);
    p->tables = take(e, m->tables.count, sizeof *p->tables);
    for (size_t i = 0; e->code == ROS_OK && i < m->columns.count; i++) {
        const struct ros__column *column = &m->columns.items[i];
        copy_column(e, column, m->tables.items[column->table].row_count, &p->columns[p->column_count++]);
    }
    for (size_t i = 0; e->code == ROS_OK && i < m->tables.count; i++) {
        const struct ros__table *from = &m->tables.items[i];
        struct ros__prog_table *to = &p->tables[p->table_count++];
        *to = (struct ros__prog_table){.rows = (uint32_t) from->row_count,
                                       .first_column = (uint32_t) from->first_column,
                                       .column_count = (uint32_t) from->column_count,
                                       .key_count = (uint32_t) from->key_count};
        for (size_t k = 0; k < from->key_count; k++)
            to->keys[k] = (uint32_t) from->keys[k];
        enum ros_code code = ros__table_index(p, to);
        if (code != ROS_OK)
            ros__emit_fail(e, code);
    }
}

static void copy_flags(struct ros__emitter *e)
{
    const struct ros__model *m = e->model;
    struct ros_program *p = e->program;
    p->flags = take(e, m->flags.count, sizeof *p->flags);
    p->flag_groups = take(e, m->flags.count, sizeof *p->flag_groups);
    for (size_t i = 0; e->code == ROS_OK && i < m->flags.count; i++) {
        const struct ros__flag *from = &m->flags.items[i];
        const struct ros__group *group = &m->groups.items[from->group];
        p->flag_groups[i] = (uint32_t) from->group;
        p->flags[p->flag_count++] = (struct ros_flag_info){copy_text(e, from->name.text, from->name.len),
                                                           COPY(e, from->text), COPY(e, group->name), group->exclusive};
    }
}

static void copy_reports(struct ros__emitter *e)
{
    static const enum ros_value_kind kinds[] = {ROS_VALUE_NUM, ROS_VALUE_BOOL, ROS_VALUE_TEXT, ROS_VALUE_NUM};
    const struct ros__model *m = e->model;
    struct ros_program *p = e->program;
    p->reports = take(e, m->reports.count, sizeof *p->reports);
    for (size_t i = 0; p->reports != NULL && i < m->reports.count; i++) {
        const struct ros__report *from = &m->reports.items[i];
        const struct ros_type *type = &from->node->type;
        p->reports[p->report_count++] = (struct ros__prog_report){
            {copy_text(e, from->name.text, from->name.len), kinds[ros__bank_of(type)], type->vector},
            (uint32_t) type->slot};
    }
}

/* Row lets keep their numbers; the sort keys of each block come behind them. */
static void copy_candidates(struct ros__emitter *e)
{
    const struct ros__model *m = e->model;
    struct ros_program *p = e->program;
    size_t count = m->fields.count;
    for (size_t i = 0; i < m->cands.count; i++)
        count += m->cands.items[i].key_count;
    p->fields = take(e, count, sizeof *p->fields);
    p->cands = take(e, m->cands.count, sizeof *p->cands);
    for (size_t i = 0; e->code == ROS_OK && i < m->fields.count; i++) {
        const struct ros__field *from = &m->fields.items[i];
        p->fields[p->field_count++] = (struct ros__prog_field){copy_text(e, from->name.text, from->name.len),
                                                               ros__bank_of(&from->node->type), (uint32_t) from->cand};
    }
    for (size_t i = 0; e->code == ROS_OK && i < m->cands.count; i++) {
        const struct ros__cand *from = &m->cands.items[i];
        p->cands[p->cand_count++] =
            (struct ros__prog_cand){copy_text(e, from->name.text, from->name.len), (uint32_t) from->table,
                                    p->field_count, (uint32_t) from->key_count};
        for (size_t k = 0; k < from->key_count; k++)
            p->fields[p->field_count++] =
                (struct ros__prog_field){NULL, ros__bank_of(&from->keys[k]->type), (uint32_t) i};
    }
}

/* --- items -------------------------------------------------------------------------------------------------------- */

static void emit_guard(struct ros__emitter *e, size_t index, enum ros__opcode op, uint8_t cand)
{
    struct ros__guard *guard = &e->model->guards.items[index];
    struct ros__reg cond = ros__emit_value(e, guard->cond);
    e->program->guards[index] = (struct ros__prog_guard){guard->reason, ros__emit_message(e, guard->message)};
    guard->at = ros__emit_word(e, op, cond.index, cand, 0, (uint32_t) index) + 1;
    ros__reg_give(e, cond);
}

static void emit_report(struct ros__emitter *e, size_t index)
{
    struct ros__node *node = e->model->reports.items[index].node;
    if (!node->type.vector) {
        struct ros__reg value = ros__emit_value(e, node);
        ros__emit_word(e, (enum ros__opcode)((int) ROS__OP_REPN + (int) value.bank), value.index, 0, 0,
                       (uint32_t) index);
        ros__reg_give(e, value);
        return;
    }
    ros__emit_hoist(e, node);
    ros__emit_word(e, ROS__OP_EACH, 0, 0, 0, (uint32_t) node->type.slot);
    uint32_t body = e->program->code_count;
    struct ros__reg value = ros__emit_value(e, node);
    ros__emit_word(e, ROS__OP_REPI, value.index, 0, 0, (uint32_t) index);
    ros__reg_give(e, value);
    ros__emit_word(e, ROS__OP_NEXTI, 0, 0, 0, body);
}

static void put_field(struct ros__emitter *e, struct ros__reg value, uint32_t field)
{
    ros__emit_word(e, (enum ros__opcode)((int) ROS__OP_PUTN + (int) value.bank), value.index, 0, 0, field);
}

/* Before the loop: what does not depend on the row, and where the folds of its needs begin. */
static void emit_before_rows(struct ros__emitter *e, const struct ros__cand *cand)
{
    for (size_t i = 0; i < cand->step_count; i++) {
        const struct ros__step *step = &cand->steps[i];
        if (step->kind == ROS_STEP_WHERE)
            ros__emit_hoist(e, step->node);
        else if (step->kind == ROS_STEP_LET)
            ros__emit_hoist(e, e->model->fields.items[step->index].node);
        for (size_t k = 0; k < step->fold_count; k++) {
            struct ros__node *fold = step->folds[k];
            enum ros__bank bank = ros__bank_of(&fold->type);
            ros__emit_hoist(e, fold->left);
            struct ros__reg acc = ros__reg_take(e, bank);
            fold->pin = acc.index + 1;
            fold->from = ros__emit_word(e, bank == ROS__BANK_B ? ROS__OP_FOLB : ROS__OP_FOLN, acc.index,
                                        (uint8_t) fold->index, 1, 0) +
                         1;
        }
    }
    for (size_t k = 0; k < cand->key_count; k++)
        ros__emit_hoist(e, cand->keys[k]);
}

static void emit_fold_row(struct ros__emitter *e, struct ros__node *fold)
{
    enum ros__bank bank = ros__bank_of(&fold->type);
    struct ros__reg item = ros__emit_value(e, fold->left);
    enum ros__opcode op = bank == ROS__BANK_B ? ROS__OP_ACCB : item.bank == ROS__BANK_B ? ROS__OP_ACCT : ROS__OP_ACCN;
    fold->at = ros__emit_word(e, op, (uint8_t) (fold->pin - 1), (uint8_t) fold->index, item.index, 0) + 1;
    ros__reg_give(e, item);
}

/* What a row that passed leaves behind: its lets, its sort keys, its share in the needs. */
static void emit_row_passed(struct ros__emitter *e, const struct ros__cand *cand, size_t index)
{
    for (size_t i = 0; i < cand->step_count; i++) {
        const struct ros__step *step = &cand->steps[i];
        if (step->kind == ROS_STEP_LET)
            put_field(e, ros__emit_pinned(e, e->model->fields.items[step->index].node), (uint32_t) step->index);
        for (size_t k = 0; k < step->fold_count; k++)
            emit_fold_row(e, step->folds[k]);
    }
    for (size_t k = 0; k < cand->key_count; k++) {
        struct ros__reg key = ros__emit_value(e, cand->keys[k]);
        put_field(e, key, e->program->cands[index].first_key + (uint32_t) k);
        ros__reg_give(e, key);
    }
    ros__emit_word(e, ROS__OP_KEEP, e->row.index, (uint8_t) index, 0, 0);
}

/*
 * The condition of a `where`, and the jump past what is left for rows that it drops. Most rows are dropped by comparing
 * two texts: then one instruction does both.
 */
static uint32_t emit_where(struct ros__emitter *e, struct ros__node *node)
{
    struct ros__reg holds = ros__emit_value(e, node);
    struct ros__word *last = e->program->code_count > 0 ? &e->program->code[e->program->code_count - 1] : NULL;
    ros__reg_give(e, holds);
    if (e->code != ROS_OK || !holds.temporary || last == NULL || last->a != holds.index ||
        (last->op != ROS__OP_SEQ && last->op != ROS__OP_SNE))
        return ros__emit_word(e, ROS__OP_WHERE, holds.index, 0, 0, 0);
    last->op = last->op == ROS__OP_SEQ ? ROS__OP_WSEQ : ROS__OP_WSNE;
    return e->program->code_count - 1;
}

static void emit_rows(struct ros__emitter *e, const struct ros__cand *cand, size_t index)
{
    uint32_t *jumps = ros_arena_new_array(e->arena, uint32_t, cand->step_count);
    size_t jump_count = 0;
    if (jumps == NULL) {
        ros__emit_fail(e, ros_arena_code(e->arena));
        return;
    }
    e->row = ros__reg_take(e, ROS__BANK_R);
    e->row.temporary = false;
    ros__emit_word(e, ROS__OP_SCAN, e->row.index, (uint8_t) index, 0, 0);
    uint32_t body = e->program->code_count;
    for (size_t i = 0; i < cand->step_count; i++) {
        struct ros__step *step = &cand->steps[i];
        if (step->kind == ROS_STEP_LET) {
            ros__emit_pinned(e, e->model->fields.items[step->index].node);
        } else if (step->kind == ROS_STEP_WHERE) {
            jumps[jump_count] = emit_where(e, step->node);
            step->at = jumps[jump_count++] + 1;
        }
    }
    emit_row_passed(e, cand, index);
    for (size_t i = 0; i < jump_count; i++)
        ros__emit_patch(e, jumps[i]);
    ros__emit_word(e, ROS__OP_NEXTR, 0, 0, 0, body);
    ros__emit_word(e, ROS__OP_SORT, 0, (uint8_t) index, 0, 0);
}

static void emit_candidates(struct ros__emitter *e, size_t index)
{
    const struct ros__cand *cand = &e->model->cands.items[index];
    emit_before_rows(e, cand);
    emit_rows(e, cand, index);
    for (size_t i = 0; i < cand->step_count; i++)
        if (cand->steps[i].kind == ROS_STEP_NEED)
            emit_guard(e, cand->steps[i].index, ROS__OP_NEED, (uint8_t) index);
}

static void emit_offers(struct ros__emitter *e, struct ros__rule *rule)
{
    uint32_t jump = 0;
    ros__emit_hoist(e, rule->where);
    e->row = ros__reg_take(e, ROS__BANK_R);
    e->row.temporary = false;
    e->in_kept = true;
    ros__emit_word(e, ROS__OP_KEPT, e->row.index, (uint8_t) rule->cand, 0, 0);
    uint32_t body = e->program->code_count;
    if (rule->where != NULL) {
        jump = emit_where(e, rule->where);
        rule->where_at = jump + 1;
    }
    ros__emit_word(e, ROS__OP_OFFER, 0, (uint8_t) rule->cand, 0, 0);
    if (rule->where != NULL)
        ros__emit_patch(e, jump);
    ros__emit_word(e, ROS__OP_NEXTK, 0, 0, 0, body);
    e->in_kept = false;
}

/* The values of a rule's texts are computed for every rule, so that each text can be rendered after any run. */
static void emit_texts(struct ros__emitter *e, const struct ros__rule *rule, struct ros__prog_rule *to)
{
    for (size_t i = 0; i < rule->text_count && i < ROS_COUNT(to->texts); i++) {
        to->texts[to->text_count].field = COPY(e, rule->texts[i].field);
        to->texts[to->text_count++].message = ros__emit_message(e, rule->texts[i].node);
    }
}

static void emit_rule(struct ros__emitter *e, size_t index)
{
    struct ros__rule *rule = &e->model->rules.items[index];
    struct ros__prog_rule *to = &e->program->rules[index];
    *to = (struct ros__prog_rule){.name = copy_text(e, rule->name.text, rule->name.len),
                                  .offers = rule->offers,
                                  .required = rule->required,
                                  .cand = (uint32_t) rule->cand};
    emit_texts(e, rule, to);
    if (rule->where != NULL)
        ros__emit_hoist(e, rule->where);
    struct ros__reg when = ros__emit_value(e, rule->when);
    uint32_t jump = ros__emit_word(e, ROS__OP_RULE, when.index, (uint8_t) index, 0, 0);
    rule->at = jump + 1;
    ros__reg_give(e, when);
    if (rule->offers)
        emit_offers(e, rule);
    ros__emit_word(e, ROS__OP_WIN, 0, (uint8_t) index, 0, 0);
    ros__emit_patch(e, jump);
}

static void emit_item(struct ros__emitter *e, const struct ros__item *item)
{
    struct ros__node *node;
    struct ros__reg reg;
    e->span = item->span;
    switch (item->kind) {
    case ROS__ITEM_LET:
        node = e->model->lets.items[item->index].node;
        if (!node->type.vector && !node->type.composed)
            ros__emit_pinned(e, node);
        break;
    case ROS__ITEM_REPORT:
        emit_report(e, item->index);
        break;
    case ROS__ITEM_REQUIRE:
        emit_guard(e, item->index, ROS__OP_REQ, 0);
        break;
    case ROS__ITEM_FLAG:
        reg = ros__emit_pinned(e, e->model->flags.items[item->index].when);
        ros__emit_word(e, ROS__OP_FLAG, reg.index, 0, 0, (uint32_t) item->index);
        break;
    case ROS__ITEM_CAND:
        emit_candidates(e, item->index);
        break;
    case ROS__ITEM_RULE:
        emit_rule(e, item->index);
        break;
    }
}

enum ros_code ros__emit(const struct ros__model *model, struct ros_diags *diags, struct ros_program *program)
{
    struct ros__emitter e = {.model = model, .diags = diags, .program = program, .arena = &program->arena};
    ros_map_init(&program->text_ids, e.arena, 0);
    ros__text_id(&e, "", 0);
    program->name = COPY(&e, model->name);
    program->version = COPY(&e, model->version);
    copy_inputs(&e);
    copy_params(&e);
    copy_orgs(&e);
    copy_tables(&e);
    copy_flags(&e);
    copy_reports(&e);
    copy_candidates(&e);
    program->guards = take(&e, model->guards.count, sizeof *program->guards);
    program->guard_count = (uint32_t) model->guards.count;
    program->rules = take(&e, model->rules.count, sizeof *program->rules);
    program->rule_count = (uint32_t) model->rules.count;
    program->every = model->every;
    for (size_t i = 0; e.code == ROS_OK && i < model->items.count; i++)
        emit_item(&e, &model->items.items[i]);
    ros__emit_word(&e, ROS__OP_HALT, 0, 0, 0, 0);
    return e.code != ROS_OK ? e.code : ros__program_loop_ends(program);
}
