/* Arenas: zeroed and aligned memory, the cap, failure that changes nothing, reuse after a clear. */
#include "tests/unit/base/test.h"

#include <string.h>

#include "interp/base/arena.h"
#include "tests/unit/base/failing_alloc.h"

static void test_memory_is_zeroed_and_aligned(void **state)
{
    (void) state;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    for (size_t n = 0; n < 300; n++) {
        unsigned char *p = ros_arena_get(&arena, n * 37);
        assert_non_null(p);
        assert_int_equal((uintptr_t) p % 16, 0);
        for (size_t i = 0; i < n * 37; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xA5, n * 37);
    }
}

static void test_the_cap_holds_to_the_byte(void **state)
{
    (void) state;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 100);
    assert_non_null(ros_arena_get(&arena, 60));
    assert_null(ros_arena_get(&arena, 41));
    assert_int_equal(ros_arena_code(&arena), ROS_E_LIMIT);
    assert_non_null(ros_arena_get(&arena, 40));
    assert_null(ros_arena_get(&arena, 1));
    ros_arena_clear(&arena);
    assert_int_equal(ros_arena_code(&arena), ROS_OK);
    assert_non_null(ros_arena_get(&arena, 100));
}

static void test_absurd_sizes_are_refused(void **state)
{
    (void) state;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    assert_null(ros_arena_get(&arena, SIZE_MAX));
    assert_null(ros_arena_array(&arena, SIZE_MAX / 2, 3));
    assert_int_equal(ros_arena_code(&arena), ROS_E_LIMIT);
}

static void test_every_allocation_may_fail(void **state)
{
    (void) state;
    for (size_t fail_at = 1; fail_at < 8; fail_at++) {
        struct failing_alloc f;
        failing_alloc_init(&f, fail_at, false);
        struct ros_arena arena;
        ros_arena_init(&arena, &f.alloc, 0);
        size_t failures = 0;
        for (size_t i = 0; i < 60; i++) {
            size_t used = arena.used_bytes;
            if (ros_arena_get(&arena, 3000) == NULL) {
                assert_int_equal(ros_arena_code(&arena), ROS_E_OOM);
                assert_int_equal(arena.used_bytes, used);
                failures++;
            }
        }
        assert_int_equal(failures, fail_at <= f.calls ? 1 : 0);
        ros_arena_done(&arena);
        assert_int_equal(f.live_count, 0);
    }
}

static void test_texts(void **state)
{
    (void) state;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    assert_string_equal(ros_arena_copy(&arena, "abcdef", 3), "abc");
    assert_string_equal(ros_arena_copy(&arena, NULL, 0), "");
    assert_string_equal(ros_arena_printf(&arena, "%s-%05d", "x", 42), "x-00042");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned),
        cmocka_unit_test(test_the_cap_holds_to_the_byte),
        cmocka_unit_test(test_absurd_sizes_are_refused),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
