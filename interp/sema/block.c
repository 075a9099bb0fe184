/* The two blocks: candidates (a walk over a table, step by step) and decide (rules, their offers and texts). */
#include "interp/sema/internal.h"

/* --- candidates --------------------------------------------------------------------------------------------------- */

static void declare_field(struct ros__sema *s, const struct ros_step *step, struct ros__step *ret)
{
    struct ros__node *node = ros__expr_value(s, step->body.expr);
    if (node->type.composed || node->type.kind == ROS_KIND_MISSING) {
        ros_diags_add(s->diags, ROS_DIAG_E0303, step->body.expr->span,
                      "a candidate's let is a number, a text, a truth or a row");
        node = ros__node_bad(s, step->body.expr->span);
    }
    ret->index = s->model->fields.count;
    struct ros__field *field = ros__list_add(s, &s->model->fields);
    if (field == NULL)
        return;
    *field = (struct ros__field){.name = step->body.name, .node = node, .cand = s->cand};
    ros__name_declare(s, s->local, &step->body.name, ROS__SYMBOL_FIELD, ret->index);
}

static void declare_need(struct ros__sema *s, const struct ros_step *step, struct ros__step *ret)
{
    s->folds.items = NULL;
    s->folds.count = 0;
    s->folds.size = 0;
    s->in_need = true;
    bool good = ros__guard_declare(s, &step->body, &ret->index);
    s->in_need = false;
    if (good && s->model->guards.items[ret->index].cond->row)
        ros_diags_add(s->diags, ROS_DIAG_E0305, step->body.expr->span,
                      "`need` is asked once for all rows: take the row's values inside any(), all() or count()");
    ret->folds = s->folds.items;
    ret->fold_count = s->folds.count;
}

static void declare_sort(struct ros__sema *s, const struct ros_step *step, struct ros__cand *cand)
{
    if (cand->keys != NULL) {
        ros_diags_add(s->diags, ROS_DIAG_E0108, step->span, "`sort` stands once");
        return;
    }
    struct ros__node **keys = ros_arena_new_array(s->arena, struct ros__node *, step->sort_key_count);
    if (keys == NULL) {
        ros__sema_failed(s);
        return;
    }
    for (size_t i = 0; i < step->sort_key_count; i++) {
        struct ros__node *key = ros__expr_value(s, step->sort_keys[i]);
        keys[i] = key;
        if (ros__node_is_bad(key))
            continue;
        if ((key->type.kind != ROS_KIND_NUM && key->type.kind != ROS_KIND_TEXT) || key->type.composed) {
            ros_diags_add(s->diags, ROS_DIAG_E0303, key->span, "rows are sorted by numbers and by texts");
        } else if (key->type.maybe) {
            const char *source = ros__missing_source(s, key);
            struct ros_diag *diag =
                ros_diags_add(s->diags, ROS_DIAG_E0411, key->span, "a sort key must be settled; %s may be missing",
                              source != NULL ? source : "this one");
            ros_diag_set_help(s->diags, diag, "say where rows without it go: `%s ?? ...`",
                              ros__source_text(s, key->span));
        }
    }
    cand->keys = keys;
    cand->key_count = step->sort_key_count;
}

static void declare_step(struct ros__sema *s, const struct ros_step *step, struct ros__cand *cand)
{
    struct ros__step *made = &cand->steps[cand->step_count];
    made->kind = step->kind;
    switch (step->kind) {
    case ROS_STEP_WHERE:
        made->node = ros__expr_bool(s, step->body.expr);
        ros__expr_want_single(s, made->node);
        ros__settle(s, made->node, true);
        break;
    case ROS_STEP_LET:
        declare_field(s, step, made);
        break;
    case ROS_STEP_NEED:
        declare_need(s, step, made);
        break;
    case ROS_STEP_SORT:
        declare_sort(s, step, cand);
        return;
    }
    cand->step_count++;
}

void ros__candidates_declare(struct ros__sema *s, const struct ros_decl_candidates *decl, struct ros_span span)
{
    const struct ros__symbol *table = ros__name_find(s, decl->table.text, decl->table.len);
    if (table == NULL || table->kind != ROS__SYMBOL_TABLE) {
        if (table == NULL)
            ros__name_unknown(s, "table", decl->table.text, decl->table.span);
        else
            ros_diags_add(s->diags, ROS_DIAG_E0204, decl->table.span, "`%s` is not a table", decl->table.text);
        return;
    }
    size_t index = s->model->cands.count;
    if (index >= 32) {
        ros_diags_add(s->diags, ROS_DIAG_E0701, decl->name.span, "at most 32 candidates blocks");
        return;
    }
    struct ros__cand *added = ros__list_add(s, &s->model->cands);
    struct ros_map *local = ros_arena_new(s->arena, struct ros_map);
    struct ros__step *steps = ros_arena_new_array(s->arena, struct ros__step, decl->step_count);
    if (added == NULL || local == NULL || steps == NULL) {
        ros__sema_failed(s);
        return;
    }
    *added = (struct ros__cand){.name = decl->name, .row = decl->row, .table = table->index, .steps = steps};
    ros_map_init(local, s->arena, 0);
    s->local = local;
    s->cand = index;
    ros__name_declare(s, local, &decl->row, ROS__SYMBOL_ROW, index);
    struct ros__cand made = *added;
    for (size_t i = 0; i < decl->step_count; i++)
        declare_step(s, &decl->steps[i], &made);
    s->model->cands.items[index] = made;
    s->local = NULL;
    struct ros__symbol *symbol = ros__name_declare(s, &s->names, &decl->name, ROS__SYMBOL_CAND, index);
    if (symbol != NULL && ros_map_add(&s->scopes, symbol->name, decl->name.len, local) == ROS_E_OOM)
        ros__sema_failed(s);
    ros__item_add(s, ROS__ITEM_CAND, index, span);
}

