/* A stable merge sort over what candidates kept, in arrays that the machine has: the C library's sort may allocate. */
#include <math.h>
#include <string.h>

#include "interp/vm/vm.h"

/* Less than 0, 0, more than 0; what is missing comes last. */
static int compare_numbers(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

static int compare_texts(const struct ros_vm *vm, uint32_t a, uint32_t b)
{
    if (a == b)
        return 0;
    if (a == 0 || b == 0)
        return a == 0 ? 1 : -1;
    return strcmp(ros__vm_text(vm, a), ros__vm_text(vm, b));
}

static int compare_rows(const struct ros_vm *vm, const struct ros__prog_cand *cand, uint32_t a, uint32_t b)
{
    for (uint32_t k = 0; k < cand->key_count; k++) {
        uint32_t field = cand->first_key + k;
        const union ros__values *values = &vm->fields[field];
        int order = vm->program->fields[field].bank == ROS__BANK_S ? compare_texts(vm, values->text[a], values->text[b])
                                                                   : compare_numbers(values->num[a], values->num[b]);
        if (order != 0)
            return order;
    }
    return 0;
}

static void merge(const struct ros_vm *vm, const struct ros__prog_cand *cand, const uint32_t *from, uint32_t *to,
                  uint32_t left, uint32_t middle, uint32_t right)
{
    uint32_t a = left;
    uint32_t b = middle;
    for (uint32_t i = left; i < right; i++) {
        bool take_left = b == right || (a < middle && compare_rows(vm, cand, from[a], from[b]) <= 0);
        to[i] = take_left ? from[a++] : from[b++];
    }
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void ros__vm_sort(struct ros_vm *vm, uint32_t index)
{
    const struct ros__prog_cand *cand = &vm->program->cands[index];
    struct ros__kept *kept = &vm->kept[index];
    uint32_t *from = kept->places;
    uint32_t *to = kept->spare;
    if (cand->key_count == 0)
        return;
    for (uint32_t width = 1; width < kept->count; width *= 2) {
        for (uint32_t left = 0; left < kept->count; left += 2 * width)
            merge(vm, cand, from, to, left, least(left + width, kept->count), least(left + 2 * width, kept->count));
        uint32_t *other = from;
        from = to;
        to = other;
    }
    /* The order of places is known; rows follow it. `to` is free again. */
    memcpy(to, kept->rows, kept->count * sizeof *to);
    if (from != kept->places) { /* the sorted places are in the spare array: bring them home by way of swapping names */
        uint32_t *places = kept->places;
        kept->places = kept->spare;
        kept->spare = places;
    }
    for (uint32_t i = 0; i < kept->count; i++)
        kept->rows[i] = kept->spare[kept->places[i]];
}
