/* Where outputs are found in an upload, and every way an upload is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <cmocka.h>

#include "services/intake/archive.h"
#include "tests/unit/intake/fixture.h"
#include "tools/samples/samples.h"

#define CPUS(n) "Architecture: x86_64\nCPU(s): " #n "\n"

/* The host.cpus that the upload gives, -1 when absent; the tar must be fine. */
static double cpus_of(struct fixture *fixture)
{
    ros_auto(ros_evidence) struct ros_evidence evidence;
    struct ros_error error = ROS_ERROR_INIT;
    fixture_end(fixture);
    if (fixture_intake(&fixture->bytes, NULL, &evidence, &error) != ROS_OK)
        fail_msg("%s", error.text);
    fixture_done(fixture);
    const struct ros_fact *fact = ros_evidence_fact(&evidence, "host.cpus");
    return fact != NULL ? fact->number : -1;
}

static void begin_host(struct fixture *fixture)
{
    fixture_begin(fixture, ARCHIVE_FILTER_NONE);
    fixture_text(fixture, "r/insights_archive.txt", "");
}

static void test_filters(void **state)
{
    static const int filters[] = {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_BZIP2};
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(filters); i++) {
        struct fixture fixture;
        fixture_begin(&fixture, filters[i]);
        fixture_text(&fixture, "r/insights_archive.txt", "");
        fixture_spec(&fixture, "r", "lscpu", "insights_commands/lscpu", CPUS(3));
        assert_float_equal(cpus_of(&fixture), 3, 0);
    }
}

static void test_data_before_meta_and_any_file_name(void **state)
{
    struct fixture fixture;
    (void) state;
    fixture_begin(&fixture, ARCHIVE_FILTER_GZIP);
    fixture_text(&fixture, "./r//data/odd name", CPUS(5));
    fixture_meta(&fixture, "./r", "lscpu", "odd name");
    fixture_text(&fixture, "./r/insights_archive.txt", "");
    assert_float_equal(cpus_of(&fixture), 5, 0);
}

static void test_shallowest_root(void **state)
{
    struct fixture fixture;
    (void) state;
    fixture_begin(&fixture, ARCHIVE_FILTER_NONE);
    fixture_text(&fixture, "a/b/insights_archive.txt", "");
    fixture_spec(&fixture, "a/b", "lscpu", "lscpu", CPUS(7));
    fixture_text(&fixture, "z/insights_archive.txt", "");
    fixture_spec(&fixture, "z", "lscpu", "lscpu", CPUS(8));
    fixture_text(&fixture, "y/insights_archive.txt", "");
    fixture_spec(&fixture, "y", "lscpu", "lscpu", CPUS(9));
    assert_float_equal(cpus_of(&fixture), 9, 0); /* y and z are shallower than a/b; y comes first */

    fixture_begin(&fixture, ARCHIVE_FILTER_NONE);
    fixture_text(&fixture, "insights_archive.txt", "");
    fixture_text(&fixture, "data/lscpu", CPUS(4));
    fixture_text(&fixture, "meta_data/x",
                 "{\"name\":\"insights.specs.Specs.lscpu\",\"exec_time\":1,\"ser_time\":1,\"results\":"
                 "{\"type\":\"RawFileProvider\",\"object\":{\"relative_path\":\"lscpu\"}}}");
    assert_float_equal(cpus_of(&fixture), 4, 0);
}

static void test_meta_that_does_not_count(void **state)
{
    static const char *const documents[] = {
        "{\"name\":\"insights.specs.Specs.lscpu\",\"exec_time\":1,\"ser_time\":1,\"results\":null}",
        "{\"name\":\"insights.specs.Specs.lscpu\",\"exec_time\":1,\"results\":{\"type\":\"RawFileProvider\","
        "\"object\":{\"relative_path\":\"lscpu\"}}}",
        "{\"name\":\"insights.specs.Specs.lscpu\",\"exec_time\":1,\"ser_time\":1,\"results\":{\"type\":\"Odd\","
        "\"object\":{\"relative_path\":\"lscpu\"}}}",
        "{\"name\":\"insights.specs.Specs.lscpu\",\"exec_time\":1,\"ser_time\":1,\"results\":{\"type\":"
        "\"TextFileProvider\",\"object\":{\"relative_path\":\"lscpu\"}}}",
        "{\"name\":\"insights.specs.Specs.lscpu\",\"exec_time\":1,\"ser_time\":1,\"results\":[{\"type\":"
        "\"RawFileProvider\",\"object\":{\"relative_path\":\"lscpu\"}}]}",
        "{\"name\":\"insights.specs.Specs.other\",\"exec_time\":1,\"ser_time\":1,\"results\":{\"type\":"
        "\"RawFileProvider\",\"object\":{\"relative_path\":\"lscpu\"}}}",
        "{\"name\":\"insights.specs.Specs.lscpu\",\"exec_time\":1,\"ser_time\":1,\"results\":{\"type\":"
        "\"RawFileProvider\",\"object\":{\"relative_path\":7}}}",
        "{\"name\":\"insights.specs.Specs.lscpu\",\"exec_time\":1,\"ser_time\":1,\"results\":{\"type\":"
        "\"RawFileProvider\",\"object\":{\"relative_path\":\"../../x/lscpu\"}}}",
        "{\"name\":\"insights.specs.Specs.lscpu\"",
        "[]",
        "",
    };
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(documents); i++) {
        struct fixture fixture;
        begin_host(&fixture);
        fixture_text(&fixture, "r/data/lscpu", CPUS(2));
        fixture_text(&fixture, "x/lscpu", CPUS(2));
        fixture_text(&fixture, "r/meta_data/x.json", documents[i]);
        if (cpus_of(&fixture) >= 0)
            fail_msg("document %zu counted", i);
    }
}

