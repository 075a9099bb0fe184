/* Flags: on, off, for some, and the text that is none. */
#include "tests/unit/base/test.h"

#include "services/common/flags.h"

static bool on(const char *text, const char *org)
{
    ros_auto_ptr(ros_flags) struct ros_flags *flags = NULL;
    assert_int_equal(ros_flags_new(text, &flags, NULL), ROS_OK);
    return ros_flags_on(flags, "ros.v2", org);
}

static void test_who_has_it(void **state)
{
    (void) state;
    assert_true(on("ros.v2=on", "1") && on("ros.v2=on", NULL));
    assert_false(on("", "1") || on("ros.v2=off", "1") || on("other=on", "1") || on("ros.v2x=on", "1"));
    assert_true(on("a=off; ros.v2 = 1, 000002 ;b=on", "000002"));
    assert_false(on("ros.v2=1,000002", "2") || on("ros.v2=1", NULL) || on("ros.v2=1", ""));
}

static void test_malformed(void **state)
{
    (void) state;
    static const char *const bad[] = {"ros.v2", "=on", "ros.v2=", "a=on;ros.v2"};
    for (size_t i = 0; i < ROS_COUNT(bad); i++) {
        struct ros_flags *flags = NULL;
        assert_int_equal(ros_flags_new(bad[i], &flags, NULL), ROS_E_CONFIG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_who_has_it), cmocka_unit_test(test_malformed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
