/*
 * The constraints are that each operand lies in its range, that every jump goes forward inside its loop, that loops
 * nest and are entered at their start only, that what a rule offers is made between its RULE and the place where that
 * one goes otherwise, that a register is written on every path before it is read, that a row is one of the table whose
 * columns are read, and that the program ends in HALT. What a run costs at most follows: the words, each times the
 * turns of the loops around it.
 *
 * One pass suffices: jumps go forward, so when a place is reached, everything that can lead to it was seen. Its set of
 * written registers is what all of them have in common. A loop's turn comes back with more written, never with less:
 * a row register that the body gives a row of another table counts as not written where the loop begins.
 */
#include <string.h>

#include "interp/program/program.h"

#define LOOP_DEPTH 4

struct written {
    bool reg[ROS__BANK_COUNT][256];
    uint8_t table[256]; /* of a row register that is written: whose row it holds */
};
_Static_assert(ROS_LIMIT_TABLES <= 256, "a table's number fits");

struct loop {
    uint32_t start;
    uint32_t end; /* behind its NEXT */
    uint8_t next; /* the opcode that must close it */
    uint64_t turns;
    uint32_t of; /* the input, or the candidates */
    uint8_t reg; /* of a loop over rows: where the row is */
};

struct verifier {
    const struct ros_program *p;
    struct ros_error *reterr;
    uint32_t pc;
    struct written now;
    bool reachable;
    struct written *at; /* [code_count]: what jumps to a place bring; valid where pending */
    bool *pending;
    struct loop loops[LOOP_DEPTH];
    uint32_t depth;
    uint64_t cost;
    const struct ros__word *rule; /* the RULE whose offers are being made; NULL: none */
    bool scanned[256];            /* candidates: a second scan would keep more rows than there are */
    bool ruled[256];              /* rules: a second time would offer more rows than there are */
    bool keeps;                   /* the row loop that is open has its KEEP */
};

enum operand {
    OPERAND__,
    OPERAND_dN,
    OPERAND_dB,
    OPERAND_dS,
    OPERAND_dR,
    OPERAND_N,
    OPERAND_B,
    OPERAND_S,
    OPERAND_R,
    OPERAND_uN,
    OPERAND_uB,
    OPERAND_eN,
    OPERAND_eB,
    OPERAND_eS,
    OPERAND_CONST,
    OPERAND_TEXT,
    OPERAND_TRI,
    OPERAND_PARAM_N,
    OPERAND_PARAM_B,
    OPERAND_PARAM_S,
    OPERAND_IN_N,
    OPERAND_IN_B,
    OPERAND_IN_S,
    OPERAND_IN_V,
    OPERAND_TABLE,
    OPERAND_COL_N,
    OPERAND_COL_B,
    OPERAND_COL_S,
    OPERAND_FIELD_N,
    OPERAND_FIELD_B,
    OPERAND_FIELD_S,
    OPERAND_GUARD,
    OPERAND_FLAG,
    OPERAND_REP_N,
    OPERAND_REP_B,
    OPERAND_REP_S,
    OPERAND_REP_V,
    OPERAND_RULE,
    OPERAND_CAND,
    OPERAND_FOLD,
    OPERAND_KEY,
    OPERAND_ROWS,
    OPERAND_FORWARD,
    OPERAND_BODY
};

static const uint8_t operands[ROS__OP_COUNT][4] = {
#define ROS_OP(name, a, b, c, x, doc) {OPERAND_##a, OPERAND_##b, OPERAND_##c, OPERAND_##x},
#include "interp/opcodes.def"
#undef ROS_OP
};

static enum ros_code refuse(const struct verifier *v, const char *what)
{
    uint8_t op = v->pc < v->p->code_count ? v->p->code[v->pc].op : 0;
    return ros_error_set(v->reterr, ROS_E_VERIFY, "instruction %u (%s): %s", v->pc, ros__opcode_name(op), what);
}

/* --- operands ----------------------------------------------------------------------------------------------------- */

