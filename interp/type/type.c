/* Units are few and fixed: a table and vectors of five exponents say all that there is to say about them. */
#include "interp/type/type.h"

#include <stdio.h>
#include <string.h>

#include "interp/base/macros.h"
#include "interp/base/num.h"

struct unit {
    const char *name;
    enum ros_dim dim;
    int64_t num;
    int64_t den;
};

static const struct unit UNITS[] = {
#define ROS_UNIT(name, dim, num, den) {name, ROS_DIM_##dim, num, den},
#include "interp/type/units.def"
#undef ROS_UNIT
};

static const char *const NAMES[] = {
#define ROS_UNIT(name, dim, num, den) name,
#include "interp/type/units.def"
#undef ROS_UNIT
    "%", "int", "text", "bool", NULL};

static const char *const BASE_NAMES[ROS_DIM_TOTAL] = {"B", "s", "count", "vcpu", "USD"};

static const struct unit *find_unit(const char *name)
{
    for (size_t i = 0; i < ROS_COUNT(UNITS); i++)
        if (strcmp(UNITS[i].name, name) == 0)
            return &UNITS[i];
    return NULL;
}

struct ros_type ros_type_of(enum ros_kind kind)
{
    return (struct ros_type){.kind = kind};
}

struct ros_type ros_type_plain(enum ros_plain plain)
{
    return (struct ros_type){.kind = ROS_KIND_NUM, .plain = plain};
}

const char *const *ros_type_names(void)
{
    return NAMES;
}

