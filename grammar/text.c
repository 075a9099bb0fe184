/*
 * Texts: quotes off, escapes replaced; and templates, whose "{...}" is parsed by a parser of its own over the same
 * bytes of the source, so that every finding inside points at its place.
 */
#include <string.h>

#include "grammar/parser.h"
#include "interp/base/buf.h"
#include "interp/base/num.h"
#include "ros.tab.h"

static struct ros_span span_at(struct ros_name token, size_t start, size_t len)
{
    return (struct ros_span){token.span.file, token.span.start + (uint32_t) start, (uint32_t) len};
}

static void add_utf8(struct ros_buf *out, uint32_t c)
{
    if (c < 0x80) {
        ros_buf_addc(out, (char) c);
    } else if (c < 0x800) {
        ros_buf_addc(out, (char) (0xC0 | c >> 6));
        ros_buf_addc(out, (char) (0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        ros_buf_addc(out, (char) (0xE0 | c >> 12));
        ros_buf_addc(out, (char) (0x80 | (c >> 6 & 0x3F)));
        ros_buf_addc(out, (char) (0x80 | (c & 0x3F)));
    } else {
        ros_buf_addc(out, (char) (0xF0 | c >> 18));
        ros_buf_addc(out, (char) (0x80 | (c >> 12 & 0x3F)));
        ros_buf_addc(out, (char) (0x80 | (c >> 6 & 0x3F)));
        ros_buf_addc(out, (char) (0x80 | (c & 0x3F)));
    }
}

/* \u{1F600} at text[at]; how many bytes it takes, 0 when it is no character. */
static size_t take_unicode(struct ros_name token, size_t at, struct ros_buf *out)
{
    uint32_t c = 0;
    size_t i = at + 3;
    if (at + 2 >= token.len || token.text[at + 2] != '{')
        return 0;
    for (; i < token.len && token.text[i] != '}' && i < at + 10; i++) {
        const char *digits = "0123456789abcdefABCDEF";
        const char *digit = token.text[i] != '\0' ? strchr(digits, token.text[i]) : NULL;
        if (digit == NULL)
            return 0;
        size_t value = (size_t) (digit - digits);
        c = c * 16 + (uint32_t) (value < 16 ? value : value - 6);
    }
    if (i == at + 3 || i >= token.len || token.text[i] != '}' || c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return 0;
    add_utf8(out, c);
    return i + 1 - at;
}

/* The escape at text[at]; returns the bytes it takes. */
static size_t take_escape(struct ros__parser *p, struct ros_name token, size_t at, struct ros_buf *out)
{
    char c = at + 1 < token.len ? token.text[at + 1] : '\0';
    size_t taken = 2;
    if (c == '"' || c == '\\')
        ros_buf_addc(out, c);
    else if (c == 'n')
        ros_buf_addc(out, '\n');
    else if (c == 't')
        ros_buf_addc(out, '\t');
    else if (c == 'u')
        taken = take_unicode(token, at, out);
    else
        taken = 0;
    if (taken != 0)
        return taken;
    struct ros_diag *diag =
        ros_diags_add(p->diags, ROS_DIAG_E0104, span_at(token, at, 2), "an unknown escape in a text");
    ros_diag_set_help(p->diags, diag, "escapes are \\\" \\\\ \\n \\t and \\u{1F600}");
    return 2;
}

static void check_size(struct ros__parser *p, struct ros_name token)
{
    if (token.len > ROS_LIMIT_TEXT_BYTES)
        ros_diags_add(p->diags, ROS_DIAG_E0701, token.span, "a text of more than %d bytes", ROS_LIMIT_TEXT_BYTES);
}

static const char *keep(struct ros__parser *p, struct ros_buf *text)
{
    const char *copy = ros_buf_code(text) == ROS_OK ? ros_arena_copy(p->arena, ros_buf_text(text), text->len) : NULL;
    if (copy == NULL) {
        ros__parser_fail(p);
        return "";
    }
    return copy;
}

struct ros_name ros__text_plain(struct ros__parser *p, struct ros_name token)
{
    ros_auto(ros_buf) struct ros_buf out;
    ros_buf_init(&out, p->arena->alloc, 0);
    check_size(p, token);
    for (size_t i = 1; i + 1 < token.len;) {
        if (token.text[i] == '\\') {
            i += take_escape(p, token, i, &out);
            continue;
        }
        ros_buf_addc(&out, token.text[i++]);
    }
    return (struct ros_name){keep(p, &out), out.len, token.span};
}

static void add_literal(struct ros__parser *p, struct ros__list **parts, struct ros_buf *text)
{
    if (text->len == 0)
        return;
    const struct ros_text_part part = {keep(p, text), text->len, NULL};
    *parts = ros__list_add(p, *parts, &part, sizeof part);
    ros_buf_clear(text);
}

const struct ros_expr *ros__text_value(struct ros__parser *p, struct ros_name token)
{
    struct ros_expr *e = ros__expr_new(p, ROS_EXPR_TEXT, token.span);
    const struct ros_name plain = ros__text_plain(p, token);
    const struct ros_text_part part = {plain.text, plain.len, NULL};
    struct ros__list *parts = plain.len > 0 ? ros__list_add(p, NULL, &part, sizeof part) : NULL;
    e->parts = ros__list_items(parts);
    e->part_count = ros__list_count(parts);
    return e;
}

/* Parses text[at, end) as an expression; NULL when it is none, which was reported. */
static const struct ros_expr *parse_inside(struct ros__parser *p, struct ros_name token, size_t at, size_t end)
{
    struct ros__parser *inner = ros_arena_new(p->arena, struct ros__parser);
    if (inner == NULL) {
        ros__parser_fail(p);
        return NULL;
    }
    *inner = (struct ros__parser){
        .unit = p->unit, .arena = p->arena, .diags = p->diags, .file = p->file, .in_template = true, .out = p->out};
    ros__parser_run(inner, token.span.start + at, end - at, START_EXPR);
    if (inner->code != ROS_OK && p->code == ROS_OK)
        p->code = inner->code;
    return inner->expr;
}

/* "{...}" at text[at]; returns the bytes it takes. */
static size_t take_part(struct ros__parser *p, struct ros_name token, size_t at, struct ros__list **parts,
                        struct ros_expr *e)
{
    const char *close = memchr(token.text + at, '}', token.len - 1 - at);
    if (close == NULL) {
        struct ros_diag *diag =
            ros_diags_add(p->diags, ROS_DIAG_E0105, span_at(token, at, 1), "a `{` without its `}` in a text");
        ros_diag_set_help(p->diags, diag, "write `{{` for a brace that is only a brace");
        return token.len;
    }
    size_t end = (size_t) (close - token.text);
    if (strspn(token.text + at + 1, " ") >= end - at - 1) {
        ros_diags_add(p->diags, ROS_DIAG_E0105, span_at(token, at, end + 1 - at), "nothing stands between `{` and `}`");
        return end + 1 - at;
    }
    const struct ros_expr *expr = parse_inside(p, token, at + 1, end);
    if (expr != NULL) {
        const struct ros_text_part part = {NULL, 0, expr};
        *parts = ros__list_add(p, *parts, &part, sizeof part);
        ros__expr_deepen(p, e, expr);
    }
    return end + 1 - at;
}

const struct ros_expr *ros__text_template(struct ros__parser *p, struct ros_name token)
{
    struct ros_expr *e = ros__expr_new(p, ROS_EXPR_TEXT, token.span);
    struct ros__list *parts = NULL;
    ros_auto(ros_buf) struct ros_buf literal;
    ros_buf_init(&literal, p->arena->alloc, 0);
    check_size(p, token);
    for (size_t i = 1; i + 1 < token.len;) {
        char c = token.text[i];
        bool doubled = i + 2 < token.len && token.text[i + 1] == c;
        if (c == '\\') {
            i += take_escape(p, token, i, &literal);
        } else if ((c == '{' || c == '}') && doubled) {
            ros_buf_addc(&literal, c);
            i += 2;
        } else if (c == '{') {
            add_literal(p, &parts, &literal);
            i += take_part(p, token, i, &parts, e);
        } else if (c == '}') {
            struct ros_diag *diag =
                ros_diags_add(p->diags, ROS_DIAG_E0105, span_at(token, i, 1), "a `}` without its `{` in a text");
            ros_diag_set_help(p->diags, diag, "write `}}` for a brace that is only a brace");
            i++;
        } else {
            ros_buf_addc(&literal, c);
            i++;
        }
    }
    if (ros_buf_code(&literal) != ROS_OK)
        ros__parser_fail(p);
    add_literal(p, &parts, &literal);
    if (e->kind == ROS_EXPR_TEXT) { /* not one that was too deep */
        e->parts = ros__list_items(parts);
        e->part_count = ros__list_count(parts);
    }
    return e;
}
