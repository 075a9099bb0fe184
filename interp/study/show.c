/* Source and values as a person reads them. */
#include <math.h>
#include <string.h>

#include "interp/study/internal.h"

/* An operation whose first or last operand stands in parentheses begins behind, or ends before them: how many it lacks.
 */
static size_t lacking_parentheses(const char *text, size_t len, size_t *ret_behind)
{
    size_t open = 0;
    size_t lacking = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '(')
            open++;
        else if (text[i] == ')' && open > 0)
            open--;
        else if (text[i] == ')')
            lacking++;
    }
    *ret_behind = open;
    return lacking;
}

/* As the author wrote it, with every run of blanks and line ends as one blank. */
void ros__study_source(const struct ros_study *study, struct ros_span span, struct ros_buf *out)
{
    if (span.file >= study->unit->source_count)
        return;
    const struct ros_source *source = &study->unit->sources[span.file];
    if (span.start > source->len || span.length > source->len - span.start)
        return;
    bool blank = false;
    size_t behind;
    for (size_t before = lacking_parentheses(source->text + span.start, span.length, &behind); before > 0; before--)
        ros_buf_addc(out, '(');
    for (size_t i = span.start; i < (size_t) span.start + span.length; i++) {
        char c = source->text[i];
        bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!space && blank)
            ros_buf_addc(out, ' ');
        blank = space;
        if (!space)
            ros_buf_addc(out, c);
    }
    for (; behind > 0; behind--)
        ros_buf_addc(out, ')');
}

static void show_row(const struct ros_study *study, const struct ros_type *type, int64_t row, struct ros_buf *out)
{
    const struct ros__table *table = &study->model->tables.items[type->table];
    ros_buf_puts(out, table->name.text);
    for (size_t k = 0; row >= 0 && k < table->key_count; k++) {
        const struct ros__column *column = &study->model->columns.items[table->keys[k]];
        struct ros__value key = {.num = column->cells[row].num};
        if (column->type.kind == ROS_KIND_TEXT)
            key.text = column->cells[row].text;
        else if (column->type.kind == ROS_KIND_BOOL)
            key.truth = column->cells[row].truth;
        ros_buf_puts(out, k == 0 ? "[" : ", ");
        ros__study_show(study, &column->type, &key, out);
    }
    ros_buf_puts(out, row >= 0 ? "]" : ": no such row");
}

void ros__study_show(const struct ros_study *study, const struct ros_type *type, const struct ros__value *value,
                     struct ros_buf *out)
{
    static const char *const truths[] = {"false", "unknown", "true"};
    char unit[ROS_TYPE_TEXT_SIZE];
    if (type->kind == ROS_KIND_BOOL)
        ros_buf_puts(out, truths[value->truth]);
    else if (type->kind == ROS_KIND_ROW)
        show_row(study, type, value->row, out);
    else if (ros__value_missing(type, value))
        ros_buf_puts(out, "missing");
    else if (type->kind == ROS_KIND_TEXT)
        ros_buf_printf(out, "\"%s\"", value->text);
    else
        ros__show_number(ros__show_of(type), ros_type_unit(type, unit), value->num, out);
}

static bool is_literal(const struct ros__node *node)
{
    return node->kind == ROS__NODE_NUM || node->kind == ROS__NODE_TEXT || node->kind == ROS__NODE_BOOL;
}

/* "cpu_util 0.2%": what it is called, and what it was. A literal is its own name. */
static void show_side(struct ros_study *study, const struct ros__node *node, struct ros_buf *out)
{
    struct ros__value value;
    ros__study_source(study, node->span, out);
    if (is_literal(node) || node->type.vector || !ros__study_value(study, node, &value))
        return;
    ros_buf_addc(out, ' ');
    ros_buf_puts(out, "(");
    ros__study_show(study, &node->type, &value, out);
    ros_buf_puts(out, ")");
}

