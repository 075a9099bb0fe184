/*
 * "unexpected `x`; expected a, b or c": the grammar's long lists of what could come are folded into the few words that
 * an author thinks in.
 */
#include "grammar/report.h"

#include <string.h>

#include "interp/base/buf.h"

#define SHOWN_NAMES 6

struct group {
    const char *words; /* what is said instead */
    const char *const *members;
    size_t least; /* so many of them must be expected */
};

static const char *const declarations[] = {"use",     "metric", "fact",    "table", "param",      "check",
                                           "let",     "report", "require", "state", "candidates", "decide",
                                           "fixture", "test",   "org",     NULL};
static const char *const values[] = {
    "a number", "a number with a unit", "a text", "a name", "true", "false", "missing", "(", "-", "not", "if", NULL};
static const char *const operators[] = {"or", "and", "<", ">", ">=", "<=", "==", "!=", ">=~", "<=~", "==~",
                                        "??", "in",  "+", "-", "*",  "/",  ".",  "[",  "(",   NULL};
static const char *const comparisons[] = {"<", ">", ">=", "<=", "==", "!=", ">=~", "<=~", "==~", NULL};
static const char *const literals[] = {"a number", "a number with a unit", "a text", "true", "false", "missing", NULL};
static const struct group groups[] = {{"a declaration", declarations, 6},
                                      {"a value", values, 8},
                                      {"a literal", literals, 5},
                                      {"an operator", operators, 5}};

static bool is_member(const char *const *members, const char *name)
{
    for (; *members != NULL; members++)
        if (strcmp(*members, name) == 0)
            return true;
    return false;
}

/* Replaces the members of a group by its words; returns the new count. */
static size_t fold(const struct group *group, const char **names, size_t count)
{
    size_t members = 0;
    for (size_t i = 0; i < count; i++)
        members += is_member(group->members, names[i]);
    if (members < group->least)
        return count;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_member(group->members, names[i]))
            names[kept++] = names[i];
    names[kept++] = group->words;
    return kept;
}

static bool is_quoted(const char *name)
{
    return strncmp(name, "a ", 2) != 0 && strncmp(name, "an ", 3) != 0 && strncmp(name, "the ", 4) != 0;
}

static void add_expected(struct ros_buf *out, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *separator = i == 0 ? "; expected " : i + 1 == count ? " or " : ", ";
        const char *quote = is_quoted(names[i]) ? "`" : "";
        ros_buf_printf(out, "%s%s%s%s", separator, quote, names[i], quote);
    }
}

static bool expects(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool is_word(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || text[i] == '_'))
            return false;
    return len > 0;
}

static void add_found(struct ros_buf *out, const struct ros_source *source, struct ros_span span)
{
    const char *text = source->text + span.start;
    size_t line = strcspn(text, "\n");
    size_t len = span.length < line ? span.length : line;
    if (len == 0)
        ros_buf_puts(out, "end of the file");
    else if (text[0] == '"')
        ros_buf_puts(out, "a text");
    else
        ros_buf_printf(out, "`%.*s`", (int) (len < 60 ? len : 60), text);
}

void ros__report_unexpected(struct ros__parser *p, struct ros_span span, const char *token, const char *const *names,
                            size_t count)
{
    const char *kept[128];
    const struct ros_source *source = &p->unit->sources[p->file];
    (void) token;
    if (p->code != ROS_OK)
        return;
    p->recovering = !p->in_template;
    if (count > ROS_COUNT(kept))
        count = ROS_COUNT(kept);
    if (count > 0)
        memcpy(kept, names, count * sizeof *names);
    size_t shown = count;
    for (size_t i = 0; i < ROS_COUNT(groups); i++)
        shown = fold(&groups[i], kept, shown);
    ros_auto(ros_buf) struct ros_buf message;
    ros_buf_init(&message, p->arena->alloc, 0);
    ros_buf_puts(&message, p->in_template ? "in the braces of this text: unexpected " : "unexpected ");
    if (p->in_template && span.length == 0)
        ros_buf_puts(&message, "end");
    else
        add_found(&message, source, span);
    if (shown <= SHOWN_NAMES)
        add_expected(&message, kept, shown);
    if (ros_buf_code(&message) != ROS_OK) {
        ros__parser_fail(p);
        return;
    }
    bool assigns = span.length == 1 && source->text[span.start] == '=' && expects(kept, shown, "an operator");
    struct ros_diag *diag =
        ros_diags_add(p->diags, p->in_template ? ROS_DIAG_E0105 : ROS_DIAG_E0101, span, "%s", ros_buf_text(&message));
    char found[4] = "";
    if (span.length < sizeof found)
        memcpy(found, source->text + span.start, span.length);
    if (is_member(comparisons, found))
        ros_diag_set_help(p->diags, diag, "comparisons do not chain: write `a < b and b < c`");
    if (assigns) {
        ros_diag_set_help(p->diags, diag, "to compare, write `==`");
        ros_diag_set_fix(p->diags, diag, span, "==");
    }
    if (expects(kept, shown, "a name") && is_word(source->text + span.start, span.length))
        ros_diag_set_help(p->diags, diag, "`%.*s` is a word of the language; a name must be another one",
                          (int) span.length, source->text + span.start);
}
