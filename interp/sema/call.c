/* The functions of the language, by the table builtins.def: those that go over instances or rows, and the others. */
#include "interp/sema/internal.h"

static const char *const FUNCTIONS[] = {
#define ROS_BUILTIN(name, over, most, text) #name,
#include "interp/builtins.def"
#undef ROS_BUILTIN
};

enum function {
#define ROS_BUILTIN(name, over, most, text) FUNCTION_##name,
#include "interp/builtins.def"
#undef ROS_BUILTIN
};

static const struct {
    bool over;
    size_t most;
} FUNCTION_SHAPES[] = {
#define ROS_BUILTIN(name, over, most, text) {over, most},
#include "interp/builtins.def"
#undef ROS_BUILTIN
};

_Static_assert(FUNCTION_highest - FUNCTION_p50 == ROS_STATISTIC_HIGHEST - ROS_STATISTIC_P50,
               "statistics stand in builtins.def as in enum ros_statistic");

static struct ros__node *known_call(struct ros__sema *s, const struct ros_expr *expr, bool unknown)
{
    struct ros__node *node = ros__node_new(s, ROS__NODE_KNOWN, expr->span, ros_type_of(ROS_KIND_BOOL));
    if (!ros__node_list(s, node, expr->arg_count))
        return ros__node_bad(s, expr->span);
    bool good = true;
    for (size_t i = 0; i < expr->arg_count; i++) {
        struct ros__node *arg = ros__expr(s, expr->args[i]);
        good = good && !ros__node_is_bad(arg);
        if (arg->type.composed || arg->type.kind == ROS_KIND_MISSING) {
            ros_diags_add(s->diags, ROS_DIAG_E0304, arg->span, "ask known() of a value");
            good = false;
        }
        if (arg->type.vector && node->type.vector && arg->type.slot != node->type.slot) {
            ros_diags_add(s->diags, ROS_DIAG_E0305, arg->span, "the instances of two metrics cannot be paired");
            good = false;
        }
        if (arg->type.vector) {
            node->type.vector = true;
            node->type.slot = arg->type.slot;
        }
        node->row = node->row || arg->row;
        node->list[node->count++] = arg;
    }
    if (!good)
        return ros__node_bad(s, expr->span);
    return unknown ? ros__node_children(ros__node_new(s, ROS__NODE_NOT, expr->span, node->type), node, NULL) : node;
}

static struct ros_type fold_type(const struct ros__node *arg, enum ros__fold fold)
{
    struct ros_type type = arg->type;
    if (fold == ROS__FOLD_COUNT)
        type = ros_type_plain(ROS_PLAIN_WHOLE);
    type.vector = false;
    type.maybe = true;
    return type;
}

static bool check_fold(struct ros__sema *s, const struct ros__node *arg, enum ros__fold fold, struct ros_span span,
                       const char *name)
{
    if (ros__node_is_bad(arg))
        return false;
    if ((fold == ROS__FOLD_ANY || fold == ROS__FOLD_ALL) && !ros__expr_want(s, arg, ROS_KIND_BOOL))
        return false;
    if ((fold == ROS__FOLD_MAX || fold == ROS__FOLD_MIN || fold == ROS__FOLD_SUM) &&
        !ros__expr_want(s, arg, ROS_KIND_NUM))
        return false;
    if (fold == ROS__FOLD_COUNT && arg->type.kind != ROS_KIND_BOOL && !ros__expr_want(s, arg, ROS_KIND_NUM))
        return false;
    if (arg->type.vector && arg->row) {
        ros_diags_add(s->diags, ROS_DIAG_E0305, span, "%s() goes over instances or over rows, not over both", name);
        return false;
    }
    if (!arg->type.vector && !(arg->row && s->in_need)) {
        ros_diags_add(s->diags, ROS_DIAG_E0304, span, "%s() needs a value for each instance%s", name,
                      s->in_need ? " or row" : "");
        return false;
    }
    return true;
}

