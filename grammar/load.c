/*
 * Files in the order of their use: a file's own `use`s are loaded before its declarations join the unit, so that every
 * name is declared before it is used. A file that is being loaded and is asked for again closes a circle.
 */
#include "grammar/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grammar/csv.h"
#include "grammar/parse.h"
#include "interp/base/limits.h"

struct loaded {
    const char *path;
    bool busy; /* its own uses are being loaded */
};

struct loader {
    const struct ros_loader *io;
    struct ros_unit *unit;
    struct ros_diags *diags;
    const char *root; /* folder of the rule set, "" for the current one */
    struct loaded files[ROS_LIMIT_SOURCE_FILES];
    size_t file_count;
    struct ros_decl **decls;
    size_t decl_count;
    size_t decl_size;
    struct ros_name ruleset_at; /* of the file that declared the rule set */
    unsigned depth;
};

/* --- the machine's files ------------------------------------------------------------------------------------------ */

static enum ros_code read_stream(FILE *file, const char *path, struct ros_buf *out, struct ros_error *reterr)
{
    char chunk[16384];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0) {
        enum ros_code code = ros_buf_add(out, chunk, n);
        if (code != ROS_OK)
            return ros_error_set(reterr, code, "%s: %s", path,
                                 code == ROS_E_LIMIT ? "larger than such a file may be" : ros_code_text(code));
    }
    if (ferror(file))
        return ros_error_set(reterr, ROS_E_IO, "%s cannot be read", path);
    return ROS_OK;
}

static enum ros_code read_file(void *context, const char *path, struct ros_buf *out, struct ros_error *reterr)
{
    struct stat info;
    (void) context;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not keep us waiting */
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "rb") : NULL;
    if (file == NULL) {
        int cause = errno;
        if (descriptor >= 0)
            close(descriptor);
        return ros_error_set(reterr, cause == ENOENT ? ROS_E_NOT_FOUND : ROS_E_IO, "%s: %s", path, strerror(cause));
    }
    enum ros_code code;
    if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode))
        code = ros_error_set(reterr, ROS_E_IO, "%s is not a regular file", path);
    else
        code = read_stream(file, path, out, reterr);
    fclose(file);
    return code;
}

static enum ros_code list_folder(void *context, const char *path, bool *ret_folder, struct ros_buf *out,
                                 struct ros_error *reterr)
{
    (void) context;
    DIR *folder = opendir(path);
    *ret_folder = folder != NULL;
    if (folder == NULL)
        return ROS_OK;
    enum ros_code code = ROS_OK;
    for (struct dirent *entry; code == ROS_OK && (entry = readdir(folder)) != NULL;)
        code = ros_buf_add(out, entry->d_name, strlen(entry->d_name) + 1);
    closedir(folder);
    return code == ROS_OK ? code : ros_error_set(reterr, code, "%s: %s", path, ros_code_text(code));
}

const struct ros_loader *ros_loader_files(void)
{
    static const struct ros_loader files = {read_file, list_folder, NULL, false};
    return &files;
}

/* --- files in memory ---------------------------------------------------------------------------------------------- */

static enum ros_code read_memory(void *context, const char *path, struct ros_buf *out, struct ros_error *reterr)
{
    for (const struct ros_memory_file *file = context; file->path != NULL; file++)
        if (strcmp(file->path, path) == 0) {
            enum ros_code code = ros_buf_puts(out, file->text);
            return code == ROS_OK ? code : ros_error_set(reterr, code, "%s: %s", path, ros_code_text(code));
        }
    return ros_error_set(reterr, ROS_E_NOT_FOUND, "%s: there is no such file", path);
}

static enum ros_code list_memory(void *context, const char *path, bool *ret_folder, struct ros_buf *out,
                                 struct ros_error *reterr)
{
    size_t len = strlen(path);
    (void) reterr;
    while (len > 1 && path[len - 1] == '/')
        len--;
    *ret_folder = false;
    for (const struct ros_memory_file *file = context; file->path != NULL; file++) {
        if (strncmp(file->path, path, len) != 0 || file->path[len] != '/')
            continue;
        *ret_folder = true;
        if (strchr(file->path + len + 1, '/') == NULL)
            ROS_TRY(ros_buf_add(out, file->path + len + 1, strlen(file->path + len + 1) + 1));
    }
    return ROS_OK;
}

