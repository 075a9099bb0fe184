/*
 * text.h - collected text, read the way its producers' consumers always read it.
 *
 * A text is valid UTF-8 without NUL: ros__text_clean() puts U+FFFD in place of everything else and turns \r\n and a
 * lone \r into \n, so that a file saved on any system has the lines its author saw. Blanks are Unicode's, since values
 * pasted through a terminal carry no-break spaces.
 *
 * Lifetime: a slice borrows from the text it was cut from.   Errors: ROS_E_OOM, ROS_E_LIMIT of the arena.
 */
#ifndef ROS_INTAKE_TEXT_H
#define ROS_INTAKE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "interp/base/arena.h"

struct ros__slice {
    const char *at; /* NULL: no text at all; "" is a text */
    size_t len;
};

/* What is left of a text while it is read line by line. */
struct ros__lines {
    struct ros__slice rest;
};

enum ros_code ros__text_clean(struct ros_arena *arena, const char *data, size_t len,
                              struct ros__slice *ret) ROS_MUST_CHECK;

struct ros__slice ros__slice_of(const char *text);
struct ros__lines ros__lines_of(struct ros__slice text);
/* False at the end. A newline at the very end does not start another line. */
bool ros__lines_next(struct ros__lines *lines, struct ros__slice *ret);
/* The number of lines, counted no further than max. */
size_t ros__lines_count(struct ros__slice text, size_t max);

struct ros__slice ros__slice_strip(struct ros__slice slice);
/* Takes the next run of non-blanks off the front of *rest, which is left without blanks in front. Empty at the end. */
struct ros__slice ros__slice_word(struct ros__slice *rest);
/* Cuts at the first `mark`: *ret_head before it, *ret_tail after it. False when there is none. */
bool ros__slice_cut(struct ros__slice slice, char mark, struct ros__slice *ret_head, struct ros__slice *ret_tail);
/* As ros__slice_cut(), at the last `mark`. */
bool ros__slice_cut_last(struct ros__slice slice, char mark, struct ros__slice *ret_head, struct ros__slice *ret_tail);

bool ros__slice_is(struct ros__slice slice, const char *text);
bool ros__slice_starts(struct ros__slice slice, const char *text);
bool ros__slice_ends(struct ros__slice slice, const char *text);
bool ros__slice_has(struct ros__slice slice, const char *text);
/* As their namesakes; the slice's ASCII letters count as lower case. */
bool ros__slice_is_lower(struct ros__slice slice, const char *text);
bool ros__slice_starts_lower(struct ros__slice slice, const char *text);
bool ros__slice_has_lower(struct ros__slice slice, const char *text);
bool ros__slice_digits(struct ros__slice slice); /* one digit at least, and nothing else */

#endif
