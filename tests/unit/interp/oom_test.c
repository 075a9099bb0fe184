/* Every allocation of a compile, of facts and of a machine is refused once: the caller hears it, and nothing leaks. */
#include "tests/unit/base/test.h"

#include "tests/unit/base/failing_alloc.h"
#include "tests/unit/interp/program.h"

static const char source[] =
    "param low = 5% \"doc\"\nlet used = 1 - idle / ncpu\n"
    "state s { A \"a\" when used < low }\nreport each = disk\n"
    "candidates fit from t as r { where r.size >= mem ?? 0 B let cost = r.price sort cost ?? 0 USD/h }\n"
    "decide first { rule R when A { offer fit where cost > 1 USD/h reason \"a {low}\" } }";

/* One life with allocation `fail_at` refused. Returns how many allocations there were. */
static size_t live(size_t fail_at, bool fail_on, bool *ret_whole)
{
    struct failing_alloc f;
    struct ros_program *program = NULL;
    struct ros_facts *facts = NULL;
    struct ros_vm *vm = NULL;
    failing_alloc_init(&f, fail_at, fail_on);
    enum ros_code code = test_compile(source, &f.alloc, &program, NULL);
    if (code == ROS_OK)
        code = ros_facts_new(program, &f.alloc, &facts, NULL);
    if (code == ROS_OK)
        code = ros_facts_add_instance(facts, 3, "sda", 3, 1, NULL);
    if (code == ROS_OK)
        code = ros_facts_set_text(facts, 4, "not in the program", 18);
    if (code == ROS_OK)
        code = ros_vm_new(program, &f.alloc, &vm, NULL);
    assert_true(code == ROS_OK || code == ROS_E_OOM);
    *ret_whole = code == ROS_OK;
    ros_vm_free(vm);
    ros_facts_free(facts);
    ros_program_unref(program);
    assert_int_equal(f.live_count, 0);
    return f.calls;
}

static void test_every_allocation(void **state)
{
    (void) state;
    bool whole;
    size_t total = live(0, false, &whole);
    assert_true(whole);
    size_t step = total > 3000 ? total / 3000 : 1; /* under the sanitizers every object is an allocation */
    size_t refused = 0;
    for (size_t i = 1; i <= total; i += step)
        for (int on = 0; on < 2; on++) {
            live(i, on != 0, &whole);
            refused += !whole;
        }
    assert_true(refused > 10);
    print_message("%zu allocations, %zu lives cut short\n", total, refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
