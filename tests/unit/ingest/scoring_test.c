/*
 * Every branch of the admission of inventory events, as a table: a message, its producer header, what must come out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "services/ingest/scoring.h"

#define ID "\"id\":\"00000000-0000-4000-8000-000000000001\""
#define HOST "\"host\":{" ID ",\"org_id\":\"000001\"}"
#define TIME "\"timestamp\":\"2026-11-23T12:00:00+00:00\""
#define UPLOAD                                                                                                         \
    "\"platform_metadata\":{\"is_ros_v2\":true,\"is_pcp_raw_data_collected\":true,\"url\":\"http://u/x\","             \
    "\"request_id\":\"r1\"}"

static bool flag(void *context, const char *org_id)
{
    (void) context;
    return strcmp(org_id, "off") != 0;
}

static void decide(const char *text, const char *producer, struct ros_decision *ret)
{
    struct ros_broker_header headers[] = {{"producer", "someone", 7}, {"x", NULL, 0}, {"producer", producer, 0}};
    struct ros_broker_message message = {.topic = "t", .timestamp_ms = 5000, .data = text, .size = strlen(text)};
    if (producer != NULL) {
        headers[2].size = strlen(producer);
        message.headers = headers;
        message.header_count = 3;
    }
    assert_int_equal(ros_decide(&message, 4096, flag, NULL, ret, NULL), ROS_OK);
}

static void test_every_branch(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        const char *producer;
        enum ros_decision_kind kind;
        const char *outcome;
    } cases[] = {
        {"", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"{not json", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"[]", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"null", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"{\"a\":\"\xff\"}", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"{}", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"{\"type\":7}", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"{\"type\":\"delete\"}", NULL, ROS_DECISION_IGNORE, "ignored_delete"},
        {"{\"type\":\"Created\"," HOST "}", NULL, ROS_DECISION_IGNORE, "ignored_type"},
        {"{\"type\":\"created\"}", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"{\"type\":\"created\",\"host\":null}", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"{\"type\":\"created\",\"host\":{" ID "}}", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"{\"type\":\"created\",\"host\":{" ID ",\"org_id\":1}}", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"{\"type\":\"created\",\"host\":{" ID ",\"org_id\":\"a\\u0001\"}}", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"{\"type\":\"created\",\"host\":{" ID ",\"org_id\":\"off\"}}", NULL, ROS_DECISION_IGNORE, "ignored_flag_off"},
        {"{\"type\":\"created\",\"host\":{\"id\":\"x\",\"org_id\":\"off\"}}", NULL, ROS_DECISION_IGNORE,
         "ignored_flag_off"},
        {"{\"type\":\"created\",\"host\":{\"id\":\"x\",\"org_id\":\"1\"}}", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"{\"type\":\"created\"," HOST "}", NULL, ROS_DECISION_IGNORE, "ignored_no_upload"},
        {"{\"type\":\"created\"," HOST ",\"platform_metadata\":null}", NULL, ROS_DECISION_IGNORE, "ignored_no_upload"},
        {"{\"type\":\"created\"," HOST ",\"platform_metadata\":[]}", NULL, ROS_DECISION_DEAD, "dead_message"},
        {"{\"type\":\"created\"," HOST ",\"platform_metadata\":{\"is_ros\":true}}", NULL, ROS_DECISION_IGNORE,
         "ignored_not_ros"},
        {"{\"type\":\"created\"," HOST ",\"platform_metadata\":{\"is_ros_v2\":\"\"}}", NULL, ROS_DECISION_IGNORE,
         "ignored_not_ros"},
        {"{\"type\":\"created\"," HOST ",\"platform_metadata\":{\"is_ros_v2\":1,\"request_id\":\"r\"}}", NULL,
         ROS_DECISION_DEAD, "dead_message"},
        {"{\"type\":\"created\"," HOST ",\"platform_metadata\":{\"is_ros_v2\":1,\"url\":\"http://u\"}}", NULL,
         ROS_DECISION_DEAD, "dead_message"},
        {"{\"type\":\"created\"," HOST "," UPLOAD "}", NULL, ROS_DECISION_FETCH, "fetch"},
        {"{\"type\":\"updated\"," HOST "," UPLOAD "}", NULL, ROS_DECISION_FETCH, "fetch"},
        {"{\"type\":\"updated\"," HOST "," UPLOAD "}", "Host-Inventory-Service", ROS_DECISION_FETCH, "fetch"},
        {"{\"type\":\"updated\"," HOST "," UPLOAD "}", "host-inventory-service-1", ROS_DECISION_API, "api"},
        {"{\"type\":\"updated\"," HOST "}", "a-host-inventory-service-1", ROS_DECISION_API, "api"},
        {"{\"type\":\"updated\"," HOST ",\"platform_metadata\":null}", "host-inventory-service", ROS_DECISION_API,
         "api"},
        {"{\"type\":\"updated\"," HOST ",\"platform_metadata\":3}", "host-inventory-service", ROS_DECISION_DEAD,
         "dead_message"},
        {"{\"type\":\"created\"," HOST "}", "host-inventory-service", ROS_DECISION_IGNORE, "ignored_no_upload"},
        {"{\"type\":\"updated\"," HOST "," UPLOAD "}", "", ROS_DECISION_FETCH, "fetch"},
    };
    for (size_t i = 0; i < ROS_COUNT(cases); i++) {
        ros_auto(ros_decision) struct ros_decision decision;
        decide(cases[i].text, cases[i].producer, &decision);
        if (decision.kind != cases[i].kind || strcmp(decision.outcome, cases[i].outcome) != 0)
            fail_msg("case %zu: %s -> %s (%s)", i, cases[i].text, decision.outcome, decision.reason.text);
        if (decision.kind == ROS_DECISION_DEAD)
            assert_true(decision.reason.code == ROS_E_MESSAGE && decision.reason.text[0] != '\0');
    }
}

static void test_what_a_fetch_knows(void **state)
{
    (void) state;
    ros_auto(ros_decision) struct ros_decision decision;
    decide("{\"type\":\"created\"," TIME "," HOST "," UPLOAD "}", NULL, &decision);
    assert_string_equal(decision.org_id, "000001");
    assert_string_equal(decision.host_id, "00000000-0000-4000-8000-000000000001");
    assert_string_equal(decision.request_id, "r1");
    assert_string_equal(decision.url, "http://u/x");
    assert_true(decision.has_pcp);
    assert_int_equal(decision.report_date_us, INT64_C(1795435200000000));
}

static void test_fallbacks(void **state)
{
    (void) state;
    ros_auto(ros_decision) struct ros_decision decision;
    decide("{\"type\":\"created\",\"timestamp\":\"yesterday\"," HOST ",\"metadata\":{\"request_id\":\"m1\"},"
           "\"platform_metadata\":{\"is_ros_v2\":true,\"url\":\"http://u/x\",\"is_pcp_raw_data_collected\":0}}",
           NULL, &decision);
    assert_int_equal(decision.kind, ROS_DECISION_FETCH);
    assert_string_equal(decision.request_id, "m1");
    assert_false(decision.has_pcp);
    assert_int_equal(decision.report_date_us, 5000000); // the broker's time
}

static void test_bounds(void **state)
{
    (void) state;
    struct ros_broker_message message = {.topic = "t", .timestamp_ms = -1, .data = "{}", .size = 2};
    ros_auto(ros_decision) struct ros_decision large;
    assert_int_equal(ros_decide(&message, 1, flag, NULL, &large, NULL), ROS_OK);
    assert_int_equal(large.kind, ROS_DECISION_DEAD);
    assert_int_equal(large.reason.code, ROS_E_LIMIT);
    ros_auto(ros_decision) struct ros_decision tombstone;
    message.data = NULL;
    message.size = 0;
    assert_int_equal(ros_decide(&message, 1, flag, NULL, &tombstone, NULL), ROS_OK);
    assert_string_equal(tombstone.outcome, "ignored_tombstone");
    ros_auto(ros_decision) struct ros_decision timeless;
    message.data = "{\"type\":\"created\"," HOST "," UPLOAD "}";
    message.size = strlen(message.data);
    assert_int_equal(ros_decide(&message, 4096, flag, NULL, &timeless, NULL), ROS_OK);
    assert_int_equal(timeless.kind, ROS_DECISION_DEAD);
}

/* Every prefix and every single changed byte of a good message: a decision, never a crash. */
static void test_mutations(void **state)
{
    (void) state;
    static const char good[] = "{\"type\":\"created\"," TIME "," HOST "," UPLOAD "}";
    for (size_t i = 0; i < sizeof good - 1; i++) {
        char text[sizeof good];
        memcpy(text, good, sizeof good);
        struct ros_broker_message message = {.topic = "t", .timestamp_ms = 1, .data = text, .size = i};
        ros_auto(ros_decision) struct ros_decision cut;
        assert_int_equal(ros_decide(&message, 4096, flag, NULL, &cut, NULL), ROS_OK);
        assert_int_equal(cut.kind, ROS_DECISION_DEAD);
        message.size = sizeof good - 1;
        for (unsigned byte = 0; byte < 256; byte += 5) {
            text[i] = (char) byte;
            ros_auto(ros_decision) struct ros_decision changed;
            assert_int_equal(ros_decide(&message, 4096, flag, NULL, &changed, NULL), ROS_OK);
            assert_non_null(changed.outcome);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_branch), cmocka_unit_test(test_what_a_fetch_knows),
        cmocka_unit_test(test_fallbacks),    cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
