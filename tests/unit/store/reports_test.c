/* reports_test.c - the reports consumer without Kafka and without a database: what becomes a row, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "services/ingest/reports.h"

#define ID "5ce00000-0000-4000-8000-00000000000a"
#define HEAD "{\"type\":\"created\",\"org_id\":\"o1\",\"id\":\"" ID "\""
#define FULL                                                                                                           \
    HEAD ",\"platform_metadata\":{\"request_id\":\"r1\"},\"display_name\":\"d\",\"stale_timestamp\":"                  \
         "\"2025-12-31T23:59:59.000Z\",\"groups\":[{\"id\":\"g\"}],\"operating_system\":{\"name\":\"RHEL\"},"          \
         "\"cpu_states\":[\"CPU_OVERSIZED\"],\"io_states\":null,\"state\":\"Oversized\",\"performance_record\":"       \
         "{\"k\\\"\\u00e9\":[0.06,1,true,null,1e-05,\"\\u000b\"]},\"performance_utilization\":{},"                     \
         "\"rule_hit_details\":[],\"report_date\":\"2025-11-19T10:00:00.5+00:00\",\"number_of_recommendations\":1,"    \
         "\"psi_enabled\":false,\"top_candidate\":\"t2.nano\",\"top_candidate_price\":0.0058}"

static int64_t now_us;

static int64_t hands(void *context ROS_UNUSED)
{
    return now_us;
}
static const struct ros_clock clock = {hands, hands, NULL};

static struct ros_reports *make(size_t max_rows)
{
    struct ros_reports *reports = NULL;
    struct ros_reports_config config = {
        .consumer_group = "g", .max_rows = max_rows, .max_message_bytes = 100000, .clock = &clock};
    assert_int_equal(ros_reports_new(&config, &reports, NULL), ROS_OK);
    return reports;
}

static enum ros_reports_verdict feed(struct ros_reports *reports, int32_t partition, int64_t offset, const char *text,
                                     size_t size, struct ros_error *reason)
{
    enum ros_reports_verdict verdict = ROS_REPORTS_DEAD;
    struct ros_reports_message message = {"ros.events", partition, offset, 1763546400000LL, text, size};
    assert_int_equal(ros_reports_feed(reports, &message, &verdict, reason, NULL), ROS_OK);
    return verdict;
}

static void a_full_report(void **state ROS_UNUSED)
{
    ros_auto_ptr(ros_reports) struct ros_reports *reports = make(0);
    assert_int_equal(feed(reports, 3, 41, FULL, strlen(FULL), NULL), ROS_REPORTS_ROW);
    const struct ros_report_batch *batch = ros_reports_batch(reports);
    const struct ros_report_row *row = &batch->rows[0];
    size_t size = 0;
    assert_int_equal(batch->row_count, 1);
    assert_string_equal(batch->consumer_group, "g");
    assert_int_equal(row->kind, ROS_REPORT_DATA);
    assert_string_equal(row->request_key, "r1");
    assert_string_equal(row->stale_timestamp, "2025-12-31T23:59:59+00:00");
    assert_null(row->fqdn);
    assert_null(row->account);
    assert_int_equal(row->present, ROS_REPORT_HAS_CPU_STATES | ROS_REPORT_HAS_IO_STATES | ROS_REPORT_HAS_STATE);
    assert_true(row->cpu_states.count == 1 && row->io_states.is_null && row->memory_states.is_null);
    assert_string_equal(row->performance_record, "{\"k\\\"\xc3\xa9\":[0.06,1,true,null,1e-05,\"\\u000B\"]}");
    assert_string_equal(row->performance_utilization, "{}");
    assert_string_equal(row->rule_hit_details, "[]");
    assert_int_equal(row->report_date_us, 1763546400500000LL);
    assert_true(row->psi_known && !row->psi_enabled);
    assert_true(row->top_candidate_price_known && row->top_candidate_price == 0.0058);
    assert_true(row->partition == 3 && row->offset == 41 && batch->offsets[0].next_offset == 42);
    assert_memory_equal(ros_reports_raw(reports, 0, &size), FULL, strlen(FULL));
    assert_int_equal(size, strlen(FULL));
    assert_null(ros_reports_raw(reports, 1, &size));
}

static void what_is_accepted(void **state ROS_UNUSED)
{
    static const struct {
        const char *text;
        enum ros_reports_verdict verdict;
        const char *word; /* in the reason of a dead one */
    } cases[] = {
        {HEAD "}", ROS_REPORTS_ROW, NULL},
        {HEAD ",\"performance_record\":null}", ROS_REPORTS_ROW, NULL},
        {"{\"type\":\"updated\",\"org_id\":\"o\",\"id\":\"5CE00000000040008000 00000000000A\"}", ROS_REPORTS_DEAD,
         "id"},
        {"{\"type\":\"updated\",\"org_id\":\"o\",\"id\":\"5CE0000000004000800000000000000A\"}", ROS_REPORTS_ROW, NULL},
        {"{\"type\":\"deleted\"}", ROS_REPORTS_IGNORE, NULL},
        {"{}", ROS_REPORTS_IGNORE, NULL},
        {"", ROS_REPORTS_IGNORE, NULL},
        {"null", ROS_REPORTS_DEAD, "object"},
        {"[]", ROS_REPORTS_DEAD, "object"},
        {"{", ROS_REPORTS_DEAD, "JSON"},
        {"{\"a\":\"\\u0000\"}", ROS_REPORTS_DEAD, "JSON"},
        {"\xff", ROS_REPORTS_DEAD, "JSON"},
        {HEAD ",\"x\":1e999}", ROS_REPORTS_DEAD, "JSON"},
        {"{\"type\":\"created\",\"id\":\"" ID "\"}", ROS_REPORTS_DEAD, "org_id"},
        {"{\"type\":\"created\",\"org_id\":1,\"id\":\"" ID "\"}", ROS_REPORTS_DEAD, "org_id"},
        {"{\"type\":\"created\",\"org_id\":\"\",\"id\":\"" ID "\"}", ROS_REPORTS_DEAD, "org_id"},
        {"{\"type\":\"created\",\"org_id\":\"o\"}", ROS_REPORTS_DEAD, "id"},
        {"{\"type\":\"created\",\"org_id\":\"o\",\"id\":\"" ID "0\"}", ROS_REPORTS_DEAD, "id"},
        {"{\"type\":7}", ROS_REPORTS_DEAD, "type"},
        {HEAD ",\"display_name\":[]}", ROS_REPORTS_DEAD, "display_name"},
        {HEAD ",\"stale_timestamp\":\"tomorrow\"}", ROS_REPORTS_DEAD, "stale_timestamp"},
        {HEAD ",\"groups\":{}}", ROS_REPORTS_DEAD, "groups"},
        {HEAD ",\"operating_system\":\"RHEL\"}", ROS_REPORTS_DEAD, "operating_system"},
        {HEAD ",\"platform_metadata\":\"x\"}", ROS_REPORTS_DEAD, "platform_metadata"},
        {HEAD ",\"rule_hit_details\":[],\"cpu_states\":\"CPU\"}", ROS_REPORTS_DEAD, "cpu_states"},
        {HEAD ",\"rule_hit_details\":[],\"cpu_states\":[1]}", ROS_REPORTS_DEAD, "cpu_states"},
        {HEAD ",\"rule_hit_details\":{}}", ROS_REPORTS_DEAD, "rule_hit_details"},
        {HEAD ",\"performance_record\":[]}", ROS_REPORTS_DEAD, "performance_record"},
        {HEAD ",\"rule_hit_details\":[],\"number_of_recommendations\":1.5}", ROS_REPORTS_DEAD, "number_of"},
        {HEAD ",\"rule_hit_details\":[],\"number_of_recommendations\":99999999999}", ROS_REPORTS_DEAD, "number_of"},
        {HEAD ",\"rule_hit_details\":[],\"psi_enabled\":\"yes\"}", ROS_REPORTS_DEAD, "psi_enabled"},
        {HEAD ",\"rule_hit_details\":[],\"top_candidate_price\":\"1\"}", ROS_REPORTS_DEAD, "price"},
        {HEAD ",\"rule_hit_details\":[],\"report_date\":\"x\"}", ROS_REPORTS_DEAD, "report_date"},
        {HEAD ",\"rule_hit_details\":[],\"report_date\":\"2099-01-01T00:00:00Z\"}", ROS_REPORTS_DEAD, "future"},
    };
    for (size_t i = 0; i < ROS_COUNT(cases); i++) {
        ros_auto_ptr(ros_reports) struct ros_reports *reports = make(0);
        struct ros_error reason = ROS_ERROR_INIT;
        enum ros_reports_verdict verdict = feed(reports, 0, 7, cases[i].text, strlen(cases[i].text), &reason);
        if (verdict != cases[i].verdict)
            fail_msg("%s gives %d: %s", cases[i].text, (int) verdict, reason.text);
        if (cases[i].word != NULL && (strstr(reason.text, cases[i].word) == NULL || reason.code == ROS_OK))
            fail_msg("%s: the reason is \"%s\"", cases[i].text, reason.text);
        assert_int_equal(ros_reports_batch(reports)->row_count, verdict == ROS_REPORTS_ROW);
        assert_int_equal(ros_reports_batch(reports)->offset_count, 1); /* whatever it was, it is done with */
        assert_int_equal(ros_reports_batch(reports)->offsets[0].next_offset, 8);
    }
}

