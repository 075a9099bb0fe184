/*
 * A walk over protobuf-c's descriptors. A proto3 `optional` field is, after the rewriting in CMakeLists.txt, the only
 * member of a oneof named after it: unset, it prints as null, while members of a real oneof are left out.
 */
#include "proto/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "interp/base/num.h"
#include "interp/base/utf8.h"

static const void *member_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (const char *) message + field->offset;
}

static uint32_t quantifier_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    uint32_t value;
    memcpy(&value, (const char *) message + field->quantifier_offset, sizeof value);
    return value;
}

static size_t count_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    size_t value;
    memcpy(&value, (const char *) message + field->quantifier_offset, sizeof value);
    return value;
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

static void add_character(struct ros_buf *out, uint32_t c)
{
    static const char short_forms[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (c == '"' || c == '\\')
        ros_buf_printf(out, "\\%c", (char) c);
    else if (c < sizeof short_forms && short_forms[c] != '\0')
        ros_buf_printf(out, "\\%c", short_forms[c]);
    else if (c >= 0x20 && c < 0x80)
        ros_buf_addc(out, (char) c);
    else if (c < 0x10000)
        ros_buf_printf(out, "\\u%04x", c);
    else
        ros_buf_printf(out, "\\u%04x\\u%04x", 0xD800 + ((c - 0x10000) >> 10), 0xDC00 + ((c - 0x10000) & 0x3FF));
}

static void add_text(struct ros_buf *out, const char *text)
{
    size_t len = strlen(text);
    ros_buf_addc(out, '"');
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t taken = ros_utf8_next(text + i, len - i, &c);
        if (c == ROS_UTF8_BROKEN)
            c = 0xFFFD;
        add_character(out, c);
        i += taken;
    }
    ros_buf_addc(out, '"');
}

static void add_bytes(struct ros_buf *out, const ProtobufCBinaryData *bytes)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    ros_buf_addc(out, '"');
    for (size_t i = 0; i < bytes->len; i += 3) {
        size_t left = bytes->len - i;
        uint32_t group = (uint32_t) bytes->data[i] << 16 | (left > 1 ? (uint32_t) bytes->data[i + 1] << 8 : 0) |
                         (left > 2 ? bytes->data[i + 2] : 0);
        ros_buf_addc(out, alphabet[group >> 18]);
        ros_buf_addc(out, alphabet[group >> 12 & 63]);
        ros_buf_addc(out, left > 1 ? alphabet[group >> 6 & 63] : '=');
        ros_buf_addc(out, left > 2 ? alphabet[group & 63] : '=');
    }
    ros_buf_addc(out, '"');
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static void add_message(struct ros_buf *out, const ProtobufCMessage *message);

static void add_double(struct ros_buf *out, double value)
{
    if (isnan(value))
        ros_buf_puts(out, "\"NaN\"");
    else if (isinf(value))
        ros_buf_puts(out, value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    else
        ros_buf_double(out, value);
}

static void add_enum(struct ros_buf *out, const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);
    if (known != NULL)
        add_text(out, known->name);
    else
        ros_buf_printf(out, "%d", value);
}

static void add_value(struct ros_buf *out, const ProtobufCFieldDescriptor *field, const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        ros_buf_printf(out, "%d", *(const int32_t *) at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        ros_buf_printf(out, "%u", *(const uint32_t *) at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        ros_buf_printf(out, "\"%lld\"", (long long) *(const int64_t *) at);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        ros_buf_printf(out, "\"%llu\"", (unsigned long long) *(const uint64_t *) at);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        add_double(out, (double) *(const float *) at);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        add_double(out, *(const double *) at);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        ros_buf_puts(out, *(const protobuf_c_boolean *) at ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        add_enum(out, field->descriptor, *(const int *) at);
        break;
    case PROTOBUF_C_TYPE_STRING:
        add_text(out, *(char *const *) at != NULL ? *(char *const *) at : "");
        break;
    case PROTOBUF_C_TYPE_BYTES:
        add_bytes(out, at);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        if (*(ProtobufCMessage *const *) at != NULL)
            add_message(out, *(ProtobufCMessage *const *) at);
        else
            ros_buf_puts(out, "null");
        break;
    }
}

static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return 4;
    }
}

/* protoc-c turns map<string, V> into repeated XEntry {string key = 1; V value = 2;}. */
static bool is_map(const ProtobufCFieldDescriptor *field)
{
    if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE)
        return false;
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    size_t len = strlen(entry->short_name);
    return entry->n_fields == 2 && len > 5 && strcmp(entry->short_name + len - 5, "Entry") == 0 &&
           entry->fields[0].type == PROTOBUF_C_TYPE_STRING && strcmp(entry->fields[0].name, "key") == 0 &&
           strcmp(entry->fields[1].name, "value") == 0;
}

