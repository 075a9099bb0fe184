/*
 * fields.h - a JSON object under construction that remembers a failed allocation, so that a long series of puts is
 * checked once, at the end. Of this room only.
 */
#ifndef ROS_SCORE_FIELDS_H
#define ROS_SCORE_FIELDS_H

#include <jansson.h>
#include <stdbool.h>

#include "interp/ros.h"

struct ros__fields {
    json_t *object;
    bool failed;
};

struct ros__fields ros__fields_begin(void);
/* Takes value; NULL counts as a failed allocation. */
void ros__fields_put(struct ros__fields *fields, const char *key, json_t *value);
/* The finished object (a new reference), or NULL when anything failed. */
json_t *ros__fields_end(struct ros__fields *fields);

json_t *ros__text_or_null(const char *text);
json_t *ros__number_or_null(double value); /* null when not finite */
json_t *ros__tri_or_null(enum ros_tri value);

#endif
