/*
 * Every field of a program, once: a line here writes it, reads it and checks it. Sections stand in an order in which
 * what is referred to (texts, inputs, tables, messages, candidates) comes before what refers to it.
 */
#include <math.h>
#include <string.h>

#include "interp/bundle/codec.h"

#define MANY 65535 /* of what has no limit of its own, but comes one by one from a source of limited length */
#define COLUMNS 255
#define REPORTS 4096                    /* a machine has room for every instance of each */
#define KEPT_VALUES (UINT64_C(1) << 25) /* what it has room to keep of candidates: rows by lets, keys and places */

#define LIST(c, items, count, most, least) ros__code_list((c), &(items), &(count), sizeof *(items), (most), (least))

void ros__code_meta(struct ros__codec *c, struct ros_program *p, struct ros__bundle_meta *meta)
{
    ros__code_optional_text(c, &p->name);
    ros__code_optional_text(c, &p->version);
    ros__code_text(c, &meta->compiler);
    ros__code_optional_text(c, &meta->main);
    ros__code_bytes(c, meta->checksum, sizeof meta->checksum);
    ros__code_bytes(c, meta->sources, sizeof meta->sources);
}

/* --- pools -------------------------------------------------------------------------------------------------------- */

/* Text 0 is "missing", and not there. A text stands once: equality of texts is that of their numbers. */
static void code_texts(struct ros__codec *c, struct ros_program *p)
{
    LIST(c, p->texts, p->text_count, UINT32_MAX / 2, 4);
    if (c->code == ROS_OK && p->text_count == 0)
        ros__code_refuse(c, "not even the empty text");
    uint32_t none = 0;
    if (ros__code_more(c, 0, p->text_count) && c->reading)
        p->texts[0] = "";
    ros__code_below(c, &none, 1, "a text where there is none");
    for (uint32_t i = 1; ros__code_more(c, i, p->text_count); i++) {
        ros__code_text(c, &p->texts[i]);
        if (!c->reading || c->code != ROS_OK)
            continue;
        enum ros_code code = ros_map_add(&p->text_ids, p->texts[i], strlen(p->texts[i]), (void *) (uintptr_t) i);
        if (code == ROS_E_EXISTS)
            ros__code_refuse(c, "a text that stands twice");
        else if (code != ROS_OK)
            ros__code_fail(c, code, "memory");
    }
}

static void code_consts(struct ros__codec *c, struct ros_program *p)
{
    LIST(c, p->consts, p->const_count, ROS_LIMIT_CONSTANTS, 8);
    for (uint32_t i = 0; ros__code_more(c, i, p->const_count); i++)
        ros__code_f64(c, &p->consts[i]);
}

/* --- what a program asks and says --------------------------------------------------------------------------------- */

static void check_input(struct ros__codec *c, const struct ros_input *input)
{
    bool metric = input->kind == ROS_INPUT_METRIC;
    if (c->code != ROS_OK)
        return;
    if (metric ? input->value != ROS_VALUE_NUM : input->vector || input->statistic != ROS_STATISTIC_MEAN)
        ros__code_refuse(c, "an input of a kind that there is not");
}

static void code_input(struct ros__codec *c, struct ros__prog_input *input)
{
    struct ros_input *info = &input->info;
    ROS__CODE_ENUM(c, info->kind, ROS_INPUT_FACT + 1, "a kind of input that there is not");
    ROS__CODE_ENUM(c, info->value, ROS_VALUE_BOOL + 1, "a kind of value that there is not");
    ROS__CODE_ENUM(c, info->statistic, ROS_STATISTIC_COUNT, "a statistic that there is not");
    ros__code_bool(c, &info->vector);
    ros__code_name(c, &info->name);
    ros__code_optional_text(c, &info->instance);
    ros__code_optional_text(c, &info->raw_unit);
    ros__code_f64(c, &input->mul);
    ros__code_f64(c, &input->div);
    check_input(c, info);
}

