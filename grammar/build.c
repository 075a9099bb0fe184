/* Nodes and lists in the arena. What can be wrong here is only memory and depth; meaning is interp/sema's business. */
#include "grammar/build.h"

#include <string.h>

#include "interp/base/num.h"

#define FIRST_ITEMS 4

/* --- lists -------------------------------------------------------------------------------------------------------- */

struct ros__list *ros__list_add(struct ros__parser *p, struct ros__list *list, const void *item, size_t size)
{
    if (list == NULL)
        list = ros_arena_new(p->arena, struct ros__list);
    if (list != NULL && list->count == list->size) {
        size_t wish = list->size == 0 ? FIRST_ITEMS : list->size * 2;
        char *items = ros_arena_array(p->arena, wish, size);
        if (items == NULL) {
            ros__parser_fail(p);
            return NULL;
        }
        if (list->count > 0)
            memcpy(items, list->items, list->count * size);
        list->items = items;
        list->size = wish;
    }
    if (list == NULL) {
        ros__parser_fail(p);
        return NULL;
    }
    memcpy(list->items + list->count++ * size, item, size);
    return list;
}

/* --- expressions -------------------------------------------------------------------------------------------------- */

struct ros_expr *ros__expr_new(struct ros__parser *p, enum ros_expr_kind kind, struct ros_span span)
{
    struct ros_expr *e = ros_arena_new(p->arena, struct ros_expr);
    if (e == NULL) {
        ros__parser_fail(p);
        e = &p->spare_expr;
        *e = (struct ros_expr){0};
    }
    e->kind = kind;
    e->span = span;
    e->depth = 1;
    return e;
}

void ros__expr_deepen(struct ros__parser *p, struct ros_expr *e, const struct ros_expr *child)
{
    if (child == NULL || child->depth < e->depth)
        return;
    if (child->depth < ROS_LIMIT_NESTING) {
        e->depth = child->depth + 1;
        return;
    }
    ros_diags_add(p->diags, ROS_DIAG_E0701, e->span, "more than %d levels of nesting", ROS_LIMIT_NESTING);
    struct ros_span span = e->span;
    *e = (struct ros_expr){.kind = ROS_EXPR_MISSING, .span = span, .depth = 1};
}

static const char *copy_text(struct ros__parser *p, const char *text, size_t len)
{
    const char *copy = ros_arena_copy(p->arena, text, len);
    if (copy == NULL)
        ros__parser_fail(p);
    return copy;
}

static void set_number(struct ros__parser *p, struct ros_expr *e, const char *digits, size_t len)
{
    e->number_text = copy_text(p, digits, len);
    if (!ros_num_parse(digits, len, &e->number))
        ros_diags_add(p->diags, ROS_DIAG_E0106, e->span, "`%.*s%s` is not a number that can be kept",
                      len < 40 ? (int) len : 40, digits, len < 40 ? "" : "...");
}

const struct ros_expr *ros__expr_number(struct ros__parser *p, struct ros_name digits)
{
    struct ros_expr *e = ros__expr_new(p, ROS_EXPR_NUMBER, digits.span);
    set_number(p, e, digits.text, digits.len);
    return e;
}

static struct ros_name part_of(struct ros__parser *p, struct ros_name token, size_t start, size_t len)
{
    return (struct ros_name){
        copy_text(p, token.text + start, len),
        len,
        {token.span.file, token.span.start + (uint32_t) start, (uint32_t) len},
    };
}

const struct ros_expr *ros__expr_quantity(struct ros__parser *p, struct ros_name token)
{
    struct ros_expr *e = ros__expr_new(p, ROS_EXPR_QUANTITY, token.span);
    size_t digits = 0;
    while (digits < token.len &&
           ((token.text[digits] >= '0' && token.text[digits] <= '9') || token.text[digits] == '.'))
        digits++;
    size_t unit = digits + (digits < token.len && token.text[digits] == ' ');
    const char *slash = memchr(token.text + unit, '/', token.len - unit);
    size_t unit_len = slash != NULL ? (size_t) (slash - token.text) - unit : token.len - unit;
    set_number(p, e, token.text, digits);
    e->unit.name = part_of(p, token, unit, unit_len);
    if (slash != NULL)
        e->unit.per = part_of(p, token, unit + unit_len + 1, token.len - unit - unit_len - 1);
    e->unit.span =
        (struct ros_span){token.span.file, token.span.start + (uint32_t) unit, (uint32_t) (token.len - unit)};
    return e;
}

