/*
 * json.h - messages as JSON text, and their fields from the words of a URL.
 *
 * Out: proto3's JSON mapping with the original field names: every field is there (defaults too), a field that is
 *      `optional` and unset, and an unset message, is null; 64-bit integers are strings, enums names, bytes base64;
 * maps are objects in the order of their entries. The text has the form of Python's json.dumps: ", " and ": ", ASCII.
 * In:  one text into one scalar field (or one more element of a repeated one), as a URL's query and path give it.
 *
 * Messages made by protoc-c only. Nesting is bounded by the message's definition; these functions recurse with it.
 * Errors: ROS_E_OOM, ROS_E_LIMIT (the buffer's cap), ROS_E_ARGUMENT (a text that is no such value).
 */
#ifndef ROS_PROTO_JSON_H
#define ROS_PROTO_JSON_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "interp/base/arena.h"
#include "interp/base/buf.h"

/* Appends the message, without a newline. */
enum ros_code ros_proto_json(const ProtobufCMessage *message, struct ros_buf *out) ROS_MUST_CHECK;

/*
 * Sets field `name` of message from text. ret_known is false (and all is well) when the message has no such field, or
 * it is a message. Strings are copied into the arena, repeated fields grow there: such a message is never given to
 * protobuf_c_message_free_unpacked().
 */
enum ros_code ros_proto_set_text(ProtobufCMessage *message, const char *name, const char *text, struct ros_arena *arena,
                                 bool *ret_known, struct ros_error *reterr) ROS_MUST_CHECK;

#endif