static void add_map(struct ros_buf *out, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *entry = field->descriptor;
    ProtobufCMessage *const *entries = *(ProtobufCMessage * *const *) member_of(message, field);
    ros_buf_addc(out, '{');
    for (size_t i = 0; i < count_of(message, field); i++) {
        if (i > 0)
            ros_buf_puts(out, ", ");
        add_value(out, &entry->fields[0], member_of(entries[i], &entry->fields[0]));
        ros_buf_puts(out, ": ");
        add_value(out, &entry->fields[1], member_of(entries[i], &entry->fields[1]));
    }
    ros_buf_addc(out, '}');
}

static void add_list(struct ros_buf *out, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *items = *(const char *const *) member_of(message, field);
    ros_buf_addc(out, '[');
    for (size_t i = 0; i < count_of(message, field); i++) {
        if (i > 0)
            ros_buf_puts(out, ", ");
        add_value(out, field, items + i * size_of(field->type));
    }
    ros_buf_addc(out, ']');
}

static bool is_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* The members of one oneof share their case's place in the struct; `optional` has one to itself. */
static bool is_alone(const ProtobufCMessageDescriptor *descriptor, const ProtobufCFieldDescriptor *field)
{
    unsigned sharing = 0;
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        sharing +=
            is_oneof(&descriptor->fields[i]) && descriptor->fields[i].quantifier_offset == field->quantifier_offset;
    return sharing == 1;
}

static void add_message(struct ros_buf *out, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    const char *separator = "";
    ros_buf_addc(out, '{');
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        bool unset = is_oneof(field) && quantifier_of(message, field) != field->id;
        if (unset && !is_alone(descriptor, field))
            continue;
        ros_buf_puts(out, separator);
        separator = ", ";
        add_text(out, field->name);
        ros_buf_puts(out, ": ");
        if (unset)
            ros_buf_puts(out, "null");
        else if (is_map(field))
            add_map(out, message, field);
        else if (field->label == PROTOBUF_C_LABEL_REPEATED)
            add_list(out, message, field);
        else
            add_value(out, field, member_of(message, field));
    }
    ros_buf_addc(out, '}');
}

enum ros_code ros_proto_json(const ProtobufCMessage *message, struct ros_buf *out)
{
    add_message(out, message);
    return ros_buf_code(out);
}

/* --- the words of a URL ------------------------------------------------------------------------------------------- */

static enum ros_code bad_value(const ProtobufCFieldDescriptor *field, const char *kind, struct ros_error *reterr)
{
    return ros_error_set(reterr, ROS_E_ARGUMENT, "%s is not %s", field->name, kind);
}

static enum ros_code set_value(void *at, const ProtobufCFieldDescriptor *field, const char *text,
                               struct ros_arena *arena, struct ros_error *reterr)
{
    size_t len = strlen(text);
    int64_t integer;
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        char *copy = ros_arena_copy(arena, text, len);
        if (copy == NULL)
            return ros_error_code(reterr, ros_arena_code(arena));
        *(char **) at = copy;
        return ROS_OK;
    }
    if (field->type == PROTOBUF_C_TYPE_INT32) {
        if (!ros_num_parse_i64(text, len, &integer) || integer < INT32_MIN || integer > INT32_MAX)
            return bad_value(field, "a whole number of 32 bits", reterr);
        *(int32_t *) at = (int32_t) integer;
        return ROS_OK;
    }
    if (field->type == PROTOBUF_C_TYPE_DOUBLE)
        return ros_num_parse(text, len, at) ? ROS_OK : bad_value(field, "a number", reterr);
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return bad_value(field, "true or false", reterr);
    *(protobuf_c_boolean *) at = text[0] == 't';
    return ROS_OK;
}

static bool is_settable(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_INT32 ||
           field->type == PROTOBUF_C_TYPE_DOUBLE || field->type == PROTOBUF_C_TYPE_BOOL;
}

/* Room for one more element: the array doubles at each power of two, the old one stays in the arena. */
static enum ros_code append_value(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const char *text,
                                  struct ros_arena *arena, struct ros_error *reterr)
{
    size_t count = count_of(message, field);
    size_t size = size_of(field->type);
    char **items = (char **) ((char *) message + field->offset);
    if ((count & (count - 1)) == 0) {
        char *more = ros_arena_array(arena, count == 0 ? 1 : count * 2, size);
        if (more == NULL)
            return ros_error_code(reterr, ros_arena_code(arena));
        if (count > 0)
            memcpy(more, *items, count * size);
        *items = more;
    }
    ROS_TRY(set_value(*items + count * size, field, text, arena, reterr));
    count++;
    memcpy((char *) message + field->quantifier_offset, &count, sizeof count);
    return ROS_OK;
}

enum ros_code ros_proto_set_text(ProtobufCMessage *message, const char *name, const char *text, struct ros_arena *arena,
                                 bool *ret_known, struct ros_error *reterr)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    *ret_known = field != NULL && is_settable(field);
    if (!*ret_known)
        return ROS_OK;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return append_value(message, field, text, arena, reterr);
    ROS_TRY(set_value((char *) message + field->offset, field, text, arena, reterr));
    if (is_oneof(field))
        memcpy((char *) message + field->quantifier_offset, &field->id, sizeof field->id);
    return ROS_OK;
}
