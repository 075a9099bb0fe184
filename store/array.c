/*
 * array.c - array literals. Every text is quoted, so the only bytes to care for are the quote and the backslash.
 */
#include "store/array.h"

#include <string.h>

#include "interp/base/num.h"

void ros__array_init(struct ros__array *array, const struct ros_alloc *alloc)
{
    ros_buf_init(&array->text, alloc, 0);
}

void ros__array_done(struct ros__array *array)
{
    ros_buf_done(&array->text);
}

static void separate(struct ros_buf *text)
{
    (void) ros_buf_addc(text, text->len == 0 ? '{' : ',');
}

static void quote(struct ros_buf *text, const char *value)
{
    (void) ros_buf_addc(text, '"');
    while (*value != '\0') {
        size_t plain = strcspn(value, "\"\\");
        (void) ros_buf_add(text, value, plain);
        value += plain;
        if (*value != '\0') {
            (void) ros_buf_addc(text, '\\');
            (void) ros_buf_addc(text, *value++);
        }
    }
    (void) ros_buf_addc(text, '"');
}

void ros__array_text(struct ros__array *array, const char *value)
{
    separate(&array->text);
    if (value == NULL)
        (void) ros_buf_puts(&array->text, "NULL");
    else
        quote(&array->text, value);
}

void ros__array_i64(struct ros__array *array, int64_t value)
{
    separate(&array->text);
    (void) ros_buf_printf(&array->text, "%lld", (long long) value);
}

void ros__array_bool(struct ros__array *array, bool known, bool value)
{
    separate(&array->text);
    (void) ros_buf_puts(&array->text, !known ? "NULL" : value ? "t" : "f");
}

void ros__array_double(struct ros__array *array, bool known, double value)
{
    separate(&array->text);
    if (known)
        (void) ros_buf_double(&array->text, value);
    else
        (void) ros_buf_puts(&array->text, "NULL");
}

void ros__array_names(struct ros__array *array, const char *const *names, size_t count, bool is_null)
{
    if (is_null) {
        ros__array_text(array, NULL);
        return;
    }
    ros_auto(ros_buf) struct ros_buf inner = ROS_BUF_INIT;
    inner.alloc = array->text.alloc;
    for (size_t i = 0; i < count; i++) {
        separate(&inner);
        quote(&inner, names[i]);
    }
    (void) ros_buf_puts(&inner, inner.len == 0 ? "{}" : "}");
    if (ros_buf_code(&inner) != ROS_OK)
        array->text.code = ros_buf_code(&inner);
    else
        ros__array_text(array, ros_buf_text(&inner));
}

enum ros_code ros__array_param(struct ros__array *array, struct ros_pg_param *ret, struct ros_error *reterr)
{
    (void) ros_buf_puts(&array->text, array->text.len == 0 ? "{}" : "}");
    if (ros_buf_code(&array->text) != ROS_OK)
        return ros_error_code(reterr, ros_buf_code(&array->text));
    *ret = ros_pg_text(ros_buf_text(&array->text));
    return ROS_OK;
}
