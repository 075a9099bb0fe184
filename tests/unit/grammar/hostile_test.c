/*
 * The front end against the world: every allocation refused once, and thousands of damaged texts. The mutations are
 * the same in every run; what they must not do is crash, leak or return a code that the headers do not name.
 */
#include "tests/unit/base/test.h"

#include <string.h>

#include "interp/base/buf.h"
#include "tests/unit/base/failing_alloc.h"
#include "tests/unit/grammar/sample.h"

#define MUTATIONS 20000
#define TEXT_ROOM 8192

static const char broken_text[] = "ros 1\nlet x = \"{a b} \\q\nlet y = 5 +\nfact a.b : text\nlet z = 'c'\n";

/* Loads (and compiles) with an allocator; false when it ran out of memory. */
static bool run(struct failing_alloc *f, const struct ros_memory_file *files)
{
    struct ros_arena arena;
    struct ros_diags diags;
    struct ros_program *program = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    const struct ros_loader io = ros_loader_memory(files);
    ros_arena_init(&arena, &f->alloc, 0);
    ros_diags_init(&diags, &arena);
    enum ros_code code = ros_load_program("set/main.ros", &io, &f->alloc, &arena, &diags, NULL, &program, &err);
    assert_true(code == ROS_OK || code == ROS_E_RULES || code == ROS_E_OOM);
    assert_int_equal(code == ROS_OK, program != NULL);
    assert_true(code != ROS_E_RULES || diags.error_count > 0);
    ros_program_unref(program);
    ros_arena_done(&arena);
    assert_int_equal(f->live_count, 0);
    return code != ROS_E_OOM;
}

static size_t refuse_each(const struct ros_memory_file *files)
{
    struct failing_alloc f;
    size_t refused = 0;
    failing_alloc_init(&f, 0, false);
    assert_true(run(&f, files));
    size_t calls = f.calls;
    /* Under AddressSanitizer every object is an allocation of its own: then a sample of them, at most 500. */
    size_t step = calls / 500 + 1;
    for (size_t fail_at = 1; fail_at <= calls; fail_at += step) {
        failing_alloc_init(&f, fail_at, false);
        refused += !run(&f, files);
        failing_alloc_init(&f, fail_at, true);
        assert_false(run(&f, files));
    }
    return refused;
}

