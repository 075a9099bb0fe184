/*
 * Expressions, bottom up: each node learns its type from its children. A mistake is reported where it is and the node
 * becomes BAD, which fits everything: one mistake, one finding. Depth is bounded by the parser (ROS_LIMIT_NESTING).
 */
#include <math.h>

#include "interp/sema/internal.h"

struct ros__node *ros__node_new(struct ros__sema *s, enum ros__node_kind kind, struct ros_span span,
                                struct ros_type type)
{
    struct ros__node *node = ros_arena_new(s->arena, struct ros__node);
    if (node == NULL) {
        ros__sema_failed(s);
        node = &s->spare;
        type = ros_type_of(ROS_KIND_BAD);
    }
    *node = (struct ros__node){.kind = kind, .span = span, .type = type};
    return node;
}

struct ros__node *ros__node_bad(struct ros__sema *s, struct ros_span span)
{
    return ros__node_new(s, ROS__NODE_MISSING, span, ros_type_of(ROS_KIND_BAD));
}

bool ros__node_list(struct ros__sema *s, struct ros__node *node, size_t count)
{
    node->list = ros_arena_new_array(s->arena, struct ros__node *, count);
    if (node->list == NULL)
        ros__sema_failed(s);
    return s->code == ROS_OK; /* the spare is everybody's: a child would take its list away */
}

struct ros__node *ros__node_children(struct ros__node *node, struct ros__node *left, struct ros__node *right)
{
    node->left = left != node ? left : NULL; /* the spare below itself would be a circle */
    node->right = right != node ? right : NULL;
    node->row = (left != NULL && left->row) || (right != NULL && right->row);
    return node;
}

bool ros__expr_want(struct ros__sema *s, const struct ros__node *node, enum ros_kind kind)
{
    char text[ROS_TYPE_TEXT_SIZE];
    if (ros__node_is_bad(node))
        return false;
    if (node->type.kind == kind)
        return true;
    struct ros_type wanted = ros_type_of(kind);
    ros_diags_add(s->diags, ROS_DIAG_E0303, node->span, "`%s` is %s; %s is needed here",
                  ros__source_text(s, node->span), ros_type_format(&node->type, text),
                  kind == ROS_KIND_NUM ? "a number" : ros_type_format(&wanted, text));
    return false;
}

void ros__expr_want_single(struct ros__sema *s, struct ros__node *node)
{
    if (!node->type.vector)
        return;
    struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0305, node->span, "`%s` has a value for each instance",
                                          ros__source_text(s, node->span));
    ros_diag_set_help(s->diags, diag, "take one of them: any(), all(), max(), min(), sum() or count()");
    node->type = ros_type_of(ROS_KIND_BAD);
}

/* --- names -------------------------------------------------------------------------------------------------------- */

/* The dotted path of a chain of names; false for anything else. */
static bool flatten(const struct ros_expr *expr, char *path, size_t size, size_t *used)
{
    if (expr->kind == ROS_EXPR_MEMBER) {
        if (!flatten(expr->left, path, size, used) || *used + 1 >= size)
            return false;
        path[(*used)++] = '.';
    } else if (expr->kind != ROS_EXPR_NAME) {
        return false;
    }
    if (expr->name.len >= size - *used)
        return false;
    memcpy(path + *used, expr->name.text, expr->name.len);
    *used += expr->name.len;
    path[*used] = '\0';
    return true;
}

static const struct ros__symbol *find_path(const struct ros__sema *s, const struct ros_expr *expr,
                                           char path[ROS_LIMIT_NAME_BYTES + 1])
{
    size_t used = 0;
    path[0] = '\0';
    if (!flatten(expr, path, ROS_LIMIT_NAME_BYTES + 1, &used))
        return NULL;
    return ros__name_find(s, path, used);
}

struct ros__node *ros__input_node(struct ros__sema *s, size_t index, struct ros_span span)
{
    const struct ros__input *input = &s->model->inputs.items[index];
    struct ros__node *node = ros__node_new(s, ROS__NODE_INPUT, span, input->type);
    node->index = index;
    node->type.maybe = !input->settled && !ros__node_is_bad(node);
    return node;
}

