/* `decide every`: each rule fires by itself, with its own offers, its own withholding and its own texts. */
#include "tests/unit/base/test.h"

#include <string.h>

#include "tests/unit/interp/program.h"

/* big: sizes from mem up, all of t's types that are; cheap: those with a price below the one of kind. */
static const char rules[] = "let cloud_text = cloud ?? \"?\"\n"
                            "candidates big from t as r { where r.size >= mem  let cost = r.price\n"
                            "  need all(known(cost)) else PRICE_UNKNOWN \"no price in {cloud_text}\"\n"
                            "  sort cost ?? 0 USD/h, r.name }\n"
                            "candidates cheap from t as r { let cost = r.price  where cost < 2 USD/h  sort r.name }\n"
                            "state s { FULL \"f\" when idle < 1 vcpu  SLOW \"s\" when psi }\n"
                            "decide %s {\n"
                            "  rule A when FULL { offer big reason \"A at {idle ?? 0 vcpu}\" }\n"
                            "  rule B when SLOW { offer cheap where cost > 0.5 USD/h reason \"B\" }\n"
                            "  rule C when FULL or SLOW { offer required cheap where cost > 1 USD/h reason \"C\" }\n"
                            "  rule D when FULL and SLOW { reason \"D\" }\n"
                            "  rule E when SLOW { offer cheap reason \"E\" }\n"
                            "}";

static void open_rules(struct test_host *host, const char *how)
{
    ros_auto(ros_buf) struct ros_buf source = ROS_BUF_INIT;
    const char *at = strstr(rules, "%s");
    ros_buf_add(&source, rules, (size_t) (at - rules));
    ros_buf_printf(&source, "%s%s", how, at + 2);
    test_host_open(host, ros_buf_text(&source));
    test_set_num(host, "mem", 4096 * 1024);
    test_set_num(host, "idle", 0.5);
    test_set_bool(host, "psi", true);
    test_set_text(host, "cloud", "aws");
}

static void expect_offers(const struct test_host *host, size_t rule, const char *names)
{
    ros_auto(ros_buf) struct ros_buf all = ROS_BUF_INIT;
    int field = ros_program_offer_field(host->program, "name");
    size_t count = ros_vm_rule_offers(host->vm, rule).count;
    for (size_t i = 0; i < count; i++)
        ros_buf_printf(&all, "%s ", ros_vm_rule_offer_text(host->vm, rule, i, field));
    assert_string_equal(ros_buf_text(&all), names);
    assert_null(ros_vm_rule_offer_text(host->vm, rule, count, field));
}

static void expect_fired(const struct test_host *host, const char *letters)
{
    char have[8] = "";
    for (size_t i = 0; i < ros_program_rule_count(host->program); i++)
        if (host->verdict.fired[i])
            strcat(have, ros_program_rule_name(host->program, i));
    assert_string_equal(have, letters);
}

static void test_each_rule_fires_with_its_own_offers(void **state)
{
    (void) state;
    struct test_host host;
    double cost;
    open_rules(&host, "every");
    assert_true(ros_program_decides_every(host.program));
    test_run(&host);
    expect_fired(&host, "ABDE"); /* C requires an offer and has none */
    assert_int_equal(host.verdict.rule, 0);
    assert_int_equal(host.verdict.offer_count, 2);
    assert_true(host.verdict.certain);
    expect_offers(&host, 0, "huge large ");
    expect_offers(&host, 1, "huge ");
    expect_offers(&host, 2, "");
    expect_offers(&host, 3, "");
    expect_offers(&host, 4, "huge small ");
    assert_true(ros_vm_rule_offer_num(host.vm, 4, 1, ros_program_offer_field(host.program, "cost"), &cost));
    assert_true(cost == 0.5);
    assert_true((host.verdict.reasons & 1u << ROS_REASON_NO_CANDIDATE) == 0);
    assert_true(host.verdict.cost <= ros_program_cost(host.program));
    test_host_close(&host);
}

