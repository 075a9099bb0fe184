/* links.h - the paths of this page and its neighbours, with the request's filters and sorting kept. Of this room only.
 */
#ifndef ROS_GATEWAY_LINKS_H
#define ROS_GATEWAY_LINKS_H

#include "interp/base/arena.h"
#include "proto/ros/v1/systems.pb-c.h"

/* `kept`: the other parameters as "&name=value...", encoded; "" when there are none. NULL when memory is short. */
Ros__V1__PageLinks *ros__links(struct ros_arena *arena, const char *path, const char *kept,
                               const Ros__V1__PageMeta *meta);

#endif
