/* Other numbers than a metric's mean: p50 to p99, lowest, highest: inputs of their own, with the metric's unit. */
#include "tests/unit/base/test.h"

#include <string.h>

#include "tests/unit/interp/program.h"

static size_t input_written(const struct test_host *host, const char *text)
{
    for (size_t i = 0; i < ros_program_input_count(host->program); i++) {
        ros_auto(ros_buf) struct ros_buf name = ROS_BUF_INIT;
        assert_int_equal(ros_input_write(ros_program_input(host->program, i), &name), ROS_OK);
        if (strcmp(ros_buf_text(&name), text) == 0)
            return i;
    }
    fail_msg("no input %s", text);
    return 0;
}

static void test_each_is_an_input(void **state)
{
    (void) state;
    static const char *const names[] = {"p50", "p90", "p95", "p99", "lowest", "highest"};
    for (size_t i = 0; i < ROS_COUNT(names); i++) {
        ros_auto(ros_buf) struct ros_buf source = ROS_BUF_INIT;
        struct test_host host;
        ros_buf_printf(&source,
                       "report r = %s(mem)\nstate s { A \"a\" when %s(mem) > 1 MiB and mem < 1 MiB }\n"
                       "decide first { rule R when A { description \"d\" } }",
                       names[i], names[i]);
        test_host_open(&host, ros_buf_text(&source));
        ros_buf_clear(&source);
        ros_buf_printf(&source, "%s(mem)", names[i]);
        size_t index = input_written(&host, ros_buf_text(&source));
        const struct ros_input *input = ros_program_input(host.program, index);
        assert_int_equal(input->statistic, ROS_STATISTIC_P50 + i);
        assert_string_equal(ros_statistic_name(input->statistic), names[i]);
        assert_string_equal(input->raw_unit, "Kbyte");
        test_run(&host);
        assert_int_equal(test_flag(&host, "A"), ROS_UNKNOWN); /* no value, no verdict */
        assert_int_equal(ros_facts_set_num(host.facts, index, 2048, "Kbyte"), ROS_OK);
        test_set_num(&host, "mem", 512);
        test_run(&host);
        double value;
        assert_int_equal(test_flag(&host, "A"), ROS_TRUE);
        assert_true(ros_vm_report_num(host.vm, 0, &value) && value == 2048 * 1024.0);
        test_host_close(&host);
    }
    assert_null(ros_statistic_name(ROS_STATISTIC_MEAN));
}

/* Asked for twice it is one input; the metric's own stays what it was. */
static void test_asked_twice_it_is_one(void **state)
{
    (void) state;
    struct test_host once;
    struct test_host twice;
    test_host_open(&once, "report a = p95(idle)\ndecide first { rule R when true { description \"d\" } }");
    test_host_open(&twice, "report a = p95(idle) + p95(idle) + idle\nreport b = p95(idle)\n"
                           "decide first { rule R when true { description \"d\" } }");
    assert_int_equal(ros_program_input_count(once.program), ros_program_input_count(twice.program));
    test_host_close(&once);
    test_host_close(&twice);
}

static void test_of_instances_it_is_a_value_for_each(void **state)
{
    (void) state;
    struct test_host host;
    double value;
    test_host_open(&host, "report most = max(p95(disk))\nreport each = p95(disk)\nreport mean = sum(disk)\n"
                          "decide first { rule R when any(p95(disk) > 50 count/s) { description \"d\" } }");
    size_t index = input_written(&host, "p95(disk)");
    assert_true(ros_program_input(host.program, index)->vector);
    test_add_disk(&host, "sda", 1);
    assert_int_equal(ros_facts_add_instance(host.facts, index, "sda", 3, 20, NULL), ROS_OK);
    assert_int_equal(ros_facts_add_instance(host.facts, index, "sdb", 3, 60, NULL), ROS_OK);
    test_run(&host);
    assert_int_equal(host.verdict.rule, 0);
    assert_true(ros_vm_report_num(host.vm, 0, &value) && value == 60);
    assert_int_equal(ros_vm_report_instance_count(host.vm, 1), 2);
    assert_true(ros_vm_report_num(host.vm, 2, &value) && value == 1);
    test_host_close(&host);
}