static struct ros__node *let_node(struct ros__sema *s, size_t index, struct ros_span span)
{
    struct ros__let *let = &s->model->lets.items[index];
    let->used = true;
    struct ros__node *node = ros__node_new(s, ROS__NODE_LET, span, let->node->type);
    node->index = index;
    node->type.maybe = node->type.maybe && !let->settled;
    return node;
}

static struct ros__node *row_node(struct ros__sema *s, const struct ros__symbol *symbol, struct ros_span span)
{
    struct ros__node *node;
    if (symbol->kind == ROS__SYMBOL_ROW) {
        struct ros_type type = ros_type_of(ROS_KIND_ROW);
        type.table = s->model->cands.items[symbol->index].table;
        node = ros__node_new(s, ROS__NODE_ROW, span, type);
    } else {
        struct ros__field *field = &s->model->fields.items[symbol->index];
        field->used = true;
        node = ros__node_new(s, ROS__NODE_FIELD, span, field->node->type);
        node->type.maybe = node->type.maybe && !field->settled;
    }
    node->index = symbol->index;
    node->row = true;
    return node;
}

static struct ros__node *column_node(struct ros__sema *s, size_t index, struct ros__node *row, struct ros_span span)
{
    struct ros__column *column = &s->model->columns.items[index];
    column->used = true;
    struct ros__node *node = ros__node_children(ros__node_new(s, ROS__NODE_COLUMN, span, column->type), row, NULL);
    node->index = index;
    if (row != NULL && !ros__node_is_bad(node))
        node->type.maybe = node->type.maybe || row->type.maybe;
    return node;
}

static struct ros__node *wrong_kind(struct ros__sema *s, struct ros_span span, const char *name, const char *why)
{
    ros_diags_add(s->diags, ROS_DIAG_E0204, span, "`%s` %s", name, why);
    return ros__node_bad(s, span);
}

static struct ros__node *symbol_node(struct ros__sema *s, const struct ros__symbol *symbol, struct ros_span span)
{
    struct ros__node *node;
    switch (symbol->kind) {
    case ROS__SYMBOL_INPUT:
        return ros__input_node(s, symbol->index, span);
    case ROS__SYMBOL_LET:
        return let_node(s, symbol->index, span);
    case ROS__SYMBOL_ROW:
    case ROS__SYMBOL_FIELD:
        return row_node(s, symbol, span);
    case ROS__SYMBOL_COLUMN:
        return column_node(s, symbol->index, NULL, span);
    case ROS__SYMBOL_PARAM:
        s->model->params.items[symbol->index].used = true;
        node = ros__node_new(s, ROS__NODE_PARAM, span, s->model->params.items[symbol->index].type);
        node->index = symbol->index;
        return node;
    case ROS__SYMBOL_FLAG:
        node = ros__node_new(s, ROS__NODE_FLAG, span, s->model->flags.items[symbol->index].when->type);
        node->index = symbol->index;
        node->type.maybe = node->type.maybe && !s->model->flags.items[symbol->index].settled;
        return node;
    case ROS__SYMBOL_TABLE:
        return wrong_kind(s, span, symbol->name, "is a table: look a row up by its key, in [ ]");
    case ROS__SYMBOL_CAND:
        return wrong_kind(s, span, symbol->name, "is a list of candidates: only `offer` takes it");
    case ROS__SYMBOL_INSTANCED:
        return wrong_kind(s, span, symbol->name, "has several instances: name one, in [\" \"]");
    }
    return ros__node_bad(s, span);
}

static bool find_column(struct ros__sema *s, size_t table, const struct ros_name *name, size_t *ret)
{
    const struct ros__table *t = &s->model->tables.items[table];
    const char **names = ros_arena_new_array(s->arena, const char *, t->column_count);
    if (names == NULL) {
        ros__sema_failed(s);
        return false;
    }
    for (size_t i = 0; i < t->column_count; i++) {
        names[i] = s->model->columns.items[t->first_column + i].name.text;
        if (strcmp(names[i], name->text) == 0) {
            *ret = t->first_column + i;
            return true;
        }
    }
    const char *near = ros_diag_nearest(name->text, names, t->column_count);
    struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0201, name->span, "table `%s` has no column `%s`%s%s%s",
                                          t->name.text, name->text, near != NULL ? "; did you mean `" : "",
                                          near != NULL ? near : "", near != NULL ? "`?" : "");
    if (near != NULL)
        ros_diag_set_fix(s->diags, diag, name->span, "%s", near);
    return false;
}

