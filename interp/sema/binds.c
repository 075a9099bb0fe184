/*
 * Fixtures, tests and overrides bind names to literals: each name must exist and each literal must fit it. They are
 * read after everything else, so that it does not matter in which file or where they stand.
 */
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

static void check_range(struct ros__sema *s, const struct ros_bind *bind, double value, const struct ros__param *param)
{
    if (!param->ranged || isnan(value))
        return;
    if (value < param->low || value > param->high)
        ros_diags_add(s->diags, ROS_DIAG_E0306, bind->value->span, "`%s` is outside the range of `%s`",
                      ros__source_text(s, bind->value->span), param->name.text);
}

/* The input that a line sets: that of the metric itself, or of the statistic that its function names. */
static const struct ros__input *statistic_input(struct ros__sema *s, const struct ros_bind *bind,
                                                const struct ros__input *metric)
{
    enum ros_statistic statistic = ros__statistic_named(bind->function.text);
    size_t index;
    if (statistic == ROS_STATISTIC_MEAN || metric->info.kind != ROS_INPUT_METRIC) {
        struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0201, bind->function.span,
                                              "`%s` is nothing that can be set", bind->function.text);
        ros_diag_set_help(s->diags, diag, "of a metric, p50, p90, p95, p99, lowest and highest can");
        return NULL;
    }
    if (!ros__input_statistic(s, (size_t) (metric - s->model->inputs.items), statistic, bind->function.span, &index))
        return NULL;
    return &s->model->inputs.items[index];
}

/* The place that a line sets: its type, and where it stands in the model. */
static bool find_place(struct ros__sema *s, const struct ros_bind *bind, bool inputs, bool params,
                       struct ros__bind *ret, struct ros_type *type)
{
    const struct ros__symbol *symbol = ros__name_find(s, bind->path.text, bind->path.len);
    if (symbol == NULL) {
        ros__name_unknown(s,
                          !inputs  ? "param"
                          : params ? "metric, fact or param"
                                   : "metric or fact",
                          bind->path.text, bind->path.span);
        return false;
    }
    bool is_input = symbol->kind == ROS__SYMBOL_INPUT || symbol->kind == ROS__SYMBOL_INSTANCED;
    bool is_param = symbol->kind == ROS__SYMBOL_PARAM && bind->function.text == NULL;
    if (!(inputs && is_input) && !(params && is_param)) {
        ros_diags_add(s->diags, ROS_DIAG_E0204, bind->path.span, "`%s` cannot be set here: only %s can",
                      bind->path.text, inputs ? "metrics and facts" : "params");
        return false;
    }
    if (is_input) {
        const struct ros__input *input = bound_input(s, bind, symbol);
        if (input != NULL && bind->function.text != NULL)
            input = statistic_input(s, bind, input);
        if (input == NULL)
            return false;
        *type = input->type;
        type->vector = false;
        ret->index = (size_t) (input - s->model->inputs.items);
        ret->instance = input->info.vector ? bind->instance.text : NULL;
    } else {
        *type = s->model->params.items[symbol->index].type;
        ret->index = symbol->index;
        ret->param = true;
    }
    return true;
}

/* False after a finding. */
static bool read_bind(struct ros__sema *s, const struct ros_bind *bind, bool inputs, bool params, struct ros__bind *ret)
{
    struct ros__node self = {.span = bind->path.span};
    struct ros_type joined;
    *ret = (struct ros__bind){.span = bind->path.span};
    if (!find_place(s, bind, inputs, params, ret, &self.type))
        return false;
    struct ros__node *value = ros__expr_value(s, bind->value);
    if (!ros__check_join(s, &self, value, bind->value->span, "set", &joined))
        return false;
    if (value->type.composed || !ros__fold(s->model, value, 0, &ret->value)) {
        ros_diags_add(s->diags, ROS_DIAG_E0303, bind->value->span, "a literal is needed here");
        return false;
    }
    if (ret->param)
        check_range(s, bind, ret->value.num, &s->model->params.items[ret->index]);
    return true;
}

/* --- fixtures and tests ------------------------------------------------------------------------------------------- */

void ros__fixture_declare(struct ros__sema *s, const struct ros_decl_fixture *decl)
{
    struct ros__bind *binds = ros_arena_new_array(s->arena, struct ros__bind, decl->bind_count);
    size_t index = s->model->fixtures.count;
    struct ros__fixture *fixture = ros__list_add(s, &s->model->fixtures);
    if (binds == NULL || fixture == NULL) {
        ros__sema_failed(s);
        return;
    }
    *fixture = (struct ros__fixture){.binds = binds};
    for (size_t i = 0; i < decl->bind_count; i++)
        fixture->bind_count += read_bind(s, &decl->binds[i], true, false, &binds[fixture->bind_count]);
    ros__name_declare(s, &s->fixtures, &decl->name, ROS__SYMBOL_INPUT, index);
}

static const struct ros__fixture *find_fixture(struct ros__sema *s, const struct ros_name *name)
{
    const struct ros__symbol *symbol = ros_map_get(&s->fixtures, name->text, name->len);
    if (symbol != NULL)
        return &s->model->fixtures.items[symbol->index];
    const char **names = ros_arena_new_array(s->arena, const char *, s->fixtures.count);
    if (names == NULL) {
        ros__sema_failed(s);
        return NULL;
    }
    for (size_t i = 0; i < s->fixtures.count; i++)
        names[i] = s->fixtures.entries[i].key;
    const char *near = ros_diag_nearest(name->text, names, s->fixtures.count);
    struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0201, name->span, "no fixture `%s`", name->text);
    if (near != NULL) {
        ros_diag_set_help(s->diags, diag, "did you mean `%s`?", near);
        ros_diag_set_fix(s->diags, diag, name->span, "%s", near);
    }
    return NULL;
}