static bool is_read(uint8_t kind, enum ros__bank *bank)
{
    static const struct {
        enum operand kind;
        enum ros__bank bank;
    } rows[] = {{OPERAND_N, ROS__BANK_N},  {OPERAND_B, ROS__BANK_B},  {OPERAND_S, ROS__BANK_S},
                {OPERAND_R, ROS__BANK_R},  {OPERAND_uN, ROS__BANK_N}, {OPERAND_uB, ROS__BANK_B},
                {OPERAND_eN, ROS__BANK_N}, {OPERAND_eB, ROS__BANK_B}, {OPERAND_eS, ROS__BANK_S}};
    for (size_t i = 0; i < ROS_COUNT(rows); i++)
        if (rows[i].kind == kind) {
            *bank = rows[i].bank;
            return true;
        }
    return false;
}

static bool param_ok(const struct ros_program *p, uint32_t value, enum ros__bank bank)
{
    return value < p->param_count && p->params[value].bank == bank;
}

static bool input_ok(const struct ros_program *p, uint32_t value, enum ros_value_kind kind, bool vector)
{
    return value < p->input_count && p->inputs[value].info.value == kind && p->inputs[value].info.vector == vector;
}

static bool column_ok(const struct ros_program *p, uint32_t value, enum ros__bank bank)
{
    return value < p->column_count && p->columns[value].bank == bank;
}

static bool field_ok(const struct ros_program *p, uint32_t value, enum ros__bank bank)
{
    return value < p->field_count && p->fields[value].bank == bank;
}

static bool report_ok(const struct ros_program *p, uint32_t value, enum ros_value_kind kind, bool vector)
{
    return value < p->report_count && p->reports[value].info.value == kind && p->reports[value].info.vector == vector;
}

/* The range of an operand that is no register and no jump. */
static bool index_ok(const struct ros_program *p, uint8_t kind, uint32_t value)
{
    switch ((enum operand) kind) {
    case OPERAND__:
        return value == 0;
    case OPERAND_CONST:
        return value < p->const_count;
    case OPERAND_TEXT:
        return value < p->text_count;
    case OPERAND_TRI:
        return value <= ROS_TRUE;
    case OPERAND_PARAM_N:
        return param_ok(p, value, ROS__BANK_N);
    case OPERAND_PARAM_B:
        return param_ok(p, value, ROS__BANK_B);
    case OPERAND_PARAM_S:
        return param_ok(p, value, ROS__BANK_S);
    case OPERAND_IN_N:
        return input_ok(p, value, ROS_VALUE_NUM, false);
    case OPERAND_IN_B:
        return input_ok(p, value, ROS_VALUE_BOOL, false);
    case OPERAND_IN_S:
        return input_ok(p, value, ROS_VALUE_TEXT, false);
    case OPERAND_IN_V:
        return input_ok(p, value, ROS_VALUE_NUM, true);
    case OPERAND_TABLE:
        return value < p->table_count;
    case OPERAND_COL_N:
        return column_ok(p, value, ROS__BANK_N);
    case OPERAND_COL_B:
        return column_ok(p, value, ROS__BANK_B);
    case OPERAND_COL_S:
        return column_ok(p, value, ROS__BANK_S);
    case OPERAND_FIELD_N:
        return field_ok(p, value, ROS__BANK_N);
    case OPERAND_FIELD_B:
        return field_ok(p, value, ROS__BANK_B);
    case OPERAND_FIELD_S:
        return field_ok(p, value, ROS__BANK_S);
    case OPERAND_GUARD:
        return value < p->guard_count;
    case OPERAND_FLAG:
        return value < p->flag_count;
    case OPERAND_REP_N:
        return report_ok(p, value, ROS_VALUE_NUM, false);
    case OPERAND_REP_B:
        return report_ok(p, value, ROS_VALUE_BOOL, false);
    case OPERAND_REP_S:
        return report_ok(p, value, ROS_VALUE_TEXT, false);
    case OPERAND_REP_V:
        return report_ok(p, value, ROS_VALUE_NUM, true);
    case OPERAND_RULE:
        return value < p->rule_count;
    case OPERAND_CAND:
        return value < p->cand_count;
    case OPERAND_FOLD:
        return value <= ROS__FOLD_COUNT;
    case OPERAND_KEY:
        return value < ROS_LIMIT_TABLE_KEYS;
    case OPERAND_ROWS:
        return value <= 1;
    default:
        return true;
    }
}

