/* A program to an image, and back: META, the parts, the pool of texts, the sources. */
#include "interp/bundle/bundle.h"

#include <string.h>

#include "interp/base/utf8.h"
#include "interp/bundle/codec.h"

#define SOURCES_MOST (ROS_LIMIT_SOURCE_FILES + ROS_LIMIT_TABLES)
#define SOURCE_ENTRY_BYTES 16

static bool hex_digest(const char *text, uint8_t ret[ROS__DIGEST_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 2 * ROS__DIGEST_BYTES; i++) {
        const char *digit = text[i] != '\0' ? strchr(digits, text[i]) : NULL;
        if (digit == NULL)
            return false;
        ret[i / 2] = (uint8_t) (ret[i / 2] << 4 | (digit - digits));
    }
    return true;
}

/* --- sources ------------------------------------------------------------------------------------------------------ */

static enum ros_code align(struct ros_buf *out)
{
    static const char zeroes[8];
    return ros_buf_add(out, zeroes, ROS_ALIGN_UP(out->len, 8) - out->len);
}

/* kind u32, length of the name u32, length of the text u64; name, NUL; text, NUL; each from a multiple of 8. */
static enum ros_code write_source(const struct ros_bundle_source *source, struct ros_buf *out)
{
    unsigned char entry[SOURCE_ENTRY_BYTES];
    size_t name_len = strlen(source->name);
    ros__store_u32(entry, (uint32_t) source->kind);
    ros__store_u32(entry + 4, (uint32_t) name_len);
    ros__store_u64(entry + 8, source->len);
    ros_buf_add(out, entry, sizeof entry);
    ros_buf_add(out, source->name, name_len + 1);
    align(out);
    ros_buf_add(out, source->text, source->len);
    ros_buf_addc(out, '\0');
    return align(out);
}

static enum ros_code write_sources(const struct ros_bundle_sources *sources, struct ros_buf *out)
{
    unsigned char count[8];
    ros__store_u64(count, sources->count);
    ROS_TRY(ros_buf_add(out, count, sizeof count));
    for (size_t i = 0; i < sources->count; i++)
        ROS_TRY(write_source(&sources->items[i], out));
    return ROS_OK;
}

/* `len` bytes of text and their NUL, from here to the next multiple of 8; NULL when they are not there. */
static const char *take_text(const struct ros__section *section, size_t *at, uint64_t len)
{
    const char *text = (const char *) section->data + *at;
    size_t room = section->size - *at;
    if (len >= room || text[len] != '\0')
        return NULL;
    size_t end = *at + (size_t) len + 1;
    *at = ROS_ALIGN_UP(end, 8);
    if (*at > section->size)
        return NULL;
    for (size_t i = end; i < *at; i++)
        if (section->data[i] != 0)
            return NULL;
    return text;
}

static bool take_source(const struct ros__section *section, size_t *at, struct ros_bundle_source *ret)
{
    if (section->size - *at < SOURCE_ENTRY_BYTES)
        return false;
    const unsigned char *entry = section->data + *at;
    uint32_t kind = ros__load_u32(entry);
    uint32_t name_len = ros__load_u32(entry + 4);
    uint64_t len = ros__load_u64(entry + 8);
    *at += SOURCE_ENTRY_BYTES;
    const char *name = take_text(section, at, name_len);
    const char *text = name != NULL ? take_text(section, at, len) : NULL;
    if (text == NULL || kind > ROS_FILE_TABLE || name_len == 0 || strlen(name) != name_len ||
        ros_utf8_check(name, name_len) != name_len)
        return false;
    *ret = (struct ros_bundle_source){(enum ros_file_kind) kind, name, text, (size_t) len};
    return true;
}

