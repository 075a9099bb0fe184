/* Metrics and facts: each value that a host can send is one input, a slot of the machine. */
#include "interp/sema/internal.h"

static bool add_input(struct ros__sema *s, const struct ros__input *input, size_t *ret)
{
    if (s->model->inputs.count >= ROS_LIMIT_SLOTS) {
        if (s->model->inputs.count == ROS_LIMIT_SLOTS)
            ros_diags_add(s->diags, ROS_DIAG_E0701, input->span, "at most %d metrics and facts, each instance counted",
                          ROS_LIMIT_SLOTS);
        return false;
    }
    *ret = s->model->inputs.count;
    struct ros__input *slot = ros__list_add(s, &s->model->inputs);
    if (slot != NULL)
        *slot = *input;
    return slot != NULL;
}

static bool instance_twice(const struct ros_decl_metric *decl, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(decl->instances[i].text, decl->instances[index].text) == 0)
            return true;
    return false;
}

void ros__metric_declare(struct ros__sema *s, const struct ros_decl_metric *decl)
{
    struct ros_unit_scale scale = {.type = ros_type_of(ROS_KIND_BAD), .mul = 1, .div = 1};
    if (ros__type_read(s, &decl->type, &scale) && scale.type.kind != ROS_KIND_NUM)
        ros_diags_add(s->diags, ROS_DIAG_E0303, decl->type.span, "a metric is a number: give its unit");
    struct ros__input input = {.type = scale.type, .mul = scale.mul, .div = scale.div, .span = decl->path.span};
    if (input.type.kind != ROS_KIND_NUM)
        input.type = ros_type_of(ROS_KIND_BAD);
    input.info = (struct ros_input){.kind = ROS_INPUT_METRIC,
                                    .value = ROS_VALUE_NUM,
                                    .vector = decl->vector,
                                    .name = decl->path.text,
                                    .raw_unit = decl->raw.text};
    size_t first = s->model->inputs.count;
    if (decl->vector && input.type.kind == ROS_KIND_NUM) {
        input.type.vector = true;
        input.type.slot = first;
    }
    size_t index;
    for (size_t i = 0; i < decl->instance_count; i++) {
        if (instance_twice(decl, i))
            ros_diags_add(s->diags, ROS_DIAG_E0202, decl->instances[i].span, "the instance stands twice");
        input.info.instance = decl->instances[i].text;
        if (!add_input(s, &input, &index))
            return;
    }
    if (decl->instance_count == 0 && !add_input(s, &input, &index))
        return;
    struct ros__symbol *symbol = ros__name_declare(
        s, &s->names, &decl->path, decl->instance_count > 0 ? ROS__SYMBOL_INSTANCED : ROS__SYMBOL_INPUT, first);
    if (symbol != NULL)
        symbol->count = decl->instance_count;
}

static bool same_metric(const struct ros_input *a, const struct ros_input *b)
{
    return strcmp(a->name, b->name) == 0 && (a->instance == NULL) == (b->instance == NULL) &&
           (a->instance == NULL || strcmp(a->instance, b->instance) == 0);
}

bool ros__input_statistic(struct ros__sema *s, size_t metric, enum ros_statistic statistic, struct ros_span span,
                          size_t *ret)
{
    struct ros__input input = s->model->inputs.items[metric];
    ros_auto(ros_buf) struct ros_buf label;
    ros_buf_init(&label, s->arena->alloc, ROS_LIMIT_TEXT_BYTES);
    input.info.statistic = statistic;
    for (size_t i = 0; i < s->model->inputs.count; i++) {
        const struct ros_input *other = &s->model->inputs.items[i].info;
        if (other->statistic == statistic && same_metric(other, &input.info)) {
            *ret = i;
            return true;
        }
    }
    (void) ros_input_write(&input.info, &label);
    if (s->late) {
        ros_diags_add(s->diags, ROS_DIAG_E0201, span, "no rule asks for `%s`", ros_buf_text(&label));
        return false;
    }
    input.label = ros_arena_copy(s->arena, ros_buf_text(&label), label.len);
    if (input.label == NULL)
        ros__sema_failed(s);
    input.span = span;
    input.settled = false;
    if (input.type.vector)
        input.type.slot = s->model->inputs.count;
    return add_input(s, &input, ret);
}

void ros__fact_declare(struct ros__sema *s, const struct ros_decl_fact *decl)
{
    struct ros_unit_scale scale = {.type = ros_type_of(ROS_KIND_BAD), .mul = 1, .div = 1};
    if (!ros__type_read(s, &decl->type, &scale))
        scale.type = ros_type_of(ROS_KIND_BAD);
    struct ros__input input = {.type = scale.type, .mul = scale.mul, .div = scale.div, .span = decl->path.span};
    input.info = (struct ros_input){.kind = ROS_INPUT_FACT,
                                    .value = scale.type.kind == ROS_KIND_TEXT   ? ROS_VALUE_TEXT
                                             : scale.type.kind == ROS_KIND_BOOL ? ROS_VALUE_BOOL
                                                                                : ROS_VALUE_NUM,
                                    .name = decl->path.text};
    size_t index;
    if (add_input(s, &input, &index))
        ros__name_declare(s, &s->names, &decl->path, ROS__SYMBOL_INPUT, index);
}