static enum ros_code check_operand(struct verifier *v, uint8_t kind, uint32_t value)
{
    enum ros__bank bank;
    if (is_read(kind, &bank)) {
        if (value >= ROS_LIMIT_REGISTERS || !v->now.reg[bank][value])
            return refuse(v, "reads a register that may not have been written");
        return ROS_OK;
    }
    if (kind >= OPERAND_dN && kind <= OPERAND_dR)
        return value < ROS_LIMIT_REGISTERS ? ROS_OK : refuse(v, "writes a register that there is not");
    if (index_ok(v->p, kind, value))
        return ROS_OK;
    return refuse(v, "an operand is out of range");
}

/* The table whose row an instruction gives; false when it gives none. */
static bool gives_row(const struct ros_program *p, const struct ros__word *word, uint8_t *ret_table)
{
    if (word->op == ROS__OP_FIND && word->x < p->table_count)
        *ret_table = (uint8_t) word->x;
    else if ((word->op == ROS__OP_SCAN || word->op == ROS__OP_KEPT) && word->b < p->cand_count)
        *ret_table = (uint8_t) p->cands[word->b].table;
    else
        return false;
    return true;
}

static void note_writes(struct verifier *v, const struct ros__word *word)
{
    uint8_t kind = operands[word->op][0];
    if (kind >= OPERAND_dN && kind <= OPERAND_dR)
        v->now.reg[kind - OPERAND_dN][word->a] = true;
    (void) gives_row(v->p, word, &v->now.table[word->a]);
}

/* What both have written. */
static void meet(struct written *into, const struct written *other)
{
    for (size_t bank = 0; bank < ROS__BANK_COUNT; bank++)
        for (size_t i = 0; i < 256; i++)
            into->reg[bank][i] = into->reg[bank][i] && other->reg[bank][i];
    for (size_t i = 0; i < 256; i++)
        into->reg[ROS__BANK_R][i] = into->reg[ROS__BANK_R][i] && into->table[i] == other->table[i];
}

/* --- control ------------------------------------------------------------------------------------------------------ */

static struct loop *inner(struct verifier *v)
{
    return v->depth > 0 ? &v->loops[v->depth - 1] : NULL;
}

static void bring(struct verifier *v, uint32_t target)
{
    if (!v->pending[target]) {
        v->pending[target] = true;
        v->at[target] = v->now;
        return;
    }
    meet(&v->at[target], &v->now);
}

static enum ros_code check_jump(struct verifier *v, uint32_t target)
{
    const struct loop *loop = inner(v);
    uint32_t last = loop != NULL ? loop->end - 1 : v->p->code_count - 1;
    if (target <= v->pc || target > last)
        return refuse(v, "jumps backward, or out of its loop");
    if (v->rule != NULL && target > v->rule->x)
        return refuse(v, "jumps out of its rule");
    bring(v, target);
    return ROS_OK;
}

/* What stands behind here and before `end` is reached through here only: state that is set here holds there. */
static enum ros_code check_entry(struct verifier *v, uint32_t end)
{
    for (uint32_t pc = v->pc + 1; pc < end; pc++)
        if (v->pending[pc])
            return refuse(v, "a loop or a rule that is jumped into");
    return ROS_OK;
}

/*
 * A body that gives a row register a row of another table makes it unknown from the first turn on. Where the loop's own
 * row stands belongs to the machine.
 */
