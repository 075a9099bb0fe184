/*
 * The stored form of evidence, little-endian on every machine:
 *
 *     "ROSE"  u16 version  u16 zero  u32 body length | body | u64 hash of all before it
 *     body    u8 source
 *             u32 metrics { text name, u32 values { instance, text unit, 5 f64, u64 samples, histogram } }
 *             u32 facts { text name, u8 kind, f64 | text | u8 }
 *     text    u32 length, bytes, NUL;   instance: u8 0, or u8 1 and a text
 *     histogram  u8 0, or u8 1, u32 length and the bytes of histogram.h; version 1 had none, and is still read
 *
 * Why a hash and full checks too: the hash catches a torn or rotten record; it is no seal, so a record that was made
 * by somebody else must still not lead the reader out of its bounds. Every count is checked against the bytes left
 * before memory is asked for, so a short record cannot demand a large arena.
 */
#include "services/intake/evidence.h"

#include <string.h>

#include "interp/base/limits.h"
#include "interp/base/map.h"
#include "services/intake/histogram.h"

#define MAGIC "ROSE"
#define VERSION 2u
#define VERSION_WITHOUT_HISTOGRAMS 1u
#define HEADER_BYTES 12u
#define HASH_BYTES 8u
#define HASH_SEED 0x524F5345u
#define RECORD_BYTES_MAX (64u << 20)
#define METRIC_BYTES_MIN 9u /* the least that one takes, to judge a count */
#define VALUE_BYTES_MIN 54u
#define FACT_BYTES_MIN 7u

static void put_number(struct ros_buf *out, uint64_t value, size_t bytes)
{
    char le[8];
    for (size_t i = 0; i < bytes; i++)
        le[i] = (char) (unsigned char) (value >> (8 * i));
    ros_buf_add(out, le, bytes);
}

static void put_double(struct ros_buf *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put_number(out, bits, 8);
}

static void put_text(struct ros_buf *out, const char *text)
{
    size_t len = strlen(text);
    put_number(out, len, 4);
    ros_buf_add(out, text, len + 1);
}

static void put_histogram(struct ros_buf *out, const struct ros_histogram *histogram)
{
    put_number(out, histogram != NULL, 1);
    if (histogram == NULL)
        return;
    size_t start = out->len;
    put_number(out, 0, 4); /* the length, once it is known */
    if (ros_histogram_encode(histogram, out) != ROS_OK)
        return; /* the failure sticks to the buffer */
    size_t len = out->len - start - 4;
    for (size_t i = 0; i < 4; i++)
        out->data[start + i] = (char) (unsigned char) (len >> (8 * i));
}

static void put_metric(struct ros_buf *out, const struct ros_metric *metric)
{
    put_text(out, metric->name);
    put_number(out, metric->value_count, 4);
    for (size_t i = 0; i < metric->value_count; i++) {
        const struct ros_metric_value *value = &metric->values[i];
        put_number(out, value->instance != NULL, 1);
        if (value->instance != NULL)
            put_text(out, value->instance);
        put_text(out, value->unit);
        put_double(out, value->mean);
        put_double(out, value->min);
        put_double(out, value->max);
        put_double(out, value->last);
        put_double(out, value->covered_s);
        put_number(out, value->samples, 8);
        put_histogram(out, value->histogram);
    }
}

static void put_fact(struct ros_buf *out, const struct ros_fact *fact)
{
    put_text(out, fact->name);
    put_number(out, (uint64_t) fact->kind, 1);
    if (fact->kind == ROS_FACT_NUM)
        put_double(out, fact->number);
    else if (fact->kind == ROS_FACT_TEXT)
        put_text(out, fact->text);
    else
        put_number(out, fact->truth, 1);
}