static void code_schema(struct ros__codec *c, struct ros_program *p)
{
    LIST(c, p->inputs, p->input_count, ROS_LIMIT_SLOTS, 48);
    for (uint32_t i = 0; ros__code_more(c, i, p->input_count); i++)
        code_input(c, &p->inputs[i]);
    LIST(c, p->flags, p->flag_count, ROS_LIMIT_FLAGS, 16);
    for (uint32_t i = 0; ros__code_more(c, i, p->flag_count); i++) {
        ros__code_name(c, &p->flags[i].name);
        ros__code_optional_text(c, &p->flags[i].text);
        ros__code_name(c, &p->flags[i].group);
        ros__code_bool(c, &p->flags[i].exclusive);
    }
    uint32_t groups = p->flag_count;
    LIST(c, p->flag_groups, groups, ROS_LIMIT_FLAGS, 4);
    if (c->code == ROS_OK && groups != p->flag_count)
        ros__code_refuse(c, "groups of other flags");
    for (uint32_t i = 0; ros__code_more(c, i, groups); i++)
        ros__code_u32(c, &p->flag_groups[i]);
    LIST(c, p->reports, p->report_count, REPORTS, 16);
    for (uint32_t i = 0; ros__code_more(c, i, p->report_count); i++) {
        struct ros__prog_report *report = &p->reports[i];
        ros__code_name(c, &report->info.name);
        ROS__CODE_ENUM(c, report->info.value, ROS_VALUE_BOOL + 1, "a kind of value that there is not");
        ros__code_bool(c, &report->info.vector);
        ros__code_below(c, &report->slot, report->info.vector ? p->input_count : UINT32_MAX, "no such input");
    }
}

static void code_bank(struct ros__codec *c, enum ros__bank *bank)
{
    ROS__CODE_ENUM(c, *bank, ROS__BANK_R, "a kind of value that there is not");
}

/* Of a param only the value of its kind is written; the others are as emit leaves them. */
static void code_value(struct ros__codec *c, const struct ros_program *p, struct ros__prog_param *param)
{
    if (c->reading)
        param->num = NAN;
    if (param->bank == ROS__BANK_N) {
        ros__code_f64(c, &param->num);
    } else if (param->bank == ROS__BANK_B) {
        uint32_t truth = c->reading ? 0 : param->truth;
        ros__code_below(c, &truth, ROS_TRUE + 1, "a truth that there is not");
        if (c->reading)
            param->truth = (uint8_t) truth;
    } else {
        ros__code_below(c, &param->text, p->text_count, "a text that there is not");
    }
}

static void code_org(struct ros__codec *c, const struct ros_program *p, struct ros__prog_org *org)
{
    struct ros__prog_param *own = NULL;
    if (c->reading && c->code == ROS_OK) {
        own = ros_arena_new_array(c->arena, struct ros__prog_param, p->param_count);
        if (own == NULL)
            ros__code_fail(c, ros_arena_code(c->arena), "memory");
        org->params = own;
    }
    ros__code_text(c, &org->org);
    for (uint32_t i = 0; ros__code_more(c, i, p->param_count); i++) {
        struct ros__prog_param value = p->params[i];
        if (c->reading)
            value.truth = 0, value.text = 0;
        else
            value = org->params[i];
        code_value(c, p, &value);
        if (own != NULL)
            own[i] = value;
    }
}

