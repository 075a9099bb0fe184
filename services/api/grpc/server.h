/*
 * server.h - the methods of proto/ros/v1 by gRPC, with health (grpc.health.v1) and reflection (v1, v1alpha).
 *
 * grpc_threads threads, each with a completion queue of its own: all events of a call come on one thread, so calls need
 * no locks, and a thread that waits for PostgreSQL delays the calls of its own queue only.
 *
 * Limits: messages of 4 MiB, metadata of 16 KiB, 100 streams a connection; compressed messages are refused (a small one
 * may unpack to anything), and messages that nest too deep or hold text that is not UTF-8. The identity comes in the
 * metadata x-rh-identity.
 *
 * Lifetime: everything of the api is borrowed until ros_grpc_stop(), which lets running calls finish for up to five
 *           seconds while new ones are told UNAVAILABLE. Errors: ROS_E_UNAVAILABLE (the port is taken), ROS_E_OOM.
 */
#ifndef ROS_API_GRPC_SERVER_H
#define ROS_API_GRPC_SERVER_H

#include "interp/base/error.h"
#include "services/api/api.h"

struct ros_grpc;

enum ros_code ros_grpc_start(struct ros_api *api, struct ros_grpc **ret, struct ros_error *reterr) ROS_MUST_CHECK;
void ros_grpc_stop(struct ros_grpc *grpc); /* NULL is fine */

#endif
