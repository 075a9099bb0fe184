/* Evidence: look-ups, the stored form and its refusal of anything else, the form for people. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "interp/base/map.h"
#include "services/intake/evidence_json.h"
#include "services/intake/histogram.h"
#include "tests/unit/intake/fixture.h"
#include "tools/samples/samples.h"

#define MUTATIONS 50000u
#define HASH_SEED 0x524F5345u /* as evidence_record.c */

static void sample_evidence(struct ros_evidence *evidence, int kind)
{
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    struct ros_error error = ROS_ERROR_INIT;
    fixture_sample(&bytes, 2, kind);
    if (fixture_intake(&bytes, NULL, evidence, &error) != ROS_OK)
        fail_msg("%s", error.text);
}

static void same_evidence(const struct ros_evidence *a, const struct ros_evidence *b)
{
    json_t *left = ros_evidence_json(a);
    json_t *right = ros_evidence_json(b);
    assert_non_null(left);
    assert_true(json_equal(left, right));
    json_decref(left);
    json_decref(right);
}

static void test_round_trip(void **state)
{
    (void) state;
    for (int kind = 0; kind < SAMPLE_KIND_COUNT; kind++) {
        ros_auto(ros_evidence) struct ros_evidence evidence;
        ros_auto(ros_evidence) struct ros_evidence again;
        ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
        ros_auto(ros_buf) struct ros_buf bytes_again = ROS_BUF_INIT;
        sample_evidence(&evidence, kind);
        assert_int_equal(evidence.source, kind == SAMPLE_NO_PCP ? ROS_EVIDENCE_NO_PCP : ROS_EVIDENCE_PCP_TEXT);
        assert_int_equal(ros_evidence_encode(&evidence, &bytes), ROS_OK);
        ros_evidence_init(&again, NULL);
        assert_int_equal(ros_evidence_decode(bytes.data, bytes.len, &again, NULL), ROS_OK);
        same_evidence(&evidence, &again);
        assert_int_equal(ros_evidence_encode(&again, &bytes_again), ROS_OK);
        assert_int_equal(bytes.len, bytes_again.len);
        assert_memory_equal(bytes.data, bytes_again.data, bytes.len);
    }
}

static void test_look_ups(void **state)
{
    ros_auto(ros_evidence) struct ros_evidence evidence;
    (void) state;
    sample_evidence(&evidence, SAMPLE_UNDER_PRESSURE);
    const struct ros_metric *disks = ros_evidence_metric(&evidence, "disk.dev.total");
    assert_non_null(disks);
    assert_non_null(ros_metric_find(disks, "xvda"));
    assert_null(ros_metric_find(disks, "sdz"));
    assert_null(ros_metric_find(disks, NULL));
    assert_null(ros_metric_find(NULL, "xvda"));
    assert_null(ros_evidence_metric(&evidence, "disk.dev"));
    assert_non_null(ros_metric_find(ros_evidence_metric(&evidence, "hinv.ncpu"), NULL));
    assert_string_equal(ros_evidence_text(&evidence, "host.cloud"), "aws");
    assert_null(ros_evidence_text(&evidence, "host.cpus"));
    assert_null(ros_evidence_text(&evidence, "host.nothing"));
    assert_true(ros_evidence_fact(&evidence, "host.psi_enabled")->truth);
}

/* Puts a right hash at the end, so that what is behind the hash is tried as well. */
static void seal(struct ros_buf *record)
{
    uint64_t hash = ros_map_hash(record->data, record->len - 8, HASH_SEED);
    for (size_t i = 0; i < 8; i++)
        record->data[record->len - 8 + i] = (char) (unsigned char) (hash >> (8 * i));
}

static void test_every_cut_is_refused(void **state)
{
    ros_auto(ros_evidence) struct ros_evidence evidence;
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    (void) state;
    sample_evidence(&evidence, SAMPLE_IDLE);
    assert_int_equal(ros_evidence_encode(&evidence, &bytes), ROS_OK);
    for (size_t len = 0; len < bytes.len; len++) {
        ros_auto(ros_evidence) struct ros_evidence again;
        struct ros_error error = ROS_ERROR_INIT;
        ros_evidence_init(&again, NULL);
        assert_int_equal(ros_evidence_decode(bytes.data, len, &again, &error), ROS_E_DATA);
        assert_int_equal(error.code, ROS_E_DATA);
        assert_int_equal(again.metric_count + again.fact_count, 0);
    }
}