/* How many lines a test has, those of its fixtures included. */
static size_t count_binds(struct ros__sema *s, const struct ros_decl_test *decl)
{
    size_t count = 0;
    for (size_t i = 0; i < decl->step_count; i++) {
        const struct ros_test_step *step = &decl->steps[i];
        const struct ros__fixture *fixture = step->kind == ROS_TEST_GIVEN ? find_fixture(s, &step->fixture) : NULL;
        count += step->kind == ROS_TEST_WITH ? 1 : fixture != NULL ? fixture->bind_count : 0;
    }
    return count;
}

static void read_given(struct ros__sema *s, const struct ros_name *name, struct ros__test *test)
{
    const struct ros__symbol *symbol = ros_map_get(&s->fixtures, name->text, name->len);
    const struct ros__fixture *fixture = symbol != NULL ? &s->model->fixtures.items[symbol->index] : NULL;
    for (size_t i = 0; fixture != NULL && i < fixture->bind_count; i++)
        test->binds[test->bind_count++] = fixture->binds[i];
}

static void read_expect(struct ros__sema *s, const struct ros_test_step *step, struct ros__test *test)
{
    s->in_expect = true;
    struct ros__node *node = ros__expr_bool(s, step->expect);
    ros__expr_want_single(s, node);
    s->in_expect = false;
    if (!ros__node_is_bad(node))
        test->expects[test->expect_count++] = (struct ros__expect){node, step->expect->span};
}

void ros__test_declare(struct ros__sema *s, const struct ros_decl_test *decl)
{
    struct ros__test test = {.name = decl->name};
    test.binds = ros_arena_new_array(s->arena, struct ros__bind, count_binds(s, decl));
    test.expects = ros_arena_new_array(s->arena, struct ros__expect, decl->step_count);
    if (test.binds == NULL || test.expects == NULL) {
        ros__sema_failed(s);
        return;
    }
    for (size_t i = 0; i < decl->step_count; i++) {
        const struct ros_test_step *step = &decl->steps[i];
        if (step->kind == ROS_TEST_GIVEN)
            read_given(s, &step->fixture, &test);
        else if (step->kind == ROS_TEST_WITH)
            test.bind_count += read_bind(s, &step->bind, true, true, &test.binds[test.bind_count]);
        else
            read_expect(s, step, &test);
    }
    if (test.expect_count == 0 && s->diags->error_count == 0)
        ros_diags_add(s->diags, ROS_DIAG_E0502, decl->name.span, "a test without an `expect` shows nothing");
    struct ros__test *slot = ros__list_add(s, &s->model->tests);
    if (slot != NULL)
        *slot = test;
}

/* --- organisations ------------------------------------------------------------------------------------------------ */

/* The checks once more, for a set of params that is not the default one. */
static void check_again(struct ros__sema *s, const struct ros__value *params, struct ros_span span, const char *whose)
{
    for (size_t i = 0; i < s->model->checks.count; i++) {
        const struct ros__check *check = &s->model->checks.items[i];
        size_t rows = check->table < s->model->tables.count ? s->model->tables.items[check->table].row_count : 1;
        struct ros__ground ground = {.model = s->model, .params = params};
        for (ground.row = 0; ground.row < rows; ground.row++) {
            struct ros__value value;
            if (!ros__evaluate(&ground, check->node, &value) || value.truth == ROS_TRUE)
                continue;
            struct ros_diag *diag =
                ros_diags_add(s->diags, ROS_DIAG_E0501, span, "with the params of %s a check does not hold%s%s", whose,
                              check->message[0] != '\0' ? ": " : "", check->message);
            ros_diag_add_label(s->diags, diag, check->span, "this check");
            break;
        }
    }
}

static struct ros__value *default_params(struct ros__sema *s)
{
    size_t count = s->model->params.count;
    struct ros__value *params = ros_arena_new_array(s->arena, struct ros__value, count);
    if (params == NULL) {
        ros__sema_failed(s);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const struct ros__param *param = &s->model->params.items[i];
        params[i] = (struct ros__value){.num = NAN, .truth = ROS_UNKNOWN, .row = -1};
        if (param->type.kind == ROS_KIND_TEXT)
            params[i].text = param->value.text;
        else if (param->type.kind == ROS_KIND_BOOL)
            params[i].truth = param->value.truth;
        else
            params[i].num = param->value.num;
    }
    return params;
}

void ros__org_declare(struct ros__sema *s, const struct ros_decl_org *decl)
{
    size_t errors = s->diags->error_count;
    if (s->model->orgs.count == ROS_LIMIT_ORGS) {
        ros_diags_add(s->diags, ROS_DIAG_E0701, decl->org.span, "at most %d organisations", ROS_LIMIT_ORGS);
        return;
    }
    struct ros__org org = {.org = decl->org};
    org.binds = ros_arena_new_array(s->arena, struct ros__bind, decl->bind_count);
    struct ros__value *params = default_params(s);
    if (org.binds == NULL || params == NULL) {
        ros__sema_failed(s);
        return;
    }
    for (size_t i = 0; i < decl->bind_count; i++) {
        struct ros__bind *bind = &org.binds[org.bind_count];
        if (!read_bind(s, &decl->binds[i], false, true, bind))
            continue;
        params[bind->index] = bind->value;
        org.bind_count++;
    }
    if (s->diags->error_count == errors)
        check_again(s, params, decl->org.span, "this organisation");
    ros__name_declare(s, &s->orgs, &decl->org, ROS__SYMBOL_PARAM, s->model->orgs.count);
    struct ros__org *slot = ros__list_add(s, &s->model->orgs);
    if (slot != NULL)
        *slot = org;
}
