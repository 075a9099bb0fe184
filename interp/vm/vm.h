/*
 * vm.h - facts and machine, from the inside. Of interp/ only.
 *
 * A machine's arrays are sized for its program when it is made: a run allocates nothing. What candidates keep stands in
 * one array a field, as long as their table.
 */
#ifndef ROS_VM_H
#define ROS_VM_H

#include "interp/program/program.h"

struct ros__instances {
    const char **names; /* [size] */
    double *values;
    uint32_t count;
    uint32_t size;
};

struct ros_facts {
    struct ros_program *program;
    const struct ros_alloc *alloc;
    double *num;                      /* [input_count] */
    uint8_t *truth;                   /* [input_count] */
    uint32_t *text;                   /* [input_count]: an id of the program, or text_count + an own one */
    struct ros__instances *instances; /* [input_count] */
    const char **own_texts;           /* [own_size] */
    uint32_t own_count;
    uint32_t own_size;
    struct ros_arena arena; /* of own texts and instance names */
    uint32_t reasons;
};

struct ros__kept {
    uint32_t *rows;   /* [table rows]: the order in which they passed, then as sorted */
    uint32_t *places; /* [table rows]: where in the fields' arrays a row's values stand */
    uint32_t *spare;  /* [table rows]: for the sort */
    uint32_t count;
    bool withheld;
    uint32_t guard;
};

/* What a rule offers: positions in what its candidates kept. Where one rule fires at most, all share one array. */
struct ros__offers {
    uint32_t *places; /* [rows of its candidates' table]; NULL for a rule that offers nothing */
    uint32_t count;
};

union ros__values {
    double *num;
    uint8_t *truth;
    uint32_t *text;
};

/* What each instruction of the last run wrote, and how often each truth came of it in every run since the last reset.
 */
struct ros__trace {
    union {
        double num;
        int32_t row;
        uint32_t text;
        uint8_t truth;
    } * last;              /* [code_count] */
    bool *ran;             /* [code_count]: in the last run */
    uint64_t (*truths)[3]; /* [code_count]: by enum ros_tri */
};

struct ros_vm {
    struct ros_program *program;
    const struct ros_facts *facts;        /* of the last run */
    const struct ros__prog_param *params; /* [param_count]: the program's, or an organisation's */
    struct ros__trace *trace;             /* NULL: nothing is recorded */
    double n[256];
    uint8_t b[256];
    uint32_t s[256];
    int32_t r[256];
    uint64_t keys[ROS_LIMIT_TABLE_KEYS];
    bool key_missing;
    struct ros__kept *kept;     /* [cand_count] */
    union ros__values *fields;  /* [field_count] */
    struct ros__offers *offers; /* [rule_count] */
    bool *fired;                /* [rule_count] */
    int winner;                 /* the first that fired; -1: none */
    bool closed;                /* no further rule can fire */
    uint32_t skip_guard;
    bool skipped;
    bool skip_unknown;
    enum ros_tri *flags;
    enum ros_tri *rules;
    double *report_num;
    uint8_t *report_truth;
    uint32_t *report_text;
    double **report_instances; /* [report_count]; [ROS_LIMIT_INSTANCES] for vectors, else NULL */
    uint64_t cost;
    struct ros_arena arena;
    struct ros_buf skip_text;
    struct ros_buf withheld_text;
};

/* The text of an id: of the program, or of the facts; NULL for 0. */
const char *ros__vm_text(const struct ros_vm *vm, uint32_t id);

/* run.c */
void ros__vm_execute(struct ros_vm *vm, const struct ros_facts *facts);
/* trace.c: the same, noting what each instruction wrote. */
void ros__vm_execute_traced(struct ros_vm *vm, const struct ros_facts *facts);
/* A trace in an arena; NULL when memory is short. */
struct ros__trace *ros__trace_new(struct ros_arena *arena, const struct ros_program *program);
/* sort.c */
void ros__vm_sort(struct ros_vm *vm, uint32_t cand);
/* render.c: a number as texts show it; unit: of ROS__SHOW_UNIT. */
void ros__show_number(enum ros__show show, const char *unit, double value, struct ros_buf *out);
enum ros_code ros__vm_message(const struct ros_vm *vm, uint32_t message, struct ros_buf *out);

#endif
