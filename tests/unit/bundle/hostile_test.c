/*
 * What a bundle may not do to whoever reads it, whoever wrote it: damage is refused; what is changed and sealed again
 * is refused, or is a program that runs within its cost; no memory is needed that cannot be missing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interp/bundle/codec.h"
#include "tests/unit/base/failing_alloc.h"
#include "tests/unit/base/test.h"
#include "tests/unit/bundle/sample.h"

#define HOSTS 12

struct fixture {
    struct ros_buf bundle;
    struct ros_buf verdicts; /* of the program as it was written */
    char checksum[65];
    char compiler[16]; /* that the bundle says made it */
};

static void open_fixture(struct fixture *f, bool sources)
{
    *f = (struct fixture){.bundle = ROS_BUF_INIT, .verdicts = ROS_BUF_INIT};
    struct ros_program *program = sample_program(true, NULL);
    assert_int_equal(ros_bundle_write(program, sources ? &sample_sources : NULL, "test", &f->bundle, NULL), ROS_OK);
    sample_verdicts(program, HOSTS, &f->verdicts);
    memcpy(f->checksum, ros_program_checksum(program), sizeof f->checksum);
    ros_program_unref(program);
}

static void close_fixture(struct fixture *f)
{
    ros_buf_done(&f->bundle);
    ros_buf_done(&f->verdicts);
}

static enum ros_code read(const struct fixture *f, size_t len, struct ros_program **ret)
{
    struct ros_error err = ROS_ERROR_INIT;
    *ret = NULL;
    /* a copy of just these bytes, so that the sanitizers see a step beyond them */
    void *copy = ros_alloc_get(NULL, len);
    assert_non_null(copy);
    memcpy(copy, f->bundle.data, len);
    enum ros_code code = ros_bundle_read(copy, len, NULL, ret, &err);
    ros_alloc_put(NULL, copy, len);
    assert_true((code == ROS_OK) == (*ret != NULL));
    assert_true(code == ROS_OK || err.text[0] != '\0');
    return code;
}

/* Makes length and digest right again. */
static void seal(struct fixture *f, size_t len)
{
    unsigned char *data = (unsigned char *) f->bundle.data;
    ros__store_u64(data + 8, len);
    assert_int_equal(ros__digest(data, 16, data + 48, len - 48, data + 16, NULL), ROS_OK);
}

/* --- damage ------------------------------------------------------------------------------------------------------- */

static void test_every_changed_byte_is_refused(void **state)
{
    (void) state;
    static const unsigned char changes[] = {1, 0x80, 0xFF};
    struct fixture f;
    struct ros_program *program;
    open_fixture(&f, true);
    for (size_t at = 0; at < f.bundle.len; at++)
        for (size_t i = 0; i < sizeof changes; i++) {
            f.bundle.data[at] = (char) (f.bundle.data[at] ^ changes[i]);
            enum ros_code code = read(&f, f.bundle.len, &program);
            assert_true(code == ROS_E_BUNDLE || (code == ROS_E_UNSUPPORTED && at >= 4 && at < 8));
            f.bundle.data[at] = (char) (f.bundle.data[at] ^ changes[i]);
        }
    assert_int_equal(read(&f, f.bundle.len, &program), ROS_OK);
    ros_program_unref(program);
    close_fixture(&f);
}

static void test_every_shorter_bundle_is_refused(void **state)
{
    (void) state;
    struct fixture f;
    struct ros_program *program;
    open_fixture(&f, true);
    for (size_t len = 0; len < f.bundle.len; len++)
        assert_int_equal(read(&f, len, &program), ROS_E_BUNDLE);
    for (size_t len = 56; len < f.bundle.len; len++) {
        seal(&f, len);
        assert_int_equal(read(&f, len, &program), ROS_E_BUNDLE);
    }
    seal(&f, f.bundle.len);
    assert_int_equal(read(&f, f.bundle.len, &program), ROS_OK);
    ros_program_unref(program);
    ros_buf_addc(&f.bundle, '\0');
    seal(&f, f.bundle.len);
    assert_int_equal(read(&f, f.bundle.len, &program), ROS_E_BUNDLE);
    close_fixture(&f);
}

/* --- changed and sealed again ------------------------------------------------------------------------------------- */

/* Whoever knows the format can seal a changed bundle; with the checksum as it was, it decides as it did. */
static bool try_sealed(struct fixture *f)
{
    struct ros_program *program;
    seal(f, f->bundle.len);
    if (read(f, f->bundle.len, &program) != ROS_OK)
        return false;
    ros_auto(ros_buf) struct ros_buf verdicts = ROS_BUF_INIT;
    assert_string_equal(ros_program_checksum(program), f->checksum);
    sample_verdicts(program, HOSTS, &verdicts);
    assert_string_equal(ros_buf_text(&verdicts), ros_buf_text(&f->verdicts));
    ros_program_unref(program);
    return true;
}

