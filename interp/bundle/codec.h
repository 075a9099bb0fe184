/*
 * codec.h - one walk for both ways: each call writes a field, or reads and checks it. Of interp/bundle only.
 *
 * The parts of a program are walked once, in parts.c, for writing and for reading: what is written is what is read, and
 * a new field is a new line there. A program that is written is not changed.
 *
 * Every value stands at a multiple of its size from the start of its section, little-endian; gaps are zero. Texts stand
 * in the section POOL, each once, in the order of their use, and are referred to by their place in it + 1 (0: none). An
 * image is therefore the only one of its program, and reading it is linear whatever it says.
 *
 * Errors: the first failure stays in code, and every later call does nothing.
 */
#ifndef ROS_BUNDLE_CODEC_H
#define ROS_BUNDLE_CODEC_H

#include "interp/program/program.h"

#define ROS__DIGEST_BYTES 32

struct ros__codec {
    bool reading;
    enum ros_code code;
    struct ros_error *reterr;
    const char *section;
    size_t at; /* from the start of the section */
    /* writing */
    struct ros_buf *out;
    struct ros_buf *pool;
    /* reading */
    struct ros_arena *arena;   /* of what is read */
    const unsigned char *data; /* the section */
    size_t size;
    const char *pool_data; /* in the arena; its last byte is NUL */
    size_t pool_size;
    size_t pool_at;
};

/* Notes a failure with its place; `what` says what is wrong there. */
void ros__code_fail(struct ros__codec *c, enum ros_code code, const char *what);
/* Damage, or (writing) a program that no bundle can hold. */
void ros__code_refuse(struct ros__codec *c, const char *what);

void ros__code_u8(struct ros__codec *c, uint8_t *value);
void ros__code_u32(struct ros__codec *c, uint32_t *value);
void ros__code_u64(struct ros__codec *c, uint64_t *value);
/* Finite, or the one NaN that means missing. */
void ros__code_f64(struct ros__codec *c, double *value);
void ros__code_bool(struct ros__codec *c, bool *value);
/* A number below end; `what` says of what there is none. */
void ros__code_below(struct ros__codec *c, uint32_t *value, uint32_t end, const char *what);
void ros__code_bytes(struct ros__codec *c, void *bytes, size_t count);
/* A name: printable ASCII without blanks. A text: UTF-8 of at most ROS_LIMIT_TEXT_BYTES; optional: NULL is allowed. */
void ros__code_name(struct ros__codec *c, const char **name);
void ros__code_optional_name(struct ros__codec *c, const char **name);
void ros__code_text(struct ros__codec *c, const char **text);
void ros__code_optional_text(struct ros__codec *c, const char **text);

/* An enum: below end. */
#define ROS__CODE_ENUM(c, field, end, what)                                                                            \
    do {                                                                                                               \
        uint32_t ros__number = (c)->reading ? 0 : (uint32_t) (field);                                                  \
        ros__code_below((c), &ros__number, (uint32_t) (end), (what));                                                  \
        if ((c)->reading)                                                                                              \
            (field) = (__typeof__(field)) ros__number;                                                                 \
    } while (0)

/*
 * How many items follow, at most `most`; reading, makes their array (zeroed), unless the section is too short for them
 * at `least` bytes each. Then walk them: for (i = 0; ros__code_more(c, i, count); i++).
 */
void ros__code_list(struct ros__codec *c, void *items, uint32_t *count, size_t item_size, uint32_t most, size_t least);
static inline bool ros__code_more(const struct ros__codec *c, uint32_t index, uint32_t count)
{
    return c->code == ROS_OK && index < count;
}

/* Whole arrays, of a count that is known; reading makes them. Truths are below 3, texts below end. */
void ros__code_numbers(struct ros__codec *c, const double **items, uint32_t count);
void ros__code_truths(struct ros__codec *c, const uint8_t **items, uint32_t count);
void ros__code_ids(struct ros__codec *c, const uint32_t **items, uint32_t count, uint32_t end);
/* Zeroes up to the next multiple. */
void ros__code_align(struct ros__codec *c, size_t to);

/* --- parts.c ------------------------------------------------------------------------------------------------------ */

/* What a bundle says of itself. */
struct ros__bundle_meta {
    const char *compiler;
    uint8_t checksum[ROS__DIGEST_BYTES]; /* the program's */
    uint8_t sources[ROS__DIGEST_BYTES];  /* of the section SOURCE; zero when none was made */
    const char *main;                    /* of the sources; NULL when none was made */
};

void ros__code_meta(struct ros__codec *c, struct ros_program *program, struct ros__bundle_meta *meta);

/* The sections that make a program, in their order. */
struct ros__part {
    const char *name;
    void (*code)(struct ros__codec *c, struct ros_program *program);
};
extern const struct ros__part ros__parts[];
extern const size_t ros__part_count;

/* --- image.c ------------------------------------------------------------------------------------------------------ */

/* META, the parts, POOL, and SOURCE at the end. */
#define ROS__SECTIONS_MOST 16
#define ROS__SECTION_NAME_BYTES 8

struct ros__section {
    const char *name;
    const unsigned char *data;
    size_t size;
};
struct ros__image {
    struct ros__section sections[ROS__SECTIONS_MOST];
    size_t count;
    bool has_source; /* the last section is SOURCE */
};

/* Checks header, digest and the table of sections. */
enum ros_code ros__image_open(const void *data, size_t len, struct ros__image *ret, struct ros_error *reterr);
/* The section of that name; every image that was opened has META, each part and POOL. */
const struct ros__section *ros__image_find(const struct ros__image *image, const char *name);
/* Leaves room for a header with so many sections at the start of an empty buffer. */
enum ros_code ros__image_begin(struct ros_buf *out, size_t section_count);
/* Fills entry `index` of the table: the section goes from `start` to the end of out, which is filled to 8. */
enum ros_code ros__image_section(struct ros_buf *out, size_t index, const char *name, size_t start);
/* Fills the header. */
enum ros_code ros__image_end(struct ros_buf *out, size_t section_count, struct ros_error *reterr);

/* SHA-256 of two pieces; the second may be empty. */
enum ros_code ros__digest(const void *a, size_t a_len, const void *b, size_t b_len, uint8_t ret[ROS__DIGEST_BYTES],
                          struct ros_error *reterr);

static inline uint32_t ros__load_u32(const unsigned char *p)
{
    return (uint32_t) p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | (uint32_t) p[3] << 24;
}
static inline uint64_t ros__load_u64(const unsigned char *p)
{
    return (uint64_t) ros__load_u32(p) | (uint64_t) ros__load_u32(p + 4) << 32;
}
static inline void ros__store_u32(unsigned char *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char) (value >> (8 * i));
}
static inline void ros__store_u64(unsigned char *p, uint64_t value)
{
    ros__store_u32(p, (uint32_t) value);
    ros__store_u32(p + 4, (uint32_t) (value >> 32));
}

#endif
