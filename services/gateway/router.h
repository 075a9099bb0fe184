/*
 * router.h - from a path to a method, by the google.api.http annotations. Of this room only.
 *
 * A path is matched as it came, segment by segment, and each segment is decoded after it was cut out: an encoded slash
 * separates nothing.
 *
 * Lifetime: routes live in the arena given to ros__routes_new(); a match's variables in the arena of its request.
 */
#ifndef ROS_GATEWAY_ROUTER_H
#define ROS_GATEWAY_ROUTER_H

#include "interp/base/arena.h"
#include "services/api/method.h"

#define ROS__PATH_SEGMENTS 16
#define ROS__PATH_VARIABLES 4

struct ros__routes;

/* prefix stands where the annotations say /api, app where they say /ros. */
enum ros_code ros__routes_new(const char *prefix, const char *app, struct ros_arena *arena, struct ros__routes **ret,
                              struct ros_error *reterr) ROS_MUST_CHECK;

struct ros__match {
    const struct ros_method *method; /* NULL: no such path, or not this verb */
    const char *template;            /* of the path, for metrics; NULL: no such path */
    const char *allow;               /* verbs of the path: "GET, HEAD, OPTIONS"; NULL: no such path */
    struct {
        const char *name;
        const char *value;
    } variables[ROS__PATH_VARIABLES];
    size_t variable_count;
};

/* verb "HEAD" matches as "GET". ROS_E_ARGUMENT: the path holds a NUL byte. */
enum ros_code ros__routes_match(const struct ros__routes *routes, const char *verb, const char *path,
                                struct ros_arena *arena, struct ros__match *ret,
                                struct ros_error *reterr) ROS_MUST_CHECK;

/* Percent-decodes text into the arena; NULL when memory is short or (with ROS_OK in the arena) a NUL byte is in it. */
char *ros__decode(struct ros_arena *arena, const char *text, size_t len);

#endif
