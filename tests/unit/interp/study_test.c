/*
 * A study: the tracing build gives the verdict of the fast one, and every allocation of a study, its tests, its
 * explanations and its coverage may be refused.
 */
#include "tests/unit/base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grammar/load.h"
#include "interp/study/study.h"
#include "tests/unit/base/failing_alloc.h"

static const char rules[] =
    "ros 1\nruleset s version \"1\" \"\"\nmetric m : vcpu\nmetric d[*] : count/s\nfact f : text\n"
    "table t from \"t.csv\" key name { name: text  size: vcpu }\n"
    "param high = 2 vcpu in 1 vcpu..9 vcpu \"p\"\nlet twice = m * 2\nlet row = t[f]\n"
    "require f != \"no\" else OS_UNSUPPORTED \"not {row.size ?? 0 vcpu}\"\n"
    "state a { BIG \"big\" when twice > high and known(f) BUSY \"busy\" when any(d > 5 count/s) ?? false }\n"
    "candidates c from t as r { where r.size >= m let cost = r.size * 2 need count(cost > 4 vcpu) >= 0 else \"x\" sort "
    "cost ?? 0 vcpu, r.name }\n"
    "decide first { rule R1 when BIG { offer c where cost > 2 vcpu reason \"{twice ?? 0 vcpu} of {high}\" }\n"
    " rule R2 when BUSY or not BIG { description \"d\" } }\n"
    "org \"7\" { high = 8 vcpu }\n"
    "fixture x { m = 2 vcpu f = \"two\" d[\"sda\"] = 1 count/s }\n"
    "test \"one\" { given x expect R1 and count(offers) == 3 and offers[0].cost == 4 vcpu and row.size == 2 vcpu }\n"
    "test \"two\" { given x with m = missing expect unknown(R1) and not certain }\n"
    "test \"three\" { given x with m = 1 vcpu with d[\"sdb\"] = 9 count/s expect R2 and BUSY and certain }\n"
    "test \"four\" { given x with high = 9 vcpu expect R1 }\n"
    "test \"five\" { given x with f = \"no\" expect skipped and OS_UNSUPPORTED }\n";
static const char table[] = "name,size\none,1\ntwo,2\nthree,3\nfour,4\n";
static const struct ros_memory_file files[] = {{"s.ros", rules}, {"t.csv", table}, {NULL, NULL}};
static const bool passes[] = {true, true, true, false, true};

static enum ros_code try_tests(struct ros_study *study, struct ros_arena *arena)
{
    for (size_t i = 0; i < ros_study_test_count(study); i++) {
        struct ros_test_result result;
        ROS_TRY(ros_study_test(study, i, arena, &result, NULL));
        assert_int_equal(result.passed, passes[i]);
        assert_int_equal(result.why != NULL, !passes[i]);
    }
    const struct ros_cover *covers = NULL;
    size_t count = 0;
    return ros_study_cover(study, arena, &covers, &count, NULL);
}

static enum ros_code explain(struct ros_study *study, const struct ros_alloc *alloc, struct ros_arena *arena)
{
    struct ros_facts *facts = NULL;
    struct ros_verdict verdict;
    const struct ros_note *note = NULL;
    enum ros_code code = ros_facts_new(ros_study_program(study), alloc, &facts, NULL);
    if (code == ROS_OK)
        code = ros_facts_set_num(facts, 0, 1, NULL);
    if (code == ROS_OK)
        code = ros_study_explain(study, facts, "7", arena, &verdict, &note, NULL);
    if (code == ROS_OK)
        code = ros_study_why_not(study, "R1", arena, &note, NULL);
    assert_true(code != ROS_OK || note != NULL);
    ros_facts_free(facts);
    return code;
}