const struct ros_expr *ros__expr_word(struct ros__parser *p, enum ros_expr_kind kind, bool truth, struct ros_span span)
{
    struct ros_expr *e = ros__expr_new(p, kind, span);
    e->truth = truth;
    return e;
}

const struct ros_expr *ros__expr_name(struct ros__parser *p, struct ros_name name)
{
    struct ros_expr *e = ros__expr_new(p, ROS_EXPR_NAME, name.span);
    e->name = name;
    return e;
}

const struct ros_expr *ros__expr_member(struct ros__parser *p, const struct ros_expr *left, struct ros_name name)
{
    struct ros_expr *e = ros__expr_new(p, ROS_EXPR_MEMBER, ros__span_join(left->span, name.span));
    e->left = left;
    e->name = name;
    ros__expr_deepen(p, e, left);
    return e;
}

const struct ros_expr *ros__expr_list(struct ros__parser *p, enum ros_expr_kind kind, const struct ros_expr *left,
                                      const struct ros__list *args, struct ros_span span)
{
    struct ros_expr *e = ros__expr_new(p, kind, span);
    e->left = left;
    e->args = ros__list_items(args);
    e->arg_count = ros__list_count(args);
    ros__expr_deepen(p, e, left);
    for (size_t i = 0; i < e->arg_count; i++)
        ros__expr_deepen(p, e, e->args[i]);
    return e;
}

const struct ros_expr *ros__expr_unary(struct ros__parser *p, enum ros_expr_kind kind, const struct ros_expr *left,
                                       struct ros_span span, struct ros_span op_span)
{
    struct ros_expr *e = ros__expr_new(p, kind, span);
    e->left = left;
    e->op_span = op_span;
    ros__expr_deepen(p, e, left);
    return e;
}

const struct ros_expr *ros__expr_binary(struct ros__parser *p, enum ros_binary_op op, const struct ros_expr *left,
                                        const struct ros_expr *right, struct ros_span op_span)
{
    struct ros_expr *e = ros__expr_new(p, ROS_EXPR_BINARY, ros__span_join(left->span, right->span));
    e->op = op;
    e->op_span = op_span;
    e->left = left;
    e->right = right;
    ros__expr_deepen(p, e, left);
    ros__expr_deepen(p, e, right);
    return e;
}

const struct ros_expr *ros__expr_if(struct ros__parser *p, const struct ros_expr *cond, const struct ros_expr *then_,
                                    const struct ros_expr *else_, struct ros_span span)
{
    struct ros_expr *e = ros__expr_new(p, ROS_EXPR_IF, span);
    e->cond = cond;
    e->left = then_;
    e->right = else_;
    ros__expr_deepen(p, e, cond);
    ros__expr_deepen(p, e, then_);
    ros__expr_deepen(p, e, else_);
    return e;
}

/* --- names and types ---------------------------------------------------------------------------------------------- */

/* A path beyond the limit is cut one byte behind it: as many bytes as it says, and the next join knows that it was
 * reported. */
struct ros_name ros__path_join(struct ros__parser *p, struct ros_name path, struct ros_name name)
{
    if (path.len > ROS_LIMIT_NAME_BYTES)
        return path;
    struct ros_name joined = {NULL, path.len + 1 + name.len, ros__span_join(path.span, name.span)};
    if (joined.len > ROS_LIMIT_NAME_BYTES) {
        ros_diags_add(p->diags, ROS_DIAG_E0701, joined.span, "a name of more than %d bytes", ROS_LIMIT_NAME_BYTES);
        joined.len = ROS_LIMIT_NAME_BYTES + 1;
    }
    int room = (int) (joined.len - path.len - 1);
    joined.text = ros_arena_printf(p->arena, "%s.%.*s", path.text, room, name.text);
    if (joined.text == NULL) {
        ros__parser_fail(p);
        return path;
    }
    return joined;
}

