/* Any text gives a program or findings. A deterministic storm of changed sources, and programs that are the same. */
#include "tests/unit/base/test.h"

#include <stdlib.h>
#include <string.h>

#include "grammar/load.h"
#include "interp/base/limits.h"
#include "tests/unit/interp/program.h"

static const char seed_source[] =
    "param low = 5% in 0%..20% \"doc\"\ncheck low < 30% else \"no\"\nlet used = 1 - idle / ncpu\n"
    "state s exclusive { A \"a\" when used < low  B \"b\" when any(disk > 5 count/s) ?? false }\n"
    "candidates fit from t as r { where r.size >= mem ?? 0 B let cost = r.price need known(cloud) else NO_PCP \"x "
    "{low}\" sort cost ?? 0 USD/h }\n"
    "report used = used\ndecide first { rule R when A and not B { offer fit where cost > 1 USD/h reason \"a {low} "
    "{{b}}\" } }\n"
    "fixture f { cloud = \"aws\" idle = 3 vcpu }\ntest \"t\" { given f with mem = 1 GiB expect A }\n";

static uint64_t next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void mutate(char *text, size_t *len, size_t size, uint64_t *x)
{
    static const char *const pieces[] = {
        "{",    "}",       "\"",   "(",   ")",     "??", " 5% ", "\n",
        "let ", "when ",   "\\",   ".",   "[",     "]",  "//",   "999999999999999999999",
        "\x80", "ros 1\n", "in {", "if ", "state "};
    size_t at = next(x) % (*len + 1);
    switch (next(x) % 3) {
    case 0:
        if (at < *len)
            text[at] = (char) next(x);
        break;
    case 1: {
        size_t n = next(x) % 40;
        n = n > *len - at ? *len - at : n;
        memmove(text + at, text + at + n, *len - at - n);
        *len -= n;
        break;
    }
    default: {
        const char *piece = pieces[next(x) % ROS_COUNT(pieces)];
        size_t n = strlen(piece);
        if (*len + n < size) {
            memmove(text + at + n, text + at, *len - at);
            memcpy(text + at, piece, n);
            *len += n;
        }
        break;
    }
    }
}

struct bytes {
    const char *text;
    size_t len;
};

static enum ros_code read_bytes(void *context, const char *path, struct ros_buf *out, struct ros_error *reterr)
{
    const struct bytes *b = context;
    (void) reterr;
    if (strcmp(path, "t.csv") == 0)
        return ros_buf_puts(out, test_table);
    return ros_buf_add(out, b->text, b->len);
}

static enum ros_code list_nothing(void *context, const char *path, bool *ret_folder, struct ros_buf *out,
                                  struct ros_error *reterr)
{
    (void) context, (void) path, (void) out, (void) reterr;
    *ret_folder = false;
    return ROS_OK;
}

/* Compiles bytes; whatever comes of it, findings render and programs are freed. Returns whether it compiled. */
static bool try_bytes(const char *text, size_t len)
{
    struct bytes b = {text, len};
    const struct ros_loader loader = {read_bytes, list_nothing, &b, false};
    struct ros_arena arena;
    ros_arena_init(&arena, NULL, ROS_LIMIT_COMPILE_BYTES);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_unit *unit = NULL;
    struct ros_program *program = NULL;
    enum ros_code code = ros_load_program("r.ros", &loader, NULL, &arena, &diags, &unit, &program, NULL);
    assert_true(code == ROS_OK || code == ROS_E_RULES || code == ROS_E_LIMIT);
    assert_int_equal(code == ROS_E_RULES, diags.error_count > 0);
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    assert_int_equal(ros_diags_render(&diags, unit, true, &out), ROS_OK);
    assert_int_equal(ros_diags_render_json(&diags, unit, &out), ROS_OK);
    ros_program_unref(program);
    ros_arena_done(&arena);
    return code == ROS_OK;
}

static void test_changed_sources(void **state)
{
    (void) state;
    enum { ROUNDS = 6000 };
    static char text[8192];
    size_t compiled = 0;
    uint64_t x = 0x2545F4914F6CDD1Du;
    for (int round = 0; round < ROUNDS; round++) {
        size_t len = strlen(test_prelude);
        memcpy(text, test_prelude, len);
        memcpy(text + len, seed_source, strlen(seed_source));
        len += strlen(seed_source);
        for (uint64_t n = next(&x) % 4; n > 0; n--)
            mutate(text, &len, sizeof text, &x);
        compiled += try_bytes(text, len);
    }
    assert_true(compiled > 100 && compiled < ROUNDS);
    print_message("%d changed sources, %zu of them programs\n", ROUNDS, compiled);
}

static void test_deep_nesting(void **state)
{
    (void) state;
    for (int depth = 100; depth <= 100000; depth *= 10) {
        ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
        ros_buf_printf(&text, "%slet a = ", test_prelude);
        for (int i = 0; i < depth; i++)
            ros_buf_puts(&text, "-(");
        ros_buf_addc(&text, '1');
        for (int i = 0; i < depth; i++)
            ros_buf_addc(&text, ')');
        ros_buf_puts(&text, "\ndecide first { rule R when a > 0 { description \"d\" } }\n");
        assert_int_equal(try_bytes(text.data, text.len), depth == 100 && try_bytes(text.data, text.len));
    }
}

static void test_the_same_source_is_the_same_program(void **state)
{
    (void) state;
    struct ros_program *a = NULL;
    struct ros_program *b = NULL;
    struct ros_program *c = NULL;
    ros_auto(ros_buf) struct ros_buf changed = ROS_BUF_INIT;
    assert_int_equal(test_compile(seed_source, NULL, &a, NULL), ROS_OK);
    assert_int_equal(test_compile(seed_source, NULL, &b, NULL), ROS_OK);
    ros_buf_puts(&changed, seed_source);
    *strchr(changed.data, '5') = '6';
    assert_int_equal(test_compile(ros_buf_text(&changed), NULL, &c, NULL), ROS_OK);
    assert_string_equal(ros_program_checksum(a), ros_program_checksum(b));
    assert_string_not_equal(ros_program_checksum(a), ros_program_checksum(c));
    assert_int_equal(strlen(ros_program_checksum(a)), 64);
    ros_auto(ros_buf) struct ros_buf listing = ROS_BUF_INIT;
    assert_int_equal(ros_program_disasm(a, &listing), ROS_OK);
    assert_non_null(strstr(ros_buf_text(&listing), "HALT"));
    ros_program_unref(a);
    ros_program_unref(b);
    ros_program_unref(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changed_sources), cmocka_unit_test(test_deep_nesting),
                                       cmocka_unit_test(test_the_same_source_is_the_same_program)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