static void test_require_settles_it(void **state)
{
    (void) state;
    struct test_host host;
    test_host_open(&host, "require known(p99(idle)) else \"no histogram\"\n"
                          "report r = if p99(idle) > 1 vcpu then 1 else 0\n"
                          "decide first { rule R when true { description \"{p99(idle)}\" } }");
    test_run(&host);
    assert_true(host.verdict.skipped);
    test_host_close(&host);
}

static void expect_finding(const char *source, const char *finding)
{
    ros_auto(ros_buf) struct ros_buf found = ROS_BUF_INIT;
    struct ros_program *program = NULL;
    ros_auto(ros_buf) struct ros_buf whole = ROS_BUF_INIT;
    ros_buf_printf(&whole, "%s\ndecide first { rule R when true { description \"d\" } }", source);
    assert_int_equal(test_compile(ros_buf_text(&whole), NULL, &program, &found), ROS_E_RULES);
    if (strstr(ros_buf_text(&found), finding) == NULL)
        fail_msg("`%s` is not in\n%s", finding, ros_buf_text(&found));
}

static void test_only_metrics_have_it(void **state)
{
    (void) state;
    static const char *const bad[] = {"cpus", "idle / 2", "max(disk)", "p95(idle)", "1 vcpu"};
    for (size_t i = 0; i < ROS_COUNT(bad); i++) {
        ros_auto(ros_buf) struct ros_buf source = ROS_BUF_INIT;
        ros_buf_printf(&source, "report r = p95(%s)", bad[i]);
        expect_finding(ros_buf_text(&source), "p95() takes a metric");
    }
    expect_finding("let x = idle report r = p95(x)", "p95() takes a metric");
    expect_finding("report r = p95(idle, ncpu)", "one argument");
    expect_finding("report r = higest(idle)", "did you mean `highest`");
    expect_finding("report r = p95(disk) / disk", "two metrics cannot be paired");
    expect_finding("report r = if p95(idle) > 1 vcpu then 1 else 0", "unknown when p95(idle) is missing");
    expect_finding("report r = p95(idle) + mem", "vcpu");
}

/* Tests set it as they set a metric, but only where a rule asks for it. */
static void test_fixtures_and_tests_name_it(void **state)
{
    (void) state;
    struct test_host host;
    test_host_open(&host,
                   "report r = max(p95(disk)) report s = lowest(idle)\n"
                   "fixture f { p95(disk[\"sda\"]) = 5 count/s  lowest(idle) = 0 vcpu }\n"
                   "test \"t\" { given f  with p95(disk[\"sdb\"]) = 7 count/s  expect max(p95(disk)) > 6 count/s }\n"
                   "decide first { rule R when true { description \"d\" } }");
    test_host_close(&host);
    expect_finding("fixture f { p95(idle) = 1 vcpu }", "no rule asks for `p95(idle)`");
    expect_finding("test \"t\" { expect p95(idle) > 1 vcpu }", "no rule asks for `p95(idle)`");
    expect_finding("report r = p95(idle) fixture f { p95(idle) = 1 MiB }", "MiB");
    expect_finding("report r = p95(disk) fixture f { p95(disk) = 1 count/s }", "needs an instance");
    expect_finding("fixture f { max(idle) = 1 vcpu }", "nothing that can be set");
    expect_finding("fixture f { p95(cpus) = 1 vcpu }", "nothing that can be set");
    expect_finding("param q = 5% in 1%..9% \"q\" test \"t\" { with p95(q) = 5%  expect q == 5% }",
                   "cannot be set here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_is_an_input),
        cmocka_unit_test(test_asked_twice_it_is_one),
        cmocka_unit_test(test_of_instances_it_is_a_value_for_each),
        cmocka_unit_test(test_require_settles_it),
        cmocka_unit_test(test_only_metrics_have_it),
        cmocka_unit_test(test_fixtures_and_tests_name_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
