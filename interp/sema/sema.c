/*
 * The walk over the declarations, in order. First every name is noted with its place, so that a name used too early is
 * told from a misspelt one; then each declaration is read once. Nothing here looks ahead: no cycles, one pass.
 */
#include "interp/sema/sema.h"

#include "interp/lint/lint.h"
#include "interp/sema/internal.h"

void ros__item_add(struct ros__sema *s, enum ros__item_kind kind, size_t index, struct ros_span span)
{
    struct ros__item *item = ros__list_add(s, &s->model->items);
    if (item != NULL)
        *item = (struct ros__item){kind, index, span};
}

static void note(struct ros__sema *s, const struct ros_name *name)
{
    struct ros_span *span = ros_arena_new(s->arena, struct ros_span);
    if (span == NULL) {
        ros__sema_failed(s);
        return;
    }
    *span = name->span;
    enum ros_code code = ros_map_add(&s->later, name->text, name->len, span);
    if (code != ROS_OK && code != ROS_E_EXISTS)
        ros__sema_failed(s);
}

static void note_decl(struct ros__sema *s, const struct ros_decl *decl)
{
    switch (decl->kind) {
    case ROS_DECL_METRIC:
        note(s, &decl->metric.path);
        break;
    case ROS_DECL_FACT:
        note(s, &decl->fact.path);
        break;
    case ROS_DECL_TABLE:
        note(s, &decl->table.name);
        break;
    case ROS_DECL_PARAM:
        note(s, &decl->param.name);
        break;
    case ROS_DECL_LET:
        note(s, &decl->body.name);
        break;
    case ROS_DECL_CANDIDATES:
        note(s, &decl->candidates.name);
        break;
    case ROS_DECL_STATE:
        for (size_t i = 0; i < decl->state.flag_count; i++)
            note(s, &decl->state.flags[i].name);
        break;
    default:
        break;
    }
}

/* --- small declarations ------------------------------------------------------------------------------------------- */

static void declare_let(struct ros__sema *s, const struct ros_decl_expr *decl, struct ros_span span)
{
    struct ros__node *node = ros__expr(s, decl->expr);
    if (node->type.kind == ROS_KIND_MISSING) {
        ros_diags_add(s->diags, ROS_DIAG_E0303, decl->expr->span, "a let needs a value: this one is always missing");
        node = ros__node_bad(s, decl->expr->span);
    }
    size_t index = s->model->lets.count;
    struct ros__let *let = ros__list_add(s, &s->model->lets);
    if (let == NULL)
        return;
    *let = (struct ros__let){.name = decl->name, .node = node};
    ros__name_declare(s, &s->names, &decl->name, ROS__SYMBOL_LET, index);
    ros__item_add(s, ROS__ITEM_LET, index, span);
}

static void declare_report(struct ros__sema *s, const struct ros_decl_expr *decl, struct ros_span span)
{
    struct ros__node *node = ros__expr(s, decl->expr);
    enum ros_kind kind = node->type.kind;
    if (kind == ROS_KIND_ROW || kind == ROS_KIND_MISSING || node->type.composed ||
        (node->type.vector && kind != ROS_KIND_NUM))
        ros_diags_add(s->diags, ROS_DIAG_E0303, decl->expr->span,
                      "a report is a number (or one for each instance), a plain text or a truth");
    size_t index = s->model->reports.count;
    if (index >= 255) {
        ros_diags_add(s->diags, ROS_DIAG_E0701, decl->name.span, "at most 255 reports");
        return;
    }
    struct ros__report *report = ros__list_add(s, &s->model->reports);
    if (report == NULL)
        return;
    *report = (struct ros__report){decl->name, node};
    ros__name_declare(s, &s->reports, &decl->name, ROS__SYMBOL_LET, index);
    ros__item_add(s, ROS__ITEM_REPORT, index, span);
}