static const struct ros_expr *root_of(const struct ros_expr *expr)
{
    while (expr->kind == ROS_EXPR_MEMBER)
        expr = expr->left;
    return expr;
}

static struct ros__node *name_expr(struct ros__sema *s, const struct ros_expr *expr)
{
    char path[ROS_LIMIT_NAME_BYTES + 1];
    const struct ros__symbol *symbol = find_path(s, expr, path);
    if (symbol != NULL)
        return symbol_node(s, symbol, expr->span);
    const struct ros_expr *root = root_of(expr);
    if (root->kind == ROS_EXPR_NAME && (root == expr || ros__name_find(s, root->name.text, root->name.len) == NULL)) {
        ros__name_unknown(s, root == expr ? "name" : "metric or fact", path, expr->span);
        return ros__node_bad(s, expr->span);
    }
    struct ros__node *left = ros__expr(s, expr->left);
    size_t column;
    if (!ros__expr_want(s, left, ROS_KIND_ROW) || !find_column(s, left->type.table, &expr->name, &column))
        return ros__node_bad(s, expr->span);
    return column_node(s, column, left, expr->span);
}

/* --- [ ] ---------------------------------------------------------------------------------------------------------- */

static bool text_literal(const struct ros_expr *expr, const char **ret)
{
    if (expr->kind != ROS_EXPR_TEXT || expr->part_count > 1 || (expr->part_count == 1 && expr->parts[0].expr != NULL))
        return false;
    *ret = expr->part_count == 0 ? "" : expr->parts[0].literal;
    return true;
}

static struct ros__node *instance_expr(struct ros__sema *s, const struct ros_expr *expr,
                                       const struct ros__symbol *symbol)
{
    const char *wanted;
    if (expr->arg_count != 1 || !text_literal(expr->args[0], &wanted)) {
        ros_diags_add(s->diags, ROS_DIAG_E0304, expr->span, "an instance of `%s` is named by one text", symbol->name);
        return ros__node_bad(s, expr->span);
    }
    const char **names = ros_arena_new_array(s->arena, const char *, symbol->count);
    if (names == NULL) {
        ros__sema_failed(s);
        return ros__node_bad(s, expr->span);
    }
    for (size_t i = 0; i < symbol->count; i++) {
        names[i] = s->model->inputs.items[symbol->index + i].info.instance;
        if (strcmp(names[i], wanted) == 0)
            return ros__input_node(s, symbol->index + i, expr->span);
    }
    const char *near = ros_diag_nearest(wanted, names, symbol->count);
    struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0201, expr->args[0]->span, "`%s` has no instance \"%s\"",
                                          symbol->name, wanted);
    if (near != NULL) {
        ros_diag_set_help(s->diags, diag, "did you mean \"%s\"?", near);
        ros_diag_set_fix(s->diags, diag, expr->args[0]->span, "\"%s\"", near);
    }
    return ros__node_bad(s, expr->span);
}

static struct ros__node *find_expr(struct ros__sema *s, const struct ros_expr *expr, size_t index)
{
    struct ros__table table = s->model->tables.items[index];
    struct ros_type type = ros_type_of(ROS_KIND_ROW);
    type.table = index;
    type.maybe = true;
    struct ros__node *node = ros__node_new(s, ROS__NODE_FIND, expr->span, type);
    node->index = index;
    if (expr->arg_count != table.key_count) {
        ros_diags_add(s->diags, ROS_DIAG_E0304, expr->span, "table `%s` has %zu key columns, not %zu", table.name.text,
                      table.key_count, expr->arg_count);
        return ros__node_bad(s, expr->span);
    }
    if (!ros__node_list(s, node, table.key_count))
        return ros__node_bad(s, expr->span);
    bool good = true;
    for (size_t i = 0; i < table.key_count; i++) {
        struct ros__node *key = ros__expr_value(s, expr->args[i]);
        struct ros__node *column = column_node(s, table.keys[i], NULL, key->span);
        struct ros_type joined;
        if (key->type.kind == ROS_KIND_MISSING)
            good = ros__expr_want(s, key, column->type.kind) && good;
        else
            good = ros__check_join(s, key, column, key->span, "look up", &joined) && good;
        node->list[node->count++] = key;
        node->row = node->row || key->row;
    }
    return good ? node : ros__node_bad(s, expr->span);
}

