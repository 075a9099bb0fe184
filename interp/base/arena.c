/*
 * A chain of blocks, each twice the last up to a maximum, handed out by bumping an offset.
 *
 *   head -> [ header | used ...... | free ... ] -> [ header | full ] -> NULL
 *
 * Under AddressSanitizer every object gets a block of its own, so that an overrun by one byte is seen.
 */
#include "interp/base/arena.h"

#include <stdio.h>
#include <string.h>

#define FIRST_BLOCK_BYTES ((size_t) 4096)
#define LARGEST_BLOCK_BYTES ((size_t) 1 << 20)
#define ALIGNMENT ((size_t) 16)

struct ros_arena_block {
    struct ros_arena_block *next;
    size_t size; /* whole block, header included */
    size_t used; /* header included */
};

#define HEADER_BYTES ROS_ALIGN_UP(sizeof(struct ros_arena_block), ALIGNMENT)

#if defined(__SANITIZE_ADDRESS__)
#define ONE_OBJECT_A_BLOCK 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ONE_OBJECT_A_BLOCK 1
#endif
#endif
#ifndef ONE_OBJECT_A_BLOCK
#define ONE_OBJECT_A_BLOCK 0
#endif

void ros_arena_init(struct ros_arena *arena, const struct ros_alloc *alloc, size_t cap_bytes)
{
    *arena = (struct ros_arena){.alloc = alloc, .cap_bytes = cap_bytes};
}

static void free_from(struct ros_arena *arena, struct ros_arena_block *block)
{
    while (block != NULL) {
        struct ros_arena_block *next = block->next;
        ros_alloc_put(arena->alloc, block, block->size);
        block = next;
    }
}

void ros_arena_done(struct ros_arena *arena)
{
    if (arena == NULL)
        return;
    free_from(arena, arena->head);
    arena->head = NULL;
    arena->used_bytes = 0;
    arena->code = ROS_OK;
}

void ros_arena_clear(struct ros_arena *arena)
{
    struct ros_arena_block *keep = arena->head;
    if (keep != NULL && !ONE_OBJECT_A_BLOCK) {
        free_from(arena, keep->next);
        keep->next = NULL;
        keep->used = HEADER_BYTES;
    } else {
        free_from(arena, keep);
        arena->head = NULL;
    }
    arena->used_bytes = 0;
    arena->code = ROS_OK;
}

static struct ros_arena_block *add_block(struct ros_arena *arena, size_t need)
{
    size_t size = HEADER_BYTES + need;
    if (!ONE_OBJECT_A_BLOCK) {
        size_t wish = arena->head != NULL ? arena->head->size * 2 : FIRST_BLOCK_BYTES;
        if (wish > LARGEST_BLOCK_BYTES)
            wish = LARGEST_BLOCK_BYTES;
        if (size < wish)
            size = wish;
    }
    struct ros_arena_block *block = ros_alloc_get(arena->alloc, size);
    if (block == NULL)
        return NULL;
    block->next = arena->head;
    block->size = size;
    block->used = HEADER_BYTES;
    arena->head = block;
    return block;
}

void *ros_arena_get(struct ros_arena *arena, size_t n)
{
    if (n > (size_t) -1 / 2 || (arena->cap_bytes != 0 && n > arena->cap_bytes - arena->used_bytes)) {
        arena->code = ROS_E_LIMIT;
        return NULL;
    }
    size_t need = ONE_OBJECT_A_BLOCK ? n : ROS_ALIGN_UP(n, ALIGNMENT);
    struct ros_arena_block *block = arena->head;
    if (ONE_OBJECT_A_BLOCK || block == NULL || block->size - block->used < need) {
        block = add_block(arena, need);
        if (block == NULL) {
            arena->code = ROS_E_OOM;
            return NULL;
        }
    }
    void *memory = (char *) block + block->used;
    block->used += need;
    arena->used_bytes += n;
    memset(memory, 0, n);
    return memory;
}

void *ros_arena_array(struct ros_arena *arena, size_t count, size_t size)
{
    return ros_arena_get(arena, ros_alloc_product(count, size));
}

char *ros_arena_copy(struct ros_arena *arena, const char *text, size_t n)
{
    char *copy = ros_arena_get(arena, n + 1);
    if (copy != NULL && n > 0)
        memcpy(copy, text, n);
    return copy;
}

char *ros_arena_printf(struct ros_arena *arena, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : ros_arena_get(arena, (size_t) len + 1);
    if (text != NULL)
        vsnprintf(text, (size_t) len + 1, format, again);
    va_end(again);
    return text;
}