static void test_every_bit_is_guarded(void **state)
{
    ros_auto(ros_evidence) struct ros_evidence evidence;
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    (void) state;
    sample_evidence(&evidence, SAMPLE_IDLE);
    assert_int_equal(ros_evidence_encode(&evidence, &bytes), ROS_OK);
    for (size_t bit = 0; bit < bytes.len * 8; bit++) {
        ros_auto(ros_evidence) struct ros_evidence again;
        ros_evidence_init(&again, NULL);
        bytes.data[bit / 8] = (char) (bytes.data[bit / 8] ^ (1 << bit % 8));
        assert_int_equal(ros_evidence_decode(bytes.data, bytes.len, &again, NULL), ROS_E_DATA);
        bytes.data[bit / 8] = (char) (bytes.data[bit / 8] ^ (1 << bit % 8));
    }
}

/* Forged records: right hash, wrong inside. Refused or read, never a step out of bounds (run it under ASan). */
static void test_forged_records(void **state)
{
    ros_auto(ros_evidence) struct ros_evidence evidence;
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    uint64_t random = 12345;
    size_t refused = 0;
    (void) state;
    sample_evidence(&evidence, SAMPLE_IDLE);
    assert_int_equal(ros_evidence_encode(&evidence, &bytes), ROS_OK);
    for (unsigned i = 0; i < MUTATIONS; i++) {
        ros_auto(ros_evidence) struct ros_evidence again;
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t at = 12 + (size_t) (random >> 33) % (bytes.len - 20);
        char old = bytes.data[at];
        static const unsigned char values[] = {0, 1, 2, 0x7F, 0x80, 0xFF};
        bytes.data[at] = (char) values[(random >> 20) % ROS_COUNT(values)];
        seal(&bytes);
        ros_evidence_init(&again, NULL);
        enum ros_code code = ros_evidence_decode(bytes.data, bytes.len, &again, NULL);
        assert_true(code == ROS_OK || code == ROS_E_DATA);
        refused += code == ROS_E_DATA;
        if (code == ROS_OK) {
            ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
            assert_int_equal(ros_evidence_encode(&again, &out), ROS_OK);
            assert_int_equal(out.len, bytes.len);
            assert_memory_equal(out.data, bytes.data, bytes.len);
        }
        bytes.data[at] = old;
    }
    assert_true(refused > MUTATIONS / 20); /* counts, lengths, kinds and the NULs after texts */
    assert_true(refused < MUTATIONS);      /* and names and numbers may be anything */
}

static void test_other_version_is_refused(void **state)
{
    ros_auto(ros_evidence) struct ros_evidence evidence;
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    struct ros_error error = ROS_ERROR_INIT;
    (void) state;
    ros_evidence_init(&evidence, NULL);
    assert_int_equal(ros_evidence_encode(&evidence, &bytes), ROS_OK);
    bytes.data[4] = 3;
    seal(&bytes);
    assert_int_equal(ros_evidence_decode(bytes.data, bytes.len, &evidence, &error), ROS_E_DATA);
    assert_non_null(strstr(error.text, "version"));
}

/* One metric with one value, whose histogram may be NULL. */
static void one_value(struct ros_evidence *evidence, struct ros_metric *metric, struct ros_metric_value *value,
                      const struct ros_histogram *histogram)
{
    *value = (struct ros_metric_value){NULL, "none", 3, 1, 10.1, 2, 60, 3600, histogram};
    *metric = (struct ros_metric){"kernel.all.cpu.idle", value, 1};
    ros_evidence_init(evidence, NULL);
    evidence->source = ROS_EVIDENCE_PCP_RAW;
    evidence->metrics = metric;
    evidence->metric_count = 1;
}

