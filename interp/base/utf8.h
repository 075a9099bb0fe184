/*
 * utf8.h - characters, for the two renderers and the lexer: hostile bytes in, something printable out.
 *
 * Threads: pure functions.   Errors: none; broken UTF-8 is one byte of ROS_UTF8_BROKEN each.
 */
#ifndef ROS_BASE_UTF8_H
#define ROS_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROS_UTF8_BROKEN 0xFFFFFFFFu

/* Reads one character of text[0..len), len > 0; returns the bytes it takes, at least 1. */
size_t ros_utf8_next(const char *text, size_t len, uint32_t *ret_char);

/* False for what a terminal would obey or that cannot be seen: controls, direction marks, broken bytes. */
bool ros_utf8_shown(uint32_t c);

/* Columns of a terminal: 0 for combining marks, 2 for wide East Asian characters and emoji, else 1. */
size_t ros_utf8_columns(uint32_t c);

/* Where the first byte stands that is not well-formed UTF-8; len when there is none. */
size_t ros_utf8_check(const char *text, size_t len);

#endif
