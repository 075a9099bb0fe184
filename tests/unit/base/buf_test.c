/* Buffers: growth, the cap, and the failure that sticks until the end of a series. */
#include "tests/unit/base/test.h"

#include <string.h>

#include "interp/base/buf.h"
#include "tests/unit/base/failing_alloc.h"

static void test_an_empty_buffer_is_an_empty_text(void **state)
{
    (void) state;
    ros_auto(ros_buf) struct ros_buf buf = ROS_BUF_INIT;
    assert_string_equal(ros_buf_text(&buf), "");
    assert_int_equal(ros_buf_add(&buf, NULL, 0), ROS_OK);
    assert_string_equal(ros_buf_text(&buf), "");
}

static void test_it_grows(void **state)
{
    (void) state;
    ros_auto(ros_buf) struct ros_buf buf = ROS_BUF_INIT;
    for (int i = 0; i < 10000; i++)
        assert_int_equal(ros_buf_printf(&buf, "%d,", i), ROS_OK);
    assert_int_equal(buf.len, 10 * 2 + 90 * 3 + 900 * 4 + 9000 * 5);
    assert_memory_equal(buf.data + buf.len - 10, "9998,9999,", 10);
    assert_int_equal(buf.data[buf.len], '\0');
    ros_buf_clear(&buf);
    assert_string_equal(ros_buf_text(&buf), "");
}

static void test_the_cap_and_the_sticky_failure(void **state)
{
    (void) state;
    ros_auto(ros_buf) struct ros_buf buf;
    ros_buf_init(&buf, NULL, 10);
    assert_int_equal(ros_buf_puts(&buf, "1234567890"), ROS_OK);
    assert_int_equal(ros_buf_addc(&buf, 'x'), ROS_E_LIMIT);
    assert_int_equal(ros_buf_add(&buf, NULL, 0), ROS_E_LIMIT);
    assert_int_equal(ros_buf_code(&buf), ROS_E_LIMIT);
    assert_string_equal(ros_buf_text(&buf), "1234567890");
}

static void test_a_refused_growth_keeps_what_was_there(void **state)
{
    (void) state;
    struct failing_alloc f;
    failing_alloc_init(&f, 2, false);
    struct ros_buf buf;
    ros_buf_init(&buf, &f.alloc, 0);
    assert_int_equal(ros_buf_puts(&buf, "kept"), ROS_OK);
    char large[500] = {0};
    assert_int_equal(ros_buf_add(&buf, large, sizeof large), ROS_E_OOM);
    assert_string_equal(ros_buf_text(&buf), "kept");
    ros_buf_done(&buf);
    assert_int_equal(f.live_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_buffer_is_an_empty_text),
        cmocka_unit_test(test_it_grows),
        cmocka_unit_test(test_the_cap_and_the_sticky_failure),
        cmocka_unit_test(test_a_refused_growth_keeps_what_was_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
