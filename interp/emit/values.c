/* One instruction a node, children first. */
#include <math.h>
#include <string.h>

#include "interp/emit/emitter.h"

/* --- registers and words ------------------------------------------------------------------------------------------ */

enum ros__bank ros__bank_of(const struct ros_type *type)
{
    switch (type->kind) {
    case ROS_KIND_BOOL:
        return ROS__BANK_B;
    case ROS_KIND_TEXT:
        return ROS__BANK_S;
    case ROS_KIND_ROW:
        return ROS__BANK_R;
    default:
        return ROS__BANK_N;
    }
}

void ros__emit_fail(struct ros__emitter *e, enum ros_code code)
{
    if (e->code == ROS_OK)
        e->code = code;
}

static void too_much(struct ros__emitter *e, const char *what)
{
    if (e->code == ROS_OK)
        ros_diags_add(e->diags, ROS_DIAG_E0701, e->span, "too many %s in one rule set", what);
    ros__emit_fail(e, ROS_E_RULES);
}

/* Grows an array of the program by doubling; false when memory is short. */
static bool grow(struct ros__emitter *e, void **items, uint32_t count, uint32_t *size, size_t item)
{
    if (count < *size)
        return true;
    uint32_t wish = *size == 0 ? 64 : *size * 2;
    void *more = ros_arena_array(e->arena, wish, item);
    if (more == NULL) {
        ros__emit_fail(e, ros_arena_code(e->arena));
        return false;
    }
    if (count > 0)
        memcpy(more, *items, count * item);
    *items = more;
    *size = wish;
    return true;
}

static uint32_t line_of(const struct ros__emitter *e)
{
    size_t line = 0;
    size_t column;
    if (e->span.length > 0)
        ros_span_place(e->model->unit, e->span, &line, &column);
    return (uint32_t) line;
}

uint32_t ros__emit_word(struct ros__emitter *e, enum ros__opcode op, uint8_t a, uint8_t b, uint8_t c, uint32_t x)
{
    struct ros_program *p = e->program;
    if (p->code_count == ROS_LIMIT_CODE_WORDS) {
        too_much(e, "instructions");
        return 0;
    }
    if (!grow(e, (void **) &p->code, p->code_count, &e->code_size, sizeof *p->code) ||
        !grow(e, (void **) &p->lines, p->code_count, &e->line_size, sizeof *p->lines))
        return 0;
    p->code[p->code_count] = (struct ros__word){(uint8_t) op, a, b, c, x};
    p->lines[p->code_count] = line_of(e);
    return p->code_count++;
}

void ros__emit_patch(struct ros__emitter *e, uint32_t at)
{
    if (at < e->program->code_count)
        e->program->code[at].x = e->program->code_count;
}

struct ros__reg ros__reg_take(struct ros__emitter *e, enum ros__bank bank)
{
    for (unsigned i = 0; i < ROS_LIMIT_REGISTERS; i++)
        if (!e->used[bank][i]) {
            e->used[bank][i] = true;
            return (struct ros__reg){bank, (uint8_t) i, true};
        }
    too_much(e, "values that are used together");
    return (struct ros__reg){bank, 0, false};
}

void ros__reg_give(struct ros__emitter *e, struct ros__reg reg)
{
    if (reg.temporary)
        e->used[reg.bank][reg.index] = false;
}

uint32_t ros__text_id(struct ros__emitter *e, const char *text, size_t len)
{
    struct ros_program *p = e->program;
    if (p->text_count == 0) { /* id 0 is "missing"; the empty text is a text like any other */
        if (!grow(e, (void **) &p->texts, 0, &e->text_size, sizeof *p->texts))
            return 0;
        p->texts[p->text_count++] = "";
    }
    void *known = ros_map_get(&p->text_ids, text, len);
    if (known != NULL)
        return (uint32_t) (uintptr_t) known;
    if (!grow(e, (void **) &p->texts, p->text_count, &e->text_size, sizeof *p->texts))
        return 0;
    const char *copy = ros_arena_copy(e->arena, text, len);
    uint32_t id = p->text_count;
    if (copy == NULL || ros_map_add(&p->text_ids, copy, len, (void *) (uintptr_t) id) != ROS_OK) {
        ros__emit_fail(e, ROS_E_OOM);
        return 0;
    }
    p->texts[p->text_count++] = copy;
    return id;
}

