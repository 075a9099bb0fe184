/*
 * ros_cli.h - what the subcommands of `ros` share.
 *
 * A subcommand gets its own argv (argv[0] is its name) and returns the process's exit code (sysexits). Results go to
 * standard output, everything else to standard error, so that `--format json` can be piped.
 */
#ifndef ROS_TOOLS_CLI_H
#define ROS_TOOLS_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "interp/ros.h"

enum cli_format { CLI_TEXT, CLI_JSON };

enum cli_exit {
    CLI_OK = 0,
    CLI_USAGE = 64,
    CLI_DATA = 65,
    CLI_NO_INPUT = 66,
    CLI_UNAVAILABLE = 69,
    CLI_SOFTWARE = 70,
    CLI_IO = 74
};

int cli_check(int argc, char **argv);
int cli_score(int argc, char **argv);
int cli_disasm(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_test(int argc, char **argv);
int cli_repl(int argc, char **argv);
int cli_fmt(int argc, char **argv);
int cli_doc(int argc, char **argv);
int cli_build(int argc, char **argv);

/* Reads "text" or "json"; anything else prints what is allowed and is false. */
bool cli_format_parse(const char *command, const char *text, enum cli_format *ret);

/* Prints "ros COMMAND: message" and how to get help; returns CLI_USAGE. */
int cli_usage_error(const char *command, const char *format, ...) ROS_PRINTF(2, 3);

/* Prints an error the way every subcommand does; returns its exit code. */
int cli_error(const char *command, const char *subject, const struct ros_error *err);

/* Colour belongs on a terminal, and only where NO_COLOR is not set. */
bool cli_colour(FILE *stream);

/* The rule set to use: `given` (from --rules), else ROS_RULES_PATH, else the installed one, else the source tree's. */
const char *cli_rules_path(const char *given);

/* Shows findings: as text on standard error, as JSON on `out` (NULL: standard error). */
void cli_show_findings(const struct ros_diags *diags, const struct ros_unit *unit, enum cli_format format, FILE *out);

/*
 * Compiles path, or reads it where it is a bundle. Findings go to standard error (or, as JSON, to `out` when not NULL).
 * Returns an exit code; on CLI_OK *ret holds a reference.
 */
int cli_compile(const char *command, const char *path, enum cli_format format, FILE *out, struct ros_program **ret);

#endif
