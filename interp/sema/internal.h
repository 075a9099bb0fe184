/* sema/internal.h - what the files of sema/ share: the state of one check, scopes, and the parts of the walk. */
#ifndef ROS_SEMA_INTERNAL_H
#define ROS_SEMA_INTERNAL_H

#include <string.h>

#include "interp/base/limits.h"
#include "interp/base/map.h"
#include "interp/sema/fold.h"
#include "interp/sema/sema.h"

enum ros__symbol_kind {
    ROS__SYMBOL_INPUT, /* a metric without instances, a vector, or a fact */
    ROS__SYMBOL_INSTANCED,
    ROS__SYMBOL_TABLE,
    ROS__SYMBOL_PARAM,
    ROS__SYMBOL_LET,
    ROS__SYMBOL_FLAG,
    ROS__SYMBOL_CAND,
    ROS__SYMBOL_ROW,
    ROS__SYMBOL_FIELD,
    ROS__SYMBOL_COLUMN
};

struct ros__symbol {
    enum ros__symbol_kind kind;
    size_t index; /* into the model; of an instanced metric: its first input */
    size_t count; /* of an instanced metric */
    const char *name;
    struct ros_span span;
};

struct ros__sema {
    struct ros_arena *arena;
    struct ros_diags *diags;
    const struct ros_unit *unit;
    struct ros__model *model;
    struct ros_map names; /* values by name and by path */
    struct ros_map later; /* every name that the unit declares: its ros_span */
    struct ros_map reports;
    struct ros_map rules;
    struct ros_map groups;
    struct ros_map fixtures;
    struct ros_map orgs;
    struct ros_map scopes; /* of candidates blocks, by their name: struct ros_map */
    struct ros_map *local; /* the row and its lets, or a table's columns; NULL: none */
    size_t cand;           /* of the candidates block that local is of */
    bool in_need;
    bool in_fold;
    bool late; /* every rule was read: fixtures, tests and questions are left */
    bool in_expect;
    bool blurred;                        /* some declaration could not be read: an unknown name may well be its */
    ROS__LIST(struct ros__node *) folds; /* folds over rows of the need that is being read */
    struct ros__node spare;              /* handed out when memory is short */
    enum ros_code code;                  /* the first failure that is not a finding */
};

/* Appends to a list of the model; NULL when memory is short (s->code says so). */
#define ros__list_add(s, list)                                                                                         \
    (ros__list_grow((s), (void **) &(list)->items, (list)->count, &(list)->size, sizeof *(list)->items)                \
         ? &(list)->items[(list)->count++]                                                                             \
         : NULL)
bool ros__list_grow(struct ros__sema *s, void **items, size_t count, size_t *size, size_t item_size);

/* Notes that the arena refused. */
void ros__sema_failed(struct ros__sema *s);

/* names.c */
struct ros__symbol *ros__name_declare(struct ros__sema *s, struct ros_map *map, const struct ros_name *name,
                                      enum ros__symbol_kind kind, size_t index);
const struct ros__symbol *ros__name_find(const struct ros__sema *s, const char *name, size_t len);
/* Reports an unknown name: declared later, or misspelt. */
void ros__name_unknown(struct ros__sema *s, const char *what, const char *name, struct ros_span span);
bool ros__type_read(struct ros__sema *s, const struct ros_ast_type *written, struct ros_unit_scale *ret);

/* expr.c: never NULL; after a lack of memory a spare of kind BAD. */
struct ros__node *ros__expr(struct ros__sema *s, const struct ros_expr *expr);
/* An expression that must be a condition. */
struct ros__node *ros__expr_bool(struct ros__sema *s, const struct ros_expr *expr);
/* One value, neither a row nor a value for each instance. */
struct ros__node *ros__expr_value(struct ros__sema *s, const struct ros_expr *expr);
struct ros__node *ros__expr_text(struct ros__sema *s, const struct ros_expr *expr);
struct ros__node *ros__node_new(struct ros__sema *s, enum ros__node_kind kind, struct ros_span span,
                                struct ros_type type);
