/* Findings: what is kept, how it is shown, what is suggested, and what a terminal never gets to see. */
#include "tests/unit/base/test.h"

#include <string.h>

#include "interp/base/limits.h"
#include "interp/diag/diag.h"
#include "tests/unit/base/failing_alloc.h"

struct fixture {
    struct ros_arena arena;
    struct ros_diags diags;
    struct ros_source source;
    struct ros_unit unit;
};

static void begin(struct fixture *x, const char *text)
{
    *x = (struct fixture){.source = {ROS_FILE_RULES, "a.ros", text, strlen(text)}};
    ros_arena_init(&x->arena, NULL, 0);
    ros_diags_init(&x->diags, &x->arena);
    x->unit = (struct ros_unit){.arena = &x->arena, .sources = &x->source, .source_count = 1};
}

static struct ros_span span_of(const struct fixture *x, const char *word)
{
    const char *at = strstr(x->source.text, word);
    assert_non_null(at);
    return (struct ros_span){0, (uint32_t) (at - x->source.text), (uint32_t) strlen(word)};
}

static void assert_shown(const struct fixture *x, const char *text)
{
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    assert_int_equal(ros_diags_render(&x->diags, &x->unit, false, &out), ROS_OK);
    assert_string_equal(ros_buf_text(&out), text);
}

static void test_a_finding_with_everything(void **state)
{
    (void) state;
    struct fixture x;
    begin(&x, "ros 1\nlet a = 5\nlet b = a < 5%\n");
    struct ros_diag *diag = ros_diags_add(&x.diags, ROS_DIAG_E0302, span_of(&x, "5%"), "`%s` is a share", "5%");
    ros_diag_set_label(&x.diags, diag, "a share");
    ros_diag_add_label(&x.diags, diag, span_of(&x, "a <"), "a number");
    ros_diag_add_label(&x.diags, diag, span_of(&x, "let a"), "from here");
    ros_diag_set_help(&x.diags, diag, "write a share");
    ros_diag_set_fix(&x.diags, diag, span_of(&x, "5\n"), "5%%");
    ros_diags_add(&x.diags, ROS_DIAG_W0503, span_of(&x, "let b"), "never used");
    assert_shown(&x, "error[E0302]: `5%` is a share\n"
                     " --> a.ros:3:13\n"
                     "3 | let b = a < 5%\n"
                     "  |             ^^ a share\n"
                     "  |         --- a number\n"
                     "2 | let a = 5\n"
                     "  | ----- from here\n"
                     "  = help: write a share\n"
                     "  = fix: 5%\n"
                     "\n"
                     "warning[W0503]: never used\n"
                     " --> a.ros:3:1\n"
                     "3 | let b = a < 5%\n"
                     "  | ^^^^^\n"
                     "\n"
                     "1 error, 1 warning\n");
    ros_arena_done(&x.arena);
}

static void test_json_says_the_same(void **state)
{
    (void) state;
    struct fixture x;
    begin(&x, "ros 1\nlet \xC3\xA9 = \"\\\n");
    struct ros_diag *diag = ros_diags_add(&x.diags, ROS_DIAG_E0102, span_of(&x, "\"\\"), "a \"text\"\x01\xFF");
    ros_diag_set_fix(&x.diags, diag, span_of(&x, "="), "%s", "");
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    assert_int_equal(ros_diags_render_json(&x.diags, &x.unit, &out), ROS_OK);
    assert_string_equal(
        ros_buf_text(&out),
        "{\"code\":\"E0102\",\"severity\":\"error\",\"message\":\"a \\\"text\\\"\\u0001\\ufffd\","
        "\"file\":\"a.ros\",\"line\":2,\"column\":9,\"start\":15,\"length\":2,"
        "\"fix\":{\"file\":\"a.ros\",\"line\":2,\"column\":7,\"start\":13,\"length\":1,\"text\":\"\"}}\n");
    ros_arena_done(&x.arena);
}

static void test_nothing_is_shown_of_nothing(void **state)
{
    (void) state;
    struct fixture x;
    begin(&x, "");
    assert_shown(&x, "");
    ros_arena_done(&x.arena);
}

static void test_the_terminal_is_not_spoken_to(void **state)
{
    (void) state;
    struct fixture x;
    begin(&x, "let \033[31m x\tyy\r\n");
    ros_diags_add(&x.diags, ROS_DIAG_E0103, span_of(&x, "yy"), "bell \a and \xE2\x80\xAE");
    assert_shown(&x, "error[E0103]: bell \xEF\xBF\xBD and \xEF\xBF\xBD\n"
                     " --> a.ros:1:13\n"
                     "1 | let \xEF\xBF\xBD[31m x    yy\n"
                     "  |                ^^\n"
                     "\n"
                     "1 error, 0 warnings\n");
    ros_arena_done(&x.arena);
}

static void test_wide_characters_move_the_mark(void **state)
{
    (void) state;
    struct fixture x;
    begin(&x, "// \xE6\xBC\xA2\xE5\xAD\x97 here");
    ros_diags_add(&x.diags, ROS_DIAG_E0103, span_of(&x, "here"), "m");
    assert_shown(&x, "error[E0103]: m\n"
                     " --> a.ros:1:7\n"
                     "1 | // \xE6\xBC\xA2\xE5\xAD\x97 here\n"
                     "  |         ^^^^\n"
                     "\n"
                     "1 error, 0 warnings\n");
    ros_arena_done(&x.arena);
}

