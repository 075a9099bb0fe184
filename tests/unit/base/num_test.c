/* Numbers: what Python's repr prints, read back bit for bit; and what is not a number is not. */
#include "tests/unit/base/test.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "interp/base/num.h"

static void test_the_form_of_python(void **state)
{
    (void) state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {0.1, "0.1"},
        {5, "5.0"},
        {0.0116, "0.0116"},
        {1e-4, "0.0001"},
        {1e-5, "1e-05"},
        {1.5e-7, "1.5e-07"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {1e22, "1e+22"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {1234567.5, "1234567.5"},
        {1 / 3.0, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {5e-324, "5e-324"},
        {-12.25, "-12.25"},
        {100, "100.0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[ROS_NUM_TEXT_SIZE];
        assert_int_equal(ros_num_format(rows[i].value, text), strlen(rows[i].text));
        assert_string_equal(text, rows[i].text);
    }
    char text[ROS_NUM_TEXT_SIZE];
    ros_num_format(NAN, text);
    assert_string_equal(text, "nan");
    ros_num_format(-INFINITY, text);
    assert_string_equal(text, "-inf");
}

/* A fixed sequence of bit patterns (xorshift): every finite double of it survives the way out and back. */
static void test_round_trip(void **state)
{
    (void) state;
    uint64_t x = 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 200000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double value;
        memcpy(&value, &x, sizeof value);
        if (!isfinite(value))
            continue;
        char text[ROS_NUM_TEXT_SIZE];
        double back;
        size_t len = ros_num_format(value, text);
        assert_true(len < ROS_NUM_TEXT_SIZE);
        assert_true(ros_num_parse(text, len, &back));
        assert_memory_equal(&back, &value, sizeof value);
    }
}

static void test_what_is_not_a_number(void **state)
{
    (void) state;
    static const char *const bad[] = {"",    ".",   "-",   "+",     "1.2.3", "1e", "1e+", " 1",    "1 ",  "0x1",
                                      "nan", "inf", "1,0", "1e400", "--1",   "1-", "e5",  "1_000", "1.5f"};
    double value = 42;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(ros_num_parse(bad[i], strlen(bad[i]), &value));
    static const char *const good[] = {
        "1", "1.", ".5", "+2", "-0", "1e5", "1E-5", "00012", "123456789012345678901234567890"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(ros_num_parse(good[i], strlen(good[i]), &value));
    char text[500];
    memset(text, '1', sizeof text);
    assert_false(ros_num_parse(text, sizeof text, &value));
}

static void test_the_locale_does_not_matter(void **state)
{
    (void) state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "fr_FR.UTF-8") == NULL)
        skip();
    double value;
    assert_true(ros_num_parse("12345678901234567.5", 19, &value));
    char text[ROS_NUM_TEXT_SIZE];
    ros_num_format(0.5, text);
    assert_string_equal(text, "0.5");
    setlocale(LC_ALL, "C");
}

static void test_integers(void **state)
{
    (void) state;
    int64_t i;
    uint64_t u;
    assert_true(ros_num_parse_i64("-9223372036854775808", 20, &i) && i == INT64_MIN);
    assert_true(ros_num_parse_i64("9223372036854775807", 19, &i) && i == INT64_MAX);
    assert_false(ros_num_parse_i64("9223372036854775808", 19, &i));
    assert_false(ros_num_parse_i64("-9223372036854775809", 20, &i));
    assert_false(ros_num_parse_i64("-", 1, &i) || ros_num_parse_i64("", 0, &i) || ros_num_parse_i64("+1", 2, &i));
    assert_true(ros_num_parse_u64("18446744073709551615", 20, &u) && u == UINT64_MAX);
    assert_false(ros_num_parse_u64("18446744073709551616", 20, &u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_form_of_python),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_what_is_not_a_number),
        cmocka_unit_test(test_the_locale_does_not_matter),
        cmocka_unit_test(test_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
