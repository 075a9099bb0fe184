/*
 * What a scorer binds and gives beyond one verdict: statistics of a metric from its histogram and extremes, and each
 * rule that fired of a rule set with `decide every`. Evidences are made by hand.
 */
#include "tests/unit/base/test.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "grammar/load.h"
#include "interp/base/limits.h"
#include "services/intake/histogram.h"
#include "services/score/outcome_json.h"
#include "services/score/score.h"

static const char table[] = "type,cost\na,1\nb,2\nc,3\n";
static const char rules[] =
    "ros 1\n"
    "ruleset r version \"1\" \"for tests\"\n"
    "metric idle : vcpu raw \"none\"\n"
    "metric load[\"1 minute\", \"5 minute\"] : % raw \"none\"\n"
    "metric disk[*] : count/s raw \"count / sec\"\n"
    "fact psi : bool\n"
    "table t from \"t.csv\" key type { type: text  cost: USD/h }\n"
    "report cpu_utilization = highest(idle) / 100 vcpu\n"
    "report mem_utilization = p95(load[\"1 minute\"])\n"
    "report io_utilization = p50(disk)\n"
    "report psi_enabled = psi\n"
    "report price = 1 USD/h\n"
    "candidates all_types from t as r { sort r.type }\n"
    "candidates none_here from t as r { where r.cost > 9 USD/h\n"
    "  need psi ?? false else PRICE_UNKNOWN \"no price of {5%}\" }\n"
    "state s { LOW \"l\" when lowest(idle) < 1 vcpu  BUSY \"b\" when max(p99(disk)) > 50 count/s }\n"
    "decide every {\n"
    "  rule A when LOW { offer all_types where r.cost > 1 USD/h description \"of A\" }\n"
    "  rule B when LOW or BUSY { offer none_here description \"of B\" }\n"
    "  rule C when BUSY { offer all_types description \"of C\" }\n"
    "}\n";

static struct ros_scorer *open_scorer(void)
{
    static const struct ros_memory_file files[] = {{"r.ros", rules}, {"t.csv", table}, {NULL, NULL}};
    const struct ros_loader loader = ros_loader_memory(files);
    ros_auto(ros_arena) struct ros_arena arena;
    ros_auto(ros_buf) struct ros_buf findings = ROS_BUF_INIT;
    struct ros_diags diags;
    struct ros_unit *unit = NULL;
    struct ros_program *program = NULL;
    struct ros_scorer *scorer = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    ros_arena_init(&arena, NULL, ROS_LIMIT_COMPILE_BYTES);
    ros_diags_init(&diags, &arena);
    if (ros_load_program("r.ros", &loader, NULL, &arena, &diags, &unit, &program, &err) != ROS_OK) {
        assert_int_equal(ros_diags_render(&diags, unit, false, &findings), ROS_OK);
        fail_msg("%s\n%s", err.text, ros_buf_text(&findings));
    }
    assert_int_equal(ros_scorer_new(program, NULL, &scorer, &err), ROS_OK);
    ros_program_unref(program);
    return scorer;
}

static void fill(struct ros_histogram *h, double usual, double peak)
{
    memset(h, 0, sizeof *h);
    ros_histogram_add(h, usual, 900000);
    ros_histogram_add(h, peak, 100000);
}

struct host {
    struct ros_histogram load;
    struct ros_histogram disks[2];
    struct ros_metric_value load_values[2];
    struct ros_metric_value disk_values[2];
    struct ros_metric_value idle;
    struct ros_metric metrics[3];
    struct ros_fact psi;
    struct ros_evidence evidence;
};

static void make_host(struct host *host)
{
    fill(&host->load, 5, 60);
    fill(&host->disks[0], 10, 30);
    fill(&host->disks[1], 20, 90);
    host->load_values[0] = (struct ros_metric_value){"1 minute", "none", 7, 0, 70, 1, 10, 1000, &host->load};
    host->load_values[1] = (struct ros_metric_value){"5 minute", "none", 7, 0, 70, 1, 10, 1000, NULL};
    host->disk_values[0] = (struct ros_metric_value){"sda", "count / sec", 12, 1, 31, 1, 10, 1000, &host->disks[0]};
    host->disk_values[1] = (struct ros_metric_value){"sdb", "count / sec", 27, 1, 91, 1, 10, 1000, &host->disks[1]};
    host->idle = (struct ros_metric_value){NULL, "none", 3, 0.5, 4, 3, 10, 1000, NULL};
    host->metrics[0] = (struct ros_metric){"load", host->load_values, 2};
    host->metrics[1] = (struct ros_metric){"disk", host->disk_values, 2};
    host->metrics[2] = (struct ros_metric){"idle", &host->idle, 1};
    host->psi = (struct ros_fact){.name = "psi", .kind = ROS_FACT_BOOL, .truth = true};
    ros_evidence_init(&host->evidence, NULL);
    host->evidence.source = ROS_EVIDENCE_PCP_RAW;
    host->evidence.metrics = host->metrics;
    host->evidence.metric_count = 3;
    host->evidence.facts = &host->psi;
    host->evidence.fact_count = 1;
}

static bool near(double have, double want)
{
    return fabs(have - want) <= 0.02 * want;
}

