/*
 * ast.h - the tree of a rule set: what the author wrote, with the place of each word.
 *
 * Built by grammar/, read by interp/sema and by the formatter. Every node lives in the arena of its unit and is never
 * changed after parsing. Texts are NUL-terminated UTF-8, unescaped; names are at most ROS_LIMIT_NAME_BYTES long.
 * A list is an array with its count; order is source order.
 */
#ifndef ROS_AST_H
#define ROS_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interp/base/arena.h"

/* A piece of source: bytes [start, start + length) of file `file` of the unit. A template's inner spans point into its
 * literal. */
struct ros_span {
    uint32_t file;
    uint32_t start;
    uint32_t length;
};

struct ros_name {
    const char *text;
    size_t len;
    struct ros_span span;
};

enum ros_file_kind { ROS_FILE_RULES, ROS_FILE_TABLE };

/* One file, kept whole so that diagnostics can show its lines. */
struct ros_source {
    enum ros_file_kind kind;
    const char *path; /* as the author would write it, for messages */
    const char *text; /* [len], NUL after it */
    size_t len;
};

/* --- types as written --- */
struct ros_ast_type {
    struct ros_name name; /* "KiB", "text", "%" ...; name.text NULL: not written */
    struct ros_name per;  /* the name after '/'; per.text NULL: none */
    struct ros_span span;
};

/* --- expressions --- */
enum ros_expr_kind {
    ROS_EXPR_NUMBER,   /* number; unit.name.text NULL */
    ROS_EXPR_QUANTITY, /* number and unit, as written: 12.5 with "%", 3000 with "count" per "s" */
    ROS_EXPR_TEXT,     /* parts: a template, or one literal part */
    ROS_EXPR_BOOL,
    ROS_EXPR_MISSING,
    ROS_EXPR_NAME,   /* name */
    ROS_EXPR_MEMBER, /* left . name */
    ROS_EXPR_INDEX,  /* left [ args ] */
    ROS_EXPR_CALL,   /* left ( args ) */
    ROS_EXPR_NOT,    /* not left */
    ROS_EXPR_NEGATE, /* - left */
    ROS_EXPR_BINARY, /* left op right */
    ROS_EXPR_IN,     /* left in { args } */
    ROS_EXPR_IF      /* if cond then left else right */
};

enum ros_binary_op {
    ROS_OP_ADD,
    ROS_OP_SUB,
    ROS_OP_MUL,
    ROS_OP_DIV,
    ROS_OP_LT,
    ROS_OP_GT,
    ROS_OP_LE,
    ROS_OP_GE,
    ROS_OP_EQ,
    ROS_OP_NE,
    ROS_OP_LE_ABOUT,
    ROS_OP_GE_ABOUT,
    ROS_OP_EQ_ABOUT, /* <=~ >=~ ==~ */
    ROS_OP_ELSE,     /* ?? */
    ROS_OP_AND,
    ROS_OP_OR
};

struct ros_expr;

/* One part of a text: literal bytes, or (expr not NULL) a value to print. */
struct ros_text_part {
    const char *literal;
    size_t len;
    const struct ros_expr *expr;
};

struct ros_expr {
    enum ros_expr_kind kind;
    struct ros_span span;
    uint32_t depth; /* 1 for a leaf; <= ROS_LIMIT_NESTING */
    struct ros_name name;
    const char *number_text; /* digits as written, so that 12.5% can be read exactly */
    double number;           /* the digits' value, before any unit */
    struct ros_ast_type unit;
    bool truth;
    enum ros_binary_op op;
    struct ros_span op_span;
    const struct ros_expr *left;
    const struct ros_expr *right;
    const struct ros_expr *cond;
    const struct ros_expr *const *args;
    size_t arg_count;
    const struct ros_text_part *parts;
    size_t part_count;
};

/* --- declarations --- */
enum ros_decl_kind {
    ROS_DECL_METRIC,
    ROS_DECL_FACT,
    ROS_DECL_TABLE,
    ROS_DECL_PARAM,
    ROS_DECL_CHECK,
    ROS_DECL_LET,
    ROS_DECL_REPORT,
    ROS_DECL_REQUIRE,
    ROS_DECL_STATE,
    ROS_DECL_CANDIDATES,
    ROS_DECL_DECIDE,
    ROS_DECL_FIXTURE,
    ROS_DECL_TEST,
    ROS_DECL_ORG
};

struct ros_decl_metric {
    struct ros_name path;
    bool vector;                      /* [*] */
    const struct ros_name *instances; /* ["a", "b"] */
    size_t instance_count;
    struct ros_ast_type type;
    struct ros_name raw; /* raw.text NULL: any unit */
};

struct ros_decl_fact {
    struct ros_name path;
    struct ros_ast_type type;
};