static struct ros__node *index_expr(struct ros__sema *s, const struct ros_expr *expr)
{
    char path[ROS_LIMIT_NAME_BYTES + 1];
    const struct ros__symbol *symbol = find_path(s, expr->left, path);
    if (symbol == NULL) {
        if (path[0] != '\0')
            ros__name_unknown(s, "table or metric", path, expr->left->span);
        else
            ros_diags_add(s->diags, ROS_DIAG_E0204, expr->left->span, "only tables and metrics take [ ]");
        return ros__node_bad(s, expr->span);
    }
    if (symbol->kind == ROS__SYMBOL_TABLE)
        return find_expr(s, expr, symbol->index);
    if (symbol->kind == ROS__SYMBOL_INSTANCED)
        return instance_expr(s, expr, symbol);
    return wrong_kind(s, expr->left->span, symbol->name,
                      "takes no [ ]: only tables and metrics with named instances do");
}

/* --- operators ---------------------------------------------------------------------------------------------------- */

static bool nonzero_literal(const struct ros__node *node)
{
    return node->kind == ROS__NODE_NUM && node->number != 0;
}

/* Money counts its time in hours: a product that meets other time is brought back by a power of 3600. */
static struct ros__node *correct_hours(struct ros__sema *s, struct ros__node *node, int hours)
{
    if (hours == 0)
        return node;
    struct ros__node *factor = ros__node_new(s, ROS__NODE_NUM, node->span, ros_type_plain(ROS_PLAIN_BARE));
    factor->number = pow(3600, hours > 0 ? hours : -hours);
    struct ros__node *outer =
        ros__node_children(ros__node_new(s, ROS__NODE_BINARY, node->span, node->type), node, factor);
    outer->op = hours > 0 ? ROS_OP_DIV : ROS_OP_MUL;
    return outer;
}

static struct ros__node *product_expr(struct ros__sema *s, const struct ros_expr *expr, struct ros__node *left,
                                      struct ros__node *right)
{
    int sign = expr->op == ROS_OP_MUL ? 1 : -1;
    struct ros_type type;
    if (!ros_type_product(&left->type, &right->type, sign, &type)) {
        ros_diags_add(s->diags, ROS_DIAG_E0701, expr->span, "a unit with an exponent over %d", ROS_DIM_EXPONENT_LIMIT);
        return ros__node_bad(s, expr->span);
    }
    if (!ros__check_vectors(s, left, right, expr->span))
        return ros__node_bad(s, expr->span);
    type.vector = left->type.vector || right->type.vector;
    type.slot = left->type.vector ? left->type.slot : right->type.slot;
    type.maybe = left->type.maybe || right->type.maybe || (sign < 0 && !nonzero_literal(right));
    struct ros__node *node = ros__node_children(ros__node_new(s, ROS__NODE_BINARY, expr->span, type), left, right);
    node->op = expr->op;
    return correct_hours(s, node, ros_type_hours(&left->type, &right->type, sign, &type));
}

static struct ros__node *arithmetic_expr(struct ros__sema *s, const struct ros_expr *expr, struct ros__node *left,
                                         struct ros__node *right)
{
    bool good = ros__expr_want(s, left, ROS_KIND_NUM);
    good = ros__expr_want(s, right, ROS_KIND_NUM) && good;
    if (!good)
        return ros__node_bad(s, expr->span);
    if (expr->op == ROS_OP_MUL || expr->op == ROS_OP_DIV)
        return product_expr(s, expr, left, right);
    struct ros_type type;
    if (!ros__check_join(s, left, right, expr->span, expr->op == ROS_OP_ADD ? "add" : "subtract", &type))
        return ros__node_bad(s, expr->span);
    struct ros__node *node = ros__node_children(ros__node_new(s, ROS__NODE_BINARY, expr->span, type), left, right);
    node->op = expr->op;
    return node;
}

static bool only_equality(enum ros_binary_op op)
{
    return op == ROS_OP_EQ || op == ROS_OP_NE;
}