static enum ros_reason read_reason(struct ros__sema *s, const struct ros_name *name)
{
    static const char *const NAMES[] = {
#define ROS_REASON(name, text) #name,
#include "interp/reasons.def"
#undef ROS_REASON
    };
    if (name->text == NULL)
        return ROS_REASON_NONE;
    enum ros_reason reason = ros_reason_from_name(name->text, name->len);
    if (reason != ROS_REASON_NONE)
        return reason;
    const char *near = ros_diag_nearest(name->text, NAMES, ROS_COUNT(NAMES));
    struct ros_diag *diag = ros_diags_add(s->diags, ROS_DIAG_E0206, name->span, "no reason code `%s`", name->text);
    if (near != NULL) {
        ros_diag_set_help(s->diags, diag, "did you mean `%s`?", near);
        ros_diag_set_fix(s->diags, diag, name->span, "%s", near);
    }
    return ROS_REASON_NONE;
}

bool ros__guard_declare(struct ros__sema *s, const struct ros_decl_expr *decl, size_t *ret_index)
{
    struct ros__guard guard = {.cond = ros__expr_bool(s, decl->expr)};
    ros__expr_want_single(s, guard.cond);
    guard.reason = read_reason(s, &decl->reason);
    /* A need's text is shown once, not for each row. */
    struct ros_map *local = s->local;
    s->local = NULL;
    guard.message = ros__expr_text(s, decl->message);
    s->local = local;
    *ret_index = s->model->guards.count;
    if (*ret_index >= 255) {
        ros_diags_add(s->diags, ROS_DIAG_E0701, decl->expr->span, "at most 255 guards");
        return false;
    }
    struct ros__guard *slot = ros__list_add(s, &s->model->guards);
    if (slot != NULL)
        *slot = guard;
    return slot != NULL;
}

static void declare_require(struct ros__sema *s, const struct ros_decl_expr *decl, struct ros_span span)
{
    size_t index;
    if (!ros__guard_declare(s, decl, &index))
        return;
    ros__settle(s, s->model->guards.items[index].cond, false);
    ros__item_add(s, ROS__ITEM_REQUIRE, index, span);
}

static void declare_state(struct ros__sema *s, const struct ros_decl_state *decl)
{
    size_t group = s->model->groups.count;
    struct ros__group *slot = ros__list_add(s, &s->model->groups);
    if (slot == NULL)
        return;
    *slot = (struct ros__group){decl->name.text, decl->exclusive};
    ros__name_declare(s, &s->groups, &decl->name, ROS__SYMBOL_FLAG, group);
    for (size_t i = 0; i < decl->flag_count; i++) {
        struct ros__node *when = ros__expr_bool(s, decl->flags[i].when);
        ros__expr_want_single(s, when);
        size_t index = s->model->flags.count;
        if (index >= ROS_LIMIT_FLAGS) {
            ros_diags_add(s->diags, ROS_DIAG_E0701, decl->flags[i].name.span, "at most %d flags", ROS_LIMIT_FLAGS);
            return;
        }
        struct ros__flag *flag = ros__list_add(s, &s->model->flags);
        if (flag == NULL)
            return;
        *flag = (struct ros__flag){decl->flags[i].name, decl->flags[i].text.text, group, when, false};
        ros__name_declare(s, &s->names, &decl->flags[i].name, ROS__SYMBOL_FLAG, index);
        ros__item_add(s, ROS__ITEM_FLAG, index, decl->flags[i].name.span);
    }
}

