/* The program as text: one instruction a line, operands by their kind, the source line beside it. */
#include <math.h>
#include <string.h>

#include "interp/program/program.h"

static const struct {
    const char *operands[4];
    const char *doc;
} rows[ROS__OP_COUNT] = {
#define ROS_OP(name, a, b, c, x, doc) {{#a, #b, #c, #x}, doc},
#include "interp/opcodes.def"
#undef ROS_OP
};

static void add_name(struct ros_buf *out, const char *before, const char *name)
{
    ros_buf_printf(out, "%s%s", before, name != NULL ? name : "?");
}

static void add_input(const struct ros_program *p, uint32_t value, struct ros_buf *out)
{
    ros_buf_addc(out, ' ');
    (void) ros_input_write(&p->inputs[value].info, out); /* a failure sticks to the buffer */
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void add_operand(const struct ros_program *p, const char *kind, uint32_t value, struct ros_buf *out)
{
    size_t len = strlen(kind);
    if (strcmp(kind, "_") == 0)
        return;
    if (len <= 2 && strchr("NBSR", kind[len - 1]) != NULL)
        ros_buf_printf(out, " %c%u", kind[len - 1] - 'A' + 'a', value);
    else if (strcmp(kind, "CONST") == 0) {
        ros_buf_addc(out, ' ');
        ros_buf_double(out, p->consts[value]);
    } else if (strcmp(kind, "TEXT") == 0)
        ros_buf_printf(out, " \"%s\"", value == 0 ? "(missing)" : p->texts[value]);
    else if (starts(kind, "IN_"))
        add_input(p, value, out);
    else if (starts(kind, "PARAM_"))
        add_name(out, " ", p->params[value].name);
    else if (starts(kind, "COL_"))
        add_name(out, " .", p->columns[value].name);
    else if (starts(kind, "FIELD_"))
        add_name(out, " ", p->fields[value].name != NULL ? p->fields[value].name : "(key)");
    else if (starts(kind, "REP_"))
        add_name(out, " ", p->reports[value].info.name);
    else if (strcmp(kind, "FLAG") == 0)
        add_name(out, " ", p->flags[value].name);
    else if (strcmp(kind, "RULE") == 0)
        add_name(out, " ", p->rules[value].name);
    else if (strcmp(kind, "CAND") == 0)
        add_name(out, " ", p->cands[value].name);
    else if (strcmp(kind, "FORWARD") == 0 || strcmp(kind, "BODY") == 0)
        ros_buf_printf(out, " ->%u", value);
    else
        ros_buf_printf(out, " %u", value);
}

static void add_word(const struct ros_program *p, uint32_t pc, struct ros_buf *out)
{
    const struct ros__word *w = &p->code[pc];
    bool over_rows = (w->op == ROS__OP_FOLN || w->op == ROS__OP_FOLB) && w->c == 1;
    size_t start = out->len;
    ros_buf_printf(out, "%5u  %-6s", pc, ros__opcode_name(w->op));
    add_operand(p, rows[w->op].operands[0], w->a, out);
    add_operand(p, rows[w->op].operands[1], w->b, out);
    add_operand(p, rows[w->op].operands[2], w->c, out);
    if (!over_rows)
        add_operand(p, rows[w->op].operands[3], w->x, out);
    while (ros_buf_code(out) == ROS_OK && out->len - start < 60)
        ros_buf_addc(out, ' ');
    ros_buf_printf(out, " ; ");
    if (p->lines[pc] != 0)
        ros_buf_printf(out, "line %u: ", p->lines[pc]);
    ros_buf_printf(out, "%s\n", rows[w->op].doc);
}

enum ros_code ros_program_disasm(const struct ros_program *p, struct ros_buf *out)
{
    ros_buf_printf(out, "; %s %s\n; checksum %s\n; %u instructions, %u constants, %u texts, %u inputs, %u tables\n",
                   p->name, p->version, p->checksum, p->code_count, p->const_count, p->text_count, p->input_count,
                   p->table_count);
    ros_buf_printf(out, "; cost: at most %llu instructions a host\n\n", (unsigned long long) p->cost);
    for (uint32_t pc = 0; pc < p->code_count; pc++)
        add_word(p, pc, out);
    return ros_buf_code(out);
}
