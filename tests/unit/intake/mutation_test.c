/*
 * Uploads with wrong bytes: in the compressed stream, in the tar, in one output. Whatever comes in, an intake ends with
 * evidence or with one of its own codes, in bounded time; under ASan and UBSan it must also end cleanly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <archive.h>
#include <cmocka.h>

#include "services/intake/parse.h"
#include "tests/unit/intake/fixture.h"
#include "tools/samples/samples.h"

#define STREAM_ROUNDS 12000u
#define TAR_ROUNDS 40000u
#define SUMMARY_ROUNDS 150000u

static uint64_t random_state = 0x5eed;

static size_t random_below(size_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t) (random_state >> 33) % n;
}

/* Some bytes changed, a part moved, or the end cut off. */
static void mutate(char *data, size_t *len)
{
    static const char values[] = {0, 1, ' ', '\n', '"', '[', ']', '/', '.', '9', '-', '\x7f', '\x80', '\xff'};
    size_t n = 1 + random_below(4);
    while (n-- > 0)
        data[random_below(*len)] = random_below(2) ? values[random_below(sizeof(values))] : (char) random_below(256);
    if (random_below(8) == 0)
        *len = 1 + random_below(*len);
    if (random_below(8) == 0) {
        size_t part = random_below(*len / 2 + 1);
        memmove(data + random_below(*len - part + 1), data + random_below(*len - part + 1), part);
    }
}

static size_t accepted;

static void intake_of(const char *data, size_t len)
{
    ros_auto(ros_evidence) struct ros_evidence evidence;
    struct ros_error error = ROS_ERROR_INIT;
    ros_evidence_init(&evidence, NULL);
    enum ros_code code = ros_intake_memory(data, len, NULL, &evidence, &error);
    switch (code) {
    case ROS_OK:
        accepted++;
        break;
    case ROS_E_ARCHIVE_FORMAT:
    case ROS_E_ARCHIVE_DAMAGED:
    case ROS_E_ARCHIVE_LIMIT:
    case ROS_E_ARCHIVE_ROOT:
        assert_int_equal(error.code, code);
        assert_true(error.text[0] != '\0');
        assert_int_equal(evidence.metric_count + evidence.fact_count, 0);
        break;
    default:
        fail_msg("%s: %s", ros_code_name(code), error.text);
    }
}

/* Whole hosts, and a tar with links, told apart by number. */
static void seed_of(int number, int filter, struct ros_buf *out)
{
    struct fixture fixture;
    if (number < SAMPLE_KIND_COUNT && filter == ARCHIVE_FILTER_GZIP) {
        fixture_sample(out, (uint64_t) number, number);
        return;
    }
    fixture_begin(&fixture, filter);
    fixture_text(&fixture, "r/insights_archive.txt", "");
    fixture_spec(&fixture, "r", "lscpu", "insights_commands/lscpu", "CPU(s): 2\nArchitecture: x86_64\n");
    fixture_spec(&fixture, "r", "pmlog_summary", "insights_commands/pmlogsummary",
                 "hinv.ncpu 2.000 none\ndisk.dev.total [\"sda\"] 1.5 count / sec\n");
    fixture_spec(&fixture, "r", "dmidecode", "d", "# d\nBIOS Information\n\tVendor: Amazon\n\nSystem Information\n");
    fixture_spec(&fixture, "r", "aws_instance_id_doc", "i", "{\"instanceType\": \"m5.large\", \"region\": \"x\"}");
    fixture_meta(&fixture, "r", "uname", "u/v");
    fixture_symlink(&fixture, "r/data/u", "../data/w");
    fixture_text(&fixture, "r/data/w/v", "Linux h 4.18.0-305.el8.x86_64 #1\n");
    fixture_hardlink(&fixture, "r/data/x", "r/data/w/v");
    fixture_end(&fixture);
    *out = fixture.bytes;
}

static void run(unsigned rounds, const int *filters, size_t filter_count)
{
    accepted = 0;
    for (unsigned i = 0; i < rounds; i += 100) {
        ros_auto(ros_buf) struct ros_buf seed = ROS_BUF_INIT;
        ros_auto(ros_buf) struct ros_buf work = ROS_BUF_INIT;
        seed_of((int) random_below(SAMPLE_KIND_COUNT + 2), filters[random_below(filter_count)], &seed);
        for (unsigned k = 0; k < 100; k++) {
            ros_buf_clear(&work);
            assert_int_equal(ros_buf_add(&work, seed.data, seed.len), ROS_OK);
            size_t len = work.len;
            mutate(work.data, &len);
            intake_of(work.data, len);
        }
    }
}

static void test_streams(void **state)
{
    static const int filters[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_BZIP2};
    (void) state;
    run(STREAM_ROUNDS, filters, ROS_COUNT(filters));
}

static void test_tars(void **state)
{
    static const int filters[] = {ARCHIVE_FILTER_NONE};
    (void) state;
    run(TAR_ROUNDS, filters, ROS_COUNT(filters));
    assert_true(accepted > TAR_ROUNDS / 50); /* a wrong byte in an output is no damage */
    assert_true(accepted < TAR_ROUNDS);
}

static void test_summaries(void **state)
{
    static const char text[] = "hinv.ncpu  2.000 none\ndisk.dev.total [\"sda\"] 54.117 count / sec\n"
                               "disk.dev.total [\"sdb\"] - insufficient archive data.\n*x.y [\"a]b\"] 1 none\n"
                               "kernel.all.pressure.cpu.some.avg [\"1 minute\"] 0.060 none\nmem.physmem 8e5 Kbyte\n";
    (void) state;
    for (unsigned i = 0; i < SUMMARY_ROUNDS; i++) {
        ros_auto(ros_arena) struct ros_arena scratch;
        ros_auto(ros_evidence) struct ros_evidence evidence;
        ros_auto(ros_buf) struct ros_buf record = ROS_BUF_INIT;
        char work[sizeof(text)];
        size_t len = sizeof(text) - 1;
        struct ros__slice clean;
        memcpy(work, text, sizeof(text));
        mutate(work, &len);
        ros_arena_init(&scratch, NULL, 0);
        ros_evidence_init(&evidence, NULL);
        assert_int_equal(ros__text_clean(&scratch, work, len, &clean), ROS_OK);
        assert_int_equal(ros__pmlog_read(clean, &scratch, &evidence, NULL), ROS_OK);
        assert_int_equal(ros_evidence_encode(&evidence, &record), ROS_OK);
        ros_evidence_done(&evidence);
        assert_int_equal(ros_evidence_decode(record.data, record.len, &evidence, NULL), ROS_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_tars),
        cmocka_unit_test(test_summaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
