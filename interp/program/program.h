/*
 * program.h - a program's insides: code, pools, tables, and the names that its users see. Of interp/ only.
 *
 *     model --emit--> struct ros_program --verify--> given out; never changed again
 *
 * Everything lives in the program's arena. Indexes are checked once, by verify: the machine then runs without checks.
 */
#ifndef ROS_PROGRAM_H
#define ROS_PROGRAM_H

#include <stdatomic.h>

#include "interp/base/arena.h"
#include "interp/base/limits.h"
#include "interp/base/map.h"
#include "interp/ros.h"
#include "interp/sema/model.h"

enum ros__opcode {
#define ROS_OP(name, a, b, c, x, doc) ROS__OP_##name,
#include "interp/opcodes.def"
#undef ROS_OP
    ROS__OP_COUNT
};

struct ros__word {
    uint8_t op;
    uint8_t a;
    uint8_t b;
    uint8_t c;
    uint32_t x;
};
_Static_assert(sizeof(struct ros__word) == 8, "an instruction is 64 bits");

/* Kinds of values, and so of registers, columns, fields. */
enum ros__bank { ROS__BANK_N, ROS__BANK_B, ROS__BANK_S, ROS__BANK_R, ROS__BANK_COUNT };

struct ros__prog_input {
    struct ros_input info;
    double mul;
    double div;
};

struct ros__prog_column {
    const char *name;
    enum ros__bank bank;
    uint32_t table;
    const double *num; /* [rows] of its table, by bank */
    const uint8_t *truth;
    const uint32_t *text;
};

struct ros__prog_table {
    uint32_t rows;
    uint32_t first_column;
    uint32_t column_count;
    uint32_t key_count;
    uint32_t keys[ROS_LIMIT_TABLE_KEYS]; /* columns */
    const uint32_t *slots;               /* row + 1 by hash of the keys; 0: empty */
    uint32_t slot_count;                 /* a power of two */
};

/* A value kept beside each row that passed: a row let (name not NULL) or a sort key. */
struct ros__prog_field {
    const char *name;
    enum ros__bank bank;
    uint32_t cand;
};

struct ros__prog_cand {
    const char *name;
    uint32_t table;
    uint32_t first_key; /* fields */
    uint32_t key_count;
};

/* A part of a text that is shown: a piece of literal text, or a register, by its bank. */
enum ros__show {
    ROS__SHOW_LITERAL,
    ROS__SHOW_TEXT,
    ROS__SHOW_UPPER,
    ROS__SHOW_TRUTH,
    ROS__SHOW_PLAIN,
    ROS__SHOW_SHARE,
    ROS__SHOW_BYTES,
    ROS__SHOW_UNIT
};
struct ros__prog_part {
    enum ros__show show;
    uint8_t reg;
    const char *text; /* of LITERAL; of UNIT: the unit behind the number */
};
/* values.c: where a value of this type lives, and how it is shown. */
enum ros__bank ros__bank_of(const struct ros_type *type);
enum ros__show ros__show_of(const struct ros_type *type);

struct ros__prog_message {
    uint32_t first;
    uint32_t count;
};

struct ros__prog_guard {
    enum ros_reason reason;
    uint32_t message;
};

struct ros__prog_rule_text {
    const char *field;
    uint32_t message;
};
struct ros__prog_rule {
    const char *name;
    bool offers;
    bool required;
    uint32_t cand;
    struct ros__prog_rule_text texts[8];
    uint32_t text_count;
};

struct ros__prog_param {
    const char *name;
    enum ros__bank bank;
    double num;
    uint8_t truth;
    uint32_t text;
};

/* The params of one organisation: a whole set, its own values over the defaults. */
struct ros__prog_org {
    const char *org;
    const struct ros__prog_param *params; /* [param_count] */
};

struct ros__prog_report {
    struct ros_report_info info;
    uint32_t slot; /* of a vector: the input */
};

