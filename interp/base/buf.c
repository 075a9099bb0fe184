/* Growth doubles, so that n additions cost O(n); the failure is sticky, so that callers may check once. */
#include "interp/base/buf.h"

#include <stdio.h>
#include <string.h>

#include "interp/base/num.h"

#define FIRST_SIZE ((size_t) 64)

void ros_buf_init(struct ros_buf *buf, const struct ros_alloc *alloc, size_t cap_bytes)
{
    *buf = (struct ros_buf){.alloc = alloc, .cap_bytes = cap_bytes};
}

void ros_buf_done(struct ros_buf *buf)
{
    if (buf == NULL)
        return;
    ros_alloc_put(buf->alloc, buf->data, buf->size);
    buf->data = NULL;
    buf->len = buf->size = 0;
    buf->code = ROS_OK;
}

void ros_buf_clear(struct ros_buf *buf)
{
    buf->len = 0;
    buf->code = ROS_OK;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

enum ros_code ros_buf_reserve(struct ros_buf *buf, size_t n)
{
    if (buf->code != ROS_OK)
        return buf->code;
    size_t room = buf->cap_bytes != 0 ? buf->cap_bytes - buf->len : (size_t) -1 / 2 - buf->len;
    if (n > room)
        return buf->code = ROS_E_LIMIT;
    size_t need = buf->len + n + 1;
    if (need <= buf->size)
        return ROS_OK;
    size_t size = buf->size != 0 ? buf->size : FIRST_SIZE;
    while (size < need)
        size *= 2;
    char *data = ros_alloc_resize(buf->alloc, buf->data, buf->size, size);
    if (data == NULL)
        return buf->code = ROS_E_OOM;
    buf->data = data;
    buf->size = size;
    return ROS_OK;
}

enum ros_code ros_buf_add(struct ros_buf *buf, const void *data, size_t n)
{
    ROS_TRY(ros_buf_reserve(buf, n));
    if (n > 0)
        memcpy(buf->data + buf->len, data, n);
    buf->len += n;
    buf->data[buf->len] = '\0';
    return ROS_OK;
}

enum ros_code ros_buf_addc(struct ros_buf *buf, char c)
{
    return ros_buf_add(buf, &c, 1);
}

enum ros_code ros_buf_puts(struct ros_buf *buf, const char *text)
{
    return ros_buf_add(buf, text, strlen(text));
}

enum ros_code ros_buf_printf(struct ros_buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    enum ros_code code = len < 0 ? (buf->code = ROS_E_INTERNAL) : ros_buf_reserve(buf, (size_t) len);
    if (code == ROS_OK) {
        vsnprintf(buf->data + buf->len, (size_t) len + 1, format, again);
        buf->len += (size_t) len;
    }
    va_end(again);
    return code;
}

enum ros_code ros_buf_double(struct ros_buf *buf, double value)
{
    char text[ROS_NUM_TEXT_SIZE];
    size_t len = ros_num_format(value, text);
    return ros_buf_add(buf, text, len);
}
