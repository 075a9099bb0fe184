/*
 * ros doc: one HTML page of a rule set, for those who are told its verdicts: what it asks, in which order, and with
 * which numbers. Made from the tree, so expressions stand as their author wrote them. Nothing on it is fetched or run.
 */
#include <getopt.h>
#include <string.h>

#include "grammar/load.h"
#include "interp/base/limits.h"
#include "tools/ros/ros_cli.h"
#include "tools/ros/study.h"

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
    "1rem;color:#222;background:#fff}"
    "h1,h2,h3{line-height:1.2}h2{margin-top:2.5rem;border-bottom:1px solid #ccc}code{font:14px ui-monospace,monospace;"
    "white-space:pre-wrap}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;"
    "padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ddd}.quiet{color:#666}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td,th,h2{border-color:#444}.quiet{color:#999}"
    "}"
    "@media print{body{max-width:none}a{color:inherit;text-decoration:none}}";

struct page {
    const struct ros_unit *unit;
    struct ros_buf html;
};

static void print_help(void)
{
    fputs("usage: ros doc [PATH]\n\n"
          "Prints one HTML page of a rule set (default: the installed rules): params, guards, states, candidates, "
          "rules with\n"
          "their texts, tables, what is asked of a host, and tests by name. The page needs nothing but itself.\n\n"
          "Exit: 0, 64 wrong usage, 65 the rules have errors, 66 no such file.\n",
          stdout);
}

/* --- text --------------------------------------------------------------------------------------------------------- */

static void add_escaped(struct page *p, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        switch (text[i]) {
        case '&':
            ros_buf_puts(&p->html, "&amp;");
            break;
        case '<':
            ros_buf_puts(&p->html, "&lt;");
            break;
        case '>':
            ros_buf_puts(&p->html, "&gt;");
            break;
        case '"':
            ros_buf_puts(&p->html, "&quot;");
            break;
        default:
            ros_buf_addc(&p->html, text[i]);
        }
}

static void add(struct page *p, const char *html)
{
    ros_buf_puts(&p->html, html);
}

static void add_name(struct page *p, const struct ros_name *name)
{
    if (name->text != NULL)
        add_escaped(p, name->text, name->len);
}

/* A piece of source as written, runs of blanks as one. */
static void add_source(struct page *p, struct ros_span span)
{
    const struct ros_source *source = &p->unit->sources[span.file];
    bool blank = false;
    add(p, "<code>");
    for (size_t i = span.start; i < (size_t) span.start + span.length && i < source->len; i++) {
        char c = source->text[i];
        bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
        if (!space && blank)
            ros_buf_addc(&p->html, ' ');
        if (!space)
            add_escaped(p, &c, 1);
        blank = space;
    }
    add(p, "</code>");
}

static void add_expr(struct page *p, const struct ros_expr *expr)
{
    if (expr != NULL)
        add_source(p, expr->span);
}

/* A heading before the first declaration of its kind. */
static void begin_section(struct page *p, bool *begun, const char *title, const char *columns)
{
    if (*begun)
        return;
    *begun = true;
    ros_buf_printf(&p->html, "<h2>%s</h2><table><tr>%s</tr>\n", title, columns);
}

static void end_section(struct page *p, bool begun)
{
    if (begun)
        add(p, "</table>\n");
}

/* --- rows of one kind of declaration ------------------------------------------------------------------------------ */

static void add_param(struct page *p, const struct ros_decl *decl)
{
    const struct ros_decl_param *param = &decl->param;
    add(p, "<tr><td><code>");
    add_name(p, &param->name);
    add(p, "</code></td><td>");
    add_expr(p, param->value);
    add(p, "</td><td>");
    if (param->low != NULL) {
        add_expr(p, param->low);
        add(p, " to ");
        add_expr(p, param->high);
    }
    add(p, "</td><td>");
    add_name(p, &param->doc);
    add(p, "</td></tr>\n");
}

