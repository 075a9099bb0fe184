/* ros-client: the API from C, by gRPC. A small command line, and an example to read. */
#include <getopt.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "interp/base/buf.h"
#include "interp/base/num.h"
#include "proto/grpc/health/v1/health.pb-c.h"
#include "proto/json.h"
#include "proto/ros/v1/systems.pb-c.h"
#include "tools/client/call.h"

#define DEFAULT_SERVER "127.0.0.1:9000"
#define DEFAULT_TIMEOUT_MS 10000

struct options {
    const char *server;
    const char *org;
    const char *identity;
    int timeout_ms;
    bool json;
    struct ros_buf made_identity;
};

static void print_help(FILE *stream)
{
    fputs("usage: ros-client [OPTIONS] COMMAND [ID]\n\n"
          "  list             the organisation's systems: id, name, type, state, number of suggestions\n"
          "  show ID          one system\n"
          "  suggestions ID   what is suggested for it\n"
          "  configured       whether any system has reported\n"
          "  status           whether the service answers\n"
          "  health           whether it is ready (grpc.health.v1)\n\n"
          "  --server HOST:PORT   (" DEFAULT_SERVER ")\n"
          "  --org ID             ask as this organisation, or\n"
          "  --identity BASE64    ask with this x-rh-identity\n"
          "  --format text|json   (text)\n"
          "  --timeout MS         (10000)\n"
          "  --help, --version\n\n"
          "Exit: 0, 64 wrong usage, 66 no such system, 69 no answer, 77 not allowed.\n",
          stream);
}

static int usage_error(const char *text)
{
    fprintf(stderr, "ros-client: %s; ros-client --help says more\n", text);
    return EX_USAGE;
}

static enum ros_code make_identity(const char *org, struct ros_buf *out)
{
    json_t *tree = json_pack("{s:{s:s, s:s, s:{s:s}}}", "identity", "org_id", org, "type", "User", "user", "username",
                             "ros-client");
    char text[1024];
    size_t len = tree != NULL ? json_dumpb(tree, text, sizeof text, JSON_COMPACT) : 0;
    json_decref(tree);
    if (len == 0 || len > sizeof text)
        return ROS_E_LIMIT;
    ROS_TRY(ros_buf_reserve(out, len / 3 * 4 + 8));
    out->len = (size_t) EVP_EncodeBlock((unsigned char *) out->data, (const unsigned char *) text, (int) len);
    return ROS_OK;
}

/* --- output ------------------------------------------------------------------------------------------------------- */

static int print_json(const ProtobufCMessage *message)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    if (ros_proto_json(message, &text) != ROS_OK)
        return EX_OSERR;
    puts(ros_buf_text(&text));
    return EX_OK;
}

static const char *shown(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : "-";
}

static void print_systems(const ProtobufCMessage *message)
{
    const Ros__V1__ListSystemsResponse *list = (const Ros__V1__ListSystemsResponse *) message;
    for (size_t i = 0; i < list->n_data; i++) {
        const Ros__V1__SystemRow *row = list->data[i];
        printf("%s  %-30s %-14s %-20s %d\n", row->inventory_id,
               shown(row->_display_name_case != 0 ? row->display_name : NULL),
               shown(row->_instance_type_case != 0 ? row->instance_type : NULL),
               shown(row->_state_case != 0 ? row->state : NULL), row->number_of_suggestions);
    }
}

static void print_suggestions(const ProtobufCMessage *message)
{
    const Ros__V1__ListSuggestionsResponse *list = (const Ros__V1__ListSuggestionsResponse *) message;
    for (size_t i = 0; i < list->n_data; i++) {
        const Ros__V1__Suggestion *row = list->data[i];
        printf("%s\n%s\n%s\n%s\n\n", row->rule_id, shown(row->_description_case != 0 ? row->description : NULL),
               shown(row->_reason_case != 0 ? row->reason : NULL),
               shown(row->_suggested_instances_case != 0 ? row->suggested_instances : NULL));
    }
}

static int print_health(const ProtobufCMessage *message)
{
    bool serving = ((const Grpc__Health__V1__HealthCheckResponse *) message)->status ==
                   GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
    puts(serving ? "SERVING" : "NOT_SERVING");
    return serving ? EX_OK : EX_UNAVAILABLE;
}

/* --- commands ----------------------------------------------------------------------------------------------------- */

static int run(const struct options *o, const char *path, const ProtobufCMessage *input,
               const ProtobufCMessageDescriptor *output)
{
    struct ros_error err = ROS_ERROR_INIT;
    ProtobufCMessage *answer = NULL;
    const struct client_call call = {.server = o->server,
                                     .path = path,
                                     .identity = o->identity,
                                     .timeout_ms = o->timeout_ms,
                                     .input = input,
                                     .output = output};
    if (client_call(&call, &answer, &err) != ROS_OK) {
        fprintf(stderr, "ros-client: %s [%s]\n", err.text, ros_code_name(err.code));
        return ros_code_exit(err.code);
    }
    int code = EX_OK;
    if (output == &grpc__health__v1__health_check_response__descriptor)
        code = print_health(answer);
    else if (!o->json && output == &ros__v1__list_systems_response__descriptor)
        print_systems(answer);
    else if (!o->json && output == &ros__v1__list_suggestions_response__descriptor)
        print_suggestions(answer);
    else
        code = print_json(answer);
    protobuf_c_message_free_unpacked(answer, NULL);
    return code;
}

