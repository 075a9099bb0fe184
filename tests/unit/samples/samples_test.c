/* Made-up hosts: reproducible, of the kind they claim, and readable by the intake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "services/intake/intake.h"
#include "tools/samples/samples.h"

#define HOSTS 200u

static void make(uint64_t seed, uint64_t number, enum sample_kind kind, struct sample_host *host, struct ros_buf *out)
{
    struct ros_error error = ROS_ERROR_INIT;
    ros_buf_clear(out);
    sample_host_make(seed, number, kind, host);
    assert_int_equal(sample_archive(host, out, &error), ROS_OK);
}

static void test_same_seed_same_bytes(void **state)
{
    ros_auto(ros_buf) struct ros_buf first = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf second = ROS_BUF_INIT;
    struct sample_host host;
    (void) state;
    for (int kind = 0; kind < SAMPLE_KIND_COUNT; kind++) {
        make(7, 3, (enum sample_kind) kind, &host, &first);
        make(7, 3, (enum sample_kind) kind, &host, &second);
        assert_int_equal(first.len, second.len);
        assert_memory_equal(first.data, second.data, first.len);
        make(8, 3, (enum sample_kind) kind, &host, &second);
        assert_true(first.len != second.len || memcmp(first.data, second.data, first.len) != 0);
    }
}

static double mean_of(const struct ros_evidence *evidence, const char *name, const char *instance)
{
    const struct ros_metric_value *value = ros_metric_find(ros_evidence_metric(evidence, name), instance);
    assert_non_null(value);
    return value->mean;
}

static void check_kind(const struct sample_host *host, const struct ros_evidence *evidence)
{
    assert_string_equal(ros_evidence_text(evidence, "host.cloud"), "aws");
    assert_string_equal(ros_evidence_text(evidence, "host.instance_type"), host->type->name);
    assert_string_equal(ros_evidence_text(evidence, "host.region"), host->region);
    assert_string_equal(ros_evidence_text(evidence, "host.system_id"), host->machine_id);
    assert_float_equal(ros_evidence_fact(evidence, "host.rhel.major")->number, host->release->major, 0);
    assert_float_equal(ros_evidence_fact(evidence, "host.rhel.minor")->number, host->release->minor, 0);
    assert_int_equal(ros_evidence_fact(evidence, "host.psi_enabled")->truth, host->psi);
    if (host->kind == SAMPLE_NO_PCP) {
        assert_int_equal(evidence->source, ROS_EVIDENCE_NO_PCP);
        return;
    }
    double cpu = 1 - mean_of(evidence, "kernel.all.cpu.idle", NULL) / mean_of(evidence, "hinv.ncpu", NULL);
    double physmem = mean_of(evidence, "mem.physmem", NULL);
    double memory = (physmem - mean_of(evidence, "mem.util.available", NULL)) / physmem;
    assert_int_equal(ros_evidence_metric(evidence, "disk.dev.total")->value_count, host->disk_count);
    if (host->kind == SAMPLE_IDLE)
        assert_true(cpu < 0.05 && memory < 0.05);
    else if (host->kind == SAMPLE_UNDERSIZED)
        assert_true(cpu > 0.8 && memory > 0.8);
    else
        assert_true(cpu > 0.2 && cpu < 0.8 && memory > 0.2 && memory < 0.8);
    double pressed = host->psi ? mean_of(evidence, "kernel.all.pressure.cpu.some.avg", "1 minute") : 0;
    assert_true((pressed > 20) == (host->kind == SAMPLE_UNDER_PRESSURE));
}

static void test_kinds_are_what_they_say(void **state)
{
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    (void) state;
    for (unsigned i = 0; i < HOSTS; i++) {
        ros_auto(ros_evidence) struct ros_evidence evidence;
        struct ros_error error = ROS_ERROR_INIT;
        struct sample_host host;
        make(1, i, (enum sample_kind)(i % SAMPLE_KIND_COUNT), &host, &bytes);
        ros_evidence_init(&evidence, NULL);
        if (ros_intake_memory(bytes.data, bytes.len, NULL, &evidence, &error) != ROS_OK)
            fail_msg("host %u: %s", i, error.text);
        check_kind(&host, &evidence);
    }
}

static void test_cut_and_noise_are_refused(void **state)
{
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    ros_auto(ros_evidence) struct ros_evidence evidence;
    struct sample_host host;
    (void) state;
    ros_evidence_init(&evidence, NULL);
    make(1, 1, SAMPLE_IDLE, &host, &bytes);
    assert_int_equal(ros_intake_memory(bytes.data, bytes.len / 2, NULL, &evidence, NULL), ROS_E_ARCHIVE_DAMAGED);
    ros_buf_clear(&bytes);
    assert_int_equal(sample_noise(1, 1, 4096, &bytes), ROS_OK);
    assert_int_equal(ros_intake_memory(bytes.data, bytes.len, NULL, &evidence, NULL), ROS_E_ARCHIVE_FORMAT);
}

static void test_message(void **state)
{
    (void) state;
    for (int kind = 0; kind < SAMPLE_KIND_COUNT; kind++) {
        ros_auto(ros_buf) struct ros_buf line = ROS_BUF_INIT;
        struct sample_host host;
        const struct sample_event event = {"http://h/a \"b\".tar.gz", "o1", 1767225600000000};
        const char *id, *request_id, *request_id_again, *url, *org_id, *timestamp, *os;
        int is_v2, has_pcp, major;
        sample_host_make(1, 1, (enum sample_kind) kind, &host);
        assert_int_equal(sample_message(&host, &event, &line), ROS_OK);
        assert_ptr_equal(strchr(ros_buf_text(&line), '\n'), line.data + line.len - 1);
        json_t *message = json_loads(ros_buf_text(&line), 0, NULL);
        assert_int_equal(json_unpack(message, "{s:s, s:{s:s, s:s, s:{s:{s:s, s:i}}}, s:{s:s, s:s, s:b, s:b}, s:{s:s}}",
                                     "timestamp", &timestamp, "host", "id", &id, "org_id", &org_id, "system_profile",
                                     "operating_system", "name", &os, "major", &major, "platform_metadata", "url", &url,
                                     "request_id", &request_id, "is_ros_v2", &is_v2, "is_pcp_raw_data_collected",
                                     &has_pcp, "metadata", "request_id", &request_id_again),
                         0);
        assert_string_equal(timestamp, "2026-01-01T00:00:00+00:00");
        assert_string_equal(id, host.id);
        assert_string_equal(org_id, "o1");
        assert_string_equal(url, event.url);
        assert_string_equal(request_id, request_id_again);
        assert_string_equal(os, "RHEL");
        assert_int_equal(major, host.release->major);
        assert_true(is_v2);
        assert_int_equal(has_pcp, kind != SAMPLE_NO_PCP);
        json_decref(message);
    }
}

static void test_ids_differ(void **state)
{
    struct sample_host hosts[HOSTS];
    (void) state;
    for (unsigned i = 0; i < HOSTS; i++) {
        sample_host_make(1, i, SAMPLE_IDLE, &hosts[i]);
        assert_int_equal(strlen(hosts[i].id), 36);
        assert_int_equal(hosts[i].id[14], '4');
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(hosts[i].id, hosts[k].id);
    }
}

static void test_kind_names(void **state)
{
    (void) state;
    for (int kind = 0; kind < SAMPLE_KIND_COUNT; kind++)
        assert_int_equal(sample_kind_of(sample_kind_name((enum sample_kind) kind)), kind);
    assert_int_equal(sample_kind_of("mixed"), SAMPLE_KIND_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_bytes),
        cmocka_unit_test(test_kinds_are_what_they_say),
        cmocka_unit_test(test_cut_and_noise_are_refused),
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_ids_differ),
        cmocka_unit_test(test_kind_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
