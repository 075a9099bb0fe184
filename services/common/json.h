/*
 * json.h - jansson, bounded on the way in and readable on the way out.
 *
 * In:  UTF-8 only, one value, nothing behind it, no NaN; depth and size bounded before jansson sees a byte. Of doubled
 *      keys the last counts, as everywhere on the other side of our topics.
 * Out: the form of Python's json.dumps: ", " and ": ", ASCII with \u escapes, members in the order they were put in,
 *      numbers by their shortest text. What is not finite cannot be put into a tree.
 */
#ifndef ROS_COMMON_JSON_H
#define ROS_COMMON_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "interp/base/buf.h"
#include "interp/base/error.h"

struct ros_json_limits {
    size_t bytes;          /* 0: 4 MiB */
    unsigned depth;        /* 0: 64 */
    bool integers_as_real; /* whole numbers of any length, as doubles; else those beyond 64 bits are refused */
};

/* limits may be NULL. Returns a new reference. ROS_E_DATA with line and column; ROS_E_LIMIT; ROS_E_OOM. */
enum ros_code ros_json_parse(const char *text, size_t len, const struct ros_json_limits *limits, json_t **ret,
                             struct ros_error *reterr) ROS_MUST_CHECK;

/* Appends. Trees deeper than 2,048 are ROS_E_LIMIT. */
enum ros_code ros_json_dump(const json_t *value, struct ros_buf *out) ROS_MUST_CHECK;

/* Appends a text as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD. */
enum ros_code ros_json_add_text(struct ros_buf *out, const char *text, size_t len);

/* The string, or NULL when value is no string or holds a NUL byte. Borrowed. */
const char *ros_json_text(const json_t *value);

#endif