static void test_links(void **state)
{
    static const struct {
        const char *path, *target;
        bool hard;
        double cpus;
    } links[] = {
        {"r/data/lscpu", "real", false, 6},
        {"r/data/lscpu", "./../data/real", false, 6},
        {"r/data/lscpu", "../../r/data/real", false, 6},
        {"r/data/lscpu", "r/data/real", true, 6},
        {"r/data/lscpu", "../../out", false, -1},
        {"r/data/lscpu", "../../../../r/data/real", false, -1},
        {"r/data/lscpu", "/etc/passwd", false, -1},
        {"r/data/lscpu", "lscpu", false, -1},
        {"r/data/lscpu", "nothing", false, -1},
        {"r/data/lscpu", "out", true, -1},
    };
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(links); i++) {
        struct fixture fixture;
        begin_host(&fixture);
        fixture_meta(&fixture, "r", "lscpu", "lscpu");
        fixture_text(&fixture, "out", CPUS(1));
        fixture_text(&fixture, "r/data/real", CPUS(6));
        (links[i].hard ? fixture_hardlink : fixture_symlink)(&fixture, links[i].path, links[i].target);
        double cpus = cpus_of(&fixture);
        if (cpus != links[i].cpus)
            fail_msg("link %zu gives %g", i, cpus);
    }
    struct fixture fixture; /* through a folder that is a link; and a file that takes a link's place */
    begin_host(&fixture);
    fixture_meta(&fixture, "r", "lscpu", "cmds/lscpu");
    fixture_symlink(&fixture, "r/data/cmds", "there");
    fixture_text(&fixture, "r/data/there/lscpu", CPUS(11));
    assert_float_equal(cpus_of(&fixture), 11, 0);
    begin_host(&fixture);
    fixture_meta(&fixture, "r", "lscpu", "lscpu");
    fixture_symlink(&fixture, "r/data/lscpu", "other");
    fixture_text(&fixture, "r/data/lscpu", CPUS(12));
    assert_float_equal(cpus_of(&fixture), 12, 0);
}

static void test_passed_over(void **state)
{
    static const char *const paths[] = {"r/dev/data/lscpu", "/r/data/lscpu", "r/../r/data/lscpu", "r/data/l\x01scpu"};
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(paths); i++) {
        struct fixture fixture;
        begin_host(&fixture);
        fixture_meta(&fixture, "r", "lscpu", i == 0 ? "../dev/data/lscpu" : "lscpu");
        fixture_text(&fixture, paths[i], CPUS(2));
        if (cpus_of(&fixture) >= 0)
            fail_msg("path %zu was taken", i);
    }
}

static void test_rejected_outputs(void **state)
{
    static const char *const outputs[] = {"bash: lscpu: Command Not Found\n", "/x: No such file or directory\n",
                                          "x\nMissing Dependencies: a\n" CPUS(2)};
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(outputs); i++) {
        struct fixture fixture;
        begin_host(&fixture);
        fixture_spec(&fixture, "r", "lscpu", "lscpu", outputs[i]);
        assert_float_equal(cpus_of(&fixture), -1, 0);
    }
    struct fixture fixture;
    begin_host(&fixture);
    fixture_spec(&fixture, "r", "lscpu", "lscpu", "command not found\n" CPUS(2));
    assert_float_equal(cpus_of(&fixture), 2, 0);
}