static const char *operator_text(enum ros_binary_op op)
{
    static const char *const texts[] = {
        [ROS_OP_LT] = "<",         [ROS_OP_GT] = ">",         [ROS_OP_LE] = "<=",
        [ROS_OP_GE] = ">=",        [ROS_OP_EQ] = "==",        [ROS_OP_NE] = "!=",
        [ROS_OP_LE_ABOUT] = "<=~", [ROS_OP_GE_ABOUT] = ">=~", [ROS_OP_EQ_ABOUT] = "==~"};
    return (size_t) op < ROS_COUNT(texts) ? texts[op] : NULL;
}

static bool is_comparison(const struct ros__node *node)
{
    return node->kind == ROS__NODE_BINARY && operator_text(node->op) != NULL;
}

void ros__study_show_condition(struct ros_study *study, const struct ros__node *node, struct ros_buf *out)
{
    if (!is_comparison(node)) {
        ros__study_source(study, node->span, out);
        return;
    }
    show_side(study, node->left, out);
    ros_buf_printf(out, " %s ", operator_text(node->op));
    show_side(study, node->right, out);
}

/* --- what is lacking ---------------------------------------------------------------------------------------------- */

static void name_input(const struct ros_study *study, const struct ros__node *node, struct ros_buf *out)
{
    (void) ros_input_write(&study->model->inputs.items[node->index].info, out);
    ros_buf_puts(out, " is missing");
}

static bool input_missing(const struct ros_study *study, const struct ros__node *node)
{
    const struct ros_facts *facts = study->asked;
    if (study->model->inputs.items[node->index].info.vector)
        return facts->instances[node->index].count == 0;
    if (node->type.kind == ROS_KIND_TEXT)
        return facts->text[node->index] == 0;
    return node->type.kind == ROS_KIND_BOOL ? facts->truth[node->index] == ROS_UNKNOWN : isnan(facts->num[node->index]);
}

/* The first thing below a node that is missing; true when one was named. */
static bool name_missing(struct ros_study *study, const struct ros__node *node, struct ros_buf *out)
{
    struct ros__value value;
    if (node == NULL)
        return false;
    node = ros__study_behind(study, node);
    if (node->kind == ROS__NODE_INPUT) {
        if (input_missing(study, node))
            return name_input(study, node, out), true;
        return false;
    }
    if (node->kind == ROS__NODE_PARAM && ros__value_missing(&node->type, &study->values[node->index])) {
        ros_buf_printf(out, "param %s is not set", study->model->params.items[node->index].name.text);
        return true;
    }
    if (name_missing(study, node->left, out) || name_missing(study, node->right, out) ||
        name_missing(study, node->cond, out))
        return true;
    for (size_t i = 0; i < node->count; i++)
        if (name_missing(study, node->list[i], out))
            return true;
    if (node->kind == ROS__NODE_FIND && ros__study_value(study, node, &value) && value.row < 0) {
        ros__study_source(study, node->span, out);
        ros_buf_puts(out, " is not in the table");
        return true;
    }
    return false;
}

static void show_distance(struct ros_study *study, const struct ros__node *node, struct ros_buf *out)
{
    struct ros__value a;
    struct ros__value b;
    if (!is_comparison(node) || node->left->type.kind != ROS_KIND_NUM || node->op == ROS_OP_EQ ||
        node->op == ROS_OP_NE || node->op == ROS_OP_EQ_ABOUT)
        return;
    if (!ros__study_value(study, node->left, &a) || !ros__study_value(study, node->right, &b) || isnan(a.num) ||
        isnan(b.num))
        return;
    bool below = node->op == ROS_OP_LT || node->op == ROS_OP_LE || node->op == ROS_OP_LE_ABOUT;
    struct ros__value distance = {.num = fabs(a.num - b.num)};
    const struct ros_type *type = ros_type_has_unit(&node->left->type) || node->left->type.plain == ROS_PLAIN_SHARE
                                      ? &node->left->type
                                      : &node->right->type;
    ros_buf_puts(out, below ? "over by " : "short by ");
    ros__study_show(study, type, &distance, out);
}

void ros__study_show_lack(struct ros_study *study, const struct ros__node *node, struct ros_buf *out)
{
    enum ros_tri truth = ros__study_truth(study, node);
    if (truth == ROS_UNKNOWN)
        (void) name_missing(study, node, out);
    else if (truth == ROS_FALSE)
        show_distance(study, node, out);
}
