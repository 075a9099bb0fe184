/*
 * flags.h - feature flags by organisation.
 *
 * Today's source is the setting flags_static: `ros.v2=on`, `ros.v2=off` or `ros.v2=000001,000002`, several flags with
 * semicolons between. A flag that is not set is off for everybody, as it is when a flag service knows nothing of it.
 *
 * Threads: read-only after ros_flags_new(), so safe.
 */
#ifndef ROS_COMMON_FLAGS_H
#define ROS_COMMON_FLAGS_H

#include <stdbool.h>

#include "interp/base/error.h"

struct ros_flags;

/* Copies text. ROS_E_CONFIG with the offending part. */
enum ros_code ros_flags_new(const char *text, struct ros_flags **ret, struct ros_error *reterr) ROS_MUST_CHECK;
void ros_flags_free(struct ros_flags *flags);

/* org_id may be NULL: then only a flag that is on for everybody is on. */
bool ros_flags_on(const struct ros_flags *flags, const char *flag, const char *org_id);

ROS_DEFINE_AUTO_PTR(ros_flags)

#endif