struct ros_ast_type *ros__type_new(struct ros__parser *p, struct ros_name name, struct ros_name per,
                                   struct ros_span span)
{
    struct ros_ast_type *type = ros_arena_new(p->arena, struct ros_ast_type);
    if (type == NULL) {
        ros__parser_fail(p);
        return NULL;
    }
    *type = (struct ros_ast_type){name, per, span};
    return type;
}

/* --- declarations ------------------------------------------------------------------------------------------------- */

struct ros_decl *ros__decl_add(struct ros__parser *p, enum ros_decl_kind kind, struct ros_span span)
{
    struct ros_decl *decl = ros_arena_new(p->arena, struct ros_decl);
    if (decl == NULL) {
        ros__parser_fail(p);
        return &p->spare_decl;
    }
    decl->kind = kind;
    decl->span = span;
    ros__list_add(p, &p->decls, &decl, sizeof decl);
    return decl;
}

void ros__decl_metric(struct ros__parser *p, struct ros_span span, struct ros_name path, bool vector,
                      const struct ros__list *instances, const struct ros_ast_type *type, struct ros_name raw)
{
    ros__decl_add(p, ROS_DECL_METRIC, span)->metric = (struct ros_decl_metric){
        path, vector, ros__list_items(instances), ros__list_count(instances), ros__type_of(type), raw};
}

void ros__decl_param(struct ros__parser *p, struct ros_span span, struct ros_name name, const struct ros_ast_type *type,
                     const struct ros_expr *value, const struct ros_expr *low, const struct ros_expr *high,
                     struct ros_name doc)
{
    ros__decl_add(p, ROS_DECL_PARAM, span)->param =
        (struct ros_decl_param){name, ros__type_of(type), value, low, high, doc};
}

/* A line of a table's braces: a column, or (check not NULL) a check. */
struct table_line {
    struct ros_column column;
    const struct ros_expr *check;
};

struct ros__list *ros__column_add(struct ros__parser *p, struct ros__list *list, struct ros_name name,
                                  const struct ros_ast_type *type, const struct ros_expr *check)
{
    const struct table_line line = {{name, ros__type_of(type)}, check};
    return ros__list_add(p, list, &line, sizeof line);
}

void ros__decl_table(struct ros__parser *p, struct ros_span span, struct ros_name name, struct ros_name from,
                     const struct ros__list *keys, const struct ros__list *columns)
{
    const struct table_line *lines = ros__list_items(columns);
    struct ros__list *real = NULL;
    struct ros__list *checks = NULL;
    for (size_t i = 0; i < ros__list_count(columns); i++) {
        if (lines[i].check != NULL)
            checks = ros__list_add(p, checks, &lines[i].check, sizeof lines[i].check);
        else
            real = ros__list_add(p, real, &lines[i].column, sizeof lines[i].column);
    }
    ros__decl_add(p, ROS_DECL_TABLE, span)->table = (struct ros_decl_table){.name = name,
                                                                            .from = from,
                                                                            .keys = ros__list_items(keys),
                                                                            .key_count = ros__list_count(keys),
                                                                            .columns = ros__list_items(real),
                                                                            .column_count = ros__list_count(real),
                                                                            .checks = ros__list_items(checks),
                                                                            .check_count = ros__list_count(checks)};
}

struct ros__list *ros__step_add(struct ros__parser *p, struct ros__list *list, enum ros_step_kind kind,
                                struct ros_span span, struct ros_decl_expr body)
{
    const struct ros_step step = {.kind = kind, .span = span, .body = body};
    return ros__list_add(p, list, &step, sizeof step);
}

struct ros__list *ros__sort_add(struct ros__parser *p, struct ros__list *list, struct ros_span span,
                                const struct ros__list *keys)
{
    const struct ros_step step = {.kind = ROS_STEP_SORT,
                                  .span = span,
                                  .sort_keys = ros__list_items(keys),
                                  .sort_key_count = ros__list_count(keys)};
    return ros__list_add(p, list, &step, sizeof step);
}