/* And can give it the checksum and the cost of what it says now. False where the parts themselves are refused. */
static bool forge(struct fixture *f)
{
    struct ros__image image;
    struct ros_program *program = ros__program_new(NULL);
    struct ros__codec c = {.reading = true, .arena = &program->arena};
    uint64_t cost = 0;
    bool good = ros__image_open(f->bundle.data, f->bundle.len, &image, NULL) == ROS_OK;
    ros_map_init(&program->text_ids, c.arena, 0);
    if (good) {
        struct ros__bundle_meta meta = {.compiler = NULL};
        const struct ros__section *pool = ros__image_find(&image, "POOL");
        c.pool_data = ros_arena_copy(c.arena, (const char *) pool->data, pool->size);
        c.pool_size = pool->size;
        c.data = image.sections[0].data;
        c.size = image.sections[0].size;
        ros__code_meta(&c, program, &meta);
        snprintf(f->compiler, sizeof f->compiler, "%s", meta.compiler != NULL ? meta.compiler : "");
        for (size_t i = 0; i < ros__part_count; i++) {
            c.at = 0;
            c.data = image.sections[i + 1].data;
            c.size = image.sections[i + 1].size;
            c.section = image.sections[i + 1].name;
            ros__parts[i].code(&c, program);
        }
        good = c.code == ROS_OK && ros__program_loop_ends(program) == ROS_OK &&
               ros__verify(program, &cost, NULL) == ROS_OK && ros__program_checksum(program, NULL) == ROS_OK;
    }
    if (good) {
        unsigned char *data = (unsigned char *) f->bundle.data;
        unsigned char *meta = data + (image.sections[0].data - data);
        for (size_t i = 0; i < 32; i++) { /* behind four references to texts */
            char digits[3] = {program->checksum[2 * i], program->checksum[2 * i + 1], '\0'};
            meta[16 + i] = (unsigned char) strtoul(digits, NULL, 16);
        }
        ros__store_u64(data + (ros__image_find(&image, "COST")->data - data), cost);
    }
    ros_program_unref(program);
    return good;
}

static bool try_forged(struct fixture *f, const struct ros_buf *original)
{
    struct ros_program *program;
    bool ran = false;
    seal(f, f->bundle.len);
    if (forge(f)) {
        seal(f, f->bundle.len);
        ran = read(f, f->bundle.len, &program) == ROS_OK;
        if (ran) {
            ros_auto(ros_buf) struct ros_buf verdicts = ROS_BUF_INIT;
            ros_auto(ros_buf) struct ros_buf listing = ROS_BUF_INIT;
            ros_auto(ros_buf) struct ros_buf again = ROS_BUF_INIT;
            sample_verdicts(program, HOSTS, &verdicts);
            assert_int_equal(ros_program_disasm(program, &listing), ROS_OK);
            assert_int_equal(ros_bundle_write(program, NULL, f->compiler, &again, NULL), ROS_OK);
            assert_int_equal(again.len, f->bundle.len);
            assert_memory_equal(again.data, f->bundle.data, again.len); /* one image for each program */
            ros_program_unref(program);
        }
    }
    memcpy(f->bundle.data, original->data, original->len);
    return ran;
}

static void test_every_changed_byte_sealed_again(void **state)
{
    (void) state;
    static const unsigned char changes[] = {1, 2, 0x10, 0xFF};
    struct fixture f;
    size_t sealed = 0;
    size_t forged = 0;
    ros_auto(ros_buf) struct ros_buf original = ROS_BUF_INIT;
    open_fixture(&f, false);
    ros_buf_add(&original, f.bundle.data, f.bundle.len);
    for (size_t at = 48; at < f.bundle.len; at++)
        for (size_t i = 0; i < sizeof changes; i++) {
            f.bundle.data[at] = (char) (f.bundle.data[at] ^ changes[i]);
            sealed += try_sealed(&f);
            forged += try_forged(&f, &original);
        }
    print_message("of %zu changes: %zu decide as before, %zu are other programs\n",
                  (f.bundle.len - 48) * sizeof changes, sealed, forged);
    assert_true(sealed > 100 && forged > sealed);
    assert_true(try_sealed(&f));
    close_fixture(&f);
}

/* Counts, lengths, offsets and indexes that are far away. */
static void test_every_hostile_number(void **state)
{
    (void) state;
    static const uint32_t numbers[] = {0, 1, 0xFF, 0x100, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    struct fixture f;
    size_t forged = 0;
    ros_auto(ros_buf) struct ros_buf original = ROS_BUF_INIT;
    open_fixture(&f, false);
    ros_buf_add(&original, f.bundle.data, f.bundle.len);
    for (size_t at = 48; at + 4 <= f.bundle.len; at += 4)
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            ros__store_u32((unsigned char *) f.bundle.data + at, numbers[i]);
            (void) try_sealed(&f);
            forged += try_forged(&f, &original);
        }
    print_message("%zu are other programs\n", forged);
    assert_true(forged > 100);
    close_fixture(&f);
}

