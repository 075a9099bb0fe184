/*
 * json_text.h - a jansson document as text at the end of a buffer, so that no memory of jansson's is left to release.
 */
#ifndef ROS_SAMPLES_JSON_TEXT_H
#define ROS_SAMPLES_JSON_TEXT_H

#include <jansson.h>

#include "interp/base/buf.h"

/* Borrows the document; NULL is taken for one that could not be made: ROS_E_OOM. */
enum ros_code sample_json(const json_t *doc, struct ros_buf *out) ROS_MUST_CHECK;

#endif
