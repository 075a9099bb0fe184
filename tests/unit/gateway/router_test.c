/* Paths to methods: what matches, what nearly does, and what must not. */
#include "tests/unit/base/test.h"

#include <string.h>

#include "services/gateway/router.h"

struct fixture {
    struct ros_arena arena;
    struct ros__routes *routes;
};

static void open_routes(struct fixture *f, const char *prefix, const char *app)
{
    ros_arena_init(&f->arena, NULL, 0);
    assert_int_equal(ros__routes_new(prefix, app, &f->arena, &f->routes, NULL), ROS_OK);
}

/* The method's name, "405" or "404". */
static const char *match(struct fixture *f, const char *verb, const char *path, struct ros__match *ret)
{
    assert_int_equal(ros__routes_match(f->routes, verb, path, &f->arena, ret, NULL), ROS_OK);
    if (ret->template == NULL)
        return "404";
    return ret->method != NULL ? ret->method->name : "405";
}

static void test_paths(void **state)
{
    (void) state;
    static const char *const rows[][3] = {
        {"GET", "/api/ros/v1/status", "GetStatus"},
        {"HEAD", "/api/ros/v1/status", "GetStatus"},
        {"POST", "/api/ros/v1/status", "405"},
        {"BREW", "/api/ros/v1/systems", "405"},
        {"GET", "/api/ros/v1/%73tatus", "GetStatus"},
        {"GET", "/api/ros/v1/status/", "404"},
        {"GET", "//api/ros/v1/status", "404"},
        {"GET", "/api/ros/v1/Status", "404"},
        {"GET", "/api/ros/v1/systems", "ListSystems"},
        {"GET", "/api/ros/v1/systems/x", "GetSystem"},
        {"GET", "/api/ros/v1/systems/x/suggestions", "ListSuggestions"},
        {"GET", "/api/ros/v1/systems/x/suggestions/y", "404"},
        {"GET", "/api/ros/v1/systems//suggestions", "404"},
        {"GET", "/api/ros/v1/systems/a%2Fsuggestions", "GetSystem"},
        {"GET", "/api/ros/v1/systems/../status", "404"},
        {"GET", "", "404"},
        {"GET", "*", "404"},
        {"GET", "/", "404"},
        {"GET", "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", "404"},
    };
    struct fixture f;
    open_routes(&f, "/api", "ros");
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        struct ros__match m;
        assert_string_equal(match(&f, rows[i][0], rows[i][1], &m), rows[i][2]);
    }
    ros_arena_done(&f.arena);
}

static void test_variables_are_decoded_after_the_cut(void **state)
{
    (void) state;
    struct fixture f;
    struct ros__match m;
    open_routes(&f, "/api", "ros");
    match(&f, "GET", "/api/ros/v1/systems/a%2Fb%20c+d/suggestions", &m);
    assert_int_equal(m.variable_count, 1);
    assert_string_equal(m.variables[0].name, "inventory_id");
    assert_string_equal(m.variables[0].value, "a/b c+d");
    assert_string_equal(m.allow, "GET, HEAD, OPTIONS");
    assert_int_equal(ros__routes_match(f.routes, "GET", "/api/ros/v1/systems/a%00b", &f.arena, &m, NULL),
                     ROS_E_ARGUMENT);
    ros_arena_done(&f.arena);
}

static void test_prefix_and_name(void **state)
{
    (void) state;
    struct fixture f;
    struct ros__match m;
    open_routes(&f, "/r/insights/platform", "optimise");
    assert_string_equal(match(&f, "GET", "/r/insights/platform/optimise/v1/status", &m), "GetStatus");
    assert_string_equal(m.template, "/r/insights/platform/optimise/v1/status");
    assert_string_equal(match(&f, "GET", "/api/ros/v1/status", &m), "404");
    ros_arena_done(&f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths),
                                       cmocka_unit_test(test_variables_are_decoded_after_the_cut),
                                       cmocka_unit_test(test_prefix_and_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
