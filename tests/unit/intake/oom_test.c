/*
 * The allocations of an intake refused, one at a time (the first 64 all, later ones by growing steps): each must end in
 * ROS_E_OOM with empty evidence and no leak. libarchive's and jansson's own memory is theirs and is not refused here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/intake/fixture.h"
#include "tools/samples/samples.h"

struct failing {
    uint64_t calls;
    uint64_t refuse; /* number of the call to refuse, from 1 */
    uint64_t held_bytes;
};

static void *failing_call(void *context, void *old, size_t old_size, size_t size)
{
    struct failing *failing = context;
    const struct ros_alloc *libc = ros_alloc_libc();
    if (size != 0 && ++failing->calls == failing->refuse)
        return NULL;
    void *data = libc->call(libc->context, old, old_size, size);
    failing->held_bytes += size - (old != NULL ? old_size : 0);
    return data;
}

/* False when the refused call was never reached. */
static bool refuse(const struct ros_buf *upload, uint64_t number)
{
    struct failing failing = {0, number, 0};
    const struct ros_alloc alloc = {failing_call, &failing};
    struct ros_evidence evidence;
    struct ros_error error = ROS_ERROR_INIT;
    ros_evidence_init(&evidence, &alloc);
    enum ros_code code = ros_intake_memory(upload->data, upload->len, NULL, &evidence, &error);
    bool reached = failing.calls >= number;
    if (reached) {
        assert_int_equal(code, ROS_E_OOM);
        assert_int_equal(error.code, ROS_E_OOM);
        assert_int_equal(evidence.metric_count + evidence.fact_count, 0);
    } else {
        assert_int_equal(code, ROS_OK);
    }
    ros_evidence_done(&evidence);
    assert_int_equal(failing.held_bytes, 0);
    return reached;
}

static void test_intake(void **state)
{
    (void) state;
    for (int kind = 0; kind < SAMPLE_KIND_COUNT; kind++) {
        ros_auto(ros_buf) struct ros_buf upload = ROS_BUF_INIT;
        uint64_t number = 1;
        fixture_sample(&upload, 1, kind);
        while (refuse(&upload, number))
            number += 1 + number / 64;
        assert_true(number > 5);
    }
}

static void test_many_small_blocks(void **state)
{
    /* 3,000 disks, so that the arenas need many blocks */
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    struct fixture fixture;
    (void) state;
    for (int i = 0; i < 3000; i++)
        ros_buf_printf(&text, "disk.dev.total [\"sd%d\"] %d.5 count / sec\n", i, i);
    fixture_begin(&fixture, 0);
    fixture_text(&fixture, "r/insights_archive.txt", "");
    fixture_spec(&fixture, "r", "pmlog_summary", "p", ros_buf_text(&text));
    fixture_symlink(&fixture, "r/data/q", "p");
    fixture_meta(&fixture, "r", "lscpu", "q");
    fixture_end(&fixture);
    uint64_t number = 1;
    while (refuse(&fixture.bytes, number)) /* an arena under ASan asks for each object alone: not all of them then */
        number += 1 + number / 16;
    assert_true(number > 10);
    fixture_done(&fixture);
}

static void test_decode(void **state)
{
    ros_auto(ros_buf) struct ros_buf upload = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf record = ROS_BUF_INIT;
    ros_auto(ros_evidence) struct ros_evidence evidence;
    (void) state;
    fixture_sample(&upload, 1, SAMPLE_IDLE);
    assert_int_equal(fixture_intake(&upload, NULL, &evidence, NULL), ROS_OK);
    assert_int_equal(ros_evidence_encode(&evidence, &record), ROS_OK);
    struct failing failing = {0, 1, 0};
    const struct ros_alloc alloc = {failing_call, &failing};
    struct ros_evidence again;
    ros_evidence_init(&again, &alloc);
    assert_int_equal(ros_evidence_decode(record.data, record.len, &again, NULL), ROS_E_OOM);
    assert_int_equal(again.metric_count + again.fact_count, 0);
    assert_int_equal(ros_evidence_decode(record.data, record.len, &again, NULL), ROS_OK); /* it was as before */
    ros_evidence_done(&again);
    assert_int_equal(failing.held_bytes, 0);

    struct ros_buf out;
    failing = (struct failing){0, 1, 0};
    ros_buf_init(&out, &alloc, 0);
    assert_int_equal(ros_evidence_encode(&evidence, &out), ROS_E_OOM);
    ros_buf_done(&out);
    ros_buf_init(&out, NULL, 100);
    assert_int_equal(ros_evidence_encode(&evidence, &out), ROS_E_LIMIT);
    ros_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intake),
        cmocka_unit_test(test_many_small_blocks),
        cmocka_unit_test(test_decode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
