/* jansson gives NULL for a failed allocation and takes NULL for a value without a word: here that is noticed. */
#include "services/score/fields.h"

#include <math.h>

struct ros__fields ros__fields_begin(void)
{
    json_t *object = json_object();
    return (struct ros__fields){object, object == NULL};
}

void ros__fields_put(struct ros__fields *fields, const char *key, json_t *value)
{
    if (fields->failed)
        json_decref(value);
    else
        fields->failed = json_object_set_new(fields->object, key, value) != 0;
}

json_t *ros__fields_end(struct ros__fields *fields)
{
    json_t *object = fields->object;
    fields->object = NULL;
    if (!fields->failed)
        return object;
    json_decref(object);
    return NULL;
}

json_t *ros__text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

json_t *ros__number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *ros__tri_or_null(enum ros_tri value)
{
    return value == ROS_UNKNOWN ? json_null() : json_boolean(value == ROS_TRUE);
}