static enum ros_code check_body_rows(struct verifier *v, uint32_t end, bool over_rows, uint8_t reg)
{
    uint8_t table = 0;
    for (uint32_t pc = v->pc + 1; pc < end; pc++) {
        const struct ros__word *word = &v->p->code[pc];
        if (!gives_row(v->p, word, &table))
            continue;
        if (over_rows && word->a == reg)
            return refuse(v, "a loop whose body writes over its row");
        if (v->now.table[word->a] != table)
            v->now.reg[ROS__BANK_R][word->a] = false;
    }
    return ROS_OK;
}

static enum ros_code open_loop(struct verifier *v, uint8_t next, uint64_t turns, uint32_t of)
{
    uint8_t reg = v->p->code[v->pc].a;
    const struct loop *outer = inner(v);
    uint32_t end = v->p->loop_ends[v->pc];
    uint32_t last = outer != NULL ? outer->end - 1 : v->p->code_count - 1;
    if (v->depth == LOOP_DEPTH)
        return refuse(v, "loops nest too deep");
    if (end <= v->pc + 1 || end > last)
        return refuse(v, "a loop without an end, or one that crosses another");
    const struct ros__word *close = &v->p->code[end - 1];
    if (close->op != next || close->x != v->pc + 1)
        return refuse(v, "a loop that is not closed by its own instruction");
    for (uint32_t i = 0; i < v->depth; i++)
        if (v->loops[i].next == next || next != ROS__OP_NEXTI)
            return refuse(v, "a loop inside another of its kind, or over rows inside any");
    ROS_TRY(check_entry(v, end));
    ROS_TRY(check_body_rows(v, end, next != ROS__OP_NEXTI, reg));
    bring(v, end); /* it may have nothing to go over */
    v->loops[v->depth++] = (struct loop){v->pc, end, next, turns, of, reg};
    return ROS_OK;
}

static enum ros_code open_rule(struct verifier *v, const struct ros__word *word)
{
    if (v->depth != 0 || v->rule != NULL)
        return refuse(v, "inside a loop or another rule");
    if (v->ruled[word->b])
        return refuse(v, "decides the same rule again");
    ROS_TRY(check_jump(v, word->x));
    ROS_TRY(check_entry(v, word->x));
    v->ruled[word->b] = true;
    v->rule = word;
    return ROS_OK;
}

static enum ros_code close_loop(struct verifier *v, uint8_t op)
{
    const struct loop *loop = inner(v);
    if (loop == NULL || loop->next != op || loop->end != v->pc + 1)
        return refuse(v, "closes a loop that is not open");
    v->depth--;
    return ROS_OK;
}

static const struct loop *find_loop(const struct verifier *v, uint8_t next)
{
    for (uint32_t i = 0; i < v->depth; i++)
        if (v->loops[i].next == next)
            return &v->loops[i];
    return NULL;
}

/* Keeping: once a row, the loop's own row, and after everything that is put beside it. */
static enum ros_code check_keep(struct verifier *v, const struct ros__word *word)
{
    const struct loop *loop = find_loop(v, ROS__OP_NEXTR);
    if (loop == NULL || loop != inner(v) || loop->of != word->b)
        return refuse(v, "outside of its loop");
    if (v->keeps)
        return refuse(v, "keeps a row twice");
    if (loop->reg != word->a)
        return refuse(v, "keeps another row than its loop's");
    v->keeps = true;
    return ROS_OK;
}

static enum ros_code check_put(struct verifier *v, uint32_t cand)
{
    const struct loop *loop = find_loop(v, ROS__OP_NEXTR);
    if (loop == NULL || loop->of != cand)
        return refuse(v, "outside of its loop");
    return v->keeps ? refuse(v, "comes after the row was kept") : ROS_OK;
}

static enum ros_code check_offer(struct verifier *v, uint8_t cand)
{
    const struct loop *loop = find_loop(v, ROS__OP_NEXTK);
    if (v->rule == NULL || !v->p->rules[v->rule->b].offers || v->p->rules[v->rule->b].cand != cand)
        return refuse(v, "outside of a rule that offers these candidates");
    return loop != NULL && loop->of == cand ? ROS_OK : refuse(v, "outside of its loop");
}

