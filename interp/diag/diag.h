/*
 * diag.h - what is wrong with a rule set: a list of findings, each with code, place, cause and, where certain, a fix.
 *
 * The code decides the severity: E.... is an error, W.... a warning (diag/codes.def). A finding has one main span, up
 * to ROS_DIAG_LABELS further labelled spans, and one help line. All memory is the arena's; after ROS_LIMIT_DIAGS
 * findings the rest are only counted.
 *
 * Rendering shows the source line with a caret, as rustc does; JSON gives the same facts to editors, one object a line.
 */
#ifndef ROS_DIAG_H
#define ROS_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "interp/ast/ast.h"
#include "interp/base/buf.h"

enum ros_diag_code {
#define ROS_DIAG(code, title) ROS_DIAG_##code,
#include "interp/diag/codes.def"
#undef ROS_DIAG
    ROS_DIAG_COUNT
};

#define ROS_DIAG_LABELS 3

struct ros_diag_label {
    struct ros_span span;
    const char *text;
};

struct ros_diag {
    enum ros_diag_code code;
    const char *message; /* one line, names in `backquotes` */
    struct ros_span span;
    const char *label; /* words under the caret; NULL: none */
    struct ros_diag_label more[ROS_DIAG_LABELS];
    size_t more_count;
    const char *help;        /* NULL: none */
    const char *replacement; /* certain fix: text that goes in the place of fix_span; NULL: none */
    struct ros_span fix_span;
};

struct ros_diags {
    struct ros_arena *arena;
    struct ros_diag **items;
    size_t count; /* kept */
    size_t size;
    size_t error_count; /* all, kept or not */
    size_t warning_count;
    enum ros_code code;    /* ROS_E_OOM when a finding or a part of one was lost */
    struct ros_diag spare; /* what ros_diags_add() returns for a finding that is not kept */
};

void ros_diags_init(struct ros_diags *diags, struct ros_arena *arena);

/*
 * Adds a finding and returns it, so that the caller can add labels, help and a fix; never NULL: when memory is short or
 * the list is full a spare that nobody prints is returned.
 */
struct ros_diag *ros_diags_add(struct ros_diags *diags, enum ros_diag_code code, struct ros_span span,
                               const char *format, ...) ROS_PRINTF(4, 5);
/* Additions to a finding; texts are formatted into the arena. */
void ros_diag_set_label(struct ros_diags *diags, struct ros_diag *diag, const char *format, ...) ROS_PRINTF(3, 4);
void ros_diag_add_label(struct ros_diags *diags, struct ros_diag *diag, struct ros_span span, const char *format, ...)
    ROS_PRINTF(4, 5);
void ros_diag_set_help(struct ros_diags *diags, struct ros_diag *diag, const char *format, ...) ROS_PRINTF(3, 4);
void ros_diag_set_fix(struct ros_diags *diags, struct ros_diag *diag, struct ros_span span, const char *format, ...)
    ROS_PRINTF(4, 5);

bool ros_diag_is_error(enum ros_diag_code code);
const char *ros_diag_code_name(enum ros_diag_code code); /* "E0301" */

/* What `ros check --explain` says of a code, from diag/pages.def. NULL for a name that is none. */
struct ros_diag_page {
    const char *code; /* "E0301" */
    const char *text;
    const char *wrong; /* a line that gives the code; NULL: none is shown */
    const char *right;
};
const struct ros_diag_page *ros_diag_page(const char *code);

/* Line and column (both from 1; columns count characters, a tab is one) of a span's start. */
void ros_span_place(const struct ros_unit *unit, struct ros_span span, size_t *ret_line, size_t *ret_column);

/* All findings as text (colour: ANSI escapes) or as JSON, one object a line. A closing count ends the text. */
enum ros_code ros_diags_render(const struct ros_diags *diags, const struct ros_unit *unit, bool colour,
                               struct ros_buf *out);
enum ros_code ros_diags_render_json(const struct ros_diags *diags, const struct ros_unit *unit, struct ros_buf *out);

/*
 * The nearest of `count` names to a misspelt one: edit distance at most half its length (and at least one letter the
 * same); NULL when none is near. For "did you mean".
 */
const char *ros_diag_nearest(const char *name, const char *const *names, size_t count);

#endif
