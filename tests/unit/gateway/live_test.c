/*
 * The gateway on a socket, without a database: what needs none is answered, what does is refused in order, and bytes
 * that are no HTTP harm nobody.
 */
#include "tests/unit/base/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "interp/base/buf.h"
#include "services/api/api.h"
#include "services/common/config.h"
#include "services/common/health.h"
#include "services/common/metrics.h"
#include "services/gateway/gateway.h"
#include "store/pg.h"

struct fixture {
    struct ros_config config;
    struct ros_health *health;
    struct ros_metrics *metrics;
    struct ros_pg_pool *pool;
    struct ros_api *api;
    struct ros_gateway *gateway;
};

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *) &address, sizeof address) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void set(struct ros_config *config, const char *name, const char *value)
{
    enum ros_config_key key;
    assert_int_equal(ros_config_find(name, &key, NULL), ROS_OK);
    assert_int_equal(ros_config_set(config, key, value, ROS_CONFIG_FLAG, NULL), ROS_OK);
}

static int setup(void **state)
{
    static struct fixture f;
    char port[16];
    assert_int_equal(ros_config_init(&f.config, NULL), ROS_OK);
    set(&f.config, "listen_address", "127.0.0.1");
    snprintf(port, sizeof port, "%d", free_port());
    set(&f.config, "api_port", port);
    snprintf(port, sizeof port, "%d", free_port());
    set(&f.config, "metrics_port", port);
    assert_int_equal(ros_health_new(&f.health, NULL), ROS_OK);
    assert_int_equal(ros_metrics_new(&f.metrics, NULL), ROS_OK);
    const struct ros_pg_config pg = {.conninfo = "host=127.0.0.1 port=1", .size = 2};
    assert_int_equal(ros_pg_pool_new(&pg, &f.pool, NULL), ROS_OK);
    const struct ros_api_config api = {.config = &f.config, .pool = f.pool, .metrics = f.metrics, .health = f.health};
    assert_int_equal(ros_api_new(&api, &f.api, NULL), ROS_OK);
    const struct ros_gateway_config gateway = {
        .config = &f.config, .api = f.api, .metrics = f.metrics, .health = f.health};
    assert_int_equal(ros_gateway_start(&gateway, &f.gateway, NULL), ROS_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    ros_gateway_stop(f->gateway);
    ros_api_free(f->api);
    ros_pg_pool_free(f->pool);
    ros_metrics_free(f->metrics);
    ros_health_free(f->health);
    ros_config_done(&f->config);
    return 0;
}

static int connect_to(int64_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t) port)};
    struct timeval timeout = {5, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof address) == 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    return fd;
}

/* Sends bytes as they are and reads until the server closes. Returns the status, -1 when there is no status line. */
static int ask(int64_t port, const char *bytes, size_t len, struct ros_buf *answer)
{
    int fd = connect_to(port);
    char chunk[4096];
    ssize_t n;
    ros_buf_clear(answer);
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
    while ((n = recv(fd, chunk, sizeof chunk, 0)) > 0)
        ros_buf_add(answer, chunk, (size_t) n);
    close(fd);
    int status = -1;
    return sscanf(ros_buf_text(answer), "HTTP/1.1 %d", &status) == 1 ? status : -1;
}

