/*
 * A FileDescriptorSet is `repeated FileDescriptorProto file = 1`: the files are cut out by their length, so that their
 * bytes, unknown options included, reach reflection unchanged. protobuf-c drops custom options into the unknown fields
 * of MethodOptions, where google.api.http is found by its number.
 */
#include "proto/descriptors.h"

#include <google/api/http.pb-c.h>
#include <google/protobuf/descriptor.pb-c.h>
#include <string.h>

#include "interp/base/arena.h"
#include "interp/base/map.h"

#define HTTP_RULE_TAG 72295728u
#define LENGTH_PREFIXED 2u

extern const unsigned char ros_descriptor_set_start[];
extern const unsigned char ros_descriptor_set_end[];

struct ros_descriptors {
    struct ros_arena arena;
    struct ros_descriptor_file *files;
    Google__Protobuf__FileDescriptorProto **parsed; /* [file_count] */
    size_t file_count;
    struct ros_http_rule *rules;
    size_t rule_count;
    struct ros_map symbols; /* full name -> struct ros_descriptor_file */
};

static enum ros_code damaged(struct ros_error *reterr)
{
    return ros_error_set(reterr, ROS_E_INTERNAL, "the embedded definitions are damaged");
}

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

/* Cuts the next file off *p; false at the end and where the bytes make no sense (*p then is not the end). */
static bool next_file(const unsigned char **p, const unsigned char *end, const unsigned char **ret, size_t *ret_size)
{
    const unsigned char *at = *p;
    uint64_t tag;
    uint64_t size;
    if (at == end || !take_varint(&at, end, &tag) || tag != (1u << 3 | LENGTH_PREFIXED) ||
        !take_varint(&at, end, &size) || size > (uint64_t) (end - at))
        return false;
    *ret = at;
    *ret_size = (size_t) size;
    *p = at + size;
    return true;
}

static enum ros_code count_files(struct ros_descriptors *d, struct ros_error *reterr)
{
    const unsigned char *p = ros_descriptor_set_start;
    const unsigned char *data;
    size_t size;
    while (next_file(&p, ros_descriptor_set_end, &data, &size))
        d->file_count++;
    if (p != ros_descriptor_set_end || d->file_count == 0)
        return damaged(reterr);
    d->files = ros_arena_new_array(&d->arena, struct ros_descriptor_file, d->file_count);
    d->parsed = ros_arena_new_array(&d->arena, Google__Protobuf__FileDescriptorProto *, d->file_count);
    return d->files != NULL && d->parsed != NULL ? ROS_OK : ros_error_code(reterr, ros_arena_code(&d->arena));
}

static enum ros_code add_symbol(struct ros_descriptors *d, const char *scope, const char *name,
                                struct ros_descriptor_file *file, const char **ret_full)
{
    const char *full = ros_arena_printf(&d->arena, "%s%s%s", scope, scope[0] != '\0' ? "." : "", name);
    if (full == NULL)
        return ros_arena_code(&d->arena);
    if (ret_full != NULL)
        *ret_full = full;
    enum ros_code code = ros_map_add(&d->symbols, full, strlen(full), file);
    return code == ROS_E_EXISTS ? ROS_OK : code;
}

static enum ros_code add_message(struct ros_descriptors *d, const char *scope,
                                 const Google__Protobuf__DescriptorProto *message, struct ros_descriptor_file *file)
{
    const char *full;
    ROS_TRY(add_symbol(d, scope, message->name, file, &full));
    for (size_t i = 0; i < message->n_nested_type; i++)
        ROS_TRY(add_message(d, full, message->nested_type[i], file));
    for (size_t i = 0; i < message->n_enum_type; i++)
        ROS_TRY(add_symbol(d, full, message->enum_type[i]->name, file, NULL));
    return ROS_OK;
}

/* --- HTTP rules --------------------------------------------------------------------------------------------------- */

static void verb_and_path(const Google__Api__HttpRule *http, const char **verb, const char **path)
{
    *verb = NULL;
    switch (http->pattern_case) {
    case GOOGLE__API__HTTP_RULE__PATTERN_GET:
        *verb = "GET", *path = http->get;
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_PUT:
        *verb = "PUT", *path = http->put;
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_POST:
        *verb = "POST", *path = http->post;
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_DELETE:
        *verb = "DELETE", *path = http->delete_;
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_PATCH:
        *verb = "PATCH", *path = http->patch;
        break;
    default:
        break;
    }
}

static enum ros_code add_rule(struct ros_descriptors *d, const char *service, const char *method,
                              const ProtobufCMessageUnknownField *option)
{
    const unsigned char *at = option->data;
    const unsigned char *end = option->data + option->len;
    uint64_t size;
    if (!take_varint(&at, end, &size) || size != (uint64_t) (end - at))
        return ROS_E_INTERNAL;
    Google__Api__HttpRule *http = google__api__http_rule__unpack(NULL, (size_t) size, at);
    if (http == NULL)
        return ROS_E_INTERNAL;
    const char *verb;
    const char *path = NULL;
    enum ros_code code = ROS_OK;
    verb_and_path(http, &verb, &path);
    if (verb != NULL) {
        struct ros_http_rule *rule = &d->rules[d->rule_count];
        *rule = (struct ros_http_rule){service, ros_arena_copy(&d->arena, method, strlen(method)), verb,
                                       ros_arena_copy(&d->arena, path, strlen(path))};
        code = rule->method != NULL && rule->path != NULL ? ROS_OK : ros_arena_code(&d->arena);
        d->rule_count++;
    }
    google__api__http_rule__free_unpacked(http, NULL);
    return code;
}