static void test_formats_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *word;
    } inputs[] = {
        {"", 0, "empty"},
        {"PK\x03\x04 and so on", 14, "zip"},
        {"\x28\xb5\x2f\xfd..........", 14, "zstd"},
        {"7z\xbc\xaf\x27\x1c......", 12, "7z"},
        {"Rar!......", 10, "rar"},
        {"hello, world\n", 13, "not a tar"},
    };
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(inputs); i++) {
        ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
        ros_buf_add(&bytes, inputs[i].bytes, inputs[i].len);
        fixture_refused(&bytes, NULL, ROS_E_ARCHIVE_FORMAT, inputs[i].word);
    }
    ros_auto(ros_buf) struct ros_buf noise = ROS_BUF_INIT;
    assert_int_equal(sample_noise(1, 1, 4096, &noise), ROS_OK);
    fixture_refused(&noise, NULL, ROS_E_ARCHIVE_FORMAT, "not a tar");
    struct fixture empty;
    fixture_begin(&empty, ARCHIVE_FILTER_GZIP);
    fixture_end(&empty);
    fixture_refused(&empty.bytes, NULL, ROS_E_ARCHIVE_FORMAT, "");
    fixture_done(&empty);
}

static void test_damage_refused(void **state)
{
    static const int filters[] = {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_BZIP2};
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(filters); i++) {
        struct fixture fixture;
        char noise[20000];
        for (size_t k = 0; k < sizeof(noise); k++)
            noise[k] = (char) (unsigned char) (k * k >> 5);
        fixture_begin(&fixture, filters[i]);
        fixture_text(&fixture, "r/insights_archive.txt", "");
        fixture_file(&fixture, "r/data/x", noise, sizeof(noise));
        fixture_end(&fixture);
        fixture.bytes.len = fixture.bytes.len * 3 / 4;
        fixture_refused(&fixture.bytes, NULL, ROS_E_ARCHIVE_DAMAGED, "damaged");
        fixture_done(&fixture);
    }
}

static void test_no_root(void **state)
{
    struct fixture fixture;
    (void) state;
    fixture_begin(&fixture, ARCHIVE_FILTER_GZIP);
    fixture_text(&fixture, "r/insights_archive.txt.old", "");
    fixture_end(&fixture);
    fixture_refused(&fixture.bytes, NULL, ROS_E_ARCHIVE_ROOT, "insights_archive.txt");
    fixture_done(&fixture);
}

static void test_raw_pcp(void **state)
{
    static const char summary[] = "hinv.ncpu  2.000 none\n";
    (void) state;
    for (int with_summary = 0; with_summary < 2; with_summary++) {
        struct fixture fixture;
        begin_host(&fixture);
        fixture_text(&fixture, "r/data/var/log/pcp/pmlogger/20260101.index", "x");
        fixture_text(&fixture, "r/data/var/log/pcp/pmlogger/20260101.0.xz", "x");
        if (with_summary)
            fixture_spec(&fixture, "r", "pmlog_summary", "insights_commands/pmlogsummary", summary);
        fixture_end(&fixture);
        if (with_summary) {
            ros_auto(ros_evidence) struct ros_evidence evidence;
            assert_int_equal(fixture_intake(&fixture.bytes, NULL, &evidence, NULL), ROS_OK);
            assert_int_equal(evidence.source, ROS_EVIDENCE_PCP_TEXT);
        } else {
            fixture_refused(&fixture.bytes, NULL, ROS_E_PCP_RAW, "yet");
        }
        fixture_done(&fixture);
    }
    struct fixture fixture; /* a raw archive elsewhere is only a file */
    begin_host(&fixture);
    fixture_text(&fixture, "other/data/var/log/pcp/pmlogger/20260101.index", "x");
    assert_float_equal(cpus_of(&fixture), -1, 0);
}

static void test_limits(void **state)
{
    (void) state;
    struct ros_intake_limits limits;
    struct fixture fixture;
    char text[3000];
    memset(text, 'a', sizeof(text));
    begin_host(&fixture);
    fixture_meta(&fixture, "r", "lscpu", "lscpu");
    fixture_file(&fixture, "r/data/lscpu", text, sizeof(text));
    fixture_end(&fixture);
    static const struct {
        const char *name;
        size_t offset;
        uint64_t tight, enough;
    } rows[] = {
        {"compressed_bytes", offsetof(struct ros_intake_limits, compressed_bytes), 2000, 20480},
        {"unpacked_bytes", offsetof(struct ros_intake_limits, unpacked_bytes), 2000, 20480},
        {"entries", offsetof(struct ros_intake_limits, entries), 2, 3},
        {"path_bytes", offsetof(struct ros_intake_limits, path_bytes), 21, 22},
        {"kept_entry_bytes", offsetof(struct ros_intake_limits, kept_entry_bytes), 2999, 3000},
        {"kept_bytes", offsetof(struct ros_intake_limits, kept_bytes), 2999, 4000},
    };
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        uint64_t *limit = (uint64_t *) (void *) ((char *) &limits + rows[i].offset);
        ros_intake_limits_init(&limits);
        *limit = rows[i].tight;
        fixture_refused(&fixture.bytes, &limits, ROS_E_ARCHIVE_LIMIT, rows[i].name);
        *limit = rows[i].enough;
        ros_auto(ros_evidence) struct ros_evidence evidence;
        struct ros_error error = ROS_ERROR_INIT;
        if (fixture_intake(&fixture.bytes, &limits, &evidence, &error) != ROS_OK)
            fail_msg("%s: %s", rows[i].name, error.text);
    }
    fixture_done(&fixture);
}

