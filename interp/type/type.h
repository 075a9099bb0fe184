/*
 * type.h - what a value is: its kind, its unit, whether it may be missing.
 *
 * A number's unit is a vector of exponents over five dimensions. Numbers are kept in base units: B, s, count, vcpu,
 * USD; a share is kept as 0..1. One exception keeps prices as people write them: in a unit that holds money, time is
 * counted in hours, so 0.0116 USD/h is the number 0.0116. ros_type_hours() says what a product must be corrected by.
 *
 * A number without dimension is one of three: bare (a literal such as 2), whole (a count or an `int`), or a share.
 *
 * Errors and threads: pure functions, no state.
 */
#ifndef ROS_TYPE_H
#define ROS_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ros_dim { ROS_DIM_BYTE, ROS_DIM_SECOND, ROS_DIM_COUNT, ROS_DIM_VCPU, ROS_DIM_USD, ROS_DIM_TOTAL };

/* No exponent grows beyond this. */
#define ROS_DIM_EXPONENT_LIMIT 8

enum ros_kind {
    ROS_KIND_BAD,     /* already reported; fits everything, so that one mistake gives one finding */
    ROS_KIND_MISSING, /* the literal `missing`: fits every kind */
    ROS_KIND_BOOL,
    ROS_KIND_NUM,
    ROS_KIND_TEXT,
    ROS_KIND_ROW
};

enum ros_plain { ROS_PLAIN_BARE, ROS_PLAIN_WHOLE, ROS_PLAIN_SHARE };

struct ros_type {
    enum ros_kind kind;
    enum ros_plain plain; /* of a number without dimension */
    int dim[ROS_DIM_TOTAL];
    bool maybe;    /* may be missing */
    bool composed; /* a text put together: it can be shown, not compared */
    bool vector;   /* one value for each instance */
    size_t slot;   /* of a vector: the input whose instances it has */
    size_t table;  /* of a row */
};

/* A unit as written: what one of it is worth in the base unit is mul / div. */
struct ros_unit_scale {
    struct ros_type type;
    double mul;
    double div;
};

/*
 * Resolves "MiB", "%", "count" per "s", "text", "bool", "int". False when name or per is unknown, or per is not a time.
 */
bool ros_type_from_names(const char *name, const char *per, struct ros_unit_scale *ret);
/* The names that ros_type_from_names() knows, ended by NULL. */
const char *const *ros_type_names(void);

struct ros_type ros_type_of(enum ros_kind kind);
struct ros_type ros_type_plain(enum ros_plain plain);

bool ros_type_has_unit(const struct ros_type *type);
bool ros_type_same_unit(const struct ros_type *a, const struct ros_type *b);
/* The unit of a * b (sign 1) or a / b (sign -1). False when an exponent passes its limit. */
bool ros_type_product(const struct ros_type *a, const struct ros_type *b, int sign, struct ros_type *ret);
/* The power of 3600 by which a product of base numbers of these units is too large: 0 unless money meets time. */
int ros_type_hours(const struct ros_type *a, const struct ros_type *b, int sign, const struct ros_type *product);

#define ROS_TYPE_TEXT_SIZE 64
/* "MiB" is not kept: a type shows its base unit. "B", "count/s", "a share", "text", "a bare number". */
const char *ros_type_format(const struct ros_type *type, char text[ROS_TYPE_TEXT_SIZE]);
/* The unit alone, as it can stand behind a number: "B", "count/s", "" for shares and plain numbers. */
const char *ros_type_unit(const struct ros_type *type, char text[ROS_TYPE_TEXT_SIZE]);

/*
 * A literal's number in base units. digits are those of the source ("12.5"): a percentage is read by moving its decimal
 * point, so that 12.5% is exactly the double 0.125. False when the digits are no number.
 */
bool ros_type_quantity(const char *digits, const struct ros_unit_scale *scale, double *ret);

#endif
