/* A machine's memory, and what is read from it after a run. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "interp/vm/vm.h"

/* --- life --------------------------------------------------------------------------------------------------------- */

static void *take(struct ros_vm *vm, size_t count, size_t size)
{
    return ros_arena_array(&vm->arena, count, size);
}

static bool take_candidates(struct ros_vm *vm)
{
    const struct ros_program *p = vm->program;
    vm->kept = take(vm, p->cand_count, sizeof *vm->kept);
    vm->fields = take(vm, p->field_count, sizeof *vm->fields);
    if (vm->kept == NULL || vm->fields == NULL)
        return false;
    for (uint32_t i = 0; i < p->cand_count; i++) {
        uint32_t rows = p->tables[p->cands[i].table].rows;
        vm->kept[i].rows = take(vm, rows, sizeof(uint32_t));
        vm->kept[i].places = take(vm, rows, sizeof(uint32_t));
        vm->kept[i].spare = take(vm, rows, sizeof(uint32_t));
        if (vm->kept[i].rows == NULL || vm->kept[i].places == NULL || vm->kept[i].spare == NULL)
            return false;
    }
    for (uint32_t i = 0; i < p->field_count; i++) {
        static const size_t sizes[] = {sizeof(double), sizeof(uint8_t), sizeof(uint32_t)};
        uint32_t rows = p->tables[p->cands[p->fields[i].cand].table].rows;
        vm->fields[i].num = take(vm, rows, sizes[p->fields[i].bank]);
        if (vm->fields[i].num == NULL)
            return false;
    }
    return true;
}

/* Where every rule may fire, each needs room of its own: the cost of going over the rows bounds how much that can be.
 */
static bool take_offers(struct ros_vm *vm)
{
    const struct ros_program *p = vm->program;
    uint32_t longest = 0;
    vm->fired = take(vm, p->rule_count, sizeof *vm->fired);
    vm->offers = take(vm, p->rule_count, sizeof *vm->offers);
    if (vm->fired == NULL || vm->offers == NULL)
        return false;
    for (uint32_t i = 0; i < p->cand_count; i++) {
        uint32_t rows = p->tables[p->cands[i].table].rows;
        longest = rows > longest ? rows : longest;
    }
    uint32_t *shared = p->every ? NULL : take(vm, longest, sizeof *shared);
    for (uint32_t i = 0; i < p->rule_count; i++) {
        if (!p->rules[i].offers)
            continue;
        uint32_t rows = p->tables[p->cands[p->rules[i].cand].table].rows;
        vm->offers[i].places = p->every ? take(vm, rows, sizeof *shared) : shared;
        if (vm->offers[i].places == NULL)
            return false;
    }
    return true;
}

static bool take_reports(struct ros_vm *vm)
{
    const struct ros_program *p = vm->program;
    vm->flags = take(vm, p->flag_count, sizeof *vm->flags);
    vm->rules = take(vm, p->rule_count, sizeof *vm->rules);
    vm->report_num = take(vm, p->report_count, sizeof *vm->report_num);
    vm->report_truth = take(vm, p->report_count, sizeof *vm->report_truth);
    vm->report_text = take(vm, p->report_count, sizeof *vm->report_text);
    vm->report_instances = take(vm, p->report_count, sizeof *vm->report_instances);
    if (vm->flags == NULL || vm->rules == NULL || vm->report_num == NULL || vm->report_truth == NULL ||
        vm->report_text == NULL || vm->report_instances == NULL)
        return false;
    for (uint32_t i = 0; i < p->report_count; i++) {
        if (!p->reports[i].info.vector)
            continue;
        vm->report_instances[i] = take(vm, ROS_LIMIT_INSTANCES, sizeof(double));
        if (vm->report_instances[i] == NULL)
            return false;
    }
    return true;
}

/* Messages are rendered into buffers that are large enough from the start: a run allocates nothing. */
static bool take_texts(struct ros_vm *vm, const struct ros_alloc *alloc)
{
    ros_buf_init(&vm->skip_text, alloc, ROS_LIMIT_RENDERED_BYTES);
    ros_buf_init(&vm->withheld_text, alloc, ROS_LIMIT_RENDERED_BYTES);
    return ros_buf_reserve(&vm->skip_text, ROS_LIMIT_RENDERED_BYTES) == ROS_OK &&
           ros_buf_reserve(&vm->withheld_text, ROS_LIMIT_RENDERED_BYTES) == ROS_OK;
}

