/* Tests: a host from its lines, a run, and each expectation worked out on the ground of that run. */
#include <math.h>
#include <string.h>

#include "interp/study/internal.h"

size_t ros_study_test_count(const struct ros_study *study)
{
    return study->model->tests.count;
}

/* --- a host from lines -------------------------------------------------------------------------------------------- */

static void set_param(struct ros_study *study, const struct ros__bind *bind)
{
    struct ros__prog_param *param = &study->params[bind->index];
    const struct ros_map *ids = &study->program->text_ids;
    if (param->bank == ROS__BANK_N)
        param->num = bind->value.num;
    else if (param->bank == ROS__BANK_B)
        param->truth = (uint8_t) bind->value.truth;
    else /* a text that no rule and no table has is equal to none of theirs */
        param->text = bind->value.text == NULL
                          ? 0
                          : (uint32_t) (uintptr_t) ros_map_get(ids, bind->value.text, strlen(bind->value.text));
}

static enum ros_code set_instance(struct ros_facts *facts, const struct ros__bind *bind)
{
    struct ros__instances *all = &facts->instances[bind->index];
    uint32_t at = 0;
    while (at < all->count && strcmp(all->names[at], bind->instance) != 0)
        at++;
    if (at == all->count)
        ROS_TRY(ros_facts_add_instance(facts, bind->index, bind->instance, strlen(bind->instance), 0, NULL));
    all->values[at] = bind->value.num;
    return ROS_OK;
}

static enum ros_code set_input(struct ros_study *study, const struct ros__bind *bind)
{
    struct ros_facts *facts = study->facts;
    if (bind->instance != NULL)
        return set_instance(facts, bind);
    switch (study->model->inputs.items[bind->index].type.kind) {
    case ROS_KIND_TEXT:
        if (bind->value.text != NULL)
            return ros_facts_set_text(facts, bind->index, bind->value.text, strlen(bind->value.text));
        facts->text[bind->index] = 0;
        return ROS_OK;
    case ROS_KIND_BOOL:
        facts->truth[bind->index] = (uint8_t) bind->value.truth;
        return ROS_OK;
    default:
        facts->num[bind->index] = bind->value.num;
        return ROS_OK;
    }
}

static enum ros_code set_host(struct ros_study *study, const struct ros__test *test)
{
    ros_facts_clear(study->facts);
    memcpy(study->params, study->program->params, study->program->param_count * sizeof *study->params);
    for (size_t i = 0; i < test->bind_count; i++) {
        if (test->binds[i].param)
            set_param(study, &test->binds[i]);
        else
            ROS_TRY(set_input(study, &test->binds[i]));
    }
    study->vm->params = study->params;
    return ROS_OK;
}

/* --- what is expected --------------------------------------------------------------------------------------------- */

static enum ros_code tell_failure(struct ros_study *study, const struct ros__expect *expect, struct ros_arena *arena,
                                  struct ros_test_result *ret, struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf text;
    ros_buf_init(&text, study->alloc, ROS_LIMIT_RENDERED_BYTES);
    ros__study_source(study, expect->span, &text);
    ret->expectation = ros_arena_copy(arena, ros_buf_text(&text), text.len);
    ret->why = ros__study_notes(study, arena);
    return ret->expectation != NULL && ret->why != NULL ? ROS_OK : ros_error_code(reterr, ROS_E_OOM);
}

enum ros_code ros_study_test(struct ros_study *study, size_t index, struct ros_arena *arena,
                             struct ros_test_result *ret, struct ros_error *reterr)
{
    const struct ros__test *test = &study->model->tests.items[index];
    *ret = (struct ros_test_result){.name = test->name.text, .span = test->name.span, .passed = true};
    enum ros_code code = set_host(study, test);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    ros__study_run(study, study->facts);
    ros__study_count(study);
    struct ros__ground ground = ros__study_ground(study);
    for (size_t i = 0; i < test->expect_count; i++) {
        struct ros__value value;
        if (!ros__evaluate(&ground, test->expects[i].node, &value))
            return ros_error_set(reterr, ROS_E_INTERNAL, "an expectation of \"%s\" cannot be worked out",
                                 test->name.text);
        if (value.truth == ROS_TRUE)
            continue;
        ret->passed = false;
        ret->failed = i;
        ret->truth = value.truth;
        return tell_failure(study, &test->expects[i], arena, ret, reterr);
    }
    return ROS_OK;
}