static void test_histograms_are_stored(void **state)
{
    (void) state;
    struct ros_evidence evidence;
    ros_auto(ros_evidence) struct ros_evidence again;
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    struct ros_metric metric;
    struct ros_metric_value value;
    struct ros_histogram histogram = {0};
    ros_histogram_add(&histogram, 1, 3000000);
    ros_histogram_add(&histogram, 10.1, 600000);
    ros_histogram_add(&histogram, 0, 1);
    one_value(&evidence, &metric, &value, &histogram);
    assert_int_equal(ros_evidence_encode(&evidence, &bytes), ROS_OK);
    ros_evidence_init(&again, NULL);
    assert_int_equal(ros_evidence_decode(bytes.data, bytes.len, &again, NULL), ROS_OK);
    assert_memory_equal(again.metrics[0].values[0].histogram, &histogram, sizeof histogram);
    same_evidence(&evidence, &again);
    json_t *json = ros_evidence_json(&again);
    json_t *idle = json_object_get(json_object_get(json, "metrics"), "kernel.all.cpu.idle");
    assert_true(fabs(json_number_value(json_object_get(idle, "p50")) - 1) <= 0.02);
    assert_true(json_number_value(json_object_get(idle, "p95")) <= 10.1); /* never above the max, whatever the bin */
    assert_true(json_number_value(json_object_get(idle, "p95")) > 9.8);
    json_decref(json);
    ros_evidence_done(&evidence);
    for (size_t len = 12; len + 20 < bytes.len; len++) { /* and with a right hash behind what is left */
        ros_auto(ros_evidence) struct ros_evidence cut;
        ros_auto(ros_buf) struct ros_buf short_bytes = ROS_BUF_INIT;
        ros_buf_add(&short_bytes, bytes.data, len + 8);
        short_bytes.data[8] = (char) (len - 12);
        short_bytes.data[9] = (char) ((len - 12) >> 8);
        seal(&short_bytes);
        ros_evidence_init(&cut, NULL);
        assert_int_equal(ros_evidence_decode(short_bytes.data, short_bytes.len, &cut, NULL), ROS_E_DATA);
    }
}

/* Version 1 ends a value behind its samples: the same record without the byte that says "no histogram". */
static void test_the_version_before_histograms_is_read(void **state)
{
    (void) state;
    struct ros_evidence evidence;
    ros_auto(ros_evidence) struct ros_evidence again;
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    struct ros_metric metric;
    struct ros_metric_value value;
    one_value(&evidence, &metric, &value, NULL);
    assert_int_equal(ros_evidence_encode(&evidence, &bytes), ROS_OK);
    size_t flag = bytes.len - 8 - 4 - 1; /* before the hash and the count of facts */
    assert_int_equal(bytes.data[flag], 0);
    memmove(bytes.data + flag, bytes.data + flag + 1, bytes.len - flag - 1);
    bytes.len--;
    bytes.data[4] = 1;
    bytes.data[8]--;
    seal(&bytes);
    ros_evidence_init(&again, NULL);
    assert_int_equal(ros_evidence_decode(bytes.data, bytes.len, &again, NULL), ROS_OK);
    assert_null(again.metrics[0].values[0].histogram);
    assert_true(isnan(ros_metric_quantile(&again.metrics[0].values[0], 0.5)));
    same_evidence(&evidence, &again);
    ros_evidence_done(&evidence);
}

static void test_json(void **state)
{
    static const struct ros_metric_value none = {NULL, "none", NAN, NAN, NAN, NAN, 0, NAN, NULL};
    static const struct ros_metric_value some[] = {{"a", "%", 1.5, 1, 2, NAN, 7, NAN, NULL},
                                                   {"b", "%", INFINITY, NAN, NAN, NAN, 0, NAN, NULL}};
    const struct ros_metric metrics[] = {{"one", &none, 1}, {"two", some, 2}};
    const struct ros_fact facts[] = {{.name = "n", .kind = ROS_FACT_NUM, .number = 8},
                                     {.name = "t", .kind = ROS_FACT_TEXT, .text = "x"},
                                     {.name = "b", .kind = ROS_FACT_BOOL, .truth = true}};
    struct ros_evidence evidence;
    (void) state;
    ros_evidence_init(&evidence, NULL);
    evidence.source = ROS_EVIDENCE_PCP_RAW;
    evidence.metrics = metrics;
    evidence.metric_count = 2;
    evidence.facts = facts;
    evidence.fact_count = 3;
    json_t *have = ros_evidence_json(&evidence);
    json_t *want =
        json_loads("{\"source\":\"pcp_raw\",\"metrics\":{\"one\":{\"mean\":null,\"unit\":\"none\"},\"two\":{\"a\":"
                   "{\"mean\":1.5,\"min\":1,\"max\":2,\"samples\":7,\"unit\":\"%\"},\"b\":{\"mean\":null,\"unit\":"
                   "\"%\"}}},\"facts\":{\"n\":8,\"t\":\"x\",\"b\":true}}",
                   0, NULL);
    assert_non_null(have);
    assert_true(json_equal(have, want));
    json_decref(have);
    json_decref(want);
    ros_evidence_done(&evidence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_look_ups),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_every_bit_is_guarded),
        cmocka_unit_test(test_forged_records),
        cmocka_unit_test(test_other_version_is_refused),
        cmocka_unit_test(test_histograms_are_stored),
        cmocka_unit_test(test_the_version_before_histograms_is_read),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