static struct ros__node *fold_call(struct ros__sema *s, const struct ros_expr *expr, enum ros__fold fold)
{
    const char *name = expr->left->name.text;
    if (s->in_fold) {
        ros_diags_add(s->diags, ROS_DIAG_E0304, expr->span, "%s() inside another fold", name);
        return ros__node_bad(s, expr->span);
    }
    s->in_fold = true;
    struct ros__node *arg = ros__expr(s, expr->args[0]);
    s->in_fold = false;
    if (!check_fold(s, arg, fold, expr->span, name))
        return ros__node_bad(s, expr->span);
    struct ros__node *node = ros__node_new(s, ROS__NODE_FOLD, expr->span, fold_type(arg, fold));
    node->left = arg;
    node->index = fold;
    node->over_rows = !arg->type.vector;
    node->slot = arg->type.slot;
    if (!node->over_rows)
        return node;
    /* No row is no doubt: all of none is true. Only max and min of nothing are missing. */
    node->type.maybe = arg->type.maybe || fold == ROS__FOLD_MAX || fold == ROS__FOLD_MIN;
    struct ros__node **slot = ros__list_add(s, &s->folds);
    if (slot != NULL)
        *slot = node;
    return node;
}

static struct ros__node *upper_call(struct ros__sema *s, const struct ros_expr *expr)
{
    struct ros__node *arg = ros__expr_value(s, expr->args[0]);
    if (!ros__expr_want(s, arg, ROS_KIND_TEXT))
        return ros__node_bad(s, expr->span);
    if (arg->type.composed) {
        ros_diags_add(s->diags, ROS_DIAG_E0303, arg->span, "upper() takes a plain text, not one that is put together");
        return ros__node_bad(s, expr->span);
    }
    struct ros_type type = arg->type;
    type.composed = true;
    return ros__node_children(ros__node_new(s, ROS__NODE_UPPER, expr->span, type), arg, NULL);
}

enum ros_statistic ros__statistic_named(const char *name)
{
    for (size_t i = FUNCTION_p50; i <= FUNCTION_highest; i++)
        if (strcmp(FUNCTIONS[i], name) == 0)
            return (enum ros_statistic)(ROS_STATISTIC_P50 + (i - FUNCTION_p50));
    return ROS_STATISTIC_MEAN;
}

static struct ros__node *statistic_call(struct ros__sema *s, const struct ros_expr *expr, enum ros_statistic statistic)
{
    struct ros__node *arg = ros__expr(s, expr->args[0]);
    size_t index;
    if (ros__node_is_bad(arg))
        return ros__node_bad(s, expr->span);
    const struct ros_input *input = arg->kind == ROS__NODE_INPUT ? &s->model->inputs.items[arg->index].info : NULL;
    if (input == NULL || input->kind != ROS_INPUT_METRIC || input->statistic != ROS_STATISTIC_MEAN) {
        struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0304, arg->span,
                                              "%s() takes a metric, by its own name", ros_statistic_name(statistic));
        ros_diag_set_help(s->diags, diag, "only what was measured has a value for each time; compute with the answer");
        return ros__node_bad(s, expr->span);
    }
    if (!ros__input_statistic(s, arg->index, statistic, expr->span, &index))
        return ros__node_bad(s, expr->span);
    return ros__input_node(s, index, expr->span);
}

struct ros__node *ros__expr_call(struct ros__sema *s, const struct ros_expr *expr)
{
    const char *name = expr->left->kind == ROS_EXPR_NAME ? expr->left->name.text : NULL;
    size_t which = 0;
    while (name != NULL && which < ROS_COUNT(FUNCTIONS) && strcmp(FUNCTIONS[which], name) != 0)
        which++;
    if (name == NULL || which == ROS_COUNT(FUNCTIONS)) {
        const char *near = name != NULL ? ros_diag_nearest(name, FUNCTIONS, ROS_COUNT(FUNCTIONS)) : NULL;
        struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0201, expr->left->span, "no function `%s`",
                                              ros__source_text(s, expr->left->span));
        if (near != NULL) {
            ros_diag_set_help(s->diags, diag, "did you mean `%s`?", near);
            ros_diag_set_fix(s->diags, diag, expr->left->span, "%s", near);
        }
        return ros__node_bad(s, expr->span);
    }
    if (expr->arg_count < 1 || expr->arg_count > FUNCTION_SHAPES[which].most) {
        ros_diags_add(s->diags, ROS_DIAG_E0304, expr->span, "%s() takes %s", name,
                      FUNCTION_SHAPES[which].most == 1 ? "one argument" : "at least one argument");
        return ros__node_bad(s, expr->span);
    }
    if (FUNCTION_SHAPES[which].over)
        return fold_call(s, expr, (enum ros__fold)(which - FUNCTION_any));
    if (which == FUNCTION_upper)
        return upper_call(s, expr);
    if (which >= FUNCTION_p50)
        return statistic_call(s, expr, ros__statistic_named(name));
    return known_call(s, expr, which == FUNCTION_unknown);
}
