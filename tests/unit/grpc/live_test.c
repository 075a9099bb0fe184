/*
 * The gRPC server on a socket, without a database: what needs none is answered, what does is refused in order, hostile
 * bytes get a status, and nobody else notices.
 */
#include "tests/unit/grpc/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/ros/v1/systems.pb-c.h"
#include "services/common/metrics.h"

#define STATUS "/ros.v1.Systems/GetStatus"
#define LIST "/ros.v1.Systems/ListSystems"
#define GET "/ros.v1.Systems/GetSystem"

static void expect_status_ok(const struct fixture *f)
{
    Ros__V1__GetStatusRequest in = ROS__V1__GET_STATUS_REQUEST__INIT;
    ProtobufCMessage *out = NULL;
    assert_int_equal(ask(f, STATUS, &in.base, NULL, &ros__v1__get_status_response__descriptor, &out, NULL),
                     GRPC_STATUS_OK);
    assert_non_null(out);
    assert_string_equal(((Ros__V1__GetStatusResponse *) out)->status, "Application is running!");
    protobuf_c_message_free_unpacked(out, NULL);
}

static void test_an_answer(void **state)
{
    const struct fixture *f = *state;
    ros_auto(ros_buf) struct ros_buf metrics = ROS_BUF_INIT;
    expect_status_ok(f);
    assert_int_equal(ros_metrics_write(f->metrics, &metrics), ROS_OK);
    assert_non_null(strstr(ros_buf_text(&metrics), "ros_grpc_calls_total{method=\"" STATUS "\",code=\"00\"}"));
}

static void test_refusals(void **state)
{
    const struct fixture *f = *state;
    static char up[] = "up", nope[] = "no\xc3\xafpe", bad_id[] = "zzz", id[] = "c4d467f2-9cd6-4ed0-a885-9f14dc4282f0";
    static char *states[] = {nope};
    Ros__V1__ListSystemsRequest plain = ROS__V1__LIST_SYSTEMS_REQUEST__INIT;
    Ros__V1__ListSystemsRequest odd_order = plain;
    Ros__V1__ListSystemsRequest odd_sort = plain;
    Ros__V1__ListSystemsRequest odd_state = plain;
    Ros__V1__GetSystemRequest odd_system = ROS__V1__GET_SYSTEM_REQUEST__INIT;
    Ros__V1__GetSystemRequest system = ROS__V1__GET_SYSTEM_REQUEST__INIT;
    odd_order.order_how = up;
    odd_sort.order_by = nope;
    odd_state.state = states;
    odd_state.n_state = 1;
    odd_system.inventory_id = bad_id;
    system.inventory_id = id;
    const struct {
        const char *path;
        const ProtobufCMessage *in;
        struct call_options options;
        grpc_status_code status;
        const char *text; /* within the status's text */
    } rows[] = {
        {LIST, &plain.base, {0}, GRPC_STATUS_UNAUTHENTICATED, "token not provided"},
        {LIST, &plain.base, {.identity = "!!!"}, GRPC_STATUS_INVALID_ARGUMENT, "x-rh-identity"},
        {LIST, &plain.base, {.identity = "e30="}, GRPC_STATUS_INVALID_ARGUMENT, "identity"},
        {LIST, &plain.base, {IDENTITY, IDENTITY, NULL, 0, false}, GRPC_STATUS_INVALID_ARGUMENT, "more than once"},
        {LIST, &odd_order.base, {.identity = IDENTITY}, GRPC_STATUS_INVALID_ARGUMENT, "ASC/DESC"},
        {LIST, &odd_sort.base, {.identity = IDENTITY}, GRPC_STATUS_INVALID_ARGUMENT, "sort method no\xc3\xafpe"},
        {LIST, &odd_state.base, {.identity = IDENTITY}, GRPC_STATUS_INVALID_ARGUMENT, "not matching"},
        {GET, &odd_system.base, {.identity = IDENTITY}, GRPC_STATUS_NOT_FOUND, "UUID"},
        {GET, &system.base, {0}, GRPC_STATUS_UNAUTHENTICATED, "token not provided"},
        /* the database is away: said in general words */
        {LIST, &plain.base, {.identity = IDENTITY}, GRPC_STATUS_UNAVAILABLE, "does not answer"},
        {"/ros.v1.Systems/Nothing", &plain.base, {0}, GRPC_STATUS_UNIMPLEMENTED, "no such method"},
        {"/nobody.Knows/This", &plain.base, {0}, GRPC_STATUS_UNIMPLEMENTED, "no such method"},
        {"//", &plain.base, {0}, GRPC_STATUS_UNIMPLEMENTED, "no such method"},
    };
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        grpc_status_code status = ask(f, rows[i].path, rows[i].in, &rows[i].options, NULL, NULL, &text);
        if (status != rows[i].status || strstr(ros_buf_text(&text), rows[i].text) == NULL)
            fail_msg("row %zu: status %d, `%s`", i, (int) status, ros_buf_text(&text));
        assert_null(strstr(ros_buf_text(&text), "127.0.0.1")); /* nothing of our side of the house */
    }
    expect_status_ok(f);
}

