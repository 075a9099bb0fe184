/* Maps: every key found, none invented, doubles refused, order kept, failure harmless. */
#include "tests/unit/base/test.h"

#include <stdio.h>
#include <string.h>

#include "interp/base/map.h"
#include "tests/unit/base/failing_alloc.h"

enum { KEYS = 5000 };

static void test_many_keys(void **state)
{
    (void) state;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    struct ros_map map;
    ros_map_init(&map, &arena, 7);
    assert_null(ros_map_get(&map, "k0", 2));
    for (intptr_t i = 0; i < KEYS; i++) {
        char *key = ros_arena_printf(&arena, "k%ld", (long) i);
        assert_int_equal(ros_map_add(&map, key, strlen(key), (void *) (i + 1)), ROS_OK);
        assert_int_equal(ros_map_add(&map, key, strlen(key), (void *) 99), ROS_E_EXISTS);
    }
    for (intptr_t i = 0; i < KEYS; i++) {
        char key[16];
        int len = snprintf(key, sizeof key, "k%ld", (long) i);
        assert_ptr_equal(ros_map_get(&map, key, (size_t) len), (void *) (i + 1));
        assert_memory_equal(map.entries[i].key, key, (size_t) len);
    }
    assert_null(ros_map_get(&map, "k5000", 5));
    assert_null(ros_map_get(&map, "k1", 1));
    assert_int_equal(map.count, KEYS);
}

static void test_bytes_are_bytes(void **state)
{
    (void) state;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    struct ros_map map;
    ros_map_init(&map, &arena, 0);
    assert_int_equal(ros_map_add(&map, "a\0b", 3, &map), ROS_OK);
    assert_int_equal(ros_map_add(&map, "", 0, &arena), ROS_OK);
    assert_null(ros_map_get(&map, "a", 1));
    assert_ptr_equal(ros_map_get(&map, "a\0b", 3), &map);
    assert_ptr_equal(ros_map_get(&map, "", 0), &arena);
}

static void test_a_refused_growth_keeps_the_map(void **state)
{
    (void) state;
    struct failing_alloc f;
    failing_alloc_init(&f, 3, true);
    struct ros_arena arena;
    ros_arena_init(&arena, &f.alloc, 0);
    struct ros_map map;
    ros_map_init(&map, &arena, 0);
    static char keys[2000][8];
    size_t added = 0;
    for (; added < 2000; added++) {
        int len = snprintf(keys[added], sizeof keys[added], "%zu", added);
        if (ros_map_add(&map, keys[added], (size_t) len, keys[added]) != ROS_OK)
            break;
    }
    assert_in_range(added, 1, 1999);
    for (size_t i = 0; i < added; i++)
        assert_ptr_equal(ros_map_get(&map, keys[i], strlen(keys[i])), keys[i]);
    assert_int_equal(map.count, added);
    ros_arena_done(&arena);
    assert_int_equal(f.live_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_bytes_are_bytes),
        cmocka_unit_test(test_a_refused_growth_keeps_the_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
