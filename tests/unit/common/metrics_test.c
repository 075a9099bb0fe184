/* Metrics: the text that Prometheus reads, and labels that cannot grow without end. */
#include "tests/unit/base/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "services/common/metrics.h"

static void expect(struct ros_metrics *metrics, const char *line)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    assert_int_equal(ros_metrics_write(metrics, &text), ROS_OK);
    if (strstr(ros_buf_text(&text), line) == NULL)
        fail_msg("no `%s` in:\n%s", line, ros_buf_text(&text));
}

static void test_counters_and_gauges(void **state)
{
    (void) state;
    ros_auto_ptr(ros_metrics) struct ros_metrics *metrics = NULL;
    assert_int_equal(ros_metrics_new(&metrics, NULL), ROS_OK);
    ros_metrics_count(metrics, ROS_METRIC_INGEST_MESSAGES, "scoring", "event");
    ros_metrics_count(metrics, ROS_METRIC_INGEST_MESSAGES, "scoring", "event");
    ros_metrics_add(metrics, ROS_METRIC_INGEST_MESSAGES, "scoring", "event", -5);
    ros_metrics_add(metrics, ROS_METRIC_INGEST_MESSAGES, "scoring", "event", NAN);
    ros_metrics_set(metrics, ROS_METRIC_LAG, "reports", NULL, 12);
    ros_metrics_count(metrics, ROS_METRIC_DOWNLOADED, NULL, NULL);
    expect(metrics, "# TYPE ros_ingest_messages_total counter\n");
    expect(metrics, "ros_ingest_messages_total{stage=\"scoring\",result=\"event\"} 2.0\n");
    expect(metrics, "ros_ingest_lag_messages{stage=\"reports\"} 12.0\n");
    expect(metrics, "\nros_archive_downloaded_success_total 1.0\n");
}

static void test_histograms(void **state)
{
    (void) state;
    ros_auto_ptr(ros_metrics) struct ros_metrics *metrics = NULL;
    assert_int_equal(ros_metrics_new(&metrics, NULL), ROS_OK);
    ros_metrics_observe(metrics, ROS_METRIC_INGEST_SECONDS, "scoring", NULL, 0.004);
    ros_metrics_observe(metrics, ROS_METRIC_INGEST_SECONDS, "scoring", NULL, 0.005);
    ros_metrics_observe(metrics, ROS_METRIC_INGEST_SECONDS, "scoring", NULL, 100);
    expect(metrics, "ros_ingest_message_seconds_bucket{stage=\"scoring\",le=\"0.001\"} 0.0\n");
    expect(metrics, "ros_ingest_message_seconds_bucket{stage=\"scoring\",le=\"0.005\"} 2.0\n");
    expect(metrics, "ros_ingest_message_seconds_bucket{stage=\"scoring\",le=\"10.0\"} 2.0\n");
    expect(metrics, "ros_ingest_message_seconds_bucket{stage=\"scoring\",le=\"+Inf\"} 3.0\n");
    expect(metrics, "ros_ingest_message_seconds_count{stage=\"scoring\"} 3.0\n");
}

static void test_labels_are_escaped_and_bounded(void **state)
{
    (void) state;
    ros_auto_ptr(ros_metrics) struct ros_metrics *metrics = NULL;
    assert_int_equal(ros_metrics_new(&metrics, NULL), ROS_OK);
    ros_metrics_count(metrics, ROS_METRIC_VERDICTS, "a\"b\\c\nd", NULL);
    expect(metrics, "ros_verdicts_total{rule=\"a\\\"b\\\\c\\nd\"} 1.0\n");
    for (int i = 0; i < ROS_METRICS_SERIES * 2; i++) {
        char rule[32];
        snprintf(rule, sizeof rule, "rule-%d", i);
        ros_metrics_count(metrics, ROS_METRIC_VERDICTS, rule, NULL);
    }
    char line[64];
    snprintf(line, sizeof line, "ros_verdicts_total{rule=\"other\"} %d.0\n", ROS_METRICS_SERIES + 1);
    expect(metrics, line);
}

static void test_without_a_registry(void **state)
{
    (void) state;
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    ros_metrics_count(NULL, ROS_METRIC_VERDICTS, "x", NULL);
    ros_metrics_observe(NULL, ROS_METRIC_INGEST_SECONDS, "x", NULL, 1);
    ros_metrics_set(NULL, ROS_METRIC_LAG, "x", NULL, 1);
    assert_int_equal(ros_metrics_write(NULL, &text), ROS_OK);
    assert_int_equal(text.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_and_gauges),
        cmocka_unit_test(test_histograms),
        cmocka_unit_test(test_labels_are_escaped_and_bounded),
        cmocka_unit_test(test_without_a_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
