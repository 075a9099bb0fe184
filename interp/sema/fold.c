/*
 * Values that are known before any host: the checks of params, and the checks of a table's rows. The arithmetic is that
 * of the machine (vm/arith.h), so that a check means what the same words mean in a rule.
 */
#include <math.h>

#include "interp/sema/internal.h"
#include "interp/vm/arith.h"

static bool fold_column(const struct ros__model *model, const struct ros__node *node, size_t row,
                        struct ros__value *ret)
{
    if (node->left != NULL)
        return false;
    const struct ros__column *column = &model->columns.items[node->index];
    if (column->cells == NULL) /* memory was short when its table was read */
        return false;
    union ros__cell cell = column->cells[row];
    if (column->type.kind == ROS_KIND_TEXT)
        ret->text = cell.text;
    else if (column->type.kind == ROS_KIND_BOOL)
        ret->truth = cell.truth;
    else
        ret->num = cell.num;
    return true;
}

static enum ros_tri fold_compare(enum ros_binary_op op, const struct ros__node *node, const struct ros__value *a,
                                 const struct ros__value *b)
{
    enum ros_tri equal;
    if (node->left->type.kind == ROS_KIND_NUM)
        return (enum ros_tri) ros__arith_compare(op, a->num, b->num);
    if (node->left->type.kind == ROS_KIND_TEXT)
        equal = a->text == NULL || b->text == NULL ? ROS_UNKNOWN : strcmp(a->text, b->text) == 0 ? ROS_TRUE : ROS_FALSE;
    else
        equal = a->truth == ROS_UNKNOWN || b->truth == ROS_UNKNOWN ? ROS_UNKNOWN
                : a->truth == b->truth                             ? ROS_TRUE
                                                                   : ROS_FALSE;
    return op == ROS_OP_NE ? (enum ros_tri)(2 - (int) equal) : equal;
}

static bool is_missing(const struct ros__node *node, const struct ros__value *value)
{
    if (node->type.kind == ROS_KIND_TEXT)
        return value->text == NULL;
    return node->type.kind == ROS_KIND_BOOL ? value->truth == ROS_UNKNOWN : isnan(value->num);
}

static bool fold_binary(const struct ros__model *model, const struct ros__node *node, size_t row,
                        struct ros__value *ret)
{
    struct ros__value a;
    struct ros__value b;
    if (!ros__fold(model, node->left, row, &a) || !ros__fold(model, node->right, row, &b))
        return false;
    switch (node->op) {
    case ROS_OP_ADD:
        ret->num = ros__arith_finite(a.num + b.num);
        return true;
    case ROS_OP_SUB:
        ret->num = ros__arith_finite(a.num - b.num);
        return true;
    case ROS_OP_MUL:
        ret->num = ros__arith_finite(a.num * b.num);
        return true;
    case ROS_OP_DIV:
        ret->num = ros__arith_divide(a.num, b.num);
        return true;
    case ROS_OP_ELSE:
        *ret = is_missing(node->left, &a) ? b : a;
        return true;
    case ROS_OP_AND:
        ret->truth = a.truth < b.truth ? a.truth : b.truth;
        return true;
    case ROS_OP_OR:
        ret->truth = a.truth > b.truth ? a.truth : b.truth;
        return true;
    default:
        ret->truth = fold_compare(node->op, node, &a, &b);
        return true;
    }
}

static bool fold_in(const struct ros__model *model, const struct ros__node *node, size_t row, struct ros__value *ret)
{
    struct ros__value left;
    if (!ros__fold(model, node->left, row, &left))
        return false;
    ret->truth = ROS_FALSE;
    for (size_t i = 0; i < node->count; i++) {
        struct ros__value item;
        if (!ros__fold(model, node->list[i], row, &item))
            return false;
        enum ros_tri equal = fold_compare(ROS_OP_EQ, node, &left, &item);
        ret->truth = equal > ret->truth ? equal : ret->truth;
    }
    return true;
}

static bool fold_known(const struct ros__model *model, const struct ros__node *node, size_t row, struct ros__value *ret)
{
    ret->truth = ROS_TRUE;
    for (size_t i = 0; i < node->count; i++) {
        struct ros__value item;
        if (!ros__fold(model, node->list[i], row, &item))
            return false;
        if (is_missing(node->list[i], &item))
            ret->truth = ROS_FALSE;
    }
    return true;
}

static void fold_param(const struct ros__param *param, struct ros__value *ret)
{
    if (param->type.kind == ROS_KIND_TEXT)
        ret->text = param->value.text;
    else if (param->type.kind == ROS_KIND_BOOL)
        ret->truth = param->value.truth;
    else
        ret->num = param->value.num;
}

bool ros__fold(const struct ros__model *model, const struct ros__node *node, size_t row, struct ros__value *ret)
{
    *ret = (struct ros__value){.num = NAN, .truth = ROS_UNKNOWN};
    switch (node->kind) {
    case ROS__NODE_NUM:
        ret->num = node->number;
        return true;
    case ROS__NODE_TEXT:
        ret->text = node->text;
        return true;
    case ROS__NODE_BOOL:
        ret->truth = (enum ros_tri) node->index;
        return true;
    case ROS__NODE_MISSING:
        return true;
    case ROS__NODE_PARAM:
        fold_param(&model->params.items[node->index], ret);
        return true;
    case ROS__NODE_LET:
        return ros__fold(model, model->lets.items[node->index].node, row, ret);
    case ROS__NODE_COLUMN:
        return fold_column(model, node, row, ret);
    case ROS__NODE_NEGATE:
    case ROS__NODE_NOT:
        if (!ros__fold(model, node->left, row, ret))
            return false;
        ret->num = -ret->num;
        ret->truth = (enum ros_tri)(2 - (int) ret->truth);
        return true;
    case ROS__NODE_BINARY:
        return fold_binary(model, node, row, ret);
    case ROS__NODE_IN:
        return fold_in(model, node, row, ret);
    case ROS__NODE_KNOWN:
        return fold_known(model, node, row, ret);
    case ROS__NODE_IF: {
        struct ros__value cond;
        if (!ros__fold(model, node->cond, row, &cond))
            return false;
        return ros__fold(model, cond.truth == ROS_TRUE ? node->left : node->right, row, ret);
    }
    default:
        return false;
    }
}
