/*
 * fold.h - a node's value, worked out on the tree: at compile time (checks of params and of tables, where nothing of a
 * host is known), and after a run for what a test expects and a person asks. Of interp/ only.
 *
 * The arithmetic is that of the machine (vm/arith.h), so that the same words mean the same everywhere.
 */
#ifndef ROS_SEMA_FOLD_H
#define ROS_SEMA_FOLD_H

#include "interp/sema/model.h"

/* What the values stand on. */
struct ros__ground {
    const struct ros__model *model;
    size_t row;                      /* columns without a row: of a table's own check */
    const struct ros__value *params; /* by param; NULL: their defaults */
    size_t instance;                 /* of the fold over instances that is being worked out */

    /* What a run knows: NULL when there is none. Leaves: inputs, lets, flags, and what only expectations name. */
    bool (*leaf)(void *context, const struct ros__node *node, size_t instance, struct ros__value *ret);
    size_t (*instance_count)(void *context, size_t slot);
    /* The row of a table with these keys (as many as it has key columns), -1: none. */
    int64_t (*find)(void *context, size_t table, const struct ros__value *keys);
    void *context;
};

/* False when the node needs what the ground does not know. Depth is bounded by the parser. */
bool ros__evaluate(const struct ros__ground *ground, const struct ros__node *node, struct ros__value *ret);

bool ros__value_missing(const struct ros_type *type, const struct ros__value *value);

#endif
