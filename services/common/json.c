/*
 * jansson parses; writing walks its trees, since jansson prints doubles with 17 digits (0.0116 as
 * 0.011599999999999999) and nothing can be told otherwise.
 */
#include "services/common/json.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define DEFAULT_BYTES ((size_t) 4 << 20)
#define DEFAULT_DEPTH 64u
#define DUMP_DEPTH 2048u

/* The deepest nesting of brackets outside strings: looked at before parsing, since a parser recurses. */
static unsigned depth_of(const char *text, size_t len)
{
    unsigned depth = 0;
    unsigned deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > deepest)
                deepest = depth;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return deepest;
}

enum ros_code ros_json_parse(const char *text, size_t len, const struct ros_json_limits *limits, json_t **ret,
                             struct ros_error *reterr)
{
    size_t bytes = limits != NULL && limits->bytes != 0 ? limits->bytes : DEFAULT_BYTES;
    unsigned depth = limits != NULL && limits->depth != 0 ? limits->depth : DEFAULT_DEPTH;
    if (len > bytes)
        return ros_error_set(reterr, ROS_E_LIMIT, "JSON of %zu bytes; at most %zu are read", len, bytes);
    if (depth_of(text, len) > depth)
        return ros_error_set(reterr, ROS_E_LIMIT, "JSON nested deeper than %u", depth);
    json_error_t error;
    size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    if (limits != NULL && limits->integers_as_real)
        flags |= JSON_DECODE_INT_AS_REAL;
    *ret = json_loadb(text, len, flags, &error);
    if (*ret != NULL)
        return ROS_OK;
    if (json_error_code(&error) == json_error_out_of_memory)
        return ros_error_code(reterr, ROS_E_OOM);
    return ros_error_set(reterr, ROS_E_DATA, "not JSON, line %d column %d: %s", error.line, error.column, error.text);
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

/* Decodes one character at p (n > 0 bytes left); *ret_len is how many bytes it took. Not UTF-8: U+FFFD, one byte. */
static uint32_t decode(const unsigned char *p, size_t n, size_t *ret_len)
{
    uint32_t lead = p[0];
    size_t len = lead < 0x80                   ? 1
                 : lead >= 0xC2 && lead < 0xE0 ? 2
                 : lead >= 0xE0 && lead < 0xF0 ? 3
                 : lead >= 0xF0 && lead < 0xF5 ? 4
                                               : 0;
    *ret_len = 1;
    if (len == 1)
        return lead;
    if (len == 0 || len > n)
        return 0xFFFD;
    uint32_t c = lead & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0xFFFD;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return 0xFFFD;
    *ret_len = len;
    return c;
}

static void add_character(struct ros_buf *out, uint32_t c)
{
    static const char escapes[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (c == '"' || c == '\\')
        ros_buf_printf(out, "\\%c", (char) c);
    else if (c < sizeof escapes && escapes[c] != '\0')
        ros_buf_printf(out, "\\%c", escapes[c]);
    else if (c >= 0x20 && c < 0x7F)
        ros_buf_addc(out, (char) c);
    else if (c == 0x7F)
        ros_buf_addc(out, (char) c);
    else if (c < 0x10000)
        ros_buf_printf(out, "\\u%04x", c);
    else
        ros_buf_printf(out, "\\u%04x\\u%04x", 0xD800 + ((c - 0x10000) >> 10), 0xDC00 + ((c - 0x10000) & 0x3FF));
}

enum ros_code ros_json_add_text(struct ros_buf *out, const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *) text;
    ros_buf_addc(out, '"');
    for (size_t i = 0; i < len;) {
        size_t plain = i;
        while (plain < len && p[plain] >= 0x20 && p[plain] < 0x7F && p[plain] != '"' && p[plain] != '\\')
            plain++;
        ros_buf_add(out, text + i, plain - i);
        i = plain;
        if (i == len)
            break;
        size_t taken;
        uint32_t c = decode(p + i, len - i, &taken);
        add_character(out, c);
        i += taken;
    }
    return ros_buf_addc(out, '"');
}

const char *ros_json_text(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && strlen(text) == json_string_length(value) ? text : NULL;
}

/* --- trees -------------------------------------------------------------------------------------------------------- */

static enum ros_code dump(const json_t *value, unsigned depth, struct ros_buf *out);

static enum ros_code dump_object(const json_t *object, unsigned depth, struct ros_buf *out)
{
    const char *separator = "";
    ros_buf_addc(out, '{');
    json_t *members = (json_t *) (uintptr_t) object; /* iterating changes nothing, but jansson's types say otherwise */
    for (void *at = json_object_iter(members); at != NULL; at = json_object_iter_next(members, at)) {
        const char *key = json_object_iter_key(at);
        ros_buf_puts(out, separator);
        ros_json_add_text(out, key, strlen(key));
        ros_buf_puts(out, ": ");
        ROS_TRY(dump(json_object_iter_value(at), depth + 1, out));
        separator = ", ";
    }
    return ros_buf_addc(out, '}');
}

static enum ros_code dump_array(const json_t *array, unsigned depth, struct ros_buf *out)
{
    ros_buf_addc(out, '[');
    size_t size = json_array_size(array);
    for (size_t i = 0; i < size; i++) {
        if (i > 0)
            ros_buf_puts(out, ", ");
        ROS_TRY(dump(json_array_get(array, i), depth + 1, out));
    }
    return ros_buf_addc(out, ']');
}

static enum ros_code dump(const json_t *value, unsigned depth, struct ros_buf *out)
{
    if (depth > DUMP_DEPTH)
        return ROS_E_LIMIT;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return dump_object(value, depth, out);
    case JSON_ARRAY:
        return dump_array(value, depth, out);
    case JSON_STRING:
        return ros_json_add_text(out, json_string_value(value), json_string_length(value));
    case JSON_INTEGER:
        return ros_buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_REAL:
        return ros_buf_double(out, json_real_value(value));
    case JSON_TRUE:
        return ros_buf_puts(out, "true");
    case JSON_FALSE:
        return ros_buf_puts(out, "false");
    case JSON_NULL:
        break;
    }
    return ros_buf_puts(out, "null");
}

enum ros_code ros_json_dump(const json_t *value, struct ros_buf *out)
{
    return dump(value, 0, out);
}