/* Cells of a CSV file, read by grammar/csv: row-major, cells[row * column_count + column], header apart. */
struct ros_csv {
    uint32_t file; /* index of its source in the unit */
    size_t column_count;
    const struct ros_name *header;
    size_t row_count;
    const struct ros_name *cells;
};

struct ros_column {
    struct ros_name name;
    struct ros_ast_type type;
};

struct ros_decl_table {
    struct ros_name name;
    struct ros_name from;      /* the file as written */
    const struct ros_csv *csv; /* NULL when it could not be read; that was reported */
    const struct ros_name *keys;
    size_t key_count;
    const struct ros_column *columns;
    size_t column_count;
    const struct ros_expr *const *checks;
    size_t check_count;
};

struct ros_decl_param {
    struct ros_name name;
    struct ros_ast_type type;
    const struct ros_expr *value; /* a literal */
    const struct ros_expr *low;   /* NULL: no range */
    const struct ros_expr *high;
    struct ros_name doc;
};

/* check, let, report, require and need share one shape. */
struct ros_decl_expr {
    struct ros_name name; /* let, report */
    const struct ros_expr *expr;
    struct ros_name reason;         /* the code after `else`, require and need only; text NULL: none */
    const struct ros_expr *message; /* a ROS_EXPR_TEXT: check, require, need */
};

struct ros_flag {
    struct ros_name name;
    struct ros_name text;
    const struct ros_expr *when;
};

struct ros_decl_state {
    struct ros_name name;
    bool exclusive;
    const struct ros_flag *flags;
    size_t flag_count;
};

enum ros_step_kind { ROS_STEP_WHERE, ROS_STEP_LET, ROS_STEP_NEED, ROS_STEP_SORT };
struct ros_step {
    enum ros_step_kind kind;
    struct ros_span span;
    struct ros_decl_expr body;               /* where, let, need */
    const struct ros_expr *const *sort_keys; /* sort, ascending */
    size_t sort_key_count;
};

struct ros_decl_candidates {
    struct ros_name name;
    struct ros_name table;
    struct ros_name row; /* the name after `as` */
    const struct ros_step *steps;
    size_t step_count;
};

struct ros_rule_text {
    struct ros_name field; /* description, reason, resolution, condition */
    const struct ros_expr *text;
};

struct ros_rule {
    struct ros_name name;
    const struct ros_expr *when;
    struct ros_name offer; /* candidates' name; text NULL: no offer */
    bool offer_required;
    const struct ros_expr *offer_where; /* NULL: all of them */
    const struct ros_rule_text *texts;
    size_t text_count;
    const struct ros_rule_text *allows; /* `allow never_fires "why"` */
    size_t allow_count;
};

struct ros_decl_decide {
    bool every;
    const struct ros_rule *rules;
    size_t rule_count;
};

/* path ["instance"] = literal, or p95(path ["instance"]) = literal, in fixtures, tests and org overrides. */
struct ros_bind {
    struct ros_name function; /* text NULL: none */
    struct ros_name path;
    struct ros_name instance; /* text NULL: none */
    const struct ros_expr *value;
};

struct ros_decl_fixture {
    struct ros_name name;
    const struct ros_bind *binds;
    size_t bind_count;
};

enum ros_test_step_kind { ROS_TEST_GIVEN, ROS_TEST_WITH, ROS_TEST_EXPECT };
struct ros_test_step {
    enum ros_test_step_kind kind;
    struct ros_span span;
    struct ros_name fixture;
    struct ros_bind bind;
    const struct ros_expr *expect;
};

struct ros_decl_test {
    struct ros_name name;
    const struct ros_test_step *steps;
    size_t step_count;
};

struct ros_decl_org {
    struct ros_name org;
    const struct ros_bind *binds;
    size_t bind_count;
};

struct ros_decl {
    enum ros_decl_kind kind;
    struct ros_span span; /* from the keyword to the last token */
    union {
        struct ros_decl_metric metric;
        struct ros_decl_fact fact;
        struct ros_decl_table table;
        struct ros_decl_param param;
        struct ros_decl_expr body; /* check, let, report, require */
        struct ros_decl_state state;
        struct ros_decl_candidates candidates;
        struct ros_decl_decide decide;
        struct ros_decl_fixture fixture;
        struct ros_decl_test test;
        struct ros_decl_org org;
    };
};

/* A rule set: its main file and every file it uses, used files' declarations first (declare before use). */
struct ros_unit {
    struct ros_arena *arena; /* owns all of it */
    struct ros_name name;    /* ruleset NAME; text NULL when the main file declares none */
    struct ros_name version;
    struct ros_name doc;
    struct ros_name override_for; /* override for NAME; text NULL otherwise */
    struct ros_source *sources;   /* [source_count]; index = ros_span.file */
    size_t source_count;
    struct ros_decl *const *decls;
    size_t decl_count;
};

#endif
