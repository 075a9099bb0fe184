/* What follows from a program's parts, and is therefore computed wherever a program comes from: ends of loops, keys. */
#include "interp/program/program.h"

/* Keys of honest tables are found after a step or two; keys that were made to collide must not cost a table's length.
 */
#define LONGEST_PROBE 2048

enum ros_code ros__program_loop_ends(struct ros_program *p)
{
    p->loop_ends = ros_arena_new_array(&p->arena, uint32_t, p->code_count);
    if (p->loop_ends == NULL)
        return ros_arena_code(&p->arena);
    for (uint32_t pc = 0; pc < p->code_count; pc++) {
        uint8_t op = p->code[pc].op;
        bool closes = op == ROS__OP_NEXTI || op == ROS__OP_NEXTR || op == ROS__OP_NEXTK;
        if (closes && p->code[pc].x >= 1 && p->code[pc].x <= p->code_count)
            p->loop_ends[p->code[pc].x - 1] = pc + 1;
    }
    return ROS_OK;
}

static enum ros_code index_row(const struct ros_program *p, const struct ros__prog_table *table, uint32_t *slots,
                               uint32_t row)
{
    uint64_t keys[ROS_LIMIT_TABLE_KEYS];
    uint32_t mask = table->slot_count - 1;
    for (uint32_t k = 0; k < table->key_count; k++)
        keys[k] = ros__column_key(&p->columns[table->keys[k]], row);
    uint32_t slot = (uint32_t) ros__key_hash(keys, table->key_count) & mask;
    for (uint32_t steps = 0; slots[slot] != 0; slot = (slot + 1) & mask) {
        if (ros__row_has(p, table, slots[slot] - 1, keys))
            return ROS_E_EXISTS;
        if (++steps > LONGEST_PROBE)
            return ROS_E_LIMIT;
    }
    slots[slot] = row + 1;
    return ROS_OK;
}

enum ros_code ros__table_index(struct ros_program *p, struct ros__prog_table *table)
{
    uint32_t size = 16;
    while (size < table->rows * 2)
        size *= 2;
    uint32_t *slots = ros_arena_new_array(&p->arena, uint32_t, size);
    if (slots == NULL)
        return ros_arena_code(&p->arena);
    table->slots = slots;
    table->slot_count = size;
    for (uint32_t row = 0; table->key_count > 0 && row < table->rows; row++)
        ROS_TRY(index_row(p, table, slots, row));
    return ROS_OK;
}
