/* The tree, worked out: one function a kind of node. What nobody knows here makes the whole unknowable, not missing. */
#include "interp/sema/fold.h"

#include <math.h>
#include <string.h>

#include "interp/sema/internal.h"
#include "interp/vm/arith.h"

static const struct ros__value nothing = {.num = NAN, .truth = ROS_UNKNOWN, .row = -1};

static void read_cell(const struct ros_type *type, union ros__cell cell, struct ros__value *ret)
{
    if (type->kind == ROS_KIND_TEXT)
        ret->text = cell.text;
    else if (type->kind == ROS_KIND_BOOL)
        ret->truth = cell.truth;
    else
        ret->num = cell.num;
}

static bool column(const struct ros__ground *ground, const struct ros__node *node, struct ros__value *ret)
{
    const struct ros__column *col = &ground->model->columns.items[node->index];
    struct ros__value row = {.row = (int64_t) ground->row};
    if (node->left != NULL && !ros__evaluate(ground, node->left, &row))
        return false;
    if (col->cells == NULL) /* memory was short when its table was read */
        return false;
    if (row.row >= 0)
        read_cell(&col->type, col->cells[row.row], ret);
    return true;
}

bool ros__value_missing(const struct ros_type *type, const struct ros__value *value)
{
    switch (type->kind) {
    case ROS_KIND_TEXT:
        return value->text == NULL;
    case ROS_KIND_BOOL:
        return value->truth == ROS_UNKNOWN;
    case ROS_KIND_ROW:
        return value->row < 0;
    default:
        return isnan(value->num);
    }
}

static enum ros_tri compare(enum ros_binary_op op, const struct ros_type *type, const struct ros__value *a,
                            const struct ros__value *b)
{
    if (type->kind == ROS_KIND_NUM)
        return (enum ros_tri) ros__arith_compare(op, a->num, b->num);
    if (ros__value_missing(type, a) || ros__value_missing(type, b))
        return ROS_UNKNOWN;
    bool equal = type->kind == ROS_KIND_TEXT ? strcmp(a->text, b->text) == 0 : a->truth == b->truth;
    return equal == (op == ROS_OP_EQ) ? ROS_TRUE : ROS_FALSE;
}

static bool binary(const struct ros__ground *ground, const struct ros__node *node, struct ros__value *ret)
{
    struct ros__value a;
    struct ros__value b;
    if (!ros__evaluate(ground, node->left, &a) || !ros__evaluate(ground, node->right, &b))
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
        *ret = ros__value_missing(&node->left->type, &a) ? b : a;
        return true;
    case ROS_OP_AND:
        ret->truth = a.truth < b.truth ? a.truth : b.truth;
        return true;
    case ROS_OP_OR:
        ret->truth = a.truth > b.truth ? a.truth : b.truth;
        return true;
    default:
        ret->truth = compare(node->op, &node->left->type, &a, &b);
        return true;
    }
}

static bool in(const struct ros__ground *ground, const struct ros__node *node, struct ros__value *ret)
{
    struct ros__value left;
    if (!ros__evaluate(ground, node->left, &left))
        return false;
    ret->truth = ROS_FALSE;
    for (size_t i = 0; i < node->count; i++) {
        struct ros__value item;
        if (!ros__evaluate(ground, node->list[i], &item))
            return false;
        enum ros_tri equal = compare(ROS_OP_EQ, &node->left->type, &left, &item);
        ret->truth = equal > ret->truth ? equal : ret->truth;
    }
    return true;
}

static bool known(const struct ros__ground *ground, const struct ros__node *node, struct ros__value *ret)
{
    ret->truth = ROS_TRUE;
    for (size_t i = 0; i < node->count; i++) {
        struct ros__value item;
        if (!ros__evaluate(ground, node->list[i], &item))
            return false;
        if (ros__value_missing(&node->list[i]->type, &item))
            ret->truth = ROS_FALSE;
    }
    return true;
}

static bool find(const struct ros__ground *ground, const struct ros__node *node, struct ros__value *ret)
{
    struct ros__value keys[ROS_LIMIT_TABLE_KEYS];
    if (ground->find == NULL)
        return false;
    for (size_t i = 0; i < node->count && i < ROS_LIMIT_TABLE_KEYS; i++)
        if (!ros__evaluate(ground, node->list[i], &keys[i]))
            return false;
    ret->row = ground->find(ground->context, node->index, keys);
    return true;
}