static uint32_t const_id(struct ros__emitter *e, double value)
{
    struct ros_program *p = e->program;
    for (uint32_t i = 0; i < p->const_count; i++)
        if (memcmp(&p->consts[i], &value, sizeof value) == 0)
            return i;
    if (p->const_count == ROS_LIMIT_CONSTANTS) {
        too_much(e, "different numbers");
        return 0;
    }
    if (!grow(e, (void **) &p->consts, p->const_count, &e->const_size, sizeof *p->consts))
        return 0;
    p->consts[p->const_count] = value;
    return p->const_count++;
}

/* --- leaves ------------------------------------------------------------------------------------------------------- */

/* The opcode of a family NAMEN, NAMEB, NAMES, which stand in that order. */
static enum ros__opcode by_bank(enum ros__opcode number, enum ros__bank bank)
{
    return (enum ros__opcode)((int) number + (int) bank);
}

static struct ros__reg emit_leaf(struct ros__emitter *e, const struct ros__node *node)
{
    enum ros__bank bank = ros__bank_of(&node->type);
    struct ros__reg to = ros__reg_take(e, bank);
    switch (node->kind) {
    case ROS__NODE_NUM:
        ros__emit_word(e, ROS__OP_LDK, to.index, 0, 0, const_id(e, node->number));
        break;
    case ROS__NODE_TEXT:
        ros__emit_word(e, ROS__OP_LDT, to.index, 0, 0, ros__text_id(e, node->text, node->len));
        break;
    case ROS__NODE_BOOL:
        ros__emit_word(e, ROS__OP_LDB, to.index, 0, 0, (uint32_t) node->index);
        break;
    case ROS__NODE_MISSING:
        if (bank == ROS__BANK_N)
            ros__emit_word(e, ROS__OP_LDK, to.index, 0, 0, const_id(e, NAN));
        else
            ros__emit_word(e, bank == ROS__BANK_B ? ROS__OP_LDB : ROS__OP_LDT, to.index, 0, 0,
                           bank == ROS__BANK_B ? ROS_UNKNOWN : 0);
        break;
    case ROS__NODE_INPUT:
        ros__emit_word(e, node->type.vector ? ROS__OP_INI : by_bank(ROS__OP_INN, bank), to.index, 0, 0,
                       (uint32_t) node->index);
        break;
    case ROS__NODE_PARAM:
        ros__emit_word(e, by_bank(ROS__OP_PRN, bank), to.index, 0, 0, (uint32_t) node->index);
        break;
    default:
        ros__emit_fail(e, ROS_E_INTERNAL);
        break;
    }
    return to;
}

/* --- operations --------------------------------------------------------------------------------------------------- */

/* Children give their registers back before the result takes one: it may be the same. */
static struct ros__reg emit_two(struct ros__emitter *e, enum ros__opcode op, enum ros__bank bank,
                                struct ros__node *left, struct ros__node *right)
{
    struct ros__reg a = ros__emit_value(e, left);
    struct ros__reg b = right != NULL ? ros__emit_value(e, right) : (struct ros__reg){.bank = bank};
    ros__reg_give(e, a);
    ros__reg_give(e, b);
    struct ros__reg to = ros__reg_take(e, bank);
    ros__emit_word(e, op, to.index, a.index, b.index, 0);
    return to;
}

static struct ros__reg emit_not(struct ros__emitter *e, struct ros__reg value)
{
    ros__reg_give(e, value);
    struct ros__reg to = ros__reg_take(e, ROS__BANK_B);
    ros__emit_word(e, ROS__OP_NOT, to.index, value.index, 0, 0);
    return to;
}

static struct ros__reg emit_binary(struct ros__emitter *e, struct ros__node *node)
{
    static const enum ros__opcode numbers[] = {
        [ROS_OP_ADD] = ROS__OP_ADD,      [ROS_OP_SUB] = ROS__OP_SUB,      [ROS_OP_MUL] = ROS__OP_MUL,
        [ROS_OP_DIV] = ROS__OP_DIV,      [ROS_OP_LT] = ROS__OP_LT,        [ROS_OP_GT] = ROS__OP_GT,
        [ROS_OP_LE] = ROS__OP_LE,        [ROS_OP_GE] = ROS__OP_GE,        [ROS_OP_EQ] = ROS__OP_EQ,
        [ROS_OP_NE] = ROS__OP_NE,        [ROS_OP_LE_ABOUT] = ROS__OP_LEA, [ROS_OP_GE_ABOUT] = ROS__OP_GEA,
        [ROS_OP_EQ_ABOUT] = ROS__OP_EQA, [ROS_OP_AND] = ROS__OP_AND,      [ROS_OP_OR] = ROS__OP_OR};
    enum ros__bank bank = ros__bank_of(&node->type);
    enum ros__bank left = ros__bank_of(&node->left->type);
    if (node->op == ROS_OP_ELSE)
        return emit_two(e, by_bank(ROS__OP_ELN, bank), bank, node->left, node->right);
    if (node->op == ROS_OP_AND || node->op == ROS_OP_OR || left == ROS__BANK_N)
        return emit_two(e, numbers[node->op], bank, node->left, node->right);
    if (left == ROS__BANK_S)
        return emit_two(e, node->op == ROS_OP_NE ? ROS__OP_SNE : ROS__OP_SEQ, ROS__BANK_B, node->left, node->right);
    struct ros__reg equal = emit_two(e, ROS__OP_BEQ, ROS__BANK_B, node->left, node->right);
    return node->op == ROS_OP_NE ? emit_not(e, equal) : equal;
}

