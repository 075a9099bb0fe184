/*
 * Findings for editors and tests: one JSON object a line. The language core stands on libc alone, so the few lines that
 * quote a text are here; names of members are fixed, so nothing else of JSON is needed.
 */
#include "interp/diag/diag.h"

#include <string.h>

#include "interp/base/utf8.h"

static void put_string(struct ros_buf *out, const char *text)
{
    size_t len = strlen(text);
    ros_buf_addc(out, '"');
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = ros_utf8_next(text + i, len - i, &c);
        if (c == ROS_UTF8_BROKEN)
            ros_buf_puts(out, "\\ufffd");
        else if (c == '"' || c == '\\')
            ros_buf_printf(out, "\\%c", (char) c);
        else if (c < 0x20 || c == 0x7F)
            ros_buf_printf(out, "\\u%04x", c);
        else
            ros_buf_add(out, text + i, n);
        i += n;
    }
    ros_buf_addc(out, '"');
}

/* Members that say where a span stands: file, line, column, start, length. */
static void put_place(struct ros_buf *out, const struct ros_unit *unit, struct ros_span span)
{
    if (unit == NULL || span.file >= unit->source_count) {
        ros_buf_puts(out, "\"file\":null");
        return;
    }
    size_t line, column;
    ros_span_place(unit, span, &line, &column);
    ros_buf_puts(out, "\"file\":");
    put_string(out, unit->sources[span.file].path);
    ros_buf_printf(out, ",\"line\":%zu,\"column\":%zu,\"start\":%u,\"length\":%u", line, column, span.start,
                   span.length);
}

static void put_text(struct ros_buf *out, const char *member, const char *text)
{
    if (text == NULL)
        return;
    ros_buf_printf(out, ",\"%s\":", member);
    put_string(out, text);
}

static void put_diag(struct ros_buf *out, const struct ros_unit *unit, const struct ros_diag *diag)
{
    ros_buf_printf(out, "{\"code\":\"%s\",\"severity\":\"%s\",\"message\":", ros_diag_code_name(diag->code),
                   ros_diag_is_error(diag->code) ? "error" : "warning");
    put_string(out, diag->message);
    ros_buf_addc(out, ',');
    put_place(out, unit, diag->span);
    put_text(out, "label", diag->label);
    for (size_t i = 0; i < diag->more_count; i++) {
        ros_buf_puts(out, i == 0 ? ",\"labels\":[{" : ",{");
        put_place(out, unit, diag->more[i].span);
        put_text(out, "text", diag->more[i].text);
        ros_buf_addc(out, '}');
    }
    if (diag->more_count > 0)
        ros_buf_addc(out, ']');
    put_text(out, "help", diag->help);
    if (diag->replacement != NULL) {
        ros_buf_puts(out, ",\"fix\":{");
        put_place(out, unit, diag->fix_span);
        put_text(out, "text", diag->replacement);
        ros_buf_addc(out, '}');
    }
    ros_buf_puts(out, "}\n");
}

enum ros_code ros_diags_render_json(const struct ros_diags *diags, const struct ros_unit *unit, struct ros_buf *out)
{
    for (size_t i = 0; i < diags->count; i++)
        put_diag(out, unit, diags->items[i]);
    return ros_buf_code(out);
}
