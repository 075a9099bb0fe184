/*
 * The last run as a tree of notes, in the order in which the author wrote the rules: guards, states, candidates, rules,
 * and what is offered. Every truth is the one that the machine wrote.
 */
#include <string.h>

#include "interp/diag/diag.h"
#include "interp/study/internal.h"

#define OFFERS_NOTED 5

struct notes {
    struct ros_study *study;
    struct ros_arena *arena;
    bool failed;
    struct ros_note *spare; /* handed out when memory is short */
    size_t file;            /* where line_of() stands: the start of line `line` (0: nowhere) */
    size_t at;
    uint32_t line;
};

const char *ros_note_kind_name(enum ros_note_kind kind)
{
    static const char *const names[] = {"verdict", "require",   "rule",       "state", "let",  "all",   "any",
                                        "not",     "condition", "candidates", "step",  "need", "offer", "text"};
    return (size_t) kind < ROS_COUNT(names) ? names[kind] : "note";
}

/* --- making notes ------------------------------------------------------------------------------------------------- */

static struct ros_note *add(struct notes *n, struct ros_note *parent, enum ros_note_kind kind, const char *name)
{
    struct ros_note *note = ros_arena_new(n->arena, struct ros_note);
    if (note == NULL) {
        n->failed = true;
        note = n->spare;
    }
    *note = (struct ros_note){.kind = kind, .name = name};
    if (note == n->spare || parent == NULL)
        return note;
    if (parent->last != NULL)
        parent->last->next = note;
    else
        parent->first = note;
    parent->last = note;
    return note;
}

static void set_truth(struct ros_note *note, enum ros_tri truth)
{
    note->has_truth = true;
    note->truth = truth;
}

/* Notes come in the order of the source: lines are counted on from the last place, not from the start of the file. */
static uint32_t line_of(struct notes *n, struct ros_span span)
{
    const struct ros_source *source = &n->study->unit->sources[span.file];
    size_t end = span.start < source->len ? span.start : source->len;
    if (n->line == 0 || n->file != span.file || n->at > end) {
        n->file = span.file;
        n->at = 0;
        n->line = 1;
    }
    for (const char *p; (p = memchr(source->text + n->at, '\n', end - n->at)) != NULL; n->line++)
        n->at = (size_t) (p - source->text) + 1;
    return n->line;
}

static void set_place(struct notes *n, struct ros_note *note, struct ros_span span)
{
    if (span.file >= n->study->unit->source_count)
        return;
    note->line = line_of(n, span);
    note->path = n->study->unit->sources[span.file].path;
}

/* The text of a buffer in the arena; NULL when it is empty. */
static const char *keep(struct notes *n, const struct ros_buf *text)
{
    if (ros_buf_code(text) != ROS_OK)
        n->failed = true;
    if (text->len == 0 || n->failed)
        return NULL;
    const char *copy = ros_arena_copy(n->arena, ros_buf_text(text), text->len);
    n->failed = n->failed || copy == NULL;
    return copy;
}

static struct ros_buf new_text(const struct notes *n)
{
    struct ros_buf text;
    ros_buf_init(&text, n->study->alloc, ROS_LIMIT_RENDERED_BYTES);
    return text;
}

/* --- conditions --------------------------------------------------------------------------------------------------- */

static void note_condition(struct notes *n, struct ros_note *parent, const struct ros__node *node);

static void note_joined(struct notes *n, struct ros_note *parent, const struct ros__node *node)
{
    enum ros_note_kind kind = node->op == ROS_OP_AND ? ROS_NOTE_ALL : ROS_NOTE_ANY;
    bool same = parent->kind == kind; /* a and b and c: one list of three */
    struct ros_note *note = same ? parent : add(n, parent, kind, NULL);
    if (!same)
        set_truth(note, ros__study_truth(n->study, node));
    note_condition(n, note, node->left);
    note_condition(n, note, node->right);
}

static void note_atom(struct notes *n, struct ros_note *parent, const struct ros__node *node)
{
    struct ros_note *note = add(n, parent, ROS_NOTE_CONDITION, NULL);
    set_truth(note, ros__study_truth(n->study, node));
    ros_auto(ros_buf) struct ros_buf text = new_text(n);
    ros__study_show_condition(n->study, node, &text);
    note->text = keep(n, &text);
    ros_auto(ros_buf) struct ros_buf lack = new_text(n);
    ros__study_show_lack(n->study, node, &lack);
    note->more = keep(n, &lack);
}