static size_t live(size_t fail_at, bool fail_on, bool *ret_whole)
{
    struct failing_alloc f;
    failing_alloc_init(&f, fail_at, fail_on);
    struct ros_arena arena;
    struct ros_diags diags;
    struct ros_unit *unit = NULL;
    struct ros_study *study = NULL;
    const struct ros_loader io = ros_loader_memory(files);
    ros_arena_init(&arena, &f.alloc, 0);
    ros_diags_init(&diags, &arena);
    enum ros_code code = ros_load("s.ros", &io, &arena, &diags, &unit, NULL);
    if (code == ROS_OK)
        code = ros_study_new(unit, &f.alloc, &diags, &study, NULL);
    if (code == ROS_OK)
        code = try_tests(study, &arena);
    if (code == ROS_OK)
        code = explain(study, &f.alloc, &arena);
    assert_true(code == ROS_OK || code == ROS_E_OOM);
    *ret_whole = code == ROS_OK;
    ros_study_free(study);
    ros_arena_done(&arena);
    assert_int_equal(f.live_count, 0);
    return f.calls;
}

static void test_every_allocation(void **state)
{
    (void) state;
    bool whole;
    size_t total = live(0, false, &whole);
    assert_true(whole);
    size_t step = total > 2000 ? total / 2000 : 1;
    size_t refused = 0;
    for (size_t i = 1; i <= total; i += step)
        for (int on = 0; on < 2; on++) {
            live(i, on != 0, &whole);
            refused += !whole;
        }
    assert_true(refused > 20);
    print_message("%zu allocations, %zu lives cut short\n", total, refused);
}

/* The same facts by both builds, with numbers that do and do not matter. */
static void test_traced_is_untraced(void **state)
{
    (void) state;
    struct ros_arena arena;
    struct ros_diags diags;
    struct ros_unit *unit = NULL;
    struct ros_study *study = NULL;
    const struct ros_loader io = ros_loader_memory(files);
    ros_arena_init(&arena, NULL, 0);
    ros_diags_init(&diags, &arena);
    assert_int_equal(ros_load("s.ros", &io, &arena, &diags, &unit, NULL), ROS_OK);
    assert_int_equal(ros_study_new(unit, NULL, &diags, &study, NULL), ROS_OK);
    struct ros_program *program = ros_study_program(study);
    struct ros_facts *facts = NULL;
    struct ros_vm *vm = NULL;
    assert_int_equal(ros_facts_new(program, NULL, &facts, NULL), ROS_OK);
    assert_int_equal(ros_vm_new(program, NULL, &vm, NULL), ROS_OK);
    for (int i = 0; i < 500; i++) {
        struct ros_verdict fast;
        struct ros_verdict traced;
        const struct ros_note *note;
        ros_facts_clear(facts);
        if (i % 7 != 0)
            assert_int_equal(ros_facts_set_num(facts, 0, i % 11 - 1, NULL), ROS_OK);
        for (int disk = 0; disk < i % 4; disk++)
            assert_int_equal(ros_facts_add_instance(facts, 1, "d", 1, i % 13, NULL), ROS_OK);
        if (i % 5 != 0)
            assert_int_equal(ros_facts_set_text(facts, 2, i % 5 == 1 ? "two" : "no", i % 5 == 1 ? 3 : 2), ROS_OK);
        const char *org = i % 3 == 0 ? "7" : NULL;
        assert_int_equal(ros_vm_set_org(vm, org), org != NULL);
        ros_vm_run(vm, facts, &fast);
        assert_int_equal(ros_study_explain(study, facts, org, &arena, &traced, &note, NULL), ROS_OK);
        assert_int_equal(fast.rule, traced.rule);
        assert_int_equal(fast.certain, traced.certain);
        assert_int_equal(fast.skipped, traced.skipped);
        assert_int_equal(fast.reasons, traced.reasons);
        assert_int_equal(fast.offer_count, traced.offer_count);
        assert_int_equal(fast.cost, traced.cost);
        assert_memory_equal(fast.flags, traced.flags, 2 * sizeof *fast.flags);
        assert_memory_equal(fast.rules, traced.rules, 2 * sizeof *fast.rules);
    }
    ros_vm_free(vm);
    ros_facts_free(facts);
    ros_study_free(study);
    ros_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation),
                                       cmocka_unit_test(test_traced_is_untraced)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
