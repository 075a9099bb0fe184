/* A table's cells, found in one pass. Plain cells are copies of the file's bytes; quoted ones have their quotes undone.
 */
#include "grammar/csv.h"

#include <string.h>

#include "interp/base/limits.h"
#include "interp/base/utf8.h"

struct reader {
    struct ros_unit *unit;
    struct ros_diags *diags;
    uint32_t file;
    const char *text;
    size_t len;
    size_t at;
    struct ros_name *cells; /* header and rows, one after another */
    size_t count;
    size_t size;
    enum ros_code code;
};

static struct ros_span span_of(const struct reader *r, size_t start, size_t end)
{
    return (struct ros_span){r->file, (uint32_t) start, (uint32_t) (end - start)};
}

static bool fail(struct reader *r, enum ros_code code)
{
    if (r->code == ROS_OK)
        r->code = code;
    return false;
}

static bool refuse(struct reader *r, enum ros_diag_code code, size_t start, size_t end, const char *message)
{
    ros_diags_add(r->diags, code, span_of(r, start, end), "%s", message);
    return fail(r, ROS_E_RULES);
}

static bool add_cell(struct reader *r, const char *text, size_t len, size_t start, size_t end)
{
    if (r->count == r->size) {
        size_t wish = r->size == 0 ? 1024 : r->size * 2;
        struct ros_name *cells = ros_arena_new_array(r->unit->arena, struct ros_name, wish);
        if (cells == NULL)
            return fail(r, ros_arena_code(r->unit->arena));
        if (r->count > 0)
            memcpy(cells, r->cells, r->count * sizeof *cells);
        r->cells = cells;
        r->size = wish;
    }
    r->cells[r->count++] = (struct ros_name){text, len, span_of(r, start, end)};
    return true;
}

/* The end of the quoted cell that opens at r->at: the position behind its closing quote; 0 when there is none. */
static size_t closing_quote(const struct reader *r)
{
    for (size_t i = r->at + 1; i < r->len; i++) {
        if (r->text[i] != '"')
            continue;
        if (i + 1 == r->len || r->text[i + 1] != '"')
            return i + 1;
        i++;
    }
    return 0;
}

static bool read_quoted(struct reader *r)
{
    size_t start = r->at;
    size_t end = closing_quote(r);
    if (end == 0)
        return refuse(r, ROS_DIAG_E0604, start, start + 1, "this quote is never closed");
    char *text = ros_arena_get(r->unit->arena, end - start);
    if (text == NULL)
        return fail(r, ros_arena_code(r->unit->arena));
    size_t len = 0;
    for (size_t i = start + 1; i + 1 < end; i++) {
        text[len++] = r->text[i];
        i += r->text[i] == '"';
    }
    r->at = end;
    if (r->at < r->len && strchr(",\r\n", r->text[r->at]) == NULL)
        return refuse(r, ROS_DIAG_E0604, r->at, r->at + 1,
                      "after a closing quote comes a comma or the end of the line");
    return add_cell(r, text, len, start, end);
}

static bool read_plain(struct reader *r)
{
    size_t start = r->at;
    while (r->at < r->len && r->text[r->at] != ',' && r->text[r->at] != '\n' && r->text[r->at] != '\r') {
        if (r->text[r->at] == '"')
            return refuse(r, ROS_DIAG_E0604, r->at, r->at + 1, "a quote inside a cell that has none around it");
        r->at++;
    }
    char *text = ros_arena_copy(r->unit->arena, r->text + start, r->at - start);
    if (text == NULL)
        return fail(r, ros_arena_code(r->unit->arena));
    return add_cell(r, text, r->at - start, start, r->at);
}

static bool end_line(struct reader *r)
{
    if (r->at < r->len && r->text[r->at] == '\r') {
        if (r->at + 1 == r->len || r->text[r->at + 1] != '\n')
            return refuse(r, ROS_DIAG_E0604, r->at, r->at + 1, "a carriage return without a line feed");
        r->at++;
    }
    if (r->at < r->len)
        r->at++;
    return true;
}

/* One line's cells; false when something is wrong with them. */
static bool read_line(struct reader *r)
{
    for (;;) {
        if (!(r->at < r->len && r->text[r->at] == '"' ? read_quoted(r) : read_plain(r)))
            return false;
        if (r->at == r->len || r->text[r->at] != ',')
            return end_line(r);
        r->at++;
    }
}

static bool only_line_ends_follow(const struct reader *r)
{
    return strspn(r->text + r->at, "\r\n") == r->len - r->at;
}

static bool read_rows(struct reader *r, struct ros_csv *csv)
{
    csv->column_count = r->count;
    if (csv->column_count > ROS_LIMIT_TABLE_COLUMNS)
        return refuse(r, ROS_DIAG_E0701, 0, 1, "a table of more than 64 columns");
    while (!only_line_ends_follow(r)) {
        size_t start = r->at;
        size_t before = r->count;
        if (!read_line(r))
            return false;
        if (r->count - before != csv->column_count) {
            ros_diags_add(r->diags, ROS_DIAG_E0604, span_of(r, start, start + 1),
                          "this row has %zu cells; the header has %zu", r->count - before, csv->column_count);
            return fail(r, ROS_E_RULES);
        }
        if (++csv->row_count > ROS_LIMIT_TABLE_ROWS)
            return refuse(r, ROS_DIAG_E0701, start, start + 1, "a table of more than 100000 rows");
    }
    return true;
}

static bool check_bytes(struct reader *r)
{
    size_t broken = ros_utf8_check(r->text, r->len);
    if (broken < r->len)
        return refuse(r, ROS_DIAG_E0604, broken, broken + 1, "this byte is not UTF-8");
    const char *nul = memchr(r->text, '\0', r->len);
    if (nul != NULL)
        return refuse(r, ROS_DIAG_E0604, (size_t) (nul - r->text), (size_t) (nul - r->text) + 1, "a NUL byte");
    return true;
}

enum ros_code ros_csv_read(struct ros_unit *unit, uint32_t file_index, struct ros_diags *diags,
                           const struct ros_csv **ret)
{
    const struct ros_source *source = &unit->sources[file_index];
    struct reader r = {.unit = unit, .diags = diags, .file = file_index, .text = source->text, .len = source->len};
    struct ros_csv *csv = ros_arena_new(unit->arena, struct ros_csv);
    if (csv == NULL)
        return ros_arena_code(unit->arena);
    if (r.len >= 3 && memcmp(r.text, "\xEF\xBB\xBF", 3) == 0)
        r.at = 3;
    if (!check_bytes(&r))
        return r.code;
    if (only_line_ends_follow(&r)) {
        refuse(&r, ROS_DIAG_E0604, 0, 0, "the table is empty: its first line names the columns");
        return r.code;
    }
    if (!read_line(&r) || !read_rows(&r, csv))
        return r.code;
    csv->file = file_index;
    csv->header = r.cells;
    csv->cells = r.cells + csv->column_count;
    *ret = csv;
    return ROS_OK;
}
