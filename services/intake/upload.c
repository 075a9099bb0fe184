/*
 * Why two passes: a data file may come before the document that says what it is. Keeping every candidate until then
 * would cost the memory of the whole upload; reading the stream twice costs some milliseconds.
 *
 * Where things are, below the root (the folder that holds insights_archive.txt):
 *     meta_data/<any name>     {"name": "insights.specs.Specs.<spec>", "results": {"type", "object": {relative_path}}}
 *     data/<relative_path>     the output itself
 *     data/var/log/pcp/pmlogger/<day>.index     raw PCP
 */
#include "services/intake/upload.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "interp/base/map.h"

#define MARKER "insights_archive.txt"
#define SPEC_PREFIX "insights.specs.Specs."
#define RAW_DIR "data/var/log/pcp/pmlogger/"
#define SUMMARY_NAME "pmlogsummary"
#define META_BYTES ((size_t) 256 << 10) /* one meta_data document; a client's are some hundred bytes */
#define HOPS_MAX 40u                    /* links followed for one path, as Linux bounds them */
#define ARENA_FACTOR 4u                 /* arena bytes per kept byte: raw text, cleaned text, paths */
#define WANTED_MAX (ROS__SPEC_COUNT + 1)

/* What a meta_data document says of one spec. */
struct found {
    struct found *next;
    const char *root;
    const char *relative_path; /* NULL: the spec is absent */
    enum ros__spec spec;
};

struct raw_dir {
    struct raw_dir *next;
    const char *root;
};

struct link {
    const char *target;
    enum ros__member_kind kind;
    bool gone; /* a later member took its path */
};

struct pass {
    const struct ros_intake_limits *limits;
    struct ros_arena *arena;
    struct ros_buf *scratch;
    struct ros_map links; /* path -> struct link */
    struct found *found;  /* newest first */
    struct raw_dir *raw;
    const char *root;
    uint64_t kept_bytes;
    const char *wanted[WANTED_MAX]; /* by spec, then the root's summary; NULL: nothing */
    struct ros__slice files[WANTED_MAX];
};

static const char *const spec_names[ROS__SPEC_COUNT] = {
#define ROS_SPEC(name, command) [ROS__SPEC_##name] = #name,
#include "services/intake/specs.def"
#undef ROS_SPEC
};

static const bool spec_is_command[ROS__SPEC_COUNT] = {
#define ROS_SPEC(name, command) [ROS__SPEC_##name] = command,
#include "services/intake/specs.def"
#undef ROS_SPEC
};

static enum ros_code arena_failure(const struct pass *pass, struct ros_error *reterr)
{
    if (ros_arena_code(pass->arena) != ROS_E_LIMIT)
        return ros_error_code(reterr, ROS_E_OOM);
    return ros_error_set(reterr, ROS_E_ARCHIVE_LIMIT, "the archive exceeds the limit kept_bytes of %" PRIu64,
                         pass->limits->kept_bytes);
}

static enum ros_code count_kept(struct pass *pass, size_t n, struct ros_error *reterr)
{
    pass->kept_bytes += n;
    if (pass->kept_bytes <= pass->limits->kept_bytes)
        return ROS_OK;
    return ros_error_set(reterr, ROS_E_ARCHIVE_LIMIT, "the archive exceeds the limit kept_bytes of %" PRIu64,
                         pass->limits->kept_bytes);
}

/* ---- meta_data ---- */

static bool has_keys(const json_t *object, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (json_object_get(object, keys[i]) == NULL)
            return false;
    }
    return true;
}

/* The relative path in "results", or NULL when the spec is absent or ambiguous (a list of outputs). */
static const char *results_path(const json_t *doc)
{
    static const char *const doc_keys[] = {"exec_time", "ser_time"};
    static const char *const object_keys[] = {"relative_path", "rc", "cmd", "args"};
    static const struct {
        const char *suffix;
        size_t keys;
    } types[] = {
        {"CommandOutputProvider", 4}, {"TextFileProvider", 2}, {"DatasourceProvider", 1}, {"RawFileProvider", 1}};
    const json_t *results = json_object_get(doc, "results");
    const char *type = json_string_value(json_object_get(results, "type"));
    const json_t *object = json_object_get(results, "object");
    if (type == NULL || !has_keys(doc, doc_keys, ROS_COUNT(doc_keys)))
        return NULL;
    const char *dot = strrchr(type, '.');
    const char *suffix = dot != NULL ? dot + 1 : type;
    for (size_t i = 0; i < ROS_COUNT(types); i++) {
        if (strcmp(suffix, types[i].suffix) == 0 && has_keys(object, object_keys, types[i].keys))
            return json_string_value(json_object_get(object, "relative_path"));
    }
    return NULL;
}