static void param(const struct ros__ground *ground, size_t index, struct ros__value *ret)
{
    const struct ros__param *p = &ground->model->params.items[index];
    if (ground->params != NULL)
        *ret = ground->params[index];
    else
        read_cell(&p->type, p->value, ret);
}

static void join(enum ros__fold how, const struct ros__node *item_node, const struct ros__value *item,
                 struct ros__value *acc)
{
    bool truth = item_node->type.kind == ROS_KIND_BOOL;
    switch (how) {
    case ROS__FOLD_ANY:
        acc->truth = item->truth > acc->truth ? item->truth : acc->truth;
        break;
    case ROS__FOLD_ALL:
        acc->truth = item->truth < acc->truth ? item->truth : acc->truth;
        break;
    case ROS__FOLD_MAX:
        acc->num = isnan(item->num) || isnan(acc->num) ? NAN : fmax(acc->num, item->num);
        break;
    case ROS__FOLD_MIN:
        acc->num = isnan(item->num) || isnan(acc->num) ? NAN : fmin(acc->num, item->num);
        break;
    case ROS__FOLD_SUM:
        acc->num = ros__arith_finite(acc->num + item->num);
        break;
    case ROS__FOLD_COUNT:
        if (truth)
            acc->num = item->truth == ROS_UNKNOWN ? NAN : acc->num + (item->truth == ROS_TRUE);
        else
            acc->num += !isnan(item->num);
        break;
    }
}

static bool over_instances(const struct ros__ground *ground, const struct ros__node *node, struct ros__value *ret)
{
    if (node->over_rows || ground->instance_count == NULL)
        return false;
    size_t count = ground->instance_count(ground->context, node->slot);
    if (count == 0)
        return true; /* nothing is known of none */
    enum ros__fold how = (enum ros__fold) node->index;
    ret->truth = how == ROS__FOLD_ALL ? ROS_TRUE : ROS_FALSE;
    ret->num = how == ROS__FOLD_MAX ? -INFINITY : how == ROS__FOLD_MIN ? INFINITY : 0;
    struct ros__ground inner = *ground;
    for (inner.instance = 0; inner.instance < count; inner.instance++) {
        struct ros__value item;
        if (!ros__evaluate(&inner, node->left, &item))
            return false;
        join(how, node->left, &item, ret);
    }
    return true;
}

static bool conditional(const struct ros__ground *ground, const struct ros__node *node, struct ros__value *ret)
{
    struct ros__value cond;
    if (!ros__evaluate(ground, node->cond, &cond))
        return false;
    return ros__evaluate(ground, cond.truth == ROS_TRUE ? node->left : node->right, ret);
}

static bool leaf(const struct ros__ground *ground, const struct ros__node *node, struct ros__value *ret)
{
    return ground->leaf != NULL && ground->leaf(ground->context, node, ground->instance, ret);
}

bool ros__evaluate(const struct ros__ground *ground, const struct ros__node *node, struct ros__value *ret)
{
    *ret = nothing;
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
        param(ground, node->index, ret);
        return true;
    case ROS__NODE_LET:
        return ros__evaluate(ground, ground->model->lets.items[node->index].node, ret);
    case ROS__NODE_FLAG:
        return leaf(ground, node, ret);
    case ROS__NODE_COLUMN:
        return column(ground, node, ret);
    case ROS__NODE_FIND:
        return find(ground, node, ret);
    case ROS__NODE_NEGATE:
    case ROS__NODE_NOT:
        if (!ros__evaluate(ground, node->left, ret))
            return false;
        ret->num = -ret->num;
        ret->truth = (enum ros_tri)(2 - (int) ret->truth);
        return true;
    case ROS__NODE_BINARY:
        return binary(ground, node, ret);
    case ROS__NODE_IN:
        return in(ground, node, ret);
    case ROS__NODE_KNOWN:
        return known(ground, node, ret);
    case ROS__NODE_IF:
        return conditional(ground, node, ret);
    case ROS__NODE_FOLD:
        return over_instances(ground, node, ret);
    default:
        return leaf(ground, node, ret);
    }
}

bool ros__fold(const struct ros__model *model, const struct ros__node *node, size_t row, struct ros__value *ret)
{
    const struct ros__ground ground = {.model = model, .row = row};
    return ros__evaluate(&ground, node, ret);
}
