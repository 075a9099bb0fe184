/*
 * model.h - a rule set after its checks: names resolved, types known, sugar gone. Made by sema.h, read by emit.
 *
 * Everything lives in the arena of the compile and borrows texts of the unit. A node's children were made before it;
 * there are no cycles. Indexes are positions in the arrays of struct ros__model.
 */
#ifndef ROS_SEMA_MODEL_H
#define ROS_SEMA_MODEL_H

#include "interp/ast/ast.h"
#include "interp/base/limits.h"
#include "interp/ros.h"
#include "interp/type/type.h"

enum ros__node_kind {
    ROS__NODE_NUM,     /* number */
    ROS__NODE_TEXT,    /* text: one literal */
    ROS__NODE_BOOL,    /* index: enum ros_tri */
    ROS__NODE_MISSING, /* of the type's kind */
    ROS__NODE_INPUT,   /* index */
    ROS__NODE_PARAM,   /* index */
    ROS__NODE_LET,     /* index: a top-level let */
    ROS__NODE_FLAG,    /* index */
    ROS__NODE_ROW,     /* the row of the candidates block that is being read */
    ROS__NODE_FIELD,   /* index: a row let */
    ROS__NODE_COLUMN,  /* index: a column; left: a row, NULL inside a table's own check */
    ROS__NODE_FIND,    /* index: a table; list: its keys */
    ROS__NODE_NEGATE,
    ROS__NODE_NOT,
    ROS__NODE_BINARY,  /* op, left, right */
    ROS__NODE_IN,      /* left, list */
    ROS__NODE_IF,      /* cond, left, right */
    ROS__NODE_KNOWN,   /* list */
    ROS__NODE_UPPER,   /* left */
    ROS__NODE_FOLD,    /* index: enum ros__fold; left; over instances (slot) or rows (over_rows) */
    ROS__NODE_COMPOSE, /* list: the parts of a text */
    /* In the expectations of a test only: what came of a run. */
    ROS__NODE_RULE,        /* index: true when it is the verdict, unknown when its condition is */
    ROS__NODE_OUTCOME,     /* index: enum ros__outcome */
    ROS__NODE_REASON,      /* index: enum ros_reason */
    ROS__NODE_OFFER_COUNT, /* how many types are offered */
    ROS__NODE_OFFER        /* index: which offer, from 0; text: its field */
};

enum ros__fold { ROS__FOLD_ANY, ROS__FOLD_ALL, ROS__FOLD_MAX, ROS__FOLD_MIN, ROS__FOLD_SUM, ROS__FOLD_COUNT };

enum ros__outcome { ROS__OUTCOME_NONE, ROS__OUTCOME_CERTAIN, ROS__OUTCOME_SKIPPED, ROS__OUTCOME_WITHHELD };

struct ros__node {
    enum ros__node_kind kind;
    struct ros_type type;
    struct ros_span span;
    enum ros_binary_op op;
    bool row;       /* depends on the row of a candidates block */
    bool over_rows; /* of a fold */
    size_t slot;    /* of a fold over instances */
    size_t index;
    double number;
    const char *text;
    size_t len;
    struct ros__node *left;
    struct ros__node *right;
    struct ros__node *cond;
    struct ros__node **list;
    size_t count;
    int pin;       /* emit: register + 1 that holds it, 0: none */
    uint32_t at;   /* emit: 1 + the instruction that writes its value; 0: it has none of its own */
    uint32_t from; /* emit: of a fold, 1 + the instruction where it begins */
};

struct ros__input {
    struct ros_input info;
    struct ros_type type;
    double mul;
    double div;
    struct ros_span span;
    bool settled;
    const char *label; /* of a statistic, as it is written: "p95(disk.dev.total)"; else NULL */
};

union ros__cell {
    double num;
    const char *text; /* NULL: missing */
    enum ros_tri truth;
};

struct ros__column {
    struct ros_name name;
    struct ros_type type;
    size_t table;
    union ros__cell *cells; /* [row_count]; a missing number is NaN */
    bool used;
};

struct ros__table {
    struct ros_name name;
    size_t row_count;
    size_t first_column; /* its columns are neighbours */
    size_t column_count;
    size_t keys[ROS_LIMIT_TABLE_KEYS]; /* columns */
    size_t key_count;
};

struct ros__param {
    struct ros_name name;
    struct ros_type type;
    union ros__cell value;
    bool ranged;
    double low;
    double high;
    bool used;
};

struct ros__let {
    struct ros_name name;
    struct ros__node *node;
    bool settled; /* by a require */
    bool used;
};