/* --- rules -------------------------------------------------------------------------------------------------------- */

struct rule_body {
    struct ros_rule rule; /* first: a pointer to it is a pointer to the body */
    struct ros__list *texts;
    struct ros__list *allows;
};

static struct rule_body *body_of(struct ros_rule *rule)
{
    return (struct rule_body *) (void *) rule;
}

struct ros_rule *ros__rule_body_new(struct ros__parser *p)
{
    struct rule_body *body = ros_arena_new(p->arena, struct rule_body);
    if (body == NULL) {
        ros__parser_fail(p);
        return NULL;
    }
    return &body->rule;
}

struct ros_rule *ros__rule_offer(struct ros__parser *p, struct ros_rule *body, bool required, struct ros_name name,
                                 const struct ros_expr *where)
{
    if (body == NULL)
        return NULL;
    if (body->offer.text != NULL) {
        struct ros_diag *diag = ros_diags_add(p->diags, ROS_DIAG_E0108, name.span, "a rule has one `offer`");
        ros_diag_add_label(p->diags, diag, body->offer.span, "the first is here");
        return body;
    }
    body->offer = name;
    body->offer_required = required;
    body->offer_where = where;
    return body;
}

struct ros_rule *ros__rule_text(struct ros__parser *p, struct ros_rule *body, struct ros_name field,
                                const struct ros_expr *text)
{
    const struct ros_rule_text item = {field, text};
    if (body != NULL)
        body_of(body)->texts = ros__list_add(p, body_of(body)->texts, &item, sizeof item);
    return body;
}

struct ros_rule *ros__rule_allow(struct ros__parser *p, struct ros_rule *body, struct ros_name field,
                                 const struct ros_expr *text)
{
    const struct ros_rule_text item = {field, text};
    if (body != NULL)
        body_of(body)->allows = ros__list_add(p, body_of(body)->allows, &item, sizeof item);
    return body;
}

struct ros__list *ros__rule_add(struct ros__parser *p, struct ros__list *list, struct ros_name name,
                                const struct ros_expr *when, struct ros_rule *body)
{
    if (body == NULL)
        return list;
    body->name = name;
    body->when = when;
    body->texts = ros__list_items(body_of(body)->texts);
    body->text_count = ros__list_count(body_of(body)->texts);
    body->allows = ros__list_items(body_of(body)->allows);
    body->allow_count = ros__list_count(body_of(body)->allows);
    return ros__list_add(p, list, body, sizeof *body);
}

/* --- fixtures and tests ------------------------------------------------------------------------------------------- */

struct ros_bind *ros__bind_new(struct ros__parser *p, struct ros_name function, struct ros_name path,
                               struct ros_name instance, const struct ros_expr *value)
{
    struct ros_bind *bind = ros_arena_new(p->arena, struct ros_bind);
    if (bind == NULL) {
        ros__parser_fail(p);
        return NULL;
    }
    *bind = (struct ros_bind){function, path, instance, value};
    return bind;
}

struct ros__list *ros__given_add(struct ros__parser *p, struct ros__list *list, struct ros_span span,
                                 struct ros_name fixture)
{
    const struct ros_test_step step = {.kind = ROS_TEST_GIVEN, .span = span, .fixture = fixture};
    return ros__list_add(p, list, &step, sizeof step);
}

struct ros__list *ros__with_add(struct ros__parser *p, struct ros__list *list, struct ros_span span,
                                const struct ros_bind *bind)
{
    struct ros_test_step step = {.kind = ROS_TEST_WITH, .span = span};
    if (bind == NULL)
        return list;
    step.bind = *bind;
    return ros__list_add(p, list, &step, sizeof step);
}

struct ros__list *ros__expect_add(struct ros__parser *p, struct ros__list *list, struct ros_span span,
                                  const struct ros_expr *expect)
{
    const struct ros_test_step step = {.kind = ROS_TEST_EXPECT, .span = span, .expect = expect};
    return ros__list_add(p, list, &step, sizeof step);
}
