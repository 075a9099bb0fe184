/*
 * failing_alloc.h - an allocator that counts, and refuses where it is told to.
 *
 * fail_at: the allocation (from 1) that is refused; 0: none. fail_on: refuse every later one too. After the object
 * under test is gone, live_count must be 0: what leaks shows there, in every build.
 */
#ifndef ROS_TESTS_FAILING_ALLOC_H
#define ROS_TESTS_FAILING_ALLOC_H

#include <stdbool.h>

#include "interp/base/alloc.h"

struct failing_alloc {
    struct ros_alloc alloc;
    size_t calls;
    size_t live_count;
    size_t fail_at;
    bool fail_on;
};

void failing_alloc_init(struct failing_alloc *f, size_t fail_at, bool fail_on);

#endif