static enum ros_code check_inside(struct verifier *v, uint8_t next, uint32_t of)
{
    const struct loop *loop = find_loop(v, next);
    return loop != NULL && loop->of == of ? ROS_OK : refuse(v, "outside of its loop");
}

/* Instructions that mean something only inside a loop of their kind, over the same thing, or with a row of their table.
 */
static enum ros_code check_place(struct verifier *v, const struct ros__word *word)
{
    switch (word->op) {
    case ROS__OP_INI:
        return check_inside(v, ROS__OP_NEXTI, word->x);
    case ROS__OP_REPI:
        return check_inside(v, ROS__OP_NEXTI, v->p->reports[word->x].slot);
    case ROS__OP_COLN:
    case ROS__OP_COLB:
    case ROS__OP_COLS:
        return v->now.table[word->b] == v->p->columns[word->x].table ? ROS_OK : refuse(v, "a row of another table");
    case ROS__OP_PUTN:
    case ROS__OP_PUTB:
    case ROS__OP_PUTS:
        return check_put(v, v->p->fields[word->x].cand);
    case ROS__OP_KEEP:
        return check_keep(v, word);
    case ROS__OP_GETN:
    case ROS__OP_GETB:
    case ROS__OP_GETS:
        return check_inside(v, ROS__OP_NEXTK, v->p->fields[word->x].cand);
    case ROS__OP_OFFER:
        return check_offer(v, word->b);
    case ROS__OP_WIN:
        return v->rule != NULL && v->rule->b == word->b ? ROS_OK : refuse(v, "outside of its rule");
    default:
        return ROS_OK;
    }
}

static uint64_t rows_of(const struct verifier *v, uint8_t cand)
{
    return v->p->tables[v->p->cands[cand].table].rows;
}

static uint64_t sort_cost(uint64_t rows)
{
    uint64_t cost = rows;
    for (uint64_t half = rows; half > 1; half /= 2)
        cost += rows;
    return cost;
}

static enum ros_code check_control(struct verifier *v, const struct ros__word *word)
{
    switch (word->op) {
    case ROS__OP_EACH:
        return open_loop(v, ROS__OP_NEXTI, ROS_LIMIT_INSTANCES, word->x);
    case ROS__OP_SCAN:
        if (v->scanned[word->b])
            return refuse(v, "scans the same candidates again");
        v->scanned[word->b] = true;
        v->keeps = false;
        return open_loop(v, ROS__OP_NEXTR, rows_of(v, word->b), word->b);
    case ROS__OP_KEPT:
        return open_loop(v, ROS__OP_NEXTK, rows_of(v, word->b), word->b);
    case ROS__OP_NEXTI:
    case ROS__OP_NEXTR:
    case ROS__OP_NEXTK:
        return close_loop(v, word->op);
    case ROS__OP_WHERE:
    case ROS__OP_WSEQ:
    case ROS__OP_WSNE:
        return check_jump(v, word->x);
    case ROS__OP_RULE:
        return open_rule(v, word);
    case ROS__OP_SORT:
        v->cost += sort_cost(rows_of(v, word->b));
        return v->depth == 0 ? ROS_OK : refuse(v, "inside a loop");
    case ROS__OP_HALT:
        return v->depth == 0 && v->pc == v->p->code_count - 1 ? ROS_OK : refuse(v, "ends before the end");
    default:
        return ROS_OK;
    }
}

/* --- the pass ----------------------------------------------------------------------------------------------------- */

static enum ros_code check_fold(struct verifier *v, const struct ros__word *word)
{
    if ((word->op == ROS__OP_FOLN || word->op == ROS__OP_FOLB) && word->c == 1)
        return word->x == 0 ? ROS_OK : refuse(v, "an operand is out of range");
    return check_operand(v, operands[word->op][3], word->x);
}

