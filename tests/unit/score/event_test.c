/*
 * Made-up uploads, scored by the shipped rules, as the messages that leave: shape and order of every kind, what fills
 * in for what is absent, and what never leaves. Then the active rule set: what is broken never replaces what works.
 */
#include "tests/unit/base/test.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "services/score/event.h"
#include "services/score/rules.h"
#include "services/score/score.h"
#include "tests/unit/intake/fixture.h"
#include "tools/samples/samples.h"

#define REPORT_DATE_US 1764000000123456

static const char message_text[] =
    "{\"type\": \"created\", \"timestamp\": \"2026-11-24T00:00:00Z\", \"metadata\": null,"
    " \"platform_metadata\": {\"request_id\": \"r-1\", \"is_ros_v2\": true},"
    " \"host\": {\"id\": \"8f2c1c1e-0000-4000-8000-000000000001\", \"org_id\": \"org\", \"fqdn\": null,"
    "  \"display_name\": \"one\", \"stale_timestamp\": \"2026-12-01T00:00:00Z\", \"groups\": [], \"other\": 1,"
    "  \"system_profile\": {\"operating_system\": {\"name\": \"RHEL\", \"major\": 9, \"minor\": 2},"
    "   \"cloud_provider\": \"aws\", \"cloud_metadata\": {\"instance_type\": \"t3.nano\", \"region\": "
    "\"eu-west-1\"}}}}";

#define BASE_KEYS                                                                                                      \
    "type org_id platform_metadata id display_name stale_timestamp groups operating_system cloud_provider "
#define VERDICT_KEYS                                                                                                   \
    "cpu_states io_states memory_states state instance_type region performance_record performance_utilization "        \
    "report_date rule_hit_details number_of_recommendations psi_enabled top_candidate top_candidate_price "
#define HIT_KEYS "key tags type links details rule_id component system_id "
#define RECORD_KEYS                                                                                                    \
    "hinv.ncpu mem.physmem mem.util.available disk.dev.total kernel.all.cpu.idle kernel.all.pressure.cpu.some.avg "    \
    "kernel.all.pressure.io.full.avg kernel.all.pressure.io.some.avg kernel.all.pressure.memory.full.avg "             \
    "kernel.all.pressure.memory.some.avg total_cpus "

struct scored {
    struct ros_rules *rules;
    struct ros_scorer *scorer;
    struct ros_evidence evidence;
    struct ros_outcome outcome;
    json_t *message;
    json_t *event;
};

static const char *rules_path(void)
{
    static char path[4096];
    const char *source = getenv("ROS_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/rules/rightsizing.ros", source != NULL ? source : ".");
    return path;
}

static void begin(struct scored *s, const struct ros_buf *upload)
{
    struct ros_error err = ROS_ERROR_INIT;
    memset(s, 0, sizeof *s);
    s->message = json_loads(message_text, 0, NULL);
    assert_non_null(s->message);
    assert_int_equal(ros_rules_new(&s->rules, &err), ROS_OK);
    assert_int_equal(ros_rules_load(s->rules, rules_path(), NULL, NULL, &err), ROS_OK);
    struct ros_program *program = ros_rules_get(s->rules);
    assert_int_equal(ros_scorer_new(program, NULL, &s->scorer, &err), ROS_OK);
    ros_program_unref(program); /* the scorer has its own reference */
    assert_int_equal(fixture_intake(upload, NULL, &s->evidence, &err), ROS_OK);
}

static enum ros_code build(struct scored *s, enum ros_event_kind kind, struct ros_error *reterr)
{
    json_decref(s->event);
    s->event = NULL;
    return ros_event_build(&(struct ros_event_input){.kind = kind,
                                                     .message = s->message,
                                                     .evidence = &s->evidence,
                                                     .outcome = kind == ROS_EVENT_PCP ? &s->outcome : NULL,
                                                     .report_date_us = REPORT_DATE_US},
                           &s->event, reterr);
}

static void end(struct scored *s)
{
    json_decref(s->event);
    json_decref(s->message);
    ros_evidence_done(&s->evidence);
    ros_scorer_free(s->scorer);
    ros_rules_free(s->rules);
}

/* Intake, score and build of a made-up host of this kind. */
static void score(struct scored *s, enum sample_kind kind)
{
    ros_auto(ros_buf) struct ros_buf upload = ROS_BUF_INIT;
    fixture_sample(&upload, 7, kind);
    begin(s, &upload);
    struct ros_error err = ROS_ERROR_INIT;
    assert_int_equal(ros_scorer_run(s->scorer, &s->evidence, &s->outcome, &err), ROS_OK);
    assert_int_equal(build(s, kind == SAMPLE_NO_PCP ? ROS_EVENT_NO_PCP : ROS_EVENT_PCP, &err), ROS_OK);
}

