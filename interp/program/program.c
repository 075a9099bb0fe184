/* The parts of a program that its users see, and its life. */
#include "interp/program/program.h"

#include <string.h>

#include "interp/diag/diag.h"
#include "interp/sema/sema.h"

static const char *const opcode_names[] = {
#define ROS_OP(name, a, b, c, x, doc) #name,
#include "interp/opcodes.def"
#undef ROS_OP
};

const char *ros__opcode_name(uint8_t op)
{
    return op < ROS__OP_COUNT ? opcode_names[op] : "?";
}

/* --- reasons ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    const char *text;
} reasons[] = {
    {"NONE", "no reason"},
#define ROS_REASON(name, text) {#name, text},
#include "interp/reasons.def"
#undef ROS_REASON
};

const char *ros_reason_name(enum ros_reason reason)
{
    return reasons[reason < ROS_REASON_COUNT ? reason : ROS_REASON_NONE].name;
}

const char *ros_reason_text(enum ros_reason reason)
{
    return reasons[reason < ROS_REASON_COUNT ? reason : ROS_REASON_NONE].text;
}

enum ros_reason ros_reason_from_name(const char *name, size_t len)
{
    for (size_t i = 1; i < ROS_COUNT(reasons); i++)
        if (strlen(reasons[i].name) == len && memcmp(reasons[i].name, name, len) == 0)
            return (enum ros_reason) i;
    return ROS_REASON_NONE;
}

/* --- statistics --------------------------------------------------------------------------------------------------- */

const char *ros_statistic_name(enum ros_statistic statistic)
{
    static const char *const names[] = {
#define ROS_BUILTIN(name, over, most, text) #name,
#include "interp/builtins.def"
#undef ROS_BUILTIN
    };
    size_t first = ROS_COUNT(names) - ((size_t) ROS_STATISTIC_COUNT - 1); /* they are the last ones of the table */
    return statistic == ROS_STATISTIC_MEAN || statistic >= ROS_STATISTIC_COUNT
               ? NULL
               : names[first + (size_t) statistic - ROS_STATISTIC_P50];
}

enum ros_code ros_input_write(const struct ros_input *input, struct ros_buf *out)
{
    const char *function = ros_statistic_name(input->statistic);
    if (function != NULL)
        ros_buf_printf(out, "%s(", function);
    ros_buf_puts(out, input->name != NULL ? input->name : "?");
    if (input->instance != NULL)
        ros_buf_printf(out, "[\"%s\"]", input->instance);
    return function != NULL ? ros_buf_addc(out, ')') : ros_buf_code(out);
}

/* --- life --------------------------------------------------------------------------------------------------------- */

static void program_free(struct ros_program *program)
{
    const struct ros_alloc *alloc = program->alloc;
    ros_arena_done(&program->arena);
    ros_alloc_put(alloc, program, sizeof *program);
}

struct ros_program *ros_program_ref(struct ros_program *program)
{
    atomic_fetch_add_explicit(&program->refs, 1, memory_order_relaxed);
    return program;
}

struct ros_program *ros_program_unref(struct ros_program *program)
{
    if (program != NULL && atomic_fetch_sub_explicit(&program->refs, 1, memory_order_acq_rel) == 1)
        program_free(program);
    return NULL;
}

struct ros_program *ros__program_new(const struct ros_alloc *alloc)
{
    struct ros_program *program = ros_alloc_zero(alloc, sizeof *program);
    if (program == NULL)
        return NULL;
    program->alloc = alloc;
    atomic_init(&program->refs, 1);
    ros_arena_init(&program->arena, alloc, ROS_LIMIT_COMPILE_BYTES);
    return program;
}

static enum ros_code build(const struct ros_unit *unit, struct ros_arena *arena, struct ros_diags *diags,
                           struct ros__model **ret_model, struct ros_program *program, struct ros_error *reterr)
{
    enum ros_code code = ros__sema(unit, arena, diags, ret_model);
    if (code == ROS_OK)
        code = ros__emit(*ret_model, diags, program);
    if (code == ROS_E_RULES)
        return ros_error_set(reterr, code, "the rules have %zu error%s", diags->error_count,
                             diags->error_count == 1 ? "" : "s");
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    ROS_TRY(ros__verify(program, &program->cost, reterr));
    return ros__program_checksum(program, reterr);
}

