/* A program and its bundle are the same program: checksum, listing, verdicts; and each program has one bundle. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "grammar/open.h"
#include "interp/base/limits.h"
#include "tests/unit/base/failing_alloc.h"
#include "tests/unit/base/test.h"
#include "tests/unit/bundle/sample.h"

static void write(const struct ros_program *program, const struct ros_bundle_sources *sources, struct ros_buf *out)
{
    struct ros_error err = ROS_ERROR_INIT;
    if (ros_bundle_write(program, sources, "test", out, &err) != ROS_OK)
        fail_msg("%s", err.text);
}

static struct ros_program *read(const struct ros_buf *bundle)
{
    struct ros_program *program = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    if (ros_bundle_read(bundle->data, bundle->len, NULL, &program, &err) != ROS_OK)
        fail_msg("%s", err.text);
    return program;
}

static void assert_same_text(const struct ros_buf *a, const struct ros_buf *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->data, b->data, a->len);
}

static void expect_round_trip(struct ros_program *program, const struct ros_bundle_sources *sources, unsigned hosts)
{
    ros_auto(ros_buf) struct ros_buf bundle = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf again = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf verdicts = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf other_verdicts = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf listing = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf other_listing = ROS_BUF_INIT;
    write(program, sources, &bundle);
    struct ros_program *other = read(&bundle);
    assert_string_equal(ros_program_checksum(program), ros_program_checksum(other));
    assert_string_equal(ros_program_name(program), ros_program_name(other));
    assert_string_equal(ros_program_version(program), ros_program_version(other));
    assert_int_equal(ros_program_cost(program), ros_program_cost(other));
    assert_int_equal(ros_program_disasm(program, &listing), ROS_OK);
    assert_int_equal(ros_program_disasm(other, &other_listing), ROS_OK);
    assert_same_text(&listing, &other_listing);
    sample_verdicts(program, hosts, &verdicts);
    sample_verdicts(other, hosts, &other_verdicts);
    assert_same_text(&verdicts, &other_verdicts);
    assert_non_null(strstr(ros_buf_text(&verdicts), "skipped 0"));
    assert_non_null(strstr(ros_buf_text(&verdicts), "rule 0 certain"));
    write(other, sources, &again);
    assert_same_text(&bundle, &again);
    print_message("%zu bytes, %u hosts\n", bundle.len, hosts);
    ros_program_unref(other);
    ros_program_unref(program);
}

static void test_round_trip(void **state)
{
    (void) state;
    expect_round_trip(sample_program(false, NULL), &sample_sources, 400);
    expect_round_trip(sample_program(true, NULL), &sample_sources, 400);
    expect_round_trip(sample_program(true, NULL), NULL, 4);
    expect_round_trip(sample_shipped("rules/rightsizing.ros"), NULL, 400);
    expect_round_trip(sample_shipped("rules"), NULL, 40);
}

/* Whatever memory, place and locale: the same bytes. */
static void test_the_same_sources_give_the_same_bytes(void **state)
{
    (void) state;
    static const char *const locales[] = {"", "de_DE.UTF-8", "tr_TR.UTF-8", "C"};
    struct failing_alloc counting;
    ros_auto(ros_buf) struct ros_buf first = ROS_BUF_INIT;
    struct ros_program *program = sample_program(false, NULL);
    write(program, &sample_sources, &first);
    ros_program_unref(program);
    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
        ros_auto(ros_buf) struct ros_buf bundle = ROS_BUF_INIT;
        failing_alloc_init(&counting, 0, false);
        (void) setlocale(LC_ALL, locales[i]); /* where the machine has it */
        program = sample_program(false, &counting.alloc);
        write(program, &sample_sources, &bundle);
        assert_same_text(&first, &bundle);
        ros_program_unref(program);
        assert_int_equal(counting.live_count, 0);
    }
}

static void test_another_program_is_another_bundle(void **state)
{
    (void) state;
    ros_auto(ros_buf) struct ros_buf first = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf every = ROS_BUF_INIT;
    struct ros_program *a = sample_program(false, NULL);
    struct ros_program *b = sample_program(true, NULL);
    write(a, NULL, &first);
    write(b, NULL, &every);
    struct ros_program *c = read(&every);
    assert_string_not_equal(ros_program_checksum(a), ros_program_checksum(c));
    assert_true(first.len != every.len || memcmp(first.data, every.data, first.len) != 0);
    ros_program_unref(a);
    ros_program_unref(b);
    ros_program_unref(c);
}