static const char *keys_of(const json_t *object)
{
    static char text[2048];
    const char *key;
    json_t *value;
    size_t at = 0;
    text[0] = '\0';
    json_object_foreach((json_t *) object, key, value) at += (size_t) snprintf(text + at, sizeof text - at, "%s ", key);
    return text;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "(no text)";
}

static const json_t *only_hit(const struct scored *s)
{
    const json_t *hits = json_object_get(s->event, "rule_hit_details");
    assert_int_equal(json_array_size(hits), 1);
    return json_array_get(hits, 0);
}

static json_int_t count_of(const struct scored *s)
{
    return json_integer_value(json_object_get(s->event, "number_of_recommendations"));
}

static void test_base_is_the_description_only(void **state)
{
    (void) state;
    struct scored s = {.message = json_loads(message_text, 0, NULL)};
    struct ros_error err = ROS_ERROR_INIT;
    assert_int_equal(build(&s, ROS_EVENT_BASE, &err), ROS_OK);
    assert_string_equal(keys_of(s.event), BASE_KEYS); /* fqdn is null, and left out; `other` is nobody's */
    assert_string_equal(text_of(s.event, "cloud_provider"), "aws");
    assert_string_equal(text_of(json_object_get(s.event, "platform_metadata"), "request_id"), "r-1");
    json_object_set_new(s.message, "host", json_array());
    assert_int_equal(build(&s, ROS_EVENT_BASE, &err), ROS_E_MESSAGE);
    json_decref(s.message);
}

static void test_an_idle_host(void **state)
{
    (void) state;
    struct scored s;
    score(&s, SAMPLE_IDLE);
    assert_string_equal(keys_of(s.event), BASE_KEYS VERDICT_KEYS);
    assert_string_equal(text_of(s.event, "state"), "Idling");
    assert_string_equal(text_of(s.event, "report_date"), "2025-11-24T16:00:00.123456+00:00");
    assert_int_equal(count_of(&s), 1);
    assert_string_equal(keys_of(json_object_get(s.event, "performance_record")), RECORD_KEYS);
    const json_t *hit = only_hit(&s);
    assert_string_equal(keys_of(hit), HIT_KEYS);
    assert_string_equal(text_of(hit, "rule_id"), "ros_instance_evaluation|INSTANCE_IDLE");
    const json_t *details = json_object_get(hit, "details");
    assert_string_equal(keys_of(details),
                        "rhel cloud_provider instance_type region price candidates states type error_key ");
    const json_t *best = json_array_get(json_object_get(details, "candidates"), 0);
    assert_string_equal(json_string_value(json_array_get(best, 0)), text_of(s.event, "top_candidate"));
    assert_true(json_equal(json_array_get(best, 1), json_object_get(s.event, "top_candidate_price")));
    double own = json_real_value(json_object_get(details, "price"));
    assert_true(own > 0 && json_real_value(json_array_get(best, 1)) <= own); /* never dearer than what it replaces */
    end(&s);
}

static void test_each_kind_has_its_state(void **state)
{
    (void) state;
    static const struct {
        enum sample_kind kind;
        const char *state;
        int count;
    } rows[] = {{SAMPLE_IDLE, "Idling", 1},
                {SAMPLE_UNDERSIZED, "Undersized", 1},
                {SAMPLE_UNDER_PRESSURE, "Under pressure", 1},
                {SAMPLE_OPTIMISED, "Optimized", 0},
                {SAMPLE_NO_PCP, "Waiting for data", -1}};
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        struct scored s;
        score(&s, rows[i].kind);
        assert_string_equal(keys_of(s.event), BASE_KEYS VERDICT_KEYS);
        assert_string_equal(text_of(s.event, "state"), rows[i].state);
        assert_int_equal(count_of(&s), rows[i].count);
        assert_int_equal(json_array_size(json_object_get(s.event, "rule_hit_details")), rows[i].count != 0);
        end(&s);
    }
}

