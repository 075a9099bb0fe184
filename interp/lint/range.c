/* Ranges of numbers and sets of truths, from the leaves up. */
#include <math.h>
#include <string.h>

#include "interp/lint/lint.h"

#define ALL_TRUTHS (ROS__CAN_FALSE | ROS__CAN_UNKNOWN | ROS__CAN_TRUE)

static const struct ros__range anything = {-INFINITY, INFINITY, true, ALL_TRUTHS};

bool ros__ranges_init(struct ros__ranges *ranges, const struct ros__model *model, struct ros_arena *arena,
                      bool unset_is_any)
{
    *ranges = (struct ros__ranges){.model = model, .unset_is_any = unset_is_any};
    ranges->lets = ros_arena_new_array(arena, struct ros__range, model->lets.count);
    ranges->flags = ros_arena_new_array(arena, struct ros__range, model->flags.count);
    ranges->fields = ros_arena_new_array(arena, struct ros__range, model->fields.count);
    ranges->columns = ros_arena_new_array(arena, struct ros__range, model->columns.count);
    ranges->lets_known = ros_arena_new_array(arena, bool, model->lets.count);
    ranges->flags_known = ros_arena_new_array(arena, bool, model->flags.count);
    ranges->fields_known = ros_arena_new_array(arena, bool, model->fields.count);
    ranges->columns_known = ros_arena_new_array(arena, bool, model->columns.count);
    return ranges->lets != NULL && ranges->flags != NULL && ranges->fields != NULL && ranges->columns != NULL &&
           ranges->lets_known != NULL && ranges->flags_known != NULL && ranges->fields_known != NULL &&
           ranges->columns_known != NULL;
}

static struct ros__range truths(unsigned set)
{
    return (struct ros__range){INFINITY, -INFINITY, (set & ROS__CAN_UNKNOWN) != 0, set};
}

static struct ros__range number(double low, double high, bool missing)
{
    if (isnan(low) || isnan(high)) /* as of infinity times zero */
        return (struct ros__range){-INFINITY, INFINITY, true, ALL_TRUTHS};
    return (struct ros__range){low, high, missing || isinf(low) || isinf(high), ALL_TRUTHS};
}

static bool is_never(const struct ros__range *range)
{
    return range->low > range->high;
}

/* --- leaves ------------------------------------------------------------------------------------------------------- */

static struct ros__range of_param(const struct ros__ranges *ranges, size_t index)
{
    const struct ros__param *param = &ranges->model->params.items[index];
    if (param->type.kind == ROS_KIND_BOOL)
        return param->value.truth == ROS_UNKNOWN && ranges->unset_is_any ? anything : truths(1u << param->value.truth);
    if (param->type.kind != ROS_KIND_NUM)
        return anything;
    if (param->ranged)
        return number(param->low, param->high, isnan(param->value.num));
    if (!isnan(param->value.num))
        return number(param->value.num, param->value.num, false);
    return ranges->unset_is_any ? anything : (struct ros__range){INFINITY, -INFINITY, true, ROS__CAN_UNKNOWN};
}

static struct ros__range of_cells(const struct ros__model *model, size_t index)
{
    const struct ros__column *column = &model->columns.items[index];
    struct ros__range range = {INFINITY, -INFINITY, column->type.maybe, ALL_TRUTHS};
    if (column->type.kind != ROS_KIND_NUM || column->cells == NULL)
        return anything;
    for (size_t row = 0; row < model->tables.items[column->table].row_count; row++) {
        double value = column->cells[row].num;
        range.missing = range.missing || isnan(value);
        range.low = value < range.low ? value : range.low;
        range.high = value > range.high ? value : range.high;
    }
    return range;
}

static struct ros__range of_column(struct ros__ranges *ranges, const struct ros__node *node)
{
    if (!ranges->columns_known[node->index]) {
        ranges->columns[node->index] = of_cells(ranges->model, node->index);
        ranges->columns_known[node->index] = true;
    }
    struct ros__range range = ranges->columns[node->index];
    range.missing = range.missing || node->type.maybe;
    return range;
}

/* --- operations --------------------------------------------------------------------------------------------------- */

