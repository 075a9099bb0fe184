/*
 * OpenSSL decodes the base64 (both alphabets, with or without padding, blanks at the ends left out: gateways differ
 * there); jansson the JSON.
 */
#include "services/common/identity.h"

#include <openssl/evp.h>
#include <string.h>

#include "services/common/json.h"

#define LONGEST_ORG 255

static enum ros_code malformed(struct ros_error *reterr, const char *what)
{
    return ros_error_set(reterr, ROS_E_ARGUMENT, "x-rh-identity: %s", what);
}

/* Brings the text to the standard alphabet and a length divisible by four. NULL when a byte belongs to neither. */
static char *normalise(const char *header, size_t len, struct ros_arena *arena, size_t *ret_len)
{
    char *text = ros_arena_get(arena, len + 4);
    if (text == NULL)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = header[i];
        if (c == '-')
            c = '+';
        else if (c == '_')
            c = '/';
        text[n++] = c;
    }
    while (n > 0 && text[n - 1] == '=')
        n--;
    if (n % 4 == 1)
        n++; /* no base64 has such a length: the decoder refuses the NUL */
    while (n % 4 != 0)
        text[n++] = '=';
    *ret_len = n;
    return text;
}

static enum ros_code decode(const char *header, size_t len, struct ros_arena *arena, char **ret, size_t *ret_len,
                            struct ros_error *reterr)
{
    size_t text_len;
    char *text = normalise(header, len, arena, &text_len);
    unsigned char *bytes = text != NULL ? ros_arena_get(arena, text_len / 4 * 3 + 1) : NULL;
    if (bytes == NULL)
        return ros_error_code(reterr, ros_arena_code(arena));
    int n = EVP_DecodeBlock(bytes, (const unsigned char *) text, (int) text_len);
    if (n < 0)
        return malformed(reterr, "not base64");
    size_t padding = 0;
    while (padding < 2 && padding < text_len && text[text_len - 1 - padding] == '=')
        padding++;
    *ret = (char *) bytes;
    *ret_len = (size_t) n >= padding ? (size_t) n - padding : 0;
    return ROS_OK;
}

static const char *copy_text(const json_t *value, struct ros_arena *arena)
{
    const char *text = ros_json_text(value);
    return text != NULL && text[0] != '\0' ? ros_arena_copy(arena, text, strlen(text)) : NULL;
}

static enum ros_code read_tree(const json_t *root, struct ros_arena *arena, struct ros_identity *ret,
                               struct ros_error *reterr)
{
    const json_t *identity = json_object_get(root, "identity");
    if (!json_is_object(identity))
        return malformed(reterr, "no object `identity` in it");
    const json_t *org = json_object_get(identity, "org_id");
    const char *org_id = ros_json_text(org);
    if (org_id == NULL || org_id[0] == '\0' || strlen(org_id) > LONGEST_ORG)
        return malformed(reterr, "no text `identity.org_id` in it");
    const json_t *person = json_object_get(identity, "user");
    if (!json_is_object(person))
        person = json_object_get(identity, "service_account");
    ret->org_id = copy_text(org, arena);
    ret->username = copy_text(json_object_get(person, "username"), arena);
    ret->user_id = copy_text(json_object_get(person, "user_id"), arena);
    ret->type = copy_text(json_object_get(identity, "type"), arena);
    return ret->org_id != NULL ? ROS_OK : ros_error_code(reterr, ros_arena_code(arena));
}

enum ros_code ros_identity_parse(const char *header, size_t len, struct ros_arena *arena, struct ros_identity *ret,
                                 struct ros_error *reterr)
{
    while (len > 0 && (header[len - 1] == ' ' || header[len - 1] == '\t'))
        len--;
    while (len > 0 && (*header == ' ' || *header == '\t')) {
        header++;
        len--;
    }
    if (header == NULL || len == 0)
        return ros_error_set(reterr, ROS_E_UNAUTHENTICATED, "Authentication token not provided");
    if (len > ROS_IDENTITY_HEADER_BYTES)
        return malformed(reterr, "longer than 16 KiB");
    char *text = NULL;
    size_t text_len = 0;
    ROS_TRY(decode(header, len, arena, &text, &text_len, reterr));
    json_t *root = NULL;
    struct ros_identity identity = {0};
    enum ros_code code = ros_json_parse(text, text_len, NULL, &root, NULL);
    if (code != ROS_OK)
        return code == ROS_E_OOM ? ros_error_code(reterr, code) : malformed(reterr, "not JSON");
    code = read_tree(root, arena, &identity, reterr);
    json_decref(root);
    if (code == ROS_OK)
        *ret = identity;
    return code;
}
