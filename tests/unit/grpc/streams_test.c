/* Health and reflection over real streams: changes are told, questions are answered in turn, and a stop ends them all.
 */
#include "tests/unit/grpc/client.h"

#include <stdio.h>
#include <string.h>

#include "interp/base/clock.h"
#include "proto/google/protobuf/descriptor.pb-c.h"
#include "proto/grpc/health/v1/health.pb-c.h"
#include "proto/grpc/reflection/v1/reflection.pb-c.h"
#include "services/common/health.h"

#define CHECK "/grpc.health.v1.Health/Check"
#define WATCH "/grpc.health.v1.Health/Watch"
#define REFLECTION "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
#define REFLECTION_ALPHA "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"

typedef Grpc__Reflection__V1__ServerReflectionRequest question;
typedef Grpc__Reflection__V1__ServerReflectionResponse answer;
#define QUESTION_INIT GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT
#define ASK(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name
#define GOT(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

enum { SERVING = 1, NOT_SERVING = 2, SERVICE_UNKNOWN = 3 };

/* --- health ------------------------------------------------------------------------------------------------------- */

static int check(const struct fixture *f, const char *service, grpc_status_code expected)
{
    Grpc__Health__V1__HealthCheckRequest in = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    ProtobufCMessage *out = NULL;
    char name[64];
    snprintf(name, sizeof name, "%s", service);
    in.service = name;
    assert_int_equal(ask(f, CHECK, &in.base, NULL, &grpc__health__v1__health_check_response__descriptor, &out, NULL),
                     expected);
    if (out == NULL)
        return -1;
    int status = (int) ((Grpc__Health__V1__HealthCheckResponse *) out)->status;
    protobuf_c_message_free_unpacked(out, NULL);
    return status;
}

static void test_check(void **state)
{
    const struct fixture *f = *state;
    assert_int_equal(check(f, "", GRPC_STATUS_OK), SERVING);
    assert_int_equal(check(f, "ros.v1.Systems", GRPC_STATUS_OK), SERVING);
    assert_int_equal(check(f, "ros.v1.System", GRPC_STATUS_NOT_FOUND), -1);
    ros_health_set(f->health, ROS_HEALTH_POSTGRESQL, false, "away");
    assert_int_equal(check(f, "", GRPC_STATUS_OK), NOT_SERVING);
    assert_int_equal(check(f, "ros.v1.Systems", GRPC_STATUS_OK), NOT_SERVING);
    ros_health_set(f->health, ROS_HEALTH_POSTGRESQL, true, NULL);
    assert_int_equal(check(f, "", GRPC_STATUS_OK), SERVING);
}

static void open_watch(struct call *call, const struct fixture *f, const char *service)
{
    Grpc__Health__V1__HealthCheckRequest in = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    char name[64];
    snprintf(name, sizeof name, "%s", service);
    in.service = name;
    call_open(call, f, WATCH, NULL);
    assert_true(call_send_message(call, &in.base));
    call_half_close(call);
}

static void expect_told(struct call *call, int status)
{
    ProtobufCMessage *out = call_receive(call, &grpc__health__v1__health_check_response__descriptor);
    assert_non_null(out);
    assert_int_equal(((Grpc__Health__V1__HealthCheckResponse *) out)->status, status);
    protobuf_c_message_free_unpacked(out, NULL);
}

static void test_watch(void **state)
{
    const struct fixture *f = *state;
    struct call all, service, nobody;
    open_watch(&all, f, "");
    open_watch(&service, f, "ros.v1.Systems");
    open_watch(&nobody, f, "nobody.Knows");
    expect_told(&nobody, SERVICE_UNKNOWN);
    for (int round = 0; round < 2; round++) {
        expect_told(&all, SERVING);
        expect_told(&service, SERVING);
        ros_health_set(f->health, ROS_HEALTH_CACHE, false, "away");
        expect_told(&all, NOT_SERVING);
        expect_told(&service, NOT_SERVING);
        ros_health_set(f->health, ROS_HEALTH_CACHE, true, NULL);
    }
    call_close(&service); /* cancelled; the others go on */
    expect_told(&all, SERVING);
    call_close(&all);
    call_close(&nobody);
}

/* --- reflection --------------------------------------------------------------------------------------------------- */

static answer *put(struct call *call, question *asked)
{
    assert_true(call_send_message(call, &asked->base));
    ProtobufCMessage *out = call_receive(call, &grpc__reflection__v1__server_reflection_response__descriptor);
    assert_non_null(out);
    return (answer *) out;
}

static void drop(answer *got)
{
    protobuf_c_message_free_unpacked(&got->base, NULL);
}

static void expect_services(struct call *call)
{
    static const char *const expected[] = {"ros.v1.Systems", "grpc.health.v1.Health",
                                           "grpc.reflection.v1.ServerReflection",
                                           "grpc.reflection.v1alpha.ServerReflection"};
    static char any[] = "*";
    question asked = QUESTION_INIT;
    asked.message_request_case = ASK(LIST_SERVICES);
    asked.list_services = any;
    answer *got = put(call, &asked);
    assert_int_equal(got->message_response_case, GOT(LIST_SERVICES_RESPONSE));
    assert_int_equal(got->list_services_response->n_service, ROS_COUNT(expected));
    for (size_t i = 0; i < ROS_COUNT(expected); i++)
        assert_string_equal(got->list_services_response->service[i]->name, expected[i]);
    drop(got);
}

