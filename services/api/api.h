/*
 * api.h - what the methods stand on: a pool, settings, the active rules.
 *
 * Lifetime: everything in the config is borrowed until ros_api_free(). Threads: safe.
 * Errors:   ROS_E_CONFIG: authorisation by RBAC or Kessel is switched on, which this version cannot do; a service that
 *           would let everybody in instead does not start.
 */
#ifndef ROS_API_API_H
#define ROS_API_API_H

#include "interp/base/error.h"

struct ros_config;
struct ros_health;
struct ros_log;
struct ros_metrics;
struct ros_pg_pool;
struct ros_rules;

struct ros_api_config {
    const struct ros_config *config;
    struct ros_pg_pool *pool;
    struct ros_rules *rules; /* whose state texts suggestions show; NULL: the states' names */
    struct ros_log *log;
    struct ros_metrics *metrics;
    struct ros_health *health;
};

struct ros_api;

enum ros_code ros_api_new(const struct ros_api_config *config, struct ros_api **ret,
                          struct ros_error *reterr) ROS_MUST_CHECK;
void ros_api_free(struct ros_api *api);
const struct ros_api_config *ros_api_config(const struct ros_api *api);

ROS_DEFINE_AUTO_PTR(ros_api)

#endif
