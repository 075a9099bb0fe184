/*
 * The depth is found without recursion: a stack of (end, descriptor) pairs of fixed size; reaching its top is the
 * refusal.
 */
#include "proto/guard.h"

#include <stdint.h>
#include <string.h>

#include "interp/base/utf8.h"

struct level {
    const unsigned char *end;
    const ProtobufCMessageDescriptor *descriptor;
};

static bool take_varint(const unsigned char **p, const unsigned char *end, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
        unsigned char byte = *(*p)++;
        *ret |= (uint64_t) (byte & 0x7F) << shift;
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

/* The descriptor of a nested message, NULL when the field is none. */
static const ProtobufCMessageDescriptor *nested(const ProtobufCMessageDescriptor *descriptor, uint64_t tag)
{
    if (tag > UINT32_MAX)
        return NULL;
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(descriptor, (unsigned) tag);
    return field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
}

/* Steps over one field, or into it (*ret_into). False when the bytes are malformed. */
static bool step(const unsigned char **p, const struct level *level, struct level *ret_into)
{
    uint64_t key;
    uint64_t value = 0;
    ret_into->descriptor = NULL;
    if (!take_varint(p, level->end, &key))
        return false;
    switch (key & 7) {
    case 0:
        return take_varint(p, level->end, &value);
    case 1:
        value = 8;
        break;
    case 2:
        if (!take_varint(p, level->end, &value))
            return false;
        ret_into->descriptor = nested(level->descriptor, key >> 3);
        break;
    case 5:
        value = 4;
        break;
    default:
        return false;
    }
    if (value > (uint64_t) (level->end - *p))
        return false;
    ret_into->end = *p + value;
    if (ret_into->descriptor == NULL)
        *p += value;
    return true;
}

bool ros_proto_depth_ok(const ProtobufCMessageDescriptor *descriptor, const void *data, size_t len)
{
    struct level stack[ROS_PROTO_DEPTH];
    size_t depth = 0;
    const unsigned char *p = data;
    stack[0] = (struct level){p + len, descriptor};
    for (;;) {
        while (p == stack[depth].end) {
            if (depth == 0)
                return true;
            depth--;
        }
        struct level into;
        if (!step(&p, &stack[depth], &into))
            return true;
        if (into.descriptor == NULL)
            continue;
        if (++depth == ROS_PROTO_DEPTH)
            return false;
        stack[depth] = into;
    }
}

static bool text_ok(const char *text)
{
    return text == NULL || ros_utf8_check(text, strlen(text)) == strlen(text);
}

static bool field_ok(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *at = (const char *) message + field->offset;
    bool is_text = field->type == PROTOBUF_C_TYPE_STRING;
    if (!is_text && field->type != PROTOBUF_C_TYPE_MESSAGE)
        return true;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count;
        memcpy(&count, (const char *) message + field->quantifier_offset, sizeof count);
        void *const *items = *(void **const *) at;
        for (size_t i = 0; i < count; i++)
            if (is_text ? !text_ok(items[i]) : !ros_proto_utf8_ok(items[i]))
                return false;
        return true;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t set;
        memcpy(&set, (const char *) message + field->quantifier_offset, sizeof set);
        if (set != field->id)
            return true;
    }
    const void *value = *(void *const *) at;
    return is_text ? text_ok(value) : value == NULL || ros_proto_utf8_ok(value);
}

bool ros_proto_utf8_ok(const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++)
        if (!field_ok(message, &message->descriptor->fields[i]))
            return false;
    return true;
}