enum ros_code ros__program_build(const struct ros_unit *unit, const struct ros_alloc *alloc, struct ros_arena *arena,
                                 struct ros_diags *diags, struct ros__model **ret_model, struct ros_program **ret,
                                 struct ros_error *reterr)
{
    struct ros_program *program = ros__program_new(alloc);
    if (program == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    enum ros_code code = build(unit, arena, diags, ret_model, program, reterr);
    if (code != ROS_OK) {
        program_free(program);
        return code;
    }
    *ret = program;
    return ROS_OK;
}

enum ros_code ros_program_compile(const struct ros_unit *unit, const struct ros_alloc *alloc, struct ros_diags *diags,
                                  struct ros_program **ret, struct ros_error *reterr)
{
    ros_auto(ros_arena) struct ros_arena scratch;
    ros_arena_init(&scratch, alloc, ROS_LIMIT_COMPILE_BYTES);
    struct ros__model *model = NULL;
    return ros__program_build(unit, alloc, &scratch, diags, &model, ret, reterr);
}

/* --- what is seen ------------------------------------------------------------------------------------------------- */

const char *ros_program_name(const struct ros_program *program)
{
    return program->name;
}

const char *ros_program_version(const struct ros_program *program)
{
    return program->version;
}

const char *ros_program_checksum(const struct ros_program *program)
{
    return program->checksum;
}

uint64_t ros_program_cost(const struct ros_program *program)
{
    return program->cost;
}

size_t ros_program_input_count(const struct ros_program *program)
{
    return program->input_count;
}

const struct ros_input *ros_program_input(const struct ros_program *program, size_t index)
{
    return &program->inputs[index].info;
}

size_t ros_program_flag_count(const struct ros_program *program)
{
    return program->flag_count;
}

const struct ros_flag_info *ros_program_flag(const struct ros_program *program, size_t index)
{
    return &program->flags[index];
}

bool ros_program_decides_every(const struct ros_program *program)
{
    return program->every;
}

size_t ros_program_rule_count(const struct ros_program *program)
{
    return program->rule_count;
}

const char *ros_program_rule_name(const struct ros_program *program, size_t index)
{
    return program->rules[index].name;
}

size_t ros_program_report_count(const struct ros_program *program)
{
    return program->report_count;
}

const struct ros_report_info *ros_program_report(const struct ros_program *program, size_t index)
{
    return &program->reports[index].info;
}

int ros_program_report_find(const struct ros_program *program, const char *name)
{
    for (uint32_t i = 0; i < program->report_count; i++)
        if (strcmp(program->reports[i].info.name, name) == 0)
            return (int) i;
    return -1;
}

/*
 * A field's number says where it is found for the offers of any candidates block: below field_count a row let of that
 * name, above it a column. Every block that a rule offers from must have the name.
 */
static bool block_has(const struct ros_program *program, uint32_t cand, const char *name)
{
    const struct ros__prog_table *table = &program->tables[program->cands[cand].table];
    for (uint32_t i = 0; i < program->field_count; i++)
        if (program->fields[i].cand == cand && program->fields[i].name != NULL &&
            strcmp(program->fields[i].name, name) == 0)
            return true;
    for (uint32_t i = 0; i < table->column_count; i++)
        if (strcmp(program->columns[table->first_column + i].name, name) == 0)
            return true;
    return false;
}

int ros_program_offer_field(const struct ros_program *program, const char *name)
{
    bool offered = false;
    for (uint32_t i = 0; i < program->rule_count; i++) {
        if (!program->rules[i].offers)
            continue;
        if (!block_has(program, program->rules[i].cand, name))
            return -1;
        offered = true;
    }
    if (!offered)
        return -1;
    for (uint32_t i = 0; i < program->field_count; i++)
        if (program->fields[i].name != NULL && strcmp(program->fields[i].name, name) == 0)
            return (int) i;
    for (uint32_t i = 0; i < program->column_count; i++)
        if (strcmp(program->columns[i].name, name) == 0)
            return (int) (program->field_count + i);
    return -1;
}

bool ros_verdict_listed(const struct ros_program *program, const struct ros_verdict *verdict, size_t index)
{
    if (verdict->flags[index] != ROS_TRUE)
        return false;
    for (uint32_t i = 0; i < program->flag_count; i++)
        if (program->flags[i].exclusive && verdict->flags[i] == ROS_TRUE &&
            program->flag_groups[i] != program->flag_groups[index])
            return false;
    return true;
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

uint64_t ros__column_key(const struct ros__prog_column *column, uint32_t row)
{
    uint64_t bits = 0;
    if (column->bank == ROS__BANK_S)
        return column->text[row];
    if (column->bank == ROS__BANK_B)
        return column->truth[row];
    double number = column->num[row] + 0.0; /* -0 is 0 */
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

uint64_t ros__key_hash(const uint64_t *keys, uint32_t count)
{
    uint64_t hash = 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < count; i++) {
        hash = (hash ^ keys[i]) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    return hash;
}

bool ros__row_has(const struct ros_program *program, const struct ros__prog_table *table, uint32_t row,
                  const uint64_t *keys)
{
    for (uint32_t i = 0; i < table->key_count; i++)
        if (ros__column_key(&program->columns[table->keys[i]], row) != keys[i])
            return false;
    return true;
}

int32_t ros__table_find(const struct ros_program *program, const struct ros__prog_table *table, const uint64_t *keys)
{
    uint32_t mask = table->slot_count - 1;
    for (uint32_t slot = (uint32_t) ros__key_hash(keys, table->key_count) & mask;; slot = (slot + 1) & mask) {
        if (table->slots[slot] == 0)
            return -1;
        if (ros__row_has(program, table, table->slots[slot] - 1, keys))
            return (int32_t) (table->slots[slot] - 1);
    }
}
