/* The parser: trees with their places, and the findings of texts that are none. */
#include "tests/unit/base/test.h"

#include <stdio.h>
#include <string.h>

#include "interp/base/buf.h"
#include "tests/unit/grammar/sample.h"

static void parse(struct parsed *x, const char *text)
{
    parsed_run(x, text, strlen(text));
}

/* The codes found in a text, "E0101 E0103". */
static void assert_findings(const char *text, const char *codes)
{
    struct parsed x;
    char found[512] = "";
    parse(&x, text);
    for (size_t i = 0; i < x.diags.count; i++) {
        size_t at = strlen(found);
        snprintf(found + at, sizeof found - at, "%s%s", at > 0 ? " " : "", ros_diag_code_name(x.diags.items[i]->code));
    }
    if (strcmp(found, codes) != 0)
        print_error("in: %s\n", text);
    assert_string_equal(found, codes);
    assert_int_equal(x.code, codes[0] == '\0' ? ROS_OK : ROS_E_RULES);
    parsed_done(&x);
}

/* The expression of "let x = ...". */
static const struct ros_expr *parse_let(struct parsed *x, const char *expr)
{
    char text[8192];
    snprintf(text, sizeof text, "ros 1\nlet x = %s\n", expr);
    parse(x, text);
    assert_int_equal(x->code, ROS_OK);
    assert_int_equal(x->file.decl_count, 1);
    return x->file.decls[0]->body.expr;
}

static void show(struct ros_buf *out, const struct ros_expr *e)
{
    static const char *const ops[] = {
        "+", "-", "*", "/", "<", ">", "<=", ">=", "==", "!=", "<=~", ">=~", "==~", "??", "and", "or"};
    switch (e->kind) {
    case ROS_EXPR_NUMBER:
        ros_buf_puts(out, e->number_text);
        break;
    case ROS_EXPR_QUANTITY:
        ros_buf_printf(out, "%s_%s%s%s", e->number_text, e->unit.name.text, e->unit.per.text != NULL ? "/" : "",
                       e->unit.per.text != NULL ? e->unit.per.text : "");
        break;
    case ROS_EXPR_TEXT:
        ros_buf_puts(out, "\"");
        for (size_t i = 0; i < e->part_count; i++) {
            if (e->parts[i].expr == NULL) {
                ros_buf_add(out, e->parts[i].literal, e->parts[i].len);
                continue;
            }
            ros_buf_puts(out, "<");
            show(out, e->parts[i].expr);
            ros_buf_puts(out, ">");
        }
        ros_buf_puts(out, "\"");
        break;
    case ROS_EXPR_BOOL:
        ros_buf_puts(out, e->truth ? "true" : "false");
        break;
    case ROS_EXPR_MISSING:
        ros_buf_puts(out, "missing");
        break;
    case ROS_EXPR_NAME:
        ros_buf_puts(out, e->name.text);
        break;
    case ROS_EXPR_MEMBER:
        show(out, e->left);
        ros_buf_printf(out, ".%s", e->name.text);
        break;
    case ROS_EXPR_NOT:
    case ROS_EXPR_NEGATE:
        ros_buf_puts(out, e->kind == ROS_EXPR_NOT ? "(not " : "(-");
        show(out, e->left);
        ros_buf_puts(out, ")");
        break;
    case ROS_EXPR_BINARY:
        ros_buf_puts(out, "(");
        show(out, e->left);
        ros_buf_printf(out, " %s ", ops[e->op]);
        show(out, e->right);
        ros_buf_puts(out, ")");
        break;
    case ROS_EXPR_IF:
        ros_buf_puts(out, "(if ");
        show(out, e->cond);
        ros_buf_puts(out, " ");
        show(out, e->left);
        ros_buf_puts(out, " ");
        show(out, e->right);
        ros_buf_puts(out, ")");
        break;
    case ROS_EXPR_INDEX:
    case ROS_EXPR_CALL:
    case ROS_EXPR_IN:
        show(out, e->left);
        ros_buf_puts(out, e->kind == ROS_EXPR_INDEX ? "[" : e->kind == ROS_EXPR_CALL ? "(" : " in {");
        for (size_t i = 0; i < e->arg_count; i++) {
            ros_buf_puts(out, i > 0 ? ", " : "");
            show(out, e->args[i]);
        }
        ros_buf_puts(out, e->kind == ROS_EXPR_INDEX ? "]" : e->kind == ROS_EXPR_CALL ? ")" : "}");
        break;
    }
}

