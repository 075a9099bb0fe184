/*
 * map.h - text to pointer, inside an arena.
 *
 * Insert-only and grown by doubling; old tables stay in the arena until it dies (at most as much again). The hash is
 * seeded by the caller, so that names from outside cannot be chosen to collide; 0 is a fine seed for trusted names.
 *
 * Invariants: keys are unique; keys are borrowed and must live as long as the map. Iteration order is insertion order.
 * Errors:     ROS_E_OOM, ROS_E_LIMIT from the arena.
 */
#ifndef ROS_BASE_MAP_H
#define ROS_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "interp/base/arena.h"

struct ros_map_entry {
    const char *key;
    size_t key_len;
    uint64_t hash;
    void *value;
};

struct ros_map {
    struct ros_arena *arena;
    struct ros_map_entry *entries; /* [count], in insertion order */
    uint32_t *slots;               /* entry index + 1, 0 when empty; slot_count is a power of two */
    size_t count;
    size_t entry_size;
    size_t slot_count;
    uint64_t seed;
};

void ros_map_init(struct ros_map *map, struct ros_arena *arena, uint64_t seed);

/* The value of a key, or NULL. */
void *ros_map_get(const struct ros_map *map, const char *key, size_t key_len);

/* Adds key -> value (value not NULL). ROS_E_EXISTS leaves the map unchanged when the key is there. */
enum ros_code ros_map_add(struct ros_map *map, const char *key, size_t key_len, void *value) ROS_MUST_CHECK;

/* A well-mixed 64-bit hash of bytes; not for secrets. */
uint64_t ros_map_hash(const void *data, size_t n, uint64_t seed);

#endif