static void test_long_lines_are_shown_in_part(void **state)
{
    (void) state;
    static char text[100001];
    struct fixture x;
    memset(text, 'a', sizeof text - 1);
    memcpy(text + 50000, "HERE", 4);
    begin(&x, text);
    ros_diags_add(&x.diags, ROS_DIAG_E0103, span_of(&x, "HERE"), "m");
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    assert_int_equal(ros_diags_render(&x.diags, &x.unit, false, &out), ROS_OK);
    assert_true(out.len < 1000);
    assert_non_null(strstr(ros_buf_text(&out), "HERE"));
    ros_arena_done(&x.arena);
}

/* A span may come from anywhere: behind the end, of a file that is not there, across lines. */
static void test_spans_that_fit_nowhere(void **state)
{
    (void) state;
    static const struct ros_span spans[] = {{0, 3, 1000}, {0, 4, 0},           {0, 500, 5},
                                            {9, 0, 1},    {0, UINT32_MAX, 10}, {0, 0, UINT32_MAX}};
    struct fixture x;
    begin(&x, "ab\ncd");
    for (size_t i = 0; i < ROS_COUNT(spans); i++)
        ros_diags_add(&x.diags, ROS_DIAG_E0103, spans[i], "m");
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    assert_int_equal(ros_diags_render(&x.diags, &x.unit, false, &out), ROS_OK);
    assert_int_equal(ros_diags_render_json(&x.diags, &x.unit, &out), ROS_OK);
    assert_int_equal(ros_diags_render(&x.diags, NULL, false, &out), ROS_OK);
    ros_arena_done(&x.arena);
}

static void test_only_so_many_are_kept(void **state)
{
    (void) state;
    struct fixture x;
    begin(&x, "a");
    for (size_t i = 0; i < ROS_LIMIT_DIAGS + 5; i++)
        ros_diag_set_help(&x.diags, ros_diags_add(&x.diags, ROS_DIAG_E0103, span_of(&x, "a"), "m"), "h");
    assert_int_equal(x.diags.count, ROS_LIMIT_DIAGS);
    assert_int_equal(x.diags.error_count, ROS_LIMIT_DIAGS + 5);
    assert_int_equal(x.diags.code, ROS_OK);
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    assert_int_equal(ros_diags_render(&x.diags, &x.unit, false, &out), ROS_OK);
    assert_non_null(strstr(ros_buf_text(&out), "105 errors, 0 warnings; the first 100 are shown\n"));
    ros_arena_done(&x.arena);
}

static void test_a_finding_without_memory_is_counted(void **state)
{
    (void) state;
    for (size_t fail_at = 1; fail_at <= 3; fail_at++) {
        struct failing_alloc f;
        struct ros_arena arena;
        struct ros_diags diags;
        failing_alloc_init(&f, fail_at, true);
        ros_arena_init(&arena, &f.alloc, 0);
        ros_diags_init(&diags, &arena);
        for (size_t i = 0; i < 80; i++) {
            struct ros_diag *diag = ros_diags_add(&diags, ROS_DIAG_E0103, (struct ros_span){0}, "%0200d", 1);
            assert_non_null(diag);
            ros_diag_set_label(&diags, diag, "%0200d", 1);
            ros_diag_add_label(&diags, diag, (struct ros_span){0}, "%0200d", 1);
        }
        assert_int_equal(diags.error_count, 80);
        assert_int_equal(diags.code, ROS_E_OOM);
        assert_true(diags.count < 80);
        ros_arena_done(&arena);
        assert_int_equal(f.live_count, 0);
    }
}

static void test_names_that_are_near(void **state)
{
    (void) state;
    static const char *const names[] = {"kernel.all.cpu.idle", "kernel.all.cpu.user", "mem.physmem", "let"};
    assert_string_equal(ros_diag_nearest("kernel.all.cpu.idel", names, 4), "kernel.all.cpu.idle");
    assert_string_equal(ros_diag_nearest("lett", names, 4), "let");
    assert_string_equal(ros_diag_nearest("mem.phsymem", names, 4), "mem.physmem");
    assert_null(ros_diag_nearest("zzz", names, 4));
    assert_null(ros_diag_nearest("disk", names, 4));
    assert_null(ros_diag_nearest("", names, 4));
    assert_null(ros_diag_nearest("let", NULL, 0));
    char longest[ROS_LIMIT_NAME_BYTES + 2];
    memset(longest, 'l', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(ros_diag_nearest(longest, names, 4));
}

static void test_codes_have_names(void **state)
{
    (void) state;
    assert_string_equal(ros_diag_code_name(ROS_DIAG_E0101), "E0101");
    assert_true(ros_diag_is_error(ROS_DIAG_E0801));
    assert_false(ros_diag_is_error(ROS_DIAG_W0501));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_finding_with_everything),
        cmocka_unit_test(test_json_says_the_same),
        cmocka_unit_test(test_nothing_is_shown_of_nothing),
        cmocka_unit_test(test_the_terminal_is_not_spoken_to),
        cmocka_unit_test(test_wide_characters_move_the_mark),
        cmocka_unit_test(test_long_lines_are_shown_in_part),
        cmocka_unit_test(test_spans_that_fit_nowhere),
        cmocka_unit_test(test_only_so_many_are_kept),
        cmocka_unit_test(test_a_finding_without_memory_is_counted),
        cmocka_unit_test(test_names_that_are_near),
        cmocka_unit_test(test_codes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