static void note_condition(struct notes *n, struct ros_note *parent, const struct ros__node *node)
{
    if (node->kind == ROS__NODE_FLAG) { /* its own conditions stand with the states */
        struct ros_note *note = add(n, parent, ROS_NOTE_STATE, n->study->model->flags.items[node->index].name.text);
        set_truth(note, ros__study_truth(n->study, node));
    } else if (node->kind == ROS__NODE_LET) {
        const struct ros__let *let = &n->study->model->lets.items[node->index];
        struct ros_note *note = add(n, parent, ROS_NOTE_LET, let->name.text);
        set_truth(note, ros__study_truth(n->study, node));
        note_condition(n, note, let->node);
    } else if (node->kind == ROS__NODE_BINARY && (node->op == ROS_OP_AND || node->op == ROS_OP_OR)) {
        note_joined(n, parent, node);
    } else if (node->kind == ROS__NODE_NOT) {
        struct ros_note *note = add(n, parent, ROS_NOTE_NOT, NULL);
        set_truth(note, ros__study_truth(n->study, node));
        note_condition(n, note, node->left);
    } else {
        note_atom(n, parent, node);
    }
}

/* --- the parts of a rule set -------------------------------------------------------------------------------------- */

static void note_message(struct notes *n, struct ros_note *note, size_t guard)
{
    ros_auto(ros_buf) struct ros_buf text = new_text(n);
    (void) ros__vm_message(n->study->vm, n->study->program->guards[guard].message, &text);
    note->more = keep(n, &text);
}

static void note_guard(struct notes *n, struct ros_note *root, size_t index, struct ros_span span)
{
    const struct ros__guard *guard = &n->study->model->guards.items[index];
    struct ros_note *note = add(n, root, ROS_NOTE_GUARD, NULL);
    set_truth(note, ros__study_truth(n->study, guard->cond));
    set_place(n, note, span);
    note_condition(n, note, guard->cond);
    if (note->truth != ROS_TRUE)
        note_message(n, note, index);
}

static void note_flag(struct notes *n, struct ros_note *root, size_t index, struct ros_span span)
{
    const struct ros__flag *flag = &n->study->model->flags.items[index];
    struct ros_note *note = add(n, root, ROS_NOTE_STATE, flag->name.text);
    set_truth(note, n->study->verdict.flags[index]);
    set_place(n, note, span);
    note->text = flag->text;
    note_condition(n, note, flag->when);
}

static uint64_t passed(const struct notes *n, uint32_t at)
{
    return at != 0 ? n->study->vm->trace->truths[at - 1][ROS_TRUE] : 0;
}

static void note_where(struct notes *n, struct ros_note *parent, const struct ros__node *node, uint32_t at,
                       uint64_t *rows)
{
    struct ros_note *note = add(n, parent, ROS_NOTE_STEP, NULL);
    ros_auto(ros_buf) struct ros_buf text = new_text(n);
    ros__study_source(n->study, node->span, &text);
    note->text = keep(n, &text);
    set_place(n, note, node->span);
    note->rows_in = *rows;
    note->rows_out = *rows = passed(n, at);
    uint64_t unknown = at != 0 ? n->study->vm->trace->truths[at - 1][ROS_UNKNOWN] : 0;
    if (unknown > 0) {
        ros_auto(ros_buf) struct ros_buf more = new_text(n);
        ros_buf_printf(&more, "%llu of them unknown", (unsigned long long) unknown);
        note->more = keep(n, &more);
    }
}

static void note_candidates(struct notes *n, struct ros_note *root, size_t index, struct ros_span span)
{
    const struct ros__cand *cand = &n->study->model->cands.items[index];
    struct ros_note *note = add(n, root, ROS_NOTE_CANDIDATES, cand->name.text);
    uint64_t rows = n->study->program->tables[cand->table].rows;
    note->text = n->study->model->tables.items[cand->table].name.text;
    note->rows_in = rows;
    set_place(n, note, span);
    for (size_t i = 0; i < cand->step_count; i++) {
        const struct ros__step *step = &cand->steps[i];
        if (step->kind == ROS_STEP_WHERE)
            note_where(n, note, step->node, step->at, &rows);
        if (step->kind != ROS_STEP_NEED)
            continue;
        const struct ros__guard *guard = &n->study->model->guards.items[step->index];
        struct ros_note *need = add(n, note, ROS_NOTE_NEED, NULL);
        set_truth(need, ros__study_truth(n->study, guard->cond));
        note_condition(n, need, guard->cond);
        if (need->truth != ROS_TRUE)
            note_message(n, need, step->index);
    }
    note->rows_out = rows;
}