static void code_params(struct ros__codec *c, struct ros_program *p)
{
    LIST(c, p->params, p->param_count, MANY, 12);
    for (uint32_t i = 0; ros__code_more(c, i, p->param_count); i++) {
        ros__code_name(c, &p->params[i].name);
        code_bank(c, &p->params[i].bank);
        code_value(c, p, &p->params[i]);
    }
    LIST(c, p->orgs, p->org_count, ROS_LIMIT_ORGS, 4);
    for (uint32_t i = 0; ros__code_more(c, i, p->org_count); i++) {
        code_org(c, p, &p->orgs[i]);
        if (c->code == ROS_OK && i > 0 && strcmp(p->orgs[i - 1].org, p->orgs[i].org) >= 0)
            ros__code_refuse(c, "organisations that are not in their order");
    }
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

/* Columns of a table are neighbours, and tables' columns follow each other: where they begin needs no number. */
static void code_table(struct ros__codec *c, struct ros_program *p, struct ros__prog_table *table, uint32_t first)
{
    ros__code_below(c, &table->rows, ROS_LIMIT_TABLE_ROWS + 1, "more rows than a table may have");
    ros__code_below(c, &table->column_count, p->column_count - first + 1, "columns that there are not");
    ros__code_below(c, &table->key_count, ROS_LIMIT_TABLE_KEYS + 1, "more keys than a table may have");
    for (uint32_t k = 0; ros__code_more(c, k, table->key_count); k++) {
        ros__code_u32(c, &table->keys[k]);
        if (table->keys[k] < first || table->keys[k] - first >= table->column_count)
            ros__code_refuse(c, "a key that is no column of its table");
    }
    if (c->reading)
        table->first_column = first;
    else if (table->first_column != first)
        ros__code_refuse(c, "a table apart from its columns");
}

static void code_column(struct ros__codec *c, const struct ros_program *p, struct ros__prog_column *column,
                        uint32_t table)
{
    ros__code_name(c, &column->name);
    code_bank(c, &column->bank);
    if (c->reading)
        column->table = table;
    if (column->bank == ROS__BANK_N)
        ros__code_numbers(c, &column->num, p->tables[table].rows);
    else if (column->bank == ROS__BANK_B)
        ros__code_truths(c, &column->truth, p->tables[table].rows);
    else
        ros__code_ids(c, &column->text, p->tables[table].rows, p->text_count);
}

static void code_tables(struct ros__codec *c, struct ros_program *p)
{
    uint32_t first = 0;
    LIST(c, p->tables, p->table_count, ROS_LIMIT_TABLES, 12);
    LIST(c, p->columns, p->column_count, COLUMNS, 8);
    for (uint32_t i = 0; ros__code_more(c, i, p->table_count); i++) {
        code_table(c, p, &p->tables[i], first);
        first += p->tables[i].column_count;
    }
    if (c->code == ROS_OK && first != p->column_count)
        ros__code_refuse(c, "columns without a table");
    for (uint32_t i = 0; ros__code_more(c, i, p->table_count); i++)
        for (uint32_t k = 0; ros__code_more(c, k, p->tables[i].column_count); k++)
            code_column(c, p, &p->columns[p->tables[i].first_column + k], i);
    for (uint32_t i = 0; c->reading && ros__code_more(c, i, p->table_count); i++) {
        enum ros_code code = ros__table_index(p, &p->tables[i]);
        if (code == ROS_E_EXISTS)
            ros__code_refuse(c, "two rows with the same key");
        else if (code != ROS_OK)
            ros__code_fail(c, code, code == ROS_E_OOM ? "memory" : "keys that collide as if on purpose");
    }
}

/* --- texts that are shown ----------------------------------------------------------------------------------------- */

static void code_part(struct ros__codec *c, struct ros__prog_part *part)
{
    uint32_t reg = c->reading ? 0 : part->reg;
    ROS__CODE_ENUM(c, part->show, ROS__SHOW_UNIT + 1, "a way to show a value that there is not");
    ros__code_below(c, &reg, ROS_LIMIT_REGISTERS, "a register that there is not");
    if (c->reading)
        part->reg = (uint8_t) reg;
    ros__code_optional_text(c, &part->text);
    bool needs_text = part->show == ROS__SHOW_LITERAL || part->show == ROS__SHOW_UNIT;
    if (c->code == ROS_OK && needs_text && part->text == NULL)
        ros__code_refuse(c, "a part of a text without a text");
}

static void code_messages(struct ros__codec *c, struct ros_program *p)
{
    LIST(c, p->parts, p->part_count, MANY, 12);
    for (uint32_t i = 0; ros__code_more(c, i, p->part_count); i++)
        code_part(c, &p->parts[i]);
    LIST(c, p->messages, p->message_count, MANY, 8);
    for (uint32_t i = 0; ros__code_more(c, i, p->message_count); i++) {
        ros__code_below(c, &p->messages[i].first, p->part_count + 1, "no such part of a text");
        ros__code_below(c, &p->messages[i].count, p->part_count - p->messages[i].first + 1, "no such part of a text");
    }
    LIST(c, p->guards, p->guard_count, MANY, 8);
    for (uint32_t i = 0; ros__code_more(c, i, p->guard_count); i++) {
        ROS__CODE_ENUM(c, p->guards[i].reason, ROS_REASON_COUNT, "a reason that there is not");
        ros__code_below(c, &p->guards[i].message, p->message_count, "no such text");
    }
}

/* --- candidates and rules ----------------------------------------------------------------------------------------- */

/* Sort keys are fields of their own block, numbers or texts. */
static void check_keys(struct ros__codec *c, const struct ros_program *p, uint32_t cand)
{
    const struct ros__prog_cand *block = &p->cands[cand];
    if (block->first_key > p->field_count || block->key_count > p->field_count - block->first_key) {
        ros__code_refuse(c, "candidates with sort keys that there are not");
        return;
    }
    for (uint32_t i = block->first_key; i < block->first_key + block->key_count; i++)
        if (p->fields[i].cand != cand || p->fields[i].bank == ROS__BANK_B)
            ros__code_refuse(c, "candidates with sort keys that are not theirs");
}

/* A small file must not ask for a large machine. */
static void check_room(struct ros__codec *c, const struct ros_program *p)
{
    uint64_t values = 0;
    for (uint32_t i = 0; ros__code_more(c, i, p->cand_count); i++)
        values += 2 * (uint64_t) p->tables[p->cands[i].table].rows;
    for (uint32_t i = 0; ros__code_more(c, i, p->field_count); i++)
        values += p->tables[p->cands[p->fields[i].cand].table].rows;
    if (values > KEPT_VALUES)
        ros__code_fail(c, ROS_E_LIMIT, "candidates that keep more than a machine has room for");
}

static void code_candidates(struct ros__codec *c, struct ros_program *p)
{
    LIST(c, p->cands, p->cand_count, 255, 16);
    for (uint32_t i = 0; ros__code_more(c, i, p->cand_count); i++) {
        ros__code_name(c, &p->cands[i].name);
        ros__code_below(c, &p->cands[i].table, p->table_count, "no such table");
        ros__code_u32(c, &p->cands[i].first_key);
        ros__code_u32(c, &p->cands[i].key_count);
    }
    LIST(c, p->fields, p->field_count, MANY, 12);
    for (uint32_t i = 0; ros__code_more(c, i, p->field_count); i++) {
        ros__code_optional_name(c, &p->fields[i].name);
        code_bank(c, &p->fields[i].bank);
        ros__code_below(c, &p->fields[i].cand, p->cand_count, "no such candidates");
    }
    for (uint32_t i = 0; ros__code_more(c, i, p->cand_count); i++)
        check_keys(c, p, i);
    check_room(c, p);
}

static void code_rule(struct ros__codec *c, const struct ros_program *p, struct ros__prog_rule *rule)
{
    ros__code_name(c, &rule->name);
    ros__code_bool(c, &rule->offers);
    ros__code_bool(c, &rule->required);
    ros__code_below(c, &rule->cand, rule->offers ? p->cand_count : 1, "no such candidates");
    ros__code_below(c, &rule->text_count, (uint32_t) ROS_COUNT(rule->texts) + 1, "more texts than a rule may have");
    for (uint32_t i = 0; ros__code_more(c, i, rule->text_count); i++) {
        ros__code_name(c, &rule->texts[i].field);
        ros__code_below(c, &rule->texts[i].message, p->message_count, "no such text");
    }
}

static void code_rules(struct ros__codec *c, struct ros_program *p)
{
    code_candidates(c, p);
    ros__code_bool(c, &p->every);
    LIST(c, p->rules, p->rule_count, ROS_LIMIT_RULES, 20);
    for (uint32_t i = 0; ros__code_more(c, i, p->rule_count); i++)
        code_rule(c, p, &p->rules[i]);
}

/* --- code --------------------------------------------------------------------------------------------------------- */

static void code_words(struct ros__codec *c, struct ros_program *p)
{
    LIST(c, p->code, p->code_count, ROS_LIMIT_CODE_WORDS, 8);
    for (uint32_t i = 0; ros__code_more(c, i, p->code_count); i++) {
        struct ros__word *word = &p->code[i];
        ros__code_u8(c, &word->op);
        ros__code_u8(c, &word->a);
        ros__code_u8(c, &word->b);
        ros__code_u8(c, &word->c);
        ros__code_u32(c, &word->x);
    }
}

/* The line that each instruction comes from. */
static void code_spans(struct ros__codec *c, struct ros_program *p)
{
    uint32_t count = p->code_count;
    LIST(c, p->lines, count, ROS_LIMIT_CODE_WORDS, 4);
    if (c->code == ROS_OK && count != p->code_count)
        ros__code_refuse(c, "lines of other code");
    for (uint32_t i = 0; ros__code_more(c, i, count); i++)
        ros__code_u32(c, &p->lines[i]);
}

static void code_cost(struct ros__codec *c, struct ros_program *p)
{
    ros__code_u64(c, &p->cost);
}

const struct ros__part ros__parts[] = {
    {"TEXT", code_texts},   {"SCHEMA", code_schema}, {"PARAM", code_params}, {"CONST", code_consts},
    {"TABLE", code_tables}, {"MSG", code_messages},  {"RULE", code_rules},   {"CODE", code_words},
    {"SPAN", code_spans},   {"COST", code_cost},
};
const size_t ros__part_count = ROS_COUNT(ros__parts);
