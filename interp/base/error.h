/*
 * error.h - errors as values.
 *
 * A call that can fail returns `enum ros_code`: ROS_OK (0) or one of the negative members generated from codes.def.
 * When the caller passed a `struct ros_error *`, it is filled on failure and left alone on success.
 *
 * Lifetime: a struct ros_error owns nothing; copy it freely. Threads: no shared state.
 * Libraries fill it and return; only a program (tools/, services/ mains) prints or logs it, once.
 */
#ifndef ROS_BASE_ERROR_H
#define ROS_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "interp/base/macros.h"

enum ros_code {
    ROS_OK = 0,
#define ROS_CODE(name, no, grpc, http, exit, retry, text) ROS_E_##name = -(no),
#include "interp/base/codes.def"
#undef ROS_CODE
};

/* Longest message kept, terminator included. Longer ones are cut at a UTF-8 boundary. */
#define ROS_ERROR_TEXT_SIZE 512

struct ros_error {
    enum ros_code code;
    char text[ROS_ERROR_TEXT_SIZE]; /* NUL-terminated UTF-8, without newline */
};

#define ROS_ERROR_INIT                                                                                                 \
    {                                                                                                                  \
        ROS_OK,                                                                                                        \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }

/* The faces of a code. An unknown number answers as INTERNAL does. Names look like "ROS_E_OOM". */
const char *ros_code_name(enum ros_code code);
const char *ros_code_text(enum ros_code code);
int ros_code_grpc(enum ros_code code);
int ros_code_http(enum ros_code code);
int ros_code_exit(enum ros_code code);
bool ros_code_retry(enum ros_code code);

/* Finds the code of a name such as "ROS_E_OOM". Returns ROS_E_NOT_FOUND for any other text. */
enum ros_code ros_code_from_name(const char *name);

/*
 * Fills *err (when not NULL) with code and a formatted message and returns code, so that a failing call can be
 * written as `return ros_error_set(err, ROS_E_LIMIT, "...")`.
 */
enum ros_code ros_error_set(struct ros_error *err, enum ros_code code, const char *format, ...) ROS_PRINTF(3, 4);

/* As ros_error_set, with the code's own text as the message. */
enum ros_code ros_error_code(struct ros_error *err, enum ros_code code);

/* Puts "prefix: " before the message of *err, for context gained on the way up. Returns err's code. */
enum ros_code ros_error_prefix(struct ros_error *err, enum ros_code code, const char *format, ...) ROS_PRINTF(3, 4);

#endif
