/* ros test: the tests of rule sets, what they cover, and an explanation of each that fails. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "interp/base/num.h"
#include "tools/ros/ros_cli.h"
#include "tools/ros/study.h"

enum report { REPORT_TEXT, REPORT_JSON, REPORT_JUNIT };

struct options {
    enum report report;
    bool cover;
    double min; /* percent; negative: none asked for */
    bool quiet;
};

struct totals {
    size_t tests;
    size_t failed;
    size_t possible; /* answers of conditions that could be seen */
    size_t seen;
};

static void print_help(void)
{
    fputs(
        "usage: ros test [OPTIONS] PATH...\n\n"
        "Runs the tests of rule sets: a .ros file with its sibling *_test.ros, or a folder as one rule set. A test "
        "that\n"
        "fails is shown with the evaluation behind it.\n\n"
        "  --cover                   say which conditions were never false, unknown or true where they could be\n"
        "  --min N                   fail unless N percent of those were seen; implies --cover\n"
        "  --format text|json|junit  how results are shown (text)\n"
        "  --quiet                   text: only what failed, and the counts\n"
        "  --help                    this text\n\n"
        "Exit: 0 every test passed, 1 a test failed, none was found, or too little is covered, 64 wrong usage, 65 the\n"
        "rules have errors, 66 no such file.\n",
        stdout);
}

static bool parse_report(const char *text, enum report *ret)
{
    static const char *const words[] = {"text", "json", "junit"};
    for (size_t i = 0; i < ROS_COUNT(words); i++)
        if (strcmp(words[i], text) == 0) {
            *ret = (enum report) i;
            return true;
        }
    return false;
}

static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
        {"cover", no_argument, NULL, 'c'},        {"min", required_argument, NULL, 'm'},
        {"format", required_argument, NULL, 'f'}, {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            print_help();
            return CLI_OK;
        case 'c':
            o->cover = true;
            break;
        case 'm':
            o->cover = true;
            if (!ros_num_parse(optarg, strlen(optarg), &o->min) || !(o->min >= 0 && o->min <= 100))
                return cli_usage_error("test", "--min is a percentage, not `%s`", optarg);
            break;
        case 'f':
            if (!parse_report(optarg, &o->report))
                return cli_usage_error("test", "--format is text, json or junit, not `%s`", optarg);
            break;
        case 'q':
            o->quiet = true;
            break;
        default:
            return cli_usage_error("test", "see the options");
        }
    }
    if (optind == argc)
        return cli_usage_error("test", "which rules? Give a .ros file, a folder or a bundle");
    return -1;
}

/* --- one test ----------------------------------------------------------------------------------------------------- */

static size_t line_of(const struct cli_study *s, struct ros_span span, const char **ret_path)
{
    size_t line;
    size_t column;
    ros_span_place(s->unit, span, &line, &column);
    *ret_path = s->unit->sources[span.file].path;
    return line;
}

static const char *truth_word(enum ros_tri truth)
{
    return truth == ROS_TRUE ? "true" : truth == ROS_FALSE ? "false" : "unknown";
}

static void print_text(const struct cli_study *s, const struct ros_test_result *result, bool quiet)
{
    const char *path;
    size_t line = line_of(s, result->span, &path);
    if (result->passed) {
        if (!quiet)
            printf("ok    %s\n", result->name);
        return;
    }
    printf("FAIL  %s  (%s:%zu)\n      expected  %s\n      which is  %s\n", result->name, path, line,
           result->expectation, truth_word(result->truth));
    cli_note_print(result->why, 3, cli_colour(stdout), stdout);
    putchar('\n');
}

static int print_json(const struct cli_study *s, const struct ros_test_result *result)
{
    const char *path;
    size_t line = line_of(s, result->span, &path);
    json_t *object = json_pack("{s:s, s:s, s:I, s:b}", "test", result->name, "path", path, "line", (json_int_t) line,
                               "passed", result->passed);
    if (object != NULL && !result->passed)
        json_object_update_new(object, json_pack("{s:s, s:s, s:o}", "expected", result->expectation, "was",
                                                 truth_word(result->truth), "why", cli_note_json(result->why)));
    return cli_json_line("test", object);
}

static void print_xml(const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", stdout);
            break;
        case '<':
            fputs("&lt;", stdout);
            break;
        case '>':
            fputs("&gt;", stdout);
            break;
        case '"':
            fputs("&quot;", stdout);
            break;
        default:
            /* XML has no words for control characters */
            putchar((unsigned char) *text < 0x20 && *text != '\n' && *text != '\t' ? ' ' : *text);
        }
}

static void print_junit(const struct cli_study *s, const struct ros_test_result *result)
{
    const char *path;
    size_t line = line_of(s, result->span, &path);
    fputs("    <testcase name=\"", stdout);
    print_xml(result->name);
    fputs("\" file=\"", stdout);
    print_xml(path);
    printf("\" line=\"%zu\"", line);
    if (result->passed) {
        puts("/>");
        return;
    }
    fputs("><failure message=\"", stdout);
    print_xml(result->expectation);
    printf(" is %s\"/></testcase>\n", truth_word(result->truth));
}

