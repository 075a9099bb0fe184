/* Health: ready when every part that counts is, and the change is told. */
#include "tests/unit/base/test.h"

#include <string.h>

#include "services/common/health.h"

static void test_parts_count_from_when_they_are_set(void **state)
{
    (void) state;
    ros_auto_ptr(ros_health) struct ros_health *health = NULL;
    assert_int_equal(ros_health_new(&health, NULL), ROS_OK);
    assert_true(ros_health_ready(health));
    uint64_t before = ros_health_generation(health);
    ros_health_set(health, ROS_HEALTH_POSTGRESQL, false, "no \"answer\"");
    assert_false(ros_health_ready(health));
    assert_true(ros_health_generation(health) > before);
    assert_true(ros_health_part_ready(health, ROS_HEALTH_RULES));
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    assert_int_equal(ros_health_write(health, &text), ROS_OK);
    assert_string_equal(ros_buf_text(&text), "{\"ready\": false, \"parts\": {\"postgresql\": {\"ready\": false, "
                                             "\"text\": \"no \\\"answer\\\"\"}}}\n");
    ros_health_set(health, ROS_HEALTH_POSTGRESQL, true, NULL);
    assert_true(ros_health_ready(health));
    uint64_t now = ros_health_generation(health);
    ros_health_set(health, ROS_HEALTH_POSTGRESQL, true, "still");
    assert_int_equal(ros_health_generation(health), now);
}

static void test_without_a_registry(void **state)
{
    (void) state;
    ros_health_set(NULL, ROS_HEALTH_RULES, false, NULL);
    assert_true(ros_health_ready(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts_count_from_when_they_are_set),
                                       cmocka_unit_test(test_without_a_registry)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
