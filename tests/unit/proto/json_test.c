/* Messages as JSON: every field, null for what is unset, order kept; and fields from the words of a URL. */
#include "tests/unit/base/test.h"

#include <math.h>
#include <string.h>

#include "proto/grpc/health/v1/health.pb-c.h"
#include "proto/grpc/reflection/v1/reflection.pb-c.h"
#include "proto/json.h"
#include "proto/ros/v1/systems.pb-c.h"

static void expect(const ProtobufCMessage *message, const char *json)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    assert_int_equal(ros_proto_json(message, &text), ROS_OK);
    assert_string_equal(ros_buf_text(&text), json);
}

static void test_defaults_and_nulls(void **state)
{
    (void) state;
    Ros__V1__PageLinks links = ROS__V1__PAGE_LINKS__INIT;
    expect(&links.base, "{\"first\": null, \"last\": null, \"next\": null, \"previous\": null}");
    links._next_case = ROS__V1__PAGE_LINKS___NEXT_NEXT;
    links.next = (char *) "/a?b=c";
    expect(&links.base, "{\"first\": null, \"last\": null, \"next\": \"/a?b=c\", \"previous\": null}");
    Ros__V1__IsConfiguredResponse configured = ROS__V1__IS_CONFIGURED_RESPONSE__INIT;
    expect(&configured.base, "{\"success\": false, \"code\": \"\", \"count\": 0, \"systems_stats\": null}");
    Ros__V1__GetStatusRequest empty = ROS__V1__GET_STATUS_REQUEST__INIT;
    expect(&empty.base, "{}");
}

static void test_maps_keep_their_order(void **state)
{
    (void) state;
    Ros__V1__PerformanceUtilization__IoAllEntry a = ROS__V1__PERFORMANCE_UTILIZATION__IO_ALL_ENTRY__INIT;
    Ros__V1__PerformanceUtilization__IoAllEntry b = ROS__V1__PERFORMANCE_UTILIZATION__IO_ALL_ENTRY__INIT;
    Ros__V1__PerformanceUtilization__IoAllEntry *entries[] = {&a, &b};
    a.key = (char *) "z\"z";
    a.value = 1e22;
    b.key = (char *) "a";
    b.value = 0.0116;
    Ros__V1__PerformanceUtilization u = ROS__V1__PERFORMANCE_UTILIZATION__INIT;
    u.cpu = -1;
    u.n_io_all = 2;
    u.io_all = entries;
    expect(&u.base, "{\"cpu\": -1, \"memory\": 0, \"max_io\": null, \"io_all\": {\"z\\\"z\": 1e+22, \"a\": 0.0116}}");
    u._max_io_case = ROS__V1__PERFORMANCE_UTILIZATION___MAX_IO_MAX_IO;
    u.max_io = NAN;
    u.n_io_all = 0;
    expect(&u.base, "{\"cpu\": -1, \"memory\": 0, \"max_io\": \"NaN\", \"io_all\": {}}");
}

static void test_texts_are_ascii(void **state)
{
    (void) state;
    Ros__V1__GetStatusResponse status = ROS__V1__GET_STATUS_RESPONSE__INIT;
    status.status = (char *) "caf\xc3\xa9 \xf0\x9f\x98\x80 \n\x01\x7f\xff";
    expect(&status.base, "{\"status\": \"caf\\u00e9 \\ud83d\\ude00 \\n\\u0001\x7f\\ufffd\"}");
}

static void test_enums_bytes_lists_and_oneofs(void **state)
{
    (void) state;
    Grpc__Health__V1__HealthCheckResponse health = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    health.status = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
    expect(&health.base, "{\"status\": \"SERVING\"}");
    health.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus) 99;
    expect(&health.base, "{\"status\": 99}");
    ProtobufCBinaryData bytes[] = {{1, (uint8_t *) "a"}, {2, (uint8_t *) "ab"}, {3, (uint8_t *) "abc"}, {0, NULL}};
    Grpc__Reflection__V1__FileDescriptorResponse files = GRPC__REFLECTION__V1__FILE_DESCRIPTOR_RESPONSE__INIT;
    files.n_file_descriptor_proto = 4;
    files.file_descriptor_proto = bytes;
    expect(&files.base, "{\"file_descriptor_proto\": [\"YQ==\", \"YWI=\", \"YWJj\", \"\"]}");
    Grpc__Reflection__V1__ServerReflectionRequest asked = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    expect(&asked.base, "{\"host\": \"\"}");
    asked.message_request_case = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES;
    asked.list_services = (char *) "*";
    expect(&asked.base, "{\"host\": \"\", \"list_services\": \"*\"}");
}

static void test_the_cap_of_the_buffer(void **state)
{
    (void) state;
    Ros__V1__GetStatusResponse status = ROS__V1__GET_STATUS_RESPONSE__INIT;
    status.status = (char *) "long enough";
    ros_auto(ros_buf) struct ros_buf text;
    ros_buf_init(&text, NULL, 10);
    assert_int_equal(ros_proto_json(&status.base, &text), ROS_E_LIMIT);
}

static enum ros_code set(Ros__V1__ListSystemsRequest *request, struct ros_arena *arena, const char *name,
                         const char *text, bool *known)
{
    return ros_proto_set_text(&request->base, name, text, arena, known, NULL);
}

static void test_words_into_fields(void **state)
{
    (void) state;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    Ros__V1__ListSystemsRequest request = ROS__V1__LIST_SYSTEMS_REQUEST__INIT;
    bool known;
    assert_int_equal(set(&request, &arena, "limit", "-1", &known), ROS_OK);
    assert_true(known && request._limit_case == ROS__V1__LIST_SYSTEMS_REQUEST___LIMIT_LIMIT && request.limit == -1);
    assert_int_equal(set(&request, &arena, "offset", "2147483648", &known), ROS_E_ARGUMENT);
    assert_int_equal(set(&request, &arena, "offset", "1.5", &known), ROS_E_ARGUMENT);
    assert_int_equal(request._offset_case, 0);
    assert_int_equal(set(&request, &arena, "nonsense", "x", &known), ROS_OK);
    assert_false(known);
    for (int i = 0; i < 9; i++)
        assert_int_equal(set(&request, &arena, "state", i % 2 ? "b" : "a", &known), ROS_OK);
    assert_int_equal(request.n_state, 9);
    for (size_t i = 0; i < 9; i++)
        assert_string_equal(request.state[i], i % 2 ? "b" : "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_and_nulls),    cmocka_unit_test(test_maps_keep_their_order),
        cmocka_unit_test(test_texts_are_ascii),       cmocka_unit_test(test_enums_bytes_lists_and_oneofs),
        cmocka_unit_test(test_the_cap_of_the_buffer), cmocka_unit_test(test_words_into_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
