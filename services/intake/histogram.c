/*
 * Each side is a ring of bins that ends at its largest one. When a larger one comes, the places at the other end are
 * freed for it, and what was in them goes to the new last bin. Where that bin lies depends on the largest value alone:
 * the same for every order of adding and merging. The largest bin of a side is never empty, so that an empty one there
 * is an empty side.
 *
 * Stored: u8 version, u64 zero, then for above and below: u16 count, count x (i16 bin, u64 ms), bins rising, none
 * empty.
 */
#include "services/intake/histogram.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define VERSION 1u
#define BIN_LIMIT 20000 /* no double has a bin beyond: 17,741 and -18,609 are the last */

_Static_assert((ROS_HISTOGRAM_ABOVE & (ROS_HISTOGRAM_ABOVE - 1)) == 0, "a ring's size is a power of two");
_Static_assert((ROS_HISTOGRAM_BELOW & (ROS_HISTOGRAM_BELOW - 1)) == 0, "a ring's size is a power of two");

/* One side, to be read. */
struct side {
    const uint64_t *ms;
    uint32_t size;
    int32_t top;
};

/* One side, to be changed. */
struct ring {
    uint64_t *ms;
    uint32_t size;
    int32_t *top;
};

static struct side above(const struct ros_histogram *h)
{
    return (struct side){h->above_ms, ROS_HISTOGRAM_ABOVE, h->top_above};
}

static struct side below(const struct ros_histogram *h)
{
    return (struct side){h->below_ms, ROS_HISTOGRAM_BELOW, h->top_below};
}

static struct ring ring_of(struct ros_histogram *h, bool is_above)
{
    return is_above ? (struct ring){h->above_ms, ROS_HISTOGRAM_ABOVE, &h->top_above}
                    : (struct ring){h->below_ms, ROS_HISTOGRAM_BELOW, &h->top_below};
}

static uint64_t get(const struct side *side, int32_t bin)
{
    return side->ms[(uint32_t) bin & (side->size - 1)];
}

static uint64_t *at(const struct ring *ring, int32_t bin)
{
    return &ring->ms[(uint32_t) bin & (ring->size - 1)];
}

static int32_t last_of(int32_t top, uint32_t size)
{
    return top - (int32_t) size + 1;
}

/* --- counting ----------------------------------------------------------------------------------------------------- */

static uint64_t add_ms(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static double log_base(void)
{
    return log((1 + ROS_HISTOGRAM_ERROR) / (1 - ROS_HISTOGRAM_ERROR));
}

static int32_t bin_of(double magnitude)
{
    return (int32_t) ceil(log(magnitude) / log_base());
}

/* A bin's value: as far from its lower end as from its upper, each in parts of the number itself. */
static double middle_of(int32_t bin)
{
    return fmin(exp(bin * log_base()) * (1 - ROS_HISTOGRAM_ERROR), DBL_MAX);
}

static void raise_top(const struct ring *ring, int32_t top)
{
    uint64_t folded = 0;
    int32_t last = last_of(top, ring->size);
    for (int32_t bin = last_of(*ring->top, ring->size); bin < last && bin <= *ring->top; bin++) {
        folded = add_ms(folded, *at(ring, bin));
        *at(ring, bin) = 0;
    }
    *ring->top = top;
    *at(ring, last) = add_ms(*at(ring, last), folded);
}

static void add_bin(const struct ring *ring, int32_t bin, uint64_t ms)
{
    if (*at(ring, *ring->top) == 0)
        *ring->top = bin;
    else if (bin > *ring->top)
        raise_top(ring, bin);
    int32_t last = last_of(*ring->top, ring->size);
    uint64_t *slot = at(ring, bin < last ? last : bin);
    *slot = add_ms(*slot, ms);
}

void ros_histogram_add(struct ros_histogram *h, double value, uint64_t ms)
{
    if (!isfinite(value) || ms == 0)
        return;
    struct ring ring = ring_of(h, value > 0);
    if (value == 0)
        h->zero_ms = add_ms(h->zero_ms, ms);
    else
        add_bin(&ring, bin_of(fabs(value)), ms);
}

static void merge_side(struct ring to, struct side from)
{
    for (int32_t bin = from.top; bin >= last_of(from.top, from.size); bin--) /* the largest first: `to` moves once */
        if (get(&from, bin) > 0)
            add_bin(&to, bin, get(&from, bin));
}

void ros_histogram_merge(struct ros_histogram *to, const struct ros_histogram *from)
{
    struct ros_histogram copy = *from; /* they may be the same */
    to->zero_ms = add_ms(to->zero_ms, copy.zero_ms);
    merge_side(ring_of(to, true), above(&copy));
    merge_side(ring_of(to, false), below(&copy));
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static uint64_t sum(const uint64_t *ms, uint32_t size)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < size; i++)
        total = add_ms(total, ms[i]);
    return total;
}

