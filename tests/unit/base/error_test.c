/* The error table: every row has all its faces, names find their codes, long texts stay UTF-8. */
#include "tests/unit/base/test.h"

#include <string.h>

#include "interp/base/error.h"

static const enum ros_code codes[] = {
#define ROS_CODE(name, no, grpc, http, exit, retry, text) ROS_E_##name,
#include "interp/base/codes.def"
#undef ROS_CODE
};

static void test_every_code_has_its_faces(void **state)
{
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(codes); i++) {
        assert_int_equal(ros_code_from_name(ros_code_name(codes[i])), codes[i]);
        assert_true(codes[i] < 0);
        assert_in_range(ros_code_grpc(codes[i]), 1, 16);
        assert_in_range(ros_code_http(codes[i]), 400, 599);
        assert_in_range(ros_code_exit(codes[i]), 64, 78);
        assert_true(strlen(ros_code_text(codes[i])) > 0);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(codes[i], codes[k]);
    }
}

static void test_success_and_unknown(void **state)
{
    (void) state;
    assert_int_equal(ros_code_http(ROS_OK), 200);
    assert_int_equal(ros_code_exit(ROS_OK), 0);
    assert_string_equal(ros_code_name((enum ros_code) - 9999), "ROS_E_INTERNAL");
    assert_int_equal(ros_code_from_name("ROS_E_NO_SUCH"), ROS_E_NOT_FOUND);
}

static void test_no_error_struct_is_fine(void **state)
{
    (void) state;
    assert_int_equal(ros_error_set(NULL, ROS_E_LIMIT, "%d", 1), ROS_E_LIMIT);
    assert_int_equal(ros_error_prefix(NULL, ROS_E_LIMIT, "x"), ROS_E_LIMIT);
}

static void test_prefix_adds_context(void **state)
{
    (void) state;
    struct ros_error err = ROS_ERROR_INIT;
    ros_error_set(&err, ROS_E_DATA, "line %d", 3);
    assert_int_equal(ros_error_prefix(&err, ROS_E_DATA, "%s", "a.csv"), ROS_E_DATA);
    assert_string_equal(err.text, "a.csv: line 3");
}

static void test_a_long_text_is_cut_between_characters(void **state)
{
    (void) state;
    char text[ROS_ERROR_TEXT_SIZE * 2];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'a', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 3); /* the euro sign */
        text[sizeof text - 3] = '\0';
        struct ros_error err = ROS_ERROR_INIT;
        ros_error_set(&err, ROS_E_DATA, "%s", text);
        size_t len = strlen(err.text);
        assert_true(len < ROS_ERROR_TEXT_SIZE && len > ROS_ERROR_TEXT_SIZE - 5);
        assert_int_equal((len - shift) % 3, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_has_its_faces),
        cmocka_unit_test(test_success_and_unknown),
        cmocka_unit_test(test_no_error_struct_is_fine),
        cmocka_unit_test(test_prefix_adds_context),
        cmocka_unit_test(test_a_long_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
