/*
 * array.h - one column of a batch as a PostgreSQL array literal: {"a","b",NULL}. Room-internal.
 *
 * Additions after a failure do nothing; ros__array_param() tells it, so that a batch is built without a check a cell.
 */
#ifndef ROS_STORE_ARRAY_H
#define ROS_STORE_ARRAY_H

#include "interp/base/buf.h"
#include "store/pg.h"

struct ros__array {
    struct ros_buf text;
};

void ros__array_init(struct ros__array *array, const struct ros_alloc *alloc);
void ros__array_done(struct ros__array *array);

/* NULL is SQL NULL. */
void ros__array_text(struct ros__array *array, const char *value);
void ros__array_i64(struct ros__array *array, int64_t value);
/* known == false is SQL NULL. */
void ros__array_bool(struct ros__array *array, bool known, bool value);
void ros__array_double(struct ros__array *array, bool known, double value);
/* An array literal as one text cell: names[0..count), or SQL NULL. */
void ros__array_names(struct ros__array *array, const char *const *names, size_t count, bool is_null);

/* Closes the array; ROS_E_OOM when an addition failed. The parameter borrows the array. */
enum ros_code ros__array_param(struct ros__array *array, struct ros_pg_param *ret,
                               struct ros_error *reterr) ROS_MUST_CHECK;

#endif