static int get(const struct fixture *f, const char *verb, const char *path, const char *headers, struct ros_buf *answer)
{
    ros_auto(ros_buf) struct ros_buf request = ROS_BUF_INIT;
    ros_buf_printf(&request, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", verb, path, headers);
    return ask(f->config.api_port, request.data, request.len, answer);
}

static void test_what_needs_no_database(void **state)
{
    const struct fixture *f = *state;
    ros_auto(ros_buf) struct ros_buf answer = ROS_BUF_INIT;
    assert_int_equal(get(f, "GET", "/api/ros/v1/status", "", &answer), 200);
    const char *text = ros_buf_text(&answer);
    assert_non_null(strstr(text, "Content-Type: application/json; charset=UTF-8;\r\n"));
    assert_non_null(strstr(text, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(text, "Access-Control-Allow-Origin: *\r\n"));
    assert_non_null(strstr(text, "\r\n\r\n{\"status\": \"Application is running!\"}\n"));
    assert_int_equal(get(f, "HEAD", "/api/ros/v1/status", "", &answer), 200);
    assert_null(strstr(ros_buf_text(&answer), "running"));
    assert_non_null(strstr(ros_buf_text(&answer), "Content-Length: 38\r\n"));
    assert_int_equal(get(f, "GET", "/healthz", "", &answer), 200);
    assert_int_equal(get(f, "GET", "/metrics", "", &answer), 200);
    assert_non_null(strstr(ros_buf_text(&answer), "Content-Type: text/plain; version=0.0.4"));
    assert_non_null(strstr(ros_buf_text(&answer), "ros_http_request_total{method=\"GET\",status=\"200\"}"));
}

static void test_readiness(void **state)
{
    const struct fixture *f = *state;
    ros_auto(ros_buf) struct ros_buf answer = ROS_BUF_INIT;
    ros_health_set(f->health, ROS_HEALTH_POSTGRESQL, false, "no answer");
    assert_int_equal(get(f, "GET", "/readyz", "", &answer), 503);
    assert_non_null(strstr(ros_buf_text(&answer), "\"postgresql\": {\"ready\": false, \"text\": \"no answer\"}"));
    ros_health_set(f->health, ROS_HEALTH_POSTGRESQL, true, NULL);
    assert_int_equal(get(f, "GET", "/readyz", "", &answer), 200);
    static const char request[] = "GET /api/ros/v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_int_equal(ask(f->config.metrics_port, request, sizeof request - 1, &answer), 404);
}

static void test_refusals(void **state)
{
    const struct fixture *f = *state;
    static const struct {
        const char *verb, *path, *headers;
        int status;
    } rows[] = {
        {"GET", "/nowhere", "", 404},
        {"POST", "/api/ros/v1/systems", "Content-Length: 0\r\n", 405},
        {"DELETE", "/api/ros/v1/status", "", 405},
        {"GET", "/api/ros/v1/systems", "", 401},
        {"GET", "/api/ros/v1/systems", "x-rh-identity: !!!\r\n", 400},
        {"GET", "/api/ros/v1/systems", "x-rh-identity: a\r\nX-RH-Identity: b\r\n", 400},
        {"GET", "/api/ros/v1/systems?limit=99999999999", "", 400},
        {"GET", "/api/ros/v1/systems?display_name=%FF", "", 400},
        {"GET", "/api/ros/v1/systems?display_name=a%00b", "", 400},
        /* {"identity":{"org_id":"1"}}: the words are judged before the database is asked */
        {"GET", "/api/ros/v1/systems?state=Nope", "x-rh-identity: eyJpZGVudGl0eSI6eyJvcmdfaWQiOiIxIn19\r\n", 400},
        {"GET", "/api/ros/v1/systems?order_how=up", "x-rh-identity: eyJpZGVudGl0eSI6eyJvcmdfaWQiOiIxIn19\r\n", 403},
        {"GET", "/api/ros/v1/systems/zzz", "x-rh-identity: eyJpZGVudGl0eSI6eyJvcmdfaWQiOiIxIn19\r\n", 404},
        {"GET", "/api/ros/v1/systems", "x-rh-identity: eyJpZGVudGl0eSI6eyJvcmdfaWQiOiIxIn19\r\n", 503},
    };
    ros_auto(ros_buf) struct ros_buf answer = ROS_BUF_INIT;
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        int status = get(f, rows[i].verb, rows[i].path, rows[i].headers, &answer);
        if (status != rows[i].status)
            fail_msg("%s %s: %d, not %d: %s", rows[i].verb, rows[i].path, status, rows[i].status,
                     ros_buf_text(&answer));
        assert_non_null(strstr(ros_buf_text(&answer), rows[i].status == 401 ? "{\"Error\": " : "{\"message\": "));
    }
}

static void test_a_browsers_questions(void **state)
{
    const struct fixture *f = *state;
    ros_auto(ros_buf) struct ros_buf answer = ROS_BUF_INIT;
    assert_int_equal(get(f, "OPTIONS", "/api/ros/v1/systems",
                         "Origin: https://ui.example\r\nAccess-Control-Request-Method: GET\r\n", &answer),
                     200);
    assert_non_null(strstr(ros_buf_text(&answer), "Access-Control-Allow-Origin: https://ui.example\r\n"));
    assert_non_null(strstr(ros_buf_text(&answer), "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"));
    assert_non_null(strstr(ros_buf_text(&answer), "Allow: GET, HEAD, OPTIONS\r\n"));
}

static void test_long_headers(void **state)
{
    const struct fixture *f = *state;
    ros_auto(ros_buf) struct ros_buf header = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf answer = ROS_BUF_INIT;
    ros_buf_puts(&header, "x-long: ");
    for (int i = 0; i < 20000; i++)
        ros_buf_addc(&header, 'a');
    ros_buf_puts(&header, "\r\n");
    assert_int_equal(get(f, "GET", "/api/ros/v1/status", ros_buf_text(&header), &answer), 431);
    for (int i = 0; i < 100000; i++)
        ros_buf_puts(&header, "y: z\r\n");
    int fd = connect_to(f->config.api_port);
    send(fd, header.data, header.len, MSG_NOSIGNAL); /* whatever is made of it, the next request is answered */
    close(fd);
    assert_int_equal(get(f, "GET", "/api/ros/v1/status", "", &answer), 200);
}

static void test_bytes_that_are_no_http(void **state)
{
    const struct fixture *f = *state;
    static const char *const rows[] = {"\r\n\r\n\r\n\r\n",
                                       "GET\r\n\r\n",
                                       "GET / HTTP/9.9\r\n\r\n",
                                       "\x16\x03\x01\x02\x00\x01",
                                       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                                       "POST /api/ros/v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                                       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"};
    ros_auto(ros_buf) struct ros_buf answer = ROS_BUF_INIT;
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        int fd = connect_to(f->config.api_port);
        assert_true(send(fd, rows[i], strlen(rows[i]), MSG_NOSIGNAL) > 0);
        close(fd);
    }
    assert_int_equal(get(f, "GET", "/api/ros/v1/status", "", &answer), 200);
}

static void test_a_taken_port(void **state)
{
    const struct fixture *f = *state;
    struct ros_gateway *second = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    const struct ros_gateway_config config = {.config = &f->config, .api = f->api};
    assert_int_equal(ros_gateway_start(&config, &second, &err), ROS_E_UNAVAILABLE);
    assert_non_null(strstr(err.text, "cannot be opened"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_needs_no_database),
        cmocka_unit_test(test_readiness),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_a_browsers_questions),
        cmocka_unit_test(test_long_headers),
        cmocka_unit_test(test_bytes_that_are_no_http),
        cmocka_unit_test(test_a_taken_port),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