enum ros_code ros_evidence_encode(const struct ros_evidence *evidence, struct ros_buf *out)
{
    size_t start = out->len;
    ros_buf_add(out, MAGIC, 4);
    put_number(out, VERSION, 2);
    put_number(out, 0, 2);
    put_number(out, 0, 4); /* the length, once it is known */
    put_number(out, (uint64_t) evidence->source, 1);
    put_number(out, evidence->metric_count, 4);
    for (size_t i = 0; i < evidence->metric_count && ros_buf_code(out) == ROS_OK; i++)
        put_metric(out, &evidence->metrics[i]);
    put_number(out, evidence->fact_count, 4);
    for (size_t i = 0; i < evidence->fact_count; i++)
        put_fact(out, &evidence->facts[i]);
    if (ros_buf_code(out) != ROS_OK)
        return ros_buf_code(out);
    size_t body = out->len - start - HEADER_BYTES;
    if (body > RECORD_BYTES_MAX)
        return out->code = ROS_E_LIMIT;
    for (size_t i = 0; i < 4; i++)
        out->data[start + 8 + i] = (char) (unsigned char) (body >> (8 * i));
    put_number(out, ros_map_hash(out->data + start, out->len - start, HASH_SEED), HASH_BYTES);
    return ros_buf_code(out);
}

/* What is left to read. The first fault sticks, and everything read after it is zero. */
struct reader {
    const unsigned char *at;
    size_t left;
    struct ros_arena *arena;
    enum ros_code code;
    uint64_t version;
};

static void fault(struct reader *in, enum ros_code code)
{
    in->code = in->code != ROS_OK ? in->code : code;
    in->left = 0;
}

static uint64_t get_number(struct reader *in, size_t bytes)
{
    uint64_t value = 0;
    if (in->left < bytes) {
        fault(in, ROS_E_DATA);
        return 0;
    }
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t) in->at[i] << (8 * i);
    in->at += bytes;
    in->left -= bytes;
    return value;
}

