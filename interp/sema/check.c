/* Which values may stand beside each other. One place decides, so that sums, comparisons and `??` agree. */
#include <math.h>

#include "interp/sema/internal.h"

const char *ros__source_text(struct ros__sema *s, struct ros_span span)
{
    if (span.file >= s->unit->source_count)
        return "?";
    const struct ros_source *source = &s->unit->sources[span.file];
    if (span.start > source->len || span.length > source->len - span.start)
        return "?";
    const char *text = ros_arena_printf(s->arena, "%.*s", (int) span.length, source->text + span.start);
    if (text == NULL)
        ros__sema_failed(s);
    return text != NULL ? text : "?";
}

static bool is_number_literal(const struct ros__node *node)
{
    return node->kind == ROS__NODE_NUM || (node->kind == ROS__NODE_NEGATE && node->left->kind == ROS__NODE_NUM);
}

static bool is_bare(const struct ros_type *type)
{
    return type->kind == ROS_KIND_NUM && !ros_type_has_unit(type) && type->plain == ROS_PLAIN_BARE;
}

static bool is_zero_or_one(const struct ros__node *node)
{
    return node->kind == ROS__NODE_NUM && (node->number == 0 || node->number == 1);
}

/* A bare number beside something with a unit: say what to write. */
static void report_bare(struct ros__sema *s, const struct ros__node *bare, const struct ros__node *other)
{
    char unit[ROS_TYPE_TEXT_SIZE];
    const char *number = ros__source_text(s, bare->span);
    const char *need = ros__source_text(s, other->span);
    bool share = !ros_type_has_unit(&other->type);
    struct ros_diag *diag;
    if (share)
        diag =
            ros_diags_add(s->diags, ROS_DIAG_E0302, bare->span, "`%s` is a number, `%s` needs a share", number, need);
    else
        diag = ros_diags_add(s->diags, ROS_DIAG_E0302, bare->span, "`%s` is a number, `%s` needs a unit: %s", number,
                             need, ros_type_unit(&other->type, unit));
    if (!is_number_literal(bare))
        return;
    if (share && fabs(bare->number) < 1 && bare->kind == ROS__NODE_NUM) { /* 0.9 for 90% is what one means by it */
        ros_diag_set_help(s->diags, diag, "write `%.15g%%`", bare->number * 100);
        ros_diag_set_fix(s->diags, diag, bare->span, "%.15g%%", bare->number * 100);
        return;
    }
    const char *written = share ? "%" : ros_type_unit(&other->type, unit);
    const char *gap = share ? "" : " ";
    ros_diag_set_help(s->diags, diag, "write `%s%s%s`", number, gap, written);
    ros_diag_set_fix(s->diags, diag, bare->span, "%s%s%s", number, gap, written);
}

bool ros__check_same_unit(struct ros__sema *s, struct ros__node *a, struct ros__node *b, struct ros_span span,
                          const char *verb)
{
    const struct ros_type *x = &a->type;
    const struct ros_type *y = &b->type;
    bool same = ros_type_same_unit(x, y);
    if (same && (ros_type_has_unit(x) || x->plain == y->plain))
        return true;
    bool bare_x = is_bare(x);
    bool bare_y = is_bare(y);
    if (same && (bare_x || bare_y)) {
        const struct ros__node *bare = bare_x ? a : b;
        const struct ros_type *other = bare_x ? y : x;
        if (other->plain == ROS_PLAIN_WHOLE || is_zero_or_one(bare))
            return true;
    }
    if (bare_x != bare_y) {
        report_bare(s, bare_x ? a : b, bare_x ? b : a);
        return false;
    }
    char left[ROS_TYPE_TEXT_SIZE];
    char right[ROS_TYPE_TEXT_SIZE];
    struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0301, span, "cannot %s `%s` with `%s`", verb,
                                          ros_type_format(x, left), ros_type_format(y, right));
    ros_diag_add_label(s->diags, diag, a->span, "%s", ros_type_format(x, left));
    ros_diag_add_label(s->diags, diag, b->span, "%s", ros_type_format(y, right));
    return false;
}

static void report_kinds(struct ros__sema *s, const struct ros__node *a, const struct ros__node *b,
                         struct ros_span span, const char *verb)
{
    char left[ROS_TYPE_TEXT_SIZE];
    char right[ROS_TYPE_TEXT_SIZE];
    ros_diags_add(s->diags, ROS_DIAG_E0303, span, "cannot %s %s with %s", verb, ros_type_format(&a->type, left),
                  ros_type_format(&b->type, right));
}

bool ros__check_vectors(struct ros__sema *s, const struct ros__node *a, const struct ros__node *b, struct ros_span span)
{
    if (!a->type.vector || !b->type.vector || a->type.slot == b->type.slot)
        return true;
    ros_diags_add(s->diags, ROS_DIAG_E0305, span,
                  "the instances of two metrics cannot be paired: use any(), max() or sum() on one of them first");
    return false;
}

bool ros__check_join(struct ros__sema *s, struct ros__node *a, struct ros__node *b, struct ros_span span,
                     const char *verb, struct ros_type *ret)
{
    struct ros_type x = a->type;
    struct ros_type y = b->type;
    *ret = ros_type_of(ROS_KIND_BAD);
    if (x.kind == ROS_KIND_BAD || y.kind == ROS_KIND_BAD)
        return false;
    if (!ros__check_vectors(s, a, b, span))
        return false;
    if (x.kind == ROS_KIND_MISSING && y.kind == ROS_KIND_MISSING) {
        ros_diags_add(s->diags, ROS_DIAG_E0303, span, "both values are `missing`");
        return false;
    }
    if (x.kind != ROS_KIND_MISSING && y.kind != ROS_KIND_MISSING && x.kind != y.kind) {
        report_kinds(s, a, b, span, verb);
        return false;
    }
    bool both = x.kind == y.kind;
    if (both && x.kind == ROS_KIND_NUM && !ros__check_same_unit(s, a, b, span, verb))
        return false;
    if (both && x.kind == ROS_KIND_ROW && x.table != y.table) {
        ros_diags_add(s->diags, ROS_DIAG_E0303, span, "cannot %s rows of two tables", verb);
        return false;
    }
    if (x.composed || y.composed) {
        ros_diags_add(s->diags, ROS_DIAG_E0303, span, "a text that is put together can only be shown");
        return false;
    }
    *ret = x.kind == ROS_KIND_MISSING || is_bare(&x) ? y : x;
    if (x.kind == ROS_KIND_MISSING)
        a->type.kind = y.kind;
    if (y.kind == ROS_KIND_MISSING)
        b->type.kind = x.kind;
    ret->vector = x.vector || y.vector;
    ret->slot = x.vector ? x.slot : y.slot;
    ret->maybe = x.maybe || y.maybe;
    return true;
}
