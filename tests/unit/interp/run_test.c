/* What programs say: three values, units, folds, candidates, guards, texts. */
#include "tests/unit/base/test.h"

#include <math.h>
#include <string.h>

#include "tests/unit/interp/program.h"

/* Truth of one condition over the host that `set` makes. */
typedef void set_host(struct test_host *host);

static void set_nothing(struct test_host *host)
{
    (void) host;
}

static void set_all(struct test_host *host)
{
    test_set_num(host, "ncpu", 4);
    test_set_num(host, "idle", 1);
    test_set_num(host, "mem", 1048576); /* KiB: 1 GiB */
    test_set_text(host, "cloud", "aws");
    test_set_text(host, "kind", "large");
    test_set_num(host, "cpus", 2);
    test_set_bool(host, "psi", true);
    test_set_num(host, "major", 8);
    test_add_disk(host, "sda", 10);
    test_add_disk(host, "sdb", 30);
}

static void expect(const char *condition, set_host *set, enum ros_tri expected)
{
    ros_auto(ros_buf) struct ros_buf source = ROS_BUF_INIT;
    ros_buf_printf(&source, "state s { A \"a\" when %s }\ndecide first { rule R when A { description \"d\" } }",
                   condition);
    struct test_host host;
    test_host_open(&host, ros_buf_text(&source));
    set(&host);
    test_run(&host);
    if (test_flag(&host, "A") != expected)
        fail_msg("%s: %d, not %d", condition, (int) test_flag(&host, "A"), (int) expected);
    assert_int_equal(host.verdict.rule, expected == ROS_TRUE ? 0 : -1);
    assert_int_equal(host.verdict.certain, expected != ROS_UNKNOWN);
    assert_true(host.verdict.cost <= ros_program_cost(host.program));
    test_host_close(&host);
}

static void test_conditions(void **state)
{
    (void) state;
    static const struct {
        const char *condition;
        enum ros_tri value;
    } rows[] = {
        {"1 - idle / ncpu == 75%", ROS_TRUE},
        {"idle / ncpu < 25%", ROS_FALSE},
        {"idle / ncpu <= 25%", ROS_TRUE},
        {"mem == 1 GiB", ROS_TRUE},
        {"mem > 1023 MiB and mem < 1025 MiB", ROS_TRUE},
        {"mem / 2 >=~ 512 MiB", ROS_TRUE},
        {"idle * 3 ==~ 3 vcpu", ROS_TRUE},
        {"-idle < 0 vcpu", ROS_TRUE},
        {"not (idle < 0 vcpu)", ROS_TRUE},
        {"cloud == \"aws\"", ROS_TRUE},
        {"cloud != \"aws\"", ROS_FALSE},
        {"cloud in {\"gcp\", \"aws\"}", ROS_TRUE},
        {"major in {7, 9}", ROS_FALSE},
        {"psi", ROS_TRUE},
        {"any(disk > 20 count/s)", ROS_TRUE},
        {"all(disk > 20 count/s)", ROS_FALSE},
        {"max(disk) == 30 count/s and min(disk) == 10 count/s", ROS_TRUE},
        {"sum(disk) == 40 count/s and count(disk > 20 count/s) == 1", ROS_TRUE},
        {"known(t[kind]) and t[kind].size == 4 GiB", ROS_TRUE},
        {"t[kind].price == 2 USD/h", ROS_TRUE},
        {"known(t[\"me,dium\"]) and not known(t[\"me,dium\"].price)", ROS_TRUE},
        {"known(t[cloud])", ROS_FALSE},
        {"(if psi ?? false then 1 vcpu else 2 vcpu) == idle", ROS_TRUE},
        {"1 / (idle - idle) > 0 / 1 vcpu or true", ROS_TRUE},
    };
    for (size_t i = 0; i < ROS_COUNT(rows); i++)
        expect(rows[i].condition, set_all, rows[i].value);
}

