/*
 * gateway.h - REST, and the ports that operators look at.
 *
 * On api_port: the methods of proto/ros/v1 by the paths of their annotations (path_prefix and app_name in front), and
 * /metrics, /healthz, /readyz. On metrics_port: those three alone. A gateway without an api serves only the latter.
 *
 * It knows no SQL and no rule: a request becomes a message, the method table answers, the answer becomes JSON.
 *
 * Limits: connections, threads, 10 s for a silent peer, 64 KiB of request head, 16 KiB of one header (431 beyond).
 * Lifetime: everything in the config is borrowed until ros_gateway_stop(), which finishes what is being answered.
 * Errors:  ROS_E_UNAVAILABLE (a port is taken), ROS_E_CONFIG (an address that is none), ROS_E_OOM.
 */
#ifndef ROS_GATEWAY_GATEWAY_H
#define ROS_GATEWAY_GATEWAY_H

#include "interp/base/error.h"

struct ros_api;
struct ros_config;
struct ros_health;
struct ros_log;
struct ros_metrics;

struct ros_gateway_config {
    const struct ros_config *config;
    struct ros_api *api; /* NULL: no REST in this process */
    struct ros_log *log;
    struct ros_metrics *metrics;
    struct ros_health *health;
};

struct ros_gateway;

enum ros_code ros_gateway_start(const struct ros_gateway_config *config, struct ros_gateway **ret,
                                struct ros_error *reterr) ROS_MUST_CHECK;
void ros_gateway_stop(struct ros_gateway *gateway); /* NULL is fine */

#endif
