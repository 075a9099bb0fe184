/* Files to bytes, bytes to a program or a unit. A bundle's sources are files of a loader of their own. */
#include "grammar/open.h"

#include <string.h>

#include "interp/base/limits.h"

#define KEY_BYTES 16384
#define SIGNATURE_BYTES 4096

enum ros_code ros_file_read(const char *path, size_t limit, struct ros_buf *out, struct ros_error *reterr)
{
    const struct ros_loader *files = ros_loader_files();
    size_t cap = out->cap_bytes;
    out->cap_bytes = out->len + limit;
    enum ros_code code = files->read(files->context, path, out, reterr);
    out->cap_bytes = cap;
    return code;
}

/* --- signatures --------------------------------------------------------------------------------------------------- */

static bool wants_signature(const struct ros_open *how)
{
    return how != NULL && how->public_key != NULL && how->public_key[0] != '\0';
}

static enum ros_code check_signature(const char *path, const struct ros_open *how, const struct ros_buf *bundle,
                                     struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf name = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf key = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf signature = ROS_BUF_INIT;
    name.alloc = key.alloc = signature.alloc = bundle->alloc;
    enum ros_code code = ros_buf_printf(&name, "%s.sig", path);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    struct ros_error unread = ROS_ERROR_INIT;
    if (ros_file_read(how->public_key, KEY_BYTES, &key, &unread) != ROS_OK)
        return ros_error_set(reterr, unread.code == ROS_E_OOM ? ROS_E_OOM : ROS_E_CONFIG, "the public key: %s",
                             unread.text);
    code = ros_file_read(ros_buf_text(&name), SIGNATURE_BYTES, &signature, reterr);
    if (code == ROS_E_NOT_FOUND || code == ROS_E_LIMIT)
        return ros_error_set(reterr, ROS_E_SIGNATURE, "there is no signature %s", ros_buf_text(&name));
    ROS_TRY(code);
    code = ros_bundle_check_signature(bundle->data, bundle->len, ros_buf_text(&signature), signature.len,
                                      ros_buf_text(&key), key.len, reterr);
    return code == ROS_E_CONFIG ? ros_error_prefix(reterr, code, "%s", how->public_key) : code;
}

/* True in *ret_bundle: the bundle's bytes are in out, and signed as asked for. */
static enum ros_code read_bundle(const char *path, const struct ros_open *how, struct ros_buf *out, bool *ret_bundle,
                                 struct ros_error *reterr)
{
    struct ros_error unread = ROS_ERROR_INIT;
    enum ros_code code = ros_file_read(path, ROS_LIMIT_BUNDLE_BYTES, out, &unread);
    *ret_bundle = code == ROS_OK && ros_bundle_is(ros_buf_text(out), out->len);
    if (code == ROS_E_OOM)
        return ros_error_code(reterr, code);
    if (*ret_bundle)
        return wants_signature(how) ? check_signature(path, how, out, reterr) : ROS_OK;
    if (wants_signature(how) && code != ROS_E_NOT_FOUND)
        return ros_error_set(reterr, ROS_E_SIGNATURE, "no bundle, and only signed bundles are taken");
    return ROS_OK; /* a folder, a source, or nothing: the loader says which */
}

/* --- programs ----------------------------------------------------------------------------------------------------- */

enum ros_code ros_open_program(const char *path, const struct ros_open *how, const struct ros_alloc *alloc,
                               struct ros_arena *arena, struct ros_diags *diags, struct ros_unit **ret_unit,
                               struct ros_program **ret, struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf bundle = ROS_BUF_INIT;
    bool is_bundle = false;
    bundle.alloc = alloc;
    if (ret_unit != NULL)
        *ret_unit = NULL;
    ROS_TRY(read_bundle(path, how, &bundle, &is_bundle, reterr));
    if (!is_bundle)
        return ros_load_program(path, NULL, alloc, arena, diags, ret_unit, ret, reterr);
    return ros_bundle_read(bundle.data, bundle.len, alloc, ret, reterr);
}

/* --- sources ------------------------------------------------------------------------------------------------------ */

/* The files below BUNDLE/. */
struct folder {
    const char *path; /* of the bundle */
    struct ros_bundle_sources sources;
};

