/* Values one by one. Each function has two halves: bytes out, or bytes in and their check. */
#include "interp/bundle/codec.h"

#include <math.h>
#include <string.h>

#include "interp/base/utf8.h"

#define MISSING_BITS UINT64_C(0x7ff8000000000000)

void ros__code_fail(struct ros__codec *c, enum ros_code code, const char *what)
{
    if (c->code != ROS_OK)
        return;
    c->code = code;
    ros_error_set(c->reterr, code, "section %s, byte %zu: %s", c->section, c->at, what);
}

void ros__code_refuse(struct ros__codec *c, const char *what)
{
    ros__code_fail(c, c->reading ? ROS_E_BUNDLE : ROS_E_UNSUPPORTED, what);
}

/* --- bytes -------------------------------------------------------------------------------------------------------- */

static void put(struct ros__codec *c, const void *bytes, size_t count)
{
    if (c->code != ROS_OK)
        return;
    enum ros_code code = ros_buf_add(c->out, bytes, count);
    if (code != ROS_OK)
        ros__code_fail(c, code, ros_code_text(code));
    c->at += count;
}

/* The next bytes; NULL after a failure, and where there are fewer. */
static const unsigned char *take(struct ros__codec *c, size_t count)
{
    if (c->code != ROS_OK)
        return NULL;
    if (count > c->size - c->at) {
        ros__code_refuse(c, "it ends too early");
        return NULL;
    }
    const unsigned char *bytes = c->data + c->at;
    c->at += count;
    return bytes;
}

void ros__code_align(struct ros__codec *c, size_t to)
{
    static const unsigned char zeroes[8];
    size_t gap = ROS_ALIGN_UP(c->at, to) - c->at;
    if (!c->reading) {
        put(c, zeroes, gap);
        return;
    }
    const unsigned char *bytes = take(c, gap);
    if (bytes != NULL && memcmp(bytes, zeroes, gap) != 0)
        ros__code_refuse(c, "a gap that is not empty");
}