static int run_tests(struct cli_study *s, const struct options *o, struct totals *totals)
{
    struct ros_error err = ROS_ERROR_INIT;
    size_t count = ros_study_test_count(s->study);
    for (size_t i = 0; i < count; i++) {
        ros_auto(ros_arena) struct ros_arena arena;
        ros_arena_init(&arena, NULL, 0);
        struct ros_test_result result;
        if (ros_study_test(s->study, i, &arena, &result, &err) != ROS_OK)
            return cli_error("test", NULL, &err);
        totals->tests++;
        totals->failed += !result.passed;
        if (o->report == REPORT_TEXT)
            print_text(s, &result, o->quiet);
        else if (o->report == REPORT_JUNIT)
            print_junit(s, &result);
        else if (print_json(s, &result) != CLI_OK)
            return CLI_SOFTWARE;
    }
    return CLI_OK;
}

/* --- coverage ----------------------------------------------------------------------------------------------------- */

static int tell_gap(const struct cli_study *s, const struct options *o, const struct ros_cover *cover, size_t truth)
{
    const char *path;
    size_t line = line_of(s, cover->span, &path);
    const char *word = truth_word((enum ros_tri) truth);
    if (o->report == REPORT_JSON)
        return cli_json_line("test",
                             json_pack("{s:{s:s, s:s, s:s, s:I, s:s}}", "uncovered", "in", cover->where, "condition",
                                       cover->text, "path", path, "line", (json_int_t) line, "never", word));
    if (o->report == REPORT_TEXT)
        printf("never %-7s  %s:%zu  %s: %s\n", word, path, line, cover->where, cover->text);
    return CLI_OK;
}

static int tell_cover(struct cli_study *s, const struct options *o, struct totals *totals)
{
    struct ros_error err = ROS_ERROR_INIT;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    const struct ros_cover *covers = NULL;
    size_t count = 0;
    if (ros_study_cover(s->study, &arena, &covers, &count, &err) != ROS_OK)
        return cli_error("test", NULL, &err);
    for (size_t i = 0; i < count; i++)
        for (size_t truth = 0; truth < 3; truth++) {
            if (!covers[i].possible[truth])
                continue;
            totals->possible++;
            totals->seen += covers[i].counts[truth] > 0;
            if (covers[i].counts[truth] == 0 && tell_gap(s, o, &covers[i], truth) != CLI_OK)
                return CLI_SOFTWARE;
        }
    return CLI_OK;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static double percent(const struct totals *totals)
{
    return totals->possible == 0 ? 100 : 100.0 * (double) totals->seen / (double) totals->possible;
}

static int tell_totals(const struct options *o, const struct totals *totals)
{
    if (o->report == REPORT_TEXT) {
        printf("%zu test%s, %zu failed\n", totals->tests, totals->tests == 1 ? "" : "s", totals->failed);
        if (o->cover)
            printf("covered: %.1f %% (%zu of %zu answers of conditions)\n", percent(totals), totals->seen,
                   totals->possible);
    } else if (o->report == REPORT_JSON) {
        json_t *object =
            json_pack("{s:I, s:I}", "tests", (json_int_t) totals->tests, "failed", (json_int_t) totals->failed);
        if (object != NULL && o->cover)
            json_object_update_new(object,
                                   json_pack("{s:f, s:I, s:I}", "covered_percent", percent(totals), "seen",
                                             (json_int_t) totals->seen, "possible", (json_int_t) totals->possible));
        if (cli_json_line("test", object) != CLI_OK)
            return CLI_SOFTWARE;
    }
    if (totals->tests == 0) {
        fputs("ros test: no test was found\n", stderr);
        return 1;
    }
    if (o->cover && o->min >= 0 && percent(totals) < o->min) {
        fprintf(stderr, "ros test: %.1f %% are covered, %g %% are asked for\n", percent(totals), o->min);
        return 1;
    }
    return totals->failed > 0 ? 1 : CLI_OK;
}

int cli_study_test(struct cli_study *study, size_t *ret_tests, size_t *ret_failed)
{
    const struct options o = {.report = REPORT_TEXT, .min = -1, .quiet = true};
    struct totals totals = {0};
    int code = run_tests(study, &o, &totals);
    *ret_tests = totals.tests;
    *ret_failed = totals.failed;
    return code;
}

static int test_one(const char *path, const struct options *o, struct totals *totals)
{
    struct cli_study s;
    size_t before = totals->tests;
    int code = cli_study_open("test", path, &s);
    if (code == CLI_OK && o->report == REPORT_JUNIT) {
        fputs("  <testsuite name=\"", stdout);
        print_xml(path);
        puts("\">");
    }
    if (code == CLI_OK)
        code = run_tests(&s, o, totals);
    if (code == CLI_OK && o->report == REPORT_JUNIT)
        puts("  </testsuite>");
    if (code == CLI_OK && o->cover && totals->tests > before)
        code = tell_cover(&s, o, totals);
    cli_study_close(&s);
    return code;
}

int cli_test(int argc, char **argv)
{
    struct options o = {.report = REPORT_TEXT, .min = -1};
    struct totals totals = {0};
    int code = parse_options(argc, argv, &o);
    if (code >= 0)
        return code;
    int worst = CLI_OK;
    if (o.report == REPORT_JUNIT)
        puts("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>");
    for (int i = optind; i < argc; i++) {
        code = test_one(argv[i], &o, &totals);
        if (code != CLI_OK)
            worst = code;
    }
    if (o.report == REPORT_JUNIT)
        puts("</testsuites>");
    if (worst != CLI_OK && totals.tests == 0)
        return worst;
    code = tell_totals(&o, &totals);
    return worst != CLI_OK ? worst : code;
}
