/* study/internal.h - what the files of study/ share. */
#ifndef ROS_STUDY_INTERNAL_H
#define ROS_STUDY_INTERNAL_H

#include "interp/sema/fold.h"
#include "interp/study/study.h"
#include "interp/vm/vm.h"

struct ros__cover {
    const struct ros__node *node;
    const char *where;
    uint32_t at; /* by row: 1 + the instruction whose truths count */
    bool by_row;
    bool unknown; /* it can be */
    uint64_t counts[3];
};

struct ros_study {
    const struct ros_alloc *alloc;
    const struct ros_unit *unit;
    struct ros_arena arena; /* the model, the trace, the machine's own values */
    struct ros__model *model;
    struct ros_program *program;
    struct ros_vm *vm;
    struct ros_facts *facts;        /* of tests */
    const struct ros_facts *asked;  /* of the last run: those of tests, or the caller's */
    struct ros__prog_param *params; /* of tests: [param count] */
    struct ros__value *values;      /* the params of the last run, as the tree knows them */
    struct ros__cover *covers;      /* [cover_count]: every condition, in the order of the source */
    size_t cover_count;
    size_t cover_size;
    struct ros_verdict verdict; /* of the last run */
};

/* study.c: runs with the params that vm->params points to. */
void ros__study_run(struct ros_study *study, const struct ros_facts *facts);
/* Stands on the last run. */
struct ros__ground ros__study_ground(struct ros_study *study);

/* The node behind lets and flags. */
const struct ros__node *ros__study_behind(const struct ros_study *study, const struct ros__node *node);
/* The value that the last run gave a node; false when it was not computed. */
bool ros__study_value(struct ros_study *study, const struct ros__node *node, struct ros__value *ret);
enum ros_tri ros__study_truth(struct ros_study *study, const struct ros__node *node);

/* show.c: appends. */
void ros__study_source(const struct ros_study *study, struct ros_span span, struct ros_buf *out);
void ros__study_show(const struct ros_study *study, const struct ros_type *type, const struct ros__value *value,
                     struct ros_buf *out);
/* A comparison with its values, any other condition as written. */
void ros__study_show_condition(struct ros_study *study, const struct ros__node *node, struct ros_buf *out);
/* What keeps a condition from being true: how far it is, or what is missing. Nothing: an empty text. */
void ros__study_show_lack(struct ros_study *study, const struct ros__node *node, struct ros_buf *out);

/* cover.c: finds every condition (false: memory was short), and counts what the last run made of each. */
bool ros__study_gather(struct ros_study *study);
void ros__study_count(struct ros_study *study);

/* explain.c: notes of the last run. NULL: memory was short. */
struct ros_note *ros__study_notes(struct ros_study *study, struct ros_arena *arena);

#endif