struct ros_loader ros_loader_memory(const struct ros_memory_file *files)
{
    return (struct ros_loader){read_memory, list_memory, (void *) (uintptr_t) files, false};
}

/* --- paths -------------------------------------------------------------------------------------------------------- */

/* The folder part of a path, with its slash; "" when there is none. */
static const char *folder_of(struct ros_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? ros_arena_copy(arena, path, (size_t) (slash + 1 - path)) : "";
}

static bool stays_below(const char *path)
{
    if (path[0] == '\0' || path[0] == '/')
        return false;
    for (const char *at = path; at != NULL && *at != '\0';) {
        size_t len = strcspn(at, "/");
        if (len == 0 || (len == 1 && at[0] == '.') || (len == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        at += len;
        if (*at == '/' && *++at == '\0')
            return false;
    }
    return true;
}

/* The path of what a file names by `use` or `from`; NULL when it is not allowed, which is reported. */
static const char *resolve(struct loader *l, const char *from, const struct ros_name *written)
{
    if (written->text == NULL || !stays_below(written->text)) {
        struct ros_diag *diag =
            ros_diags_add(l->diags, ROS_DIAG_E0801, written->span, "this path leaves the folder of the rule set");
        ros_diag_set_help(l->diags, diag, "write it relative to this file, without `..` and without a `/` in front");
        return NULL;
    }
    const char *folder = folder_of(l->unit->arena, from);
    return folder != NULL ? ros_arena_printf(l->unit->arena, "%s%s", folder, written->text) : NULL;
}

/* --- sources ------------------------------------------------------------------------------------------------------ */

static enum ros_code memory_code(const struct loader *l)
{
    enum ros_code code = ros_arena_code(l->unit->arena);
    return code != ROS_OK ? code : ROS_E_OOM;
}

static enum ros_code add_source(struct loader *l, enum ros_file_kind kind, const char *path, size_t limit,
                                uint32_t *ret, struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf text;
    ros_buf_init(&text, l->unit->arena->alloc, limit);
    ROS_TRY(l->io->read(l->io->context, path, &text, reterr));
    enum ros_code code = ros_unit_add_source(l->unit, kind, path, ros_buf_text(&text), text.len, ret);
    return code == ROS_OK ? code : ros_error_set(reterr, code, "%s: %s", path, ros_code_text(code));
}

/* A source that a rule file names. What is wrong with it is a finding at that place; memory is an error. */
static enum ros_code add_named_source(struct loader *l, enum ros_file_kind kind, const char *path, size_t limit,
                                      struct ros_span span, uint32_t *ret)
{
    struct ros_error err = ROS_ERROR_INIT;
    enum ros_code code = add_source(l, kind, path, limit, ret, &err);
    if (code == ROS_OK || code == ROS_E_OOM)
        return code;
    ros_diags_add(l->diags, code == ROS_E_LIMIT ? ROS_DIAG_E0701 : ROS_DIAG_E0801, span, "%s", err.text);
    return ROS_E_RULES;
}

static enum ros_code add_decl(struct loader *l, struct ros_decl *decl)
{
    if (l->decl_count == l->decl_size) {
        size_t wish = l->decl_size == 0 ? 64 : l->decl_size * 2;
        struct ros_decl **decls = ros_arena_new_array(l->unit->arena, struct ros_decl *, wish);
        if (decls == NULL)
            return memory_code(l);
        if (l->decl_count > 0)
            memcpy(decls, l->decls, l->decl_count * sizeof *decls);
        l->decls = decls;
        l->decl_size = wish;
    }
    l->decls[l->decl_count++] = decl;
    return ROS_OK;
}

static enum ros_code load_table(struct loader *l, const char *path, struct ros_decl_table *table)
{
    uint32_t index;
    const char *csv_path = resolve(l, path, &table->from);
    if (csv_path == NULL)
        return ros_arena_code(l->unit->arena) != ROS_OK ? memory_code(l) : ROS_OK;
    enum ros_code code = add_named_source(l, ROS_FILE_TABLE, csv_path, ROS_LIMIT_TABLE_BYTES, table->from.span, &index);
    if (code == ROS_OK)
        code = ros_csv_read(l->unit, index, l->diags, &table->csv);
    return code == ROS_E_RULES ? ROS_OK : code; /* reported; the table's csv stays NULL */
}

static enum ros_code load_path(struct loader *l, const char *path, const struct ros_span *used_at,
                               struct ros_error *reterr);

static enum ros_code load_uses(struct loader *l, const char *path, const struct ros_file *file)
{
    for (size_t i = 0; i < file->use_count; i++) {
        const char *used = resolve(l, path, &file->uses[i]);
        if (used == NULL && ros_arena_code(l->unit->arena) != ROS_OK)
            return memory_code(l);
        if (used != NULL)
            ROS_TRY(load_path(l, used, &file->uses[i].span, NULL));
    }
    return ROS_OK;
}

static void take_header(struct loader *l, const struct ros_file *file)
{
    if (file->override_for.text != NULL && l->unit->override_for.text == NULL)
        l->unit->override_for = file->override_for;
    if (file->ruleset.text == NULL)
        return;
    if (l->ruleset_at.text != NULL) {
        struct ros_diag *diag = ros_diags_add(l->diags, ROS_DIAG_E0108, file->ruleset.span,
                                              "a rule set has one `ruleset`, and this is the second");
        ros_diag_add_label(l->diags, diag, l->ruleset_at.span, "the first is here");
        return;
    }
    l->ruleset_at = l->unit->name = file->ruleset;
    l->unit->version = file->version;
    l->unit->doc = file->doc;
}

static enum ros_code take_file(struct loader *l, const char *path, uint32_t index)
{
    struct ros_file file;
    enum ros_code code = ros_parse(l->unit, index, l->diags, &file);
    if (code != ROS_OK && code != ROS_E_RULES)
        return code;
    take_header(l, &file);
    ROS_TRY(load_uses(l, path, &file));
    for (size_t i = 0; i < file.decl_count; i++) {
        if (file.decls[i]->kind == ROS_DECL_TABLE)
            ROS_TRY(load_table(l, path, &file.decls[i]->table));
        ROS_TRY(add_decl(l, file.decls[i]));
    }
    return ROS_OK;
}

/* used_at NULL: the path that the caller gave, whose trouble is an error; else a finding where it is written. */
static enum ros_code load_path(struct loader *l, const char *path, const struct ros_span *used_at,
                               struct ros_error *reterr)
{
    uint32_t index;
    for (size_t i = 0; i < l->file_count; i++) {
        if (strcmp(l->files[i].path, path) != 0)
            continue;
        if (l->files[i].busy && used_at != NULL)
            ros_diags_add(l->diags, ROS_DIAG_E0801, *used_at, "`%s` uses this file in turn: a circle", path);
        return ROS_OK;
    }
    if (l->file_count == ROS_LIMIT_SOURCE_FILES) {
        if (used_at == NULL)
            return ros_error_set(reterr, ROS_E_LIMIT, "more than %d files in one rule set", ROS_LIMIT_SOURCE_FILES);
        ros_diags_add(l->diags, ROS_DIAG_E0701, *used_at, "more than %d files in one rule set", ROS_LIMIT_SOURCE_FILES);
        return ROS_OK;
    }
    struct loaded *file = &l->files[l->file_count++];
    *file = (struct loaded){path, true};
    /* one byte more than the limit, so that the parser can say that the file is too long */
    size_t limit = ROS_LIMIT_SOURCE_BYTES + 1;
    enum ros_code code = used_at != NULL ? add_named_source(l, ROS_FILE_RULES, path, limit, *used_at, &index)
                                         : add_source(l, ROS_FILE_RULES, path, limit, &index, reterr);
    if (code == ROS_OK)
        code = take_file(l, path, index);
    file->busy = false;
    return code == ROS_E_RULES ? ROS_OK : code;
}

/* --- folders ------------------------------------------------------------------------------------------------------ */

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name);
    size_t end_len = strlen(end);
    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

static bool is_wanted(const struct loader *l, const char *name)
{
    return name[0] != '.' && ends_with(name, ".ros") && (l->io->tests || !ends_with(name, "_test.ros"));
}

/* The smallest name that is larger than `after`; NULL at the end. Folders are small, so sorting is by asking again. */
static const char *next_name(const struct loader *l, const struct ros_buf *names, const char *after)
{
    const char *best = NULL;
    for (const char *name = names->data; name != NULL && name < names->data + names->len; name += strlen(name) + 1)
        if (is_wanted(l, name) && (after == NULL || strcmp(name, after) > 0) &&
            (best == NULL || strcmp(name, best) < 0))
            best = name;
    return best;
}

static enum ros_code load_folder(struct loader *l, const char *path, const struct ros_buf *names,
                                 struct ros_error *reterr)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    const char *name = next_name(l, names, NULL);
    if (name == NULL)
        return ros_error_set(reterr, ROS_E_NOT_FOUND, "%s holds no .ros file", path);
    for (; name != NULL; name = next_name(l, names, name)) {
        const char *file = ros_arena_printf(l->unit->arena, "%.*s/%s", (int) len, path, name);
        if (file == NULL)
            return ros_error_code(reterr, memory_code(l));
        ROS_TRY(load_path(l, file, NULL, reterr));
    }
    return ROS_OK;
}

