/* Params are literals with a unit and, often, a range; `check` says what must hold among them. */
#include <math.h>

#include "interp/sema/internal.h"

static bool literal(struct ros__sema *s, const struct ros_expr *expr, struct ros__node **ret_node,
                    struct ros__value *ret)
{
    *ret_node = ros__expr_value(s, expr);
    if (ros__node_is_bad(*ret_node))
        return false;
    if (!(*ret_node)->type.composed && ros__fold(s->model, *ret_node, 0, ret))
        return true;
    ros_diags_add(s->diags, ROS_DIAG_E0303, expr->span, "a literal is needed here");
    return false;
}

static void read_range(struct ros__sema *s, const struct ros_decl_param *decl, struct ros__param *param)
{
    struct ros__node *low;
    struct ros__node *high;
    struct ros__value low_value;
    struct ros__value high_value;
    bool good = literal(s, decl->low, &low, &low_value);
    if (!literal(s, decl->high, &high, &high_value) || !good)
        return;
    struct ros__node self = {.span = decl->name.span, .type = param->type};
    struct ros_type joined;
    if (!ros__check_join(s, &self, low, low->span, "bound", &joined) ||
        !ros__check_join(s, &self, high, high->span, "bound", &joined))
        return;
    if (param->type.kind != ROS_KIND_NUM || isnan(low_value.num) || isnan(high_value.num) ||
        low_value.num > high_value.num) {
        ros_diags_add(s->diags, ROS_DIAG_E0306, decl->low->span, "a range goes from a number to a larger one");
        return;
    }
    param->ranged = true;
    param->low = low_value.num;
    param->high = high_value.num;
    if (param->value.num < param->low || param->value.num > param->high)
        ros_diags_add(s->diags, ROS_DIAG_E0306, decl->value->span, "`%s` is outside its range %s..%s",
                      ros__source_text(s, decl->value->span), ros__source_text(s, decl->low->span),
                      ros__source_text(s, decl->high->span));
}

static struct ros_type param_type(struct ros__sema *s, const struct ros_decl_param *decl, struct ros__node *value)
{
    struct ros_type bad = ros_type_of(ROS_KIND_BAD);
    if (decl->type.name.text == NULL) {
        if (value->type.kind == ROS_KIND_MISSING)
            ros_diags_add(s->diags, ROS_DIAG_E0303, decl->value->span,
                          "a param without a value needs its type: `%s : UNIT`", decl->name.text);
        return value->type.kind == ROS_KIND_MISSING ? bad : value->type;
    }
    struct ros_unit_scale scale;
    if (!ros__type_read(s, &decl->type, &scale))
        return bad;
    struct ros__node self = {.span = decl->name.span, .type = scale.type};
    struct ros_type joined;
    if (!ros__check_join(s, &self, value, decl->value->span, "set", &joined))
        return bad;
    scale.type.maybe = value->type.maybe;
    return scale.type;
}

void ros__param_declare(struct ros__sema *s, const struct ros_decl_param *decl)
{
    struct ros__node *node;
    struct ros__value value = {.num = NAN, .truth = ROS_UNKNOWN};
    bool good = literal(s, decl->value, &node, &value);
    size_t index = s->model->params.count;
    if (index >= 255) {
        if (index == 255)
            ros_diags_add(s->diags, ROS_DIAG_E0701, decl->name.span, "at most 255 params");
        return;
    }
    struct ros__param *param = ros__list_add(s, &s->model->params);
    if (param == NULL)
        return;
    *param = (struct ros__param){.name = decl->name, .type = ros_type_of(ROS_KIND_BAD)};
    if (good)
        param->type = param_type(s, decl, node);
    if (param->type.kind == ROS_KIND_TEXT)
        param->value.text = value.text;
    else if (param->type.kind == ROS_KIND_BOOL)
        param->value.truth = value.truth;
    else
        param->value.num = value.num;
    if (param->type.kind != ROS_KIND_BAD && decl->low != NULL && decl->high != NULL)
        read_range(s, decl, param);
    ros__name_declare(s, &s->names, &decl->name, ROS__SYMBOL_PARAM, index);
}

void ros__check_declare(struct ros__sema *s, const struct ros_decl_expr *decl)
{
    size_t errors = s->diags->error_count;
    struct ros__node *node = ros__expr_bool(s, decl->expr);
    ros__expr_want_single(s, node);
    if (ros__node_is_bad(node) || s->diags->error_count > errors)
        return;
    struct ros__value value;
    if (!ros__fold(s->model, node, 0, &value)) {
        ros_diags_add(s->diags, ROS_DIAG_E0501, decl->expr->span, "a check can name params only");
        return;
    }
    const char *message = decl->message != NULL && decl->message->part_count > 0 && decl->message->parts[0].expr == NULL
                              ? decl->message->parts[0].literal
                              : "";
    ros__check_note(s, node, message, SIZE_MAX, decl->expr->span);
    if (value.truth != ROS_TRUE && errors == 0)
        ros_diags_add(s->diags, ROS_DIAG_E0501, decl->expr->span, "the check does not hold: %s", message);
}

void ros__check_note(struct ros__sema *s, struct ros__node *node, const char *message, size_t table,
                     struct ros_span span)
{
    struct ros__check *check = ros__list_add(s, &s->model->checks);
    if (check != NULL)
        *check = (struct ros__check){node, message, table, span};
}
