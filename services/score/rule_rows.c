/*
 * The table `rules` holds each rule's texts once, with placeholders for what differs from host to host. They are made
 * by rendering the rule for a host whose facts *are* the placeholders, so the texts stand in one place only: the .ros
 * file.
 */
#include <string.h>

#include "services/score/score.h"

#define RULE_ID_PREFIX "ros_instance_evaluation|"

static const struct {
    const char *fact;
    const char *value;
} placeholder_facts[] = {
    {"host.instance_type", "{system.instance_type}"},
    {"host.region", "{system.region}"},
    {"host.cloud", "{system.cloud_provider}"},
};

static enum ros_code set_placeholders(struct ros_program *program, struct ros_facts *facts)
{
    size_t count = ros_program_input_count(program);
    for (size_t i = 0; i < count; i++) {
        const struct ros_input *input = ros_program_input(program, i);
        if (input->kind != ROS_INPUT_FACT || input->value != ROS_VALUE_TEXT)
            continue;
        for (size_t k = 0; k < ROS_COUNT(placeholder_facts); k++)
            if (strcmp(input->name, placeholder_facts[k].fact) == 0)
                ROS_TRY(ros_facts_set_text(facts, i, placeholder_facts[k].value, strlen(placeholder_facts[k].value)));
    }
    return ROS_OK;
}

/* upper() has turned the cloud's placeholder into capitals: the stored texts spell that as a call of the value. */
static enum ros_code restore_upper(const struct ros_buf *rendered, struct ros_buf *out)
{
    static const char shouted[] = "{SYSTEM.CLOUD_PROVIDER}";
    const char *at = ros_buf_text(rendered);
    for (;;) {
        const char *next = strstr(at, shouted);
        if (next == NULL)
            return ros_buf_puts(out, at);
        ros_buf_add(out, at, (size_t) (next - at));
        ros_buf_puts(out, "{system.cloud_provider.upper()}");
        at = next + strlen(shouted);
    }
}

/* Appends a text and its NUL to `texts`; *ret_at is where it starts. A rule without that text has an empty one. */
static enum ros_code add_text(const struct ros_vm *vm, size_t rule, const char *field, struct ros_buf *texts,
                              size_t *ret_at)
{
    ros_auto(ros_buf) struct ros_buf rendered = ROS_BUF_INIT;
    enum ros_code code = ros_vm_render(vm, rule, field, &rendered);
    if (code != ROS_OK && code != ROS_E_NOT_FOUND)
        return code;
    *ret_at = texts->len;
    restore_upper(&rendered, texts);
    return ros_buf_addc(texts, '\0');
}

static enum ros_code give_row(struct ros_program *program, const struct ros_vm *vm, size_t rule,
                              ros_rule_row_call *call, void *context, struct ros_error *reterr)
{
    static const char *const fields[] = {"description", "reason", "resolution", "condition"};
    ros_auto(ros_buf) struct ros_buf texts = ROS_BUF_INIT;
    size_t at[ROS_COUNT(fields)];
    for (size_t i = 0; i < ROS_COUNT(fields); i++) {
        enum ros_code code = add_text(vm, rule, fields[i], &texts, &at[i]);
        if (code != ROS_OK)
            return ros_error_code(reterr, code);
    }
    ros_auto(ros_buf) struct ros_buf id = ROS_BUF_INIT;
    enum ros_code code = ros_buf_printf(&id, RULE_ID_PREFIX "%s", ros_program_rule_name(program, rule));
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    struct ros_rule_row row = {id.data, texts.data + at[0], texts.data + at[1], texts.data + at[2], texts.data + at[3]};
    return call(context, &row, reterr);
}

static enum ros_code walk(struct ros_program *program, struct ros_facts *facts, struct ros_vm *vm,
                          ros_rule_row_call *call, void *context, struct ros_error *reterr)
{
    enum ros_code code = set_placeholders(program, facts);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    struct ros_verdict verdict;
    ros_vm_run(vm, facts, &verdict);
    size_t count = ros_program_rule_count(program);
    for (size_t rule = 0; rule < count; rule++)
        ROS_TRY(give_row(program, vm, rule, call, context, reterr));
    return ROS_OK;
}

enum ros_code ros_score_rule_rows(struct ros_program *program, const struct ros_alloc *alloc, ros_rule_row_call *call,
                                  void *context, struct ros_error *reterr)
{
    struct ros_facts *facts = NULL;
    struct ros_vm *vm = NULL;
    enum ros_code code = ros_facts_new(program, alloc, &facts, reterr);
    if (code == ROS_OK)
        code = ros_vm_new(program, alloc, &vm, reterr);
    if (code == ROS_OK)
        code = walk(program, facts, vm, call, context, reterr);
    ros_vm_free(vm);
    ros_facts_free(facts);
    return code;
}