struct ros__flag {
    struct ros_name name;
    const char *text;
    size_t group;
    struct ros__node *when;
    bool settled;
};

struct ros__group {
    const char *name;
    bool exclusive;
};

struct ros__report {
    struct ros_name name;
    struct ros__node *node;
};

/* require and need */
struct ros__guard {
    struct ros__node *cond;
    enum ros_reason reason;
    struct ros__node *message;
    uint32_t at; /* emit: 1 + its instruction; of steps and rules too */
};

struct ros__field {
    struct ros_name name;
    struct ros__node *node;
    size_t cand;
    bool settled; /* by a where */
    bool used;
};

struct ros__step {
    enum ros_step_kind kind;
    struct ros__node *node;   /* where */
    size_t index;             /* let: field; need: guard */
    struct ros__node **folds; /* need: folds over rows in its condition */
    size_t fold_count;
    struct ros_span span;
    uint32_t at;
};

struct ros__cand {
    struct ros_name name;
    struct ros_name row;
    size_t table;
    struct ros__step *steps;
    size_t step_count;
    struct ros__node **keys; /* sort */
    size_t key_count;
};

struct ros__rule_text {
    const char *field;
    struct ros__node *node;
};

struct ros__rule {
    struct ros_name name;
    struct ros__node *when;
    bool offers;
    bool required;
    size_t cand;
    struct ros__node *where;
    struct ros__rule_text *texts;
    size_t text_count;
    const struct ros_rule_text *allows; /* as written */
    size_t allow_count;
    uint32_t at;
    uint32_t where_at;
};

/* What the program does, in source order. */
enum ros__item_kind {
    ROS__ITEM_LET,
    ROS__ITEM_REPORT,
    ROS__ITEM_REQUIRE,
    ROS__ITEM_FLAG,
    ROS__ITEM_CAND,
    ROS__ITEM_RULE
};
struct ros__item {
    enum ros__item_kind kind;
    size_t index;
    struct ros_span span;
};

/* A value that is known before any host, or was worked out after a run. What is missing: NaN, unknown, NULL, -1. */
struct ros__value {
    double num;
    enum ros_tri truth;
    const char *text;
    int64_t row;
};

/* One line of a fixture, a test, or an organisation's overrides. */
struct ros__bind {
    bool param;
    size_t index;         /* a param or an input */
    const char *instance; /* of an input that is a value for each instance; else NULL */
    struct ros__value value;
    struct ros_span span;
};

struct ros__fixture {
    struct ros__bind *binds;
    size_t bind_count;
};

struct ros__expect {
    struct ros__node *node;
    struct ros_span span;
};

struct ros__test {
    struct ros_name name;
    struct ros__bind *binds; /* fixtures first, then what stands in the test: a later one wins */
    size_t bind_count;
    struct ros__expect *expects;
    size_t expect_count;
};

struct ros__org {
    struct ros_name org;
    struct ros__bind *binds;
    size_t bind_count;
};

/* A `check`: among params, or (table < table count) for each row of a table. */
struct ros__check {
    struct ros__node *node;
    const char *message;
    size_t table; /* SIZE_MAX: none */
    struct ros_span span;
};

/* A list that grows in the arena. */
#define ROS__LIST(T)                                                                                                   \
    struct {                                                                                                           \
        T *items;                                                                                                      \
        size_t count;                                                                                                  \
        size_t size;                                                                                                   \
    }

struct ros__sema;

struct ros__model {
    const struct ros_unit *unit;
    struct ros__sema *scope; /* the names, for questions afterwards */
    const char *name;
    const char *version;
    ROS__LIST(struct ros__input) inputs;
    ROS__LIST(struct ros__table) tables;
    ROS__LIST(struct ros__column) columns;
    ROS__LIST(struct ros__param) params;
    ROS__LIST(struct ros__let) lets;
    ROS__LIST(struct ros__flag) flags;
    ROS__LIST(struct ros__group) groups;
    ROS__LIST(struct ros__report) reports;
    ROS__LIST(struct ros__guard) guards;
    ROS__LIST(struct ros__field) fields;
    ROS__LIST(struct ros__cand) cands;
    ROS__LIST(struct ros__rule) rules;
    bool every; /* each rule that is true fires */
    ROS__LIST(struct ros__item) items;
    ROS__LIST(struct ros__check) checks;
    ROS__LIST(struct ros__fixture) fixtures;
    ROS__LIST(struct ros__test) tests;
    ROS__LIST(struct ros__org) orgs;
};

#endif