static bool spec_of(const char *name, enum ros__spec *ret)
{
    size_t prefix = strlen(SPEC_PREFIX);
    if (name == NULL || strncmp(name, SPEC_PREFIX, prefix) != 0)
        return false;
    for (size_t i = 0; i < ROS__SPEC_COUNT; i++) {
        if (strcmp(name + prefix, spec_names[i]) == 0) {
            *ret = (enum ros__spec) i;
            return true;
        }
    }
    return false;
}

static enum ros_code meta_add(struct pass *pass, const json_t *doc, const char *root, size_t root_len,
                              struct ros_error *reterr)
{
    enum ros__spec spec;
    if (!spec_of(json_string_value(json_object_get(doc, "name")), &spec))
        return ROS_OK;
    struct found *found = ros_arena_new(pass->arena, struct found);
    const char *root_copy = ros_arena_copy(pass->arena, root, root_len);
    if (found == NULL || root_copy == NULL)
        return arena_failure(pass, reterr);
    const char *path = results_path(doc);
    if (path != NULL && (path = ros_arena_copy(pass->arena, path, strlen(path))) == NULL)
        return arena_failure(pass, reterr);
    *found = (struct found){pass->found, root_copy, path, spec};
    pass->found = found;
    return ROS_OK;
}

static enum ros_code meta_visit(struct pass *pass, const struct ros__member *member, size_t root_len,
                                struct ros_error *reterr)
{
    bool fits;
    ROS_TRY(ros__member_read(member, META_BYTES, pass->scratch, &fits, reterr));
    ROS_TRY(count_kept(pass, pass->scratch->len, reterr));
    if (!fits || pass->scratch->len == 0 ||
        memmem(pass->scratch->data, pass->scratch->len, SPEC_PREFIX, strlen(SPEC_PREFIX)) == NULL)
        return ROS_OK;
    json_error_t json_error;
    json_t *doc = json_loadb(pass->scratch->data, pass->scratch->len, JSON_DECODE_INT_AS_REAL, &json_error);
    enum ros_code code = ROS_OK;
    if (doc == NULL && json_error_code(&json_error) == json_error_out_of_memory)
        code = ros_error_code(reterr, ROS_E_OOM);
    else if (doc != NULL)
        code = meta_add(pass, doc, member->path, root_len, reterr);
    json_decref(doc);
    return code;
}

/* ---- first pass ---- */

static size_t depth_of(const char *path)
{
    size_t n = *path != '\0';
    for (; *path != '\0'; path++)
        n += *path == '/';
    return n;
}

/* The root is the shallowest folder with the marker, and the first by name among equals. "" is the top. */
static enum ros_code marker_visit(struct pass *pass, const char *path, size_t root_len, struct ros_error *reterr)
{
    char *root = ros_arena_copy(pass->arena, path, root_len);
    if (root == NULL)
        return arena_failure(pass, reterr);
    size_t old = pass->root != NULL ? depth_of(pass->root) : SIZE_MAX;
    size_t new = depth_of(root);
    if (new < old || (new == old &&strcmp(root, pass->root) < 0))
        pass->root = root;
    return ROS_OK;
}

static enum ros_code link_visit(struct pass *pass, const struct ros__member *member, struct ros_error *reterr)
{
    size_t len = strlen(member->path);
    struct link *link = ros_map_get(&pass->links, member->path, len);
    bool is_link = member->kind != ROS__MEMBER_FILE;
    if (!is_link || strlen(member->target) > pass->limits->path_bytes) {
        if (link != NULL)
            link->gone = true;
        return ROS_OK;
    }
    char *target = ros_arena_copy(pass->arena, member->target, strlen(member->target));
    if (target == NULL)
        return arena_failure(pass, reterr);
    if (link == NULL) {
        char *key = ros_arena_copy(pass->arena, member->path, len);
        link = ros_arena_new(pass->arena, struct link);
        if (key == NULL || link == NULL || ros_map_add(&pass->links, key, len, link) != ROS_OK)
            return arena_failure(pass, reterr);
    }
    *link = (struct link){target, member->kind, false};
    return ROS_OK;
}

static enum ros_code raw_visit(struct pass *pass, const char *path, size_t root_len, struct ros_error *reterr)
{
    if (pass->raw != NULL && strlen(pass->raw->root) == root_len && strncmp(pass->raw->root, path, root_len) == 0)
        return ROS_OK;
    struct raw_dir *raw = ros_arena_new(pass->arena, struct raw_dir);
    const char *root = ros_arena_copy(pass->arena, path, root_len);
    if (raw == NULL || root == NULL)
        return arena_failure(pass, reterr);
    *raw = (struct raw_dir){pass->raw, root};
    pass->raw = raw;
    return ROS_OK;
}

