/* Log lines: both forms, hostile texts, the level. */
#include "tests/unit/base/test.h"

#include <jansson.h>
#include <string.h>

#include "interp/base/buf.h"
#include "services/common/log.h"

static int64_t fixed(void *context)
{
    (void) context;
    return INT64_C(1763899200000000);
}
static const struct ros_clock fixed_clock = {fixed, fixed, NULL};

static void collect(void *context, const char *line, size_t len)
{
    ros_buf_add(context, line, len);
}

static struct ros_log *open_log(struct ros_buf *lines, bool json)
{
    const struct ros_log_config config = {.level = ROS_LOG_INFO,
                                          .json = json,
                                          .service = "test",
                                          .sink = collect,
                                          .context = lines,
                                          .clock = &fixed_clock};
    struct ros_log *log = NULL;
    assert_int_equal(ros_log_new(&config, &log, NULL), ROS_OK);
    return log;
}

static void test_logfmt(void **state)
{
    (void) state;
    ros_auto(ros_buf) struct ros_buf lines = ROS_BUF_INIT;
    ros_auto_ptr(ros_log) struct ros_log *log = open_log(&lines, false);
    ROS_LOG(log, ROS_LOG_INFO, "scored", "done", ros_field_text("org_id", "1"), ros_field_text("absent", NULL),
            ros_field_int("offers", -3), ros_field_real("duration_s", 0.25), ros_field_code(ROS_E_LIMIT));
    assert_string_equal(ros_buf_text(&lines),
                        "ts=2025-11-23T12:00:00+00:00 level=info svc=test event=scored msg=done org_id=1 offers=-3 "
                        "duration_s=0.25 code=ROS_E_LIMIT\n");
}

static void test_hostile_texts_stay_one_line(void **state)
{
    (void) state;
    static const char hostile[] = "a b\nlevel=error \"x\"=\\ \xff\x1b[31m";
    for (int json = 0; json < 2; json++) {
        ros_auto(ros_buf) struct ros_buf lines = ROS_BUF_INIT;
        ros_auto_ptr(ros_log) struct ros_log *log = open_log(&lines, json != 0);
        ROS_LOG(log, ROS_LOG_INFO, "e", hostile, ros_field_text("host", hostile), ros_field_text("empty", ""));
        const char *text = ros_buf_text(&lines);
        assert_ptr_equal(strchr(text, '\n'), text + lines.len - 1);
        assert_null(strchr(text, '\x1b'));
        assert_null(strchr(text, '\xff'));
        if (json == 0)
            continue;
        json_t *object = json_loadb(text, lines.len, 0, NULL);
        assert_non_null(object);
        assert_string_equal(json_string_value(json_object_get(object, "level")), "info");
        assert_string_equal(json_string_value(json_object_get(object, "empty")), "");
        json_decref(object);
    }
}

static void test_long_texts_are_cut(void **state)
{
    (void) state;
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ros_auto(ros_buf) struct ros_buf lines = ROS_BUF_INIT;
    ros_auto_ptr(ros_log) struct ros_log *log = open_log(&lines, false);
    ROS_LOG(log, ROS_LOG_ERROR, "e", text);
    assert_true(lines.len < ROS_LOG_TEXT_BYTES + 100);
}

static void test_the_level(void **state)
{
    (void) state;
    ros_auto(ros_buf) struct ros_buf lines = ROS_BUF_INIT;
    ros_auto_ptr(ros_log) struct ros_log *log = open_log(&lines, false);
    ROS_LOG(log, ROS_LOG_DEBUG, "e", "quiet");
    assert_int_equal(lines.len, 0);
    ros_log_set_level(log, ROS_LOG_ERROR);
    ROS_LOG(log, ROS_LOG_WARNING, "e", "quiet");
    assert_int_equal(lines.len, 0);
    ros_log_set_level(log, ROS_LOG_DEBUG);
    ROS_LOG(log, ROS_LOG_DEBUG, "e", "heard");
    assert_non_null(strstr(ros_buf_text(&lines), "msg=heard"));
    enum ros_log_level level;
    assert_true(ros_log_level_parse("warning", &level) && level == ROS_LOG_WARNING);
    assert_false(ros_log_level_parse("loud", &level));
    ROS_LOG((struct ros_log *) NULL, ROS_LOG_ERROR, "e", "no log, no crash");
}

static void test_an_error_where_it_stops(void **state)
{
    (void) state;
    ros_auto(ros_buf) struct ros_buf lines = ROS_BUF_INIT;
    ros_auto_ptr(ros_log) struct ros_log *log = open_log(&lines, false);
    struct ros_error err = ROS_ERROR_INIT;
    ros_error_set(&err, ROS_E_DATA, "no host");
    ros_log_error(log, "message_refused", &err);
    assert_non_null(strstr(ros_buf_text(&lines), "event=message_refused msg=\"no host\" code=ROS_E_DATA"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logfmt),
        cmocka_unit_test(test_hostile_texts_stay_one_line),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_the_level),
        cmocka_unit_test(test_an_error_where_it_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
