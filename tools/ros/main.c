/* `ros`: one program, one table of subcommands. Each lives in a file of its name and explains itself by --help. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interp/base/macros.h"
#include "tools/ros/ros_cli.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"check", cli_check, "parse, type and verify rules; every finding with place, cause and fix"},
    {"score", cli_score, "archive -> verdict, without a server"},
    {"fmt", cli_fmt, "rule files in their canonical form"},
    {"explain", cli_explain, "archive -> verdict, with every value, step and rejection"},
    {"test", cli_test, "run the tests of rules, and say what they cover"},
    {"repl", cli_repl, "ask an upload questions in the words of the rules"},
    {"doc", cli_doc, "one HTML page of a rule set"},
    {"build", cli_build, "compile, test and write a bundle; sign it; check one"},
    {"disasm", cli_disasm, "bytecode with source lines and cost"},
};

static void print_help(FILE *stream)
{
    fputs("usage: ros COMMAND [OPTIONS] [ARGUMENTS]\n\n", stream);
    for (size_t i = 0; i < ROS_COUNT(commands); i++)
        fprintf(stream, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`ros COMMAND --help` says more; `ros --version` names this build. The manual: man ros.\n", stream);
}

int cli_usage_error(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "ros %s: ", command);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nTry `ros %s --help`.\n", command);
    return CLI_USAGE;
}

int cli_error(const char *command, const char *subject, const struct ros_error *err)
{
    fprintf(stderr, "ros %s: %s%s%s [%s]\n", command, subject != NULL ? subject : "", subject != NULL ? ": " : "",
            err->text, ros_code_name(err->code));
    return ros_code_exit(err->code);
}

bool cli_format_parse(const char *command, const char *text, enum cli_format *ret)
{
    if (strcmp(text, "text") == 0)
        *ret = CLI_TEXT;
    else if (strcmp(text, "json") == 0)
        *ret = CLI_JSON;
    else
        return cli_usage_error(command, "--format is text or json, not `%s`", text), false;
    return true;
}

bool cli_colour(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");
    return (no_color == NULL || no_color[0] == '\0') && isatty(fileno(stream));
}

/* What was printed must have arrived: a full disk or a closed pipe is a failure, not a success with half an answer. */
static int finish(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("ros: the output could not be written\n", stderr);
        return code == CLI_OK ? 74 : code;
    }
    return code;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return finish(CLI_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("ros " ROS_VERSION);
        return finish(CLI_OK);
    }
    for (size_t i = 0; i < ROS_COUNT(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return finish(commands[i].run(argc - 1, argv + 1));
    fprintf(stderr, "ros: no command `%s`\n\n", argv[1]);
    print_help(stderr);
    return CLI_USAGE;
}