static void test_missing_is_unknown(void **state)
{
    (void) state;
    static const struct {
        const char *condition;
        enum ros_tri value;
    } rows[] = {
        {"idle > 0 vcpu", ROS_UNKNOWN},
        {"not (idle > 0 vcpu)", ROS_UNKNOWN},
        {"idle > 0 vcpu or true", ROS_TRUE},
        {"idle > 0 vcpu and false", ROS_FALSE},
        {"idle > 0 vcpu and true", ROS_UNKNOWN},
        {"idle + ncpu == idle + ncpu", ROS_UNKNOWN},
        {"(idle ?? 1 vcpu) == 1 vcpu", ROS_TRUE},
        {"known(idle)", ROS_FALSE},
        {"unknown(idle, ncpu)", ROS_TRUE},
        {"cloud == \"aws\"", ROS_UNKNOWN},
        {"cloud in {\"aws\"}", ROS_UNKNOWN},
        {"psi", ROS_UNKNOWN},
        {"psi ?? false", ROS_FALSE},
        {"any(disk > 0 count/s)", ROS_UNKNOWN},
        {"all(disk > 0 count/s)", ROS_UNKNOWN},
        {"known(t[kind])", ROS_FALSE},
        {"t[kind].size > 0 B", ROS_UNKNOWN},
    };
    for (size_t i = 0; i < ROS_COUNT(rows); i++)
        expect(rows[i].condition, set_nothing, rows[i].value);
}

static void set_bad_values(struct test_host *host)
{
    test_set_num(host, "idle", NAN);
    test_set_num(host, "ncpu", INFINITY);
    test_set_num(host, "cpus", 0);
    assert_int_equal(ros_facts_set_num(host->facts, 2, 5, "Mbyte"), ROS_OK); /* mem, in another unit */
}

static void test_no_number_is_missing(void **state)
{
    (void) state;
    expect("known(idle) or known(ncpu) or known(mem)", set_bad_values, ROS_FALSE);
    expect("1 vcpu / cpus > 0%", set_bad_values, ROS_UNKNOWN);
    struct test_host host;
    test_host_open(&host, "state s { A \"a\" when mem > 1 B }\ndecide first { rule R when A { description \"d\" } }");
    set_bad_values(&host);
    test_run(&host);
    assert_true((host.verdict.reasons & 1u << ROS_REASON_METRIC_UNIT) != 0);
    ros_facts_clear(host.facts);
    test_run(&host);
    assert_int_equal(host.verdict.reasons, 0);
    test_host_close(&host);
}

static const char fit[] = "candidates fit from t as r {\n"
                          "  where r.name != kind\n"
                          "  where r.size >= mem\n"
                          "  let cost = r.price\n"
                          "  need all(known(cost)) else PRICE_UNKNOWN \"no price for one of {kind ?? cloud_text}\"\n"
                          "  sort cost ?? 0 USD/h, r.name\n"
                          "}\n"
                          "let wanted = psi ?? false\n";

static void open_fit(struct test_host *host, const char *offer)
{
    ros_auto(ros_buf) struct ros_buf source = ROS_BUF_INIT;
    ros_buf_printf(&source,
                   "let cloud_text = cloud ?? \"?\"\n%sdecide first {\n rule A when wanted { %s reason \"from {mem ?? "
                   "0 B} {idle ?? 0 vcpu} {upper(cloud_text)} {5%%}\" }\n rule B when true { description \"b\" }\n}",
                   fit, offer);
    test_host_open(host, ros_buf_text(&source));
    test_set_bool(host, "psi", true);
    test_set_text(host, "kind", "small");
}

