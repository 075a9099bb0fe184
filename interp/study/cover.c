/*
 * Which conditions the tests have seen false, unknown and true.
 *
 * A condition is what stands between `and`, `or` and `not`; states, rules and steps of candidates count as a whole too.
 * Code is straight, so each is asked in every run. Outside of rows its value in the run counts once, inside once a row.
 *
 * Which answers are possible at all: unknown is not where nothing in the condition can be missing, also since an
 * earlier `where` let only rows through for which it was there.
 */
#include <string.h>

#include "interp/study/internal.h"

/* --- what can be missing ------------------------------------------------------------------------------------------ */

/* What is known to be there, by index in the model: a set of each. */
struct sure {
    struct ros_arena *arena;
    bool *lets;
    bool *inputs;
    bool *params;
    bool *fields;
    bool *columns; /* of the row itself */
};

static bool make_sure(const struct ros__model *m, struct ros_arena *arena, struct sure *ret)
{
    ret->arena = arena;
    ret->lets = ros_arena_new_array(arena, bool, m->lets.count);
    ret->inputs = ros_arena_new_array(arena, bool, m->inputs.count);
    ret->params = ros_arena_new_array(arena, bool, m->params.count);
    ret->fields = ros_arena_new_array(arena, bool, m->fields.count);
    ret->columns = ros_arena_new_array(arena, bool, m->columns.count);
    return ret->lets != NULL && ret->inputs != NULL && ret->params != NULL && ret->fields != NULL &&
           ret->columns != NULL;
}

static void move_sure(const struct ros__model *m, const struct sure *from, const struct sure *to)
{
    memcpy(to->lets, from->lets, m->lets.count * sizeof *to->lets);
    memcpy(to->inputs, from->inputs, m->inputs.count * sizeof *to->inputs);
    memcpy(to->params, from->params, m->params.count * sizeof *to->params);
    memcpy(to->fields, from->fields, m->fields.count * sizeof *to->fields);
    memcpy(to->columns, from->columns, m->columns.count * sizeof *to->columns);
}

static bool copy_sure(const struct ros__model *m, const struct sure *from, struct sure *ret)
{
    if (!make_sure(m, from->arena, ret))
        return false;
    move_sure(m, from, ret);
    return true;
}

static bool is_comparison(const struct ros__node *node)
{
    return node->kind == ROS__NODE_BINARY && node->op >= ROS_OP_LT && node->op <= ROS_OP_EQ_ABOUT;
}

static void learn_value(const struct ros__model *m, const struct ros__node *node, const struct sure *sure)
{
    switch (node->kind) {
    case ROS__NODE_LET:
        sure->lets[node->index] = true;
        learn_value(m, m->lets.items[node->index].node, sure);
        break;
    case ROS__NODE_INPUT:
        sure->inputs[node->index] = true;
        break;
    case ROS__NODE_PARAM:
        sure->params[node->index] = true;
        break;
    case ROS__NODE_FIELD:
        sure->fields[node->index] = true;
        learn_value(m, m->fields.items[node->index].node, sure);
        break;
    case ROS__NODE_COLUMN:
        if (node->left != NULL && node->left->kind == ROS__NODE_ROW)
            sure->columns[node->index] = true;
        else if (node->left != NULL)
            learn_value(m, node->left, sure);
        break;
    case ROS__NODE_BINARY:
        if (node->op == ROS_OP_ELSE)
            break;
        learn_value(m, node->left, sure);
        learn_value(m, node->right, sure);
        break;
    case ROS__NODE_NEGATE:
        learn_value(m, node->left, sure);
        break;
    default:
        break;
    }
}

/* What a condition that is true says of the values in it. */
static void learn(const struct ros__model *m, const struct ros__node *node, const struct sure *sure)
{
    if (is_comparison(node)) {
        learn_value(m, node->left, sure);
        learn_value(m, node->right, sure);
    } else if (node->kind == ROS__NODE_BINARY && node->op == ROS_OP_AND) {
        learn(m, node->left, sure);
        learn(m, node->right, sure);
    } else if (node->kind == ROS__NODE_KNOWN) {
        for (size_t i = 0; i < node->count; i++)
            learn_value(m, node->list[i], sure);
    } else if (node->kind == ROS__NODE_IN) {
        learn_value(m, node->left, sure);
    } else if (node->kind == ROS__NODE_LET) {
        learn(m, m->lets.items[node->index].node, sure);
    }
}

static bool may_miss(const struct ros__model *m, const struct ros__node *node, const struct sure *sure);

