/*
 * parser.h - what lexer, grammar and tree builders share; nobody outside this room includes it.
 *
 *     text --ros.l--> tokens --ros.y--> build.c (nodes), text.c (texts and templates), report.c (syntax errors)
 *
 * Memory: everything is the unit's arena: the scanner's own objects, the nodes, the lists. Bison's stacks are fixed
 * arrays of its frame. So nothing has to be freed on any way out, and a jump out of the scanner leaks nothing.
 * Errors: after a failed allocation `code` is set, the lexer answers with the end of the file, and the builders hand
 *         out NULL lists and spare nodes; ros_parse() then forgets the tree.
 */
#ifndef ROS_GRAMMAR_PARSER_H
#define ROS_GRAMMAR_PARSER_H

#include <setjmp.h>

#include "grammar/parse.h"

/* A growing array; items become the tree's array as they are. */
struct ros__list {
    char *items;
    size_t count;
    size_t size;
};

/* What the lexer gave, in order. */
#define ROS__COMMENT (-1)
struct ros__token {
    int token; /* as the grammar numbers them, or ROS__COMMENT */
    uint32_t start;
    uint32_t length;
};

struct ros__parser {
    struct ros_unit *unit;
    struct ros_arena *arena;
    struct ros_diags *diags;
    uint32_t file;
    char *buffer; /* what the scanner reads: a copy of [base, base + len) of the source, and two NULs */
    size_t base;
    size_t len;
    int start_token;      /* told to the grammar first: a file or one expression */
    bool in_template;     /* reading the inside of "{...}" */
    bool recovering;      /* skip to the next declaration */
    bool after_dot;       /* the next word is a name, whatever it is */
    size_t brace_depth;   /* of '{' that are open */
    int last_token;       /* what the lexer gave last, so that recovery can begin with it */
    struct ros_name last; /* its text and place */
    enum ros_code code;
    jmp_buf fatal; /* where the scanner goes when it has no memory */
    struct ros_file *out;
    struct ros__list uses;   /* struct ros_name */
    struct ros__list decls;  /* struct ros_decl * */
    bool listens;            /* gathers tokens, comments too: for the formatter */
    struct ros__list tokens; /* struct ros__token */
    const struct ros_expr *expr;
    struct ros_decl spare_decl; /* stand in for nodes that memory was short for */
    struct ros_expr spare_expr;
};

/* --- parse.c --- */
/* Runs scanner and grammar over [start, start + len) of the parser's source. */
void ros__parser_run(struct ros__parser *p, size_t start, size_t len, int start_token);
/* ros_parse(), and every token of the file in an array of the unit's arena. */
enum ros_code ros__parse_listening(struct ros_unit *unit, uint32_t file_index, struct ros_diags *diags,
                                   struct ros_file *ret, const struct ros__token **ret_tokens, size_t *ret_count);
/* Notes a token for the formatter, where it listens. */
void ros__parser_hear(struct ros__parser *p, int token, const char *text, size_t len);
struct ros_span ros__span_join(struct ros_span first, struct ros_span last);
/* Remembers why the arena gave nothing. */
void ros__parser_fail(struct ros__parser *p);

/* --- build.c --- */
/* Appends a copy of an item of size bytes; list NULL starts one. Returns the list, NULL when memory is short. */
struct ros__list *ros__list_add(struct ros__parser *p, struct ros__list *list, const void *item, size_t size);
static inline size_t ros__list_count(const struct ros__list *list)
{
    return list != NULL ? list->count : 0;
}
static inline const void *ros__list_items(const struct ros__list *list)
{
    return list != NULL ? list->items : NULL;
}

/* Nodes; never NULL. */
struct ros_expr *ros__expr_new(struct ros__parser *p, enum ros_expr_kind kind, struct ros_span span);
struct ros_decl *ros__decl_add(struct ros__parser *p, enum ros_decl_kind kind, struct ros_span span);

const struct ros_expr *ros__expr_number(struct ros__parser *p, struct ros_name digits);
/* "12.5 count/s" as one token. */
const struct ros_expr *ros__expr_quantity(struct ros__parser *p, struct ros_name token);
const struct ros_expr *ros__expr_word(struct ros__parser *p, enum ros_expr_kind kind, bool truth, struct ros_span span);
const struct ros_expr *ros__expr_name(struct ros__parser *p, struct ros_name name);
const struct ros_expr *ros__expr_member(struct ros__parser *p, const struct ros_expr *left, struct ros_name name);
/* INDEX, CALL or IN. */
const struct ros_expr *ros__expr_list(struct ros__parser *p, enum ros_expr_kind kind, const struct ros_expr *left,
                                      const struct ros__list *args, struct ros_span span);
/* NOT or NEGATE. */
const struct ros_expr *ros__expr_unary(struct ros__parser *p, enum ros_expr_kind kind, const struct ros_expr *left,
                                       struct ros_span span, struct ros_span op_span);
const struct ros_expr *ros__expr_binary(struct ros__parser *p, enum ros_binary_op op, const struct ros_expr *left,
                                        const struct ros_expr *right, struct ros_span op_span);
const struct ros_expr *ros__expr_if(struct ros__parser *p, const struct ros_expr *cond, const struct ros_expr *then_,
                                    const struct ros_expr *else_, struct ros_span span);
/* Makes e one deeper than child; a tree too deep becomes a leaf, with a finding. */
void ros__expr_deepen(struct ros__parser *p, struct ros_expr *e, const struct ros_expr *child);

/* "a.b" and "c" to "a.b.c". */
struct ros_name ros__path_join(struct ros__parser *p, struct ros_name path, struct ros_name name);
struct ros_ast_type *ros__type_new(struct ros__parser *p, struct ros_name name, struct ros_name per,
                                   struct ros_span span);
static inline struct ros_ast_type ros__type_of(const struct ros_ast_type *type)
{
    return type != NULL ? *type : (struct ros_ast_type){0};
}

/* --- text.c --- */
/* A token's text without its quotes to what it says: escapes only. */
struct ros_name ros__text_plain(struct ros__parser *p, struct ros_name token);
const struct ros_expr *ros__text_value(struct ros__parser *p, struct ros_name token);
/* The same with "{expr}" parts. */
const struct ros_expr *ros__text_template(struct ros__parser *p, struct ros_name token);

#endif
