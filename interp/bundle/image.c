/*
 * The outside of a bundle, little-endian:
 *
 *      0  "ROSB"            16  SHA-256 of bytes 0..15 and 48..end
 *      4  format u16        48  sections u32
 *      6  language u16      52  machine u32: a fingerprint of opcodes, reasons and statistics
 *      8  length u64        56  name[8] offset u64 length u64, for each section
 *
 * Sections follow in the order of their table, each from the next multiple of 8; nothing else is between them.
 */
#include <openssl/evp.h>
#include <string.h>

#include "interp/bundle/bundle.h"
#include "interp/bundle/codec.h"

#define FORMAT_AT 4
#define LANGUAGE_AT 6
#define LENGTH_AT 8
#define DIGEST_AT 16
#define DIGEST_END 48
#define COUNT_AT 48
#define MACHINE_AT 52
#define TABLE_AT 56
#define ENTRY_BYTES 24

/* What the numbers in code, guards and inputs mean. */
static const char *const machine_words[] = {
#define ROS_OP(name, a, b, c, x, doc) #name " " #a " " #b " " #c " " #x,
#include "interp/opcodes.def"
#undef ROS_OP
#define ROS_REASON(name, text) #name,
#include "interp/reasons.def"
#undef ROS_REASON
#define ROS_BUILTIN(name, over, most, text) #name,
#include "interp/builtins.def"
#undef ROS_BUILTIN
};

static uint32_t machine(void)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < ROS_COUNT(machine_words); i++)
        hash = ros_map_hash(machine_words[i], strlen(machine_words[i]), hash);
    return (uint32_t) hash;
}

