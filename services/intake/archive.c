/*
 * Why the care with libarchive: its "support all" switches would stack filters (an archive in an archive in an
 * archive) and start external programs for the rare ones. So exactly one filter is chosen, by magic, and exactly one
 * format. And why we drain members ourselves instead of letting the next header skip them: inside a skip nobody
 * counts, and one small member may unpack to gigabytes.
 */
#include "services/intake/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES (64u << 10)
#define RATIO_FROM_BYTES (16u << 20) /* below this much unpacked, any ratio is harmless */
#define MAGIC_BYTES 64u

struct ros__walk {
    const struct ros__source *source;
    const struct ros_intake_limits *limits;
    struct archive *archive;
    uint64_t offset;  /* compressed bytes handed to libarchive */
    uint64_t entries; /* members seen */
    struct ros_error *reterr;
    int filter;         /* ARCHIVE_FILTER_... */
    enum ros_code code; /* why the read callback gave up; ROS_OK when it did not */
    unsigned char chunk[CHUNK_BYTES];
};

static enum ros_code limit_error(struct ros_error *reterr, const char *name, uint64_t bound)
{
    return ros_error_set(reterr, ROS_E_ARCHIVE_LIMIT, "the archive exceeds the limit %s of %" PRIu64, name, bound);
}

/* Reads up to n bytes at an offset of the source. Returns the number read, 0 at the end, or -1 with errno set. */
static ssize_t source_read(const struct ros__source *source, uint64_t offset, void *out, size_t n)
{
    if (source->fd < 0) {
        uint64_t left = offset < source->len ? source->len - offset : 0;
        size_t taken = left < n ? (size_t) left : n;
        if (taken > 0)
            memcpy(out, source->data + offset, taken);
        return (ssize_t) taken;
    }
    ssize_t got;
    do {
        got = pread(source->fd, out, n, (off_t) (source->start + offset));
    } while (got < 0 && errno == EINTR);
    return got;
}

static la_ssize_t read_chunk(struct archive *archive, void *context, const void **ret)
{
    struct ros__walk *walk = context;
    ssize_t got = source_read(walk->source, walk->offset, walk->chunk, sizeof(walk->chunk));
    if (got < 0) {
        walk->code = ros_error_set(walk->reterr, ROS_E_IO, "the upload cannot be read: %s", strerror(errno));
    } else {
        walk->offset += (uint64_t) got;
        if (walk->offset > walk->limits->compressed_bytes)
            walk->code = limit_error(walk->reterr, "compressed_bytes", walk->limits->compressed_bytes);
    }
    if (walk->code != ROS_OK) {
        archive_set_error(archive, EIO, "given up");
        return -1;
    }
    *ret = walk->chunk;
    return (la_ssize_t) got;
}

/* The decoder's memory for an xz stream, from its first block's header; 0 when that cannot be told. */
static uint64_t xz_dictionary_bytes(const unsigned char *magic, size_t n)
{
    /* 12 bytes of stream header; then header size, flags, [sizes], filter id, property size, dictionary bits */
    size_t at = 12;
    if (n < at + 2 || magic[at] == 0)
        return 0;
    unsigned flags = magic[at + 1];
    at += 2;
    for (unsigned sizes = (flags >> 6 & 1) + (flags >> 7 & 1); sizes > 0; sizes--) {
        while (at < n && (magic[at] & 0x80) != 0)
            at++;
        at++;
    }
    for (unsigned filters = (flags & 3) + 1; filters > 0 && at + 2 < n; filters--) {
        if (magic[at] == 0x21 && magic[at + 1] == 1) {
            unsigned bits = magic[at + 2] & 0x3F;
            return bits >= 40 ? UINT32_MAX : (uint64_t) (2 | (bits & 1)) << (bits / 2 + 11);
        }
        at += 2 + (size_t) magic[at + 1];
    }
    return 0;
}

static bool magic_is(const unsigned char *magic, size_t n, const char *want, size_t want_len)
{
    return n >= want_len && memcmp(magic, want, want_len) == 0;
}