static bool check_comparison(struct ros__sema *s, const struct ros_expr *expr, struct ros__node *left,
                             struct ros__node *right, struct ros_type *joined)
{
    char text[ROS_TYPE_TEXT_SIZE];
    if (!ros__node_is_bad(left) && !ros__node_is_bad(right) &&
        (left->type.kind == ROS_KIND_MISSING || right->type.kind == ROS_KIND_MISSING)) {
        struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0303, expr->span,
                                              "nothing compares with `missing`: the answer would be unknown");
        const struct ros__node *asked = left->type.kind == ROS_KIND_MISSING ? right : left;
        ros_diag_set_help(s->diags, diag, "ask known(x) or unknown(x)");
        if (only_equality(expr->op) && asked->type.kind != ROS_KIND_MISSING)
            ros_diag_set_fix(s->diags, diag, expr->span, "%s(%s)", expr->op == ROS_OP_EQ ? "unknown" : "known",
                             ros__source_text(s, asked->span));
        return false;
    }
    if (!ros__check_join(s, left, right, expr->span, "compare", joined))
        return false;
    if (joined->kind == ROS_KIND_ROW || (joined->kind != ROS_KIND_NUM && !only_equality(expr->op))) {
        ros_diags_add(s->diags, ROS_DIAG_E0303, expr->op_span.length != 0 ? expr->op_span : expr->span,
                      "%s cannot be compared so", ros_type_format(joined, text));
        return false;
    }
    return true;
}

static struct ros__node *compare_expr(struct ros__sema *s, const struct ros_expr *expr, struct ros__node *left,
                                      struct ros__node *right)
{
    struct ros_type joined;
    if (!check_comparison(s, expr, left, right, &joined))
        return ros__node_bad(s, expr->span);
    if (joined.kind == ROS_KIND_NUM && only_equality(expr->op) && !ros_type_has_unit(&joined) &&
        joined.plain == ROS_PLAIN_SHARE) {
        struct ros_diag *diag =
            ros_diags_add(s->diags, ROS_DIAG_W0504, expr->span, "shares are fractions, which are seldom equal exactly");
        ros_diag_set_help(s->diags, diag, "compare with `==~`, which allows for rounding");
    }
    struct ros_type type = joined;
    type.kind = ROS_KIND_BOOL;
    memset(type.dim, 0, sizeof type.dim);
    struct ros__node *node = ros__node_children(ros__node_new(s, ROS__NODE_BINARY, expr->span, type), left, right);
    node->op = expr->op;
    return node;
}

static struct ros__node *binary_expr(struct ros__sema *s, const struct ros_expr *expr)
{
    struct ros__node *left = ros__expr(s, expr->left);
    struct ros__node *right = ros__expr(s, expr->right);
    struct ros_type type;
    switch (expr->op) {
    case ROS_OP_ADD:
    case ROS_OP_SUB:
    case ROS_OP_MUL:
    case ROS_OP_DIV:
        return arithmetic_expr(s, expr, left, right);
    case ROS_OP_AND:
    case ROS_OP_OR: {
        bool good = ros__expr_want(s, left, ROS_KIND_BOOL);
        good = ros__expr_want(s, right, ROS_KIND_BOOL) && good;
        if (!good || !ros__check_join(s, left, right, expr->span, "combine", &type))
            return ros__node_bad(s, expr->span);
        break;
    }
    case ROS_OP_ELSE:
        if (!ros__check_join(s, left, right, expr->span, "replace", &type))
            return ros__node_bad(s, expr->span);
        type.maybe = right->type.maybe && left->type.maybe;
        break;
    default:
        return compare_expr(s, expr, left, right);
    }
    struct ros__node *node = ros__node_children(ros__node_new(s, ROS__NODE_BINARY, expr->span, type), left, right);
    node->op = expr->op;
    return node;
}

static struct ros__node *in_expr(struct ros__sema *s, const struct ros_expr *expr)
{
    struct ros__node *left = ros__expr(s, expr->left);
    struct ros__node *node =
        ros__node_children(ros__node_new(s, ROS__NODE_IN, expr->span, ros_type_of(ROS_KIND_BOOL)), left, NULL);
    if (!ros__node_list(s, node, expr->arg_count))
        return ros__node_bad(s, expr->span);
    struct ros_expr equal = *expr;
    equal.op = ROS_OP_EQ;
    bool good = true;
    for (size_t i = 0; i < expr->arg_count; i++) {
        struct ros__node *item = ros__expr(s, expr->args[i]);
        struct ros_type joined;
        equal.span = item->span;
        good = check_comparison(s, &equal, left, item, &joined) && good;
        if (joined.vector) {
            node->type.vector = true;
            node->type.slot = joined.slot;
        }
        node->type.maybe = node->type.maybe || joined.maybe;
        node->row = node->row || item->row;
        node->list[node->count++] = item;
    }
    return good ? node : ros__node_bad(s, expr->span);
}