static void limits(void **state ROS_UNUSED)
{
    static char text[200000];
    ros_auto_ptr(ros_reports) struct ros_reports *reports = make(0);
    struct ros_error reason = ROS_ERROR_INIT;
    memset(text, ' ', sizeof(text));
    assert_int_equal(feed(reports, 0, 0, text, sizeof(text), &reason), ROS_REPORTS_DEAD);
    assert_int_equal(reason.code, ROS_E_LIMIT);
    int n = snprintf(text, sizeof(text), "%s,\"display_name\":\"%01025d\"}", HEAD, 0);
    assert_int_equal(feed(reports, 0, 1, text, (size_t) n, &reason), ROS_REPORTS_DEAD);
    n = snprintf(text, sizeof(text), "%s,\"operating_system\":{\"name\":\"%02000d\"}}", HEAD, 0);
    assert_int_equal(feed(reports, 0, 2, text, (size_t) n, &reason), ROS_REPORTS_DEAD);
    assert_int_equal(reason.code, ROS_E_LIMIT);
    memset(text, '[', 99999); /* nesting */
    assert_int_equal(feed(reports, 0, 3, text, 99999, &reason), ROS_REPORTS_DEAD);
    assert_int_equal(ros_reports_batch(reports)->offsets[0].next_offset, 4);
}