static enum ros_code check_word(struct verifier *v, const struct ros__word *word)
{
    if (word->op >= ROS__OP_COUNT)
        return refuse(v, "an unknown instruction");
    ROS_TRY(check_operand(v, operands[word->op][0], word->a));
    ROS_TRY(check_operand(v, operands[word->op][1], word->b));
    ROS_TRY(check_operand(v, operands[word->op][2], word->c));
    ROS_TRY(check_fold(v, word));
    ROS_TRY(check_place(v, word));
    uint64_t cost = 1;
    for (uint32_t i = 0; i < v->depth; i++)
        if (__builtin_mul_overflow(cost, v->loops[i].turns + 1, &cost))
            return refuse(v, "costs more than can be counted");
    v->cost += cost;
    if (v->cost > ROS_LIMIT_COST)
        return ros_error_set(v->reterr, ROS_E_LIMIT, "one host may cost more than %u instructions", ROS_LIMIT_COST);
    note_writes(v, word);
    return check_control(v, word);
}

static enum ros_code check_code(struct verifier *v)
{
    v->reachable = true;
    for (v->pc = 0; v->pc < v->p->code_count; v->pc++) {
        if (v->pending[v->pc]) {
            struct written meanwhile = v->now;
            v->now = v->at[v->pc];
            if (v->reachable)
                meet(&v->now, &meanwhile);
            v->reachable = true;
        }
        if (v->rule != NULL && v->pc == v->rule->x)
            v->rule = NULL;
        ROS_TRY(check_word(v, &v->p->code[v->pc]));
    }
    v->pc = v->p->code_count - 1;
    return v->p->code[v->pc].op == ROS__OP_HALT ? ROS_OK : refuse(v, "the last instruction is not HALT");
}

/* Texts are rendered after the run: what they show must be written on every path to its end. */
static enum ros_code check_messages(struct verifier *v)
{
    static const enum ros__bank banks[] = {
        [ROS__SHOW_TEXT] = ROS__BANK_S,  [ROS__SHOW_UPPER] = ROS__BANK_S, [ROS__SHOW_TRUTH] = ROS__BANK_B,
        [ROS__SHOW_PLAIN] = ROS__BANK_N, [ROS__SHOW_SHARE] = ROS__BANK_N, [ROS__SHOW_BYTES] = ROS__BANK_N,
        [ROS__SHOW_UNIT] = ROS__BANK_N};
    for (uint32_t i = 0; i < v->p->part_count; i++) {
        const struct ros__prog_part *part = &v->p->parts[i];
        if (part->show > ROS__SHOW_UNIT)
            return refuse(v, "a text with an unknown part");
        if (part->show != ROS__SHOW_LITERAL && !v->now.reg[banks[part->show]][part->reg])
            return refuse(v, "a text shows a register that may not have been written");
    }
    for (uint32_t i = 0; i < v->p->message_count; i++)
        if (v->p->messages[i].first > v->p->part_count ||
            v->p->messages[i].count > v->p->part_count - v->p->messages[i].first)
            return refuse(v, "a text with parts that there are not");
    return ROS_OK;
}

enum ros_code ros__verify(const struct ros_program *program, uint64_t *ret_cost, struct ros_error *reterr)
{
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, program->alloc, ROS_LIMIT_COMPILE_BYTES);
    struct verifier *v = ros_arena_new(&arena, struct verifier);
    if (program->code_count == 0)
        return ros_error_set(reterr, ROS_E_VERIFY, "there is no code");
    if (program->table_count > ROS_LIMIT_TABLES)
        return ros_error_set(reterr, ROS_E_VERIFY, "more than %d tables", ROS_LIMIT_TABLES);
    if (v == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    v->p = program;
    v->reterr = reterr;
    v->pending = ros_arena_new_array(&arena, bool, program->code_count);
    v->at = ros_arena_new_array(&arena, struct written, program->code_count);
    if (v->pending == NULL || v->at == NULL)
        return ros_error_code(reterr, ros_arena_code(&arena));
    ROS_TRY(check_code(v));
    ROS_TRY(check_messages(v));
    *ret_cost = v->cost;
    return ROS_OK;
}
