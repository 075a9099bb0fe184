/*
 * The machine once more, noting what each instruction wrote. What an opcode writes is read off its first operand in
 * opcodes.def: nothing here knows a single instruction.
 */
#include "interp/vm/vm.h"

enum kind { NOTHING, NUMBER, TRUTH, TEXT, ROW };

/* By operand kind. B (WHERE, NEED, REQ, FLAG, RULE) reads a truth, which is what one wants to know of them. */
#define WRITES_dN NUMBER
#define WRITES_uN NUMBER
#define WRITES_dB TRUTH
#define WRITES_uB TRUTH
#define WRITES_B TRUTH
#define WRITES_dS TEXT
#define WRITES_dR ROW
#define WRITES_N NOTHING
#define WRITES_S NOTHING
#define WRITES_R NOTHING
#define WRITES_KEY NOTHING
#define WRITES__ NOTHING

static const uint8_t writes[] = {
#define ROS_OP(name, a, b, c, x, doc) WRITES_##a,
#include "interp/opcodes.def"
#undef ROS_OP
};

/* Of this file, so that it can be built into the machine's body. */
static inline void note(struct ros_vm *vm, uint32_t pc)
{
    struct ros__trace *trace = vm->trace;
    const struct ros__word *w = &vm->program->code[pc];
    trace->ran[pc] = true;
    switch ((enum kind) writes[w->op]) {
    case NUMBER:
        trace->last[pc].num = vm->n[w->a];
        break;
    case TRUTH:
        trace->last[pc].truth = vm->b[w->a];
        trace->truths[pc][vm->b[w->a]]++;
        break;
    case TEXT:
        trace->last[pc].text = vm->s[w->a];
        break;
    case ROW:
        trace->last[pc].row = vm->r[w->a];
        break;
    case NOTHING:
        break;
    }
}

#define ROS_VM_TRACE
#include "interp/vm/run.c" /* NOLINT: the same body, built twice */

struct ros__trace *ros__trace_new(struct ros_arena *arena, const struct ros_program *program)
{
    struct ros__trace *trace = ros_arena_new(arena, struct ros__trace);
    if (trace == NULL)
        return NULL;
    trace->last = ros_arena_array(arena, program->code_count, sizeof *trace->last);
    trace->ran = ros_arena_array(arena, program->code_count, sizeof *trace->ran);
    trace->truths = ros_arena_array(arena, program->code_count, sizeof *trace->truths);
    return trace->last != NULL && trace->ran != NULL && trace->truths != NULL ? trace : NULL;
}