enum ros_code ros_vm_new(struct ros_program *program, const struct ros_alloc *alloc, struct ros_vm **ret,
                         struct ros_error *reterr)
{
    struct ros_vm *vm = ros_alloc_zero(alloc, sizeof *vm);
    if (vm == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    vm->program = ros_program_ref(program);
    vm->params = program->params;
    ros_arena_init(&vm->arena, alloc, 0);
    if (!take_texts(vm, alloc) || !take_candidates(vm) || !take_offers(vm) || !take_reports(vm)) {
        ros_vm_free(vm);
        return ros_error_code(reterr, ROS_E_OOM);
    }
    *ret = vm;
    return ROS_OK;
}

void ros_vm_free(struct ros_vm *vm)
{
    if (vm == NULL)
        return;
    const struct ros_alloc *alloc = vm->arena.alloc;
    ros_buf_done(&vm->skip_text);
    ros_buf_done(&vm->withheld_text);
    ros_arena_done(&vm->arena);
    ros_program_unref(vm->program);
    ros_alloc_put(alloc, vm, sizeof *vm);
}

bool ros_vm_set_org(struct ros_vm *vm, const char *org)
{
    const struct ros_program *p = vm->program;
    const struct ros__prog_org *found = NULL;
    for (uint32_t low = 0, high = p->org_count; org != NULL && found == NULL && low < high;) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(org, p->orgs[middle].org);
        if (order == 0)
            found = &p->orgs[middle];
        else if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    vm->params = found != NULL ? found->params : p->params;
    return found != NULL;
}

/* --- runs --------------------------------------------------------------------------------------------------------- */

const char *ros__vm_text(const struct ros_vm *vm, uint32_t id)
{
    if (id == 0)
        return NULL;
    if (id < vm->program->text_count)
        return vm->program->texts[id];
    uint32_t own = id - vm->program->text_count;
    return vm->facts != NULL && own < vm->facts->own_count ? vm->facts->own_texts[own] : NULL;
}

static void reset(struct ros_vm *vm)
{
    for (uint32_t i = 0; i < vm->program->cand_count; i++) {
        vm->kept[i].count = 0;
        vm->kept[i].withheld = false;
    }
    for (uint32_t i = 0; i < vm->program->rule_count; i++) {
        vm->fired[i] = false;
        vm->offers[i].count = 0;
    }
    vm->winner = -1;
    vm->closed = false;
    vm->skipped = false;
    vm->skip_unknown = false;
}

static const char *message_text(const struct ros_vm *vm, uint32_t guard, struct ros_buf *out)
{
    ros_buf_clear(out);
    (void) ros__vm_message(vm, vm->program->guards[guard].message, out); /* cut where it is longer than the limit */
    return ros_buf_text(out);
}

/* No rule that could change the verdict was unknown: with more data it could not be another one. */
static bool is_certain(const struct ros_vm *vm)
{
    if (vm->skipped)
        return !vm->skip_unknown;
    bool all = vm->winner < 0 || vm->program->every;
    size_t end = all ? vm->program->rule_count : (size_t) vm->winner;
    for (size_t i = 0; i < end; i++)
        if (vm->rules[i] == ROS_UNKNOWN)
            return false;
    return true;
}

static void add_reason(struct ros_verdict *v, enum ros_reason reason)
{
    if (reason != ROS_REASON_NONE)
        v->reasons |= UINT32_C(1) << reason;
}

struct ros_rule_offers ros_vm_rule_offers(const struct ros_vm *vm, size_t rule)
{
    const struct ros__prog_rule *r = &vm->program->rules[rule];
    struct ros_rule_offers offers = {.count = vm->offers[rule].count};
    if (!vm->fired[rule] || !r->offers)
        return (struct ros_rule_offers){.count = 0};
    offers.withheld = vm->kept[r->cand].withheld;
    if (offers.withheld)
        offers.withheld_reason = vm->program->guards[vm->kept[r->cand].guard].reason;
    return offers;
}

enum ros_code ros_vm_render_withheld(const struct ros_vm *vm, size_t rule, struct ros_buf *out)
{
    if (!ros_vm_rule_offers(vm, rule).withheld)
        return ROS_E_NOT_FOUND;
    uint32_t guard = vm->kept[vm->program->rules[rule].cand].guard;
    return ros__vm_message(vm, vm->program->guards[guard].message, out);
}

static void fill_winner(struct ros_vm *vm, struct ros_verdict *v)
{
    struct ros_rule_offers offers = ros_vm_rule_offers(vm, (size_t) vm->winner);
    v->rule = vm->winner;
    v->offer_count = offers.count;
    v->withheld = offers.withheld;
    v->withheld_reason = offers.withheld_reason;
    if (offers.withheld)
        v->withheld_text = message_text(vm, vm->kept[vm->program->rules[vm->winner].cand].guard, &vm->withheld_text);
}

static void add_offer_reasons(const struct ros_vm *vm, struct ros_verdict *v)
{
    for (uint32_t i = 0; i < vm->program->rule_count; i++) {
        struct ros_rule_offers offers = ros_vm_rule_offers(vm, i);
        if (offers.withheld)
            add_reason(v, offers.withheld_reason);
        else if (vm->fired[i] && vm->program->rules[i].offers && offers.count == 0)
            add_reason(v, ROS_REASON_NO_CANDIDATE);
    }
}

void ros_vm_run(struct ros_vm *vm, const struct ros_facts *facts, struct ros_verdict *ret)
{
    assert(facts->program == vm->program);
    vm->facts = facts;
    reset(vm);
    if (vm->trace != NULL)
        ros__vm_execute_traced(vm, facts);
    else
        ros__vm_execute(vm, facts);
    struct ros_verdict v = {.rule = -1,
                            .certain = is_certain(vm),
                            .reasons = facts->reasons,
                            .flags = vm->flags,
                            .rules = vm->rules,
                            .fired = vm->fired,
                            .cost = vm->cost};
    if (vm->skipped) {
        v.skipped = true;
        memset(vm->fired, 0, vm->program->rule_count * sizeof *vm->fired);
        v.skip_reason = vm->program->guards[vm->skip_guard].reason;
        v.skip_text = message_text(vm, vm->skip_guard, &vm->skip_text);
        add_reason(&v, v.skip_reason);
    } else if (vm->winner >= 0) {
        fill_winner(vm, &v);
        add_offer_reasons(vm, &v);
    }
    *ret = v;
}

/* --- offers ------------------------------------------------------------------------------------------------------- */

/* Where a field of an offer stands: a row let of its rule's block by its name, or a column of its table. */
struct place {
    const struct ros__prog_field *field;
    uint32_t field_index;
    const struct ros__prog_column *column;
    uint32_t kept; /* position among the kept rows */
};

static const char *field_name(const struct ros_program *p, int field)
{
    return (uint32_t) field < p->field_count ? p->fields[field].name
                                             : p->columns[(uint32_t) field - p->field_count].name;
}

/* The number of a field is that of a row let or a column: for the offers of that very block or table nothing is sought.
 */
static bool is_here(const struct ros_program *p, uint32_t cand, uint32_t field, struct place *ret)
{
    if (field < p->field_count) {
        ret->field = p->fields[field].cand == cand ? &p->fields[field] : NULL;
        ret->field_index = field;
        return ret->field != NULL;
    }
    const struct ros__prog_column *column = &p->columns[field - p->field_count];
    ret->column = column->table == p->cands[cand].table ? column : NULL;
    return ret->column != NULL;
}

static bool find_place(const struct ros_vm *vm, size_t rule, size_t offer, int field, struct place *ret)
{
    const struct ros_program *p = vm->program;
    if (offer >= ros_vm_rule_offers(vm, rule).count || field < 0 ||
        (uint32_t) field >= p->field_count + p->column_count)
        return false;
    uint32_t cand = p->rules[rule].cand;
    *ret = (struct place){.kept = vm->offers[rule].places[offer]};
    if (is_here(p, cand, (uint32_t) field, ret))
        return true;
    const struct ros__prog_table *table = &p->tables[p->cands[cand].table];
    const char *name = field_name(p, field);
    for (uint32_t i = 0; i < p->field_count; i++)
        if (p->fields[i].cand == cand && p->fields[i].name != NULL && strcmp(p->fields[i].name, name) == 0) {
            ret->field = &p->fields[i];
            ret->field_index = i;
            return true;
        }
    for (uint32_t i = 0; i < table->column_count; i++)
        if (strcmp(p->columns[table->first_column + i].name, name) == 0) {
            ret->column = &p->columns[table->first_column + i];
            return true;
        }
    return false;
}

bool ros_vm_rule_offer_num(const struct ros_vm *vm, size_t rule, size_t offer, int field, double *ret)
{
    struct place at;
    double value = NAN;
    if (!find_place(vm, rule, offer, field, &at))
        return false;
    const struct ros__kept *kept = &vm->kept[vm->program->rules[rule].cand];
    if (at.field != NULL && at.field->bank == ROS__BANK_N)
        value = vm->fields[at.field_index].num[kept->places[at.kept]];
    else if (at.column != NULL && at.column->bank == ROS__BANK_N)
        value = at.column->num[kept->rows[at.kept]];
    if (!isnan(value))
        *ret = value;
    return !isnan(value);
}

const char *ros_vm_rule_offer_text(const struct ros_vm *vm, size_t rule, size_t offer, int field)
{
    struct place at;
    if (!find_place(vm, rule, offer, field, &at))
        return NULL;
    const struct ros__kept *kept = &vm->kept[vm->program->rules[rule].cand];
    if (at.field != NULL && at.field->bank == ROS__BANK_S)
        return ros__vm_text(vm, vm->fields[at.field_index].text[kept->places[at.kept]]);
    if (at.column != NULL && at.column->bank == ROS__BANK_S)
        return ros__vm_text(vm, at.column->text[kept->rows[at.kept]]);
    return NULL;
}

bool ros_vm_offer_num(const struct ros_vm *vm, size_t offer, int field, double *ret)
{
    return vm->winner >= 0 && ros_vm_rule_offer_num(vm, (size_t) vm->winner, offer, field, ret);
}

const char *ros_vm_offer_text(const struct ros_vm *vm, size_t offer, int field)
{
    return vm->winner >= 0 ? ros_vm_rule_offer_text(vm, (size_t) vm->winner, offer, field) : NULL;
}

/* --- reports ------------------------------------------------------------------------------------------------------ */

static const struct ros__prog_report *report_of(const struct ros_vm *vm, int report, enum ros_value_kind kind,
                                                bool vector)
{
    if (report < 0 || (uint32_t) report >= vm->program->report_count)
        return NULL;
    const struct ros__prog_report *r = &vm->program->reports[report];
    return r->info.value == kind && r->info.vector == vector ? r : NULL;
}

bool ros_vm_report_num(const struct ros_vm *vm, int report, double *ret)
{
    if (report_of(vm, report, ROS_VALUE_NUM, false) == NULL || isnan(vm->report_num[report]))
        return false;
    *ret = vm->report_num[report];
    return true;
}

const char *ros_vm_report_text(const struct ros_vm *vm, int report)
{
    return report_of(vm, report, ROS_VALUE_TEXT, false) != NULL ? ros__vm_text(vm, vm->report_text[report]) : NULL;
}

enum ros_tri ros_vm_report_bool(const struct ros_vm *vm, int report)
{
    return report_of(vm, report, ROS_VALUE_BOOL, false) != NULL ? (enum ros_tri) vm->report_truth[report] : ROS_UNKNOWN;
}

size_t ros_vm_report_instance_count(const struct ros_vm *vm, int report)
{
    const struct ros__prog_report *r = report_of(vm, report, ROS_VALUE_NUM, true);
    return r != NULL && vm->facts != NULL ? vm->facts->instances[r->slot].count : 0;
}

bool ros_vm_report_instance(const struct ros_vm *vm, int report, size_t index, const char **ret_name, double *ret)
{
    const struct ros__prog_report *r = report_of(vm, report, ROS_VALUE_NUM, true);
    *ret_name = NULL;
    if (r == NULL || vm->facts == NULL || index >= vm->facts->instances[r->slot].count)
        return false;
    *ret_name = vm->facts->instances[r->slot].names[index];
    if (isnan(vm->report_instances[report][index]))
        return false;
    *ret = vm->report_instances[report][index];
    return true;
}
