/*
 * arith.h - the arithmetic of the language on two numbers, in one place for the machine and for compile-time checks.
 *
 * A missing number is NaN, which the processor carries through + - * and /. What overflows, and what is divided by
 * zero, is missing. Truth is 0 false, 1 unknown, 2 true.
 */
#ifndef ROS_VM_ARITH_H
#define ROS_VM_ARITH_H

#include <math.h>
#include <stdint.h>

#include "interp/ast/ast.h"

static inline double ros__arith_finite(double x)
{
    return isfinite(x) ? x : NAN;
}

static inline double ros__arith_divide(double a, double b)
{
    return b == 0 ? NAN : ros__arith_finite(a / b);
}

/* 2 when holds (which nothing does that is missing), else 1 when a or b is missing, else 0: without a branch. */
static inline uint8_t ros__arith_truth(int holds, double a, double b)
{
    return (uint8_t) (holds << 1 | ((a != a) | (b != b)));
}

/* Equal but for rounding: within a billionth of the larger one. */
static inline int ros__arith_close(double a, double b)
{
    double x = fabs(a);
    double y = fabs(b);
    return (a == b) | (fabs(a - b) <= 1e-9 * (x > y ? x : y));
}

static inline uint8_t ros__arith_compare(enum ros_binary_op op, double a, double b)
{
    switch (op) {
    case ROS_OP_LT:
        return ros__arith_truth(a < b, a, b);
    case ROS_OP_GT:
        return ros__arith_truth(a > b, a, b);
    case ROS_OP_LE:
        return ros__arith_truth(a <= b, a, b);
    case ROS_OP_GE:
        return ros__arith_truth(a >= b, a, b);
    case ROS_OP_EQ:
        return ros__arith_truth(a == b, a, b);
    case ROS_OP_NE:
        return ros__arith_truth((a < b) | (a > b), a, b);
    case ROS_OP_LE_ABOUT:
        return ros__arith_truth((a < b) | ros__arith_close(a, b), a, b);
    case ROS_OP_GE_ABOUT:
        return ros__arith_truth((a > b) | ros__arith_close(a, b), a, b);
    case ROS_OP_EQ_ABOUT:
        return ros__arith_truth(ros__arith_close(a, b), a, b);
    default:
        return 1;
    }
}

#endif
