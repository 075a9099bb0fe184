/*
 * study.h - a rule set under study: its tests, what they cover, and why a host got its verdict.
 *
 *     struct ros_unit --ros_study_new()--> struct ros_study --run or test--> struct ros_note (why) , struct ros_cover
 *
 * A study compiles the unit, and keeps the program beside the model of which it was made, so that it can speak in the
 * author's words. It runs the tracing build of the machine: an explanation is what the deciding code wrote down, never
 * a second opinion.
 *
 * Lifetime: the unit (its sources above all) must live as long as the study. Notes live in the caller's arena and
 * borrow names from unit and study. Threads:  one owner at a time. Errors:   ROS_E_RULES with findings in diags;
 * ROS_E_OOM, ROS_E_LIMIT.
 */
#ifndef ROS_STUDY_H
#define ROS_STUDY_H

#include "interp/ast/ast.h"
#include "interp/base/arena.h"
#include "interp/ros.h"

struct ros_study;

enum ros_code ros_study_new(const struct ros_unit *unit, const struct ros_alloc *alloc, struct ros_diags *diags,
                            struct ros_study **ret, struct ros_error *reterr) ROS_MUST_CHECK;
void ros_study_free(struct ros_study *study);
struct ros_program *ros_study_program(const struct ros_study *study);

/* --- why ---------------------------------------------------------------------------------------------------------- */

enum ros_note_kind {
    ROS_NOTE_VERDICT,    /* the root: name is the rule, NULL none */
    ROS_NOTE_GUARD,      /* a require */
    ROS_NOTE_RULE,       /* children: its condition */
    ROS_NOTE_STATE,      /* a flag; children: its condition */
    ROS_NOTE_LET,        /* a let of its own; children: what it is made of, when it is a condition */
    ROS_NOTE_ALL,        /* `and` of its children */
    ROS_NOTE_ANY,        /* `or` of its children */
    ROS_NOTE_NOT,        /* `not` its child */
    ROS_NOTE_CONDITION,  /* text: the comparison with its values */
    ROS_NOTE_CANDIDATES, /* rows_out of rows_in; children: its steps */
    ROS_NOTE_STEP,       /* a where: rows_in, rows_out */
    ROS_NOTE_NEED,
    ROS_NOTE_OFFER, /* text: a row that is offered */
    ROS_NOTE_TEXT   /* name: the field; text: rendered */
};

struct ros_note {
    enum ros_note_kind kind;
    const char *name; /* NULL: it has none */
    const char *text; /* what is to be read; NULL: nothing but the name */
    const char *more; /* why it is not true: "short by 1.8%", "mem.util.available is missing"; NULL */
    bool has_truth;
    enum ros_tri truth;
    uint64_t rows_in;
    uint64_t rows_out;
    uint32_t line; /* of its file, from 1; 0: none */
    const char *path;
    struct ros_note *first; /* children, in order */
    struct ros_note *last;
    struct ros_note *next;
};

const char *ros_note_kind_name(enum ros_note_kind kind);

/*
 * Runs the program on facts of that program, with the params of an organisation (NULL: the defaults), and notes why.
 * The verdict's pointers are borrowed from the study until its next run.
 */
enum ros_code ros_study_explain(struct ros_study *study, const struct ros_facts *facts, const char *org,
                                struct ros_arena *arena, struct ros_verdict *ret_verdict, const struct ros_note **ret,
                                struct ros_error *reterr) ROS_MUST_CHECK;

/* After ros_study_explain(): only what keeps this rule from being the verdict. ROS_E_NOT_FOUND: no such rule. */
enum ros_code ros_study_why_not(struct ros_study *study, const char *rule, struct ros_arena *arena,
                                const struct ros_note **ret, struct ros_error *reterr) ROS_MUST_CHECK;

/*
 * After ros_study_explain(): appends the value of an expression in the words of a test (`cpu_util`, `disk.dev.total`,
 * `count(offers)`). The expression is of a unit of its own. What is wrong with it goes to diags; ROS_E_RULES then.
 */
enum ros_code ros_study_ask(struct ros_study *study, const struct ros_unit *unit, const struct ros_expr *expr,
                            struct ros_diags *diags, struct ros_buf *out, struct ros_error *reterr) ROS_MUST_CHECK;

/* --- tests -------------------------------------------------------------------------------------------------------- */

size_t ros_study_test_count(const struct ros_study *study);

struct ros_test_result {
    const char *name;
    struct ros_span span;
    bool passed;
    size_t failed;              /* the first expectation that did not hold */
    const char *expectation;    /* its text, as written; NULL when passed */
    enum ros_tri truth;         /* what it was */
    const struct ros_note *why; /* of the whole run; NULL when passed */
};

/* Runs one test, and adds to what the tests of this study have covered. */
enum ros_code ros_study_test(struct ros_study *study, size_t index, struct ros_arena *arena,
                             struct ros_test_result *ret, struct ros_error *reterr) ROS_MUST_CHECK;

/* --- coverage ----------------------------------------------------------------------------------------------------- */

/* One condition: how often it was false, unknown, true; and which of the three it can be at all. */
struct ros_cover {
    const char *text;  /* as written */
    const char *where; /* what it stands in: "state CPU_OVERSIZED", "candidates fit" */
    struct ros_span span;
    uint64_t counts[3]; /* by enum ros_tri */
    bool possible[3];
};

/* Every condition of the rule set, in the order of its source; in the arena. */
enum ros_code ros_study_cover(struct ros_study *study, struct ros_arena *arena, const struct ros_cover **ret,
                              size_t *ret_count, struct ros_error *reterr) ROS_MUST_CHECK;

ROS_DEFINE_AUTO_PTR(ros_study)

#endif
