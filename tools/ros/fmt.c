/* ros fmt: rule files in their canonical form, each written as a whole or not at all. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grammar/format.h"
#include "grammar/load.h"
#include "grammar/parse.h"
#include "tools/ros/ros_cli.h"

struct options {
    bool check;
    bool differs; /* a file was not in canonical form */
};

static void print_help(void)
{
    fputs(
        "usage: ros fmt [--check] PATH...\n\n"
        "Puts rule files into their canonical form: indents, blanks, columns; lines and comments stay the author's. A\n"
        "folder stands for its .ros files; `-` reads standard input and writes standard output.\n\n"
        "  --check  change nothing; print the names of the files that differ\n"
        "  --help   this text\n\n"
        "Exit: 0, 1 with --check when a file differs, 64 wrong usage, 65 syntax errors, 66 no such file, 74 a file "
        "could\n"
        "not be written.\n",
        stdout);
}

/* --- reading and writing ------------------------------------------------------------------------------------------ */

static enum ros_code read_all(const char *path, struct ros_buf *out, struct ros_error *reterr)
{
    if (strcmp(path, "-") != 0)
        return ros_loader_files()->read(NULL, path, out, reterr);
    for (char block[8192];;) {
        size_t got = fread(block, 1, sizeof block, stdin);
        ros_buf_add(out, block, got);
        if (got < sizeof block)
            return ros_buf_code(out) == ROS_OK ? ROS_OK : ros_error_code(reterr, ros_buf_code(out));
    }
}

static bool write_whole(int fd, const struct ros_buf *text)
{
    for (size_t at = 0; at < text->len;) {
        ssize_t put = write(fd, ros_buf_text(text) + at, text->len - at);
        if (put < 0 && errno != EINTR)
            return false;
        at += put > 0 ? (size_t) put : 0;
    }
    return fsync(fd) == 0;
}

/* Beside the file first, with its mode, then in its place: a full disk leaves the old text. */
static int replace(const char *path, const struct ros_buf *text)
{
    char beside[4096];
    struct stat status;
    int len = snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    if (len < 0 || (size_t) len >= sizeof beside || stat(path, &status) != 0)
        return fprintf(stderr, "ros fmt: %s: cannot be written\n", path), CLI_IO;
    int fd = mkstemp(beside);
    bool good = fd >= 0 && fchmod(fd, status.st_mode & 07777) == 0 && write_whole(fd, text);
    if (fd >= 0)
        good = close(fd) == 0 && good;
    if (good && rename(beside, path) == 0)
        return CLI_OK;
    fprintf(stderr, "ros fmt: %s: cannot be written: %s\n", path, strerror(errno));
    if (fd >= 0)
        (void) unlink(beside);
    return CLI_IO;
}

/* --- one file ----------------------------------------------------------------------------------------------------- */

static int deliver(const char *path, const struct ros_buf *old, const struct ros_buf *text, struct options *o)
{
    bool same = old->len == text->len && memcmp(ros_buf_text(old), ros_buf_text(text), old->len) == 0;
    o->differs = o->differs || !same;
    if (o->check) {
        if (!same)
            puts(path);
        return CLI_OK;
    }
    if (strcmp(path, "-") == 0)
        return fwrite(ros_buf_text(text), 1, text->len, stdout) == text->len ? CLI_OK : CLI_IO;
    return same ? CLI_OK : replace(path, text);
}

static int format_file(const char *path, struct options *o)
{
    struct ros_error err = ROS_ERROR_INIT;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, ROS_LIMIT_COMPILE_BYTES);
    ros_auto(ros_buf) struct ros_buf old;
    ros_buf_init(&old, NULL, ROS_LIMIT_SOURCE_BYTES + 1);
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_unit *unit = ros_unit_new(&arena);
    uint32_t index;
    enum ros_code code = unit != NULL ? read_all(path, &old, &err) : ros_error_code(&err, ROS_E_OOM);
    if (code == ROS_OK)
        code = ros_unit_add_source(unit, ROS_FILE_RULES, path, ros_buf_text(&old), old.len, &index);
    if (code == ROS_OK)
        code = ros_format(unit, index, &diags, &text, &err);
    if (code == ROS_OK)
        return deliver(path, &old, &text, o);
    if (code == ROS_E_RULES && diags.count > 0) {
        cli_show_findings(&diags, unit, CLI_TEXT, stderr);
        return CLI_DATA;
    }
    return cli_error("fmt", path, &err);
}

/* The smallest .ros name that is larger than `after`; NULL at the end. */
static const char *next_rules(const struct ros_buf *names, const char *after)
{
    const char *best = NULL;
    for (const char *name = names->data; name != NULL && name < names->data + names->len; name += strlen(name) + 1) {
        size_t len = strlen(name);
        bool wanted = name[0] != '.' && len > 4 && strcmp(name + len - 4, ".ros") == 0;
        if (wanted && (after == NULL || strcmp(name, after) > 0) && (best == NULL || strcmp(name, best) < 0))
            best = name;
    }
    return best;
}

static int format_folder(const char *path, const struct ros_buf *names, struct options *o)
{
    int worst = CLI_OK;
    const char *name = next_rules(names, NULL);
    if (name == NULL) {
        fprintf(stderr, "ros fmt: %s: no .ros file in it\n", path);
        return CLI_NO_INPUT;
    }
    for (; name != NULL; name = next_rules(names, name)) {
        ros_auto(ros_buf) struct ros_buf file = ROS_BUF_INIT;
        ros_buf_printf(&file, "%s/%s", path, name);
        int code = ros_buf_code(&file) == ROS_OK ? format_file(ros_buf_text(&file), o) : CLI_SOFTWARE;
        worst = code != CLI_OK ? code : worst;
    }
    return worst;
}

static int format_path(const char *path, struct options *o)
{
    struct ros_error err = ROS_ERROR_INIT;
    bool folder = false;
    ros_auto(ros_buf) struct ros_buf names = ROS_BUF_INIT;
    if (strcmp(path, "-") != 0 && ros_loader_files()->list(NULL, path, &folder, &names, &err) != ROS_OK)
        return cli_error("fmt", path, &err);
    return folder ? format_folder(path, &names, o) : format_file(path, o);
}

int cli_fmt(int argc, char **argv)
{
    static const struct option options[] = {
        {"check", no_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct options o = {.check = false};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return print_help(), CLI_OK;
        if (option != 'c')
            return cli_usage_error("fmt", "see the options");
        o.check = true;
    }
    if (optind == argc)
        return cli_usage_error("fmt", "which rules? Give .ros files or folders");
    int worst = CLI_OK;
    for (int i = optind; i < argc; i++) {
        int code = format_path(argv[i], &o);
        worst = code != CLI_OK ? code : worst;
    }
    return worst != CLI_OK ? worst : o.check && o.differs ? 1 : CLI_OK;
}
