/*
 * num.h - numbers to text and back, the same on every machine and in every locale.
 *
 * Reading and writing round correctly: ros_num_parse(ros_num_format(x)) == x for every finite x.
 */
#ifndef ROS_BASE_NUM_H
#define ROS_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROS_NUM_TEXT_SIZE 32

/*
 * Writes the shortest decimal that reads back as value, in the form Python's repr gives: "0.1", "5.0", "1e-05",
 * "1e+22", "nan", "inf", "-inf". NUL-terminated. Returns the length.
 */
size_t ros_num_format(double value, char text[ROS_NUM_TEXT_SIZE]);

/*
 * Reads `[+-] digits [. digits] [e [+-] digits]` (or `.digits`) that fills text[0..len) entirely; no blanks, no
 * hexadecimal, no inf or nan. False when the text is anything else, longer than 400 bytes, or out of range.
 */
bool ros_num_parse(const char *text, size_t len, double *ret_value);

/* Decimal integers with an optional '-', no blanks; false on overflow or any other byte. */
bool ros_num_parse_i64(const char *text, size_t len, int64_t *ret_value);
bool ros_num_parse_u64(const char *text, size_t len, uint64_t *ret_value);

#endif
