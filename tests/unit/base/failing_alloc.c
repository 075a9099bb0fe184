#include "tests/unit/base/failing_alloc.h"

#include <stdlib.h>

static void *call(void *context, void *old, size_t old_size, size_t size)
{
    struct failing_alloc *f = context;
    (void) old_size;
    if (size == 0) {
        f->live_count--;
        free(old);
        return NULL;
    }
    f->calls++;
    if (f->fail_at != 0 && (f->calls == f->fail_at || (f->fail_on && f->calls > f->fail_at)))
        return NULL;
    void *memory = realloc(old, size);
    if (memory != NULL && old == NULL)
        f->live_count++;
    return memory;
}

void failing_alloc_init(struct failing_alloc *f, size_t fail_at, bool fail_on)
{
    *f = (struct failing_alloc){.alloc = {call, f}, .fail_at = fail_at, .fail_on = fail_on};
}
