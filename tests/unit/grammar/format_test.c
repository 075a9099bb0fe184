/*
 * The formatter: pairs of texts, then the promises on thousands of damaged ones: what can be read has a canonical form,
 * which is its own canonical form, and every allocation may be refused.
 */
#include "tests/unit/base/test.h"

#include <string.h>

#include "grammar/format.h"
#include "grammar/parse.h"
#include "tests/unit/base/failing_alloc.h"

static const char rough[] =
    "ros 1   // language\n\n\n\nparam  a=5 %  in 0%..20% \"A\"\nparam longer:count/s = missing   \"B\"\n"
    "let x=-a*( 1-a )   //one\n  let yy   = if a>1% then 1 else 0 // two  \n"
    "state s exclusive{\nFLAG \"f\" when a<1%\n   LONGER_FLAG \"g g\" when not(a>2%) and a in{1%,2%}\n\n}\n"
    "candidates c from t as r{\nwhere if x>0 then r.a>=1\nelse if x<0 then r.a<1\n else true\n// a comment\nsort "
    "r.a\n}\n"
    "table t from \"t.csv\" key a{a:vcpu b : USD/h}\n"
    "decide first{\nrule R when FLAG {\noffer c where r.a>0 vcpu\nreason \"x {a}\"\n}\n}\n"
    "fixture f{m[\"a b\"]=1 vcpu   n.o=2 B}\ntest \"t\"{given f with n.o=missing\nexpect R and\ncount(offers)==0}\n";
static const char smooth[] = "ros 1  // language\n"
                             "\n"
                             "param a      = 5 % in 0%..20%    \"A\"\n"
                             "param longer : count/s = missing \"B\"\n"
                             "let x  = -a * (1 - a)             //one\n"
                             "let yy = if a > 1% then 1 else 0  // two\n"
                             "state s exclusive {\n"
                             "  FLAG        \"f\"   when a < 1%\n"
                             "  LONGER_FLAG \"g g\" when not (a > 2%) and a in {1%, 2%}\n"
                             "}\n"
                             "candidates c from t as r {\n"
                             "  where if x > 0 then r.a >= 1\n"
                             "        else if x < 0 then r.a < 1\n"
                             "        else true\n"
                             "  // a comment\n"
                             "  sort r.a\n"
                             "}\n"
                             "table t from \"t.csv\" key a { a: vcpu  b: USD/h }\n"
                             "decide first {\n"
                             "  rule R when FLAG {\n"
                             "    offer  c where r.a > 0 vcpu\n"
                             "    reason \"x {a}\"\n"
                             "  }\n"
                             "}\n"
                             "fixture f { m[\"a b\"] = 1 vcpu  n.o = 2 B }\n"
                             "test \"t\" { given f  with n.o = missing\n"
                             "  expect R and\n"
                             "    count(offers) == 0 }\n";

static enum ros_code format_with(const struct ros_alloc *alloc, const char *text, size_t len, struct ros_buf *out)
{
    struct ros_arena arena;
    struct ros_diags diags;
    uint32_t index;
    ros_arena_init(&arena, alloc, 0);
    ros_diags_init(&diags, &arena);
    struct ros_unit *unit = ros_unit_new(&arena);
    enum ros_code code =
        unit != NULL ? ros_unit_add_source(unit, ROS_FILE_RULES, "t.ros", text, len, &index) : ROS_E_OOM;
    if (code == ROS_OK)
        code = ros_format(unit, index, &diags, out, NULL);
    assert_true(code != ROS_E_RULES || diags.error_count > 0);
    ros_arena_done(&arena);
    return code;
}

static void test_rough_becomes_smooth(void **state)
{
    (void) state;
    const char *const texts[] = {rough, smooth};
    for (size_t i = 0; i < ROS_COUNT(texts); i++) {
        ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
        assert_int_equal(format_with(NULL, texts[i], strlen(texts[i]), &out), ROS_OK);
        assert_string_equal(ros_buf_text(&out), smooth);
    }
}

static void test_edges(void **state)
{
    (void) state;
    static const char *const pairs[][2] = {
        {"ros 1", "ros 1\n"},
        {"\n\n  ros 1\r\n\r\n\r\n// end\t \n\n", "ros 1\n\n// end\n"},
        {"ros 1\nruleset a\nversion \"1\"\n\"doc\"\n", "ros 1\nruleset a\n  version \"1\"\n  \"doc\"\n"},
        {"ros 1\nlet a = (1\n+ 2)\n", "ros 1\nlet a = (1\n  + 2)\n"},
        {"ros 1\nmetric a.b[ * ]:B raw \"x\"\n", "ros 1\nmetric a.b[*] : B raw \"x\"\n"},
    };
    for (size_t i = 0; i < ROS_COUNT(pairs); i++) {
        ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
        assert_int_equal(format_with(NULL, pairs[i][0], strlen(pairs[i][0]), &out), ROS_OK);
        assert_string_equal(ros_buf_text(&out), pairs[i][1]);
    }
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    assert_int_equal(format_with(NULL, "ros 1\nlet a = )", 15, &out), ROS_E_RULES);
    assert_int_equal(out.len, 0);
}

static void test_damaged_texts(void **state)
{
    (void) state;
    uint32_t seed = 20261124;
    size_t formed = 0;
    for (int i = 0; i < 6000; i++) {
        char text[sizeof rough];
        memcpy(text, rough, sizeof rough);
        for (int changes = 0; changes < 1 + i % 3; changes++) {
            static const char marks[] = " \n\t{}()[]/\"=,.:-+*%a1";
            seed = seed * 1664525 + 1013904223;
            text[(seed >> 8) % (sizeof rough - 1)] = marks[(seed >> 3) % (sizeof marks - 1)];
        }
        ros_auto(ros_buf) struct ros_buf once = ROS_BUF_INIT;
        ros_auto(ros_buf) struct ros_buf twice = ROS_BUF_INIT;
        enum ros_code code = format_with(NULL, text, sizeof text - 1, &once);
        assert_true(code == ROS_OK || code == ROS_E_RULES);
        if (code != ROS_OK)
            continue;
        formed++;
        assert_int_equal(format_with(NULL, ros_buf_text(&once), once.len, &twice), ROS_OK);
        assert_string_equal(ros_buf_text(&once), ros_buf_text(&twice));
    }
    assert_true(formed > 300);
}

static void test_every_allocation(void **state)
{
    (void) state;
    struct failing_alloc f;
    failing_alloc_init(&f, 0, false);
    ros_auto(ros_buf) struct ros_buf whole = ROS_BUF_INIT;
    assert_int_equal(format_with(&f.alloc, rough, sizeof rough - 1, &whole), ROS_OK);
    size_t total = f.calls;
    size_t step = total / 400 + 1;
    for (size_t at = 1; at <= total; at += step)
        for (int on = 0; on < 2; on++) {
            ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
            failing_alloc_init(&f, at, on != 0);
            enum ros_code code = format_with(&f.alloc, rough, sizeof rough - 1, &out);
            assert_true(code == ROS_E_OOM || (code == ROS_OK && strcmp(ros_buf_text(&out), ros_buf_text(&whole)) == 0));
            assert_int_equal(f.live_count, 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rough_becomes_smooth),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_damaged_texts),
        cmocka_unit_test(test_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
