/*
 * ros repl: questions about an upload in the words of the rules. Lines come by readline from a person at a terminal,
 * and plain from a pipe, so that a script can ask too.
 */
#include <getopt.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <string.h>
#include <unistd.h>

#include "grammar/parse.h"
#include "services/intake/intake.h"
#include "services/score/score.h"
#include "tools/ros/ros_cli.h"
#include "tools/ros/study.h"

#define QUESTION_HEAD "ros 1\nlet it = "

static void print_help(void)
{
    fputs(
        "usage: ros repl [--rules PATH] [--org ID] [ARCHIVE]\n\n"
        "Reads expressions, one a line, and shows their values for an upload (without one: everything is missing). "
        "All\n"
        "names of the rules can be used, and those of a test: rules, none, certain, offers[0].type, count(offers).\n\n"
        "  :why         the whole evaluation\n"
        "  :why RULE    what keeps a rule from being the verdict\n"
        "  :quit        or the end of input\n\n"
        "  --rules PATH  a .ros file, a folder or a bundle (the installed rules)\n"
        "  --org ID      with the params of this organisation\n"
        "  --help        this text\n\n"
        "Exit: 0, 64 wrong usage, 65 the upload was refused or the rules have errors.\n",
        stdout);
}

struct repl {
    struct cli_study study;
    struct ros_facts *facts;
    const struct ros_note *why;
    struct ros_arena arena; /* of the notes */
};

/* Text of a let's expression; the tree lives in the arena. NULL after findings. */
static const struct ros_expr *parse(struct ros_unit *unit, const char *line, struct ros_diags *diags)
{
    ros_auto(ros_buf) struct ros_buf source = ROS_BUF_INIT;
    uint32_t index;
    struct ros_file file;
    ros_buf_puts(&source, QUESTION_HEAD);
    ros_buf_puts(&source, line);
    ros_buf_puts(&source, "\n");
    if (ros_buf_code(&source) != ROS_OK ||
        ros_unit_add_source(unit, ROS_FILE_RULES, "question", ros_buf_text(&source), source.len, &index) != ROS_OK)
        return NULL;
    if (ros_parse(unit, index, diags, &file) != ROS_OK || file.decl_count != 1 || file.decls[0]->kind != ROS_DECL_LET)
        return NULL;
    return file.decls[0]->body.expr;
}

static void ask(struct repl *r, const char *line)
{
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_unit *unit = ros_unit_new(&arena);
    const struct ros_expr *expr = unit != NULL ? parse(unit, line, &diags) : NULL;
    struct ros_error err = ROS_ERROR_INIT;
    ros_auto(ros_buf) struct ros_buf answer = ROS_BUF_INIT;
    enum ros_code code = expr != NULL ? ros_study_ask(r->study.study, unit, expr, &diags, &answer, &err) : ROS_E_RULES;
    if (code == ROS_OK)
        puts(ros_buf_text(&answer));
    else if (unit != NULL && diags.count > 0)
        cli_show_findings(&diags, unit, CLI_TEXT, stderr);
    else
        fprintf(stderr, "%s\n", err.text[0] != '\0' ? err.text : "one expression a line, please");
}

static void why(struct repl *r, const char *rule)
{
    struct ros_error err = ROS_ERROR_INIT;
    const struct ros_note *note = r->why;
    if (rule[0] != '\0' && ros_study_why_not(r->study.study, rule, &r->arena, &note, &err) != ROS_OK)
        fprintf(stderr, "%s\n", err.text);
    else
        cli_note_print(note, 0, cli_colour(stdout), stdout);
}

/* False at the end. */
static bool answer(struct repl *r, const char *line)
{
    line += strspn(line, " \t");
    if (strcmp(line, ":quit") == 0 || strcmp(line, ":q") == 0)
        return false;
    if (strncmp(line, ":why", 4) == 0)
        why(r, line + 4 + strspn(line + 4, " \t"));
    else if (line[0] == ':')
        fputs("there are :why, :why RULE and :quit\n", stderr);
    else if (line[0] != '\0')
        ask(r, line);
    return true;
}

static void converse(struct repl *r)
{
    bool more = true;
    while (more) {
        char *line = readline("ros> ");
        if (line == NULL) {
            putchar('\n');
            return;
        }
        if (line[0] != '\0')
            add_history(line);
        more = answer(r, line);
        rl_free(line);
    }
}

static void read_lines(struct repl *r)
{
    char line[ROS_LIMIT_TEXT_BYTES];
    while (fgets(line, sizeof line, stdin) != NULL) { /* a longer line is read as several, each of them a question */
        line[strcspn(line, "\r\n")] = '\0';
        if (!answer(r, line))
            return;
        fflush(stdout);
    }
}

static int evaluate(struct repl *r, const char *archive, const char *org)
{
    struct ros_error err = ROS_ERROR_INIT;
    struct ros_verdict verdict;
    ros_auto(ros_evidence) struct ros_evidence evidence;
    ros_evidence_init(&evidence, NULL);
    struct ros_program *program = ros_study_program(r->study.study);
    if (ros_facts_new(program, NULL, &r->facts, &err) != ROS_OK)
        return cli_error("repl", NULL, &err);
    if (archive != NULL && ros_intake_file(archive, NULL, &evidence, &err) != ROS_OK)
        return cli_error("repl", archive, &err), CLI_DATA;
    if (ros_score_bind(r->facts, program, &evidence, &err) != ROS_OK ||
        ros_study_explain(r->study.study, r->facts, org, &r->arena, &verdict, &r->why, &err) != ROS_OK)
        return cli_error("repl", archive, &err);
    return CLI_OK;
}

static int run(const char *rules, const char *org, const char *archive)
{
    struct repl r = {.facts = NULL};
    ros_arena_init(&r.arena, NULL, 0);
    int code = cli_study_open("repl", cli_rules_path(rules), &r.study);
    if (code == CLI_OK)
        code = evaluate(&r, archive, org);
    if (code == CLI_OK && isatty(STDIN_FILENO))
        converse(&r);
    else if (code == CLI_OK)
        read_lines(&r);
    ros_facts_free(r.facts);
    cli_study_close(&r.study);
    ros_arena_done(&r.arena);
    return code;
}

int cli_repl(int argc, char **argv)
{
    static const struct option options[] = {{"rules", required_argument, NULL, 'r'},
                                            {"org", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *rules = NULL;
    const char *org = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return print_help(), CLI_OK;
        if (option == 'r')
            rules = optarg;
        else if (option == 'o')
            org = optarg;
        else
            return cli_usage_error("repl", "see the options");
    }
    if (argc - optind > 1)
        return cli_usage_error("repl", "one archive at a time");
    return run(rules, org, argv[optind]);
}