static void test_sources_go_along(void **state)
{
    (void) state;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_auto(ros_buf) struct ros_buf with = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf without = ROS_BUF_INIT;
    ros_arena_init(&arena, NULL, 0);
    struct ros_bundle_sources read_back = {NULL, NULL, 0};
    struct ros_program *program = sample_program(false, NULL);
    write(program, &sample_sources, &with);
    write(program, NULL, &without);
    ros_program_unref(program);
    assert_int_equal(ros_bundle_read_sources(with.data, with.len, &arena, &read_back, NULL), ROS_OK);
    assert_string_equal(read_back.main, sample_sources.main);
    assert_int_equal(read_back.count, sample_sources.count);
    for (size_t i = 0; i < read_back.count; i++) {
        assert_int_equal(read_back.items[i].kind, sample_sources.items[i].kind);
        assert_string_equal(read_back.items[i].name, sample_sources.items[i].name);
        assert_string_equal(read_back.items[i].text, sample_sources.items[i].text);
        assert_int_equal(read_back.items[i].len, sample_sources.items[i].len);
    }
    assert_int_equal(ros_bundle_read_sources(without.data, without.len, &arena, &read_back, NULL), ROS_E_NOT_FOUND);
}

/* --- another time's bundles --------------------------------------------------------------------------------------- */

static void expect_refusal(struct ros_buf *bundle, size_t at, char value, enum ros_code expected, const char *why)
{
    struct ros_program *program = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    char was = bundle->data[at];
    bundle->data[at] = value;
    assert_int_equal(ros_bundle_read(bundle->data, bundle->len, NULL, &program, &err), expected);
    assert_null(program);
    if (strstr(err.text, why) == NULL)
        fail_msg("`%s` is not why: %s", why, err.text);
    bundle->data[at] = was;
}

static void test_versions_are_told(void **state)
{
    (void) state;
    ros_auto(ros_buf) struct ros_buf bundle = ROS_BUF_INIT;
    struct ros_program *program = sample_program(false, NULL);
    write(program, NULL, &bundle);
    ros_program_unref(program);
    expect_refusal(&bundle, 0, 'r', ROS_E_BUNDLE, "does not begin with ROSB");
    expect_refusal(&bundle, 4, ROS_BUNDLE_FORMAT + 1, ROS_E_UNSUPPORTED, "format 2; this build reads format 1");
    expect_refusal(&bundle, 6, ROS_BUNDLE_LANGUAGE + 1, ROS_E_UNSUPPORTED, "language 2");
    expect_refusal(&bundle, 8, (char) (bundle.data[8] + 1), ROS_E_BUNDLE, "that the header says");
    expect_refusal(&bundle, 16, (char) (bundle.data[16] + 1), ROS_E_BUNDLE, "SHA-256");
    ros_program_unref(read(&bundle));
}

static void drop_cost(struct ros_buf *verdicts)
{
    for (char *at = verdicts->data; (at = strstr(at, " cost ")) != NULL;)
        for (at += strlen(" cost "); *at >= '0' && *at <= '9'; at++)
            *at = '#';
}

/* The program that the sources in a bundle make today. */
static struct ros_program *compile_sources(const char *path)
{
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_unit *unit = NULL;
    struct ros_program *program = NULL;
    assert_int_equal(ros_open_unit(path, NULL, &arena, &diags, &unit, NULL), ROS_OK);
    assert_int_equal(ros_program_compile(unit, NULL, &diags, &program, NULL), ROS_OK);
    return program;
}

/* A bundle of an earlier build is read, and then decides as its sources do today, or it is refused in words. */
static void try_kept_bundle(const char *name)
{
    ros_auto(ros_buf) struct ros_buf path = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf bundle = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf verdicts = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf today = ROS_BUF_INIT;
    struct ros_program *program = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    ros_buf_printf(&path, "%s/tests/golden/%s", getenv("ROS_SOURCE_DIR"), name);
    assert_int_equal(ros_file_read(ros_buf_text(&path), ROS_LIMIT_BUNDLE_BYTES, &bundle, &err), ROS_OK);
    enum ros_code code = ros_bundle_read(bundle.data, bundle.len, NULL, &program, &err);
    print_message("%s: %s\n", name, code == ROS_OK ? "read" : err.text);
    if (code != ROS_OK) {
        assert_int_equal(code, ROS_E_UNSUPPORTED);
        assert_non_null(strstr(err.text, "this build"));
        return;
    }
    struct ros_program *other = compile_sources(ros_buf_text(&path));
    sample_verdicts(program, 100, &verdicts);
    sample_verdicts(other, 100, &today);
    /* what it costs is the compiler's to change; what is decided is not */
    drop_cost(&verdicts);
    drop_cost(&today);
    assert_string_equal(ros_buf_text(&verdicts), ros_buf_text(&today));
    ros_program_unref(other);
    ros_program_unref(program);
}

static void test_kept_bundles(void **state)
{
    (void) state;
    static const char *const names[] = {"format-1-a.rosb", "format-1-b.rosb"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        try_kept_bundle(names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip),
                                       cmocka_unit_test(test_the_same_sources_give_the_same_bytes),
                                       cmocka_unit_test(test_another_program_is_another_bundle),
                                       cmocka_unit_test(test_sources_go_along),
                                       cmocka_unit_test(test_versions_are_told),
                                       cmocka_unit_test(test_kept_bundles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