/* A row that is offered: its keys, then the numbers and texts that the block has worked out for it. */
static void note_offer(struct notes *n, struct ros_note *parent, size_t rule, size_t offer)
{
    size_t cand = n->study->model->rules.items[rule].cand;
    const struct ros__model *m = n->study->model;
    const struct ros_program *p = n->study->program;
    const struct ros__kept *kept = &n->study->vm->kept[cand];
    uint32_t at = n->study->vm->offers[rule].places[offer];
    struct ros_type row = {.kind = ROS_KIND_ROW, .table = m->cands.items[cand].table};
    struct ros__value value = {.row = kept->rows[at]};
    ros_auto(ros_buf) struct ros_buf text = new_text(n);
    ros__study_show(n->study, &row, &value, &text);
    for (size_t i = 0; i < m->fields.count; i++) {
        const struct ros__field *field = &m->fields.items[i];
        if (field->cand != cand || p->fields[i].bank != ROS__BANK_N)
            continue;
        value.num = n->study->vm->fields[i].num[kept->places[at]];
        ros_buf_printf(&text, "  %s ", field->name.text);
        ros__study_show(n->study, &field->node->type, &value, &text);
    }
    add(n, parent, ROS_NOTE_OFFER, NULL)->text = keep(n, &text);
}

/* A rule that fired: what it offers, or why it does not, and its texts. */
static void note_fired(struct notes *n, struct ros_note *note, size_t index)
{
    const struct ros__rule *rule = &n->study->model->rules.items[index];
    struct ros_rule_offers offers = ros_vm_rule_offers(n->study->vm, index);
    if (offers.withheld) {
        ros_auto(ros_buf) struct ros_buf text = new_text(n);
        (void) ros_vm_render_withheld(n->study->vm, index, &text);
        note->more = keep(n, &text);
    } else if (rule->offers && rule->where != NULL) {
        uint64_t rows = n->study->vm->kept[rule->cand].count;
        note_where(n, note, rule->where, rule->where_at, &rows);
    }
    for (size_t i = 0; i < offers.count && i < OFFERS_NOTED; i++)
        note_offer(n, note, index, i);
    if (offers.count > OFFERS_NOTED) {
        ros_auto(ros_buf) struct ros_buf text = new_text(n);
        ros_buf_printf(&text, "and %zu more", offers.count - OFFERS_NOTED);
        add(n, note, ROS_NOTE_OFFER, NULL)->text = keep(n, &text);
    }
    for (size_t i = 0; i < rule->text_count; i++) {
        ros_auto(ros_buf) struct ros_buf text = new_text(n);
        (void) ros_vm_render(n->study->vm, index, rule->texts[i].field, &text);
        add(n, note, ROS_NOTE_TEXT, rule->texts[i].field)->text = keep(n, &text);
    }
}

static const char *fired_text(const struct notes *n, size_t index)
{
    bool withheld = ros_vm_rule_offers(n->study->vm, index).withheld;
    if (n->study->program->every)
        return withheld ? "it fires; its offer is withheld" : "it fires";
    return withheld ? "the verdict; its offer is withheld" : "the verdict";
}

/* With `decide first`: a rule before this one is the verdict. */
static bool comes_late(const struct notes *n, size_t index)
{
    const struct ros_verdict *v = &n->study->verdict;
    return !n->study->program->every && v->rule >= 0 && (size_t) v->rule < index;
}