struct ros_program {
    atomic_size_t refs;
    const struct ros_alloc *alloc;
    struct ros_arena arena;
    const char *name;
    const char *version;
    char checksum[65];
    uint64_t cost;
    struct ros__word *code;
    uint32_t *lines;     /* [code_count]: line of the main file; 0: none */
    uint32_t *loop_ends; /* [code_count]: of EACH, SCAN, KEPT: behind their NEXT; 0 elsewhere */
    uint32_t code_count;
    double *consts;
    uint32_t const_count;
    const char **texts; /* [text_count]; 0 is no text */
    uint32_t text_count;
    struct ros_map text_ids; /* value: (void *) id */
    struct ros__prog_input *inputs;
    uint32_t input_count;
    struct ros__prog_param *params;
    uint32_t param_count;
    struct ros__prog_org *orgs; /* [org_count], in the order of strcmp() */
    uint32_t org_count;
    struct ros__prog_table *tables;
    uint32_t table_count;
    struct ros__prog_column *columns;
    uint32_t column_count;
    struct ros__prog_field *fields;
    uint32_t field_count;
    struct ros__prog_cand *cands;
    uint32_t cand_count;
    struct ros_flag_info *flags;
    uint32_t *flag_groups; /* [flag_count] */
    uint32_t flag_count;
    struct ros__prog_report *reports;
    uint32_t report_count;
    struct ros__prog_guard *guards;
    uint32_t guard_count;
    struct ros__prog_message *messages;
    uint32_t message_count;
    struct ros__prog_part *parts;
    uint32_t part_count;
    struct ros__prog_rule *rules;
    uint32_t rule_count;
    bool every; /* each rule that is true fires, not only the first */
};

const char *ros__opcode_name(uint8_t op);

/* An empty program with one reference, to be filled by emit or from a bundle; NULL: memory is short. */
struct ros_program *ros__program_new(const struct ros_alloc *alloc);

/*
 * Compiles, and leaves the model of which the program was made in an arena of the caller's: for tests and explanations,
 * which speak of what the author wrote. Returns owned (one reference) in *ret; the program does not need the arena.
 */
enum ros_code ros__program_build(const struct ros_unit *unit, const struct ros_alloc *alloc, struct ros_arena *arena,
                                 struct ros_diags *diags, struct ros__model **ret_model, struct ros_program **ret,
                                 struct ros_error *reterr);

/* emit.c: fills an empty program. ROS_E_LIMIT with the place in diags; ROS_E_OOM. */
enum ros_code ros__emit(const struct ros__model *model, struct ros_diags *diags, struct ros_program *program);

/*
 * verify.c: the promise that the machine stands on. Every opcode is known; every operand is in its range; every
 * register is written before it is read, on every path; a row is one of the table whose columns are read; jumps go
 * forward; a loop is entered and left at its ends; the last instruction is HALT; the cost is bounded, and that bound is
 * computed. ROS_E_VERIFY with the place and the reason.
 */
enum ros_code ros__verify(const struct ros_program *program, uint64_t *ret_cost, struct ros_error *reterr);

/* checksum.c: SHA-256 over all that decides a verdict. */
enum ros_code ros__program_checksum(struct ros_program *program, struct ros_error *reterr);

/*
 * derive.c: what follows from the parts. Both take their memory from the program's arena: ROS_E_OOM, ROS_E_LIMIT.
 * Ends of loops: of any code. A table's key index: ROS_E_EXISTS when two rows have the same key; ROS_E_LIMIT, too, when
 * keys collide as they do only on purpose.
 */
enum ros_code ros__program_loop_ends(struct ros_program *program) ROS_MUST_CHECK;
enum ros_code ros__table_index(struct ros_program *program, struct ros__prog_table *table) ROS_MUST_CHECK;

/* The row with these key values (ids of texts, bits of numbers), or -1. */
int32_t ros__table_find(const struct ros_program *program, const struct ros__prog_table *table, const uint64_t *keys);
bool ros__row_has(const struct ros_program *program, const struct ros__prog_table *table, uint32_t row,
                  const uint64_t *keys);
/* A cell as a key value. */
uint64_t ros__column_key(const struct ros__prog_column *column, uint32_t row);
uint64_t ros__key_hash(const uint64_t *keys, uint32_t count);

#endif
