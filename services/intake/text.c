/*
 * Why not <ctype.h> and getline(): both follow the locale, stop at NUL, and know nothing of UTF-8 blanks. Everything
 * here works on (pointer, length) pairs inside one cleaned copy, so that no parser above ever looks past its line.
 */
#include "services/intake/text.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"
#define REPLACEMENT_BYTES 3u

/* Length of the well-formed UTF-8 sequence at p, 0 when there is none (overlong, surrogate, cut, too large, NUL). */
static size_t sequence_bytes(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char lead_min, lead_max, second_min, second_max, len;
    } forms[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    if (p[0] < 0x80)
        return p[0] != 0 ? 1 : 0;
    for (size_t i = 0; i < ROS_COUNT(forms); i++) {
        if (p[0] < forms[i].lead_min || p[0] > forms[i].lead_max)
            continue;
        if (left < forms[i].len || p[1] < forms[i].second_min || p[1] > forms[i].second_max)
            return 0;
        for (size_t k = 2; k < forms[i].len; k++) {
            if ((p[k] & 0xC0) != 0x80)
                return 0;
        }
        return forms[i].len;
    }
    return 0;
}

/* Writes the cleaned form to out, or only measures it when out is NULL. */
static size_t clean(const unsigned char *p, size_t len, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len;) {
        const char *piece = (const char *) p + i;
        size_t taken = sequence_bytes(p + i, len - i);
        size_t given = taken;
        if (p[i] == '\r') {
            piece = "\n";
            taken = i + 1 < len && p[i + 1] == '\n' ? 2 : 1;
            given = 1;
        } else if (taken == 0) {
            piece = REPLACEMENT;
            taken = 1;
            given = REPLACEMENT_BYTES;
        }
        if (out != NULL)
            memcpy(out + n, piece, given);
        n += given;
        i += taken;
    }
    return n;
}

enum ros_code ros__text_clean(struct ros_arena *arena, const char *data, size_t len, struct ros__slice *ret)
{
    const unsigned char *bytes = (const unsigned char *) data;
    size_t n = clean(bytes, len, NULL);
    char *copy = ros_arena_get(arena, n + 1);
    if (copy == NULL)
        return ros_arena_code(arena);
    clean(bytes, len, copy);
    *ret = (struct ros__slice){copy, n};
    return ROS_OK;
}

struct ros__slice ros__slice_of(const char *text)
{
    return (struct ros__slice){text, strlen(text)};
}

struct ros__lines ros__lines_of(struct ros__slice text)
{
    return (struct ros__lines){text};
}

bool ros__lines_next(struct ros__lines *lines, struct ros__slice *ret)
{
    struct ros__slice *rest = &lines->rest;
    if (rest->at == NULL || rest->len == 0)
        return false;
    if (!ros__slice_cut(*rest, '\n', ret, rest)) {
        *ret = *rest;
        rest->len = 0;
    }
    return true;
}

size_t ros__lines_count(struct ros__slice text, size_t max)
{
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice line;
    size_t n = 0;
    while (n < max && ros__lines_next(&lines, &line))
        n++;
    return n;
}

/* Bytes of the blank at p, 0 when there is none: ASCII blanks and separators, and Unicode's spaces. */
static size_t blank_bytes(const char *text, size_t left)
{
    static const char *const wide[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };
    const unsigned char *p = (const unsigned char *) text;
    if (left == 0)
        return 0;
    if (p[0] == ' ' || (p[0] >= 0x09 && p[0] <= 0x0D) || (p[0] >= 0x1C && p[0] <= 0x1F))
        return 1;
    if (p[0] < 0x80)
        return 0;
    for (size_t i = 0; i < ROS_COUNT(wide); i++) {
        size_t n = strlen(wide[i]);
        if (left >= n && memcmp(p, wide[i], n) == 0)
            return n;
    }
    return left >= 3 && p[0] == 0xE2 && p[1] == 0x80 && p[2] >= 0x80 && p[2] <= 0x8A ? 3 : 0;
}

