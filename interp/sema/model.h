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
    ROS__NODE_BINARY, /* op, left, right */
    ROS__NODE_IN,     /* left, list */
    ROS__NODE_IF,     /* cond, left, right */
    ROS__NODE_KNOWN,  /* list */
    ROS__NODE_UPPER,  /* left */
    ROS__NODE_FOLD,   /* index: enum ros__fold; left; over instances (slot) or rows (over_rows) */
    ROS__NODE_COMPOSE /* list: the parts of a text */
};

enum ros__fold { ROS__FOLD_ANY, ROS__FOLD_ALL, ROS__FOLD_MAX, ROS__FOLD_MIN, ROS__FOLD_SUM, ROS__FOLD_COUNT };

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
    int pin; /* emit: register + 1 that holds it, 0: none */
};

struct ros__input {
    struct ros_input info;
    struct ros_type type;
    double mul;
    double div;
    struct ros_span span;
    bool settled;
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

/* A list that grows in the arena. */
#define ROS__LIST(T)                                                                                                   \
    struct {                                                                                                           \
        T *items;                                                                                                      \
        size_t count;                                                                                                  \
        size_t size;                                                                                                   \
    }

struct ros__model {
    const struct ros_unit *unit;
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
    ROS__LIST(struct ros__item) items;
};

#endif