/* Room for a node's list. False when memory is or was short. */
bool ros__node_list(struct ros__sema *s, struct ros__node *node, size_t count);
struct ros__node *ros__input_node(struct ros__sema *s, size_t index, struct ros_span span);
struct ros__node *ros__node_bad(struct ros__sema *s, struct ros_span span);
void ros__expr_want_single(struct ros__sema *s, struct ros__node *node);
/* False after a finding, or when the node is BAD. */
bool ros__expr_want(struct ros__sema *s, const struct ros__node *node, enum ros_kind kind);
struct ros__node *ros__node_children(struct ros__node *node, struct ros__node *left, struct ros__node *right);
static inline bool ros__node_is_bad(const struct ros__node *node)
{
    return node->type.kind == ROS_KIND_BAD;
}

/* call.c */
struct ros__node *ros__expr_call(struct ros__sema *s, const struct ros_expr *expr);
/* "p95" and its like; ROS_STATISTIC_MEAN for any other name. */
enum ros_statistic ros__statistic_named(const char *name);

/* check.c: rules of types, shared by operators, params, columns. */
bool ros__check_same_unit(struct ros__sema *s, struct ros__node *a, struct ros__node *b, struct ros_span span,
                          const char *verb);

/* False after a finding: the instances of two metrics. */
bool ros__check_vectors(struct ros__sema *s, const struct ros__node *a, const struct ros__node *b,
                        struct ros_span span);
/* The text of a span, as the author wrote it. */
const char *ros__source_text(struct ros__sema *s, struct ros_span span);
/* The unit and kind that both have, for the result of `??`, `if` and sums. False after a finding. */
bool ros__check_join(struct ros__sema *s, struct ros__node *a, struct ros__node *b, struct ros_span span,
                     const char *verb, struct ros_type *ret);

/* settle.c */
void ros__settle(struct ros__sema *s, const struct ros__node *cond, bool rows_only);
/* The name that makes a value missing; NULL: none is named. */
const char *ros__missing_source(const struct ros__sema *s, const struct ros__node *node);

/* False when the expression names something that only a host knows. row: for columns of a table's own check. */
bool ros__fold(const struct ros__model *model, const struct ros__node *node, size_t row, struct ros__value *ret);

/* tables.c */
void ros__table_declare(struct ros__sema *s, const struct ros_decl_table *decl);
/* block.c: candidates and decide. */
void ros__candidates_declare(struct ros__sema *s, const struct ros_decl_candidates *decl, struct ros_span span);
void ros__decide_declare(struct ros__sema *s, const struct ros_decl_decide *decl, struct ros_span span);
/* expect.c: what only the expectation of a test can name; NULL: it is an expression like any other. */
struct ros__node *ros__expect_expr(struct ros__sema *s, const struct ros_expr *expr);
/* param.c */
void ros__param_declare(struct ros__sema *s, const struct ros_decl_param *decl);
void ros__check_declare(struct ros__sema *s, const struct ros_decl_expr *decl);
/* binds.c: fixtures, tests and overrides of organisations: names and kinds. */
void ros__fixture_declare(struct ros__sema *s, const struct ros_decl_fixture *decl);
void ros__test_declare(struct ros__sema *s, const struct ros_decl_test *decl);
void ros__org_declare(struct ros__sema *s, const struct ros_decl_org *decl);
/* Notes a check, to be asked again for the params of each organisation. */
void ros__check_note(struct ros__sema *s, struct ros__node *node, const char *message, size_t table,
                     struct ros_span span);
/* input.c */
void ros__metric_declare(struct ros__sema *s, const struct ros_decl_metric *decl);
void ros__fact_declare(struct ros__sema *s, const struct ros_decl_fact *decl);
/*
 * The input that is another number than the mean of this metric: an input of its own, made when a rule first asks for
 * it. False after a finding: tests, fixtures and questions cannot ask for what no rule asks for.
 */
bool ros__input_statistic(struct ros__sema *s, size_t metric, enum ros_statistic statistic, struct ros_span span,
                          size_t *ret);
/* sema.c */
bool ros__guard_declare(struct ros__sema *s, const struct ros_decl_expr *decl, size_t *ret_index);
void ros__item_add(struct ros__sema *s, enum ros__item_kind kind, size_t index, struct ros_span span);

#endif
