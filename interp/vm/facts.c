/* Facts come raw and are kept in base units. A text that the program knows has the program's id, so that equality is
 * that of two numbers. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "interp/vm/vm.h"

static void set_missing(struct ros_facts *f)
{
    for (uint32_t i = 0; i < f->program->input_count; i++) {
        f->num[i] = NAN;
        f->truth[i] = ROS_UNKNOWN;
        f->text[i] = 0;
        f->instances[i].count = 0;
    }
    f->own_count = 0;
    f->reasons = 0;
}

static enum ros_code take_arrays(struct ros_facts *f)
{
    size_t count = f->program->input_count;
    f->num = ros_alloc_zero(f->alloc, ros_alloc_product(count, sizeof *f->num));
    f->truth = ros_alloc_zero(f->alloc, count);
    f->text = ros_alloc_zero(f->alloc, ros_alloc_product(count, sizeof *f->text));
    f->instances = ros_alloc_zero(f->alloc, ros_alloc_product(count, sizeof *f->instances));
    return f->num != NULL && f->truth != NULL && f->text != NULL && f->instances != NULL ? ROS_OK : ROS_E_OOM;
}

enum ros_code ros_facts_new(struct ros_program *program, const struct ros_alloc *alloc, struct ros_facts **ret,
                            struct ros_error *reterr)
{
    struct ros_facts *f = ros_alloc_zero(alloc, sizeof *f);
    if (f == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    f->program = ros_program_ref(program);
    f->alloc = alloc;
    ros_arena_init(&f->arena, alloc, 0);
    if (take_arrays(f) != ROS_OK) {
        ros_facts_free(f);
        return ros_error_code(reterr, ROS_E_OOM);
    }
    set_missing(f);
    *ret = f;
    return ROS_OK;
}

void ros_facts_free(struct ros_facts *f)
{
    if (f == NULL)
        return;
    size_t count = f->program->input_count;
    const struct ros_alloc *alloc = f->alloc;
    for (size_t i = 0; f->instances != NULL && i < count; i++) {
        ros_alloc_put(alloc, f->instances[i].names, f->instances[i].size * sizeof *f->instances[i].names);
        ros_alloc_put(alloc, f->instances[i].values, f->instances[i].size * sizeof *f->instances[i].values);
    }
    ros_alloc_put(alloc, f->num, count * sizeof *f->num);
    ros_alloc_put(alloc, f->truth, count);
    ros_alloc_put(alloc, f->text, count * sizeof *f->text);
    ros_alloc_put(alloc, f->instances, count * sizeof *f->instances);
    ros_alloc_put(alloc, f->own_texts, f->own_size * sizeof *f->own_texts);
    ros_arena_done(&f->arena);
    ros_program_unref(f->program);
    ros_alloc_put(alloc, f, sizeof *f);
}

void ros_facts_clear(struct ros_facts *f)
{
    ros_arena_clear(&f->arena);
    set_missing(f);
}

/* The raw number in base units; NaN when it is missing or in another unit than the rules say. */
static double convert(struct ros_facts *f, const struct ros__prog_input *input, double raw, const char *raw_unit)
{
    if (raw_unit != NULL && input->info.raw_unit != NULL && strcmp(raw_unit, input->info.raw_unit) != 0) {
        f->reasons |= UINT32_C(1) << ROS_REASON_METRIC_UNIT;
        return NAN;
    }
    double value = raw * input->mul / input->div;
    return isfinite(value) ? value : NAN;
}

enum ros_code ros_facts_set_num(struct ros_facts *f, size_t input, double raw, const char *raw_unit)
{
    assert(input < f->program->input_count && f->program->inputs[input].info.value == ROS_VALUE_NUM);
    f->num[input] = convert(f, &f->program->inputs[input], raw, raw_unit);
    return ROS_OK;
}

enum ros_code ros_facts_set_bool(struct ros_facts *f, size_t input, bool value)
{
    assert(input < f->program->input_count && f->program->inputs[input].info.value == ROS_VALUE_BOOL);
    f->truth[input] = value ? ROS_TRUE : ROS_FALSE;
    return ROS_OK;
}

/* Doubles an array; false when memory is short, and then nothing has changed. */
static bool grow(const struct ros_alloc *alloc, void **items, uint32_t size, uint32_t wish, size_t item)
{
    void *more = ros_alloc_resize(alloc, *items, size * item, wish * item);
    if (more == NULL)
        return false;
    *items = more;
    return true;
}

static enum ros_code own_text(struct ros_facts *f, const char *text, size_t len, uint32_t *ret)
{
    for (uint32_t i = 0; i < f->own_count; i++)
        if (strlen(f->own_texts[i]) == len && memcmp(f->own_texts[i], text, len) == 0) {
            *ret = f->program->text_count + i;
            return ROS_OK;
        }
    if (f->own_count == f->own_size) {
        uint32_t wish = f->own_size == 0 ? 8 : f->own_size * 2;
        if (!grow(f->alloc, (void **) &f->own_texts, f->own_size, wish, sizeof *f->own_texts))
            return ROS_E_OOM;
        f->own_size = wish;
    }
    const char *copy = ros_arena_copy(&f->arena, text, len);
    if (copy == NULL)
        return ROS_E_OOM;
    *ret = f->program->text_count + f->own_count;
    f->own_texts[f->own_count++] = copy;
    return ROS_OK;
}

enum ros_code ros_facts_set_text(struct ros_facts *f, size_t input, const char *text, size_t len)
{
    assert(input < f->program->input_count && f->program->inputs[input].info.value == ROS_VALUE_TEXT);
    void *known = ros_map_get(&f->program->text_ids, text, len);
    uint32_t id = (uint32_t) (uintptr_t) known;
    if (known == NULL)
        ROS_TRY(own_text(f, text, len, &id));
    f->text[input] = id;
    return ROS_OK;
}

enum ros_code ros_facts_add_instance(struct ros_facts *f, size_t input, const char *name, size_t name_len, double raw,
                                     const char *raw_unit)
{
    assert(input < f->program->input_count && f->program->inputs[input].info.vector);
    struct ros__instances *list = &f->instances[input];
    if (list->count == ROS_LIMIT_INSTANCES)
        return ROS_E_LIMIT;
    const char *copy = ros_arena_copy(&f->arena, name, name_len);
    if (copy == NULL)
        return ROS_E_OOM;
    if (list->count == list->size) {
        uint32_t wish = list->size == 0 ? 16 : list->size * 2;
        if (!grow(f->alloc, (void **) &list->names, list->size, wish, sizeof *list->names))
            return ROS_E_OOM;
        if (!grow(f->alloc, (void **) &list->values, list->size, wish, sizeof *list->values)) {
            /* the names' array is larger than it says: give it back at the size that free() will be told */
            void *names = ros_alloc_resize(f->alloc, list->names, wish * sizeof *list->names,
                                           (list->size != 0 ? list->size : 1) * sizeof *list->names);
            list->names = names != NULL ? names : list->names;
            return ROS_E_OOM;
        }
        list->size = wish;
    }
    list->names[list->count] = copy;
    list->values[list->count++] = convert(f, &f->program->inputs[input], raw, raw_unit);
    return ROS_OK;
}