static bool any_may_miss(const struct ros__model *m, const struct ros__node *node, const struct sure *sure)
{
    bool found = (node->left != NULL && may_miss(m, node->left, sure)) ||
                 (node->right != NULL && may_miss(m, node->right, sure));
    for (size_t i = 0; i < node->count && !found; i++)
        found = may_miss(m, node->list[i], sure);
    return found;
}

/* a and b, where a is never unknown: when it is false so is the whole, and when it is true it may vouch for b. */
static bool vouched(const struct ros__model *m, const struct ros__node *a, const struct ros__node *b,
                    const struct sure *sure)
{
    struct sure more;
    if (may_miss(m, a, sure) || !copy_sure(m, sure, &more))
        return false;
    learn(m, a, &more);
    return !may_miss(m, b, &more);
}

static bool binary_may_miss(const struct ros__model *m, const struct ros__node *node, const struct sure *sure)
{
    if (node->op == ROS_OP_AND &&
        (vouched(m, node->left, node->right, sure) || vouched(m, node->right, node->left, sure)))
        return false;
    if (node->op == ROS_OP_ELSE)
        return may_miss(m, node->left, sure) && may_miss(m, node->right, sure);
    bool divides = node->op == ROS_OP_DIV && (node->right->kind != ROS__NODE_NUM || node->right->number == 0);
    return divides || any_may_miss(m, node, sure);
}

static bool column_may_miss(const struct ros__model *m, const struct ros__node *node, const struct sure *sure)
{
    if (node->left == NULL || node->left->kind == ROS__NODE_ROW)
        return m->columns.items[node->index].type.maybe && !sure->columns[node->index];
    return m->columns.items[node->index].type.maybe || may_miss(m, node->left, sure);
}

static bool may_miss(const struct ros__model *m, const struct ros__node *node, const struct sure *sure)
{
    if (!node->type.maybe)
        return false;
    switch (node->kind) {
    case ROS__NODE_LET:
        return !sure->lets[node->index] && may_miss(m, m->lets.items[node->index].node, sure);
    case ROS__NODE_FIELD:
        return !sure->fields[node->index] && may_miss(m, m->fields.items[node->index].node, sure);
    case ROS__NODE_FLAG:
        return may_miss(m, m->flags.items[node->index].when, sure);
    case ROS__NODE_INPUT:
        return !sure->inputs[node->index];
    case ROS__NODE_PARAM:
        return !sure->params[node->index];
    case ROS__NODE_COLUMN:
        return column_may_miss(m, node, sure);
    case ROS__NODE_BINARY:
        return binary_may_miss(m, node, sure);
    case ROS__NODE_NOT:
    case ROS__NODE_NEGATE:
    case ROS__NODE_IN:
    case ROS__NODE_IF:
        return any_may_miss(m, node, sure);
    default:
        return true;
    }
}

/* --- gathering ---------------------------------------------------------------------------------------------------- */

struct gatherer {
    struct ros_study *study;
    struct sure sure; /* of the rows that are left */
    struct sure none;
    const char *where;
    bool failed;
};

static void gather(struct gatherer *g, const struct ros__node *node, uint32_t at, bool by_row)
{
    struct ros_study *study = g->study;
    if (study->cover_count == study->cover_size) {
        size_t size = study->cover_size == 0 ? 64 : study->cover_size * 2;
        struct ros__cover *more = ros_arena_new_array(&study->arena, struct ros__cover, size);
        if (more == NULL) {
            g->failed = true;
            return;
        }
        if (study->cover_count > 0)
            memcpy(more, study->covers, study->cover_count * sizeof *more);
        study->covers = more;
        study->cover_size = size;
    }
    study->covers[study->cover_count++] = (struct ros__cover){
        .node = node, .where = g->where, .at = at, .by_row = by_row, .unknown = may_miss(study->model, node, &g->sure)};
}

/* The conditions inside of a condition. top: it is counted as a whole already. */
static void gather_inside(struct gatherer *g, const struct ros__node *node, bool top)
{
    if (node->kind == ROS__NODE_FLAG || node->kind == ROS__NODE_LET || node->kind == ROS__NODE_BOOL)
        return; /* counted where it is declared */
    if (node->kind == ROS__NODE_BINARY && (node->op == ROS_OP_AND || node->op == ROS_OP_OR)) {
        gather_inside(g, node->left, false);
        gather_inside(g, node->right, false);
    } else if (node->kind == ROS__NODE_NOT) {
        gather_inside(g, node->left, false);
    } else if (node->kind == ROS__NODE_BINARY && node->op == ROS_OP_ELSE) {
        gather_inside(g, node->left, false);
    } else if (node->kind == ROS__NODE_IF) {
        gather_inside(g, node->cond, false);
        gather_inside(g, node->left, false);
        gather_inside(g, node->right, false);
    } else if (!top && node->type.kind == ROS_KIND_BOOL) {
        gather(g, node, node->at, node->row);
    }
}