/* Chooses the one filter from the first bytes, or says what the upload is instead of a tar. */
static enum ros_code choose_filter(struct ros__walk *walk)
{
    static const struct {
        const char *magic;
        size_t len;
        int filter; /* negative: refused under this name */
        const char *name;
    } kinds[] = {
        {"\x1f\x8b", 2, ARCHIVE_FILTER_GZIP, NULL},
        {"BZh", 3, ARCHIVE_FILTER_BZIP2, NULL},
        {"\xfd"
         "7zXZ",
         6, ARCHIVE_FILTER_XZ, NULL},
        {"PK\x03\x04", 4, -1, "a zip archive"},
        {"PK\x05\x06", 4, -1, "an empty zip archive"},
        {"\x28\xb5\x2f\xfd", 4, -1, "a zstd stream"},
        {"7z\xbc\xaf\x27\x1c", 6, -1, "a 7z archive"},
        {"Rar!", 4, -1, "a rar archive"},
    };
    unsigned char magic[MAGIC_BYTES];
    ssize_t got = source_read(walk->source, 0, magic, sizeof(magic));
    if (got < 0)
        return ros_error_set(walk->reterr, ROS_E_IO, "the upload cannot be read: %s", strerror(errno));
    if (got == 0)
        return ros_error_set(walk->reterr, ROS_E_ARCHIVE_FORMAT, "the upload is empty");
    for (size_t i = 0; i < ROS_COUNT(kinds); i++) {
        if (!magic_is(magic, (size_t) got, kinds[i].magic, kinds[i].len))
            continue;
        if (kinds[i].filter < 0)
            return ros_error_set(walk->reterr, ROS_E_ARCHIVE_FORMAT, "not a tar archive: %s", kinds[i].name);
        walk->filter = kinds[i].filter;
    }
    if (walk->filter == ARCHIVE_FILTER_XZ && xz_dictionary_bytes(magic, (size_t) got) > walk->limits->xz_memory_bytes)
        return limit_error(walk->reterr, "xz_memory_bytes", walk->limits->xz_memory_bytes);
    return ROS_OK;
}

/*
 * Whether the compressed stream breaks before it gives one tar header. libarchive then only says that it knows no such
 * format, as it would of a healthy text file; read as raw bytes, the two differ.
 */
static bool stream_is_broken(struct ros__walk *walk)
{
    struct archive *raw = archive_read_new();
    struct archive_entry *entry;
    char header[512];
    walk->offset = 0;
    bool opened = raw != NULL && walk->filter != ARCHIVE_FILTER_NONE &&
                  archive_read_append_filter(raw, walk->filter) == ARCHIVE_OK &&
                  archive_read_support_format_raw(raw) == ARCHIVE_OK;
    bool broken = opened && (archive_read_open(raw, walk, NULL, read_chunk, NULL) != ARCHIVE_OK ||
                             archive_read_next_header(raw, &entry) < ARCHIVE_WARN ||
                             archive_read_data(raw, header, sizeof(header)) < 0);
    archive_read_free(raw);
    return broken;
}

/* Turns libarchive's latest failure into ours. */
static enum ros_code archive_failure(struct ros__walk *walk)
{
    if (walk->code != ROS_OK)
        return walk->code;
    const char *text = archive_error_string(walk->archive);
    int number = archive_errno(walk->archive);
    if (number == ENOMEM)
        return ros_error_code(walk->reterr, ROS_E_OOM);
    if (walk->entries == 0 && number == EILSEQ && stream_is_broken(walk))
        return ros_error_set(walk->reterr, ROS_E_ARCHIVE_DAMAGED, "the archive is damaged: it cannot be unpacked");
    if (walk->entries == 0 && number == EILSEQ) /* how libarchive says "no format I know" */
        return ros_error_set(walk->reterr, ROS_E_ARCHIVE_FORMAT, "not a tar archive: %s",
                             text != NULL ? text : "unknown format");
    return ros_error_set(walk->reterr, ROS_E_ARCHIVE_DAMAGED, "the archive is damaged: %s",
                         text != NULL ? text : "unknown cause");
}

static enum ros_code open_archive(struct ros__walk *walk)
{
    ROS_TRY(choose_filter(walk));
    walk->archive = archive_read_new();
    if (walk->archive == NULL)
        return ros_error_code(walk->reterr, ROS_E_OOM);
    if (archive_read_append_filter(walk->archive, walk->filter) != ARCHIVE_OK ||
        archive_read_support_format_tar(walk->archive) != ARCHIVE_OK)
        return ros_error_set(walk->reterr, ROS_E_INTERNAL, "this libarchive lacks a filter: %s",
                             archive_error_string(walk->archive));
    if (archive_read_open(walk->archive, walk, NULL, read_chunk, NULL) != ARCHIVE_OK)
        return archive_failure(walk);
    return ROS_OK;
}

static enum ros_code check_unpacked(struct ros__walk *walk)
{
    uint64_t unpacked = (uint64_t) archive_filter_bytes(walk->archive, 0);
    uint64_t allowed;
    if (__builtin_mul_overflow(walk->offset, walk->limits->ratio, &allowed))
        allowed = UINT64_MAX;
    if (unpacked > walk->limits->unpacked_bytes)
        return limit_error(walk->reterr, "unpacked_bytes", walk->limits->unpacked_bytes);
    if (unpacked > RATIO_FROM_BYTES && unpacked > allowed)
        return limit_error(walk->reterr, "ratio", walk->limits->ratio);
    return ROS_OK;
}

/* The next block of the current member; *ret_more is false after the last. */
static enum ros_code next_block(struct ros__walk *walk, const void **ret_data, size_t *ret_len, uint64_t *ret_offset,
                                bool *ret_more)
{
    la_int64_t offset = 0;
    int rc = archive_read_data_block(walk->archive, ret_data, ret_len, &offset);
    ROS_TRY(check_unpacked(walk));
    *ret_more = rc != ARCHIVE_EOF;
    *ret_offset = (uint64_t) offset;
    return rc == ARCHIVE_EOF || rc == ARCHIVE_OK || rc == ARCHIVE_WARN ? ROS_OK : archive_failure(walk);
}