/* Whether the folder path[0..len) is called name; its parent's length then. */
static bool folder_is(const char *path, size_t len, const char *name, size_t *ret_parent_len)
{
    size_t n = strlen(name);
    if (len < n || memcmp(path + len - n, name, n) != 0 || (len > n && path[len - n - 1] != '/'))
        return false;
    *ret_parent_len = len > n ? len - n - 1 : 0;
    return true;
}

static enum ros_code first_visit(void *context, const struct ros__member *member, struct ros_error *reterr)
{
    struct pass *pass = context;
    const char *path = member->path;
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    size_t dir_len = slash != NULL ? (size_t) (slash - path) : 0;
    size_t base_len = strlen(base);
    size_t root_len = 0;

    ROS_TRY(link_visit(pass, member, reterr));
    if (member->kind == ROS__MEMBER_SYMLINK)
        return ROS_OK;
    if (strcmp(base, MARKER) == 0)
        return marker_visit(pass, path, dir_len, reterr);
    if (slash == NULL)
        return ROS_OK;
    if (base_len > 6 && strcmp(base + base_len - 6, ".index") == 0 && folder_is(path, dir_len + 1, RAW_DIR, &root_len))
        return raw_visit(pass, path, root_len, reterr);
    if (member->kind == ROS__MEMBER_FILE && base[0] != '.' && folder_is(path, dir_len, "meta_data", &root_len))
        return meta_visit(pass, member, root_len, reterr);
    return ROS_OK;
}

/* ---- between the passes: which file is which spec's ---- */

static bool within(const char *path, const char *root)
{
    size_t n = strlen(root);
    return n == 0 || (strncmp(path, root, n) == 0 && path[n] == '/');
}

/* Appends path to out, resolving "." and ".."; false when ".." leaves the top. */
static bool path_append(struct ros_buf *out, const char *path)
{
    while (*path != '\0') {
        size_t len = strcspn(path, "/");
        if (len == 2 && path[0] == '.' && path[1] == '.') {
            if (out->len == 0)
                return false;
            while (out->len > 0 && out->data[--out->len] != '/')
                ;
            out->data[out->len] = '\0';
        } else if (len > 0 && !(len == 1 && path[0] == '.')) {
            if (out->len > 0)
                ros_buf_addc(out, '/');
            ros_buf_add(out, path, len);
        }
        path += len + (path[len] == '/');
    }
    return true;
}

/* The first link on the way along path; *ret_len is the length of the part that is the link. */
static const struct link *link_on(const struct pass *pass, const char *path, size_t *ret_len)
{
    for (size_t n = strcspn(path, "/");; n += 1 + strcspn(path + n + 1, "/")) {
        const struct link *link = ros_map_get(&pass->links, path, n);
        if (link != NULL && !link->gone) {
            *ret_len = n;
            return link;
        }
        if (path[n] == '\0')
            return NULL;
    }
}

/*
 * Follows the links along *path until none is left. The result is NULL when it leaves the root or does not end:
 * what a link points to is the sender's choice, and must stay the sender's own data.
 */
static enum ros_code resolve(const struct pass *pass, const char *start, const char **ret)
{
    ros_auto(ros_buf) struct ros_buf path;
    ros_auto(ros_buf) struct ros_buf next;
    ros_buf_init(&path, pass->arena->alloc, 0);
    ros_buf_init(&next, pass->arena->alloc, 0);
    *ret = NULL;
    if (!path_append(&path, start))
        return ROS_OK;
    for (unsigned hops = 0; hops <= HOPS_MAX; hops++) {
        size_t len = 0;
        if (ros_buf_code(&path) != ROS_OK)
            return ros_buf_code(&path);
        if (!within(ros_buf_text(&path), pass->root))
            return ROS_OK;
        const struct link *link = link_on(pass, ros_buf_text(&path), &len);
        if (link == NULL) {
            *ret = ros_arena_copy(pass->arena, ros_buf_text(&path), path.len);
            return *ret != NULL ? ROS_OK : ros_arena_code(pass->arena);
        }
        if (link->target[0] == '/' || path.len > pass->limits->path_bytes * 2)
            return ROS_OK;
        ros_buf_clear(&next);
        if (link->kind == ROS__MEMBER_SYMLINK) { /* relative to the folder of the link; a hard link to the top */
            size_t dir = len;
            while (dir > 0 && path.data[dir - 1] != '/')
                dir--;
            ros_buf_add(&next, path.data, dir > 0 ? dir - 1 : 0);
        }
        if (ros_buf_code(&next) == ROS_OK &&
            (!path_append(&next, link->target) || !path_append(&next, path.data + len)))
            return ROS_OK;
        struct ros_buf swap = path;
        path = next;
        next = swap;
    }
    return ROS_OK;
}