/* --- decide ------------------------------------------------------------------------------------------------------- */

static void read_offer(struct ros__sema *s, const struct ros_rule *decl, struct ros__rule *rule)
{
    const struct ros__symbol *symbol = ros__name_find(s, decl->offer.text, decl->offer.len);
    if (symbol == NULL || symbol->kind != ROS__SYMBOL_CAND) {
        if (symbol == NULL)
            ros__name_unknown(s, "candidates", decl->offer.text, decl->offer.span);
        else
            ros_diags_add(s->diags, ROS_DIAG_E0204, decl->offer.span, "`%s` is not a candidates block",
                          decl->offer.text);
        return;
    }
    rule->offers = true;
    rule->required = decl->offer_required;
    rule->cand = symbol->index;
    if (decl->offer_where == NULL)
        return;
    s->local = ros_map_get(&s->scopes, decl->offer.text, decl->offer.len);
    s->cand = symbol->index;
    rule->where = ros__expr_bool(s, decl->offer_where);
    ros__expr_want_single(s, rule->where);
    s->local = NULL;
}

static void read_texts(struct ros__sema *s, const struct ros_rule *decl, struct ros__rule *rule)
{
    static const char *const FIELDS[] = {"description", "reason", "resolution", "condition"};
    rule->texts = ros_arena_new_array(s->arena, struct ros__rule_text, decl->text_count);
    if (rule->texts == NULL) {
        ros__sema_failed(s);
        return;
    }
    for (size_t i = 0; i < decl->text_count; i++) {
        const struct ros_rule_text *text = &decl->texts[i];
        bool known = false;
        for (size_t j = 0; j < ROS_COUNT(FIELDS); j++)
            known = known || strcmp(FIELDS[j], text->field.text) == 0;
        if (!known) {
            const char *near = ros_diag_nearest(text->field.text, FIELDS, ROS_COUNT(FIELDS));
            struct ros_diag *diag =
                ros_diags_add(s->diags, ROS_DIAG_E0201, text->field.span, "a rule has no text `%s`", text->field.text);
            ros_diag_set_help(s->diags, diag, "its texts are description, reason, resolution and condition");
            if (near != NULL)
                ros_diag_set_fix(s->diags, diag, text->field.span, "%s", near);
        }
        for (size_t j = 0; j < i; j++)
            if (strcmp(decl->texts[j].field.text, text->field.text) == 0)
                ros_diags_add(s->diags, ROS_DIAG_E0202, text->field.span, "the text `%s` stands twice",
                              text->field.text);
        rule->texts[rule->text_count++] = (struct ros__rule_text){text->field.text, ros__expr_text(s, text->text)};
    }
}

static void declare_rule(struct ros__sema *s, const struct ros_rule *decl)
{
    size_t index = s->model->rules.count;
    if (index >= ROS_LIMIT_RULES) {
        if (index == ROS_LIMIT_RULES)
            ros_diags_add(s->diags, ROS_DIAG_E0701, decl->name.span, "at most %d rules", ROS_LIMIT_RULES);
        return;
    }
    struct ros__rule rule = {.name = decl->name, .allows = decl->allows, .allow_count = decl->allow_count};
    ros__name_declare(s, &s->rules, &decl->name, ROS__SYMBOL_FLAG, index);
    rule.when = ros__expr_bool(s, decl->when);
    ros__expr_want_single(s, rule.when);
    if (decl->offer.text != NULL)
        read_offer(s, decl, &rule);
    read_texts(s, decl, &rule);
    struct ros__rule *slot = ros__list_add(s, &s->model->rules);
    if (slot != NULL)
        *slot = rule;
    ros__item_add(s, ROS__ITEM_RULE, index, decl->name.span);
}

void ros__decide_declare(struct ros__sema *s, const struct ros_decl_decide *decl, struct ros_span span)
{
    if (s->model->rules.count > 0) {
        ros_diags_add(s->diags, ROS_DIAG_E0108, span, "`decide` stands once in a rule set");
        return;
    }
    s->model->every = decl->every;
    for (size_t i = 0; i < decl->rule_count; i++)
        declare_rule(s, &decl->rules[i]);
}