static void assert_tree(const char *expr, const char *tree)
{
    struct parsed x;
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    show(&out, parse_let(&x, expr));
    assert_string_equal(ros_buf_text(&out), tree);
    parsed_done(&x);
}

static void test_operators_bind_as_the_manual_says(void **state)
{
    (void) state;
    assert_tree("1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)");
    assert_tree("a or b and not c == d", "(a or (b and (not (c == d))))");
    assert_tree("a ?? b + 1 < c", "((a ?? (b + 1)) < c)");
    assert_tree("-a * -b", "((-a) * (-b))");
    assert_tree("a - b - c", "((a - b) - c)");
    assert_tree("a ?? b ?? c", "((a ?? b) ?? c)");
    assert_tree("if a then b else if c then d else e or f", "(if a b (if c d (e or f)))");
    assert_tree("(a or b) and c", "((a or b) and c)");
    assert_tree("x in {1, 2} and y", "(x in {1, 2} and y)");
    assert_tree("t[a, b].cost >=~ f(x)", "(t[a, b].cost >=~ f(x))");
}

static void test_a_word_after_a_dot_is_a_name(void **state)
{
    (void) state;
    assert_tree("disk.in.table.use + mem.not", "(disk.in.table.use + mem.not)");
    assert_tree("a. // a comment between\n  where", "a.where");
}

static void test_units_belong_to_the_number_before(void **state)
{
    (void) state;
    assert_tree("12.5%", "12.5_%");
    assert_tree("3000 count/s", "3000_count/s");
    assert_tree("5 d", "5_d");
    assert_tree("4GiB / s", "(4_GiB / s)");
    assert_tree("b + s", "(b + s)");
    assert_findings("ros 1\nlet x = 3  s\n", "E0101"); /* two blanks */
    assert_findings("ros 1\nlet x = 3 days\n", "E0101");
    assert_findings("ros 1\nlet x = 1e5\n", "E0101");
}

static void test_comparisons_do_not_chain(void **state)
{
    (void) state;
    assert_findings("ros 1\nlet x = 1 < 2 < 3\n", "E0101");
}

static void test_texts_and_templates(void **state)
{
    (void) state;
    assert_tree("\"plain\"", "\"plain\"");
    assert_tree("\"\"", "\"\"");
    assert_tree("\"a {b + 1} c{d}\"", "\"a <(b + 1)> c<d>\"");
    assert_tree("\"{{a}} \\\"\\\\ \\u{e9}\"", "\"{a} \"\\ \xC3\xA9\"");
    assert_findings("ros 1\nlet x = \"\\q\"\n", "E0104");
    assert_findings("ros 1\nlet x = \"\\u{d800}\"\n", "E0104");
    assert_findings("ros 1\nlet x = \"\\u{0}\"\n", "E0104");
    assert_findings("ros 1\nlet x = \"\\u{110000}\"\n", "E0104");
    assert_findings("ros 1\nlet x = \"{}\"\n", "E0105");
    assert_findings("ros 1\nlet x = \"{a\"\n", "E0105");
    assert_findings("ros 1\nlet x = \"a}\"\n", "E0105");
    assert_findings("ros 1\nlet x = \"{a b}\"\n", "E0105");
    assert_findings("ros 1\nlet x = \"open\nlet y = 1\n", "E0102");
}

static void test_the_inside_of_a_template_has_its_place(void **state)
{
    (void) state;
    const char *text = "ros 1\nlet x = \"ab {c.d} e\"\n";
    struct parsed x;
    parse(&x, text);
    const struct ros_expr *e = x.file.decls[0]->body.expr;
    assert_int_equal(e->part_count, 3);
    assert_int_equal(e->parts[1].expr->span.start, (size_t) (strstr(text, "c.d") - text));
    assert_int_equal(e->parts[1].expr->span.length, 3);
    parsed_done(&x);
}

static void test_plain_texts_keep_their_braces(void **state)
{
    (void) state;
    struct parsed x;
    parse(&x, "ros 1\nfixture f { a.b[\"{x}\"] = \"{y}\" }\n");
    assert_int_equal(x.code, ROS_OK);
    const struct ros_bind *bind = x.file.decls[0]->fixture.binds;
    assert_string_equal(bind->path.text, "a.b");
    assert_string_equal(bind->instance.text, "{x}");
    assert_int_equal(bind->value->part_count, 1);
    assert_null(bind->value->parts[0].expr);
    assert_string_equal(bind->value->parts[0].literal, "{y}");
    parsed_done(&x);
}