/* The answer's files: the first is `name`, and none needs one that is not there. */
static void expect_files(answer *got, const char *name)
{
    assert_int_equal(got->message_response_case, GOT(FILE_DESCRIPTOR_RESPONSE));
    Grpc__Reflection__V1__FileDescriptorResponse *files = got->file_descriptor_response;
    Google__Protobuf__FileDescriptorProto *protos[16];
    assert_in_range(files->n_file_descriptor_proto, 1, ROS_COUNT(protos));
    for (size_t i = 0; i < files->n_file_descriptor_proto; i++) {
        const ProtobufCBinaryData *bytes = &files->file_descriptor_proto[i];
        protos[i] = google__protobuf__file_descriptor_proto__unpack(NULL, bytes->len, bytes->data);
        assert_non_null(protos[i]);
    }
    assert_string_equal(protos[0]->name, name);
    for (size_t i = 0; i < files->n_file_descriptor_proto; i++)
        for (size_t k = 0; k < protos[i]->n_dependency; k++) {
            bool found = false;
            for (size_t n = 0; n < files->n_file_descriptor_proto; n++)
                found = found || strcmp(protos[n]->name, protos[i]->dependency[k]) == 0;
            if (!found)
                fail_msg("%s is not there", protos[i]->dependency[k]);
        }
    for (size_t i = 0; i < files->n_file_descriptor_proto; i++)
        google__protobuf__file_descriptor_proto__free_unpacked(protos[i], NULL);
    drop(got);
}

static answer *ask_symbol(struct call *call, const char *symbol)
{
    char name[128];
    question asked = QUESTION_INIT;
    snprintf(name, sizeof name, "%s", symbol);
    asked.message_request_case = ASK(FILE_CONTAINING_SYMBOL);
    asked.file_containing_symbol = name;
    return put(call, &asked);
}

static void expect_error(answer *got, int code)
{
    assert_int_equal(got->message_response_case, GOT(ERROR_RESPONSE));
    assert_int_equal(got->error_response->error_code, code);
    drop(got);
}

static void test_reflection(void **state)
{
    static const char *const paths[] = {REFLECTION, REFLECTION_ALPHA};
    static char file[] = "grpc/health/v1/health.proto", options[] = "google.protobuf.MethodOptions";
    for (size_t i = 0; i < ROS_COUNT(paths); i++) {
        struct call call;
        call_open(&call, *state, paths[i], NULL);
        expect_services(&call);
        expect_files(ask_symbol(&call, "ros.v1.Systems"), "ros/v1/systems.proto");
        expect_files(ask_symbol(&call, "ros.v1.Systems.GetSystem"), "ros/v1/systems.proto");
        expect_files(ask_symbol(&call, "ros.v1.PageMeta"), "ros/v1/systems.proto");
        expect_error(ask_symbol(&call, "ros.v1.Nothing"), GRPC_STATUS_NOT_FOUND);
        expect_error(ask_symbol(&call, ""), GRPC_STATUS_NOT_FOUND);
        question asked = QUESTION_INIT;
        expect_error(put(&call, &asked), GRPC_STATUS_UNIMPLEMENTED);
        asked.message_request_case = ASK(FILE_BY_FILENAME);
        asked.file_by_filename = file;
        expect_files(put(&call, &asked), file);
        Grpc__Reflection__V1__ExtensionRequest extension = GRPC__REFLECTION__V1__EXTENSION_REQUEST__INIT;
        extension.containing_type = options;
        extension.extension_number = 72295728;
        asked.message_request_case = ASK(FILE_CONTAINING_EXTENSION);
        asked.file_containing_extension = &extension;
        expect_files(put(&call, &asked), "google/api/annotations.proto");
        extension.extension_number = 1;
        expect_error(put(&call, &asked), GRPC_STATUS_NOT_FOUND);
        call_half_close(&call);
        assert_null(call_receive(&call, &grpc__reflection__v1__server_reflection_response__descriptor));
        assert_int_equal(call_status(&call, NULL), GRPC_STATUS_OK);
        call_close(&call);
    }
}

static void test_a_question_that_cannot_be_read(void **state)
{
    struct call call;
    call_open(&call, *state, REFLECTION, NULL);
    expect_services(&call);
    assert_true(call_send(&call, "\x3a\xff", 2, false));
    assert_int_equal(call_status(&call, NULL), GRPC_STATUS_INVALID_ARGUMENT);
    call_close(&call);
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void test_a_stop_ends_open_streams(void **state)
{
    struct fixture *f = *state;
    struct call watch, reflection, gone;
    open_watch(&watch, f, "");
    expect_told(&watch, SERVING);
    call_open(&reflection, f, REFLECTION, NULL);
    expect_services(&reflection);
    int64_t before_us = ros_clock_mono_us(ros_clock_system());
    ros_grpc_stop(f->server);
    f->server = NULL;
    int64_t took_us = ros_clock_mono_us(ros_clock_system()) - before_us;
    assert_in_range(took_us, 0, 3000000); /* well below the grace time: nobody had to be cut off */
    assert_int_equal(call_status(&watch, NULL), GRPC_STATUS_UNAVAILABLE);
    assert_int_equal(call_status(&reflection, NULL), GRPC_STATUS_UNAVAILABLE);
    call_open(&gone, f, CHECK, NULL);
    assert_int_equal(call_status(&gone, NULL), GRPC_STATUS_UNAVAILABLE);
    call_close(&gone);
    call_close(&reflection);
    call_close(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_reflection),
        cmocka_unit_test(test_a_question_that_cannot_be_read),
        cmocka_unit_test(test_a_stop_ends_open_streams), /* the last: it takes the server away */
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