static void test_no_pcp_data(void **state)
{
    (void) state;
    struct scored s;
    score(&s, SAMPLE_NO_PCP);
    char *shown = json_dumps(json_object_get(s.event, "performance_utilization"), JSON_REAL_PRECISION(3));
    assert_string_equal(shown, "{\"memory\": -1, \"cpu\": -1, \"max_io\": -1.0, \"io\": {}}");
    free(shown);
    assert_int_equal(json_object_size(json_object_get(s.event, "performance_record")), 0);
    assert_string_equal(text_of(only_hit(&s), "component"),
                        "telemetry.rules.plugins.ros.ros_instance_evaluation.report_no_data");
    const json_t *outer = json_object_get(only_hit(&s), "details");
    assert_string_equal(keys_of(outer), "error_key instance_type region states details ");
    assert_string_equal(text_of(json_object_get(outer, "details"), "rhel"), "9.2"); /* the inventory's word */
    end(&s);
}

static void test_the_inventory_fills_in(void **state)
{
    (void) state;
    struct fixture f;
    fixture_begin(&f, 0);
    fixture_text(&f, "root/insights_archive.txt", "");
    fixture_spec(&f, "root", "insights.specs.Specs.uname", "uname",
                 "Linux host 5.14.0-284.11.1.el9_2.x86_64 #1 SMP x x86_64 x86_64 x86_64 GNU/Linux\n");
    fixture_end(&f);
    struct scored s;
    struct ros_error err = ROS_ERROR_INIT;
    begin(&s, &f.bytes);
    assert_int_equal(build(&s, ROS_EVENT_NO_PCP, &err), ROS_OK);
    assert_string_equal(text_of(s.event, "instance_type"), "t3.nano");
    assert_string_equal(text_of(s.event, "region"), "eu-west-1");
    assert_string_equal(text_of(only_hit(&s), "system_id"), "8f2c1c1e-0000-4000-8000-000000000001");
    json_object_del(json_object_get(s.message, "host"), "system_profile");
    assert_int_equal(build(&s, ROS_EVENT_NO_PCP, &err), ROS_OK);
    assert_true(json_is_null(json_object_get(s.event, "instance_type")));
    end(&s);
    fixture_done(&f);
}

static void test_the_same_upload_is_the_same_message(void **state)
{
    (void) state;
    struct scored a;
    struct scored b;
    score(&a, SAMPLE_UNDERSIZED);
    score(&b, SAMPLE_UNDERSIZED);
    char *first = json_dumps(a.event, 0);
    char *second = json_dumps(b.event, 0);
    assert_string_equal(first, second);
    free(first);
    free(second);
    end(&a);
    end(&b);
}

static void test_a_broken_file_keeps_the_old_rules(void **state)
{
    (void) state;
    struct ros_error err = ROS_ERROR_INIT;
    ros_auto_ptr(ros_rules) struct ros_rules *rules = NULL;
    assert_int_equal(ros_rules_new(&rules, &err), ROS_OK);
    assert_null(ros_rules_get(rules));
    assert_int_equal(ros_rules_load(rules, rules_path(), NULL, NULL, &err), ROS_OK);
    struct ros_program *old = ros_rules_get(rules);
    uint64_t generation = ros_rules_generation(rules);

    char path[] = "/tmp/ros-rules-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char *const broken[] = {"ros 1\nlet x = y\nlet z = w\n", /* two errors */
                                         "ros 1\nlet cpu_utilization = 1\n" /* compiles, and lacks every report */};
    for (size_t i = 0; i < ROS_COUNT(broken); i++) {
        ros_auto(ros_buf) struct ros_buf findings = ROS_BUF_INIT;
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, broken[i], strlen(broken[i]), 0), (ssize_t) strlen(broken[i]));
        assert_int_equal(ros_rules_load(rules, path, NULL, &findings, &err), ROS_E_RULES);
        if (i == 0) {
            assert_non_null(strstr(ros_buf_text(&findings), ":2:9"));
            assert_non_null(strstr(ros_buf_text(&findings), ":3:9"));
        }
        struct ros_program *now = ros_rules_get(rules);
        assert_ptr_equal(now, old);
        ros_program_unref(now);
        assert_int_equal(ros_rules_generation(rules), generation);
    }
    assert_int_not_equal(ros_rules_load(rules, "/nowhere/rules.ros", NULL, NULL, &err), ROS_OK);
    ros_program_unref(old);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_is_the_description_only),
        cmocka_unit_test(test_an_idle_host),
        cmocka_unit_test(test_each_kind_has_its_state),
        cmocka_unit_test(test_no_pcp_data),
        cmocka_unit_test(test_the_inventory_fills_in),
        cmocka_unit_test(test_the_same_upload_is_the_same_message),
        cmocka_unit_test(test_a_broken_file_keeps_the_old_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