static struct ros__range hull(struct ros__range a, struct ros__range b)
{
    return (struct ros__range){fmin(a.low, b.low), fmax(a.high, b.high), a.missing || b.missing, a.truths | b.truths};
}

static struct ros__range arithmetic(enum ros_binary_op op, struct ros__range a, struct ros__range b)
{
    bool missing = a.missing || b.missing;
    if (is_never(&a) || is_never(&b))
        return (struct ros__range){INFINITY, -INFINITY, true, ALL_TRUTHS};
    if (op == ROS_OP_ADD)
        return number(a.low + b.low, a.high + b.high, missing);
    if (op == ROS_OP_SUB)
        return number(a.low - b.high, a.high - b.low, missing);
    if (op == ROS_OP_DIV && b.low <= 0 && b.high >= 0)
        return anything;
    double ends[4];
    for (int i = 0; i < 4; i++) {
        double x = i < 2 ? a.low : a.high;
        double y = i % 2 == 0 ? b.low : b.high;
        ends[i] = op == ROS_OP_MUL ? x * y : x / y;
        if (isnan(ends[i]))
            return anything;
    }
    return number(fmin(fmin(ends[0], ends[1]), fmin(ends[2], ends[3])),
                  fmax(fmax(ends[0], ends[1]), fmax(ends[2], ends[3])), missing);
}

static unsigned compared(enum ros_binary_op op, const struct ros__range *a, const struct ros__range *b)
{
    unsigned set = a->missing || b->missing ? ROS__CAN_UNKNOWN : 0;
    bool less = a->low < b->high; /* some a below some b */
    bool greater = a->high > b->low;
    bool meet = a->low <= b->high && b->low <= a->high;
    bool only_equal = a->low == a->high && b->low == b->high && a->low == b->low;
    if (is_never(a) || is_never(b))
        return ROS__CAN_UNKNOWN;
    switch (op) {
    case ROS_OP_LT:
        return set | (less ? ROS__CAN_TRUE : 0) | (greater || meet ? ROS__CAN_FALSE : 0);
    case ROS_OP_GT:
        return set | (greater ? ROS__CAN_TRUE : 0) | (less || meet ? ROS__CAN_FALSE : 0);
    case ROS_OP_LE:
        return set | (less || meet ? ROS__CAN_TRUE : 0) | (greater ? ROS__CAN_FALSE : 0);
    case ROS_OP_GE:
        return set | (greater || meet ? ROS__CAN_TRUE : 0) | (less ? ROS__CAN_FALSE : 0);
    case ROS_OP_EQ:
        return set | (meet ? ROS__CAN_TRUE : 0) | (only_equal ? 0 : ROS__CAN_FALSE);
    case ROS_OP_NE:
        return set | (only_equal ? 0 : ROS__CAN_TRUE) | (meet ? ROS__CAN_FALSE : 0);
    default: /* the ones that allow for rounding: near the ends nothing is certain */
        return ALL_TRUTHS;
    }
}

/* Every pair of truths, by the machine's own rule: and is the smaller, or the larger. */
static unsigned joined(bool larger, unsigned a, unsigned b)
{
    unsigned set = 0;
    for (unsigned i = 0; i < 3; i++)
        for (unsigned k = 0; k < 3; k++)
            if ((a & 1u << i) != 0 && (b & 1u << k) != 0)
                set |= 1u << ((larger ? i > k : i < k) ? i : k);
    return set;
}

static unsigned negated(unsigned set)
{
    return (set & ROS__CAN_UNKNOWN) | ((set & ROS__CAN_FALSE) != 0 ? ROS__CAN_TRUE : 0) |
           ((set & ROS__CAN_TRUE) != 0 ? ROS__CAN_FALSE : 0);
}

static struct ros__range orelse(const struct ros__node *node, struct ros__range a, struct ros__range b)
{
    if (node->type.kind == ROS_KIND_BOOL) {
        if ((a.truths & ROS__CAN_UNKNOWN) != 0)
            a.truths = (a.truths & ~ROS__CAN_UNKNOWN) | b.truths;
        return truths(a.truths);
    }
    if (!a.missing)
        return a;
    a.missing = false;
    return hull(a, b);
}

