/*
 * buf.h - a growing byte string.
 *
 * Invariants: data[len] is always NUL once anything was added; len <= cap_bytes. After a failed addition the buffer
 *             holds what it held before and remembers the failure, so a long series of additions can be checked once,
 *             at the end, by ros_buf_code(): additions after a failure do nothing.
 * Lifetime:   ROS_BUF_INIT or ros_buf_init() ... ros_buf_done(). ros_buf_clear() empties it and keeps the memory.
 * Errors:     ROS_E_OOM, ROS_E_LIMIT (cap reached).
 */
#ifndef ROS_BASE_BUF_H
#define ROS_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "interp/base/alloc.h"
#include "interp/base/error.h"

struct ros_buf {
    char *data; /* NULL while nothing was added; use ros_buf_text() for a string */
    size_t len;
    size_t size;      /* bytes allocated */
    size_t cap_bytes; /* bound on len; 0: none */
    const struct ros_alloc *alloc;
    enum ros_code code;
};

#define ROS_BUF_INIT                                                                                                   \
    {                                                                                                                  \
        NULL, 0, 0, 0, NULL, ROS_OK                                                                                    \
    }

void ros_buf_init(struct ros_buf *buf, const struct ros_alloc *alloc, size_t cap_bytes);
void ros_buf_done(struct ros_buf *buf);
void ros_buf_clear(struct ros_buf *buf);

enum ros_code ros_buf_add(struct ros_buf *buf, const void *data, size_t n);
enum ros_code ros_buf_addc(struct ros_buf *buf, char c);
enum ros_code ros_buf_puts(struct ros_buf *buf, const char *text);
enum ros_code ros_buf_printf(struct ros_buf *buf, const char *format, ...) ROS_PRINTF(2, 3);
/* Adds the shortest decimal text that reads back as the same double ("0.0116", "5.0", "1e-05"): see num.h. */
enum ros_code ros_buf_double(struct ros_buf *buf, double value);
/* Makes room for n more bytes (and the NUL) without adding them. */
enum ros_code ros_buf_reserve(struct ros_buf *buf, size_t n) ROS_MUST_CHECK;

/* Borrowed until the next change; "" when empty. */
static inline const char *ros_buf_text(const struct ros_buf *buf)
{
    return buf->data != NULL ? buf->data : "";
}

static inline enum ros_code ros_buf_code(const struct ros_buf *buf)
{
    return buf->code;
}

ROS_DEFINE_AUTO(ros_buf)

#endif
