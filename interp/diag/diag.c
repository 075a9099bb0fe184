/*
 * Findings are collected, not printed: the parser, the checker and an editor want the same list. Adding never fails
 * for the caller; what could not be kept is remembered in `code`, so that a pass reports without an error path at
 * every word.
 */
#include "interp/diag/diag.h"

#include <stdio.h>

#include "interp/base/limits.h"

static const char *const code_names[] = {
#define ROS_DIAG(code, title) #code,
#include "interp/diag/codes.def"
#undef ROS_DIAG
};

_Static_assert(ROS_COUNT(code_names) == ROS_DIAG_COUNT, "one name a code");

bool ros_diag_is_error(enum ros_diag_code code)
{
    return ros_diag_code_name(code)[0] == 'E';
}

const char *ros_diag_code_name(enum ros_diag_code code)
{
    return (size_t) code < ROS_COUNT(code_names) ? code_names[code] : "E????";
}

void ros_diags_init(struct ros_diags *diags, struct ros_arena *arena)
{
    *diags = (struct ros_diags){.arena = arena};
}

static const char *format_text(struct ros_diags *diags, const char *format, va_list args) ROS_PRINTF(2, 0);

/* NULL, remembered in diags->code, when the arena is at its end. */
static const char *format_text(struct ros_diags *diags, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = len < 0 ? NULL : ros_arena_get(diags->arena, (size_t) len + 1);
    if (text == NULL) {
        diags->code = ROS_E_OOM;
        return NULL;
    }
    vsnprintf(text, (size_t) len + 1, format, args);
    return text;
}

/* A place in the list; NULL when there is none left or no memory for it. */
static struct ros_diag *new_item(struct ros_diags *diags)
{
    if (diags->count >= ROS_LIMIT_DIAGS)
        return NULL;
    if (diags->items == NULL) {
        diags->items = ros_arena_new_array(diags->arena, struct ros_diag *, ROS_LIMIT_DIAGS);
        diags->size = diags->items != NULL ? ROS_LIMIT_DIAGS : 0;
    }
    struct ros_diag *diag = diags->items != NULL ? ros_arena_new(diags->arena, struct ros_diag) : NULL;
    if (diag == NULL)
        diags->code = ROS_E_OOM;
    return diag;
}

struct ros_diag *ros_diags_add(struct ros_diags *diags, enum ros_diag_code code, struct ros_span span,
                               const char *format, ...)
{
    if (ros_diag_is_error(code))
        diags->error_count++;
    else
        diags->warning_count++;
    diags->spare = (struct ros_diag){.code = code, .span = span};
    struct ros_diag *diag = new_item(diags);
    if (diag == NULL)
        return &diags->spare;
    va_list args;
    va_start(args, format);
    const char *message = format_text(diags, format, args);
    va_end(args);
    if (message == NULL)
        return &diags->spare;
    *diag = (struct ros_diag){.code = code, .span = span, .message = message};
    diags->items[diags->count++] = diag;
    return diag;
}

void ros_diag_set_label(struct ros_diags *diags, struct ros_diag *diag, const char *format, ...)
{
    if (diag == &diags->spare)
        return;
    va_list args;
    va_start(args, format);
    diag->label = format_text(diags, format, args);
    va_end(args);
}

void ros_diag_add_label(struct ros_diags *diags, struct ros_diag *diag, struct ros_span span, const char *format, ...)
{
    if (diag == &diags->spare || diag->more_count >= ROS_DIAG_LABELS)
        return;
    va_list args;
    va_start(args, format);
    const char *text = format_text(diags, format, args);
    va_end(args);
    if (text != NULL)
        diag->more[diag->more_count++] = (struct ros_diag_label){span, text};
}

void ros_diag_set_help(struct ros_diags *diags, struct ros_diag *diag, const char *format, ...)
{
    if (diag == &diags->spare)
        return;
    va_list args;
    va_start(args, format);
    diag->help = format_text(diags, format, args);
    va_end(args);
}

void ros_diag_set_fix(struct ros_diags *diags, struct ros_diag *diag, struct ros_span span, const char *format, ...)
{
    if (diag == &diags->spare)
        return;
    va_list args;
    va_start(args, format);
    diag->replacement = format_text(diags, format, args);
    va_end(args);
    diag->fix_span = span;
}
