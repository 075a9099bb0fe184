/*
 * arena.h - memory that dies together: one arena for a compile, a message, a request.
 *
 * Invariants: bytes handed out <= cap; every pointer is 16-aligned and zeroed; a failed call leaves the arena as it
 * was. Lifetime:   ros_arena_init() ... ros_arena_done(). Nothing inside is freed alone. ros_arena_clear() keeps the
 * first block for the next unit of work. Threads:    one owner at a time. Errors:     a NULL result means the allocator
 * refused or the cap is reached; ros_arena_code() says which.
 */
#ifndef ROS_BASE_ARENA_H
#define ROS_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "interp/base/alloc.h"
#include "interp/base/error.h"

struct ros_arena_block;

struct ros_arena { /* private, but for being declared by the caller */
    const struct ros_alloc *alloc;
    struct ros_arena_block *head;
    size_t used_bytes;
    size_t cap_bytes;
    enum ros_code code;
};

/* Starts an empty arena. cap_bytes bounds the sum of what is handed out; 0 means no bound. alloc may be NULL (libc). */
void ros_arena_init(struct ros_arena *arena, const struct ros_alloc *alloc, size_t cap_bytes);
void ros_arena_done(struct ros_arena *arena);
void ros_arena_clear(struct ros_arena *arena);

/* Zeroed memory of n bytes, owned by the arena. n == 0 gives a valid pointer to nothing. */
void *ros_arena_get(struct ros_arena *arena, size_t n) ROS_MUST_CHECK;
/* count objects of size bytes, overflow checked. */
void *ros_arena_array(struct ros_arena *arena, size_t count, size_t size) ROS_MUST_CHECK;
/* A NUL-terminated copy of n bytes of text. */
char *ros_arena_copy(struct ros_arena *arena, const char *text, size_t n) ROS_MUST_CHECK;
char *ros_arena_printf(struct ros_arena *arena, const char *format, ...) ROS_PRINTF(2, 3) ROS_MUST_CHECK;

/* Why the last call gave NULL: ROS_E_OOM or ROS_E_LIMIT; ROS_OK when none did. */
static inline enum ros_code ros_arena_code(const struct ros_arena *arena)
{
    return arena->code;
}

#define ros_arena_new(arena, T) ((T *) ros_arena_get((arena), sizeof(T)))
#define ros_arena_new_array(arena, T, n) ((T *) ros_arena_array((arena), (n), sizeof(T)))

ROS_DEFINE_AUTO(ros_arena)

#endif
