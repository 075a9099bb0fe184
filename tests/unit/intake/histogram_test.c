/* Histograms: the error that is promised, merging in any order, the stored form and its refusal of anything else. */
#include "tests/unit/base/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "services/intake/histogram.h"

#define VALUES 4000u

static uint64_t next(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return *random >> 33;
}

/* Numbers over six magnitudes, some of them zero, some (when asked for) below. */
static double number(uint64_t *random, bool signs)
{
    uint64_t kind = next(random) % 16;
    double magnitude = exp((double) (next(random) % 10000) / 10000 * (signs ? 4.9 : 13.8));
    if (kind == 0)
        return 0;
    return signs && kind < 6 ? -magnitude : magnitude;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a;
    double y = *(const double *) b;
    return (x > y) - (x < y);
}

static void expect_close(double have, double want)
{
    if (fabs(have - want) > ROS_HISTOGRAM_ERROR * fabs(want) * (1 + 1e-9))
        fail_msg("%.17g is not within 2 %% of %.17g", have, want);
}

static void try_quantiles(bool signs)
{
    static double values[VALUES];
    struct ros_histogram h = {0};
    uint64_t random = 7;
    for (size_t i = 0; i < VALUES; i++) {
        values[i] = number(&random, signs);
        ros_histogram_add(&h, values[i], 1000);
    }
    qsort(values, VALUES, sizeof *values, by_value);
    for (size_t i = 1; i <= VALUES; i++)
        expect_close(ros_histogram_quantile(&h, ((double) i - 0.5) / VALUES), values[i - 1]);
    expect_close(ros_histogram_quantile(&h, 0), values[0]);
    expect_close(ros_histogram_quantile(&h, 1), values[VALUES - 1]);
    expect_close(ros_histogram_quantile(&h, -3), values[0]);
    expect_close(ros_histogram_quantile(&h, 9), values[VALUES - 1]);
    assert_true(ros_histogram_total_ms(&h) == 1000 * VALUES);
}

static void test_every_quantile_is_within_two_percent(void **state)
{
    (void) state;
    try_quantiles(false);
    try_quantiles(true);
}

static void test_every_magnitude_of_a_double(void **state)
{
    (void) state;
    for (int exponent = -1021; exponent < 1024; exponent++) {
        double value = ldexp(1.37, exponent);
        struct ros_histogram h = {0};
        ros_histogram_add(&h, value, 1);
        expect_close(ros_histogram_quantile(&h, 0.5), value);
        ros_histogram_add(&h, -value, 2);
        expect_close(ros_histogram_quantile(&h, 0.5), -value);
    }
}

static void test_weights_and_what_does_not_count(void **state)
{
    (void) state;
    struct ros_histogram h = {0};
    assert_true(isnan(ros_histogram_quantile(&h, 0.5)));
    ros_histogram_add(&h, NAN, 5);
    ros_histogram_add(&h, INFINITY, 5);
    ros_histogram_add(&h, -INFINITY, 5);
    ros_histogram_add(&h, 3, 0);
    assert_true(ros_histogram_total_ms(&h) == 0);
    ros_histogram_add(&h, 10, 900);
    ros_histogram_add(&h, 1000, 100);
    expect_close(ros_histogram_quantile(&h, 0.90), 10);
    expect_close(ros_histogram_quantile(&h, 0.91), 1000);
    assert_true(isnan(ros_histogram_quantile(&h, NAN)));
    ros_histogram_add(&h, 10, UINT64_MAX); /* the sum stays at its end */
    assert_true(ros_histogram_total_ms(&h) == UINT64_MAX);
    expect_close(ros_histogram_quantile(&h, 0.5), 10);
}

/* Beyond the factor that is kept, small numbers count as the smallest that is: too large, never too small or lost. */
static void test_a_wide_range_keeps_its_upper_end(void **state)
{
    (void) state;
    struct ros_histogram rising = {0};
    struct ros_histogram falling = {0};
    for (int i = -40; i <= 40; i++)
        ros_histogram_add(&rising, ldexp(1, i), 10);
    for (int i = 40; i >= -40; i--)
        ros_histogram_add(&falling, ldexp(1, i), 10);
    assert_memory_equal(&rising, &falling, sizeof rising);
    assert_true(ros_histogram_total_ms(&rising) == 810);
    expect_close(ros_histogram_quantile(&rising, 0.99), ldexp(1, 40));
    expect_close(ros_histogram_quantile(&rising, 55.5 / 81), ldexp(1, 15));
    assert_true(ros_histogram_quantile(&rising, 0.1) >= ldexp(1, -33));
    assert_true(ros_histogram_quantile(&rising, 0.1) <= ldexp(1, 12));
}

