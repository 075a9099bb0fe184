/* Fixtures, tests and overrides bind names to literals: each name must exist and each literal must fit it. */
#include <math.h>

#include "interp/sema/internal.h"

static const struct ros__input *bound_input(struct ros__sema *s, const struct ros_bind *bind,
                                            const struct ros__symbol *symbol)
{
    const struct ros__input *input = &s->model->inputs.items[symbol->index];
    if (symbol->kind == ROS__SYMBOL_INPUT) {
        if (input->info.vector == (bind->instance.text != NULL))
            return input;
        ros_diags_add(s->diags, ROS_DIAG_E0304, bind->path.span,
                      input->info.vector ? "`%s` needs an instance, in [\" \"]" : "`%s` has no instances",
                      bind->path.text);
        return NULL;
    }
    for (size_t i = 0; i < symbol->count && bind->instance.text != NULL; i++)
        if (strcmp(input[i].info.instance, bind->instance.text) == 0)
            return &input[i];
    ros_diags_add(s->diags, ROS_DIAG_E0201, bind->path.span, "`%s` has no such instance", bind->path.text);
    return NULL;
}

static void check_range(struct ros__sema *s, const struct ros_bind *bind, const struct ros__node *value,
                        const struct ros__param *param)
{
    struct ros__value folded;
    if (!param->ranged || !ros__fold(s->model, value, 0, &folded) || isnan(folded.num))
        return;
    if (folded.num < param->low || folded.num > param->high)
        ros_diags_add(s->diags, ROS_DIAG_E0306, bind->value->span, "`%s` is outside the range of `%s`",
                      ros__source_text(s, bind->value->span), param->name.text);
}

static void check_bind(struct ros__sema *s, const struct ros_bind *bind, bool inputs, bool params)
{
    const struct ros__symbol *symbol = ros__name_find(s, bind->path.text, bind->path.len);
    if (symbol == NULL) {
        ros__name_unknown(s, params ? "param" : "metric or fact", bind->path.text, bind->path.span);
        return;
    }
    bool is_input = symbol->kind == ROS__SYMBOL_INPUT || symbol->kind == ROS__SYMBOL_INSTANCED;
    if (!(inputs && is_input) && !(params && symbol->kind == ROS__SYMBOL_PARAM)) {
        ros_diags_add(s->diags, ROS_DIAG_E0204, bind->path.span, "`%s` cannot be set here: only %s can",
                      bind->path.text, inputs ? "metrics and facts" : "params");
        return;
    }
    struct ros__node self = {.span = bind->path.span};
    if (is_input) {
        const struct ros__input *input = bound_input(s, bind, symbol);
        if (input == NULL)
            return;
        self.type = input->type;
        self.type.vector = false;
    } else {
        self.type = s->model->params.items[symbol->index].type;
    }
    struct ros__node *value = ros__expr_value(s, bind->value);
    struct ros_type joined;
    if (ros__check_join(s, &self, value, bind->value->span, "set", &joined) && !is_input)
        check_range(s, bind, value, &s->model->params.items[symbol->index]);
}

void ros__fixture_declare(struct ros__sema *s, const struct ros_decl_fixture *decl)
{
    for (size_t i = 0; i < decl->bind_count; i++)
        check_bind(s, &decl->binds[i], true, false);
    ros__name_declare(s, &s->fixtures, &decl->name, ROS__SYMBOL_INPUT, 0);
}

void ros__test_declare(struct ros__sema *s, const struct ros_decl_test *decl)
{
    for (size_t i = 0; i < decl->step_count; i++) {
        const struct ros_test_step *step = &decl->steps[i];
        if (step->kind == ROS_TEST_WITH)
            check_bind(s, &step->bind, true, true);
        if (step->kind == ROS_TEST_GIVEN && ros_map_get(&s->fixtures, step->fixture.text, step->fixture.len) == NULL)
            ros_diags_add(s->diags, ROS_DIAG_E0201, step->fixture.span, "no fixture `%s`", step->fixture.text);
    }
}

void ros__org_declare(struct ros__sema *s, const struct ros_decl_org *decl)
{
    for (size_t i = 0; i < decl->bind_count; i++)
        check_bind(s, &decl->binds[i], false, true);
}