static void expect_offers(struct test_host *host, const char *const *names, size_t count)
{
    test_run(host);
    int field = ros_program_offer_field(host->program, "name");
    assert_true(field >= 0);
    assert_int_equal(host->verdict.offer_count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(ros_vm_offer_text(host->vm, i, field), names[i]);
    assert_null(ros_vm_offer_text(host->vm, count, field));
}

static void test_candidates(void **state)
{
    (void) state;
    struct test_host host;
    double cost;
    open_fit(&host, "offer fit");
    test_set_num(&host, "mem", 4096 * 1024);
    expect_offers(&host, (const char *const[]){"huge", "large"}, 2);
    assert_true(ros_vm_offer_num(host.vm, 0, ros_program_offer_field(host.program, "cost"), &cost) && cost == 1.0);
    test_set_num(&host, "mem", 8192 * 1024);
    expect_offers(&host, (const char *const[]){"huge"}, 1);
    test_set_num(&host, "mem", 9000 * 1024);
    expect_offers(&host, NULL, 0);
    assert_int_equal(host.verdict.rule, 0);
    assert_true((host.verdict.reasons & 1u << ROS_REASON_NO_CANDIDATE) != 0);
    test_set_num(&host, "mem", 1);
    expect_offers(&host, NULL, 0);
    assert_true(host.verdict.withheld);
    assert_int_equal(host.verdict.withheld_reason, ROS_REASON_PRICE_UNKNOWN);
    assert_string_equal(host.verdict.withheld_text, "no price for one of small");
    test_host_close(&host);
}

/* Two texts compared by a `where`: the row stays when it is true, and goes when it is false or unknown. */
static void test_where_over_texts(void **state)
{
    (void) state;
    static const struct {
        const char *where;
        const char *kind;
        size_t offers;
    } rows[] = {{"r.name == kind", "large", 1},       {"r.name != kind", "large", 3},
                {"r.name == kind", NULL, 0},          {"r.name != kind", NULL, 0},
                {"r.name == kind", "none", 0},        {"r.name != kind", "none", 4},
                {"not (r.name == kind)", "large", 3}, {"(r.name == kind) ?? true", NULL, 4}};
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        ros_auto(ros_buf) struct ros_buf source = ROS_BUF_INIT;
        struct test_host host;
        ros_buf_printf(&source,
                       "candidates fit from t as r { where %s  sort r.name }\n"
                       "candidates all_rows from t as r { sort r.name }\n"
                       "decide every { rule A when true { offer fit } rule B when true { offer all_rows where "
                       "%s } }",
                       rows[i].where, rows[i].where);
        test_host_open(&host, ros_buf_text(&source));
        if (rows[i].kind != NULL)
            test_set_text(&host, "kind", rows[i].kind);
        test_run(&host);
        if (ros_vm_rule_offers(host.vm, 0).count != rows[i].offers ||
            ros_vm_rule_offers(host.vm, 1).count != rows[i].offers)
            fail_msg("%s: %zu and %zu offers, not %zu", rows[i].where, ros_vm_rule_offers(host.vm, 0).count,
                     ros_vm_rule_offers(host.vm, 1).count, rows[i].offers);
        assert_true(host.verdict.cost <= ros_program_cost(host.program));
        test_host_close(&host);
    }
}

static void test_offer_where_and_required(void **state)
{
    (void) state;
    struct test_host host;
    open_fit(&host, "offer fit where cost < 2 USD/h");
    test_set_num(&host, "mem", 4096 * 1024);
    expect_offers(&host, (const char *const[]){"huge"}, 1);
    test_host_close(&host);
    open_fit(&host, "offer required fit where cost < 1 USD/h");
    test_set_num(&host, "mem", 4096 * 1024);
    test_run(&host);
    assert_int_equal(host.verdict.rule, 1);
    assert_int_equal(host.verdict.offer_count, 0);
    test_host_close(&host);
}

static void test_texts(void **state)
{
    (void) state;
    struct test_host host;
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    open_fit(&host, "offer fit");
    test_set_num(&host, "mem", 1536);
    test_set_num(&host, "idle", 0.25);
    test_set_text(&host, "cloud", "aws");
    test_run(&host);
    assert_int_equal(ros_vm_render(host.vm, 0, "reason", &text), ROS_OK);
    assert_string_equal(ros_buf_text(&text), "from 1.5 MiB 0.25 vcpu AWS 5%");
    assert_int_equal(ros_vm_render(host.vm, 0, "condition", &text), ROS_E_NOT_FOUND);
    test_host_close(&host);
}

