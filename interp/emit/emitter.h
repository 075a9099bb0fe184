/*
 * emitter.h - the state of one emission; of this folder only.
 *
 * Registers: each bank is a set of 255. A value that is used again (a let, a state, what does not depend on a loop's
 * row) is pinned: it keeps its register to the end of the run, which also lets texts be rendered afterwards. Everything
 * else gives its register back when its one user has read it.
 */
#ifndef ROS_EMITTER_H
#define ROS_EMITTER_H

#include "interp/diag/diag.h"
#include "interp/program/program.h"

struct ros__reg {
    enum ros__bank bank;
    uint8_t index;
    bool temporary; /* given back after its use */
};

struct ros__emitter {
    const struct ros__model *model;
    struct ros_diags *diags;
    struct ros_program *program;
    struct ros_arena *arena; /* the program's */
    bool used[ROS__BANK_COUNT][256];
    uint32_t code_size;
    uint32_t line_size; /* of lines, beside code: either may fail to grow by itself */
    uint32_t const_size;
    uint32_t text_size;
    uint32_t part_size;
    uint32_t message_size;
    struct ros_span span; /* of what is being emitted */
    struct ros__reg row;  /* of the loop that is being emitted */
    bool in_kept;         /* that loop is over kept rows: fields are read back */
    uint32_t field_base;  /* of row lets: model field i is program field i */
    enum ros_code code;   /* the first failure */
};

/* The next instruction's place. */
uint32_t ros__emit_word(struct ros__emitter *e, enum ros__opcode op, uint8_t a, uint8_t b, uint8_t c, uint32_t x);
/* Makes the x of an earlier instruction point here. */
void ros__emit_patch(struct ros__emitter *e, uint32_t at);
struct ros__reg ros__reg_take(struct ros__emitter *e, enum ros__bank bank);
void ros__reg_give(struct ros__emitter *e, struct ros__reg reg);
uint32_t ros__text_id(struct ros__emitter *e, const char *text, size_t len);
void ros__emit_fail(struct ros__emitter *e, enum ros_code code);

/* values.c: emits a value. Its register is the caller's to give back. */
struct ros__reg ros__emit_value(struct ros__emitter *e, struct ros__node *node);
/* The same, pinned: emitted once, however often it is asked for. */
struct ros__reg ros__emit_pinned(struct ros__emitter *e, struct ros__node *node);
/* Pins the parts of a node that do not depend on a row, before its loop begins. */
void ros__emit_hoist(struct ros__emitter *e, struct ros__node *node);
/* Emits, before they are shown, what a text's parts need, and makes the message. */
uint32_t ros__emit_message(struct ros__emitter *e, struct ros__node *node);

#endif
