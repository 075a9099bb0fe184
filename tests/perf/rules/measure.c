#include "tests/perf/rules/measure.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "tests/perf/rules/hosts.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + (double) t.tv_nsec * 1e-9;
}

static int by_time(const void *a, const void *b)
{
    double x = *(const double *) a;
    double y = *(const double *) b;
    return (x > y) - (x < y);
}

static double timed(perf_call *call, void *context, size_t turn)
{
    double start = now();
    call(context, turn);
    return now() - start;
}

static struct perf_time summary(double *times, size_t count, bool measured)
{
    if (!measured)
        return (struct perf_time){NAN, NAN};
    qsort(times, count, sizeof *times, by_time);
    return (struct perf_time){times[count / 2], times[count * 99 / 100]};
}

void perf_measure(perf_call *ours, perf_call *peer, void *context, size_t turns, struct perf_time *ret_ours,
                  struct perf_time *ret_peer)
{
    double *times = ros_alloc_zero(NULL, 2 * turns * sizeof *times);
    if (times == NULL)
        perf_fail("no memory");
    for (size_t i = 0; i < turns; i++) {
        if (ours != NULL)
            times[i] = timed(ours, context, i);
        if (peer != NULL)
            times[turns + i] = timed(peer, context, i);
    }
    *ret_ours = summary(times, turns, ours != NULL);
    *ret_peer = summary(times + turns, turns, peer != NULL);
    ros_alloc_put(NULL, times, 2 * turns * sizeof *times);
}
