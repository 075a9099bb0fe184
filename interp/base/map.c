/* Open addressing with linear probing over indexes into a dense entry array: small, and iteration is in order. */
#include "interp/base/map.h"

#include <string.h>

#define FIRST_SLOTS ((size_t) 16)

void ros_map_init(struct ros_map *map, struct ros_arena *arena, uint64_t seed)
{
    *map = (struct ros_map){.arena = arena, .seed = seed};
}

/* FNV-1a, finished with a multiply-xorshift so that the low bits are good enough for a power-of-two table. */
uint64_t ros_map_hash(const void *data, size_t n, uint64_t seed)
{
    const unsigned char *p = data;
    uint64_t hash = 0xcbf29ce484222325u ^ seed;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ p[i]) * 0x100000001b3u;
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

static size_t find_slot(const struct ros_map *map, const char *key, size_t key_len, uint64_t hash)
{
    size_t slot = (size_t) hash & (map->slot_count - 1);
    for (;; slot = (slot + 1) & (map->slot_count - 1)) {
        if (map->slots[slot] == 0)
            return slot;
        const struct ros_map_entry *entry = &map->entries[map->slots[slot] - 1];
        if (entry->hash == hash && entry->key_len == key_len && memcmp(entry->key, key, key_len) == 0)
            return slot;
    }
}

void *ros_map_get(const struct ros_map *map, const char *key, size_t key_len)
{
    if (map->count == 0)
        return NULL;
    size_t slot = find_slot(map, key, key_len, ros_map_hash(key, key_len, map->seed));
    return map->slots[slot] != 0 ? map->entries[map->slots[slot] - 1].value : NULL;
}

static enum ros_code grow(struct ros_map *map)
{
    size_t slot_count = map->slot_count != 0 ? map->slot_count * 2 : FIRST_SLOTS;
    size_t entry_size = slot_count / 2;
    uint32_t *slots = ros_arena_new_array(map->arena, uint32_t, slot_count);
    struct ros_map_entry *entries = ros_arena_new_array(map->arena, struct ros_map_entry, entry_size);
    if (slots == NULL || entries == NULL)
        return ros_arena_code(map->arena);
    if (map->count > 0)
        memcpy(entries, map->entries, map->count * sizeof *entries);
    map->slots = slots;
    map->entries = entries;
    map->slot_count = slot_count;
    map->entry_size = entry_size;
    for (size_t i = 0; i < map->count; i++)
        slots[find_slot(map, entries[i].key, entries[i].key_len, entries[i].hash)] = (uint32_t) i + 1;
    return ROS_OK;
}

enum ros_code ros_map_add(struct ros_map *map, const char *key, size_t key_len, void *value)
{
    if (ros_map_get(map, key, key_len) != NULL)
        return ROS_E_EXISTS;
    if (map->count == map->entry_size)
        ROS_TRY(grow(map));
    uint64_t hash = ros_map_hash(key, key_len, map->seed);
    map->slots[find_slot(map, key, key_len, hash)] = (uint32_t) map->count + 1;
    map->entries[map->count++] = (struct ros_map_entry){key, key_len, hash, value};
    return ROS_OK;
}
