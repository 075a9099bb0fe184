/*
 * alloc.h - where memory comes from, chosen by the embedder.
 *
 * One callback does all three jobs, as Lua's does: old == NULL allocates, size == 0 frees, else it resizes. It may
 * refuse by returning NULL, at any call; the caller then reports ROS_E_OOM and is as it was before (promise P5).
 *
 * Errors:  none of its own.   Threads: the callback must be callable from every thread that uses the object.
 */
#ifndef ROS_BASE_ALLOC_H
#define ROS_BASE_ALLOC_H

#include <stddef.h>

#include "interp/base/macros.h"

struct ros_alloc {
    void *(*call)(void *context, void *old, size_t old_size, size_t size);
    void *context;
};

/* The C library's heap. Borrow it for ever. */
const struct ros_alloc *ros_alloc_libc(void);

/* Shorthands. A NULL allocator means the C library's. Sizes of zero are rounded up to one byte on allocation. */
void *ros_alloc_get(const struct ros_alloc *alloc, size_t size) ROS_MUST_CHECK;
void *ros_alloc_zero(const struct ros_alloc *alloc, size_t size) ROS_MUST_CHECK;
void *ros_alloc_resize(const struct ros_alloc *alloc, void *old, size_t old_size, size_t size) ROS_MUST_CHECK;
void ros_alloc_put(const struct ros_alloc *alloc, void *old, size_t size);

/* count * size, or SIZE_MAX when the product does not fit: no allocator grants that. */
static inline size_t ros_alloc_product(size_t count, size_t size)
{
    size_t product;
    return __builtin_mul_overflow(count, size, &product) ? (size_t) -1 : product;
}

#endif