enum ros_code ros__member_read(const struct ros__member *member, size_t max, struct ros_buf *out, bool *ret_fits,
                               struct ros_error *reterr)
{
    const void *data;
    size_t len;
    uint64_t offset;
    bool more = true;
    bool fits = true;
    ros_buf_clear(out);
    for (;;) {
        ROS_TRY(next_block(member->walk, &data, &len, &offset, &more));
        if (!more)
            break;
        fits = fits && offset <= max && len <= max - offset;
        if (!fits || len == 0)
            continue;
        while (out->len < offset && out->code == ROS_OK) /* a hole of a sparse member */
            ros_buf_addc(out, '\0');
        ros_buf_add(out, data, len);
    }
    *ret_fits = fits;
    return ros_buf_code(out) == ROS_OK ? ROS_OK : ros_error_code(reterr, ros_buf_code(out));
}

static enum ros_code drain(struct ros__walk *walk)
{
    const void *data;
    size_t len;
    uint64_t offset;
    bool more = true;
    while (more)
        ROS_TRY(next_block(walk, &data, &len, &offset, &more));
    return ROS_OK;
}

bool ros__path_clean(const char *path, char *out, size_t size)
{
    size_t n = 0;
    while (*path != '\0') {
        size_t len = strcspn(path, "/");
        bool skip = len == 0 || (len == 1 && path[0] == '.');
        if (len == 2 && path[0] == '.' && path[1] == '.')
            return false;
        if (!skip) {
            if (n + len + 2 > size)
                return false;
            if (n > 0)
                out[n++] = '/';
            for (size_t i = 0; i < len; i++) {
                if ((unsigned char) path[i] < 0x20 || path[i] == 0x7F)
                    return false;
                out[n++] = path[i];
            }
        }
        path += len + (path[len] == '/');
    }
    out[n] = '\0';
    return true;
}

/* Fills the member from the entry. False: pass over it. */
static bool describe(struct archive_entry *entry, char *path, size_t path_size, struct ros__member *member)
{
    const char *raw = archive_entry_pathname(entry);
    if (raw == NULL)
        raw = archive_entry_pathname_utf8(entry);
    if (raw == NULL || raw[0] == '/' || strstr(raw, "/dev/") != NULL || !ros__path_clean(raw, path, path_size))
        return false;
    member->path = path;
    member->kind = ROS__MEMBER_FILE;
    member->target = archive_entry_hardlink(entry);
    if (member->target != NULL) {
        member->kind = ROS__MEMBER_HARDLINK;
        return true;
    }
    if (archive_entry_filetype(entry) == AE_IFLNK) {
        member->kind = ROS__MEMBER_SYMLINK;
        member->target = archive_entry_symlink(entry);
        return member->target != NULL;
    }
    return archive_entry_filetype(entry) == AE_IFREG;
}

static enum ros_code walk_members(struct ros__walk *walk, ros__visit *visit, void *context, struct ros_buf *path)
{
    size_t path_bytes = (size_t) walk->limits->path_bytes;
    if (ros_buf_reserve(path, path_bytes + 2) != ROS_OK)
        return ros_error_code(walk->reterr, ros_buf_code(path));
    for (;;) {
        struct archive_entry *entry;
        int rc = archive_read_next_header(walk->archive, &entry);
        if (rc == ARCHIVE_EOF)
            return walk->entries > 0 ? ROS_OK
                                     : ros_error_set(walk->reterr, ROS_E_ARCHIVE_FORMAT, "the archive has no members");
        if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
            return archive_failure(walk);
        ROS_TRY(check_unpacked(walk));
        if (++walk->entries > walk->limits->entries)
            return limit_error(walk->reterr, "entries", walk->limits->entries);
        const char *raw = archive_entry_pathname(entry);
        if (raw != NULL && strlen(raw) > path_bytes)
            return limit_error(walk->reterr, "path_bytes", path_bytes);
        struct ros__member member = {.walk = walk};
        if (describe(entry, path->data, path_bytes + 2, &member))
            ROS_TRY(visit(context, &member, walk->reterr));
        ROS_TRY(drain(walk));
    }
}

enum ros_code ros__archive_walk(const struct ros__source *source, const struct ros_intake_limits *limits,
                                ros__visit *visit, void *context, struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf path;
    struct ros__walk walk;
    ros_buf_init(&path, source->alloc, 0);
    memset(&walk, 0, offsetof(struct ros__walk, chunk));
    walk.source = source;
    walk.limits = limits;
    walk.reterr = reterr;
    enum ros_code code = open_archive(&walk);
    if (code == ROS_OK)
        code = walk_members(&walk, visit, context, &path);
    archive_read_free(walk.archive);
    return code;
}