static int list(const struct options *o, char *id)
{
    Ros__V1__ListSystemsRequest input = ROS__V1__LIST_SYSTEMS_REQUEST__INIT;
    (void) id;
    input._limit_case = ROS__V1__LIST_SYSTEMS_REQUEST___LIMIT_LIMIT;
    input.limit = -1;
    return run(o, "/ros.v1.Systems/ListSystems", &input.base, &ros__v1__list_systems_response__descriptor);
}

static int show(const struct options *o, char *id)
{
    Ros__V1__GetSystemRequest input = ROS__V1__GET_SYSTEM_REQUEST__INIT;
    input.inventory_id = id;
    return run(o, "/ros.v1.Systems/GetSystem", &input.base, &ros__v1__get_system_response__descriptor);
}

static int suggestions(const struct options *o, char *id)
{
    Ros__V1__ListSuggestionsRequest input = ROS__V1__LIST_SUGGESTIONS_REQUEST__INIT;
    input.inventory_id = id;
    return run(o, "/ros.v1.Systems/ListSuggestions", &input.base, &ros__v1__list_suggestions_response__descriptor);
}

static int configured(const struct options *o, char *id)
{
    Ros__V1__IsConfiguredRequest input = ROS__V1__IS_CONFIGURED_REQUEST__INIT;
    (void) id;
    return run(o, "/ros.v1.Systems/IsConfigured", &input.base, &ros__v1__is_configured_response__descriptor);
}

static int status(const struct options *o, char *id)
{
    Ros__V1__GetStatusRequest input = ROS__V1__GET_STATUS_REQUEST__INIT;
    (void) id;
    return run(o, "/ros.v1.Systems/GetStatus", &input.base, &ros__v1__get_status_response__descriptor);
}

static int health(const struct options *o, char *id)
{
    Grpc__Health__V1__HealthCheckRequest input = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    (void) id;
    return run(o, "/grpc.health.v1.Health/Check", &input.base, &grpc__health__v1__health_check_response__descriptor);
}

static const struct {
    const char *name;
    int (*run)(const struct options *o, char *id);
    bool needs_id;
} commands[] = {{"list", list, false},
                {"show", show, true},
                {"suggestions", suggestions, true},
                {"configured", configured, false},
                {"status", status, false},
                {"health", health, false}};

static int dispatch(struct options *o, int argc, char **argv)
{
    if (optind == argc)
        return usage_error("which command?");
    for (size_t i = 0; i < ROS_COUNT(commands); i++) {
        if (strcmp(commands[i].name, argv[optind]) != 0)
            continue;
        if (argc - optind != 1 + (commands[i].needs_id ? 1 : 0))
            return usage_error(commands[i].needs_id ? "this command takes one system's id" : "too many words");
        return commands[i].run(o, argv[optind + 1]);
    }
    return usage_error("there is no such command");
}

/* Returns -1 to go on, or an exit code. */
static int parse(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
        {"server", required_argument, NULL, 's'},   {"org", required_argument, NULL, 'o'},
        {"identity", required_argument, NULL, 'i'}, {"format", required_argument, NULL, 'f'},
        {"timeout", required_argument, NULL, 't'},  {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},        {NULL, 0, NULL, 0}};
    int option;
    int64_t timeout;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 's':
            o->server = optarg;
            break;
        case 'o':
            o->org = optarg;
            break;
        case 'i':
            o->identity = optarg;
            break;
        case 'f':
            o->json = strcmp(optarg, "json") == 0;
            if (!o->json && strcmp(optarg, "text") != 0)
                return usage_error("--format is text or json");
            break;
        case 't':
            if (!ros_num_parse_i64(optarg, strlen(optarg), &timeout) || timeout < 1 || timeout > 3600000)
                return usage_error("--timeout is milliseconds, up to an hour");
            o->timeout_ms = (int) timeout;
            break;
        case 'h':
            return print_help(stdout), EX_OK;
        case 'v':
            return puts("ros-client " ROS_VERSION), EX_OK;
        default:
            return usage_error("see the options");
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    struct options o = {.server = DEFAULT_SERVER, .timeout_ms = DEFAULT_TIMEOUT_MS, .made_identity = ROS_BUF_INIT};
    int code = parse(argc, argv, &o);
    if (code >= 0)
        return code;
    if (o.org != NULL && o.identity == NULL) {
        if (make_identity(o.org, &o.made_identity) != ROS_OK)
            return EX_OSERR;
        o.identity = ros_buf_text(&o.made_identity);
    }
    code = dispatch(&o, argc, argv);
    ros_buf_done(&o.made_identity);
    return code;
}