static void test_hostile_messages(void **state)
{
    const struct fixture *f = *state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *why;
    } rows[] = {
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, "a tag that never ends"},
        {"\x2a\xff\xff\xff\xff\x0f", 6, "a length beyond the message"},
        {"\x2a\x02\xc3\x28", 4, "display_name that is not UTF-8"},
        {"\x32\x01\xff", 3, "a state that is not UTF-8"},
        {"\x0b\x0b\x0b\x0b", 4, "groups, which proto3 does not have"},
    };
    const struct call_options options = {.identity = IDENTITY};
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        grpc_status_code status = ask_bytes(f, LIST, rows[i].bytes, rows[i].len, &options, NULL, NULL, &text);
        if (status != GRPC_STATUS_INVALID_ARGUMENT)
            fail_msg("%s: status %d, `%s`", rows[i].why, (int) status, ros_buf_text(&text));
        assert_string_equal(ros_buf_text(&text), "the request message cannot be read");
    }
    assert_int_equal(ask_bytes(f, LIST, NULL, 0, &options, NULL, NULL, &text), GRPC_STATUS_INVALID_ARGUMENT);
    assert_string_equal(ros_buf_text(&text), "there is no request message");
    expect_status_ok(f);
}

static void test_limits(void **state)
{
    const struct fixture *f = *state;
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    struct call_options options = {.identity = IDENTITY};
    for (int i = 0; i < 5 << 20; i += 32)
        ros_buf_puts(&bytes, "\x2a\x1e"
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_int_equal(ros_buf_code(&bytes), ROS_OK);
    /* below 4 MiB it is read (and the database is away), beyond it is not */
    assert_int_equal(ask_bytes(f, LIST, bytes.data, 3 << 20, &options, NULL, NULL, NULL), GRPC_STATUS_UNAVAILABLE);
    assert_int_equal(ask_bytes(f, LIST, bytes.data, bytes.len, &options, NULL, NULL, NULL),
                     GRPC_STATUS_RESOURCE_EXHAUSTED);
    options.compressed = true; /* 3 MiB of one byte are 3 kB on the wire */
    assert_int_equal(ask_bytes(f, LIST, bytes.data, 3 << 20, &options, NULL, NULL, NULL), GRPC_STATUS_UNIMPLEMENTED);
    ros_buf_clear(&bytes);
    for (int i = 0; i < 40000; i++)
        ros_buf_addc(&bytes, 'a');
    const struct call_options fat = {.identity = IDENTITY, .padding = ros_buf_text(&bytes)};
    assert_int_equal(ask_bytes(f, LIST, "", 0, &fat, NULL, NULL, NULL), GRPC_STATUS_RESOURCE_EXHAUSTED);
    expect_status_ok(f);
}

static void test_bytes_that_are_no_http2(void **state)
{
    const struct fixture *f = *state;
    static const char *const rows[] = {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02",
                                       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\x01\x05\xff\xff\xff\xff",
                                       "PRI * HTTP/2.0\r\n\r\n"};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t) f->config.grpc_port)};
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof address) == 0);
        assert_true(send(fd, rows[i], strlen(rows[i]), MSG_NOSIGNAL) > 0);
        close(fd);
        expect_status_ok(f);
    }
}

static void test_a_cancelled_call(void **state)
{
    const struct fixture *f = *state;
    struct call call;
    for (int i = 0; i < 20; i++) { /* with and without a message on its way */
        call_open(&call, f, STATUS, NULL);
        if (i % 2 == 0)
            call_send(&call, "", 0, false);
        call_cancel(&call);
        assert_int_equal(call_status(&call, NULL), GRPC_STATUS_CANCELLED);
        call_close(&call);
    }
    const struct call_options hasty = {.timeout_ms = 1};
    for (int i = 0; i < 20; i++) {
        call_open(&call, f, STATUS, &hasty);
        assert_int_equal(call_status(&call, NULL), GRPC_STATUS_DEADLINE_EXCEEDED);
        call_close(&call);
    }
    expect_status_ok(f);
}

static void *many_calls(void *context)
{
    const struct fixture *f = context;
    static const struct call_options options = {.identity = IDENTITY};
    Ros__V1__GetStatusRequest in = ROS__V1__GET_STATUS_REQUEST__INIT;
    uintptr_t wrong = 0;
    for (int i = 0; i < 50; i++) {
        wrong +=
            ask(f, STATUS, &in.base, NULL, &ros__v1__get_status_response__descriptor, NULL, NULL) != GRPC_STATUS_OK;
        wrong += ask(f, LIST, &in.base, &options, NULL, NULL, NULL) != GRPC_STATUS_UNAVAILABLE;
    }
    return (void *) wrong;
}

static void test_many_at_once(void **state)
{
    pthread_t threads[8];
    for (size_t i = 0; i < ROS_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many_calls, *state), 0);
    for (size_t i = 0; i < ROS_COUNT(threads); i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

static void test_a_taken_port(void **state)
{
    const struct fixture *f = *state;
    struct ros_grpc *second = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    assert_int_equal(ros_grpc_start(f->api, &second, &err), ROS_E_UNAVAILABLE);
    assert_non_null(strstr(err.text, "cannot be opened"));
    expect_status_ok(f);
}

static void test_no_authorisation_is_no_service(void **state)
{
    (void) state;
    static const char *const names[] = {"enable_rbac", "enable_kessel"};
    for (size_t i = 0; i < ROS_COUNT(names); i++) {
        ros_auto(ros_config) struct ros_config config;
        struct ros_api *api = NULL;
        struct ros_error err = ROS_ERROR_INIT;
        assert_int_equal(ros_config_init(&config, NULL), ROS_OK);
        fixture_set(&config, names[i], "true");
        assert_int_equal(ros_api_new(&(struct ros_api_config){.config = &config}, &api, &err), ROS_E_CONFIG);
        assert_null(api);
        assert_non_null(strstr(err.text, names[i]));
        assert_int_equal(ros_code_exit(err.code), 78);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_hostile_messages),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_bytes_that_are_no_http2),
        cmocka_unit_test(test_a_cancelled_call),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_a_taken_port),
        cmocka_unit_test(test_no_authorisation_is_no_service),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
