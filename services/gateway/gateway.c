/*
 * libmicrohttpd in the pool-of-threads form: a thread waits for its connections by epoll and answers them one at a
 * time, so as many answers are made at once as there are threads.
 */
#include "services/gateway/gateway.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>

#include "interp/base/clock.h"
#include "services/common/config.h"
#include "services/common/health.h"
#include "services/common/log.h"
#include "services/common/metrics.h"
#include "services/gateway/request.h"

#define IDLE_TIMEOUT_S 10
#define CONNECTION_MEMORY (64 * 1024)
#define ADMIN_CONNECTIONS 64

struct server {
    struct ros_gateway *gateway;
    struct MHD_Daemon *daemon;
    const struct ros__routes *routes; /* NULL: the operators' paths only */
};

struct ros_gateway {
    struct ros_gateway_config config;
    struct ros_arena arena;
    struct server api;
    struct server admin;
};

/* --- one request -------------------------------------------------------------------------------------------------- */

static void add_headers(struct MHD_Response *response, const struct ros__answer *answer, const char *origin)
{
    MHD_add_response_header(response, "Content-Type", answer->content_type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "Content-Security-Policy", "script-src 'self';");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Access-Control-Allow-Origin", origin != NULL ? origin : "*");
    if (origin != NULL)
        MHD_add_response_header(response, "Vary", "Origin");
    if (answer->allow != NULL)
        MHD_add_response_header(response, "Allow", answer->allow);
    if (answer->preflight) {
        MHD_add_response_header(response, "Access-Control-Allow-Methods", answer->allow);
        MHD_add_response_header(response, "Access-Control-Allow-Headers", "content-type, x-rh-identity");
    }
}

/* The library reports a method it cannot name as it came: only known ones become a label. */
static const char *verb_label(const char *verb)
{
    static const char *const verbs[] = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < ROS_COUNT(verbs); i++)
        if (strcmp(verb, verbs[i]) == 0)
            return verbs[i];
    return "other";
}

static void count_request(struct ros_metrics *metrics, const char *verb, const struct ros__answer *answer,
                          int64_t since_us)
{
    char status[4] = {(char) ('0' + answer->status / 100), (char) ('0' + answer->status / 10 % 10),
                      (char) ('0' + answer->status % 10), '\0'};
    double seconds = (double) (ros_clock_mono_us(ros_clock_system()) - since_us) / 1e6;
    ros_metrics_count(metrics, ROS_METRIC_HTTP_REQUESTS, verb_label(verb), status);
    ros_metrics_observe(metrics, ROS_METRIC_HTTP_SECONDS, verb_label(verb),
                        answer->route != NULL ? answer->route : "none", seconds);
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct ros__answer *answer)
{
    const char *origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin");
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.len, (void *) (uintptr_t) ros_buf_text(&answer->body), MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    add_headers(response, answer, origin);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned) answer->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *verb,
                                  const char *version, const char *body, size_t *body_size, void **state)
{
    static char started;
    struct server *server = context;
    (void) version, (void) body;
    if (*state == NULL) { /* the head is there; the library wants to hear so before it reads a body */
        *state = &started;
        return MHD_YES;
    }
    if (*body_size > 0) { /* no method takes a body yet */
        *body_size = 0;
        return MHD_YES;
    }
    int64_t since_us = ros_clock_mono_us(ros_clock_system());
    struct ros__answer answer = {.status = MHD_HTTP_INTERNAL_SERVER_ERROR,
                                 .content_type = "application/json; charset=UTF-8;",
                                 .body = ROS_BUF_INIT};
    ros__request_answer(&server->gateway->config, server->routes, connection, verb, url, &answer);
    enum MHD_Result result = send_answer(connection, &answer);
    count_request(server->gateway->config.metrics, verb, &answer, since_us);
    ros_buf_done(&answer.body);
    return result;
}

/* Paths and parameters are decoded by us, after they are split: here they stay as they came. */
static size_t keep_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void) context, (void) connection;
    return strlen(text);
}

/* --- servers ------------------------------------------------------------------------------------------------------ */

static enum ros_code parse_address(const char *text, int64_t port, struct sockaddr_storage *ret,
                                   struct ros_error *reterr)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *) ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) ret;
    memset(ret, 0, sizeof *ret);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t) port);
    } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t) port);
    } else {
        return ros_error_set(reterr, ROS_E_CONFIG, "listen_address is an IP address, not `%s`", text);
    }
    return ROS_OK;
}

static enum ros_code start_server(struct server *server, int64_t port, int64_t threads, int64_t connections,
                                  struct ros_error *reterr)
{
    struct sockaddr_storage address;
    const struct ros_config *config = server->gateway->config.config;
    ROS_TRY(parse_address(config->listen_address, port, &address, reterr));
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | (address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0u);
    errno = 0;
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE,
        threads > 1 ? (unsigned) threads : 0u, MHD_OPTION_CONNECTION_LIMIT, (unsigned) connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned) IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t) CONNECTION_MEMORY, MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL, MHD_OPTION_END);
    if (server->daemon == NULL)
        return ros_error_set(reterr, ROS_E_UNAVAILABLE, "port %lld of %s cannot be opened: %s", (long long) port,
                             config->listen_address, errno != 0 ? strerror(errno) : "is it taken?");
    return ROS_OK;
}

static enum ros_code start_all(struct ros_gateway *gateway, struct ros_error *reterr)
{
    const struct ros_config *config = gateway->config.config;
    ROS_TRY(start_server(&gateway->admin, config->metrics_port, 1, ADMIN_CONNECTIONS, reterr));
    if (gateway->config.api == NULL)
        return ROS_OK;
    struct ros__routes *routes;
    ROS_TRY(ros__routes_new(config->path_prefix, config->app_name, &gateway->arena, &routes, reterr));
    gateway->api.routes = routes;
    ROS_TRY(start_server(&gateway->api, config->api_port, config->api_threads, config->api_connections, reterr));
    ros_health_set(gateway->config.health, ROS_HEALTH_REST, true, NULL);
    return ROS_OK;
}

enum ros_code ros_gateway_start(const struct ros_gateway_config *config, struct ros_gateway **ret,
                                struct ros_error *reterr)
{
    struct ros_gateway *gateway = ros_alloc_zero(NULL, sizeof *gateway);
    if (gateway == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    gateway->config = *config;
    gateway->api.gateway = gateway->admin.gateway = gateway;
    ros_arena_init(&gateway->arena, NULL, 0);
    enum ros_code code = start_all(gateway, reterr);
    if (code != ROS_OK) {
        ros_gateway_stop(gateway);
        return code;
    }
    *ret = gateway;
    return ROS_OK;
}

void ros_gateway_stop(struct ros_gateway *gateway)
{
    if (gateway == NULL)
        return;
    if (gateway->api.daemon != NULL)
        MHD_stop_daemon(gateway->api.daemon);
    if (gateway->admin.daemon != NULL)
        MHD_stop_daemon(gateway->admin.daemon);
    ros_arena_done(&gateway->arena);
    ros_alloc_put(NULL, gateway, sizeof *gateway);
}