static void test_statistics_come_from_the_evidence(void **state)
{
    (void) state;
    struct host host;
    struct ros_outcome outcome;
    struct ros_scorer *scorer = open_scorer();
    make_host(&host);
    assert_int_equal(ros_scorer_run(scorer, &host.evidence, &outcome, NULL), ROS_OK);
    assert_true(outcome.cpu_utilization == 4.0 / 100);      /* highest(idle) */
    assert_true(near(outcome.mem_utilization, 60 / 100.0)); /* p95 of a named instance, in its unit */
    assert_int_equal(outcome.verdict.flags[0], ROS_TRUE);
    assert_int_equal(outcome.verdict.flags[1], ROS_TRUE); /* p99 of sdb is 90 */
    host.disk_values[1].histogram = NULL;
    assert_int_equal(ros_scorer_run(scorer, &host.evidence, &outcome, NULL), ROS_OK);
    assert_int_equal(outcome.verdict.flags[1], ROS_UNKNOWN); /* a disk without a histogram could be the busiest */
    host.disk_values[1].histogram = &host.disks[1];
    host.disk_values[1].max = 40; /* no quantile is above what was ever seen */
    assert_int_equal(ros_scorer_run(scorer, &host.evidence, &outcome, NULL), ROS_OK);
    assert_int_equal(outcome.verdict.flags[1], ROS_FALSE);
    ros_scorer_free(scorer);
}

/* A client's own summary has means only. */
static void test_a_summary_of_means_leaves_them_missing(void **state)
{
    (void) state;
    struct host host;
    struct ros_outcome outcome;
    struct ros_scorer *scorer = open_scorer();
    make_host(&host);
    struct ros_metric_value *values[] = {&host.idle, &host.load_values[0], &host.disk_values[0], &host.disk_values[1]};
    for (size_t i = 0; i < ROS_COUNT(values); i++) {
        values[i]->histogram = NULL;
        values[i]->min = NAN;
        values[i]->max = NAN;
    }
    assert_int_equal(ros_scorer_run(scorer, &host.evidence, &outcome, NULL), ROS_OK);
    assert_true(isnan(outcome.cpu_utilization) && isnan(outcome.mem_utilization));
    assert_true(outcome.fired_count == 0 && outcome.rule == NULL && !outcome.verdict.certain);
    ros_scorer_free(scorer);
}

static void expect_fired_json(const struct ros_outcome *outcome, const char *expected)
{
    json_t *json = ros_outcome_verdict_json(outcome);
    json_t *want = json_loads(expected, JSON_DECODE_ANY, NULL);
    assert_non_null(want);
    if (!json_equal(json_object_get(json, "fired"), want)) {
        char *text = json_dumps(json, 0);
        fail_msg("%s", text);
    }
    json_decref(want);
    json_decref(json);
}

static void test_each_rule_that_fired_is_told(void **state)
{
    (void) state;
    struct host host;
    struct ros_outcome outcome;
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    struct ros_scorer *scorer = open_scorer();
    make_host(&host);
    assert_int_equal(ros_scorer_run(scorer, &host.evidence, &outcome, NULL), ROS_OK);
    expect_fired_json(&outcome, "[{\"rule\": \"A\", \"offers\": [{\"type\": \"b\", \"price\": 2.0}, "
                                "{\"type\": \"c\", \"price\": 3.0}], \"withheld\": null},"
                                "{\"rule\": \"B\", \"offers\": [], \"withheld\": null},"
                                "{\"rule\": \"C\", \"offers\": [{\"type\": \"a\", \"price\": 1.0}, "
                                "{\"type\": \"b\", \"price\": 2.0}, {\"type\": \"c\", \"price\": 3.0}], "
                                "\"withheld\": null}]");
    assert_string_equal(outcome.rule, "A");
    assert_int_equal(outcome.offer_count, 2);
    assert_string_equal(outcome.offers[0].type, "b");
    assert_int_equal(ros_scorer_render_fired(scorer, &outcome, 2, "description", &text), ROS_OK);
    assert_string_equal(ros_buf_text(&text), "of C");
    assert_int_equal(ros_scorer_render_fired(scorer, &outcome, 3, "description", &text), ROS_E_NOT_FOUND);
    host.psi.truth = false;
    host.idle.min = 2; /* not A any more; and what B offers is withheld */
    assert_int_equal(ros_scorer_run(scorer, &host.evidence, &outcome, NULL), ROS_OK);
    expect_fired_json(&outcome, "[{\"rule\": \"B\", \"offers\": [], "
                                "\"withheld\": {\"reason\": \"PRICE_UNKNOWN\", \"text\": \"no price of 5%\"}},"
                                "{\"rule\": \"C\", \"offers\": [{\"type\": \"a\", \"price\": 1.0}, "
                                "{\"type\": \"b\", \"price\": 2.0}, {\"type\": \"c\", \"price\": 3.0}], "
                                "\"withheld\": null}]");
    assert_int_equal(outcome.offer_count, 0);
    ros_scorer_free(scorer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics_come_from_the_evidence),
        cmocka_unit_test(test_a_summary_of_means_leaves_them_missing),
        cmocka_unit_test(test_each_rule_that_fired_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
