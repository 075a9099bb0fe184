/*
 * guard.h - what protobuf-c does not look at before it unpacks bytes from outside: nesting, and texts that are not
 * UTF-8.
 *
 * protobuf-c recurses once a nested message; 46 kB of nesting ends an 8 MB stack.
 */
#ifndef ROS_PROTO_GUARD_H
#define ROS_PROTO_GUARD_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#define ROS_PROTO_DEPTH 32 /* nesting that is unpacked */

/* True when the bytes, read as a message of this kind, nest at most ROS_PROTO_DEPTH deep. Malformed bytes are true:
 * unpacking refuses them. */
bool ros_proto_depth_ok(const ProtobufCMessageDescriptor *descriptor, const void *data, size_t len);

/* True when every string in the message is UTF-8. */
bool ros_proto_utf8_ok(const ProtobufCMessage *message);

#endif