static void test_every_declaration_has_its_node(void **state)
{
    (void) state;
    static const enum ros_decl_kind kinds[] = {ROS_DECL_TABLE,   ROS_DECL_PARAM,   ROS_DECL_PARAM, ROS_DECL_CHECK,
                                               ROS_DECL_REQUIRE, ROS_DECL_LET,     ROS_DECL_LET,   ROS_DECL_LET,
                                               ROS_DECL_REPORT,  ROS_DECL_STATE,   ROS_DECL_STATE, ROS_DECL_CANDIDATES,
                                               ROS_DECL_DECIDE,  ROS_DECL_FIXTURE, ROS_DECL_TEST};
    struct parsed x;
    parse(&x, sample_files[0].text);
    assert_int_equal(x.code, ROS_OK);
    assert_string_equal(x.file.ruleset.text, "sample");
    assert_string_equal(x.file.version.text, "2.1");
    assert_string_equal(x.file.doc.text, "Says \"big\" or small.");
    assert_int_equal(x.file.use_count, 1);
    assert_string_equal(x.file.uses[0].text, "host.ros");
    assert_int_equal(x.file.decl_count, ROS_COUNT(kinds));
    for (size_t i = 0; i < ROS_COUNT(kinds); i++)
        assert_int_equal(x.file.decls[i]->kind, kinds[i]);
    const struct ros_decl_table *table = &x.file.decls[0]->table;
    assert_int_equal(table->column_count, 3);
    assert_int_equal(table->check_count, 1);
    assert_string_equal(table->columns[2].type.per.text, "h");
    const struct ros_decl_expr *require = &x.file.decls[4]->body;
    assert_string_equal(require->reason.text, "OS_UNSUPPORTED");
    const struct ros_decl_state *flags = &x.file.decls[9]->state;
    assert_true(flags->exclusive);
    assert_int_equal(flags->flag_count, 2);
    const struct ros_decl_candidates *fit = &x.file.decls[11]->candidates;
    assert_int_equal(fit->step_count, 5);
    assert_int_equal(fit->steps[4].kind, ROS_STEP_SORT);
    assert_int_equal(fit->steps[4].sort_key_count, 2);
    const struct ros_decl_decide *decide = &x.file.decls[12]->decide;
    assert_int_equal(decide->rule_count, 2);
    assert_false(decide->rules[0].offer_required);
    assert_non_null(decide->rules[0].offer_where);
    assert_true(decide->rules[1].offer_required);
    assert_int_equal(decide->rules[1].allow_count, 1);
    assert_int_equal(decide->rules[0].text_count, 4);
    assert_int_equal(x.file.decls[14]->test.step_count, 3);
    parsed_done(&x);
}

static void test_one_run_lists_the_errors_of_all_declarations(void **state)
{
    (void) state;
    assert_findings("ros 1\nlet x =\nlet y = 1\nlet z = )\nlet w = 2\n", "E0101 E0101");
    assert_findings("ros 1\nstate s { A \"a\" when \n }\nlet y = *\n", "E0101 E0101");
    assert_findings("ros 1\ncandidates f from t as c {\n  where\n  let a = 1\n  need\n}\nparam p\nlet y = 1\n",
                    "E0101 E0101");
    assert_findings("ros 1\nlet a = 1\nstate s {\nlet b = \nlet c = 2\n", "E0101 E0101");
}

static void test_declarations_after_an_error_are_kept(void **state)
{
    (void) state;
    struct parsed x;
    parse(&x, "ros 1\nlet x =\nlet y = 1\nlet z = 2\n");
    assert_int_equal(x.file.decl_count, 2);
    assert_string_equal(x.file.decls[0]->body.name.text, "y");
    assert_string_equal(x.file.decls[1]->body.name.text, "z");
    parsed_done(&x);
}

