/* The text itself is the store: it is checked once and searched on each question, a few dozen bytes. */
#include "services/common/flags.h"

#include <string.h>

#include "interp/base/alloc.h"

struct ros_flags {
    size_t size;
    char text[];
};

struct span {
    const char *at;
    size_t len;
};

static struct span trim(struct span s)
{
    while (s.len > 0 && (*s.at == ' ' || *s.at == '\t'))
        s = (struct span){s.at + 1, s.len - 1};
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Cuts the next part before `end` off *rest; false when nothing is left. */
static bool next_part(struct span *rest, char end, struct span *ret)
{
    if (rest->at == NULL)
        return false;
    const char *cut = memchr(rest->at, end, rest->len);
    size_t len = cut != NULL ? (size_t) (cut - rest->at) : rest->len;
    *ret = trim((struct span){rest->at, len});
    *rest = cut != NULL ? (struct span){cut + 1, rest->len - len - 1} : (struct span){NULL, 0};
    return true;
}

static bool is_text(struct span s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

static bool split_flag(struct span part, struct span *ret_name, struct span *ret_value)
{
    const char *equals = memchr(part.at, '=', part.len);
    if (equals == NULL)
        return false;
    size_t name_len = (size_t) (equals - part.at);
    *ret_name = trim((struct span){part.at, name_len});
    *ret_value = trim((struct span){equals + 1, part.len - name_len - 1});
    return ret_name->len > 0 && ret_value->len > 0;
}

enum ros_code ros_flags_new(const char *text, struct ros_flags **ret, struct ros_error *reterr)
{
    struct span rest = {text, strlen(text)};
    struct span part, name, value;
    while (next_part(&rest, ';', &part))
        if (part.len > 0 && !split_flag(part, &name, &value))
            return ros_error_set(reterr, ROS_E_CONFIG, "flags_static: `%.*s` is not NAME=on, NAME=off or NAME=ORG,ORG",
                                 (int) (part.len < 100 ? part.len : 100), part.at);
    size_t size = sizeof(struct ros_flags) + strlen(text) + 1;
    struct ros_flags *flags = ros_alloc_zero(NULL, size);
    if (flags == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    flags->size = size;
    memcpy(flags->text, text, strlen(text));
    *ret = flags;
    return ROS_OK;
}

void ros_flags_free(struct ros_flags *flags)
{
    if (flags != NULL)
        ros_alloc_put(NULL, flags, flags->size);
}

static bool value_holds(struct span value, const char *org_id)
{
    if (is_text(value, "on"))
        return true;
    if (is_text(value, "off") || org_id == NULL)
        return false;
    struct span org;
    while (next_part(&value, ',', &org))
        if (is_text(org, org_id))
            return true;
    return false;
}

bool ros_flags_on(const struct ros_flags *flags, const char *flag, const char *org_id)
{
    struct span rest = {flags->text, strlen(flags->text)};
    struct span part, name, value;
    while (next_part(&rest, ';', &part))
        if (part.len > 0 && split_flag(part, &name, &value) && is_text(name, flag))
            return value_holds(value, org_id);
    return false;
}