static struct ros__range of_binary(struct ros__ranges *ranges, const struct ros__node *node)
{
    struct ros__range a = ros__range_of(ranges, node->left);
    struct ros__range b = ros__range_of(ranges, node->right);
    switch (node->op) {
    case ROS_OP_ELSE:
        return orelse(node, a, b);
    case ROS_OP_AND:
    case ROS_OP_OR:
        return truths(joined(node->op == ROS_OP_OR, a.truths, b.truths));
    case ROS_OP_ADD:
    case ROS_OP_SUB:
    case ROS_OP_MUL:
    case ROS_OP_DIV:
        return arithmetic(node->op, a, b);
    default:
        return node->left->type.kind == ROS_KIND_NUM ? truths(compared(node->op, &a, &b)) : anything;
    }
}

static struct ros__range of_known(struct ros__ranges *ranges, const struct ros__node *node)
{
    unsigned set = ROS__CAN_TRUE;
    for (size_t i = 0; i < node->count; i++) {
        const struct ros__node *item = node->list[i];
        struct ros__range range = ros__range_of(ranges, item);
        if (item->type.maybe && range.missing)
            set |= ROS__CAN_FALSE;
        if (item->type.kind == ROS_KIND_NUM && is_never(&range))
            return truths(ROS__CAN_FALSE);
    }
    return truths(set);
}

static struct ros__range of_if(struct ros__ranges *ranges, const struct ros__node *node)
{
    unsigned cond = ros__range_of(ranges, node->cond).truths;
    struct ros__range then_ = ros__range_of(ranges, node->left);
    struct ros__range else_ = ros__range_of(ranges, node->right);
    if ((cond & ROS__CAN_TRUE) == 0)
        return else_;
    return cond == ROS__CAN_TRUE ? then_ : hull(then_, else_);
}

static struct ros__range of_fold(struct ros__ranges *ranges, const struct ros__node *node)
{
    struct ros__range item = ros__range_of(ranges, node->left);
    if (node->over_rows)
        return anything;
    if (node->index == ROS__FOLD_ANY || node->index == ROS__FOLD_ALL)
        return truths(item.truths | ROS__CAN_UNKNOWN); /* without an instance nothing is known */
    if (node->index == ROS__FOLD_MAX || node->index == ROS__FOLD_MIN) {
        item.missing = true;
        return item;
    }
    return node->index == ROS__FOLD_COUNT ? number(0, ROS_LIMIT_INSTANCES, true) : anything;
}

static struct ros__range of_name(struct ros__ranges *ranges, struct ros__range *known, bool *is_known, size_t index,
                                 const struct ros__node *behind)
{
    if (!is_known[index]) {
        known[index] = ros__range_of(ranges, behind);
        is_known[index] = true;
    }
    return known[index];
}

struct ros__range ros__range_of(struct ros__ranges *ranges, const struct ros__node *node)
{
    const struct ros__model *m = ranges->model;
    struct ros__range range;
    switch (node->kind) {
    case ROS__NODE_NUM:
        return number(node->number, node->number, false);
    case ROS__NODE_BOOL:
        return truths(1u << node->index);
    case ROS__NODE_PARAM:
        return of_param(ranges, node->index);
    case ROS__NODE_LET:
        return of_name(ranges, ranges->lets, ranges->lets_known, node->index, m->lets.items[node->index].node);
    case ROS__NODE_FLAG:
        return of_name(ranges, ranges->flags, ranges->flags_known, node->index, m->flags.items[node->index].when);
    case ROS__NODE_FIELD:
        return of_name(ranges, ranges->fields, ranges->fields_known, node->index, m->fields.items[node->index].node);
    case ROS__NODE_COLUMN:
        return of_column(ranges, node);
    case ROS__NODE_NEGATE:
        range = ros__range_of(ranges, node->left);
        return is_never(&range) ? range : number(-range.high, -range.low, range.missing);
    case ROS__NODE_NOT:
        return truths(negated(ros__range_of(ranges, node->left).truths));
    case ROS__NODE_BINARY:
        return of_binary(ranges, node);
    case ROS__NODE_KNOWN:
        return of_known(ranges, node);
    case ROS__NODE_IF:
        return of_if(ranges, node);
    case ROS__NODE_FOLD:
        return of_fold(ranges, node);
    default:
        return anything;
    }
}
