/* A rule set opened for study, with its tests; and notes as text and as JSON. */
#include <stdlib.h>

#include "grammar/open.h"
#include "interp/base/limits.h"
#include "tools/ros/ros_cli.h"
#include "tools/ros/study.h"

int cli_study_open(const char *command, const char *path, struct cli_study *ret)
{
    struct ros_error err = ROS_ERROR_INIT;
    *ret = (struct cli_study){.study = NULL};
    ros_arena_init(&ret->arena, NULL, ROS_LIMIT_COMPILE_BYTES);
    ros_diags_init(&ret->diags, &ret->arena);
    const struct ros_open with_tests = {.tests = true};
    enum ros_code loaded = ros_open_unit(path, &with_tests, &ret->arena, &ret->diags, &ret->unit, &err);
    if (loaded != ROS_OK && loaded != ROS_E_RULES)
        return cli_error(command, path, &err);
    enum ros_code code = ros_study_new(ret->unit, NULL, &ret->diags, &ret->study, &err);
    if (code != ROS_OK && code != ROS_E_RULES)
        return cli_error(command, path, &err);
    if (ret->diags.count > 0 && (code == ROS_E_RULES || loaded == ROS_E_RULES))
        cli_show_findings(&ret->diags, ret->unit, CLI_TEXT, stderr);
    return code == ROS_OK && loaded == ROS_OK ? CLI_OK : CLI_DATA;
}

void cli_study_close(struct cli_study *study)
{
    ros_study_free(study->study);
    ros_arena_done(&study->arena);
}

/* --- notes as text ------------------------------------------------------------------------------------------------ */

static const char *truth_word(enum ros_tri truth, bool colour)
{
    static const char *const plain[] = {"FALSE  ", "UNKNOWN", "TRUE   "};
    static const char *const coloured[] = {"\033[31mFALSE  \033[0m", "\033[33mUNKNOWN\033[0m",
                                           "\033[32mTRUE   \033[0m"};
    return colour ? coloured[truth] : plain[truth];
}

static void print_note(const struct ros_note *note, int depth, bool colour, FILE *out);

static void print_children(const struct ros_note *note, int depth, bool colour, FILE *out)
{
    for (const struct ros_note *child = note->first; child != NULL; child = child->next)
        print_note(child, depth, colour, out);
}

static void print_rows(const struct ros_note *note, int depth, FILE *out)
{
    fprintf(out, "%*s%6llu of %llu  %s%s%s%s%s\n", depth * 2, "", (unsigned long long) note->rows_out,
            (unsigned long long) note->rows_in, note->name != NULL ? note->name : "",
            note->name != NULL ? " from " : "", note->text != NULL ? note->text : "", note->more != NULL ? "   # " : "",
            note->more != NULL ? note->more : "");
}

static void print_words(const struct ros_note *note, FILE *out)
{
    static const char *const kinds[] = {
        [ROS_NOTE_GUARD] = "require", [ROS_NOTE_RULE] = "rule", [ROS_NOTE_ALL] = "all of",
        [ROS_NOTE_ANY] = "any of",    [ROS_NOTE_NOT] = "not",   [ROS_NOTE_NEED] = "need"};
    if ((size_t) note->kind < ROS_COUNT(kinds) && kinds[note->kind] != NULL)
        fprintf(out, " %s", kinds[note->kind]);
    if (note->name != NULL)
        fprintf(out, " %s", note->name);
    if (note->text != NULL)
        fprintf(out, note->name != NULL ? ": %s" : " %s", note->text);
    if (note->more != NULL)
        fprintf(out, "   # %s", note->more);
}

/* A list of one thing needs no line of its own: `not IDLE`, `require host.cloud == "aws"`. Returns what is left. */
static const struct ros_note *print_truth(const struct ros_note *note, int depth, bool colour, FILE *out)
{
    fprintf(out, "%*s%s", depth * 2, "", truth_word(note->truth, colour));
    print_words(note, out);
    while (note->first != NULL && note->first == note->last && note->first->has_truth && note->more == NULL) {
        if (note->text != NULL)
            putc(':', out);
        note = note->first;
        print_words(note, out);
    }
    putc('\n', out);
    return note;
}

static void print_note(const struct ros_note *note, int depth, bool colour, FILE *out)
{
    switch (note->kind) {
    case ROS_NOTE_VERDICT:
        fprintf(out, "%s  (%s%s%s)\n", note->name != NULL ? note->name : "no rule", note->text,
                note->more != NULL ? ": " : "", note->more != NULL ? note->more : "");
        break;
    case ROS_NOTE_CANDIDATES:
    case ROS_NOTE_STEP:
        print_rows(note, depth, out);
        break;
    case ROS_NOTE_OFFER:
    case ROS_NOTE_TEXT:
        fprintf(out, "%*s%s: %s\n", depth * 2, "", note->name != NULL ? note->name : "offer",
                note->text != NULL ? note->text : "");
        break;
    default:
        note = print_truth(note, depth, colour, out);
        break;
    }
    print_children(note, depth + 1, colour, out);
}

void cli_note_print(const struct ros_note *note, int depth, bool colour, FILE *out)
{
    print_note(note, depth, colour, out);
}

/* --- notes as JSON ------------------------------------------------------------------------------------------------ */

static int put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value);
}

json_t *cli_note_json(const struct ros_note *note)
{
    static const char *const truths[] = {"false", "unknown", "true"};
    json_t *object = json_pack("{s:s}", "kind", ros_note_kind_name(note->kind));
    int failed = object == NULL;
    if (note->name != NULL)
        failed |= put(object, "name", json_string(note->name));
    if (note->has_truth)
        failed |= put(object, "truth", json_string(truths[note->truth]));
    if (note->text != NULL)
        failed |= put(object, "text", json_string(note->text));
    if (note->more != NULL)
        failed |= put(object, "more", json_string(note->more));
    if (note->kind == ROS_NOTE_CANDIDATES || note->kind == ROS_NOTE_STEP) {
        failed |= put(object, "rows_in", json_integer((json_int_t) note->rows_in));
        failed |= put(object, "rows_out", json_integer((json_int_t) note->rows_out));
    }
    if (note->line != 0)
        failed |= put(object, "line", json_integer(note->line));
    json_t *children = note->first != NULL ? json_array() : NULL;
    for (const struct ros_note *child = note->first; child != NULL; child = child->next)
        failed |= json_array_append_new(children, cli_note_json(child));
    if (children != NULL)
        failed |= put(object, "parts", children);
    if (failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

int cli_json_line(const char *command, json_t *object)
{
    ros_auto(ros_buf) struct ros_buf line = ROS_BUF_INIT;
    enum ros_code code = object != NULL ? ros_json_dump(object, &line) : ROS_E_OOM;
    json_decref(object);
    if (code != ROS_OK) {
        fprintf(stderr, "ros %s: %s\n", command, ros_code_text(code));
        return CLI_SOFTWARE;
    }
    puts(ros_buf_text(&line));
    return CLI_OK;
}