static struct ros__reg emit_in(struct ros__emitter *e, struct ros__node *node)
{
    enum ros__bank bank = ros__bank_of(&node->left->type);
    enum ros__opcode op = bank == ROS__BANK_N ? ROS__OP_EQ : bank == ROS__BANK_S ? ROS__OP_SEQ : ROS__OP_BEQ;
    struct ros__reg left = ros__emit_value(e, node->left);
    struct ros__reg found = ros__reg_take(e, ROS__BANK_B);
    for (size_t i = 0; i < node->count; i++) {
        struct ros__reg item = ros__emit_value(e, node->list[i]);
        struct ros__reg equal = i > 0 ? ros__reg_take(e, ROS__BANK_B) : found;
        ros__emit_word(e, op, equal.index, left.index, item.index, 0);
        ros__reg_give(e, item);
        if (i > 0) {
            ros__emit_word(e, ROS__OP_OR, found.index, found.index, equal.index, 0);
            ros__reg_give(e, equal);
        }
    }
    ros__reg_give(e, left);
    return found;
}

static struct ros__reg emit_known(struct ros__emitter *e, struct ros__node *node)
{
    struct ros__reg all = ros__reg_take(e, ROS__BANK_B);
    for (size_t i = 0; i < node->count; i++) {
        struct ros__reg item = ros__emit_value(e, node->list[i]);
        struct ros__reg known = i > 0 ? ros__reg_take(e, ROS__BANK_B) : all;
        ros__emit_word(e, by_bank(ROS__OP_KNN, item.bank), known.index, item.index, 0, 0);
        ros__reg_give(e, item);
        if (i > 0) {
            ros__emit_word(e, ROS__OP_AND, all.index, all.index, known.index, 0);
            ros__reg_give(e, known);
        }
    }
    return all;
}

static struct ros__reg emit_if(struct ros__emitter *e, struct ros__node *node)
{
    enum ros__bank bank = ros__bank_of(&node->type);
    struct ros__reg cond = ros__emit_value(e, node->cond);
    struct ros__reg then_ = ros__emit_value(e, node->left);
    struct ros__reg else_ = ros__emit_value(e, node->right);
    ros__reg_give(e, cond);
    ros__reg_give(e, then_);
    ros__reg_give(e, else_);
    struct ros__reg to = ros__reg_take(e, bank);
    ros__emit_word(e, by_bank(ROS__OP_SELN, bank), to.index, cond.index, then_.index, else_.index);
    return to;
}

static struct ros__reg emit_find(struct ros__emitter *e, struct ros__node *node)
{
    struct ros__reg keys[ROS_LIMIT_TABLE_KEYS];
    for (size_t i = 0; i < node->count && i < ROS_LIMIT_TABLE_KEYS; i++)
        keys[i] = ros__emit_value(e, node->list[i]);
    for (size_t i = 0; i < node->count && i < ROS_LIMIT_TABLE_KEYS; i++) {
        ros__emit_word(e, by_bank(ROS__OP_KEYN, keys[i].bank), (uint8_t) i, keys[i].index, 0, 0);
        ros__reg_give(e, keys[i]);
    }
    struct ros__reg to = ros__reg_take(e, ROS__BANK_R);
    ros__emit_word(e, ROS__OP_FIND, to.index, 0, 0, (uint32_t) node->index);
    return to;
}

static struct ros__reg emit_column(struct ros__emitter *e, struct ros__node *node)
{
    enum ros__bank bank = ros__bank_of(&node->type);
    struct ros__reg row = ros__emit_value(e, node->left);
    ros__reg_give(e, row);
    struct ros__reg to = ros__reg_take(e, bank);
    ros__emit_word(e, by_bank(ROS__OP_COLN, bank), to.index, row.index, 0, (uint32_t) node->index);
    return to;
}

