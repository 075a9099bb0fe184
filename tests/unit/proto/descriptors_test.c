/* The embedded definitions: files with their imports, symbols, and the HTTP rule of every method. */
#include "tests/unit/base/test.h"

#include <string.h>

#include "proto/descriptors.h"

static struct ros_descriptors *open_set(void)
{
    struct ros_descriptors *set = NULL;
    assert_int_equal(ros_descriptors_new(&set, NULL), ROS_OK);
    return set;
}

static void test_files(void **state)
{
    (void) state;
    ros_auto_ptr(ros_descriptors) struct ros_descriptors *set = open_set();
    const struct ros_descriptor_file *file = ros_descriptors_find_file(set, "ros/v1/systems.proto");
    assert_non_null(file);
    assert_string_equal(file->imports[0], "google/api/annotations.proto");
    assert_null(file->imports[1]);
    for (size_t i = 0; i < ros_descriptors_file_count(set); i++)
        for (const char *const *import = ros_descriptors_file(set, i)->imports; *import != NULL; import++)
            assert_non_null(ros_descriptors_find_file(set, *import));
    assert_null(ros_descriptors_find_file(set, "no.proto"));
}

static void test_symbols(void **state)
{
    (void) state;
    ros_auto_ptr(ros_descriptors) struct ros_descriptors *set = open_set();
    static const char *const symbols[] = {"ros.v1.Systems",
                                          "ros.v1.Systems.GetSystem",
                                          "ros.v1.SystemRow",
                                          "ros.v1.IsConfiguredResponse.SystemsStats",
                                          "grpc.health.v1.HealthCheckResponse.ServingStatus",
                                          "google.api.http"};
    for (size_t i = 0; i < ROS_COUNT(symbols); i++)
        assert_non_null(ros_descriptors_find_symbol(set, symbols[i]));
    assert_null(ros_descriptors_find_symbol(set, "ros.v1.Nope"));
}

static void test_every_method_has_its_path(void **state)
{
    (void) state;
    ros_auto_ptr(ros_descriptors) struct ros_descriptors *set = open_set();
    static const char *const paths[] = {"/api/ros/v1/status", "/api/ros/v1/is_configured", "/api/ros/v1/systems",
                                        "/api/ros/v1/systems/{inventory_id}",
                                        "/api/ros/v1/systems/{inventory_id}/suggestions"};
    assert_int_equal(ros_descriptors_rule_count(set), ROS_COUNT(paths));
    for (size_t i = 0; i < ROS_COUNT(paths); i++) {
        const struct ros_http_rule *rule = ros_descriptors_rule(set, i);
        assert_string_equal(rule->path, paths[i]);
        assert_string_equal(rule->verb, "GET");
        assert_string_equal(rule->service, "ros.v1.Systems");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files), cmocka_unit_test(test_symbols),
                                       cmocka_unit_test(test_every_method_has_its_path)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
