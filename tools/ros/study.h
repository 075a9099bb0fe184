/*
 * study.h - what `ros test`, `ros explain` and `ros repl` share: a rule set opened with its tests, and notes as a
 * person and as a program reads them.
 */
#ifndef ROS_TOOLS_STUDY_H
#define ROS_TOOLS_STUDY_H

#include <jansson.h>
#include <stdio.h>

#include "interp/diag/diag.h"
#include "interp/study/study.h"
#include "services/common/json.h"

struct cli_study {
    struct ros_arena arena; /* of the unit and its findings */
    struct ros_diags diags;
    struct ros_unit *unit;
    struct ros_study *study; /* NULL unless it compiled */
};

/* Findings go to standard error. Returns an exit code; close it whatever that is. */
int cli_study_open(const char *command, const char *path, struct cli_study *ret);
void cli_study_close(struct cli_study *study);

/* test.c: runs the tests; those that fail are shown on standard output. Returns an exit code, CLI_OK when they ran. */
int cli_study_test(struct cli_study *study, size_t *ret_tests, size_t *ret_failed);

void cli_note_print(const struct ros_note *note, int depth, bool colour, FILE *out);
/* A new reference; NULL: memory was short. */
json_t *cli_note_json(const struct ros_note *note);
/* Prints one object as one line, and takes it. NULL: memory was short. */
int cli_json_line(const char *command, json_t *object);

#endif