static void when_it_is_due(void **state ROS_UNUSED)
{
    ros_auto_ptr(ros_reports) struct ros_reports *reports = make(3);
    enum ros_reports_verdict verdict;
    now_us = 1000000;
    assert_false(ros_reports_due(reports));
    assert_int_equal(ros_reports_wait_ms(reports), -1);
    feed(reports, 0, 0, "junk", 4, NULL); /* offsets of dead letters age too */
    assert_int_equal(ros_reports_wait_ms(reports), 50);
    now_us += 49001;
    assert_int_equal(ros_reports_wait_ms(reports), 1);
    assert_false(ros_reports_due(reports));
    now_us += 999;
    assert_true(ros_reports_due(reports));
    ros_reports_clear(reports);
    assert_int_equal(ros_reports_batch(reports)->offset_count, 0);
    assert_int_equal(ros_reports_wait_ms(reports), -1);
    for (int64_t i = 0; i < 3; i++)
        feed(reports, 0, i, FULL, strlen(FULL), NULL);
    assert_true(ros_reports_due(reports));
    struct ros_reports_message more = {"ros.events", 0, 3, 0, FULL, strlen(FULL)};
    assert_int_equal(ros_reports_feed(reports, &more, &verdict, NULL, NULL), ROS_E_LIMIT);
    assert_int_equal(ros_reports_batch(reports)->offsets[0].next_offset, 3);
}