/* The tests of x.ros that stand in x_test.ros, where there is one. */
static enum ros_code load_sibling(struct loader *l, const char *path, struct ros_error *reterr)
{
    struct ros_error unheard = ROS_ERROR_INIT;
    if (!ends_with(path, ".ros") || ends_with(path, "_test.ros"))
        return ROS_OK;
    const char *sibling =
        ros_arena_printf(l->unit->arena, "%.*s_test.ros", (int) (strlen(path) - strlen(".ros")), path);
    if (sibling == NULL)
        return ros_error_code(reterr, memory_code(l));
    enum ros_code code = load_path(l, sibling, NULL, &unheard);
    if (code == ROS_OK || code == ROS_E_NOT_FOUND)
        return ROS_OK;
    return ros_error_set(reterr, code, "%s", unheard.text);
}

static enum ros_code load_all(struct loader *l, const char *path, struct ros_error *reterr)
{
    bool folder = false;
    ros_auto(ros_buf) struct ros_buf names;
    ros_buf_init(&names, l->unit->arena->alloc, (size_t) 4 << 20);
    ROS_TRY(l->io->list(l->io->context, path, &folder, &names, reterr));
    if (folder)
        return load_folder(l, path, &names, reterr);
    ROS_TRY(load_path(l, path, NULL, reterr));
    return l->io->tests ? load_sibling(l, path, reterr) : ROS_OK;
}