/* A fold over instances is a loop of its own; over rows it was accumulated by the candidates' loop, and is pinned. */
static struct ros__reg emit_fold(struct ros__emitter *e, struct ros__node *node)
{
    enum ros__bank bank = ros__bank_of(&node->type);
    uint32_t slot = (uint32_t) node->slot;
    ros__emit_hoist(e, node->left);
    struct ros__reg to = ros__reg_take(e, bank);
    ros__emit_word(e, bank == ROS__BANK_B ? ROS__OP_FOLB : ROS__OP_FOLN, to.index, (uint8_t) node->index, 0, slot);
    ros__emit_word(e, ROS__OP_EACH, 0, 0, 0, slot);
    uint32_t body = e->program->code_count;
    node->from = body - 1;
    struct ros__reg item = ros__emit_value(e, node->left);
    enum ros__opcode op = bank == ROS__BANK_B ? ROS__OP_ACCB : item.bank == ROS__BANK_B ? ROS__OP_ACCT : ROS__OP_ACCN;
    node->at = ros__emit_word(e, op, to.index, (uint8_t) node->index, item.index, 0) + 1;
    ros__reg_give(e, item);
    ros__emit_word(e, ROS__OP_NEXTI, 0, 0, 0, body);
    return to;
}

static struct ros__reg emit_field(struct ros__emitter *e, struct ros__node *node)
{
    enum ros__bank bank = ros__bank_of(&node->type);
    if (!e->in_kept)
        return ros__emit_pinned(e, e->model->fields.items[node->index].node);
    struct ros__reg to = ros__reg_take(e, bank);
    ros__emit_word(e, by_bank(ROS__OP_GETN, bank), to.index, 0, 0, (uint32_t) node->index);
    return to;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static struct ros__reg pinned(const struct ros__node *node)
{
    return (struct ros__reg){ros__bank_of(&node->type), (uint8_t) (node->pin - 1), false};
}

static struct ros__reg emit_let(struct ros__emitter *e, const struct ros__node *node)
{
    struct ros__node *value = e->model->lets.items[node->index].node;
    return value->type.vector ? ros__emit_value(e, value) : ros__emit_pinned(e, value);
}

static struct ros__reg emit_node(struct ros__emitter *e, struct ros__node *node)
{
    switch (node->kind) {
    case ROS__NODE_LET:
        return emit_let(e, node);
    case ROS__NODE_FLAG:
        return ros__emit_pinned(e, e->model->flags.items[node->index].when);
    case ROS__NODE_ROW:
        return e->row;
    case ROS__NODE_FIELD:
        return emit_field(e, node);
    case ROS__NODE_COLUMN:
        return emit_column(e, node);
    case ROS__NODE_FIND:
        return emit_find(e, node);
    case ROS__NODE_NEGATE:
        return emit_two(e, ROS__OP_NEG, ROS__BANK_N, node->left, NULL);
    case ROS__NODE_NOT:
        return emit_two(e, ROS__OP_NOT, ROS__BANK_B, node->left, NULL);
    case ROS__NODE_BINARY:
        return emit_binary(e, node);
    case ROS__NODE_IN:
        return emit_in(e, node);
    case ROS__NODE_IF:
        return emit_if(e, node);
    case ROS__NODE_KNOWN:
        return emit_known(e, node);
    case ROS__NODE_FOLD:
        return emit_fold(e, node);
    case ROS__NODE_UPPER:
    case ROS__NODE_COMPOSE:
        ros__emit_fail(e, ROS_E_INTERNAL); /* texts that are put together are shown, never computed with */
        return (struct ros__reg){.bank = ROS__BANK_S};
    default:
        return emit_leaf(e, node);
    }
}

struct ros__reg ros__emit_value(struct ros__emitter *e, struct ros__node *node)
{
    if (e->code != ROS_OK)
        return (struct ros__reg){.bank = ros__bank_of(&node->type)};
    if (node->pin != 0)
        return pinned(node);
    uint32_t before = e->program->code_count;
    struct ros__reg reg = emit_node(e, node);
    if (node->kind != ROS__NODE_FOLD && node->kind != ROS__NODE_LET && node->kind != ROS__NODE_FLAG &&
        e->program->code_count > before)
        node->at = e->program->code_count;
    return reg;
}

struct ros__reg ros__emit_pinned(struct ros__emitter *e, struct ros__node *node)
{
    if (node->pin == 0 && e->code == ROS_OK) {
        struct ros__reg reg = ros__emit_value(e, node);
        if (!reg.temporary) /* somebody else's: this node has it too */
            return reg;
        node->pin = reg.index + 1;
    }
    return pinned(node);
}

void ros__emit_hoist(struct ros__emitter *e, struct ros__node *node)
{
    if (node == NULL || node->pin != 0 || e->code != ROS_OK)
        return;
    if (!node->row && !node->type.vector && !(node->kind == ROS__NODE_FOLD && node->over_rows)) {
        if (node->kind != ROS__NODE_UPPER && node->kind != ROS__NODE_COMPOSE)
            ros__emit_pinned(e, node);
        return;
    }
    if (node->kind == ROS__NODE_LET) {
        ros__emit_hoist(e, e->model->lets.items[node->index].node);
        return;
    }
    ros__emit_hoist(e, node->left);
    ros__emit_hoist(e, node->right);
    ros__emit_hoist(e, node->cond);
    for (size_t i = 0; i < node->count; i++)
        ros__emit_hoist(e, node->list[i]);
}

/* --- texts that are shown ----------------------------------------------------------------------------------------- */

enum ros__show ros__show_of(const struct ros_type *type)
{
    if (type->kind == ROS_KIND_TEXT)
        return ROS__SHOW_TEXT;
    if (type->kind == ROS_KIND_BOOL)
        return ROS__SHOW_TRUTH;
    if (ros_type_has_unit(type)) {
        struct ros_type byte = ros_type_of(ROS_KIND_NUM);
        byte.dim[ROS_DIM_BYTE] = 1;
        return ros_type_same_unit(type, &byte) ? ROS__SHOW_BYTES : ROS__SHOW_UNIT;
    }
    return type->plain == ROS_PLAIN_SHARE ? ROS__SHOW_SHARE : ROS__SHOW_PLAIN;
}

/* The parts of one message, gathered before they join the program's list: parts of other messages may come meanwhile.
 */
struct gathered {
    struct ros__prog_part items[128];
    uint32_t count;
};

static void gather(struct ros__emitter *e, struct gathered *g, struct ros__prog_part part)
{
    if (g->count == ROS_COUNT(g->items))
        too_much(e, "parts of one text");
    else
        g->items[g->count++] = part;
}

static void gather_node(struct ros__emitter *e, struct gathered *g, struct ros__node *node)
{
    if (e->code != ROS_OK)
        return;
    if (node->kind == ROS__NODE_TEXT) {
        const char *text = ros_arena_copy(e->arena, node->text, node->len);
        if (text == NULL)
            ros__emit_fail(e, ros_arena_code(e->arena));
        gather(e, g, (struct ros__prog_part){ROS__SHOW_LITERAL, 0, text});
    } else if (node->kind == ROS__NODE_COMPOSE) {
        for (size_t i = 0; i < node->count; i++)
            gather_node(e, g, node->list[i]);
    } else if (node->kind == ROS__NODE_LET && node->type.composed) {
        gather_node(e, g, e->model->lets.items[node->index].node);
    } else if (node->kind == ROS__NODE_UPPER) {
        gather(e, g, (struct ros__prog_part){ROS__SHOW_UPPER, ros__emit_pinned(e, node->left).index, NULL});
    } else {
        char unit[ROS_TYPE_TEXT_SIZE];
        struct ros__prog_part part = {ros__show_of(&node->type), ros__emit_pinned(e, node).index, NULL};
        if (part.show == ROS__SHOW_UNIT) {
            const char *text = ros_type_unit(&node->type, unit);
            part.text = ros_arena_copy(e->arena, text, strlen(text));
            if (part.text == NULL)
                ros__emit_fail(e, ros_arena_code(e->arena));
        }
        gather(e, g, part);
    }
}

uint32_t ros__emit_message(struct ros__emitter *e, struct ros__node *node)
{
    struct ros_program *p = e->program;
    struct gathered g = {.count = 0};
    gather_node(e, &g, node);
    if (e->code != ROS_OK || !grow(e, (void **) &p->messages, p->message_count, &e->message_size, sizeof *p->messages))
        return 0;
    p->messages[p->message_count] = (struct ros__prog_message){p->part_count, g.count};
    for (uint32_t i = 0; i < g.count; i++) {
        if (!grow(e, (void **) &p->parts, p->part_count, &e->part_size, sizeof *p->parts))
            return 0;
        p->parts[p->part_count++] = g.items[i];
    }
    return p->message_count++;
}