static void test_one_rule_is_withheld_and_others_are_not(void **state)
{
    (void) state;
    struct test_host host;
    ros_auto(ros_buf) struct ros_buf why = ROS_BUF_INIT;
    open_rules(&host, "every");
    test_set_num(&host, "mem", 1);
    test_run(&host);
    expect_fired(&host, "ABDE");
    struct ros_rule_offers first = ros_vm_rule_offers(host.vm, 0);
    assert_true(first.withheld && first.count == 0 && first.withheld_reason == ROS_REASON_PRICE_UNKNOWN);
    assert_true(host.verdict.withheld && host.verdict.withheld_reason == ROS_REASON_PRICE_UNKNOWN);
    assert_int_equal(ros_vm_render_withheld(host.vm, 0, &why), ROS_OK);
    assert_string_equal(ros_buf_text(&why), "no price in aws");
    assert_string_equal(host.verdict.withheld_text, "no price in aws");
    assert_false(ros_vm_rule_offers(host.vm, 1).withheld);
    assert_int_equal(ros_vm_render_withheld(host.vm, 1, &why), ROS_E_NOT_FOUND);
    expect_offers(&host, 1, "huge ");
    test_host_close(&host);
}

/* A rule that did not fire may still be the second to do so, and nothing of the last host is left. */
static void test_certain_needs_every_rule(void **state)
{
    (void) state;
    struct test_host host;
    open_rules(&host, "every");
    test_run(&host);
    ros_facts_clear(host.facts);
    test_set_num(&host, "mem", 4096 * 1024);
    test_set_num(&host, "idle", 0.5);
    test_run(&host);
    expect_fired(&host, "A");
    assert_false(host.verdict.certain); /* B, D and E could join */
    expect_offers(&host, 4, "");
    test_set_num(&host, "idle", 2);
    test_set_bool(&host, "psi", false);
    test_run(&host);
    expect_fired(&host, "");
    assert_true(host.verdict.certain && host.verdict.rule == -1);
    test_host_close(&host);
}

static void test_first_stops_at_the_first(void **state)
{
    (void) state;
    struct test_host host;
    open_rules(&host, "first");
    assert_false(ros_program_decides_every(host.program));
    test_run(&host);
    expect_fired(&host, "A");
    expect_offers(&host, 0, "huge large ");
    expect_offers(&host, 1, "");
    test_set_num(&host, "idle", 2);
    test_run(&host);
    expect_fired(&host, "B");
    expect_offers(&host, 0, "");
    expect_offers(&host, 1, "huge ");
    assert_int_equal(host.verdict.offer_count, 1);
    test_host_close(&host);
}

static void test_skipped_fires_nothing(void **state)
{
    (void) state;
    struct test_host host;
    test_host_open(&host, "decide every { rule R when true { description \"d\" } }\nrequire psi else \"not this\"");
    test_run(&host);
    assert_true(host.verdict.skipped && !host.verdict.fired[0] && host.verdict.rule == -1);
    test_set_bool(&host, "psi", true);
    test_run(&host);
    assert_true(!host.verdict.skipped && host.verdict.fired[0] && host.verdict.rule == 0);
    test_host_close(&host);
}

static void test_first_and_every_differ_in_their_checksum(void **state)
{
    (void) state;
    struct test_host first;
    struct test_host every;
    test_host_open(&first, "decide first { rule R when psi { description \"d\" } }");
    test_host_open(&every, "decide every { rule R when psi { description \"d\" } }");
    assert_string_not_equal(ros_program_checksum(first.program), ros_program_checksum(every.program));
    test_host_close(&first);
    test_host_close(&every);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_rule_fires_with_its_own_offers),
        cmocka_unit_test(test_one_rule_is_withheld_and_others_are_not),
        cmocka_unit_test(test_certain_needs_every_rule),
        cmocka_unit_test(test_first_stops_at_the_first),
        cmocka_unit_test(test_skipped_fires_nothing),
        cmocka_unit_test(test_first_and_every_differ_in_their_checksum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
