/*
 * The machine. A verified program needs no checks here: every operand is in its range, every register was written.
 *
 * One body, two dispatches: with GNU C each instruction jumps to the next one's label, which the processor predicts per
 * instruction; elsewhere, and with ROS_VM_SWITCH, the same body is a switch.
 *
 * And two builds: trace.c includes this file once more with ROS_VM_TRACE, which notes what each instruction wrote. An
 * explanation is therefore made by the code that decides, not by a second opinion.
 */
#include <math.h>
#include <string.h>

#include "interp/vm/arith.h"
#include "interp/vm/vm.h"

#if defined(__GNUC__) && !defined(ROS_VM_SWITCH)
#define COMPUTED_GOTO 1
#else
#define COMPUTED_GOTO 0
#endif

static double fold_start(enum ros__fold fold)
{
    if (fold == ROS__FOLD_MAX)
        return -INFINITY;
    return fold == ROS__FOLD_MIN ? INFINITY : 0;
}

/* One more value. What is missing makes the whole missing, except for a count, which counts what is there. */
static double fold_number(enum ros__fold fold, double acc, double value)
{
    switch (fold) {
    case ROS__FOLD_MAX:
        return isnan(value) || isnan(acc) ? NAN : fmax(acc, value);
    case ROS__FOLD_MIN:
        return isnan(value) || isnan(acc) ? NAN : fmin(acc, value);
    case ROS__FOLD_COUNT:
        return isnan(value) ? acc : acc + 1;
    default:
        return ros__arith_finite(acc + value);
    }
}

static uint8_t fold_truth(enum ros__fold fold, uint8_t acc, uint8_t value)
{
    if (fold == ROS__FOLD_ALL)
        return acc < value ? acc : value;
    return acc > value ? acc : value;
}

