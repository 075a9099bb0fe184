/*
 * measure.h - how long something takes, ours and the peer's in turns, so that what else the machine does meets both.
 */
#ifndef ROS_PERF_MEASURE_H
#define ROS_PERF_MEASURE_H

#include <stddef.h>

typedef void perf_call(void *context, size_t turn);

struct perf_time {
    double p50; /* seconds of one call; NaN: not measured */
    double p99;
};

/* Calls both (either may be NULL) so many times in turns, each with the number of the turn. */
void perf_measure(perf_call *ours, perf_call *peer, void *context, size_t turns, struct perf_time *ret_ours,
                  struct perf_time *ret_peer);

#endif
