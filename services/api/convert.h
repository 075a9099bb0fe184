/*
 * convert.h - stored values as fields of answers: what is odd in an old row becomes "unknown", never an error.
 *
 * Texts live in the arena. A NULL result where memory is short is told apart by ros_arena_code(). Of this room only.
 */
#ifndef ROS_API_CONVERT_H
#define ROS_API_CONVERT_H

#include <jansson.h>
#include <stdbool.h>

#include "interp/base/arena.h"
#include "proto/ros/v1/systems.pb-c.h"
#include "store/pg.h"

/* A cell copied into the arena; NULL for SQL NULL. */
char *ros__copy_cell(struct ros_arena *arena, const struct ros_pg_rows *rows, size_t row, size_t column);

/* A cell as a number of 32 bits; 0 for NULL and anything else. */
int32_t ros__int_cell(const struct ros_pg_rows *rows, size_t row, size_t column);

/* A JSON cell parsed (a new reference); NULL for SQL NULL and JSON null. */
json_t *ros__json_cell(const struct ros_pg_rows *rows, size_t row, size_t column);

/* A timestamp as ISO 8601 in UTC; NULL when there is none. */
char *ros__date_cell(struct ros_arena *arena, const struct ros_pg_rows *rows, size_t row, size_t column);

/* "RHEL 8.4", when name, major and minor are there. */
char *ros__os_text(struct ros_arena *arena, const json_t *os);

/* Percent of idle CPU time as text with two decimals: idle CPUs of all CPUs. NULL when either is unknown. */
char *ros__idling_time(struct ros_arena *arena, const json_t *idle, const json_t *cpus);

/* The busiest disk first. NULL when memory is short. */
Ros__V1__PerformanceUtilization *ros__utilization(struct ros_arena *arena, const json_t *stored);

/* The canonical form of a UUID that is written in any usual way: without dashes, in braces, as urn:uuid:, in capitals.
 */
bool ros__uuid(const char *text, char canonical[37]);

/* `text` inside %...%, with \, % and _ escaped for ILIKE; NULL for an empty text. Sets *ret_code when memory is short.
 */
char *ros__like_pattern(struct ros_arena *arena, const char *text, enum ros_code *ret_code);

#endif