static void declare(struct ros__sema *s, const struct ros_decl *decl)
{
    switch (decl->kind) {
    case ROS_DECL_METRIC:
        ros__metric_declare(s, &decl->metric);
        break;
    case ROS_DECL_FACT:
        ros__fact_declare(s, &decl->fact);
        break;
    case ROS_DECL_TABLE:
        ros__table_declare(s, &decl->table);
        break;
    case ROS_DECL_PARAM:
        ros__param_declare(s, &decl->param);
        break;
    case ROS_DECL_CHECK:
        ros__check_declare(s, &decl->body);
        break;
    case ROS_DECL_LET:
        declare_let(s, &decl->body, decl->span);
        break;
    case ROS_DECL_REPORT:
        declare_report(s, &decl->body, decl->span);
        break;
    case ROS_DECL_REQUIRE:
        declare_require(s, &decl->body, decl->span);
        break;
    case ROS_DECL_STATE:
        declare_state(s, &decl->state);
        break;
    case ROS_DECL_CANDIDATES:
        ros__candidates_declare(s, &decl->candidates, decl->span);
        break;
    case ROS_DECL_DECIDE:
        ros__decide_declare(s, &decl->decide, decl->span);
        break;
    case ROS_DECL_FIXTURE:
        ros__fixture_declare(s, &decl->fixture);
        break;
    case ROS_DECL_TEST:
        ros__test_declare(s, &decl->test);
        break;
    case ROS_DECL_ORG:
        ros__org_declare(s, &decl->org);
        break;
    }
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static void check_whole(struct ros__sema *s)
{
    const struct ros_unit *unit = s->unit;
    struct ros_span start = {0, 0, 0};
    if (unit->name.text == NULL && !s->blurred)
        ros_diags_add(s->diags, ROS_DIAG_E0502, start, "a rule set needs its name: `ruleset NAME version \"1.0.0\"`");
    if (unit->override_for.text != NULL && unit->name.text != NULL &&
        strcmp(unit->override_for.text, unit->name.text) != 0)
        ros_diags_add(s->diags, ROS_DIAG_E0201, unit->override_for.span, "this rule set is `%s`", unit->name.text);
    if (s->model->rules.count == 0 && !s->blurred)
        ros_diags_add(s->diags, ROS_DIAG_E0502, start, "a rule set needs a `decide` block with a rule");
    if (s->model->fields.count > 255)
        ros_diags_add(s->diags, ROS_DIAG_E0701, start, "at most 255 lets of candidates");
}

/* What binds names comes after what declares them, and tests after the fixtures that they are given. */
static int lateness(const struct ros_decl *decl)
{
    if (decl->kind == ROS_DECL_TEST)
        return 2;
    return decl->kind == ROS_DECL_FIXTURE || decl->kind == ROS_DECL_ORG;
}

enum ros_code ros__sema(const struct ros_unit *unit, struct ros_arena *arena, struct ros_diags *diags,
                        struct ros__model **ret)
{
    struct ros__sema *s = ros_arena_new(arena, struct ros__sema);
    struct ros__model *model = ros_arena_new(arena, struct ros__model);
    if (s == NULL || model == NULL)
        return ros_arena_code(arena);
    *s = (struct ros__sema){.arena = arena, .diags = diags, .unit = unit, .model = model};
    for (size_t i = 0; i < diags->count; i++)
        s->blurred = s->blurred || diags->items[i]->code == ROS_DIAG_E0101 || diags->items[i]->code == ROS_DIAG_E0102;
    model->unit = unit;
    model->scope = s;
    model->name = unit->name.text;
    model->version = unit->version.text != NULL ? unit->version.text : "";
    struct ros_map *maps[] = {&s->names,  &s->later,    &s->reports, &s->rules,
                              &s->groups, &s->fixtures, &s->orgs,    &s->scopes};
    for (size_t i = 0; i < ROS_COUNT(maps); i++)
        ros_map_init(maps[i], arena, 0);
    for (size_t i = 0; i < unit->decl_count; i++)
        note_decl(s, unit->decls[i]);
    for (int late = 0; late < 3; late++) {
        s->late = late > 0;
        for (size_t i = 0; i < unit->decl_count && s->code == ROS_OK; i++)
            if (lateness(unit->decls[i]) == late)
                declare(s, unit->decls[i]);
    }
    ROS_TRY(s->code);
    ROS_TRY(diags->code);
    check_whole(s);
    ROS_TRY(s->code); /* a list that memory cut short is no list of all errors */
    ROS_TRY(diags->code);
    if (diags->error_count > 0)
        return ROS_E_RULES;
    ROS_TRY(ros__lint(model, arena, diags));
    *ret = model;
    return ROS_OK;
}

struct ros__node *ros__sema_ask(struct ros__model *model, const struct ros_unit *unit, const struct ros_expr *expr,
                                struct ros_diags *diags)
{
    struct ros__sema *s = model->scope;
    size_t errors = diags->error_count;
    s->diags = diags;
    s->unit = unit;
    s->in_expect = true;
    struct ros__node *node = ros__expr(s, expr);
    s->in_expect = false;
    s->unit = model->unit;
    if (s->code != ROS_OK)
        return NULL;
    if (!ros__node_is_bad(node) && (node->type.composed || node->type.kind == ROS_KIND_MISSING))
        ros_diags_add(diags, ROS_DIAG_E0303, expr->span, "this has no value of its own");
    return diags->error_count > errors ? ros__node_bad(s, expr->span) : node;
}