static void test_bombs(void **state)
{
    static const int filters[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_BZIP2};
    static char zeros[1 << 20];
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(filters); i++) {
        struct fixture fixture;
        struct ros_intake_limits limits;
        fixture_begin(&fixture, filters[i]);
        fixture_text(&fixture, "r/insights_archive.txt", "");
        for (int n = 0; n < 40; n++)
            fixture_file(&fixture, "r/data/zeros", zeros, sizeof(zeros));
        fixture_end(&fixture);
        ros_intake_limits_init(&limits);
        fixture_refused(&fixture.bytes, &limits, ROS_E_ARCHIVE_LIMIT, "ratio");
        limits.ratio = UINT64_MAX;
        limits.unpacked_bytes = 1 << 20;
        fixture_refused(&fixture.bytes, &limits, ROS_E_ARCHIVE_LIMIT, "unpacked_bytes");
        if (filters[i] == ARCHIVE_FILTER_XZ) {
            limits.xz_memory_bytes = 1 << 20;
            fixture_refused(&fixture.bytes, &limits, ROS_E_ARCHIVE_LIMIT, "xz_memory_bytes");
        }
        fixture_done(&fixture);
    }
}

static void test_path_clean(void **state)
{
    char out[16];
    (void) state;
    assert_true(ros__path_clean("./a//b/./c/", out, sizeof(out)));
    assert_string_equal(out, "a/b/c");
    assert_true(ros__path_clean("", out, sizeof(out)));
    assert_string_equal(out, "");
    assert_false(ros__path_clean("a/../b", out, sizeof(out)));
    assert_false(ros__path_clean("a\x7f", out, sizeof(out)));
    assert_true(ros__path_clean("12345678901234", out, sizeof(out)));
    assert_false(ros__path_clean("123456789012345", out, sizeof(out)));
}

static void test_file_pipe_and_offset(void **state)
{
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    ros_auto(ros_evidence) struct ros_evidence by_fd;
    ros_auto(ros_evidence) struct ros_evidence by_pipe;
    struct ros_error error = ROS_ERROR_INIT;
    (void) state;
    fixture_sample(&bytes, 3, SAMPLE_OPTIMISED);
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite("skip", 1, 4, file), 4);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(lseek(fileno(file), 4, SEEK_SET), 4);
    ros_evidence_init(&by_fd, NULL);
    assert_int_equal(ros_intake_fd(fileno(file), NULL, &by_fd, &error), ROS_OK);
    assert_int_equal(by_fd.source, ROS_EVIDENCE_PCP_TEXT);
    fclose(file);

    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_true(bytes.len < 65536); /* what a pipe holds */
    assert_int_equal(write(ends[1], bytes.data, bytes.len), (ssize_t) bytes.len);
    close(ends[1]);
    ros_evidence_init(&by_pipe, NULL);
    assert_int_equal(ros_intake_fd(ends[0], NULL, &by_pipe, &error), ROS_OK);
    assert_int_equal(by_pipe.fact_count, by_fd.fact_count);
    close(ends[0]);

    assert_int_equal(ros_intake_file("/nonexistent/x", NULL, &by_pipe, &error), ROS_E_NOT_FOUND);
    assert_int_equal(ros_intake_file("/", NULL, &by_pipe, &error), ROS_E_ARCHIVE_FORMAT);
    assert_int_equal(ros_intake_fd(-1, NULL, &by_pipe, &error), ROS_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_data_before_meta_and_any_file_name),
        cmocka_unit_test(test_shallowest_root),
        cmocka_unit_test(test_meta_that_does_not_count),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_passed_over),
        cmocka_unit_test(test_rejected_outputs),
        cmocka_unit_test(test_formats_refused),
        cmocka_unit_test(test_damage_refused),
        cmocka_unit_test(test_no_root),
        cmocka_unit_test(test_raw_pcp),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_path_clean),
        cmocka_unit_test(test_file_pipe_and_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