/* What follows BUNDLE/ in a path; NULL for any other path. */
static const char *below(const struct folder *folder, const char *path)
{
    size_t len = strlen(folder->path);
    return strncmp(path, folder->path, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

static enum ros_code read_source(void *context, const char *path, struct ros_buf *out, struct ros_error *reterr)
{
    const struct folder *folder = context;
    const char *name = below(folder, path);
    for (size_t i = 0; name != NULL && i < folder->sources.count; i++) {
        if (strcmp(folder->sources.items[i].name, name) != 0)
            continue;
        enum ros_code code = ros_buf_add(out, folder->sources.items[i].text, folder->sources.items[i].len);
        return code == ROS_OK ? code : ros_error_set(reterr, code, "%s: %s", path, ros_code_text(code));
    }
    return ros_error_set(reterr, ROS_E_NOT_FOUND, "%s: the bundle carries no such file", path);
}

static enum ros_code list_sources(void *context, const char *path, bool *ret_folder, struct ros_buf *out,
                                  struct ros_error *reterr)
{
    const struct folder *folder = context;
    *ret_folder = strcmp(path, folder->path) == 0;
    for (size_t i = 0; *ret_folder && i < folder->sources.count; i++) {
        const char *name = folder->sources.items[i].name;
        enum ros_code code = strchr(name, '/') == NULL ? ros_buf_add(out, name, strlen(name) + 1) : ROS_OK;
        if (code != ROS_OK)
            return ros_error_set(reterr, code, "%s: %s", path, ros_code_text(code));
    }
    return ROS_OK;
}

static enum ros_code load_sources(const char *path, const struct ros_open *how, const struct ros_buf *bundle,
                                  struct ros_arena *arena, struct ros_diags *diags, struct ros_unit **ret,
                                  struct ros_error *reterr)
{
    struct folder folder = {.path = path};
    ROS_TRY(ros_bundle_read_sources(bundle->data, bundle->len, arena, &folder.sources, reterr));
    bool is_file = folder.sources.main[0] != '\0';
    const char *start = is_file ? ros_arena_printf(arena, "%s/%s", path, folder.sources.main) : path;
    if (start == NULL)
        return ros_error_code(reterr, ros_arena_code(arena));
    const struct ros_loader loader = {read_source, list_sources, &folder, how != NULL && how->tests};
    return ros_load(start, &loader, arena, diags, ret, reterr);
}

enum ros_code ros_open_unit(const char *path, const struct ros_open *how, struct ros_arena *arena,
                            struct ros_diags *diags, struct ros_unit **ret, struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf bundle = ROS_BUF_INIT;
    bool is_bundle = false;
    bundle.alloc = arena->alloc;
    ROS_TRY(read_bundle(path, how, &bundle, &is_bundle, reterr));
    if (is_bundle)
        return load_sources(path, how, &bundle, arena, diags, ret, reterr);
    struct ros_loader loader = *ros_loader_files();
    loader.tests = how != NULL && how->tests;
    return ros_load(path, &loader, arena, diags, ret, reterr);
}

/* The length of the folder part, slash included, that every path of the unit begins with. */
static size_t folder_length(const struct ros_unit *unit, const char *path, const char **ret_main)
{
    size_t len = strlen(path);
    const char *slash = strrchr(path, '/');
    *ret_main = slash != NULL ? slash + 1 : path;
    for (size_t i = 0; i < unit->source_count; i++)
        if (strcmp(unit->sources[i].path, path) == 0)
            return (size_t) (*ret_main - path);
    *ret_main = "";
    while (len > 1 && path[len - 1] == '/')
        len--;
    return len + 1;
}

enum ros_code ros_unit_sources(const struct ros_unit *unit, const char *path, struct ros_arena *arena,
                               struct ros_bundle_sources *ret, struct ros_error *reterr)
{
    const char *main;
    size_t folder = folder_length(unit, path, &main);
    struct ros_bundle_source *items = ros_arena_new_array(arena, struct ros_bundle_source, unit->source_count);
    const char *own_main = ros_arena_copy(arena, main, strlen(main));
    if (items == NULL || own_main == NULL)
        return ros_error_code(reterr, ros_arena_code(arena));
    for (size_t i = 0; i < unit->source_count; i++) {
        const struct ros_source *source = &unit->sources[i];
        if (strlen(source->path) <= folder)
            return ros_error_set(reterr, ROS_E_INTERNAL, "%s is not below the rule set's folder", source->path);
        items[i] = (struct ros_bundle_source){source->kind, source->path + folder, source->text, source->len};
    }
    *ret = (struct ros_bundle_sources){own_main, items, unit->source_count};
    return ROS_OK;
}
