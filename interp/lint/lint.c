/* The findings: names, conditions, rules, tests. */
#include "interp/lint/lint.h"

#include <string.h>

/* --- names that nothing uses -------------------------------------------------------------------------------------- */

static void lint_names(const struct ros__model *m, struct ros_diags *diags)
{
    for (size_t i = 0; i < m->params.count; i++)
        if (!m->params.items[i].used)
            ros_diags_add(diags, ROS_DIAG_W0503, m->params.items[i].name.span, "param `%s` is never used",
                          m->params.items[i].name.text);
    for (size_t i = 0; i < m->lets.count; i++)
        if (!m->lets.items[i].used)
            ros_diags_add(diags, ROS_DIAG_W0503, m->lets.items[i].name.span, "let `%s` is never used",
                          m->lets.items[i].name.text);
    for (size_t i = 0; i < m->columns.count; i++)
        if (!m->columns.items[i].used)
            ros_diags_add(diags, ROS_DIAG_W0503, m->columns.items[i].name.span, "column `%s` is never used",
                          m->columns.items[i].name.text);
}

static void lint_candidates_used(const struct ros__model *m, struct ros_diags *diags)
{
    for (size_t i = 0; i < m->cands.count; i++) {
        bool used = false;
        for (size_t k = 0; k < m->rules.count; k++)
            used = used || (m->rules.items[k].offers && m->rules.items[k].cand == i);
        if (!used)
            ros_diags_add(diags, ROS_DIAG_W0503, m->cands.items[i].name.span, "candidates `%s` are never offered",
                          m->cands.items[i].name.text);
    }
}

/* --- conditions that cannot vary ---------------------------------------------------------------------------------- */

static void lint_condition(struct ros__ranges *ranges, const struct ros__node *node, const char *what, const char *name,
                           struct ros_span span, struct ros_diags *diags)
{
    unsigned set = ros__range_of(ranges, node).truths;
    if (node->kind == ROS__NODE_BOOL)
        return; /* written so on purpose */
    if ((set & ROS__CAN_TRUE) == 0)
        ros_diags_add(diags, ROS_DIAG_W0505, span, "%s%s%s%s can never be true", what, name != NULL ? " `" : "",
                      name != NULL ? name : "", name != NULL ? "`" : "");
    else if (set == ROS__CAN_TRUE)
        ros_diags_add(diags, ROS_DIAG_W0505, span, "%s%s%s%s is always true", what, name != NULL ? " `" : "",
                      name != NULL ? name : "", name != NULL ? "`" : "");
}

static void lint_conditions(struct ros__ranges *ranges, struct ros_diags *diags)
{
    const struct ros__model *m = ranges->model;
    for (size_t i = 0; i < m->flags.count; i++)
        lint_condition(ranges, m->flags.items[i].when, "state", m->flags.items[i].name.text,
                       m->flags.items[i].name.span, diags);
    for (size_t i = 0; i < m->cands.count; i++)
        for (size_t k = 0; k < m->cands.items[i].step_count; k++) {
            const struct ros__step *step = &m->cands.items[i].steps[k];
            if (step->kind == ROS_STEP_WHERE)
                lint_condition(ranges, step->node, "this `where`", NULL, step->node->span, diags);
        }
}

/* --- rules -------------------------------------------------------------------------------------------------------- */

static bool allows(const struct ros__rule *rule, const char *what)
{
    for (size_t i = 0; i < rule->allow_count; i++)
        if (strcmp(rule->allows[i].field.text, what) == 0)
            return true;
    return false;
}

static void lint_rule(struct ros__ranges *ranges, const struct ros__rule *rule, struct ros_diags *diags)
{
    unsigned set = ros__range_of(ranges, rule->when).truths;
    bool never = (set & ROS__CAN_TRUE) == 0;
    if (never && !allows(rule, "never_fires")) {
        struct ros_diag *diag = ros_diags_add(diags, ROS_DIAG_W0501, rule->name.span,
                                              "rule `%s` can never be true, whatever is measured", rule->name.text);
        ros_diag_set_help(diags, diag, "if that is meant, say why: allow never_fires \"...\"");
    }
    if (set == ROS__CAN_TRUE && rule->when->kind != ROS__NODE_BOOL && !allows(rule, "always_fires"))
        ros_diags_add(diags, ROS_DIAG_W0502, rule->name.span, "rule `%s` is always true", rule->name.text);
    for (size_t i = 0; i < rule->allow_count; i++) {
        const struct ros_rule_text *allow = &rule->allows[i];
        bool needed = strcmp(allow->field.text, "never_fires") == 0    ? never
                      : strcmp(allow->field.text, "always_fires") == 0 ? set == ROS__CAN_TRUE
                                                                       : false;
        if (!needed)
            ros_diags_add(diags, ROS_DIAG_W0506, allow->field.span, "nothing is there for `allow %s` to allow",
                          allow->field.text);
    }
}