static const char *named(struct gatherer *g, const char *what, const char *name)
{
    const char *text = ros_arena_printf(&g->study->arena, "%s %s", what, name);
    g->failed = g->failed || text == NULL;
    return text;
}

static void gather_whole(struct gatherer *g, const struct ros__node *node)
{
    gather(g, node, 0, false);
    gather_inside(g, node, true);
}

static void gather_candidates(struct gatherer *g, const struct ros__cand *cand)
{
    const struct ros__model *m = g->study->model;
    g->where = named(g, "candidates", cand->name.text);
    for (size_t i = 0; i < cand->step_count; i++) {
        const struct ros__step *step = &cand->steps[i];
        if (step->kind == ROS_STEP_WHERE) {
            gather(g, step->node, step->at, true);
            gather_inside(g, step->node, true);
            learn(m, step->node, &g->sure);
        } else if (step->kind == ROS_STEP_NEED) {
            gather_whole(g, m->guards.items[step->index].cond);
        }
    }
    move_sure(m, &g->none, &g->sure);
}

static void gather_item(struct gatherer *g, const struct ros__item *item)
{
    const struct ros__model *m = g->study->model;
    const struct ros__rule *rule;
    switch (item->kind) {
    case ROS__ITEM_LET:
        g->where = named(g, "let", m->lets.items[item->index].name.text);
        gather_inside(g, m->lets.items[item->index].node, false);
        break;
    case ROS__ITEM_REQUIRE:
        g->where = "require";
        gather_whole(g, m->guards.items[item->index].cond);
        break;
    case ROS__ITEM_FLAG:
        g->where = named(g, "state", m->flags.items[item->index].name.text);
        gather_whole(g, m->flags.items[item->index].when);
        break;
    case ROS__ITEM_CAND:
        gather_candidates(g, &m->cands.items[item->index]);
        break;
    case ROS__ITEM_RULE:
        rule = &m->rules.items[item->index];
        g->where = named(g, "rule", rule->name.text);
        gather_whole(g, rule->when);
        if (rule->where != NULL)
            gather(g, rule->where, rule->where_at, true);
        break;
    case ROS__ITEM_REPORT:
        break;
    }
}

bool ros__study_gather(struct ros_study *study)
{
    struct gatherer g = {.study = study};
    if (!make_sure(study->model, &study->arena, &g.sure) || !make_sure(study->model, &study->arena, &g.none))
        return false;
    for (size_t i = 0; i < study->model->items.count; i++)
        gather_item(&g, &study->model->items.items[i]);
    return !g.failed;
}

/* --- counting ----------------------------------------------------------------------------------------------------- */

void ros__study_count(struct ros_study *study)
{
    for (size_t i = 0; i < study->cover_count; i++) {
        struct ros__cover *cover = &study->covers[i];
        struct ros__value value;
        if (cover->by_row)
            for (size_t truth = 0; truth < 3; truth++)
                cover->counts[truth] += study->vm->trace->truths[cover->at - 1][truth];
        else if (ros__study_value(study, cover->node, &value))
            cover->counts[value.truth]++;
    }
}

enum ros_code ros_study_cover(struct ros_study *study, struct ros_arena *arena, const struct ros_cover **ret,
                              size_t *ret_count, struct ros_error *reterr)
{
    struct ros_cover *covers = ros_arena_new_array(arena, struct ros_cover, study->cover_count);
    if (covers == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    for (size_t i = 0; i < study->cover_count; i++) {
        const struct ros__cover *from = &study->covers[i];
        ros_auto(ros_buf) struct ros_buf text;
        ros_buf_init(&text, study->alloc, ROS_LIMIT_RENDERED_BYTES);
        ros__study_source(study, from->node->span, &text);
        covers[i] =
            (struct ros_cover){.where = from->where, .span = from->node->span, .possible = {true, from->unknown, true}};
        covers[i].text = ros_arena_copy(arena, ros_buf_text(&text), text.len);
        if (covers[i].text == NULL)
            return ros_error_code(reterr, ROS_E_OOM);
        memcpy(covers[i].counts, from->counts, sizeof from->counts);
    }
    *ret = covers;
    *ret_count = study->cover_count;
    return ROS_OK;
}