static enum ros_code read_sources(const struct ros__section *section, struct ros_arena *arena,
                                  struct ros_bundle_sources *ret, struct ros_error *reterr)
{
    uint64_t count = section->size >= 8 ? ros__load_u64(section->data) : UINT64_MAX;
    size_t at = 8;
    if (count > SOURCES_MOST)
        return ros_error_set(reterr, ROS_E_BUNDLE, "section SOURCE: more files than a rule set may have");
    struct ros_bundle_source *items = ros_arena_new_array(arena, struct ros_bundle_source, (size_t) count);
    if (items == NULL)
        return ros_error_code(reterr, ros_arena_code(arena));
    for (size_t i = 0; i < count; i++)
        if (!take_source(section, &at, &items[i]))
            return ros_error_set(reterr, ROS_E_BUNDLE, "section SOURCE: file %zu is damaged", i + 1);
    if (at != section->size)
        return ros_error_set(reterr, ROS_E_BUNDLE, "section SOURCE: bytes behind the last file");
    ret->items = items;
    ret->count = (size_t) count;
    return ROS_OK;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void begin(struct ros__codec *c, const char *section)
{
    c->section = section;
    c->at = 0;
}

static void end(struct ros__codec *c, size_t index, size_t start)
{
    enum ros_code code = c->code == ROS_OK ? ros__image_section(c->out, index, c->section, start) : ROS_OK;
    if (code != ROS_OK)
        ros__code_fail(c, code, ros_code_text(code));
}

/* The walk takes a program that it may fill; writing, it only reads. */
static struct ros_program *borrowed(const struct ros_program *program)
{
    return (struct ros_program *) (uintptr_t) program;
}

static void write_parts(struct ros__codec *c, const struct ros_program *program, struct ros__bundle_meta *meta)
{
    size_t start = c->out->len;
    begin(c, "META");
    ros__code_meta(c, borrowed(program), meta);
    end(c, 0, start);
    for (size_t i = 0; i < ros__part_count; i++) {
        start = c->out->len;
        begin(c, ros__parts[i].name);
        ros__parts[i].code(c, borrowed(program));
        end(c, i + 1, start);
    }
    start = c->out->len;
    begin(c, "POOL");
    enum ros_code code = ros_buf_code(c->pool);
    if (code == ROS_OK)
        code = ros_buf_add(c->out, ros_buf_text(c->pool), c->pool->len);
    if (code != ROS_OK)
        ros__code_fail(c, code, ros_code_text(code));
    end(c, ros__part_count + 1, start);
}

enum ros_code ros_bundle_write(const struct ros_program *program, const struct ros_bundle_sources *sources,
                               const char *compiler, struct ros_buf *out, struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf files;
    ros_auto(ros_buf) struct ros_buf pool;
    ros_buf_init(&files, out->alloc, 0);
    ros_buf_init(&pool, out->alloc, 0);
    struct ros__bundle_meta meta = {.compiler = compiler, .main = sources != NULL ? sources->main : NULL};
    size_t count = ros__part_count + 2 + (sources != NULL);
    enum ros_code code = sources != NULL ? write_sources(sources, &files) : ROS_OK;
    if (code == ROS_OK)
        code = ros__image_begin(out, count);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    if (!hex_digest(program->checksum, meta.checksum))
        return ros_error_set(reterr, ROS_E_INTERNAL, "a program without a checksum");
    if (sources != NULL)
        ROS_TRY(ros__digest(ros_buf_text(&files), files.len, NULL, 0, meta.sources, reterr));
    struct ros__codec c = {.reterr = reterr, .out = out, .pool = &pool};
    write_parts(&c, program, &meta);
    size_t start = out->len;
    begin(&c, "SOURCE");
    code = c.code == ROS_OK ? ros_buf_add(out, ros_buf_text(&files), files.len) : ROS_OK;
    if (code != ROS_OK)
        ros__code_fail(&c, code, ros_code_text(code));
    if (sources != NULL)
        end(&c, ros__part_count + 2, start);
    return c.code == ROS_OK ? ros__image_end(out, count, reterr) : c.code;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void open_part(struct ros__codec *c, const struct ros__section *section)
{
    begin(c, section->name);
    c->data = section->data;
    c->size = section->size;
}

static void close_part(struct ros__codec *c)
{
    if (c->code == ROS_OK && c->at != c->size)
        ros__code_refuse(c, "it goes on behind its end");
}

/* The pool is copied: every text of the program points into it. */
static enum ros_code open_pool(struct ros__codec *c, const struct ros__section *pool)
{
    if (pool->size == 0 || pool->data[pool->size - 1] != '\0')
        return ros_error_set(c->reterr, ROS_E_BUNDLE, "section POOL does not end with a text's end");
    c->pool_data = ros_arena_copy(c->arena, (const char *) pool->data, pool->size);
    c->pool_size = pool->size;
    return c->pool_data != NULL ? ROS_OK : ros_error_code(c->reterr, ros_arena_code(c->arena));
}

static enum ros_code open_meta(struct ros__codec *c, const struct ros__image *image, struct ros_program *program,
                               struct ros__bundle_meta *ret)
{
    static const uint8_t none[ROS__DIGEST_BYTES];
    *ret = (struct ros__bundle_meta){.compiler = NULL};
    ROS_TRY(open_pool(c, ros__image_find(image, "POOL")));
    open_part(c, ros__image_find(image, "META"));
    ros__code_meta(c, program, ret);
    close_part(c);
    if (c->code == ROS_OK && image->has_source != (ret->main != NULL))
        ros__code_refuse(c, "a main file without sources, or sources without one");
    if (c->code == ROS_OK && !image->has_source && memcmp(ret->sources, none, sizeof none) != 0)
        ros__code_refuse(c, "a digest of sources that are not there");
    return c->code;
}

static enum ros_code read_parts(struct ros__codec *c, const struct ros__image *image, struct ros_program *program)
{
    for (size_t i = 0; i < ros__part_count && c->code == ROS_OK; i++) {
        open_part(c, &image->sections[i + 1]);
        ros__parts[i].code(c, program);
        close_part(c);
    }
    if (c->code == ROS_OK && c->pool_at != c->pool_size) {
        begin(c, "POOL");
        ros__code_refuse(c, "texts that nothing uses");
    }
    return c->code;
}

/* What the bundle says follows from it does follow from it. */
static enum ros_code check_derived(struct ros_program *program, const struct ros__bundle_meta *meta,
                                   struct ros_error *reterr)
{
    uint8_t checksum[ROS__DIGEST_BYTES] = {0};
    uint64_t cost = 0;
    enum ros_code code = ros__program_loop_ends(program);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    ROS_TRY(ros__verify(program, &cost, reterr));
    if (cost != program->cost)
        return ros_error_set(reterr, ROS_E_BUNDLE, "section COST: %llu, where %llu is right",
                             (unsigned long long) program->cost, (unsigned long long) cost);
    ROS_TRY(ros__program_checksum(program, reterr));
    if (!hex_digest(program->checksum, checksum) || memcmp(checksum, meta->checksum, sizeof checksum) != 0)
        return ros_error_set(reterr, ROS_E_BUNDLE, "section META: the checksum is not that of the program");
    return ROS_OK;
}

static enum ros_code read_program(const struct ros__image *image, struct ros_program *program, struct ros_error *reterr)
{
    struct ros__bundle_meta meta;
    struct ros__codec c = {.reading = true, .reterr = reterr, .arena = &program->arena};
    ros_map_init(&program->text_ids, c.arena, 0);
    ROS_TRY(open_meta(&c, image, program, &meta));
    ROS_TRY(read_parts(&c, image, program));
    return check_derived(program, &meta, reterr);
}

enum ros_code ros_bundle_read(const void *data, size_t len, const struct ros_alloc *alloc, struct ros_program **ret,
                              struct ros_error *reterr)
{
    struct ros__image image;
    ROS_TRY(ros__image_open(data, len, &image, reterr));
    struct ros_program *program = ros__program_new(alloc);
    if (program == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    enum ros_code code = read_program(&image, program, reterr);
    if (code != ROS_OK) {
        ros_program_unref(program);
        return code;
    }
    *ret = program;
    return ROS_OK;
}

enum ros_code ros_bundle_read_sources(const void *data, size_t len, struct ros_arena *arena,
                                      struct ros_bundle_sources *ret, struct ros_error *reterr)
{
    struct ros__image image;
    struct ros__bundle_meta meta;
    struct ros_program unused = {.name = NULL};
    uint8_t digest[ROS__DIGEST_BYTES];
    ROS_TRY(ros__image_open(data, len, &image, reterr));
    struct ros__codec c = {.reading = true, .reterr = reterr, .arena = arena};
    ROS_TRY(open_meta(&c, &image, &unused, &meta));
    if (!image.has_source)
        return ros_error_set(reterr, ROS_E_NOT_FOUND, "the bundle carries no sources");
    const struct ros__section *section = ros__image_find(&image, "SOURCE");
    ROS_TRY(ros__digest(section->data, section->size, NULL, 0, digest, reterr));
    if (memcmp(digest, meta.sources, sizeof digest) != 0)
        return ros_error_set(reterr, ROS_E_BUNDLE, "section META: the digest is not that of the sources");
    ret->main = meta.main;
    return read_sources(section, arena, ret, reterr);
}
