/*
 * Findings for people: message, place, the line itself, a mark under the words. A source line may hold anything (it may
 * be what is wrong), and the terminal obeys what it is sent: control characters and broken UTF-8 are shown as U+FFFD,
 * tabs as four columns, and of a very long line only the surroundings of the mark.
 */
#include "interp/diag/diag.h"

#include <string.h>

#include "interp/base/utf8.h"

#define TAB_COLUMNS 4
#define LINE_COLUMNS 160  /* longer lines are shown in part */
#define BEFORE_COLUMNS 60 /* how much of a long line stands before the mark */

struct style {
    const char *error, *warning, *place, *bold, *off;
};

static const struct style plain_style = {"", "", "", "", ""};
static const struct style colour_style = {"\033[1;31m", "\033[1;33m", "\033[1;34m", "\033[1m", "\033[0m"};

struct renderer {
    const struct ros_unit *unit;
    const struct style *style;
    struct ros_buf *out;
    int gutter; /* columns of the widest line number */
};

/* The line of a source that holds a byte. */
struct line {
    size_t start, end; /* [start, end), line end excluded */
    size_t number;     /* from 1 */
};

static const struct ros_source *source_of(const struct ros_unit *unit, struct ros_span span)
{
    return unit != NULL && span.file < unit->source_count ? &unit->sources[span.file] : NULL;
}

static struct line line_at(const struct ros_source *source, size_t at)
{
    if (at > source->len)
        at = source->len;
    struct line line = {0, source->len, 1};
    for (const char *p = source->text; (p = memchr(p, '\n', at - (size_t) (p - source->text))) != NULL; p++) {
        line.start = (size_t) (p - source->text) + 1;
        line.number++;
    }
    const char *newline = memchr(source->text + line.start, '\n', source->len - line.start);
    if (newline != NULL)
        line.end = (size_t) (newline - source->text);
    if (line.end > line.start && source->text[line.end - 1] == '\r' && at < line.end)
        line.end--;
    return line;
}

void ros_span_place(const struct ros_unit *unit, struct ros_span span, size_t *ret_line, size_t *ret_column)
{
    *ret_line = 1;
    *ret_column = 1;
    const struct ros_source *source = source_of(unit, span);
    if (source == NULL)
        return;
    struct line line = line_at(source, span.start);
    *ret_line = line.number;
    for (size_t i = line.start; i < span.start && i < line.end; (*ret_column)++) {
        uint32_t unused;
        i += ros_utf8_next(source->text + i, line.end - i, &unused);
    }
}

static void put_clean(struct ros_buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = ros_utf8_next(text + i, len - i, &c);
        if (ros_utf8_shown(c))
            ros_buf_add(out, text + i, n);
        else
            ros_buf_puts(out, "\xEF\xBF\xBD");
        i += n;
    }
}

static size_t columns_of(const char *text, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len;) {
        uint32_t c;
        i += ros_utf8_next(text + i, len - i, &c);
        columns += c == '\t' ? TAB_COLUMNS : ros_utf8_columns(c);
    }
    return columns;
}

static void put_line(struct ros_buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = ros_utf8_next(text + i, len - i, &c);
        if (c == '\t')
            ros_buf_puts(out, "    ");
        else
            put_clean(out, text + i, n);
        i += n;
    }
}

/* Moves to the start of the character that holds byte i. */
static size_t char_start(const char *text, size_t low, size_t i)
{
    while (i > low && ((unsigned char) text[i] & 0xC0) == 0x80)
        i--;
    return i;
}

/* The part of a line that is shown: all of it, or the surroundings of byte `at`. */
static struct line window(const struct ros_source *source, struct line line, size_t at)
{
    if (line.end - line.start <= LINE_COLUMNS)
        return line;
    if (at - line.start > BEFORE_COLUMNS)
        line.start = char_start(source->text, line.start, at - BEFORE_COLUMNS);
    if (line.end - line.start > LINE_COLUMNS)
        line.end = char_start(source->text, line.start, line.start + LINE_COLUMNS);
    return line;
}

static void put_gutter(const struct renderer *r, const char *sign)
{
    ros_buf_printf(r->out, "%*s%s%s%s", r->gutter + 1, "", r->style->place, sign, r->style->off);
}