static void set_key(struct ros_vm *vm, unsigned index, uint64_t key, bool missing)
{
    if (index == 0)
        vm->key_missing = false;
    vm->keys[index] = key;
    vm->key_missing = vm->key_missing || missing;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    value += 0.0; /* -0 is 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint8_t text_equal(uint32_t a, uint32_t b)
{
    return a == 0 || b == 0 ? ROS_UNKNOWN : a == b ? ROS_TRUE : ROS_FALSE;
}

static uint8_t truth_equal(uint8_t a, uint8_t b)
{
    return a == ROS_UNKNOWN || b == ROS_UNKNOWN ? ROS_UNKNOWN : a == b ? ROS_TRUE : ROS_FALSE;
}

static void require(struct ros_vm *vm, uint8_t truth, uint32_t guard)
{
    if (truth == ROS_TRUE || vm->skipped)
        return;
    vm->skipped = true;
    vm->closed = true;
    vm->skip_unknown = truth == ROS_UNKNOWN;
    vm->skip_guard = guard;
}

static void need(struct ros__kept *kept, uint8_t truth, uint32_t guard)
{
    if (truth == ROS_TRUE || kept->withheld)
        return;
    kept->withheld = true;
    kept->guard = guard;
}

static void win(struct ros_vm *vm, uint8_t index)
{
    const struct ros__prog_rule *rule = &vm->program->rules[index];
    if (rule->offers && vm->kept[rule->cand].withheld)
        vm->offers[index].count = 0;
    if (rule->required && vm->offers[index].count == 0)
        return;
    vm->fired[index] = true;
    if (vm->winner < 0)
        vm->winner = index;
    vm->closed = !vm->program->every;
}

#ifdef ROS_VM_TRACE
#define EXECUTE ros__vm_execute_traced
#define RECORD() note(vm, (uint32_t) (w - code))
#else
#define EXECUTE ros__vm_execute
#define RECORD() ((void) 0)
#endif

void EXECUTE(struct ros_vm *vm, const struct ros_facts *facts)
{
    const struct ros_program *p = vm->program;
    const struct ros__word *code = p->code;
    const struct ros__word *w = code;
    const struct ros__word *since = code; /* the last jump led here: its way to the next one is counted at once */
    uint64_t cost = 0;
    uint32_t instance = 0; /* of the loop over instances */
    uint32_t instances = 0;
    uint32_t instance_slot = 0;
    uint32_t row = 0; /* of the loop over rows, or over kept rows */
    uint32_t rows = 0;
    uint8_t row_reg = 0;
    uint8_t truth;
    struct ros__kept *kept = NULL;     /* of that loop */
    struct ros__offers *offers = NULL; /* of the rule that is true */

#if COMPUTED_GOTO
    static const void *const labels[] = {
#define ROS_OP(name, a, b, c, x, doc) &&do_##name,
#include "interp/opcodes.def"
#undef ROS_OP
    };
#define DISPATCH() goto *labels[w->op]
#define CASE(name) do_##name:
    DISPATCH();
#else
#define DISPATCH() goto next
#define CASE(name) case ROS__OP_##name:
next:
    switch ((enum ros__opcode) w->op) {
#endif
#define NEXT()                                                                                                         \
    do {                                                                                                               \
        RECORD();                                                                                                      \
        w++;                                                                                                           \
        DISPATCH();                                                                                                    \
    } while (0)
#define JUMP(target)                                                                                                   \
    do {                                                                                                               \
        RECORD();                                                                                                      \
        cost += (uint64_t) (w - since) + 1;                                                                            \
        w = code + (target);                                                                                           \
        since = w;                                                                                                     \
        DISPATCH();                                                                                                    \
    } while (0)
#define LOOP_END() p->loop_ends[w - code]
#define COMPARE(operation) vm->b[w->a] = ros__arith_compare(operation, vm->n[w->b], vm->n[w->c])

    /* clang-format off: one instruction a line */
    CASE(LDK) vm->n[w->a] = p->consts[w->x];
    NEXT();
    CASE(LDB) vm->b[w->a] = (uint8_t) w->x;
    NEXT();
    CASE(LDT) vm->s[w->a] = w->x;
    NEXT();
    CASE(INN) vm->n[w->a] = facts->num[w->x];
    NEXT();
    CASE(INB) vm->b[w->a] = facts->truth[w->x];
    NEXT();
    CASE(INS) vm->s[w->a] = facts->text[w->x];
    NEXT();
    CASE(INI) vm->n[w->a] = facts->instances[w->x].values[instance];
    NEXT();
    CASE(PRN) vm->n[w->a] = vm->params[w->x].num;
    NEXT();
    CASE(PRB) vm->b[w->a] = vm->params[w->x].truth;
    NEXT();
    CASE(PRS) vm->s[w->a] = vm->params[w->x].text;
    NEXT();
    CASE(ADD) vm->n[w->a] = ros__arith_finite(vm->n[w->b] + vm->n[w->c]);
    NEXT();
    CASE(SUB) vm->n[w->a] = ros__arith_finite(vm->n[w->b] - vm->n[w->c]);
    NEXT();
    CASE(MUL) vm->n[w->a] = ros__arith_finite(vm->n[w->b] * vm->n[w->c]);
    NEXT();
    CASE(DIV) vm->n[w->a] = ros__arith_divide(vm->n[w->b], vm->n[w->c]);
    NEXT();
    CASE(NEG) vm->n[w->a] = -vm->n[w->b];
    NEXT();
    CASE(LT) COMPARE(ROS_OP_LT);
    NEXT();
    CASE(GT) COMPARE(ROS_OP_GT);
    NEXT();
    CASE(LE) COMPARE(ROS_OP_LE);
    NEXT();
    CASE(GE) COMPARE(ROS_OP_GE);
    NEXT();
    CASE(EQ) COMPARE(ROS_OP_EQ);
    NEXT();
    CASE(NE) COMPARE(ROS_OP_NE);
    NEXT();
    CASE(LEA) COMPARE(ROS_OP_LE_ABOUT);
    NEXT();
    CASE(GEA) COMPARE(ROS_OP_GE_ABOUT);
    NEXT();
    CASE(EQA) COMPARE(ROS_OP_EQ_ABOUT);
    NEXT();
    CASE(SEQ) vm->b[w->a] = text_equal(vm->s[w->b], vm->s[w->c]);
    NEXT();
    CASE(SNE) vm->b[w->a] = (uint8_t) (2 - text_equal(vm->s[w->b], vm->s[w->c]));
    NEXT();
    CASE(BEQ) vm->b[w->a] = truth_equal(vm->b[w->b], vm->b[w->c]);
    NEXT();
    CASE(AND) vm->b[w->a] = vm->b[w->b] < vm->b[w->c] ? vm->b[w->b] : vm->b[w->c];
    NEXT();
    CASE(OR) vm->b[w->a] = vm->b[w->b] > vm->b[w->c] ? vm->b[w->b] : vm->b[w->c];
    NEXT();
    CASE(NOT) vm->b[w->a] = (uint8_t) (2 - vm->b[w->b]);
    NEXT();
    CASE(KNN) vm->b[w->a] = isnan(vm->n[w->b]) ? ROS_FALSE : ROS_TRUE;
    NEXT();
    CASE(KNB) vm->b[w->a] = vm->b[w->b] == ROS_UNKNOWN ? ROS_FALSE : ROS_TRUE;
    NEXT();
    CASE(KNS) vm->b[w->a] = vm->s[w->b] == 0 ? ROS_FALSE : ROS_TRUE;
    NEXT();
    CASE(KNR) vm->b[w->a] = vm->r[w->b] < 0 ? ROS_FALSE : ROS_TRUE;
    NEXT();
    CASE(ELN) vm->n[w->a] = isnan(vm->n[w->b]) ? vm->n[w->c] : vm->n[w->b];
    NEXT();
    CASE(ELB) vm->b[w->a] = vm->b[w->b] == ROS_UNKNOWN ? vm->b[w->c] : vm->b[w->b];
    NEXT();
    CASE(ELS) vm->s[w->a] = vm->s[w->b] == 0 ? vm->s[w->c] : vm->s[w->b];
    NEXT();
    CASE(SELN) vm->n[w->a] = vm->b[w->b] == ROS_TRUE ? vm->n[w->c] : vm->n[w->x];
    NEXT();
    CASE(SELB) vm->b[w->a] = vm->b[w->b] == ROS_TRUE ? vm->b[w->c] : vm->b[w->x];
    NEXT();
    CASE(SELS) vm->s[w->a] = vm->b[w->b] == ROS_TRUE ? vm->s[w->c] : vm->s[w->x];
    NEXT();
    CASE(KEYN) set_key(vm, w->a, bits_of(vm->n[w->b]), isnan(vm->n[w->b]));
    NEXT();
    CASE(KEYB) set_key(vm, w->a, vm->b[w->b], vm->b[w->b] == ROS_UNKNOWN);
    NEXT();
    CASE(KEYS) set_key(vm, w->a, vm->s[w->b], vm->s[w->b] == 0);
    NEXT();
    CASE(FIND) vm->r[w->a] = vm->key_missing ? -1 : ros__table_find(p, &p->tables[w->x], vm->keys);
    NEXT();
    CASE(COLN) vm->n[w->a] = vm->r[w->b] < 0 ? NAN : p->columns[w->x].num[vm->r[w->b]];
    NEXT();
    CASE(COLB) vm->b[w->a] = vm->r[w->b] < 0 ? ROS_UNKNOWN : p->columns[w->x].truth[vm->r[w->b]];
    NEXT();
    CASE(COLS) vm->s[w->a] = vm->r[w->b] < 0 ? 0 : p->columns[w->x].text[vm->r[w->b]];
    NEXT();
    CASE(FOLN)
    vm->n[w->a] = w->c == 0 && facts->instances[w->x].count == 0 ? NAN : fold_start((enum ros__fold) w->b);
    NEXT();
    CASE(FOLB)
    vm->b[w->a] = w->c == 0 && facts->instances[w->x].count == 0 ? ROS_UNKNOWN
                  : w->b == ROS__FOLD_ALL                        ? ROS_TRUE
                                                                 : ROS_FALSE;
    NEXT();
    CASE(ACCN) vm->n[w->a] = fold_number((enum ros__fold) w->b, vm->n[w->a], vm->n[w->c]);
    NEXT();
    CASE(ACCB) vm->b[w->a] = fold_truth((enum ros__fold) w->b, vm->b[w->a], vm->b[w->c]);
    NEXT();
    CASE(ACCT)
    vm->n[w->a] = vm->b[w->c] == ROS_UNKNOWN ? NAN : vm->n[w->a] + (vm->b[w->c] == ROS_TRUE);
    NEXT();
    CASE(EACH)
    instance_slot = w->x;
    instance = 0;
    instances = facts->instances[instance_slot].count;
    if (instances == 0)
        JUMP(LOOP_END());
    NEXT();
    CASE(NEXTI)
    if (++instance < instances)
        JUMP(w->x);
    NEXT();
    CASE(SCAN)
    kept = &vm->kept[w->b];
    rows = p->tables[p->cands[w->b].table].rows;
    row = 0;
    row_reg = w->a;
    vm->r[row_reg] = rows > 0 ? 0 : -1;
    if (rows == 0)
        JUMP(LOOP_END());
    NEXT();
    CASE(NEXTR)
    if (++row < rows) {
        vm->r[row_reg] = (int32_t) row;
        JUMP(w->x);
    }
    NEXT();
    CASE(KEPT)
    kept = &vm->kept[w->b];
    rows = kept->count;
    row = 0;
    row_reg = w->a;
    vm->r[row_reg] = rows > 0 ? (int32_t) kept->rows[0] : -1;
    if (rows == 0)
        JUMP(LOOP_END());
    NEXT();
    CASE(NEXTK)
    if (++row < rows) {
        vm->r[row_reg] = (int32_t) kept->rows[row];
        JUMP(w->x);
    }
    NEXT();
    CASE(WHERE)
    if (vm->b[w->a] != ROS_TRUE)
        JUMP(w->x);
    NEXT();
    CASE(WSEQ)
    truth = text_equal(vm->s[w->b], vm->s[w->c]);
    vm->b[w->a] = truth;
    if (truth != ROS_TRUE)
        JUMP(w->x);
    NEXT();
    CASE(WSNE)
    truth = (uint8_t) (2 - text_equal(vm->s[w->b], vm->s[w->c]));
    vm->b[w->a] = truth;
    if (truth != ROS_TRUE)
        JUMP(w->x);
    NEXT();
    CASE(PUTN) vm->fields[w->x].num[kept->count] = vm->n[w->a];
    NEXT();
    CASE(PUTB) vm->fields[w->x].truth[kept->count] = vm->b[w->a];
    NEXT();
    CASE(PUTS) vm->fields[w->x].text[kept->count] = vm->s[w->a];
    NEXT();
    CASE(GETN) vm->n[w->a] = vm->fields[w->x].num[kept->places[row]];
    NEXT();
    CASE(GETB) vm->b[w->a] = vm->fields[w->x].truth[kept->places[row]];
    NEXT();
    CASE(GETS) vm->s[w->a] = vm->fields[w->x].text[kept->places[row]];
    NEXT();
    CASE(KEEP)
    kept->rows[kept->count] = (uint32_t) vm->r[w->a];
    kept->places[kept->count] = kept->count;
    kept->count++;
    NEXT();
    CASE(SORT) ros__vm_sort(vm, w->b);
    NEXT();
    CASE(NEED) need(&vm->kept[w->b], vm->b[w->a], w->x);
    NEXT();
    CASE(REQ) require(vm, vm->b[w->a], w->x);
    NEXT();
    CASE(FLAG) vm->flags[w->x] = (enum ros_tri) vm->b[w->a];
    NEXT();
    CASE(REPN) vm->report_num[w->x] = vm->n[w->a];
    NEXT();
    CASE(REPB) vm->report_truth[w->x] = vm->b[w->a];
    NEXT();
    CASE(REPS) vm->report_text[w->x] = vm->s[w->a];
    NEXT();
    CASE(REPI) vm->report_instances[w->x][instance] = vm->n[w->a];
    NEXT();
    CASE(RULE)
    vm->rules[w->b] = (enum ros_tri) vm->b[w->a];
    if (vm->b[w->a] != ROS_TRUE || vm->closed)
        JUMP(w->x);
    offers = &vm->offers[w->b];
    NEXT();
    CASE(OFFER)
    if (offers->count < kept->count) /* each kept row once, whatever the code says */
        offers->places[offers->count++] = row;
    NEXT();
    CASE(WIN) win(vm, w->b);
    NEXT();
    CASE(HALT)
    vm->cost = cost + (uint64_t) (w - since) + 1;
    return;
    /* clang-format on */
#if !COMPUTED_GOTO
case ROS__OP_COUNT:
    break;
}
#endif
}