static struct ros__slice strip_front(struct ros__slice slice)
{
    for (size_t n; (n = blank_bytes(slice.at, slice.len)) != 0;) {
        slice.at += n;
        slice.len -= n;
    }
    return slice;
}

struct ros__slice ros__slice_strip(struct ros__slice slice)
{
    slice = strip_front(slice);
    for (;;) {
        size_t cut = 0;
        for (size_t n = 1; n <= 3 && n <= slice.len && cut == 0; n++) {
            if (blank_bytes(slice.at + slice.len - n, n) == n)
                cut = n;
        }
        if (cut == 0)
            return slice;
        slice.len -= cut;
    }
}

struct ros__slice ros__slice_word(struct ros__slice *rest)
{
    struct ros__slice word = strip_front(*rest);
    size_t n = 0;
    while (n < word.len && blank_bytes(word.at + n, word.len - n) == 0)
        n++;
    *rest = strip_front((struct ros__slice){word.at + n, word.len - n});
    word.len = n;
    return word;
}

static bool cut_at(struct ros__slice slice, const char *mark, struct ros__slice *ret_head, struct ros__slice *ret_tail)
{
    if (mark == NULL)
        return false;
    size_t n = (size_t) (mark - slice.at);
    *ret_head = (struct ros__slice){slice.at, n};
    *ret_tail = (struct ros__slice){mark + 1, slice.len - n - 1};
    return true;
}

bool ros__slice_cut(struct ros__slice slice, char mark, struct ros__slice *ret_head, struct ros__slice *ret_tail)
{
    return slice.len > 0 && cut_at(slice, memchr(slice.at, mark, slice.len), ret_head, ret_tail);
}

bool ros__slice_cut_last(struct ros__slice slice, char mark, struct ros__slice *ret_head, struct ros__slice *ret_tail)
{
    return slice.len > 0 && cut_at(slice, memrchr(slice.at, mark, slice.len), ret_head, ret_tail);
}

static unsigned char lower(char c)
{
    return (unsigned char) (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool same(const char *p, const char *text, size_t n, bool fold)
{
    if (!fold)
        return memcmp(p, text, n) == 0;
    for (size_t i = 0; i < n; i++) {
        if (lower(p[i]) != (unsigned char) text[i])
            return false;
    }
    return true;
}

static bool has(struct ros__slice slice, const char *text, bool fold)
{
    size_t n = strlen(text);
    if (!fold)
        return slice.len >= n && memmem(slice.at, slice.len, text, n) != NULL;
    for (size_t i = 0; i + n <= slice.len; i++) {
        if (same(slice.at + i, text, n, true))
            return true;
    }
    return false;
}

bool ros__slice_is(struct ros__slice slice, const char *text)
{
    return slice.len == strlen(text) && same(slice.at, text, slice.len, false);
}

bool ros__slice_starts(struct ros__slice slice, const char *text)
{
    return slice.len >= strlen(text) && same(slice.at, text, strlen(text), false);
}

bool ros__slice_ends(struct ros__slice slice, const char *text)
{
    size_t n = strlen(text);
    return slice.len >= n && same(slice.at + slice.len - n, text, n, false);
}

bool ros__slice_has(struct ros__slice slice, const char *text)
{
    return has(slice, text, false);
}

bool ros__slice_is_lower(struct ros__slice slice, const char *text)
{
    return slice.len == strlen(text) && same(slice.at, text, slice.len, true);
}

bool ros__slice_starts_lower(struct ros__slice slice, const char *text)
{
    return slice.len >= strlen(text) && same(slice.at, text, strlen(text), true);
}

bool ros__slice_has_lower(struct ros__slice slice, const char *text)
{
    return has(slice, text, true);
}

bool ros__slice_digits(struct ros__slice slice)
{
    for (size_t i = 0; i < slice.len; i++) {
        if (slice.at[i] < '0' || slice.at[i] > '9')
            return false;
    }
    return slice.len > 0;
}
