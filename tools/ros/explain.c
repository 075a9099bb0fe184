/* ros explain: the evaluation of one upload with every value, step and rejection. */
#include <getopt.h>

#include "services/intake/intake.h"
#include "services/score/score.h"
#include "tools/ros/ros_cli.h"
#include "tools/ros/study.h"

struct options {
    const char *rules;
    const char *why_not;
    const char *org;
    enum cli_format format;
};

static void print_help(void)
{
    fputs("usage: ros explain [OPTIONS] ARCHIVE...\n\n"
          "Evaluates uploads like `ros score`, and shows why: each guard, state, step of the candidates and rule with "
          "its\n"
          "values, and what is missing where something is unknown.\n\n"
          "  --why-not RULE      only what keeps this rule from being the verdict\n"
          "  --org ID            with the params of this organisation\n"
          "  --rules PATH        a .ros file, a folder or a bundle (the installed rules)\n"
          "  --format text|json  one JSON object a line and an upload (text)\n"
          "  --help              this text\n\n"
          "Exit: 0, 64 wrong usage, 65 an upload was refused or the rules have errors, 66 no such rule.\n",
          stdout);
}

static int parse_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
        {"rules", required_argument, NULL, 'r'}, {"why-not", required_argument, NULL, 'w'},
        {"org", required_argument, NULL, 'o'},   {"format", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            print_help();
            return CLI_OK;
        case 'r':
            o->rules = optarg;
            break;
        case 'w':
            o->why_not = optarg;
            break;
        case 'o':
            o->org = optarg;
            break;
        case 'f':
            if (!cli_format_parse("explain", optarg, &o->format))
                return CLI_USAGE;
            break;
        default:
            return cli_usage_error("explain", "see the options");
        }
    }
    if (optind == argc)
        return cli_usage_error("explain", "which archive? usage: ros explain [OPTIONS] ARCHIVE...");
    return -1;
}

static int print(const char *archive, const struct options *o, const struct ros_note *note)
{
    if (o->format == CLI_JSON)
        return cli_json_line("explain", json_pack("{s:s, s:o}", "archive", archive, "why", cli_note_json(note)));
    printf("%s\n", archive);
    cli_note_print(note, 0, cli_colour(stdout), stdout);
    putchar('\n');
    return CLI_OK;
}

static int explain_one(const char *archive, const struct options *o, struct cli_study *s, struct ros_facts *facts)
{
    struct ros_error err = ROS_ERROR_INIT;
    struct ros_verdict verdict;
    const struct ros_note *note = NULL;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    ros_auto(ros_evidence) struct ros_evidence evidence;
    ros_evidence_init(&evidence, NULL);
    enum ros_code code = ros_intake_file(archive, NULL, &evidence, &err);
    if (code != ROS_OK) {
        cli_error("explain", archive, &err);
        return CLI_DATA;
    }
    code = ros_score_bind(facts, ros_study_program(s->study), &evidence, &err);
    if (code == ROS_OK)
        code = ros_study_explain(s->study, facts, o->org, &arena, &verdict, &note, &err);
    if (code == ROS_OK && o->why_not != NULL)
        code = ros_study_why_not(s->study, o->why_not, &arena, &note, &err);
    if (code == ROS_E_NOT_FOUND) {
        fprintf(stderr, "ros explain: %s\n", err.text);
        return CLI_NO_INPUT;
    }
    return code == ROS_OK ? print(archive, o, note) : cli_error("explain", archive, &err);
}

static int explain_all(int argc, char **argv, const struct options *o, struct cli_study *s)
{
    struct ros_error err = ROS_ERROR_INIT;
    struct ros_facts *facts = NULL;
    if (ros_facts_new(ros_study_program(s->study), NULL, &facts, &err) != ROS_OK)
        return cli_error("explain", NULL, &err);
    int worst = CLI_OK;
    for (int i = optind; i < argc; i++) {
        int code = explain_one(argv[i], o, s, facts);
        if (code != CLI_OK)
            worst = code;
    }
    ros_facts_free(facts);
    return worst;
}

int cli_explain(int argc, char **argv)
{
    struct options o = {.format = CLI_TEXT};
    int code = parse_options(argc, argv, &o);
    if (code >= 0)
        return code;
    struct cli_study s;
    code = cli_study_open("explain", cli_rules_path(o.rules), &s);
    if (code == CLI_OK)
        code = explain_all(argc, argv, &o, &s);
    cli_study_close(&s);
    return code;
}
