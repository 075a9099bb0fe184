/*
 * The words that only the expectation of a test knows: a rule's name (it is the verdict), none, certain, skipped,
 * withheld, a reason code, count(offers) and offers[0].field.
 */
#include "interp/sema/internal.h"

static const char *const OUTCOMES[] = {"none", "certain", "skipped", "withheld"};

static bool is_name(const struct ros_expr *expr, const char *name)
{
    return expr->kind == ROS_EXPR_NAME && strcmp(expr->name.text, name) == 0;
}

static struct ros__node *truth_node(struct ros__sema *s, enum ros__node_kind kind, size_t index, bool maybe,
                                    struct ros_span span)
{
    struct ros_type type = ros_type_of(ROS_KIND_BOOL);
    type.maybe = maybe;
    struct ros__node *node = ros__node_new(s, kind, span, type);
    node->index = index;
    return node;
}

static struct ros__node *name(struct ros__sema *s, const struct ros_expr *expr)
{
    const struct ros__symbol *rule = ros_map_get(&s->rules, expr->name.text, expr->name.len);
    if (rule != NULL)
        return truth_node(s, ROS__NODE_RULE, rule->index, true, expr->span);
    if (ros__name_find(s, expr->name.text, expr->name.len) != NULL)
        return NULL;
    for (size_t i = 0; i < ROS_COUNT(OUTCOMES); i++)
        if (is_name(expr, OUTCOMES[i]))
            return truth_node(s, ROS__NODE_OUTCOME, i, false, expr->span);
    enum ros_reason reason = ros_reason_from_name(expr->name.text, expr->name.len);
    if (reason != ROS_REASON_NONE)
        return truth_node(s, ROS__NODE_REASON, reason, false, expr->span);
    if (!is_name(expr, "offers"))
        return NULL;
    struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0303, expr->span, "`offers` is a list");
    ros_diag_set_help(s->diags, diag, "ask count(offers), or a field of one: offers[0].type");
    return ros__node_bad(s, expr->span);
}

/* The type of a field of what a candidates block offers: a let of its rows or a column of its table. */
static bool field_type(const struct ros__sema *s, size_t cand, const struct ros_name *field, struct ros_type *ret)
{
    const struct ros__model *m = s->model;
    for (size_t i = 0; i < m->fields.count; i++)
        if (m->fields.items[i].cand == cand && strcmp(m->fields.items[i].name.text, field->text) == 0) {
            *ret = m->fields.items[i].node->type;
            return true;
        }
    const struct ros__table *table = &m->tables.items[m->cands.items[cand].table];
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(m->columns.items[table->first_column + i].name.text, field->text) == 0) {
            *ret = m->columns.items[table->first_column + i].type;
            return true;
        }
    return false;
}

static struct ros__node *offer(struct ros__sema *s, const struct ros_expr *expr)
{
    const struct ros_expr *index = expr->left;
    struct ros_type type = ros_type_of(ROS_KIND_BAD);
    bool offers = false;
    for (size_t i = 0; i < s->model->rules.count; i++) {
        const struct ros__rule *rule = &s->model->rules.items[i];
        struct ros_type one;
        if (!rule->offers)
            continue;
        offers = true;
        if (!field_type(s, rule->cand, &expr->name, &one) || (one.kind != ROS_KIND_NUM && one.kind != ROS_KIND_TEXT)) {
            ros_diags_add(s->diags, ROS_DIAG_E0201, expr->name.span, "the offers have no `%s`", expr->name.text);
            return ros__node_bad(s, expr->span);
        }
        type = one;
    }
    if (!offers) {
        ros_diags_add(s->diags, ROS_DIAG_E0201, expr->span, "no rule of this rule set offers anything");
        return ros__node_bad(s, expr->span);
    }
    const struct ros_expr *at = index->arg_count == 1 ? index->args[0] : NULL;
    if (at == NULL || at->kind != ROS_EXPR_NUMBER || at->number < 0 || at->number > ROS_LIMIT_TABLE_ROWS) {
        ros_diags_add(s->diags, ROS_DIAG_E0304, index->span, "offers are numbered from 0: offers[0]");
        return ros__node_bad(s, expr->span);
    }
    type.maybe = true;
    struct ros__node *node = ros__node_new(s, ROS__NODE_OFFER, expr->span, type);
    node->index = (size_t) at->number;
    node->text = expr->name.text;
    node->len = expr->name.len;
    return node;
}

struct ros__node *ros__expect_expr(struct ros__sema *s, const struct ros_expr *expr)
{
    if (expr->kind == ROS_EXPR_NAME)
        return name(s, expr);
    if (expr->kind == ROS_EXPR_MEMBER && expr->left->kind == ROS_EXPR_INDEX && is_name(expr->left->left, "offers"))
        return offer(s, expr);
    if (expr->kind == ROS_EXPR_CALL && is_name(expr->left, "count") && expr->arg_count == 1 &&
        is_name(expr->args[0], "offers"))
        return ros__node_new(s, ROS__NODE_OFFER_COUNT, expr->span, ros_type_plain(ROS_PLAIN_WHOLE));
    return NULL;
}