static void test_every_allocation_may_fail(void **state)
{
    (void) state;
    assert_true(refuse_each(sample_files) > 0);
    const struct ros_memory_file broken[] = {{"set/main.ros", broken_text}, {NULL, NULL}};
    assert_true(refuse_each(broken) > 0);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Damages a text in one of the ways in which texts get damaged; returns its new length. */
static size_t mutate(char *text, size_t len, uint32_t *seed)
{
    static const char *const pieces[] = {"{",  "}",    "\"", "\\", "..", "(((((", "0", "%",       "let ", "{{", "\n",
                                         "if", "\xFF", "}}", "??", "[",  "]",     ".", "missing", "//",   "-",  "9e9"};
    size_t at = next_random(seed) % (len + 1);
    size_t n = next_random(seed) % 12;
    switch (next_random(seed) % 5) {
    case 0: /* another byte */
        if (at < len)
            text[at] = (char) next_random(seed);
        return len;
    case 1: /* a hole */
        n = n < len - at ? n : len - at;
        memmove(text + at, text + at + n, len - at - n);
        return len - n;
    case 2: { /* a word too much */
        const char *piece = pieces[next_random(seed) % ROS_COUNT(pieces)];
        n = strlen(piece);
        if (len + n >= TEXT_ROOM)
            return len;
        memmove(text + at + n, text + at, len - at);
        memcpy(text + at, piece, n);
        return len + n;
    }
    case 3: { /* a piece of itself elsewhere */
        char copy[12];
        size_t from = next_random(seed) % (len + 1);
        n = n < len - from ? n : len - from;
        n = n < len - at ? n : len - at;
        memcpy(copy, text + from, n);
        memcpy(text + at, copy, n);
        return len;
    }
    default: /* cut short, seldom */
        return next_random(seed) % 8 == 0 ? at : len;
    }
}

static void test_damaged_rules_give_findings(void **state)
{
    (void) state;
    uint32_t seed = 2463534242u;
    size_t accepted = 0;
    size_t refused = 0;
    const size_t whole = strlen(sample_files[0].text);
    for (size_t i = 0; i < MUTATIONS; i++) {
        static char text[TEXT_ROOM];
        struct parsed x;
        memcpy(text, sample_files[0].text, whole);
        size_t len = whole;
        for (uint32_t n = next_random(&seed) % 3 + 1; n > 0; n--)
            len = mutate(text, len, &seed);
        parsed_run(&x, text, len);
        assert_true(x.code == ROS_OK || x.code == ROS_E_RULES);
        assert_int_equal(x.code == ROS_E_RULES, x.diags.error_count > 0);
        for (size_t d = 0; d < x.diags.count; d++)
            assert_true((size_t) x.diags.items[d]->span.start + x.diags.items[d]->span.length <= len);
        if (x.code == ROS_OK)
            accepted++;
        else
            refused++;
        parsed_done(&x);
    }
    assert_true(accepted > MUTATIONS / 100);
    assert_true(refused > MUTATIONS / 4);
}

/* Fewer, through everything that follows: tables, checks, bytecode, and the findings shown. */
static void test_damaged_rules_are_checked_and_shown(void **state)
{
    (void) state;
    uint32_t seed = 88675123u;
    const size_t whole = strlen(sample_files[0].text);
    for (size_t i = 0; i < MUTATIONS / 10; i++) {
        static char text[TEXT_ROOM];
        memcpy(text, sample_files[0].text, whole);
        size_t len = whole;
        for (uint32_t n = next_random(&seed) % 3 + 1; n > 0; n--)
            len = mutate(text, len, &seed);
        text[len] = '\0';
        const struct ros_memory_file files[] = {{"set/main.ros", text}, sample_files[1], sample_files[2], {NULL, NULL}};
        const struct ros_loader io = ros_loader_memory(files);
        struct ros_arena arena;
        struct ros_diags diags;
        struct ros_unit *unit = NULL;
        struct ros_program *program = NULL;
        ros_auto(ros_buf) struct ros_buf shown = ROS_BUF_INIT;
        ros_arena_init(&arena, NULL, 0);
        ros_diags_init(&diags, &arena);
        enum ros_code code = ros_load_program("set/main.ros", &io, NULL, &arena, &diags, &unit, &program, NULL);
        assert_true(code == ROS_OK || code == ROS_E_RULES);
        assert_int_equal(ros_diags_render(&diags, unit, true, &shown), ROS_OK);
        assert_int_equal(ros_diags_render_json(&diags, unit, &shown), ROS_OK);
        ros_program_unref(program);
        ros_arena_done(&arena);
    }
}

/* The largest file, all of it one mistake after another: work grows with its length, not with its square, or
 * the suite's own limit of time ends this test. */
static void test_a_megabyte_of_mistakes_ends(void **state)
{
    (void) state;
    static const char *const words[] = {"let ", "{", "(", "\"", "\"{a", "a.", "9 ", "#", "- ", "let x = )\n", "\n"};
    static char text[ROS_LIMIT_SOURCE_BYTES];
    for (size_t w = 0; w < ROS_COUNT(words); w++) {
        const size_t head = 14;
        struct parsed x;
        memcpy(text, "ros 1\nlet x = ", head);
        for (size_t i = head; i < sizeof text; i++)
            text[i] = words[w][(i - head) % strlen(words[w])];
        parsed_run(&x, text, sizeof text);
        assert_int_equal(x.code, ROS_E_RULES);
        parsed_done(&x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_damaged_rules_give_findings),
        cmocka_unit_test(test_damaged_rules_are_checked_and_shown),
        cmocka_unit_test(test_a_megabyte_of_mistakes_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