static bool from_word(const char *name, struct ros_unit_scale *ret)
{
    struct ros_unit_scale scale = {.mul = 1, .div = 1};
    if (strcmp(name, "%") == 0) {
        scale.type = ros_type_plain(ROS_PLAIN_SHARE);
        scale.div = 100;
    } else if (strcmp(name, "int") == 0) {
        scale.type = ros_type_plain(ROS_PLAIN_WHOLE);
    } else if (strcmp(name, "text") == 0) {
        scale.type = ros_type_of(ROS_KIND_TEXT);
    } else if (strcmp(name, "bool") == 0) {
        scale.type = ros_type_of(ROS_KIND_BOOL);
    } else {
        return false;
    }
    *ret = scale;
    return true;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

bool ros_type_from_names(const char *name, const char *per, struct ros_unit_scale *ret)
{
    const struct unit *unit = find_unit(name);
    if (unit == NULL)
        return per == NULL && from_word(name, ret);
    int64_t num = unit->num;
    int64_t den = unit->den;
    struct ros_type type = ros_type_of(ROS_KIND_NUM);
    type.dim[unit->dim] = 1;
    if (per != NULL) {
        const struct unit *time = find_unit(per);
        if (time == NULL || time->dim != ROS_DIM_SECOND || unit->dim == ROS_DIM_SECOND)
            return false;
        type.dim[ROS_DIM_SECOND] = -1;
        num *= time->den * (unit->dim == ROS_DIM_USD ? 3600 : 1);
        den *= time->num;
    }
    int64_t divisor = common_divisor(num, den);
    *ret = (struct ros_unit_scale){type, (double) (num / divisor), (double) (den / divisor)};
    return true;
}

bool ros_type_has_unit(const struct ros_type *type)
{
    for (size_t i = 0; i < ROS_DIM_TOTAL; i++)
        if (type->dim[i] != 0)
            return true;
    return false;
}

bool ros_type_same_unit(const struct ros_type *a, const struct ros_type *b)
{
    return memcmp(a->dim, b->dim, sizeof a->dim) == 0;
}

/* Without a dimension left: a bare factor changes nothing; whole by whole is whole; any ratio of measures is a share.
 */
static enum ros_plain plain_product(const struct ros_type *a, const struct ros_type *b, int sign)
{
    bool plain_a = !ros_type_has_unit(a);
    bool plain_b = !ros_type_has_unit(b);
    if (!plain_a || !plain_b || a->plain == ROS_PLAIN_SHARE || b->plain == ROS_PLAIN_SHARE)
        return ROS_PLAIN_SHARE;
    if (a->plain == ROS_PLAIN_WHOLE && b->plain == ROS_PLAIN_WHOLE && sign > 0)
        return ROS_PLAIN_WHOLE;
    return ROS_PLAIN_BARE;
}

bool ros_type_product(const struct ros_type *a, const struct ros_type *b, int sign, struct ros_type *ret)
{
    struct ros_type type = ros_type_of(ROS_KIND_NUM);
    for (size_t i = 0; i < ROS_DIM_TOTAL; i++) {
        type.dim[i] = a->dim[i] + sign * b->dim[i];
        if (type.dim[i] > ROS_DIM_EXPONENT_LIMIT || type.dim[i] < -ROS_DIM_EXPONENT_LIMIT)
            return false;
    }
    type.plain = plain_product(a, b, sign);
    *ret = type;
    return true;
}

static int hours(const struct ros_type *type)
{
    return type->dim[ROS_DIM_USD] != 0 ? type->dim[ROS_DIM_SECOND] : 0;
}

/* A base number of unit t is the SI number divided by 3600 ^ hours(t). */
int ros_type_hours(const struct ros_type *a, const struct ros_type *b, int sign, const struct ros_type *product)
{
    return hours(product) - hours(a) - sign * hours(b);
}

static size_t add_power(char *text, size_t used, enum ros_dim dim, int exponent, const char *join, bool money)
{
    const char *name = dim == ROS_DIM_SECOND && money ? "h" : BASE_NAMES[dim];
    char power[16] = "";
    if (exponent > 1)
        snprintf(power, sizeof power, "^%d", exponent);
    int added = snprintf(text + used, ROS_TYPE_TEXT_SIZE - used, "%s%s%s", used > 0 ? join : "", name, power);
    return added > 0 && used + (size_t) added < ROS_TYPE_TEXT_SIZE ? used + (size_t) added : used;
}

const char *ros_type_unit(const struct ros_type *type, char text[ROS_TYPE_TEXT_SIZE])
{
    size_t used = 0;
    bool money = type->dim[ROS_DIM_USD] != 0;
    text[0] = '\0';
    for (int i = 0; i < ROS_DIM_TOTAL; i++)
        if (type->dim[i] > 0)
            used = add_power(text, used, (enum ros_dim) i, type->dim[i], " ", money);
    if (used == 0 && ros_type_has_unit(type)) {
        text[used++] = '1';
        text[used] = '\0';
    }
    for (int i = 0; i < ROS_DIM_TOTAL; i++)
        if (type->dim[i] < 0)
            used = add_power(text, used, (enum ros_dim) i, -type->dim[i], "/", money);
    return text;
}

static const char *plain_text(enum ros_plain plain)
{
    switch (plain) {
    case ROS_PLAIN_BARE:
        return "a bare number";
    case ROS_PLAIN_WHOLE:
        return "a whole number";
    case ROS_PLAIN_SHARE:
        return "a share";
    }
    return "a number";
}

const char *ros_type_format(const struct ros_type *type, char text[ROS_TYPE_TEXT_SIZE])
{
    switch (type->kind) {
    case ROS_KIND_BAD:
        return "an unknown type";
    case ROS_KIND_MISSING:
        return "missing";
    case ROS_KIND_BOOL:
        return "true or false";
    case ROS_KIND_TEXT:
        return "a text";
    case ROS_KIND_ROW:
        return "a row";
    case ROS_KIND_NUM:
        break;
    }
    return ros_type_has_unit(type) ? ros_type_unit(type, text) : plain_text(type->plain);
}

bool ros_type_quantity(const char *digits, const struct ros_unit_scale *scale, double *ret)
{
    char text[512];
    bool share = scale->type.kind == ROS_KIND_NUM && !ros_type_has_unit(&scale->type) && scale->div == 100;
    bool moved = share && strpbrk(digits, "eE") == NULL;
    int len = snprintf(text, sizeof text, "%s%s", digits, moved ? "e-2" : "");
    double value;
    if (len < 0 || (size_t) len >= sizeof text || !ros_num_parse(text, (size_t) len, &value))
        return false;
    *ret = moved ? value : value * scale->mul / scale->div;
    return true;
}