static void want_settled(struct ros__sema *s, const struct ros__node *cond)
{
    if (!cond->type.maybe)
        return;
    const char *text = ros__source_text(s, cond->span);
    const char *source = ros__missing_source(s, cond);
    struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0410, cond->span,
                                          "`if` needs a settled condition; this one is unknown when %s is missing",
                                          source != NULL ? source : "a value");
    bool simple = cond->kind != ROS__NODE_BINARY && cond->kind != ROS__NODE_IN && cond->kind != ROS__NODE_IF &&
                  cond->kind != ROS__NODE_NOT;
    ros_diag_set_help(s->diags, diag, "say what unknown counts as: add `?? false`");
    ros_diag_set_fix(s->diags, diag, cond->span, simple ? "%s ?? false" : "(%s) ?? false", text);
}

static struct ros__node *if_expr(struct ros__sema *s, const struct ros_expr *expr)
{
    struct ros__node *cond = ros__expr_bool(s, expr->cond);
    struct ros__node *left = ros__expr(s, expr->left);
    struct ros__node *right = ros__expr(s, expr->right);
    if (!ros__node_is_bad(cond))
        want_settled(s, cond);
    struct ros_type type;
    if (!ros__check_join(s, left, right, expr->span, "choose", &type) || ros__node_is_bad(cond))
        return ros__node_bad(s, expr->span);
    if (cond->type.vector && type.vector && cond->type.slot != type.slot) {
        ros_diags_add(s->diags, ROS_DIAG_E0305, expr->span, "the instances of two metrics cannot be paired");
        return ros__node_bad(s, expr->span);
    }
    if (cond->type.vector) {
        type.vector = true;
        type.slot = cond->type.slot;
    }
    struct ros__node *node = ros__node_children(ros__node_new(s, ROS__NODE_IF, expr->span, type), left, right);
    node->cond = cond;
    node->row = node->row || cond->row;
    return node;
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

static void want_shown(struct ros__sema *s, const struct ros__node *node)
{
    if (node->type.kind == ROS_KIND_ROW || node->type.kind == ROS_KIND_MISSING) {
        ros_diags_add(s->diags, ROS_DIAG_E0303, node->span, "a text shows numbers, texts and truths only");
        return;
    }
    if (ros__node_is_bad(node) || !node->type.maybe)
        return;
    const char *source = ros__missing_source(s, node);
    struct ros_diag *diag =
        ros_diags_add(s->diags, ROS_DIAG_E0412, node->span,
                      "`%s` may be missing%s%s%s, and this text would show a hole", ros__source_text(s, node->span),
                      source != NULL ? " (" : "", source != NULL ? source : "", source != NULL ? ")" : "");
    ros_diag_set_help(s->diags, diag, "say what to show instead, as in `{%s ?? ...}`, or `require known(...)` before",
                      ros__source_text(s, node->span));
}

static struct ros__node *text_expr(struct ros__sema *s, const struct ros_expr *expr)
{
    const char *literal;
    struct ros__node *node = ros__node_new(s, ROS__NODE_TEXT, expr->span, ros_type_of(ROS_KIND_TEXT));
    if (text_literal(expr, &literal)) {
        node->text = literal;
        node->len = expr->part_count == 0 ? 0 : expr->parts[0].len;
        return node;
    }
    node->kind = ROS__NODE_COMPOSE;
    node->type.composed = !ros__node_is_bad(node);
    if (!ros__node_list(s, node, expr->part_count))
        return ros__node_bad(s, expr->span);
    for (size_t i = 0; i < expr->part_count; i++) {
        const struct ros_text_part *part = &expr->parts[i];
        struct ros__node *item;
        if (part->expr != NULL) {
            item = ros__expr_value(s, part->expr);
            want_shown(s, item);
        } else {
            item = ros__node_new(s, ROS__NODE_TEXT, expr->span, ros_type_of(ROS_KIND_TEXT));
            item->text = part->literal;
            item->len = part->len;
        }
        node->row = node->row || item->row;
        node->list[node->count++] = item;
    }
    return node;
}

static struct ros__node *quantity_expr(struct ros__sema *s, const struct ros_expr *expr)
{
    struct ros_unit_scale scale;
    if (!ros__type_read(s, &expr->unit, &scale))
        return ros__node_bad(s, expr->span);
    struct ros__node *node = ros__node_new(s, ROS__NODE_NUM, expr->span, scale.type);
    if (scale.type.kind != ROS_KIND_NUM || !ros_type_quantity(expr->number_text, &scale, &node->number)) {
        ros_diags_add(s->diags, ROS_DIAG_E0106, expr->span, "`%s` is not a number with a unit",
                      ros__source_text(s, expr->span));
        return ros__node_bad(s, expr->span);
    }
    return node;
}

static struct ros__node *unary_expr(struct ros__sema *s, const struct ros_expr *expr)
{
    bool negate = expr->kind == ROS_EXPR_NEGATE;
    struct ros__node *left = ros__expr(s, expr->left);
    if (!ros__expr_want(s, left, negate ? ROS_KIND_NUM : ROS_KIND_BOOL))
        return ros__node_bad(s, expr->span);
    return ros__node_children(ros__node_new(s, negate ? ROS__NODE_NEGATE : ROS__NODE_NOT, expr->span, left->type), left,
                              NULL);
}

static struct ros__node *literal_expr(struct ros__sema *s, const struct ros_expr *expr)
{
    struct ros__node *node;
    if (expr->kind == ROS_EXPR_NUMBER) {
        node = ros__node_new(s, ROS__NODE_NUM, expr->span, ros_type_plain(ROS_PLAIN_BARE));
        node->number = expr->number;
    } else if (expr->kind == ROS_EXPR_BOOL) {
        node = ros__node_new(s, ROS__NODE_BOOL, expr->span, ros_type_of(ROS_KIND_BOOL));
        node->index = expr->truth ? ROS_TRUE : ROS_FALSE;
    } else {
        node = ros__node_new(s, ROS__NODE_MISSING, expr->span, ros_type_of(ROS_KIND_MISSING));
        node->type.maybe = !ros__node_is_bad(node);
    }
    return node;
}

struct ros__node *ros__expr(struct ros__sema *s, const struct ros_expr *expr)
{
    struct ros__node *expected = s->in_expect ? ros__expect_expr(s, expr) : NULL;
    if (expected != NULL)
        return expected;
    switch (expr->kind) {
    case ROS_EXPR_NUMBER:
    case ROS_EXPR_BOOL:
    case ROS_EXPR_MISSING:
        return literal_expr(s, expr);
    case ROS_EXPR_QUANTITY:
        return quantity_expr(s, expr);
    case ROS_EXPR_TEXT:
        return text_expr(s, expr);
    case ROS_EXPR_NAME:
    case ROS_EXPR_MEMBER:
        return name_expr(s, expr);
    case ROS_EXPR_INDEX:
        return index_expr(s, expr);
    case ROS_EXPR_CALL:
        return ros__expr_call(s, expr);
    case ROS_EXPR_NOT:
    case ROS_EXPR_NEGATE:
        return unary_expr(s, expr);
    case ROS_EXPR_BINARY:
        return binary_expr(s, expr);
    case ROS_EXPR_IN:
        return in_expr(s, expr);
    case ROS_EXPR_IF:
        return if_expr(s, expr);
    }
    return ros__node_bad(s, expr->span);
}

struct ros__node *ros__expr_bool(struct ros__sema *s, const struct ros_expr *expr)
{
    struct ros__node *node = ros__expr(s, expr);
    return ros__expr_want(s, node, ROS_KIND_BOOL) ? node : ros__node_bad(s, expr->span);
}

struct ros__node *ros__expr_value(struct ros__sema *s, const struct ros_expr *expr)
{
    struct ros__node *node = ros__expr(s, expr);
    ros__expr_want_single(s, node);
    return node;
}

struct ros__node *ros__expr_text(struct ros__sema *s, const struct ros_expr *expr)
{
    struct ros__node *node = ros__expr_value(s, expr);
    return ros__expr_want(s, node, ROS_KIND_TEXT) ? node : ros__node_bad(s, expr->span);
}