static bool same(const struct ros__node *a, const struct ros__node *b)
{
    return a->kind == b->kind && a->index == b->index &&
           (a->kind == ROS__NODE_FLAG || a->kind == ROS__NODE_LET || a->kind == ROS__NODE_INPUT);
}

/* Whether b is true wherever a is, as far as one can see. */
static bool implies(const struct ros__node *a, const struct ros__node *b)
{
    if (same(a, b))
        return true;
    if (b->kind == ROS__NODE_BINARY && b->op == ROS_OP_OR && (implies(a, b->left) || implies(a, b->right)))
        return true;
    if (a->kind == ROS__NODE_BINARY && a->op == ROS_OP_OR && implies(a->left, b) && implies(a->right, b))
        return true;
    if (b->kind == ROS__NODE_BINARY && b->op == ROS_OP_AND && implies(a, b->left) && implies(a, b->right))
        return true;
    return a->kind == ROS__NODE_BINARY && a->op == ROS_OP_AND && (implies(a->left, b) || implies(a->right, b));
}

/* With `decide first` a rule that holds hides those behind it. */
static void lint_hidden(struct ros__ranges *ranges, struct ros_diags *diags)
{
    const struct ros__model *m = ranges->model;
    for (size_t i = 1; i < m->rules.count && !m->every; i++)
        for (size_t k = 0; k < i; k++) {
            const struct ros__rule *before = &m->rules.items[k];
            bool always = ros__range_of(ranges, before->when).truths == ROS__CAN_TRUE;
            if (before->required || (!always && !implies(m->rules.items[i].when, before->when)))
                continue;
            struct ros_diag *diag =
                ros_diags_add(diags, ROS_DIAG_W0507, m->rules.items[i].name.span,
                              "rule `%s` never speaks: `%s` stands before it and is true whenever it is",
                              m->rules.items[i].name.text, before->name.text);
            ros_diag_add_label(diags, diag, before->name.span, "this one speaks first");
            break;
        }
}

/* --- tests -------------------------------------------------------------------------------------------------------- */

static bool names_rule(const struct ros__node *node, size_t rule)
{
    if (node == NULL)
        return false;
    if (node->kind == ROS__NODE_RULE && node->index == rule)
        return true;
    if (names_rule(node->left, rule) || names_rule(node->right, rule) || names_rule(node->cond, rule))
        return true;
    for (size_t i = 0; i < node->count; i++)
        if (names_rule(node->list[i], rule))
            return true;
    return false;
}

static void lint_untested(const struct ros__model *m, struct ros_diags *diags)
{
    for (size_t i = 0; i < m->rules.count && m->tests.count > 0; i++) {
        bool named = false;
        for (size_t t = 0; t < m->tests.count && !named; t++)
            for (size_t k = 0; k < m->tests.items[t].expect_count && !named; k++)
                named = names_rule(m->tests.items[t].expects[k].node, i);
        if (!named)
            ros_diags_add(diags, ROS_DIAG_W0508, m->rules.items[i].name.span, "no test expects rule `%s`",
                          m->rules.items[i].name.text);
    }
}

enum ros_code ros__lint(const struct ros__model *model, struct ros_arena *arena, struct ros_diags *diags)
{
    struct ros__ranges defaults;
    struct ros__ranges any;
    if (!ros__ranges_init(&defaults, model, arena, false) || !ros__ranges_init(&any, model, arena, true))
        return ros_arena_code(arena);
    lint_names(model, diags);
    lint_candidates_used(model, diags);
    lint_conditions(&any, diags);
    for (size_t i = 0; i < model->rules.count; i++)
        lint_rule(&defaults, &model->rules.items[i], diags);
    lint_hidden(&any, diags);
    lint_untested(model, diags);
    return diags->code;
}
