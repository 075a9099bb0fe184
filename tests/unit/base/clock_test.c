/* Time as text: ISO 8601 out as Python writes it, in from every form that messages carry. */
#include "tests/unit/base/test.h"

#include <string.h>
#include <time.h>

#include "interp/base/clock.h"

static void test_format(void **state)
{
    (void) state;
    char text[ROS_TIME_TEXT_SIZE];
    ros_time_format(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00+00:00");
    ros_time_format(INT64_C(1763899200000001), text);
    assert_string_equal(text, "2025-11-23T12:00:00.000001+00:00");
    ros_time_format(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999+00:00");
    ros_time_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999999+00:00");
    ros_time_format(INT64_MIN, text);
    assert_string_equal(text, "0001-01-01T00:00:00+00:00");
}

static void test_parse_forms(void **state)
{
    (void) state;
    static const char *const same[] = {"2025-04-11T13:58:54.509083+00:00", "2025-04-11T13:58:54.509083Z",
                                       "2025-04-11 13:58:54.509083",       "2025-04-11T15:58:54.509083+02:00",
                                       "2025-04-11T15:58:54.509083+0200",  "2025-04-11T09:28:54.509083-04:30",
                                       "2025-04-11T13:58:54.5090839Z",     "2025-04-11T15:58:54,509083+02"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        int64_t us;
        assert_true(ros_time_parse(same[i], strlen(same[i]), &us));
        assert_int_equal(us, INT64_C(1744379934509083));
    }
}

static void test_parse_refuses(void **state)
{
    (void) state;
    static const char *const bad[] = {"",
                                      "2025-04-11",
                                      "2025-02-29T00:00:00",
                                      "1900-02-29T00:00:00",
                                      "2025-13-01T00:00:00",
                                      "2025-04-31T00:00:00",
                                      "2025-04-11T24:00:00",
                                      "2025-04-11T23:60:00",
                                      "2025-04-11T23:59:60",
                                      "2025-04-11T23:59:59.",
                                      "2025-04-11T23:59:59+",
                                      "2025-04-11T23:59:59+2:00",
                                      "2025-04-11T23:59:59+24:00",
                                      "2025-04-11T23:59:59Zx",
                                      "0000-01-01T00:00:00",
                                      "now"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t us;
        assert_false(ros_time_parse(bad[i], strlen(bad[i]), &us));
    }
}

/* Every 7,919th minute over 600 years agrees with the C library. */
static void test_agrees_with_gmtime(void **state)
{
    (void) state;
    for (int64_t s = INT64_C(-11644473600); s < INT64_C(7289568000); s += 7919 * 60) {
        char ours[ROS_TIME_TEXT_SIZE];
        char theirs[ROS_TIME_TEXT_SIZE];
        ros_time_format(s * 1000000, ours);
        time_t t = (time_t) s;
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%S+00:00", &tm);
        assert_string_equal(ours, theirs);
        int64_t back;
        assert_true(ros_time_parse(ours, strlen(ours), &back));
        assert_int_equal(back, s * 1000000);
    }
}

static void test_the_monotonic_clock_goes_on(void **state)
{
    (void) state;
    const struct ros_clock *clock = ros_clock_system();
    int64_t before = ros_clock_mono_us(clock);
    assert_true(ros_clock_mono_us(clock) >= before);
    assert_true(ros_clock_wall_us(clock) > INT64_C(1700000000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_parse_forms),
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_agrees_with_gmtime),
        cmocka_unit_test(test_the_monotonic_clock_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