enum ros_code ros_load(const char *path, const struct ros_loader *io, struct ros_arena *arena, struct ros_diags *diags,
                       struct ros_unit **ret, struct ros_error *reterr)
{
    struct loader *l = ros_arena_new(arena, struct loader);
    struct ros_unit *unit = ros_unit_new(arena);
    const char *own_path = ros_arena_copy(arena, path, strlen(path));
    if (l == NULL || unit == NULL || own_path == NULL)
        return ros_error_code(reterr, ros_arena_code(arena));
    l->io = io != NULL ? io : ros_loader_files();
    l->unit = unit;
    l->diags = diags;
    enum ros_code code = load_all(l, own_path, reterr);
    unit->decls = l->decls;
    unit->decl_count = l->decl_count;
    if (code == ROS_E_OOM || (code == ROS_OK && diags->code != ROS_OK))
        return ros_error_code(reterr, ROS_E_OOM);
    ROS_TRY(code);
    *ret = unit;
    if (diags->error_count > 0)
        return ros_error_set(reterr, ROS_E_RULES, "%s has %zu error%s", path, diags->error_count,
                             diags->error_count == 1 ? "" : "s");
    return ROS_OK;
}

enum ros_code ros_load_program(const char *path, const struct ros_loader *io, const struct ros_alloc *alloc,
                               struct ros_arena *arena, struct ros_diags *diags, struct ros_unit **ret_unit,
                               struct ros_program **ret, struct ros_error *reterr)
{
    struct ros_unit *unit = NULL;
    enum ros_code loaded = ros_load(path, io, arena, diags, &unit, reterr);
    if (loaded != ROS_OK && loaded != ROS_E_RULES)
        return loaded;
    if (ret_unit != NULL)
        *ret_unit = unit;
    /* What could be read is checked even when something could not: one run shows all. */
    struct ros_program *program = NULL;
    enum ros_code code = ros_program_compile(unit, alloc, diags, &program, reterr);
    if (code == ROS_OK && loaded != ROS_OK) {
        ros_program_unref(program);
        code = ROS_E_RULES;
    }
    if (code == ROS_E_RULES)
        return ros_error_set(reterr, ROS_E_RULES, "%s has %zu error%s", path, diags->error_count,
                             diags->error_count == 1 ? "" : "s");
    if (code == ROS_OK)
        *ret = program;
    return code;
}