enum ros_code ros__digest(const void *a, size_t a_len, const void *b, size_t b_len, uint8_t ret[ROS__DIGEST_BYTES],
                          struct ros_error *reterr)
{
    unsigned size = ROS__DIGEST_BYTES;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    bool done = EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(context, a, a_len) == 1 &&
                EVP_DigestUpdate(context, b, b_len) == 1 && EVP_DigestFinal_ex(context, ret, &size) == 1;
    EVP_MD_CTX_free(context);
    return done ? ROS_OK : ros_error_set(reterr, ROS_E_INTERNAL, "SHA-256 is not available");
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static enum ros_code fill(struct ros_buf *out, size_t count)
{
    static const char zeroes[TABLE_AT + ROS__SECTIONS_MOST * ENTRY_BYTES];
    return ros_buf_add(out, zeroes, count);
}

enum ros_code ros__image_begin(struct ros_buf *out, size_t section_count)
{
    return fill(out, TABLE_AT + section_count * ENTRY_BYTES);
}

enum ros_code ros__image_section(struct ros_buf *out, size_t index, const char *name, size_t start)
{
    size_t size = out->len - start;
    ROS_TRY(fill(out, ROS_ALIGN_UP(out->len, 8) - out->len));
    unsigned char *entry = (unsigned char *) out->data + TABLE_AT + index * ENTRY_BYTES;
    memcpy(entry, name, strlen(name));
    ros__store_u64(entry + ROS__SECTION_NAME_BYTES, start);
    ros__store_u64(entry + ROS__SECTION_NAME_BYTES + 8, size);
    return ROS_OK;
}

enum ros_code ros__image_end(struct ros_buf *out, size_t section_count, struct ros_error *reterr)
{
    unsigned char *header = (unsigned char *) out->data;
    memcpy(header, "ROSB", 4);
    header[FORMAT_AT] = ROS_BUNDLE_FORMAT;
    header[LANGUAGE_AT] = ROS_BUNDLE_LANGUAGE;
    ros__store_u64(header + LENGTH_AT, out->len);
    ros__store_u32(header + COUNT_AT, (uint32_t) section_count);
    ros__store_u32(header + MACHINE_AT, machine());
    return ros__digest(header, DIGEST_AT, header + DIGEST_END, out->len - DIGEST_END, header + DIGEST_AT, reterr);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

bool ros_bundle_is(const void *data, size_t len)
{
    return len >= 4 && memcmp(data, "ROSB", 4) == 0;
}

static enum ros_code check_version(const unsigned char *data, struct ros_error *reterr)
{
    unsigned format = data[FORMAT_AT] | (unsigned) data[FORMAT_AT + 1] << 8;
    unsigned language = data[LANGUAGE_AT] | (unsigned) data[LANGUAGE_AT + 1] << 8;
    if (format != ROS_BUNDLE_FORMAT)
        return ros_error_set(reterr, ROS_E_UNSUPPORTED, "a bundle of format %u; this build reads format %d", format,
                             ROS_BUNDLE_FORMAT);
    if (language != ROS_BUNDLE_LANGUAGE)
        return ros_error_set(reterr, ROS_E_UNSUPPORTED, "a bundle of language %u; this build knows language %d",
                             language, ROS_BUNDLE_LANGUAGE);
    return ROS_OK;
}

static enum ros_code check_header(const unsigned char *data, size_t len, struct ros_error *reterr)
{
    uint8_t digest[ROS__DIGEST_BYTES];
    if (!ros_bundle_is(data, len))
        return ros_error_set(reterr, ROS_E_BUNDLE, "not a bundle: it does not begin with ROSB");
    if (len < TABLE_AT)
        return ros_error_set(reterr, ROS_E_BUNDLE, "the header is cut short");
    ROS_TRY(check_version(data, reterr));
    uint64_t length = ros__load_u64(data + LENGTH_AT);
    if (length != len)
        return ros_error_set(reterr, ROS_E_BUNDLE, "%zu bytes, of %llu that the header says", len,
                             (unsigned long long) length);
    ROS_TRY(ros__digest(data, DIGEST_AT, data + DIGEST_END, len - DIGEST_END, digest, reterr));
    if (memcmp(digest, data + DIGEST_AT, sizeof digest) != 0)
        return ros_error_set(reterr, ROS_E_BUNDLE, "its SHA-256 is not that of its bytes: it is damaged");
    if (ros__load_u32(data + MACHINE_AT) != machine())
        return ros_error_set(reterr, ROS_E_UNSUPPORTED,
                             "compiled for another machine (%08x, this build has %08x): build it anew from its sources",
                             ros__load_u32(data + MACHINE_AT), machine());
    return ROS_OK;
}

/* The name that section `index` of a table of `count` must have. */
static const char *section_name(size_t index, size_t count)
{
    size_t own = ros__part_count + 2;
    if (index == 0)
        return "META";
    if (index <= ros__part_count)
        return ros__parts[index - 1].name;
    return index + 1 == own ? "POOL" : count == own + 1 ? "SOURCE" : NULL;
}

static enum ros_code open_section(const unsigned char *data, size_t len, size_t index, size_t *at,
                                  struct ros__image *image, struct ros_error *reterr)
{
    static const unsigned char zeroes[8];
    const unsigned char *entry = data + TABLE_AT + index * ENTRY_BYTES;
    char name[ROS__SECTION_NAME_BYTES] = {0};
    const char *wanted = section_name(index, image->count);
    memcpy(name, wanted, strlen(wanted));
    uint64_t offset = ros__load_u64(entry + sizeof name);
    uint64_t size = ros__load_u64(entry + sizeof name + 8);
    if (memcmp(entry, name, sizeof name) != 0)
        return ros_error_set(reterr, ROS_E_BUNDLE, "section %zu is not %s", index, wanted);
    if (offset != *at || size > len - *at)
        return ros_error_set(reterr, ROS_E_BUNDLE, "section %s lies outside of its place", wanted);
    image->sections[index] = (struct ros__section){wanted, data + *at, (size_t) size};
    size_t end = *at + (size_t) size;
    *at = ROS_ALIGN_UP(end, 8);
    if (*at > len || memcmp(data + end, zeroes, *at - end) != 0)
        return ros_error_set(reterr, ROS_E_BUNDLE, "section %s is followed by a gap that is not empty", wanted);
    return ROS_OK;
}

enum ros_code ros__image_open(const void *bytes, size_t len, struct ros__image *ret, struct ros_error *reterr)
{
    const unsigned char *data = bytes;
    ROS_TRY(check_header(data, len, reterr));
    size_t own = ros__part_count + 2;
    size_t count = ros__load_u32(data + COUNT_AT);
    if (count != own && count != own + 1)
        return ros_error_set(reterr, ROS_E_BUNDLE, "%zu sections, where there are %zu, or one more with sources", count,
                             own);
    size_t at = TABLE_AT + count * ENTRY_BYTES;
    if (at > len)
        return ros_error_set(reterr, ROS_E_BUNDLE, "the table of sections is cut short");
    *ret = (struct ros__image){.count = count, .has_source = count != own};
    for (size_t i = 0; i < count; i++)
        ROS_TRY(open_section(data, len, i, &at, ret, reterr));
    if (at != len)
        return ros_error_set(reterr, ROS_E_BUNDLE, "bytes behind the last section");
    return ROS_OK;
}

const struct ros__section *ros__image_find(const struct ros__image *image, const char *name)
{
    size_t i = 0;
    while (i + 1 < image->count && strcmp(image->sections[i].name, name) != 0)
        i++;
    return &image->sections[i];
}