/* A machine is made to a program's measure: the measure has a bound, whatever the bytes say. */
static void test_no_small_bundle_asks_for_a_large_machine(void **state)
{
    (void) state;
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    struct ros_error err = ROS_ERROR_INIT;
    struct ros__prog_field fields[400];
    struct ros_program *program = sample_program(false, NULL);
    struct ros__prog_field *was = program->fields;
    uint32_t count = program->field_count;
    uint32_t rows = program->tables[0].rows;
    for (uint32_t i = 0; i < 400; i++)
        fields[i] = was[i < count ? i : 0];
    program->fields = fields;
    program->field_count = 400;
    program->tables[0].rows = ROS_LIMIT_TABLE_ROWS;
    struct ros__codec c = {.out = &out, .pool = &out, .reterr = &err, .section = "RULE"};
    for (size_t i = 0; i < ros__part_count; i++)
        if (strcmp(ros__parts[i].name, "RULE") == 0)
            ros__parts[i].code(&c, program);
    assert_int_equal(c.code, ROS_E_LIMIT);
    assert_non_null(strstr(err.text, "room"));
    program->fields = was;
    program->field_count = count;
    program->tables[0].rows = rows;
    ros_program_unref(program);
}

/* The same for sources: what a tool shows of a bundle. */
static void test_hostile_sources(void **state)
{
    (void) state;
    struct fixture f;
    struct ros__image image;
    size_t read_well = 0;
    open_fixture(&f, true);
    assert_int_equal(ros__image_open(f.bundle.data, f.bundle.len, &image, NULL), ROS_OK);
    const struct ros__section source = *ros__image_find(&image, "SOURCE");
    size_t start = (size_t) (source.data - (const unsigned char *) f.bundle.data);
    unsigned char *digest =
        (unsigned char *) f.bundle.data + (image.sections[0].data - (unsigned char *) f.bundle.data) + 48;
    for (size_t at = start; at < start + source.size; at++) {
        ros_auto(ros_arena) struct ros_arena arena;
        struct ros_bundle_sources sources = {NULL, NULL, 0};
        struct ros_error err = ROS_ERROR_INIT;
        ros_arena_init(&arena, NULL, 0);
        f.bundle.data[at] = (char) (f.bundle.data[at] ^ 0x81);
        seal(&f, f.bundle.len);
        assert_int_equal(ros_bundle_read_sources(f.bundle.data, f.bundle.len, &arena, &sources, &err), ROS_E_BUNDLE);
        assert_int_equal(ros__digest(source.data, source.size, NULL, 0, digest, NULL), ROS_OK);
        seal(&f, f.bundle.len);
        if (ros_bundle_read_sources(f.bundle.data, f.bundle.len, &arena, &sources, &err) == ROS_OK) {
            read_well++;
            for (size_t i = 0; i < sources.count; i++)
                assert_true(sources.items[i].text[sources.items[i].len] == '\0' && sources.items[i].name[0] != '\0');
        }
        f.bundle.data[at] = (char) (f.bundle.data[at] ^ 0x81);
    }
    assert_true(read_well > 100 && read_well < source.size);
    close_fixture(&f);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static size_t live(const struct fixture *f, size_t fail_at, bool fail_on, bool *ret_whole)
{
    struct failing_alloc failing;
    struct ros_program *program = NULL;
    struct ros_bundle_sources sources;
    failing_alloc_init(&failing, fail_at, fail_on);
    struct ros_arena arena;
    struct ros_buf out;
    ros_arena_init(&arena, &failing.alloc, 0);
    ros_buf_init(&out, &failing.alloc, 0);
    enum ros_code code = ros_bundle_read(f->bundle.data, f->bundle.len, &failing.alloc, &program, NULL);
    if (code == ROS_OK)
        code = ros_bundle_read_sources(f->bundle.data, f->bundle.len, &arena, &sources, NULL);
    if (code == ROS_OK)
        code = ros_bundle_write(program, &sources, "test", &out, NULL);
    if (code == ROS_OK)
        assert_memory_equal(out.data, f->bundle.data, f->bundle.len);
    assert_true(code == ROS_OK || code == ROS_E_OOM);
    *ret_whole = code == ROS_OK;
    ros_buf_done(&out);
    ros_arena_done(&arena);
    ros_program_unref(program);
    assert_int_equal(failing.live_count, 0);
    return failing.calls;
}

static void test_every_allocation(void **state)
{
    (void) state;
    struct fixture f;
    bool whole;
    size_t refused = 0;
    open_fixture(&f, true);
    size_t total = live(&f, 0, false, &whole);
    assert_true(whole);
    for (size_t i = 1; i <= total; i++)
        for (int on = 0; on < 2; on++) {
            live(&f, i, on != 0, &whole);
            refused += !whole;
        }
    assert_int_equal(refused, 2 * total);
    print_message("%zu allocations\n", total);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_changed_byte_is_refused),
                                       cmocka_unit_test(test_every_shorter_bundle_is_refused),
                                       cmocka_unit_test(test_every_changed_byte_sealed_again),
                                       cmocka_unit_test(test_every_hostile_number),
                                       cmocka_unit_test(test_no_small_bundle_asks_for_a_large_machine),
                                       cmocka_unit_test(test_hostile_sources),
                                       cmocka_unit_test(test_every_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
