/*
 * histogram.h - how long a metric had which values: small, of a fixed size, and the same whatever the order of merging.
 *
 * Bins are logarithmic: bin i holds what is above g^(i-1) and up to g^i, with g = 1.02/0.98, so that the middle of a
 * bin is within 2 % of everything in it. Zero has a bin of its own, and numbers below zero have bins by their
 * magnitude. Each side keeps so many bins from its largest magnitude down (a factor of 700 million above zero, of 160
 * below); what is smaller counts in the last of them, and a quantile that falls there is too large in magnitude, never
 * too small.
 *
 * Weights are milliseconds that a value was held, as whole numbers, so that merging is associative and commutative to
 * the bit; a sum over the range stays at its end.
 *
 * A struct ros_histogram of zeros is empty; it owns nothing and is copied by assignment.
 */
#ifndef ROS_INTAKE_HISTOGRAM_H
#define ROS_INTAKE_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interp/base/buf.h"

#define ROS_HISTOGRAM_ABOVE 512u /* bins; powers of two */
#define ROS_HISTOGRAM_BELOW 128u
#define ROS_HISTOGRAM_ERROR 0.02

struct ros_histogram {
    uint64_t zero_ms;
    int32_t top_above; /* the largest bin in use; meaningless while the side is empty */
    int32_t top_below;
    uint64_t above_ms[ROS_HISTOGRAM_ABOVE]; /* a ring: bin i stands at i modulo the size */
    uint64_t below_ms[ROS_HISTOGRAM_BELOW];
};

/* value was held for so long. A value that is not finite, or no time, changes nothing. */
void ros_histogram_add(struct ros_histogram *histogram, double value, uint64_t ms);
void ros_histogram_merge(struct ros_histogram *to, const struct ros_histogram *from);

/* The whole time that was counted. */
uint64_t ros_histogram_total_ms(const struct ros_histogram *histogram);
/* The value that the metric stayed at or below for this share (0 to 1) of the time; NaN when nothing was counted. */
double ros_histogram_quantile(const struct ros_histogram *histogram, double share);

/* Appends the stored form: a version, then the bins in use. Equal histograms give equal bytes. */
enum ros_code ros_histogram_encode(const struct ros_histogram *histogram, struct ros_buf *out) ROS_MUST_CHECK;
/* Reads one from the whole of data; ROS_E_DATA when it is not one, and then *ret is undefined. */
enum ros_code ros_histogram_decode(const void *data, size_t len, struct ros_histogram *ret) ROS_MUST_CHECK;

#endif