static void note_rule(struct notes *n, struct ros_note *root, size_t index, struct ros_span span)
{
    const struct ros_verdict *v = &n->study->verdict;
    const struct ros__rule *rule = &n->study->model->rules.items[index];
    struct ros_note *note = add(n, root, ROS_NOTE_RULE, rule->name.text);
    set_truth(note, v->rules[index]);
    set_place(n, note, span);
    if (v->fired[index])
        note->text = fired_text(n, index);
    else if (v->rules[index] == ROS_TRUE)
        note->text = v->skipped             ? "true, but these rules are not for this host"
                     : comes_late(n, index) ? "true, but a rule before it is the verdict"
                                            : "true, but it requires an offer and has none";
    note_condition(n, note, rule->when);
    if (v->fired[index])
        note_fired(n, note, index);
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

struct ros_note *ros__study_notes(struct ros_study *study, struct ros_arena *arena)
{
    struct ros_note spare;
    struct notes n = {.study = study, .arena = arena, .spare = &spare};
    const struct ros_verdict *v = &study->verdict;
    struct ros_note *root = add(&n, NULL, ROS_NOTE_VERDICT, v->rule >= 0 ? study->program->rules[v->rule].name : NULL);
    set_truth(root, v->certain ? ROS_TRUE : ROS_UNKNOWN);
    root->text = v->skipped              ? "these rules are not for this host"
                 : v->certain            ? "certain"
                 : study->program->every ? "not certain: a rule is unknown"
                                         : "not certain: a rule that would come first is unknown";
    root->more = v->skip_text;
    for (size_t i = 0; i < study->model->items.count; i++) {
        const struct ros__item *item = &study->model->items.items[i];
        if (item->kind == ROS__ITEM_REQUIRE)
            note_guard(&n, root, item->index, item->span);
        else if (item->kind == ROS__ITEM_FLAG)
            note_flag(&n, root, item->index, item->span);
        else if (item->kind == ROS__ITEM_CAND)
            note_candidates(&n, root, item->index, item->span);
        else if (item->kind == ROS__ITEM_RULE)
            note_rule(&n, root, item->index, item->span);
    }
    return n.failed || root == &spare ? NULL : root;
}

enum ros_code ros_study_explain(struct ros_study *study, const struct ros_facts *facts, const char *org,
                                struct ros_arena *arena, struct ros_verdict *ret_verdict, const struct ros_note **ret,
                                struct ros_error *reterr)
{
    (void) ros_vm_set_org(study->vm, org);
    ros__study_run(study, facts);
    *ret_verdict = study->verdict;
    *ret = ros__study_notes(study, arena);
    return *ret != NULL ? ROS_OK : ros_error_code(reterr, ROS_E_OOM);
}

/* --- why not ------------------------------------------------------------------------------------------------------ */

/* Every condition that is not true, down to the states' own conditions. */
static void note_lacks(struct notes *n, struct ros_note *parent, const struct ros__node *node)
{
    const struct ros__node *behind = ros__study_behind(n->study, node);
    if (ros__study_truth(n->study, node) == ROS_TRUE)
        return;
    struct ros_note *at = parent;
    if (node->kind == ROS__NODE_FLAG || node->kind == ROS__NODE_LET) {
        const char *name = node->kind == ROS__NODE_FLAG ? n->study->model->flags.items[node->index].name.text
                                                        : n->study->model->lets.items[node->index].name.text;
        at = add(n, parent, node->kind == ROS__NODE_FLAG ? ROS_NOTE_STATE : ROS_NOTE_LET, name);
        set_truth(at, ros__study_truth(n->study, node));
    }
    if (behind->kind == ROS__NODE_BINARY && (behind->op == ROS_OP_AND || behind->op == ROS_OP_OR)) {
        note_lacks(n, at, behind->left);
        note_lacks(n, at, behind->right);
    } else if (behind != node) {
        note_lacks(n, at, behind);
    } else if (node->kind == ROS__NODE_NOT) {
        note_condition(n, at, node);
    } else {
        note_atom(n, at, node);
    }
}

enum ros_code ros_study_why_not(struct ros_study *study, const char *rule, struct ros_arena *arena,
                                const struct ros_note **ret, struct ros_error *reterr)
{
    struct ros_note spare;
    struct notes n = {.study = study, .arena = arena, .spare = &spare};
    const struct ros_verdict *v = &study->verdict;
    size_t index = 0;
    while (index < study->model->rules.count && strcmp(study->model->rules.items[index].name.text, rule) != 0)
        index++;
    if (index == study->model->rules.count)
        return ros_error_set(reterr, ROS_E_NOT_FOUND, "the rule set has no rule `%s`", rule);
    struct ros_note *root = add(&n, NULL, ROS_NOTE_RULE, study->model->rules.items[index].name.text);
    set_truth(root, v->rules[index]);
    if (v->fired[index])
        root->text = study->program->every ? "it fires" : "it is the verdict";
    else if (v->skipped)
        root->text = v->skip_text;
    else if (v->rules[index] != ROS_TRUE)
        note_lacks(&n, root, study->model->rules.items[index].when);
    else if (comes_late(&n, index))
        root->text = ros_arena_printf(arena, "it holds, but %s comes first", study->program->rules[v->rule].name);
    else
        root->text = "it holds, but it requires an offer and has none";
    if (n.failed)
        return ros_error_code(reterr, ROS_E_OOM);
    *ret = root;
    return ROS_OK;
}
