/*
 * The error table, read four ways. A linear search is enough: errors are rare, and the table is short.
 */
#include "interp/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct code_row {
    enum ros_code code;
    int grpc;
    int http;
    int exit;
    bool retry;
    const char *name;
    const char *text;
};

static const struct code_row code_rows[] = {
    {ROS_OK, 0, 200, 0, false, "ROS_OK", "success"},
#define ROS_CODE(name, no, grpc, http, exit, retry, text) {ROS_E_##name, grpc, http, exit, retry, "ROS_E_" #name, text},
#include "interp/base/codes.def"
#undef ROS_CODE
};

static const struct code_row *row_of(enum ros_code code)
{
    const struct code_row *internal = &code_rows[0];
    for (size_t i = 0; i < ROS_COUNT(code_rows); i++) {
        if (code_rows[i].code == code)
            return &code_rows[i];
        if (code_rows[i].code == ROS_E_INTERNAL)
            internal = &code_rows[i];
    }
    return internal;
}

const char *ros_code_name(enum ros_code code)
{
    return row_of(code)->name;
}

const char *ros_code_text(enum ros_code code)
{
    return row_of(code)->text;
}

int ros_code_grpc(enum ros_code code)
{
    return row_of(code)->grpc;
}

int ros_code_http(enum ros_code code)
{
    return row_of(code)->http;
}

int ros_code_exit(enum ros_code code)
{
    return row_of(code)->exit;
}

bool ros_code_retry(enum ros_code code)
{
    return row_of(code)->retry;
}

enum ros_code ros_code_from_name(const char *name)
{
    for (size_t i = 0; i < ROS_COUNT(code_rows); i++)
        if (strcmp(code_rows[i].name, name) == 0)
            return code_rows[i].code;
    return ROS_E_NOT_FOUND;
}

/* A message cut in the middle of a character would not be UTF-8 any more: drop the half. */
static void trim_to_character(char *text, size_t size)
{
    size_t len = strlen(text);
    if (len + 1 < size)
        return;
    size_t start = len;
    while (start > 0 && ((unsigned char) text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char) text[start - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (len - (start - 1) < need)
        text[start - 1] = '\0';
}

enum ros_code ros_error_set(struct ros_error *err, enum ros_code code, const char *format, ...)
{
    if (err == NULL)
        return code;
    va_list args;
    va_start(args, format);
    err->code = code;
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    trim_to_character(err->text, sizeof err->text);
    return code;
}

enum ros_code ros_error_code(struct ros_error *err, enum ros_code code)
{
    return ros_error_set(err, code, "%s", ros_code_text(code));
}

enum ros_code ros_error_prefix(struct ros_error *err, enum ros_code code, const char *format, ...)
{
    if (err == NULL)
        return code;
    char prefix[ROS_ERROR_TEXT_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    char joined[2 * ROS_ERROR_TEXT_SIZE + 2];
    snprintf(joined, sizeof joined, "%s: %s", prefix, err->text);
    return ros_error_set(err, code, "%s", joined);
}