static void test_headers(void **state)
{
    (void) state;
    assert_findings("ros 1", "");
    assert_findings("ros 2\n", "E0107");
    assert_findings("", "E0101");
    assert_findings("let x = 1\n", "E0101");
    struct parsed x;
    parse(&x, "ros 1\noverride for sample\norg \"7\" { low = 3%  cap = 5 count/s }\n");
    assert_int_equal(x.code, ROS_OK);
    assert_string_equal(x.file.override_for.text, "sample");
    assert_int_equal(x.file.decls[0]->org.bind_count, 2);
    parsed_done(&x);
}

static void test_bytes_that_are_no_text(void **state)
{
    (void) state;
    assert_findings("ros 1\n// \x01\nlet x = 1\n", "E0103");
    assert_findings("ros 1\n// \xFF\nlet x = 1\n", "E0103");
    struct parsed x;
    parsed_run(&x, "ros 1\n// \0\nlet x = 1\n", 20);
    assert_int_equal(x.code, ROS_E_RULES);
    assert_int_equal(x.diags.items[0]->code, ROS_DIAG_E0103);
    parsed_done(&x);
}

/* "((((1))))" and friends, n levels of them. */
static void fill(char *text, size_t n, const char *head, const char *open, const char *middle, const char *close)
{
    char *at = stpcpy(text, head);
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, open);
    at = stpcpy(at, middle);
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, close);
    stpcpy(at, "\n");
}

static void test_limits(void **state)
{
    (void) state;
    static char text[200000];
    fill(text, ROS_LIMIT_NESTING - 1, "ros 1\nlet x = ", "f(", "1", ")");
    assert_findings(text, "");
    fill(text, ROS_LIMIT_NESTING, "ros 1\nlet x = ", "f(", "1", ")");
    assert_findings(text, "E0701");
    fill(text, ROS_LIMIT_NESTING, "ros 1\nlet x = ", "not ", "a", "");
    assert_findings(text, "E0701");
    fill(text, ROS_LIMIT_NESTING, "ros 1\nlet x = ", "if a then b else ", "a", "");
    assert_findings(text, "E0701");
    fill(text, ROS_LIMIT_NESTING - 1, "ros 1\nlet x = ", "not a or b and c == d ?? e + f * f(", "1", ")");
    assert_int_not_equal(strlen(text), 0);
    struct parsed x;
    parse(&x, text);
    for (size_t i = 0; i < x.diags.count; i++)
        assert_int_equal(x.diags.items[i]->code, ROS_DIAG_E0701);
    parsed_done(&x);
    fill(text, 20000, "ros 1\nlet x = ", "(", "1", ")"); /* more than bison's stack */
    assert_findings(text, "E0701");
    fill(text, ROS_LIMIT_NAME_BYTES, "ros 1\nlet ", "a", " = 1", "");
    assert_findings(text, "");
    fill(text, ROS_LIMIT_NAME_BYTES + 1, "ros 1\nlet ", "a", " = 1", "");
    assert_findings(text, "E0701");
    fill(text, ROS_LIMIT_TEXT_BYTES + 1, "ros 1\nlet x = \"", "a", "\"", "");
    assert_findings(text, "E0701");
    fill(text, 70, "ros 1\nfact a", ".b", " : text", "");
    assert_findings(text, "E0701");
}

/* A name that is too long was reported; whoever reads it afterwards must still find as many bytes as it says. */
static void test_a_path_that_is_too_long_is_whole(void **state)
{
    (void) state;
    char text[1024];
    struct parsed x;
    fill(text, 70, "ros 1\nfact a", ".b", " : text", "");
    parse(&x, text);
    assert_int_equal(x.file.decl_count, 1);
    const struct ros_name *path = &x.file.decls[0]->fact.path;
    assert_int_equal(path->len, strlen(path->text));
    parsed_done(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operators_bind_as_the_manual_says),
        cmocka_unit_test(test_a_word_after_a_dot_is_a_name),
        cmocka_unit_test(test_units_belong_to_the_number_before),
        cmocka_unit_test(test_comparisons_do_not_chain),
        cmocka_unit_test(test_texts_and_templates),
        cmocka_unit_test(test_the_inside_of_a_template_has_its_place),
        cmocka_unit_test(test_plain_texts_keep_their_braces),
        cmocka_unit_test(test_every_declaration_has_its_node),
        cmocka_unit_test(test_one_run_lists_the_errors_of_all_declarations),
        cmocka_unit_test(test_declarations_after_an_error_are_kept),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_bytes_that_are_no_text),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_a_path_that_is_too_long_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