static void fill(struct ros_histogram *h, uint64_t seed, bool wide)
{
    uint64_t random = seed;
    memset(h, 0, sizeof *h);
    for (size_t i = 0; i < 300; i++) {
        double value = number(&random, true);
        ros_histogram_add(h, wide ? copysign(value * value * value * value * value, value) : value, next(&random));
    }
}

static void test_merging_is_associative_and_commutative(void **state)
{
    (void) state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct ros_histogram a, b, c, left, right, turned, empty = {0};
        fill(&a, seed, seed % 2 == 0);
        fill(&b, seed + 1000, seed % 3 == 0);
        fill(&c, seed + 2000, seed % 5 == 0);
        left = a;
        ros_histogram_merge(&left, &b);
        ros_histogram_merge(&left, &c); /* (a + b) + c */
        right = b;
        ros_histogram_merge(&right, &c);
        turned = right;
        ros_histogram_merge(&turned, &a); /* (b + c) + a */
        assert_memory_equal(&left, &turned, sizeof left);
        ros_histogram_merge(&a, &right); /* a + (b + c) */
        assert_memory_equal(&left, &a, sizeof left);
        ros_histogram_merge(&a, &empty);
        assert_memory_equal(&left, &a, sizeof left);
        ros_histogram_merge(&a, &a);
        assert_true(ros_histogram_total_ms(&a) == 2 * ros_histogram_total_ms(&left));
    }
}

static void test_stored_form(void **state)
{
    (void) state;
    for (uint64_t seed = 0; seed <= 50; seed++) {
        struct ros_histogram h, again;
        ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
        if (seed == 0)
            memset(&h, 0, sizeof h);
        else
            fill(&h, seed, seed % 2 == 0);
        assert_int_equal(ros_histogram_encode(&h, &bytes), ROS_OK);
        assert_int_equal(ros_histogram_decode(bytes.data, bytes.len, &again), ROS_OK);
        assert_memory_equal(&h, &again, sizeof h);
        for (size_t len = 0; len < bytes.len; len++)
            assert_int_equal(ros_histogram_decode(bytes.data, len, &again), ROS_E_DATA);
        ros_buf_addc(&bytes, 0);
        assert_int_equal(ros_histogram_decode(bytes.data, bytes.len, &again), ROS_E_DATA);
    }
}

/* Any bytes are refused, or are a histogram whose stored form they are. */
static void test_forged_forms(void **state)
{
    (void) state;
    struct ros_histogram h, forged;
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    uint64_t random = 99;
    size_t refused = 0;
    fill(&h, 3, false);
    assert_int_equal(ros_histogram_encode(&h, &bytes), ROS_OK);
    for (unsigned i = 0; i < 50000; i++) {
        static const unsigned char changes[] = {0, 1, 2, 0x7F, 0x80, 0xFF};
        size_t place = next(&random) % bytes.len;
        char was = bytes.data[place];
        bytes.data[place] = (char) changes[next(&random) % ROS_COUNT(changes)];
        if (ros_histogram_decode(bytes.data, bytes.len, &forged) != ROS_OK) {
            refused++;
        } else {
            ros_auto(ros_buf) struct ros_buf again = ROS_BUF_INIT;
            assert_int_equal(ros_histogram_encode(&forged, &again), ROS_OK);
            assert_int_equal(again.len, bytes.len);
            assert_memory_equal(again.data, bytes.data, bytes.len);
            assert_true(isfinite(ros_histogram_quantile(&forged, 0.5)));
        }
        bytes.data[place] = was;
    }
    assert_true(refused > 1000 && refused < 49000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_quantile_is_within_two_percent),
        cmocka_unit_test(test_every_magnitude_of_a_double),
        cmocka_unit_test(test_weights_and_what_does_not_count),
        cmocka_unit_test(test_a_wide_range_keeps_its_upper_end),
        cmocka_unit_test(test_merging_is_associative_and_commutative),
        cmocka_unit_test(test_stored_form),
        cmocka_unit_test(test_forged_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
