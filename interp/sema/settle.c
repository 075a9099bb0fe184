/*
 * What a condition that holds says about the values in it: a comparison is true only when both sides are there. After
 * `require` this is known for the rest of the rules, after a `where` for the rows that are left.
 */
#include "interp/sema/internal.h"

static void settle_value(struct ros__sema *s, const struct ros__node *node, bool rows_only);

static void settle_list(struct ros__sema *s, const struct ros__node *node, bool rows_only)
{
    for (size_t i = 0; i < node->count; i++)
        settle_value(s, node->list[i], rows_only);
}

static void settle_let(struct ros__sema *s, size_t index)
{
    struct ros__let *let = &s->model->lets.items[index];
    if (let->settled)
        return;
    let->settled = true;
    settle_value(s, let->node, false);
}

static bool is_strict(enum ros_binary_op op)
{
    return op != ROS_OP_ELSE && op != ROS_OP_AND && op != ROS_OP_OR;
}

/* The node's value is there: so is everything that it cannot do without. */
static void settle_value(struct ros__sema *s, const struct ros__node *node, bool rows_only)
{
    switch (node->kind) {
    case ROS__NODE_INPUT:
        if (!rows_only)
            s->model->inputs.items[node->index].settled = true;
        break;
    case ROS__NODE_LET:
        if (!rows_only)
            settle_let(s, node->index);
        break;
    case ROS__NODE_FLAG:
        if (!rows_only)
            s->model->flags.items[node->index].settled = true;
        break;
    case ROS__NODE_FIELD:
        s->model->fields.items[node->index].settled = true;
        break;
    case ROS__NODE_COLUMN:
        if (node->left != NULL)
            settle_value(s, node->left, rows_only);
        break;
    case ROS__NODE_NEGATE:
    case ROS__NODE_NOT:
        settle_value(s, node->left, rows_only);
        break;
    case ROS__NODE_FIND:
        settle_list(s, node, rows_only);
        break;
    case ROS__NODE_BINARY:
        if (!is_strict(node->op))
            break;
        settle_value(s, node->left, rows_only);
        settle_value(s, node->right, rows_only);
        break;
    default:
        break;
    }
}

void ros__settle(struct ros__sema *s, const struct ros__node *cond, bool rows_only)
{
    if (cond->kind == ROS__NODE_KNOWN) {
        settle_list(s, cond, rows_only);
    } else if (cond->kind == ROS__NODE_BINARY && cond->op == ROS_OP_AND) {
        ros__settle(s, cond->left, rows_only);
        ros__settle(s, cond->right, rows_only);
    } else if (cond->kind == ROS__NODE_IN) {
        settle_value(s, cond->left, rows_only);
    } else if (cond->kind != ROS__NODE_FOLD) {
        settle_value(s, cond, rows_only);
    }
}

/* --- where what is missing comes from ----------------------------------------------------------------------------- */

static const char *source_of_list(const struct ros__sema *s, const struct ros__node *node)
{
    const char *name = NULL;
    for (size_t i = 0; i < node->count && name == NULL; i++)
        name = ros__missing_source(s, node->list[i]);
    return name;
}

const char *ros__missing_source(const struct ros__sema *s, const struct ros__node *node)
{
    if (node == NULL || !node->type.maybe)
        return NULL;
    const char *name = NULL;
    switch (node->kind) {
    case ROS__NODE_INPUT:
        name = s->model->inputs.items[node->index].label;
        return name != NULL ? name : s->model->inputs.items[node->index].info.name;
    case ROS__NODE_PARAM:
        return s->model->params.items[node->index].name.text;
    case ROS__NODE_LET:
        name = ros__missing_source(s, s->model->lets.items[node->index].node);
        return name != NULL ? name : s->model->lets.items[node->index].name.text;
    case ROS__NODE_FLAG:
        return ros__missing_source(s, s->model->flags.items[node->index].when);
    case ROS__NODE_FIELD:
        return s->model->fields.items[node->index].name.text;
    case ROS__NODE_FIND:
        name = source_of_list(s, node);
        return name != NULL ? name : s->model->tables.items[node->index].name.text;
    case ROS__NODE_COLUMN:
        name = ros__missing_source(s, node->left);
        return name != NULL ? name : s->model->columns.items[node->index].name.text;
    default:
        break;
    }
    name = ros__missing_source(s, node->left);
    if (name == NULL)
        name = ros__missing_source(s, node->right);
    return name != NULL ? name : source_of_list(s, node);
}