static enum ros_code want(struct pass *pass, size_t index, const char *relative_path, struct ros_error *reterr)
{
    const char *top = pass->root[0] != '\0' ? "/" : "";
    const char *middle = index < ROS__SPEC_COUNT ? "data/" : "";
    const char *path = ros_arena_printf(pass->arena, "%s%s%s%s", pass->root, top, middle, relative_path);
    if (path == NULL)
        return arena_failure(pass, reterr);
    enum ros_code code = resolve(pass, path, &pass->wanted[index]);
    return code == ROS_E_LIMIT ? arena_failure(pass, reterr) : code == ROS_OK ? ROS_OK : ros_error_code(reterr, code);
}

static enum ros_code choose_wanted(struct pass *pass, struct ros_error *reterr)
{
    bool seen[ROS__SPEC_COUNT] = {false};
    for (const struct found *found = pass->found; found != NULL; found = found->next) {
        if (seen[found->spec] || strcmp(found->root, pass->root) != 0)
            continue;
        seen[found->spec] = true; /* the newest document of a spec decides, also when it says "absent" */
        if (found->relative_path != NULL)
            ROS_TRY(want(pass, found->spec, found->relative_path, reterr));
    }
    return want(pass, ROS__SPEC_COUNT, SUMMARY_NAME, reterr);
}

/* ---- second pass ---- */

static enum ros_code keep(struct pass *pass, size_t index, const struct ros__member *member, struct ros_error *reterr)
{
    struct ros_arena *arena = pass->arena;
    bool fits;
    size_t max = (size_t) pass->limits->kept_entry_bytes;
    ROS_TRY(ros__member_read(member, max, pass->scratch, &fits, reterr));
    if (!fits)
        return ros_error_set(reterr, ROS_E_ARCHIVE_LIMIT, "%.200s exceeds the limit kept_entry_bytes of %zu",
                             member->path, max);
    ROS_TRY(count_kept(pass, pass->scratch->len, reterr));
    enum ros_code code = ros__text_clean(arena, ros_buf_text(pass->scratch), pass->scratch->len, &pass->files[index]);
    return code == ROS_OK ? ROS_OK : arena_failure(pass, reterr);
}

static enum ros_code second_visit(void *context, const struct ros__member *member, struct ros_error *reterr)
{
    struct pass *pass = context;
    size_t first = WANTED_MAX;
    if (member->kind != ROS__MEMBER_FILE)
        return ROS_OK;
    for (size_t i = 0; i < WANTED_MAX; i++) { /* two specs may name one file: it is read once */
        if (pass->wanted[i] == NULL || strcmp(pass->wanted[i], member->path) != 0)
            continue;
        if (first == WANTED_MAX)
            ROS_TRY(keep(pass, first = i, member, reterr));
        else
            pass->files[i] = pass->files[first];
    }
    return ROS_OK;
}

bool ros__output_rejected(struct ros__slice text)
{
    static const char *const alone[] = {"no such file or directory", "not a directory", "command not found",
                                        "no module named", "no files found for"};
    size_t lines = ros__lines_count(text, 2);
    for (size_t i = 0; i < ROS_COUNT(alone) && lines == 1; i++) {
        if (ros__slice_has_lower(text, alone[i]))
            return true;
    }
    return lines > 1 && ros__slice_has_lower(text, "missing dependencies:");
}

static void give(const struct pass *pass, struct ros__upload *ret)
{
    for (size_t i = 0; i < ROS__SPEC_COUNT; i++) {
        bool usable = pass->files[i].at != NULL && !(spec_is_command[i] && ros__output_rejected(pass->files[i]));
        ret->texts[i] = usable ? pass->files[i] : (struct ros__slice){NULL, 0};
    }
    ret->summary = pass->files[ROS__SPEC_COUNT];
    ret->has_raw_pcp = false;
    for (const struct raw_dir *raw = pass->raw; raw != NULL; raw = raw->next)
        ret->has_raw_pcp = ret->has_raw_pcp || strcmp(raw->root, pass->root) == 0;
}

enum ros_code ros__upload_read(const struct ros__source *source, const struct ros_intake_limits *limits,
                               struct ros_arena *arena, struct ros__upload *ret, struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf scratch;
    struct pass pass = {.limits = limits, .arena = arena, .scratch = &scratch};
    ros_buf_init(&scratch, source->alloc, 0);
    arena->cap_bytes = (size_t) limits->kept_bytes * ARENA_FACTOR;
    ros_map_init(&pass.links, arena, (uint64_t) (uintptr_t) arena);
    ROS_TRY(ros__archive_walk(source, limits, first_visit, &pass, reterr));
    if (pass.root == NULL)
        return ros_error_code(reterr, ROS_E_ARCHIVE_ROOT);
    ROS_TRY(choose_wanted(&pass, reterr));
    ROS_TRY(ros__archive_walk(source, limits, second_visit, &pass, reterr));
    give(&pass, ret);
    return ROS_OK;
}