/* One source line and, under it, marks below [span) with their words. `shown`: the line printed before, or 0. */
static void put_span(const struct renderer *r, struct ros_span span, const char *label, char mark, const char *colour,
                     size_t *shown)
{
    const struct ros_source *source = source_of(r->unit, span);
    if (source == NULL)
        return;
    size_t at = span.start <= source->len ? span.start : source->len;
    struct line whole = line_at(source, at);
    if (at > whole.end)
        at = whole.end;
    struct line line = window(source, whole, at);
    if (*shown != whole.number) {
        ros_buf_printf(r->out, "%s%*zu |%s ", r->style->place, r->gutter, whole.number, r->style->off);
        ros_buf_puts(r->out, line.start > whole.start ? "..." : "");
        put_line(r->out, source->text + line.start, line.end - line.start);
        ros_buf_puts(r->out, line.end < whole.end ? "...\n" : "\n");
        *shown = whole.number;
    }
    size_t end = span.length < line.end - at ? at + span.length : line.end;
    size_t before = columns_of(source->text + line.start, at - line.start) + (line.start > whole.start ? 3 : 0);
    size_t marks = columns_of(source->text + at, end - at);
    put_gutter(r, "|");
    ros_buf_printf(r->out, " %*s%s", (int) before, "", colour);
    for (size_t i = 0; i < (marks > 0 ? marks : 1); i++)
        ros_buf_addc(r->out, mark);
    if (label != NULL) {
        ros_buf_addc(r->out, ' ');
        put_clean(r->out, label, strlen(label));
    }
    ros_buf_printf(r->out, "%s\n", r->style->off);
}

static void put_place(const struct renderer *r, struct ros_span span, const char *arrow)
{
    const struct ros_source *source = source_of(r->unit, span);
    if (source == NULL)
        return;
    size_t line, column;
    ros_span_place(r->unit, span, &line, &column);
    ros_buf_printf(r->out, "%*s%s%s%s ", r->gutter, "", r->style->place, arrow, r->style->off);
    put_clean(r->out, source->path, strlen(source->path));
    ros_buf_printf(r->out, ":%zu:%zu\n", line, column);
}

static int gutter_of(const struct ros_unit *unit, const struct ros_diag *diag)
{
    size_t widest = 1, line, column;
    ros_span_place(unit, diag->span, &widest, &column);
    for (size_t i = 0; i < diag->more_count; i++) {
        ros_span_place(unit, diag->more[i].span, &line, &column);
        widest = line > widest ? line : widest;
    }
    int digits = 1;
    for (; widest >= 10; widest /= 10)
        digits++;
    return digits;
}

static void put_note(const struct renderer *r, const char *kind, const char *text)
{
    put_gutter(r, "=");
    ros_buf_printf(r->out, " %s%s%s: ", r->style->bold, kind, r->style->off);
    put_clean(r->out, text, strlen(text));
    ros_buf_addc(r->out, '\n');
}

static void put_diag(struct renderer *r, const struct ros_diag *diag)
{
    bool error = ros_diag_is_error(diag->code);
    const char *colour = error ? r->style->error : r->style->warning;
    r->gutter = gutter_of(r->unit, diag);
    ros_buf_printf(r->out, "%s%s[%s]%s: %s", colour, error ? "error" : "warning", ros_diag_code_name(diag->code),
                   r->style->off, r->style->bold);
    put_clean(r->out, diag->message, strlen(diag->message));
    ros_buf_printf(r->out, "%s\n", r->style->off);
    put_place(r, diag->span, "-->");
    size_t shown = 0;
    put_span(r, diag->span, diag->label, '^', colour, &shown);
    uint32_t file = diag->span.file;
    for (size_t i = 0; i < diag->more_count; i++) {
        if (diag->more[i].span.file != file) {
            file = diag->more[i].span.file;
            shown = 0;
            put_place(r, diag->more[i].span, ":::");
        }
        put_span(r, diag->more[i].span, diag->more[i].text, '-', r->style->place, &shown);
    }
    if (diag->help != NULL)
        put_note(r, "help", diag->help);
    if (diag->replacement != NULL)
        put_note(r, "fix", diag->replacement[0] != '\0' ? diag->replacement : "leave it out");
    ros_buf_addc(r->out, '\n');
}

static void put_count(struct ros_buf *out, size_t count, const char *word)
{
    ros_buf_printf(out, "%zu %s%s", count, word, count == 1 ? "" : "s");
}

enum ros_code ros_diags_render(const struct ros_diags *diags, const struct ros_unit *unit, bool colour,
                               struct ros_buf *out)
{
    struct renderer r = {.unit = unit, .style = colour ? &colour_style : &plain_style, .out = out};
    for (size_t i = 0; i < diags->count; i++)
        put_diag(&r, diags->items[i]);
    size_t total = diags->error_count + diags->warning_count;
    if (total == 0)
        return ros_buf_code(out);
    put_count(out, diags->error_count, "error");
    ros_buf_puts(out, ", ");
    put_count(out, diags->warning_count, "warning");
    if (total > diags->count)
        ros_buf_printf(out, "; the first %zu are shown", diags->count);
    ros_buf_addc(out, '\n');
    return ros_buf_code(out);
}
