/* Texts that are shown: numbers by their kind, four digits where a person reads them; what is missing says so. */
#include <math.h>
#include <string.h>

#include "interp/vm/vm.h"

static void show_bytes(double value, struct ros_buf *out)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (unit + 1 < ROS_COUNT(units) && fabs(value) >= 1024) {
        value /= 1024;
        unit++;
    }
    ros_buf_printf(out, "%.4g %s", value, units[unit]);
}

void ros__show_number(enum ros__show show, const char *unit, double value, struct ros_buf *out)
{
    if (isnan(value))
        ros_buf_puts(out, "(unknown)");
    else if (show == ROS__SHOW_SHARE)
        ros_buf_printf(out, "%.4g%%", value * 100);
    else if (show == ROS__SHOW_BYTES)
        show_bytes(value, out);
    else if (show == ROS__SHOW_UNIT)
        ros_buf_printf(out, "%.4g %s", value, unit);
    else
        ros_buf_printf(out, "%.15g", value);
}

static void show_text(const struct ros_vm *vm, const struct ros__prog_part *part, struct ros_buf *out)
{
    const char *text = ros__vm_text(vm, vm->s[part->reg]);
    if (text == NULL)
        text = "(unknown)";
    else if (part->show == ROS__SHOW_UPPER) {
        for (; *text != '\0'; text++)
            ros_buf_addc(out, *text >= 'a' && *text <= 'z' ? (char) (*text - 'a' + 'A') : *text);
        return;
    }
    ros_buf_puts(out, text);
}

static void show_truth(uint8_t truth, struct ros_buf *out)
{
    static const char *const words[] = {"false", "unknown", "true"};
    ros_buf_puts(out, words[truth]);
}

enum ros_code ros__vm_message(const struct ros_vm *vm, uint32_t message, struct ros_buf *out)
{
    const struct ros__prog_message *m = &vm->program->messages[message];
    for (uint32_t i = 0; i < m->count; i++) {
        const struct ros__prog_part *part = &vm->program->parts[m->first + i];
        switch (part->show) {
        case ROS__SHOW_LITERAL:
            ros_buf_puts(out, part->text);
            break;
        case ROS__SHOW_TEXT:
        case ROS__SHOW_UPPER:
            show_text(vm, part, out);
            break;
        case ROS__SHOW_TRUTH:
            show_truth(vm->b[part->reg], out);
            break;
        default:
            ros__show_number(part->show, part->text, vm->n[part->reg], out);
            break;
        }
    }
    return ros_buf_code(out);
}

enum ros_code ros_vm_render(const struct ros_vm *vm, size_t rule, const char *field, struct ros_buf *out)
{
    const struct ros__prog_rule *r = &vm->program->rules[rule];
    for (uint32_t i = 0; i < r->text_count; i++)
        if (strcmp(r->texts[i].field, field) == 0)
            return ros__vm_message(vm, r->texts[i].message, out);
    return ROS_E_NOT_FOUND;
}