static void a_partition_goes(void **state ROS_UNUSED)
{
    ros_auto_ptr(ros_reports) struct ros_reports *reports = make(0);
    for (int32_t i = 0; i < 9; i++)
        feed(reports, i % 3, i, FULL, strlen(FULL), NULL);
    ros_reports_drop(reports, "another", 1);
    ros_reports_drop(reports, "ros.events", 1);
    const struct ros_report_batch *batch = ros_reports_batch(reports);
    assert_int_equal(batch->row_count, 6);
    assert_int_equal(batch->offset_count, 2);
    for (size_t i = 0; i < batch->row_count; i++)
        assert_int_not_equal(batch->rows[i].partition, 1);
    for (size_t i = 1; i < batch->row_count; i++)
        assert_true(batch->rows[i - 1].offset < batch->rows[i].offset);
    ros_reports_drop(reports, "ros.events", 0);
    ros_reports_drop(reports, "ros.events", 2);
    assert_int_equal(ros_reports_wait_ms(reports), -1);
}

/* Every allocation of a feed may fail: the machine is as it was, and the next feed works. */
struct stingy {
    size_t left;
};
static void *grudge(void *context, void *old, size_t old_size, size_t size)
{
    struct stingy *stingy = context;
    if (size > 0 && stingy->left-- == 0) {
        stingy->left = 0;
        return NULL;
    }
    return ros_alloc_libc()->call(ros_alloc_libc()->context, old, old_size, size);
}

static void out_of_memory(void **state ROS_UNUSED)
{
    bool has_failed = false;
    for (size_t n = 0; n < 50; n++) {
        struct stingy stingy = {n};
        struct ros_alloc alloc = {grudge, &stingy};
        struct ros_reports *reports = NULL;
        struct ros_reports_config config = {.consumer_group = "g", .clock = &clock, .alloc = &alloc};
        enum ros_reports_verdict verdict;
        struct ros_reports_message message = {"ros.events", 0, 5, 1763546400000LL, FULL, strlen(FULL)};
        if (ros_reports_new(&config, &reports, NULL) != ROS_OK) {
            has_failed = true;
            continue;
        }
        if (ros_reports_feed(reports, &message, &verdict, NULL, NULL) == ROS_E_OOM) {
            has_failed = true;
            assert_int_equal(ros_reports_batch(reports)->row_count, 0);
            assert_int_equal(ros_reports_batch(reports)->offset_count, 0);
            stingy.left = 1000;
            assert_int_equal(ros_reports_feed(reports, &message, &verdict, NULL, NULL), ROS_OK);
        }
        assert_int_equal(verdict, ROS_REPORTS_ROW);
        assert_int_equal(ros_reports_batch(reports)->row_count, 1);
        ros_reports_free(reports);
    }
    assert_true(has_failed);
}

/* Any bytes give a verdict: the full message with each byte changed, and each of its beginnings. */
static void mutations(void **state ROS_UNUSED)
{
    static const char bytes[] = {'\0', '"', '{', '9', '\x80', ','};
    char text[sizeof(FULL)];
    ros_auto_ptr(ros_reports) struct ros_reports *reports = make(0);
    int64_t offset = 0;
    for (size_t i = 0; i < strlen(FULL); i++) {
        for (size_t k = 0; k < ROS_COUNT(bytes); k++) {
            memcpy(text, FULL, sizeof(FULL));
            text[i] = bytes[k];
            feed(reports, 0, offset++, text, strlen(FULL), NULL);
            if (ros_reports_due(reports))
                ros_reports_clear(reports);
        }
        assert_int_not_equal(feed(reports, 0, offset++, FULL, i, NULL), ROS_REPORTS_ROW);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_report),  cmocka_unit_test(what_is_accepted), cmocka_unit_test(limits),
        cmocka_unit_test(when_it_is_due), cmocka_unit_test(a_partition_goes), cmocka_unit_test(out_of_memory),
        cmocka_unit_test(mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
