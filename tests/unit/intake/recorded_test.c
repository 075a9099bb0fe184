/*
 * Recorded uploads, when a folder of them is at hand (argument 1): each must give evidence, and the evidence must be
 * what its golden record says. Run by ctest only where the folder exists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/unit/intake/fixture.h"

static const char *folder;

static void check_text(const struct ros_evidence *evidence, const char *fact, const json_t *want)
{
    const char *have = ros_evidence_text(evidence, fact);
    if (json_is_string(want)) {
        assert_non_null(have);
        assert_string_equal(have, json_string_value(want));
    } else {
        assert_null(have);
    }
}

static void check_mean(const struct ros_evidence *evidence, const char *name, const json_t *want)
{
    const struct ros_metric *metric = ros_evidence_metric(evidence, name);
    if (json_is_number(want)) {
        assert_non_null(metric);
        assert_true(metric->values[0].mean == json_number_value(want));
    } else if (json_is_object(want)) {
        const char *instance;
        const json_t *value;
        assert_int_equal(metric->value_count, json_object_size(want));
        json_object_foreach((json_t *) want, instance, value)
        {
            const struct ros_metric_value *have = ros_metric_find(metric, instance);
            assert_non_null(have);
            assert_true(have->mean == json_number_value(json_object_get(value, "val")));
            assert_string_equal(have->unit, json_string_value(json_object_get(value, "units")));
        }
    }
}

static void check_record(const json_t *record)
{
    ros_auto(ros_evidence) struct ros_evidence evidence;
    struct ros_error error = ROS_ERROR_INIT;
    char path[1000];
    const char *key;
    const json_t *value;
    const json_t *golden = json_object_get(record, "golden");
    const json_t *conditions = json_object_get(golden, "conditions");
    const json_t *profile = json_object_get(json_object_get(golden, "rules"), "performance_profile_rule");
    snprintf(path, sizeof(path), "%s/%s", folder, json_string_value(json_object_get(record, "archive")));
    ros_evidence_init(&evidence, NULL);
    if (ros_intake_file(path, NULL, &evidence, &error) != ROS_OK)
        fail_msg("%s: %s", path, error.text);
    check_text(&evidence, "host.system_id", json_object_get(conditions, "system_id"));
    const json_t *cloud = json_object_get(conditions, "cloud_metadata");
    if (json_is_array(cloud)) {
        check_text(&evidence, "host.cloud", json_array_get(cloud, 0));
        check_text(&evidence, "host.instance_type", json_array_get(cloud, 1));
        check_text(&evidence, "host.region", json_array_get(cloud, 3));
    }
    const json_t *rhel = json_object_get(conditions, "rhel");
    if (json_is_object(rhel)) {
        check_text(&evidence, "host.arch", json_object_get(rhel, "arch"));
        assert_float_equal(ros_evidence_fact(&evidence, "host.rhel.major")->number,
                           json_number_value(json_object_get(rhel, "major")), 0);
        assert_float_equal(ros_evidence_fact(&evidence, "host.rhel.minor")->number,
                           json_number_value(json_object_get(rhel, "minor")), 0);
    }
    const json_t *psi = json_object_get(conditions, "psi_enabled");
    if (json_is_boolean(psi))
        assert_int_equal(ros_evidence_fact(&evidence, "host.psi_enabled")->truth, json_is_true(psi));
    json_object_foreach((json_t *) profile, key, value)
    {
        if (strchr(key, '.') != NULL)
            check_mean(&evidence, key, value);
    }
}

static void test_records(void **state)
{
    char path[1000];
    size_t count = 0;
    (void) state;
    snprintf(path, sizeof(path), "%s/golden.jsonl", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    json_t *record;
    while ((record = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        check_record(record);
        json_decref(record);
        count++;
    }
    assert_true(feof(file));
    fclose(file);
    assert_true(count > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_records)};
    folder = argc > 1 ? argv[1] : ".";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
