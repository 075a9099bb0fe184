/* Stored values as fields: the odd ones become "unknown"; and the words of a request. */
#include "tests/unit/base/test.h"

#include <string.h>

#include "services/api/convert.h"

static json_t *json(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    return value;
}

static void test_uuids(void **state)
{
    (void) state;
    static const char *const good[] = {"c4d467f2-9cd6-4ed0-a885-9f14dc4282f0",
                                       "C4D467F2-9CD6-4ED0-A885-9F14DC4282F0",
                                       "c4d467f29cd64ed0a8859f14dc4282f0",
                                       "{c4d467f2-9cd6-4ed0-a885-9f14dc4282f0}",
                                       "urn:uuid:c4d467f2-9cd6-4ed0-a885-9f14dc4282f0",
                                       "c4d4-67f2-9cd64ed0a885-9f14dc4282f0"};
    static const char *const bad[] = {"",
                                      "c4d467f2-9cd6-4ed0-a885-9f14dc4282f",
                                      "c4d467f2-9cd6-4ed0-a885-9f14dc4282f00",
                                      "g4d467f2-9cd6-4ed0-a885-9f14dc4282f0",
                                      "c4d467f2-9cd6-4ed0-a885-9f14dc4282f0; DROP TABLE systems",
                                      "{c4d467f2-9cd6-4ed0-a885-9f14dc4282f0",
                                      "urn:uuid:",
                                      " c4d467f29cd64ed0a8859f14dc4282f0"};
    char canonical[37];
    for (size_t i = 0; i < ROS_COUNT(good); i++) {
        assert_true(ros__uuid(good[i], canonical));
        assert_string_equal(canonical, good[0]);
    }
    for (size_t i = 0; i < ROS_COUNT(bad); i++)
        assert_false(ros__uuid(bad[i], canonical));
}

static void test_patterns(void **state)
{
    (void) state;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    enum ros_code code = ROS_OK;
    assert_string_equal(ros__like_pattern(&arena, "a%b_c\\d", &code), "%a\\%b\\_c\\\\d%");
    assert_null(ros__like_pattern(&arena, "", &code));
    assert_null(ros__like_pattern(&arena, NULL, &code));
    assert_int_equal(code, ROS_OK);
}

static void test_utilisation(void **state)
{
    (void) state;
    static const struct {
        const char *stored;
        int cpu, memory;
        bool has_io;
        size_t disks;
        const char *first;
    } rows[] = {
        {"{\"cpu\": 5, \"memory\": 7, \"max_io\": 3.5, \"io\": {\"a\": 1, \"b\": 3.5, \"c\": 1}}", 5, 7, true, 3, "b"},
        {"{\"cpu\": -1, \"memory\": -1, \"max_io\": -1.0, \"io\": {}}", -1, -1, true, 0, NULL},
        {"{\"cpu\": 5.9, \"memory\": \"12\", \"max_io\": \"2.5\", \"io\": {\"a\": \"4\", \"b\": null, \"c\": []}}", 5,
         12, true, 1, "a"},
        {"{\"cpu\": null, \"memory\": [], \"max_io\": null, \"io\": 3}", 0, 0, false, 0, NULL},
        {"{\"cpu\": 1e300}", 0, 0, false, 0, NULL},
        {"[1, 2]", 0, 0, false, 0, NULL},
        {"\"text\"", 0, 0, false, 0, NULL},
    };
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        ros_auto(ros_arena) struct ros_arena arena;
        ros_arena_init(&arena, NULL, 0);
        json_t *stored = json(rows[i].stored);
        const Ros__V1__PerformanceUtilization *u = ros__utilization(&arena, stored);
        json_decref(stored);
        assert_non_null(u);
        assert_int_equal(u->cpu, rows[i].cpu);
        assert_int_equal(u->memory, rows[i].memory);
        assert_int_equal(u->_max_io_case != 0, rows[i].has_io);
        assert_int_equal(u->n_io_all, rows[i].disks);
        if (rows[i].first != NULL)
            assert_string_equal(u->io_all[0]->key, rows[i].first);
    }
}

static void expect_text(char *found, const char *expected)
{
    if (expected == NULL)
        assert_null(found);
    else
        assert_string_equal(found, expected);
}

static void test_idling_time_and_system(void **state)
{
    (void) state;
    static const char *const idle[][3] = {{"0.98", "1", "98.00"}, {"1.5", "2.9", "75.00"}, {"\"1\"", "\"4\"", "25.00"},
                                          {"1", "0", NULL},       {"null", "2", NULL},     {"1", "\"x\"", NULL}};
    static const char *const systems[][2] = {{"{\"name\": \"RHEL\", \"major\": 8, \"minor\": 4}", "RHEL 8.4"},
                                             {"{\"name\": \"RHEL\", \"major\": \"9\", \"minor\": 0}", "RHEL 9.0"},
                                             {"{\"name\": \"RHEL\", \"major\": 8}", NULL},
                                             {"{\"name\": null, \"major\": 8, \"minor\": 1}", NULL},
                                             {"[]", NULL}};
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    for (size_t i = 0; i < ROS_COUNT(idle); i++) {
        json_t *a = json(idle[i][0]);
        json_t *b = json(idle[i][1]);
        expect_text(ros__idling_time(&arena, a, b), idle[i][2]);
        json_decref(a);
        json_decref(b);
    }
    for (size_t i = 0; i < ROS_COUNT(systems); i++) {
        json_t *os = json(systems[i][0]);
        expect_text(ros__os_text(&arena, os), systems[i][1]);
        json_decref(os);
    }
    expect_text(ros__os_text(&arena, NULL), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_uuids), cmocka_unit_test(test_patterns),
                                       cmocka_unit_test(test_utilisation),
                                       cmocka_unit_test(test_idling_time_and_system)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