static enum ros_code add_method(struct ros_descriptors *d, const char *service,
                                const Google__Protobuf__MethodDescriptorProto *method, struct ros_descriptor_file *file)
{
    ROS_TRY(add_symbol(d, service, method->name, file, NULL));
    if (method->options == NULL)
        return ROS_OK;
    const ProtobufCMessage *options = &method->options->base;
    for (unsigned i = 0; i < options->n_unknown_fields; i++)
        if (options->unknown_fields[i].tag == HTTP_RULE_TAG)
            return add_rule(d, service, method->name, &options->unknown_fields[i]);
    return ROS_OK;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static enum ros_code index_file(struct ros_descriptors *d, const Google__Protobuf__FileDescriptorProto *parsed,
                                struct ros_descriptor_file *file)
{
    const char *scope = parsed->package != NULL ? parsed->package : "";
    for (size_t i = 0; i < parsed->n_message_type; i++)
        ROS_TRY(add_message(d, scope, parsed->message_type[i], file));
    for (size_t i = 0; i < parsed->n_enum_type; i++)
        ROS_TRY(add_symbol(d, scope, parsed->enum_type[i]->name, file, NULL));
    for (size_t i = 0; i < parsed->n_extension; i++)
        ROS_TRY(add_symbol(d, scope, parsed->extension[i]->name, file, NULL));
    for (size_t i = 0; i < parsed->n_service; i++) {
        const char *service;
        ROS_TRY(add_symbol(d, scope, parsed->service[i]->name, file, &service));
        for (size_t k = 0; k < parsed->service[i]->n_method; k++)
            ROS_TRY(add_method(d, service, parsed->service[i]->method[k], file));
    }
    return ROS_OK;
}

static enum ros_code read_file(struct ros_descriptors *d, size_t index, const unsigned char *data, size_t size)
{
    Google__Protobuf__FileDescriptorProto *parsed = google__protobuf__file_descriptor_proto__unpack(NULL, size, data);
    if (parsed == NULL || parsed->name == NULL)
        return ROS_E_INTERNAL;
    d->parsed[index] = parsed;
    const char **imports = ros_arena_new_array(&d->arena, const char *, parsed->n_dependency + 1);
    if (imports == NULL)
        return ros_arena_code(&d->arena);
    for (size_t i = 0; i < parsed->n_dependency; i++)
        imports[i] = parsed->dependency[i];
    d->files[index] = (struct ros_descriptor_file){parsed->name, data, size, imports};
    return ROS_OK;
}

static size_t count_methods(const struct ros_descriptors *d)
{
    size_t count = 0;
    for (size_t i = 0; i < d->file_count; i++)
        for (size_t k = 0; k < d->parsed[i]->n_service; k++)
            count += d->parsed[i]->service[k]->n_method;
    return count;
}

static enum ros_code read_all(struct ros_descriptors *d)
{
    const unsigned char *p = ros_descriptor_set_start;
    const unsigned char *data = NULL;
    size_t size = 0;
    for (size_t i = 0; i < d->file_count && next_file(&p, ros_descriptor_set_end, &data, &size); i++)
        ROS_TRY(read_file(d, i, data, size));
    d->rules = ros_arena_new_array(&d->arena, struct ros_http_rule, count_methods(d));
    if (d->rules == NULL)
        return ros_arena_code(&d->arena);
    for (size_t i = 0; i < d->file_count; i++)
        ROS_TRY(index_file(d, d->parsed[i], &d->files[i]));
    return ROS_OK;
}

enum ros_code ros_descriptors_new(struct ros_descriptors **ret, struct ros_error *reterr)
{
    ros_auto_ptr(ros_descriptors) struct ros_descriptors *d = ros_alloc_zero(NULL, sizeof *d);
    if (d == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    ros_arena_init(&d->arena, NULL, 0);
    ros_map_init(&d->symbols, &d->arena, 0);
    ROS_TRY(count_files(d, reterr));
    enum ros_code code = read_all(d);
    if (code == ROS_E_INTERNAL)
        return damaged(reterr);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    *ret = ros_steal(&d);
    return ROS_OK;
}

void ros_descriptors_free(struct ros_descriptors *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; d->parsed != NULL && i < d->file_count; i++)
        if (d->parsed[i] != NULL)
            google__protobuf__file_descriptor_proto__free_unpacked(d->parsed[i], NULL);
    ros_arena_done(&d->arena);
    ros_alloc_put(NULL, d, sizeof *d);
}

size_t ros_descriptors_file_count(const struct ros_descriptors *d)
{
    return d->file_count;
}

const struct ros_descriptor_file *ros_descriptors_file(const struct ros_descriptors *d, size_t index)
{
    return &d->files[index];
}

const struct ros_descriptor_file *ros_descriptors_find_file(const struct ros_descriptors *d, const char *name)
{
    for (size_t i = 0; i < d->file_count; i++)
        if (strcmp(d->files[i].name, name) == 0)
            return &d->files[i];
    return NULL;
}

const struct ros_descriptor_file *ros_descriptors_find_symbol(const struct ros_descriptors *d, const char *symbol)
{
    return ros_map_get(&d->symbols, symbol, strlen(symbol));
}

size_t ros_descriptors_rule_count(const struct ros_descriptors *d)
{
    return d->rule_count;
}

const struct ros_http_rule *ros_descriptors_rule(const struct ros_descriptors *d, size_t index)
{
    return &d->rules[index];
}
