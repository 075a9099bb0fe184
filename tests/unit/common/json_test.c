/* JSON: refuses what is not, bounds what is, and prints as Python's json.dumps does. */
#include "tests/unit/base/test.h"

#include <string.h>

#include "services/common/json.h"

static enum ros_code parse(const char *text, json_t **ret)
{
    return ros_json_parse(text, strlen(text), NULL, ret, NULL);
}

static void test_round_trip_in_python_form(void **state)
{
    (void) state;
    static const char *const texts[] = {
        "{\"b\": 1, \"a\": [true, false, null, \"x\"], \"c\": {}}",
        "[0.0116, 5.0, 1e-05, 1e+22, -0.0, 12345678901234567]",
        "\"caf\\u00e9 \\ud83d\\ude00 \\\"\\\\/\\b\\f\\n\\r\\t\\u0001\"",
        "[]",
        "-7",
    };
    for (size_t i = 0; i < ROS_COUNT(texts); i++) {
        json_t *value = NULL;
        ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
        assert_int_equal(parse(texts[i], &value), ROS_OK);
        assert_int_equal(ros_json_dump(value, &out), ROS_OK);
        assert_string_equal(ros_buf_text(&out), texts[i]);
        json_decref(value);
    }
}

static void test_the_last_of_doubled_keys_counts(void **state)
{
    (void) state;
    json_t *value = NULL;
    assert_int_equal(parse("{\"a\": 1, \"a\": 2}", &value), ROS_OK);
    assert_int_equal(json_integer_value(json_object_get(value, "a")), 2);
    json_decref(value);
}

static void test_what_is_not_json(void **state)
{
    (void) state;
    static const char *const bad[] = {"",         "{",   "[1,]",     "{\"a\" 1}", "NaN",
                                      "Infinity", "1 2", "{'a': 1}", "\"\xff\"",  "\"\\ud800\"",
                                      "[01]",     "nul", "\"\x01\"", "1e999",     "{\"a\": 1}}"};
    for (size_t i = 0; i < ROS_COUNT(bad); i++) {
        json_t *value = NULL;
        struct ros_error err = ROS_ERROR_INIT;
        assert_int_equal(ros_json_parse(bad[i], strlen(bad[i]), NULL, &value, &err), ROS_E_DATA);
        assert_null(value);
        assert_true(strlen(err.text) > 0);
    }
}

static void test_bounds(void **state)
{
    (void) state;
    char deep[300];
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    deep[200] = '\0';
    json_t *value = NULL;
    assert_int_equal(parse(deep, &value), ROS_E_LIMIT);
    const struct ros_json_limits small = {.bytes = 10, .depth = 200};
    assert_int_equal(ros_json_parse("[1, 2, 3, 4]", 12, &small, &value, NULL), ROS_E_LIMIT);
    const struct ros_json_limits wide = {.depth = 200};
    assert_int_equal(ros_json_parse(deep, 200, &wide, &value, NULL), ROS_OK);
    json_decref(value);
    /* Brackets inside a string are no nesting, escaped quotes do not end it. */
    memset(deep, '[', 200);
    memcpy(deep, "\"\\\"", 3);
    memcpy(deep + 198, "\"", 2);
    assert_int_equal(parse(deep, &value), ROS_OK);
    json_decref(value);
}

static void test_bytes_that_are_no_text_become_one_character(void **state)
{
    (void) state;
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    static const char bytes[] = "a\xC0\x80\xED\xA0\x80\xF5z\xE2\x82";
    assert_int_equal(ros_json_add_text(&out, bytes, sizeof bytes - 1), ROS_OK);
    assert_string_equal(ros_buf_text(&out), "\"a\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffdz\\ufffd\\ufffd\"");
}

static void test_a_text_with_nul_is_no_text(void **state)
{
    (void) state;
    json_t *value = NULL;
    assert_int_equal(parse("\"a\\u0000b\"", &value), ROS_OK);
    assert_null(ros_json_text(value));
    json_decref(value);
    assert_null(ros_json_text(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_in_python_form),
        cmocka_unit_test(test_the_last_of_doubled_keys_counts),
        cmocka_unit_test(test_what_is_not_json),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_bytes_that_are_no_text_become_one_character),
        cmocka_unit_test(test_a_text_with_nul_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