static void test_guards(void **state)
{
    (void) state;
    struct test_host host;
    test_host_open(&host, "require cloud == \"aws\" else CLOUD_UNSUPPORTED \"not aws\"\n"
                          "require major in {8} else OS_UNSUPPORTED \"not 8\"\n"
                          "decide first { rule R when true { description \"d\" } }");
    test_run(&host);
    assert_true(host.verdict.skipped && !host.verdict.certain && host.verdict.rule == -1);
    assert_string_equal(host.verdict.skip_text, "not aws");
    test_set_text(&host, "cloud", "gcp");
    test_run(&host);
    assert_true(host.verdict.skipped && host.verdict.certain);
    assert_int_equal(host.verdict.skip_reason, ROS_REASON_CLOUD_UNSUPPORTED);
    test_set_text(&host, "cloud", "aws");
    test_set_num(&host, "major", 8);
    test_run(&host);
    assert_true(!host.verdict.skipped && host.verdict.rule == 0);
    test_host_close(&host);
}

static void test_first_true_wins_and_certainty(void **state)
{
    (void) state;
    struct test_host host;
    test_host_open(&host,
                   "decide first {\n rule A when idle > 1 vcpu { description \"a\" }\n"
                   " rule B when ncpu > 1 vcpu { description \"b\" }\n rule C when true { description \"c\" }\n}");
    test_set_num(&host, "ncpu", 2);
    test_run(&host);
    assert_true(host.verdict.rule == 1 && !host.verdict.certain);
    test_set_num(&host, "idle", 0);
    test_run(&host);
    assert_true(host.verdict.rule == 1 && host.verdict.certain);
    test_set_num(&host, "ncpu", 0);
    test_run(&host);
    assert_int_equal(host.verdict.rule, 2);
    assert_int_equal(host.verdict.rules[0], ROS_FALSE);
    test_host_close(&host);
}

static void test_exclusive_states(void **state)
{
    (void) state;
    struct test_host host;
    test_host_open(&host, "state a exclusive { X \"x\" when psi ?? false }\nstate b { Y \"y\" when idle > 0 vcpu }\n"
                          "decide first { rule R when X or Y { description \"d\" } }");
    test_set_num(&host, "idle", 1);
    test_run(&host);
    assert_true(!ros_verdict_listed(host.program, &host.verdict, 0) &&
                ros_verdict_listed(host.program, &host.verdict, 1));
    test_set_bool(&host, "psi", true);
    test_run(&host);
    assert_true(ros_verdict_listed(host.program, &host.verdict, 0) &&
                !ros_verdict_listed(host.program, &host.verdict, 1));
    test_host_close(&host);
}

static void test_reports(void **state)
{
    (void) state;
    struct test_host host;
    test_host_open(&host,
                   "report used_share = idle / ncpu\nreport each = disk * 2\nreport who = cloud\nreport on = psi\n"
                   "decide first { rule R when false { description \"d\" } }");
    const char *name;
    double value = 0;
    test_run(&host);
    assert_false(ros_vm_report_num(host.vm, 0, &value));
    assert_null(ros_vm_report_text(host.vm, 2));
    assert_int_equal(ros_vm_report_bool(host.vm, 3), ROS_UNKNOWN);
    assert_int_equal(ros_vm_report_instance_count(host.vm, 1), 0);
    set_all(&host);
    test_add_disk(&host, "sdc", NAN);
    test_run(&host);
    assert_true(ros_vm_report_num(host.vm, ros_program_report_find(host.program, "used_share"), &value) &&
                value == 0.25);
    assert_string_equal(ros_vm_report_text(host.vm, 2), "aws");
    assert_int_equal(ros_vm_report_bool(host.vm, 3), ROS_TRUE);
    assert_int_equal(ros_vm_report_instance_count(host.vm, 1), 3);
    assert_true(ros_vm_report_instance(host.vm, 1, 1, &name, &value) && value == 60 && strcmp(name, "sdb") == 0);
    assert_false(ros_vm_report_instance(host.vm, 1, 2, &name, &value));
    assert_string_equal(name, "sdc");
    test_host_close(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_missing_is_unknown),
        cmocka_unit_test(test_no_number_is_missing),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_where_over_texts),
        cmocka_unit_test(test_offer_where_and_required),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_guards),
        cmocka_unit_test(test_first_true_wins_and_certainty),
        cmocka_unit_test(test_exclusive_states),
        cmocka_unit_test(test_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