uint64_t ros_histogram_total_ms(const struct ros_histogram *h)
{
    uint64_t total = add_ms(sum(h->above_ms, ROS_HISTOGRAM_ABOVE), sum(h->below_ms, ROS_HISTOGRAM_BELOW));
    return add_ms(total, h->zero_ms);
}

double ros_histogram_quantile(const struct ros_histogram *h, double share)
{
    struct side up = above(h);
    struct side down = below(h);
    uint64_t total = ros_histogram_total_ms(h);
    if (total == 0 || isnan(share))
        return NAN;
    double rank = fmax(1, ceil(fmin(fmax(share, 0), 1) * (double) total));
    double passed = 0;
    for (int32_t bin = down.top; bin >= last_of(down.top, down.size); bin--) { /* from far below zero upwards */
        passed += (double) get(&down, bin);
        if (passed >= rank)
            return -middle_of(bin);
    }
    passed += (double) h->zero_ms;
    if (passed >= rank || get(&up, up.top) == 0)
        return 0;
    for (int32_t bin = last_of(up.top, up.size); bin < up.top; bin++) {
        passed += (double) get(&up, bin);
        if (passed >= rank)
            return middle_of(bin);
    }
    return middle_of(up.top);
}

/* --- the stored form ---------------------------------------------------------------------------------------------- */

static void put(struct ros_buf *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ros_buf_addc(out, (char) (unsigned char) (value >> (8 * i)));
}

static void put_side(struct ros_buf *out, struct side side)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < side.size; i++)
        count += side.ms[i] > 0;
    put(out, count, 2);
    for (int32_t bin = last_of(side.top, side.size); count > 0 && bin <= side.top; bin++)
        if (get(&side, bin) > 0) {
            put(out, (uint16_t) (int16_t) bin, 2);
            put(out, get(&side, bin), 8);
        }
}

enum ros_code ros_histogram_encode(const struct ros_histogram *h, struct ros_buf *out)
{
    put(out, VERSION, 1);
    put(out, h->zero_ms, 8);
    put_side(out, above(h));
    put_side(out, below(h));
    return ros_buf_code(out);
}

struct reader {
    const unsigned char *at;
    size_t left;
    bool failed;
};

static uint64_t take(struct reader *in, size_t bytes)
{
    uint64_t value = 0;
    if (in->left < bytes) {
        in->failed = true;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t) in->at[i] << (8 * i);
    in->at += bytes;
    in->left -= bytes;
    return value;
}

static void take_side(struct reader *in, struct ring ring)
{
    int32_t before = -BIN_LIMIT - 1;
    int32_t first = 0;
    uint64_t count = take(in, 2);
    in->failed = in->failed || count > ring.size;
    for (uint64_t i = 0; i < count && !in->failed; i++) {
        int32_t bin = (int16_t) (uint16_t) take(in, 2);
        uint64_t ms = take(in, 8);
        first = i == 0 ? bin : first;
        in->failed = in->failed || ms == 0 || bin <= before || bin > BIN_LIMIT || bin - first >= (int32_t) ring.size;
        *at(&ring, bin) = ms;
        *ring.top = bin;
        before = bin;
    }
}

enum ros_code ros_histogram_decode(const void *data, size_t len, struct ros_histogram *ret)
{
    struct reader in = {data, len, false};
    memset(ret, 0, sizeof *ret);
    bool known = take(&in, 1) == VERSION;
    ret->zero_ms = take(&in, 8);
    take_side(&in, ring_of(ret, true));
    take_side(&in, ring_of(ret, false));
    return known && !in.failed && in.left == 0 ? ROS_OK : ROS_E_DATA;
}
