/*
 * tenant.h - the organisation on whose behalf a call is made.
 *
 * Every call that touches a customer's rows takes a `const struct ros_tenant *` first, so that a call without one does
 * not compile. The identity header (or the message) is read once, at the door; from there on only this travels.
 *
 * A tenant is valid when org_id is 1 to ROS_TENANT_ORG_BYTES bytes of UTF-8 without control characters. Every call of
 * this room checks it and answers ROS_E_UNAUTHENTICATED otherwise.
 *
 * Lifetime: org_id is borrowed.   Threads: a value.
 */
#ifndef ROS_STORE_TENANT_H
#define ROS_STORE_TENANT_H

#include "interp/base/error.h"

#define ROS_TENANT_ORG_BYTES 255

struct ros_tenant {
    const char *org_id;
};

enum ros_code ros_tenant_check(const struct ros_tenant *tenant, struct ros_error *reterr) ROS_MUST_CHECK;

#endif