static void add_guard(struct page *p, const struct ros_decl *decl)
{
    add(p, "<tr><td>");
    add_expr(p, decl->body.expr);
    add(p, "</td><td>");
    add_name(p, &decl->body.reason);
    add(p, "</td><td>");
    add_expr(p, decl->body.message);
    add(p, "</td></tr>\n");
}

static void add_let(struct page *p, const struct ros_decl *decl)
{
    add(p, "<tr><td><code>");
    add_name(p, &decl->body.name);
    add(p, "</code></td><td>");
    add_expr(p, decl->body.expr);
    add(p, "</td></tr>\n");
}

static void add_state(struct page *p, const struct ros_decl *decl)
{
    for (size_t i = 0; i < decl->state.flag_count; i++) {
        const struct ros_flag *flag = &decl->state.flags[i];
        add(p, "<tr><td>");
        add_name(p, &decl->state.name);
        add(p, decl->state.exclusive ? " <span class=quiet>(alone)</span>" : "");
        add(p, "</td><td><code>");
        add_name(p, &flag->name);
        add(p, "</code><br>");
        add_name(p, &flag->text);
        add(p, "</td><td>");
        add_expr(p, flag->when);
        add(p, "</td></tr>\n");
    }
}

static void add_candidates(struct page *p, const struct ros_decl *decl)
{
    static const char *const words[] = {"where", "let", "need", "sort"};
    for (size_t i = 0; i < decl->candidates.step_count; i++) {
        const struct ros_step *step = &decl->candidates.steps[i];
        add(p, "<tr><td><code>");
        add_name(p, &decl->candidates.name);
        ros_buf_printf(&p->html, "</code></td><td>%s ", words[step->kind]);
        add_name(p, &step->body.name);
        add(p, "</td><td>");
        add_expr(p, step->body.expr);
        for (size_t k = 0; k < step->sort_key_count; k++) {
            add(p, k > 0 ? ", " : "");
            add_expr(p, step->sort_keys[k]);
        }
        add(p, "</td></tr>\n");
    }
}

static void add_rules(struct page *p, const struct ros_decl *decl)
{
    for (size_t i = 0; i < decl->decide.rule_count; i++) {
        const struct ros_rule *rule = &decl->decide.rules[i];
        ros_buf_printf(&p->html, "<tr><td>%zu</td><td><code>", i + 1);
        add_name(p, &rule->name);
        add(p, "</code></td><td>when ");
        add_expr(p, rule->when);
        if (rule->offer.text != NULL) {
            add(p, rule->offer_required ? "<br>offers, or it does not speak: " : "<br>offers ");
            add_name(p, &rule->offer);
            add(p, rule->offer_where != NULL ? " where " : "");
            add_expr(p, rule->offer_where);
        }
        for (size_t k = 0; k < rule->text_count; k++) {
            add(p, "<br><span class=quiet>");
            add_name(p, &rule->texts[k].field);
            add(p, "</span> ");
            add_expr(p, rule->texts[k].text);
        }
        add(p, "</td></tr>\n");
    }
}

static void add_table(struct page *p, const struct ros_decl *decl)
{
    const struct ros_decl_table *table = &decl->table;
    add(p, "<tr><td><code>");
    add_name(p, &table->name);
    add(p, "</code></td><td>");
    add_name(p, &table->from);
    ros_buf_printf(&p->html, "</td><td>%zu</td><td>", table->csv != NULL ? table->csv->row_count : 0);
    for (size_t i = 0; i < table->column_count; i++) {
        add(p, i > 0 ? ", " : "");
        add_name(p, &table->columns[i].name);
        add(p, " ");
        add_source(p, table->columns[i].type.span);
    }
    add(p, "</td></tr>\n");
}

