/*
 * lint.h - what compiles and is odd all the same: conditions that cannot vary, rules that nothing reaches, names that
 * nothing uses. Of interp/ only; run once, on a finished model, by sema.
 *
 * Sound, not complete: a finding is certain. Values are followed as ranges (params over their whole range, since an
 * organisation may set them anywhere in it; measured values may be anything), truths as sets of false, unknown and
 * true. Two names that hang together are taken apart, so some oddities stay unseen.
 */
#ifndef ROS_LINT_H
#define ROS_LINT_H

#include "interp/diag/diag.h"
#include "interp/sema/model.h"

/* Adds warnings. ROS_E_OOM. The model is not changed. */
enum ros_code ros__lint(const struct ros__model *model, struct ros_arena *arena, struct ros_diags *diags);

/* --- range.c: what a value can be --- */

/* Bits by enum ros_tri. */
#define ROS__CAN_FALSE 1u
#define ROS__CAN_UNKNOWN 2u
#define ROS__CAN_TRUE 4u

struct ros__range {
    double low; /* of a number that is there; low > high: it is never there */
    double high;
    bool missing;    /* it can be */
    unsigned truths; /* of a condition: ROS__CAN_... */
};

/* What is known so far of names, so that each is looked into once. */
struct ros__ranges {
    const struct ros__model *model;
    bool unset_is_any; /* a param without a value: any value, as an organisation may set one; else: missing */
    struct ros__range *lets;
    struct ros__range *flags;
    struct ros__range *fields;
    struct ros__range *columns;
    bool *lets_known;
    bool *flags_known;
    bool *fields_known;
    bool *columns_known;
};

bool ros__ranges_init(struct ros__ranges *ranges, const struct ros__model *model, struct ros_arena *arena,
                      bool unset_is_any);
/* Depth is bounded by the parser. */
struct ros__range ros__range_of(struct ros__ranges *ranges, const struct ros__node *node);

#endif