void ros__code_bytes(struct ros__codec *c, void *bytes, size_t count)
{
    if (!c->reading) {
        put(c, bytes, count);
        return;
    }
    const unsigned char *from = take(c, count);
    if (from != NULL)
        memcpy(bytes, from, count);
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

void ros__code_u8(struct ros__codec *c, uint8_t *value)
{
    ros__code_bytes(c, value, 1);
}

void ros__code_u32(struct ros__codec *c, uint32_t *value)
{
    unsigned char bytes[4] = {0};
    ros__code_align(c, 4);
    if (!c->reading)
        ros__store_u32(bytes, *value);
    ros__code_bytes(c, bytes, sizeof bytes);
    if (c->reading)
        *value = ros__load_u32(bytes);
}

void ros__code_u64(struct ros__codec *c, uint64_t *value)
{
    unsigned char bytes[8] = {0};
    ros__code_align(c, 8);
    if (!c->reading)
        ros__store_u64(bytes, *value);
    ros__code_bytes(c, bytes, sizeof bytes);
    if (c->reading)
        *value = ros__load_u64(bytes);
}

static uint64_t number_bits(double value)
{
    uint64_t bits = MISSING_BITS;
    if (!isnan(value))
        memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* False for infinities, and for every NaN but one. */
static bool bits_number(uint64_t bits, double *ret)
{
    memcpy(ret, &bits, sizeof bits);
    return bits == MISSING_BITS || isfinite(*ret);
}

void ros__code_f64(struct ros__codec *c, double *value)
{
    double number = 0;
    uint64_t bits = c->reading ? 0 : number_bits(*value);
    ros__code_u64(c, &bits);
    if (!bits_number(bits, &number))
        ros__code_refuse(c, "a number that is not finite");
    if (c->reading)
        *value = number;
}

void ros__code_bool(struct ros__codec *c, bool *value)
{
    uint32_t number = c->reading ? 0 : *value;
    ros__code_below(c, &number, 2, "a truth that is neither 0 nor 1");
    if (c->reading)
        *value = number != 0;
}

void ros__code_below(struct ros__codec *c, uint32_t *value, uint32_t end, const char *what)
{
    ros__code_u32(c, value);
    if (c->code == ROS_OK && *value >= end) {
        ros__code_refuse(c, what);
        if (c->reading)
            *value = 0;
    }
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

static void put_text(struct ros__codec *c, const char *text)
{
    uint32_t at = 0;
    if (c->code == ROS_OK && text != NULL) {
        if (c->pool->len >= UINT32_MAX) {
            ros__code_fail(c, ROS_E_LIMIT, "more text than a bundle holds");
            return;
        }
        at = (uint32_t) c->pool->len + 1;
        enum ros_code code = ros_buf_add(c->pool, text, strlen(text) + 1);
        if (code != ROS_OK)
            ros__code_fail(c, code, ros_code_text(code));
    }
    ros__code_u32(c, &at);
}

static const char *take_text(struct ros__codec *c)
{
    uint32_t at = 0;
    ros__code_u32(c, &at);
    if (c->code != ROS_OK || at == 0)
        return NULL;
    if (at - 1 != c->pool_at || c->pool_at >= c->pool_size) {
        ros__code_refuse(c, "a text that is not the next one of POOL");
        return NULL;
    }
    const char *text = c->pool_data + c->pool_at;
    c->pool_at += strlen(text) + 1;
    return text;
}

static bool is_name(const char *text)
{
    size_t len = 0;
    for (; text[len] != '\0'; len++)
        if (len == ROS_LIMIT_NAME_BYTES || text[len] <= ' ' || text[len] > '~')
            return false;
    return len > 0;
}

static bool is_text(const char *text)
{
    size_t len = strlen(text);
    return len <= ROS_LIMIT_TEXT_BYTES && ros_utf8_check(text, len) == len;
}

static void code_text(struct ros__codec *c, const char **text, bool (*check)(const char *), const char *what)
{
    if (!c->reading)
        put_text(c, *text);
    const char *now = c->reading ? take_text(c) : *text;
    if (c->code == ROS_OK && now != NULL && !check(now))
        ros__code_refuse(c, what);
    if (c->reading)
        *text = now;
}

void ros__code_optional_name(struct ros__codec *c, const char **name)
{
    code_text(c, name, is_name, "a name that is none");
}

void ros__code_name(struct ros__codec *c, const char **name)
{
    ros__code_optional_name(c, name);
    if (c->code == ROS_OK && *name == NULL)
        ros__code_refuse(c, "no name");
}

void ros__code_optional_text(struct ros__codec *c, const char **text)
{
    code_text(c, text, is_text, "a text that is too long, or not UTF-8");
}

void ros__code_text(struct ros__codec *c, const char **text)
{
    ros__code_optional_text(c, text);
    if (c->code == ROS_OK && *text == NULL)
        ros__code_refuse(c, "no text");
}

/* --- arrays ------------------------------------------------------------------------------------------------------- */

/* Memory for what is read; NULL after a failure. */
static void *take_memory(struct ros__codec *c, size_t count, size_t size)
{
    if (c->code != ROS_OK)
        return NULL;
    void *memory = ros_arena_array(c->arena, count, size);
    if (memory == NULL)
        ros__code_fail(c, ros_arena_code(c->arena), "memory");
    return memory;
}

void ros__code_list(struct ros__codec *c, void *items, uint32_t *count, size_t item_size, uint32_t most, size_t least)
{
    ros__code_u32(c, count);
    if (c->code == ROS_OK && *count > most)
        ros__code_fail(c, ROS_E_LIMIT, "more of them than there may be");
    if (!c->reading)
        return;
    if (c->code == ROS_OK && least * *count > c->size - c->at)
        ros__code_refuse(c, "more of them than it has room for");
    void *memory = take_memory(c, c->code == ROS_OK ? *count : 0, item_size);
    memcpy(items, &memory, sizeof memory); /* a pointer to whatever kind of item */
    if (c->code != ROS_OK)
        *count = 0;
}

void ros__code_numbers(struct ros__codec *c, const double **items, uint32_t count)
{
    ros__code_align(c, 8);
    if (!c->reading) {
        for (uint32_t i = 0; ros__code_more(c, i, count); i++) {
            double number = (*items)[i];
            ros__code_f64(c, &number);
        }
        return;
    }
    const unsigned char *bytes = take(c, (size_t) count * 8);
    double *numbers = take_memory(c, count, sizeof *numbers);
    for (uint32_t i = 0; ros__code_more(c, i, count); i++)
        if (!bits_number(ros__load_u64(bytes + (size_t) i * 8), &numbers[i]))
            ros__code_refuse(c, "a number that is not finite");
    *items = numbers;
}

void ros__code_truths(struct ros__codec *c, const uint8_t **items, uint32_t count)
{
    if (!c->reading) {
        put(c, *items, count);
        return;
    }
    const unsigned char *bytes = take(c, count);
    uint8_t *truths = take_memory(c, count, 1);
    for (uint32_t i = 0; ros__code_more(c, i, count); i++) {
        truths[i] = bytes[i];
        if (bytes[i] > ROS_TRUE)
            ros__code_refuse(c, "a truth that there is not");
    }
    *items = truths;
}

void ros__code_ids(struct ros__codec *c, const uint32_t **items, uint32_t count, uint32_t end)
{
    ros__code_align(c, 4);
    if (!c->reading) {
        for (uint32_t i = 0; ros__code_more(c, i, count); i++) {
            uint32_t id = (*items)[i];
            ros__code_u32(c, &id);
        }
        return;
    }
    const unsigned char *bytes = take(c, (size_t) count * 4);
    uint32_t *ids = take_memory(c, count, sizeof *ids);
    for (uint32_t i = 0; ros__code_more(c, i, count); i++) {
        ids[i] = ros__load_u32(bytes + (size_t) i * 4);
        if (ids[i] >= end)
            ros__code_refuse(c, "a text that there is not");
    }
    *items = ids;
}
