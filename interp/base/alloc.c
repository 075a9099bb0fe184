/* The only file of the project that names malloc, realloc and free: everything else goes through struct ros_alloc. */
#include "interp/base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *libc_call(void *context, void *old, size_t old_size, size_t size)
{
    (void) context;
    (void) old_size;
    if (size == 0) {
        free(old);
        return NULL;
    }
    if (size > PTRDIFF_MAX)
        return NULL;
    return realloc(old, size);
}

static const struct ros_alloc libc_alloc = {libc_call, NULL};

const struct ros_alloc *ros_alloc_libc(void)
{
    return &libc_alloc;
}

static const struct ros_alloc *or_libc(const struct ros_alloc *alloc)
{
    return alloc != NULL ? alloc : &libc_alloc;
}

void *ros_alloc_get(const struct ros_alloc *alloc, size_t size)
{
    alloc = or_libc(alloc);
    return alloc->call(alloc->context, NULL, 0, size != 0 ? size : 1);
}

void *ros_alloc_zero(const struct ros_alloc *alloc, size_t size)
{
    void *memory = ros_alloc_get(alloc, size);
    if (memory != NULL)
        memset(memory, 0, size != 0 ? size : 1);
    return memory;
}

void *ros_alloc_resize(const struct ros_alloc *alloc, void *old, size_t old_size, size_t size)
{
    alloc = or_libc(alloc);
    return alloc->call(alloc->context, old, old_size, size != 0 ? size : 1);
}

void ros_alloc_put(const struct ros_alloc *alloc, void *old, size_t size)
{
    alloc = or_libc(alloc);
    if (old != NULL)
        alloc->call(alloc->context, old, size != 0 ? size : 1, 0);
}