static double get_double(struct reader *in)
{
    uint64_t bits = get_number(in, 8);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Never NULL, so that readers need no check of their own before the end. */
static const char *get_text(struct reader *in)
{
    uint64_t len = get_number(in, 4);
    if (in->code != ROS_OK || len >= in->left || in->at[len] != 0 || memchr(in->at, 0, (size_t) len) != NULL) {
        fault(in, ROS_E_DATA);
        return "";
    }
    const char *copy = ros_arena_copy(in->arena, (const char *) in->at, (size_t) len);
    if (copy == NULL) {
        fault(in, ros_arena_code(in->arena));
        return "";
    }
    in->at += len + 1;
    in->left -= (size_t) len + 1;
    return copy;
}

/* A count whose elements can still be in the bytes left, and memory for them; 0 and NULL after a fault. */
static void *get_array(struct reader *in, size_t bytes_min, size_t count_max, size_t size, size_t *ret_count)
{
    uint64_t count = get_number(in, 4);
    *ret_count = 0;
    if (count > count_max || count > in->left / bytes_min)
        fault(in, ROS_E_DATA);
    if (in->code != ROS_OK)
        return NULL;
    void *array = ros_arena_array(in->arena, (size_t) count, size);
    if (array == NULL)
        fault(in, ros_arena_code(in->arena));
    else
        *ret_count = (size_t) count;
    return array;
}

/* One byte that must be less than bound. */
static unsigned get_choice(struct reader *in, unsigned bound)
{
    unsigned choice = (unsigned) get_number(in, 1);
    if (choice < bound)
        return choice;
    fault(in, ROS_E_DATA);
    return 0;
}

static const struct ros_histogram *get_histogram(struct reader *in)
{
    if (in->version == VERSION_WITHOUT_HISTOGRAMS || get_choice(in, 2) == 0)
        return NULL;
    uint64_t len = get_number(in, 4);
    if (in->code != ROS_OK || len > in->left) {
        fault(in, ROS_E_DATA);
        return NULL;
    }
    struct ros_histogram *histogram = ros_arena_new(in->arena, struct ros_histogram);
    if (histogram == NULL) {
        fault(in, ros_arena_code(in->arena));
        return NULL;
    }
    if (ros_histogram_decode(in->at, (size_t) len, histogram) != ROS_OK)
        fault(in, ROS_E_DATA);
    else {
        in->at += len;
        in->left -= (size_t) len;
    }
    return histogram;
}

static void get_metric(struct reader *in, struct ros_metric *metric)
{
    size_t count;
    metric->name = get_text(in);
    struct ros_metric_value *values =
        get_array(in, VALUE_BYTES_MIN, ROS_LIMIT_INSTANCES, sizeof(struct ros_metric_value), &count);
    for (size_t i = 0; i < count && in->code == ROS_OK; i++) {
        values[i].instance = get_choice(in, 2) == 1 ? get_text(in) : NULL;
        values[i].unit = get_text(in);
        values[i].mean = get_double(in);
        values[i].min = get_double(in);
        values[i].max = get_double(in);
        values[i].last = get_double(in);
        values[i].covered_s = get_double(in);
        values[i].samples = get_number(in, 8);
        values[i].histogram = get_histogram(in);
    }
    metric->values = values;
    metric->value_count = count;
}

static void get_fact(struct reader *in, struct ros_fact *fact)
{
    fact->name = get_text(in);
    fact->kind = (enum ros_fact_kind) get_choice(in, 3);
    if (fact->kind == ROS_FACT_NUM)
        fact->number = get_double(in);
    else if (fact->kind == ROS_FACT_TEXT)
        fact->text = get_text(in);
    else
        fact->truth = get_choice(in, 2) == 1;
}

static void get_body(struct reader *in, struct ros_evidence *ret)
{
    size_t metric_count, fact_count;
    ret->source = (enum ros_evidence_source) get_choice(in, 3);
    struct ros_metric *metrics =
        get_array(in, METRIC_BYTES_MIN, RECORD_BYTES_MAX, sizeof(struct ros_metric), &metric_count);
    for (size_t i = 0; i < metric_count && in->code == ROS_OK; i++)
        get_metric(in, &metrics[i]);
    struct ros_fact *facts = get_array(in, FACT_BYTES_MIN, RECORD_BYTES_MAX, sizeof(struct ros_fact), &fact_count);
    for (size_t i = 0; i < fact_count && in->code == ROS_OK; i++)
        get_fact(in, &facts[i]);
    ret->metrics = metrics;
    ret->metric_count = metric_count;
    ret->facts = facts;
    ret->fact_count = fact_count;
    if (in->left != 0)
        fault(in, ROS_E_DATA);
}

static enum ros_code bad_record(struct ros_error *reterr, const char *why)
{
    return ros_error_set(reterr, ROS_E_DATA, "stored evidence: %s", why);
}

enum ros_code ros_evidence_decode(const void *data, size_t len, struct ros_evidence *ret, struct ros_error *reterr)
{
    struct reader in = {data, len, &ret->arena, ROS_OK, 0};
    if (len < HEADER_BYTES + HASH_BYTES || memcmp(data, MAGIC, 4) != 0)
        return bad_record(reterr, "not a record");
    in.at += 4;
    in.left = len - 4 - HASH_BYTES;
    in.version = get_number(&in, 2);
    if ((in.version != VERSION && in.version != VERSION_WITHOUT_HISTOGRAMS) || get_number(&in, 2) != 0)
        return bad_record(reterr, "made by another version");
    if (get_number(&in, 4) != in.left)
        return bad_record(reterr, "cut short or too long");
    struct reader tail = {in.at + in.left, HASH_BYTES, NULL, ROS_OK, 0};
    if (get_number(&tail, HASH_BYTES) != ros_map_hash(data, len - HASH_BYTES, HASH_SEED))
        return bad_record(reterr, "its bytes have changed");
    get_body(&in, ret);
    if (in.code == ROS_OK)
        return ROS_OK;
    ros_evidence_done(ret);
    return in.code == ROS_E_DATA ? bad_record(reterr, "its parts do not fit") : ros_error_code(reterr, in.code);
}
