/*
 * sema.h - from what was written to what it means: names, types, units, what may be missing, tables.
 *
 * Declarations are read in order and may name only what stands before them. Every mistake of a rule set is found in one
 * run: what was reported gets a type that fits everything.
 *
 * Lifetime: the model lives in the arena and borrows from the unit.
 * Errors:   findings go to diags, then ROS_E_RULES; ROS_E_OOM and ROS_E_LIMIT come from the arena.
 */
#ifndef ROS_SEMA_H
#define ROS_SEMA_H

#include "interp/diag/diag.h"
#include "interp/sema/model.h"

enum ros_code ros__sema(const struct ros_unit *unit, struct ros_arena *arena, struct ros_diags *diags,
                        struct ros__model **ret) ROS_MUST_CHECK;

/*
 * An expression of another unit, in the words of a test, checked against a model that is finished: for questions. NULL:
 * memory was short. After a finding its type is BAD.
 */
struct ros__node *ros__sema_ask(struct ros__model *model, const struct ros_unit *unit, const struct ros_expr *expr,
                                struct ros_diags *diags);

#endif