static void add_input(struct page *p, const struct ros_decl *decl)
{
    bool metric = decl->kind == ROS_DECL_METRIC;
    add(p, metric ? "<tr><td>metric</td><td><code>" : "<tr><td>fact</td><td><code>");
    add_name(p, metric ? &decl->metric.path : &decl->fact.path);
    add(p, metric && decl->metric.vector ? "[*]" : "");
    add(p, "</code></td><td>");
    add_source(p, metric ? decl->metric.type.span : decl->fact.type.span);
    add(p, "</td></tr>\n");
}

static void add_test(struct page *p, const struct ros_decl *decl)
{
    add(p, "<tr><td>");
    add_name(p, &decl->test.name);
    add(p, "</td></tr>\n");
}

/* --- the page ----------------------------------------------------------------------------------------------------- */

static const struct section {
    const char *title;
    const char *columns;
    enum ros_decl_kind kinds[2];
    void (*add)(struct page *p, const struct ros_decl *decl);
} sections[] = {
    {"Rules", "<th>#<th>rule<th>what it says, and when", {ROS_DECL_DECIDE, ROS_DECL_DECIDE}, add_rules},
    {"States", "<th>group<th>state<th>when", {ROS_DECL_STATE, ROS_DECL_STATE}, add_state},
    {"Params", "<th>param<th>default<th>range<th>meaning", {ROS_DECL_PARAM, ROS_DECL_PARAM}, add_param},
    {"Hosts that these rules are for", "<th>required<th>code<th>else", {ROS_DECL_REQUIRE, ROS_DECL_REQUIRE}, add_guard},
    {"Candidates", "<th>block<th>step<th>of each row", {ROS_DECL_CANDIDATES, ROS_DECL_CANDIDATES}, add_candidates},
    {"Names", "<th>name<th>value", {ROS_DECL_LET, ROS_DECL_REPORT}, add_let},
    {"Tables", "<th>table<th>file<th>rows<th>columns", {ROS_DECL_TABLE, ROS_DECL_TABLE}, add_table},
    {"What is asked of a host", "<th>kind<th>name<th>unit", {ROS_DECL_METRIC, ROS_DECL_FACT}, add_input},
    {"Tests", "<th>test", {ROS_DECL_TEST, ROS_DECL_TEST}, add_test},
};

static void add_page(struct page *p)
{
    const struct ros_unit *unit = p->unit;
    add(p, "<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport "
           "content=\"width=device-width\"><title>");
    add_name(p, &unit->name);
    ros_buf_printf(&p->html, "</title><style>%s</style>\n<h1>", style);
    add_name(p, &unit->name);
    add(p, " ");
    add_name(p, &unit->version);
    add(p, "</h1><p>");
    add_name(p, &unit->doc);
    add(p, "</p>\n");
    for (size_t s = 0; s < ROS_COUNT(sections); s++) {
        bool begun = false;
        for (size_t i = 0; i < unit->decl_count; i++) {
            const struct ros_decl *decl = unit->decls[i];
            if (decl->kind != sections[s].kinds[0] && decl->kind != sections[s].kinds[1])
                continue;
            begin_section(p, &begun, sections[s].title, sections[s].columns);
            sections[s].add(p, decl);
        }
        end_section(p, begun);
    }
    add(p, "</html>\n");
}

int cli_doc(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return print_help(), CLI_OK;
        return cli_usage_error("doc", "see the options");
    }
    if (argc - optind > 1)
        return cli_usage_error("doc", "one rule set at a time");
    struct cli_study study;
    int code = cli_study_open("doc", cli_rules_path(argv[optind]), &study);
    if (code == CLI_OK) {
        struct page page = {.unit = study.unit};
        ros_buf_init(&page.html, NULL, 0);
        add_page(&page);
        if (ros_buf_code(&page.html) == ROS_OK)
            fwrite(ros_buf_text(&page.html), 1, page.html.len, stdout);
        else
            code = CLI_SOFTWARE;
        ros_buf_done(&page.html);
    }
    cli_study_close(&study);
    return code;
}
