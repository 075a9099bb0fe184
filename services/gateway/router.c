/* A handful of routes: each is split once into segments, and a request is compared with them one after another. */
#include "services/gateway/router.h"

#include <microhttpd.h>
#include <string.h>

#include "proto/descriptors.h"

struct segment {
    const char *text; /* literal, or the variable's name */
    size_t len;
    bool variable;
};

struct route {
    const struct ros_method *method;
    const char *verb;
    const char *template;
    struct segment segments[ROS__PATH_SEGMENTS];
    size_t count;
};

struct ros__routes {
    struct route *routes;
    size_t count;
};

/* Cuts a path at its slashes; false when it has too many. */
static bool split(const char *path, struct segment *segments, size_t *ret_count)
{
    *ret_count = 0;
    while (*path == '/') {
        path++;
        size_t len = strcspn(path, "/");
        if (*ret_count == ROS__PATH_SEGMENTS)
            return false;
        segments[(*ret_count)++] = (struct segment){path, len, false};
        path += len;
    }
    return *path == '\0';
}

static bool split_template(struct route *route)
{
    if (!split(route->template, route->segments, &route->count))
        return false;
    for (size_t i = 0; i < route->count; i++) {
        struct segment *s = &route->segments[i];
        if (s->len > 2 && s->text[0] == '{' && s->text[s->len - 1] == '}')
            *s = (struct segment){s->text + 1, s->len - 2, true};
    }
    return true;
}

static enum ros_code add_route(const struct ros_http_rule *rule, const char *prefix, const char *app,
                               struct ros_arena *arena, struct ros__routes *routes, struct ros_error *reterr)
{
    static const char written[] = "/api/ros";
    const struct ros_method *method = ros_method_find(rule->service, rule->method);
    if (method == NULL || strncmp(rule->path, written, sizeof written - 1) != 0)
        return ros_error_set(reterr, ROS_E_INTERNAL, "no method answers %s %s", rule->verb, rule->path);
    struct route *route = &routes->routes[routes->count++];
    route->method = method;
    route->verb = ros_arena_copy(arena, rule->verb, strlen(rule->verb));
    route->template = ros_arena_printf(arena, "%s/%s%s", prefix, app, rule->path + sizeof written - 1);
    if (route->verb == NULL || route->template == NULL)
        return ros_error_code(reterr, ros_arena_code(arena));
    if (!split_template(route))
        return ros_error_set(reterr, ROS_E_INTERNAL, "the path %s has too many parts", route->template);
    return ROS_OK;
}

enum ros_code ros__routes_new(const char *prefix, const char *app, struct ros_arena *arena, struct ros__routes **ret,
                              struct ros_error *reterr)
{
    ros_auto_ptr(ros_descriptors) struct ros_descriptors *descriptors = NULL;
    ROS_TRY(ros_descriptors_new(&descriptors, reterr));
    size_t count = ros_descriptors_rule_count(descriptors);
    struct ros__routes *routes = ros_arena_new(arena, struct ros__routes);
    if (routes == NULL || (routes->routes = ros_arena_new_array(arena, struct route, count)) == NULL)
        return ros_error_code(reterr, ros_arena_code(arena));
    for (size_t i = 0; i < count; i++)
        ROS_TRY(add_route(ros_descriptors_rule(descriptors, i), prefix, app, arena, routes, reterr));
    *ret = routes;
    return ROS_OK;
}

char *ros__decode(struct ros_arena *arena, const char *text, size_t len)
{
    char *copy = ros_arena_copy(arena, text, len);
    if (copy == NULL)
        return NULL;
    size_t decoded = MHD_http_unescape(copy);
    return strlen(copy) == decoded ? copy : NULL;
}

static bool literals_match(const struct route *route, const struct segment *segments, size_t count,
                           char *const *decoded)
{
    if (route->count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct segment *s = &route->segments[i];
        if (s->variable ? segments[i].len == 0
                        : strlen(decoded[i]) != s->len || memcmp(decoded[i], s->text, s->len) != 0)
            return false;
    }
    return true;
}

static enum ros_code take_variables(const struct route *route, char *const *decoded, struct ros_arena *arena,
                                    struct ros__match *match, struct ros_error *reterr)
{
    for (size_t i = 0; i < route->count && match->variable_count < ROS__PATH_VARIABLES; i++) {
        if (!route->segments[i].variable)
            continue;
        const char *name = ros_arena_copy(arena, route->segments[i].text, route->segments[i].len);
        if (name == NULL)
            return ros_error_code(reterr, ros_arena_code(arena));
        match->variables[match->variable_count].name = name;
        match->variables[match->variable_count++].value = decoded[i];
    }
    return ROS_OK;
}

enum ros_code ros__routes_match(const struct ros__routes *routes, const char *verb, const char *path,
                                struct ros_arena *arena, struct ros__match *ret, struct ros_error *reterr)
{
    struct segment segments[ROS__PATH_SEGMENTS];
    char *decoded[ROS__PATH_SEGMENTS];
    size_t count;
    *ret = (struct ros__match){0};
    if (!split(path, segments, &count))
        return ROS_OK;
    for (size_t i = 0; i < count; i++) {
        decoded[i] = ros__decode(arena, segments[i].text, segments[i].len);
        if (decoded[i] == NULL && ros_arena_code(arena) != ROS_OK)
            return ros_error_code(reterr, ros_arena_code(arena));
        if (decoded[i] == NULL)
            return ros_error_set(reterr, ROS_E_ARGUMENT, "the path holds a NUL byte");
    }
    if (strcmp(verb, "HEAD") == 0)
        verb = "GET";
    for (size_t i = 0; i < routes->count; i++) {
        const struct route *route = &routes->routes[i];
        if (!literals_match(route, segments, count, decoded))
            continue;
        ret->template = route->template;
        ret->allow = strcmp(route->verb, "GET") == 0 ? "GET, HEAD, OPTIONS" : "POST, OPTIONS";
        if (strcmp(route->verb, verb) != 0)
            continue;
        ret->method = route->method;
        return take_variables(route, decoded, arena, ret, reterr);
    }
    return ROS_OK;
}
