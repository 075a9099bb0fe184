/* Identities: the few forms that are somebody, and the many that are nobody. */
#include "tests/unit/base/test.h"

#include <openssl/evp.h>
#include <string.h>

#include "services/common/identity.h"

static enum ros_code parse(const char *header, size_t len, struct ros_arena *arena, struct ros_identity *ret)
{
    struct ros_error err = ROS_ERROR_INIT;
    enum ros_code code = ros_identity_parse(header, len, arena, ret, &err);
    assert_true(code == ROS_OK || err.text[0] != '\0');
    return code;
}

static enum ros_code parse_json(const char *json, size_t len, struct ros_arena *arena, struct ros_identity *ret)
{
    unsigned char header[4096];
    int n = EVP_EncodeBlock(header, (const unsigned char *) json, (int) len);
    return parse((const char *) header, (size_t) n, arena, ret);
}

static void test_somebody(void **state)
{
    (void) state;
    static const struct {
        const char *json, *org, *username, *type;
    } rows[] = {
        {"{\"identity\": {\"org_id\": \"000001\", \"type\": \"User\", \"user\": {\"username\": \"u\"}}}", "000001", "u",
         "User"},
        {"{\"identity\": {\"org_id\": \"2\", \"service_account\": {\"username\": \"sa\"}}}", "2", "sa", NULL},
        {"{\"identity\": {\"org_id\": \"3\", \"type\": \"System\"}}", "3", NULL, "System"},
        {"{\"identity\": {\"org_id\": \"4\", \"user\": {}}}", "4", NULL, NULL},
        {"{\"identity\": {\"org_id\": \"1\", \"org_id\": \"5\", \"user\": null}}", "5", NULL, NULL},
        {"{\"identity\": {\"org_id\": \"caf\\u00e9\", \"internal\": {\"org_id\": \"9\"}}}", "caf\xc3\xa9", NULL, NULL},
    };
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        ros_auto(ros_arena) struct ros_arena arena;
        ros_arena_init(&arena, NULL, 0);
        struct ros_identity who;
        assert_int_equal(parse_json(rows[i].json, strlen(rows[i].json), &arena, &who), ROS_OK);
        assert_string_equal(who.org_id, rows[i].org);
        assert_true((who.username == NULL) == (rows[i].username == NULL));
        if (who.username != NULL)
            assert_string_equal(who.username, rows[i].username);
        if (rows[i].type != NULL)
            assert_string_equal(who.type, rows[i].type);
    }
}

static void test_nobody(void **state)
{
    (void) state;
    static const char *const json[] = {
        "",
        "null",
        "[]",
        "\"identity\"",
        "{}",
        "{\"identity\": null}",
        "{\"identity\": []}",
        "{\"identity\": {}}",
        "{\"identity\": {\"org_id\": null}}",
        "{\"identity\": {\"org_id\": 1}}",
        "{\"identity\": {\"org_id\": \"\"}}",
        "{\"identity\": {\"org_id\": [\"1\"]}}",
        "{\"identity\": {\"org_id\": \"1\\u00002\"}}",
        "{\"identity\": {\"internal\": {\"org_id\": \"1\"}}}",
        "{\"Identity\": {\"org_id\": \"1\"}}",
        "{\"identity\": {\"org_id\": \"1\"}",
        "{\"identity\": {\"org_id\": \"1\"}} x",
        "{\"identity\": {\"org_id\": \"\xff\"}}",
    };
    for (size_t i = 1; i < ROS_COUNT(json); i++) {
        ros_auto(ros_arena) struct ros_arena arena;
        ros_arena_init(&arena, NULL, 0);
        struct ros_identity who = {.org_id = "untouched"};
        assert_int_equal(parse_json(json[i], strlen(json[i]), &arena, &who), ROS_E_ARGUMENT);
        assert_string_equal(who.org_id, "untouched");
    }
}

static void test_what_is_not_base64(void **state)
{
    (void) state;
    static const char *const headers[] = {"!!!", "a", "abcde", "====", "e30=x", "e3 0=", "\xff\xff\xff\xff", "{}"};
    for (size_t i = 0; i < ROS_COUNT(headers); i++) {
        ros_auto(ros_arena) struct ros_arena arena;
        ros_arena_init(&arena, NULL, 0);
        struct ros_identity who;
        assert_int_equal(parse(headers[i], strlen(headers[i]), &arena, &who), ROS_E_ARGUMENT);
    }
}

static void test_no_header(void **state)
{
    (void) state;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    struct ros_identity who;
    assert_int_equal(parse(NULL, 0, &arena, &who), ROS_E_UNAUTHENTICATED);
    assert_int_equal(parse("", 0, &arena, &who), ROS_E_UNAUTHENTICATED);
    assert_int_equal(parse("  ", 2, &arena, &who), ROS_E_UNAUTHENTICATED);
}

static void test_both_alphabets_with_and_without_padding(void **state)
{
    (void) state;
    /* {"identity":{"org_id":"~~~???"}} in four spellings */
    static const char *const headers[] = {
        "eyJpZGVudGl0eSI6eyJvcmdfaWQiOiJ+fn4/Pz8ifX0=", "eyJpZGVudGl0eSI6eyJvcmdfaWQiOiJ-fn4_Pz8ifX0=",
        "eyJpZGVudGl0eSI6eyJvcmdfaWQiOiJ+fn4/Pz8ifX0", " eyJpZGVudGl0eSI6eyJvcmdfaWQiOiJ-fn4_Pz8ifX0 "};
    for (size_t i = 0; i < ROS_COUNT(headers); i++) {
        ros_auto(ros_arena) struct ros_arena arena;
        ros_arena_init(&arena, NULL, 0);
        struct ros_identity who;
        assert_int_equal(parse(headers[i], strlen(headers[i]), &arena, &who), ROS_OK);
        assert_string_equal(who.org_id, "~~~???");
    }
}

static void test_sizes(void **state)
{
    (void) state;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    static char header[ROS_IDENTITY_HEADER_BYTES + 1];
    memset(header, 'A', sizeof header);
    struct ros_identity who;
    assert_int_equal(parse(header, sizeof header, &arena, &who), ROS_E_ARGUMENT);
    char json[400] = "{\"identity\": {\"org_id\": \"";
    size_t n = strlen(json);
    memset(json + n, '7', 256);
    memcpy(json + n + 256, "\"}}", 4);
    assert_int_equal(parse_json(json, strlen(json), &arena, &who), ROS_E_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_somebody),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_what_is_not_base64),
        cmocka_unit_test(test_no_header),
        cmocka_unit_test(test_both_alphabets_with_and_without_padding),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
