/* Rule sets by their path, whatever form they have: sources, folders, bundles; and what a signature lets in. */
#include "tests/unit/base/test.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grammar/open.h"
#include "interp/base/limits.h"
#include "tests/unit/base/failing_alloc.h"

static const char main_rules[] = "ros 1\nruleset opened version \"1\" \"d\"\nuse \"in/facts.ros\"\n"
                                 "table t from \"in/t.csv\" key name { name: text  size: GiB }\n"
                                 "decide first { rule R when n > 1 and t[\"a\"].size > 1 GiB { reason \"big\" } }\n";
static const char test_rules[] = "ros 1\ntest \"big\" { with n = 2 expect R }\n";
static const char facts_rules[] = "ros 1\nfact n : int\n";
static const char table[] = "name,size\na,2\n";

struct place {
    char folder[64];
    char paths[8]
              [128]; /* set/main.ros, set, x.rosb, x.rosb.sig, key.pem, the key's other half, no-key.pem, folder.rosb */
    char secret[1024];
};
enum { RULES, SET, BUNDLE, SIGNATURE, KEY, SECRET, NO_KEY, SET_BUNDLE };

static void save(const char *path, const void *data, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void save_below(const struct place *p, const char *name, const char *text)
{
    char path[192];
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    save(path, text, strlen(text));
}

static void save_keys(struct place *p)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *secret = BIO_new(BIO_s_mem());
    BIO *open = BIO_new(BIO_s_mem());
    char pem[1024];
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(PEM_write_bio_PUBKEY(open, key), 1);
    int len = BIO_read(secret, p->secret, sizeof p->secret - 1);
    assert_true(len > 0);
    save(p->paths[SECRET], p->secret, (size_t) len);
    len = BIO_read(open, pem, sizeof pem);
    assert_true(len > 0);
    save(p->paths[KEY], pem, (size_t) len);
    BIO_free(secret);
    BIO_free(open);
    EVP_PKEY_free(key);
}

static struct ros_program *open_with(const char *path, const char *key, enum ros_code expected, const char *why)
{
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_program *program = NULL;
    struct ros_unit *unit = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    const struct ros_open how = {.public_key = key};
    enum ros_code code = ros_open_program(path, &how, NULL, &arena, &diags, &unit, &program, &err);
    if (code != expected || (why != NULL && strstr(err.text, why) == NULL))
        fail_msg("%s: %s: %s", path, ros_code_name(code), err.text);
    assert_true((code == ROS_OK) == (program != NULL));
    return program;
}

static void refuse(const char *path, const char *key, enum ros_code expected, const char *why)
{
    assert_null(open_with(path, key, expected, why));
}

/* Writes the bundle of a rule set, without or with its sources; its bytes stay in out. */
static void save_bundle(const char *rules, bool sources, const char *path, struct ros_buf *out)
{
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_unit *unit = NULL;
    struct ros_program *program = NULL;
    struct ros_bundle_sources list;
    const struct ros_open how = {.tests = true};
    assert_int_equal(ros_open_unit(rules, &how, &arena, &diags, &unit, NULL), ROS_OK);
    assert_int_equal(ros_program_compile(unit, NULL, &diags, &program, NULL), ROS_OK);
    assert_int_equal(ros_unit_sources(unit, rules, &arena, &list, NULL), ROS_OK);
    assert_int_equal(list.count, 4);
    ros_buf_clear(out);
    assert_int_equal(ros_bundle_write(program, sources ? &list : NULL, "test", out, NULL), ROS_OK);
    save(path, out->data, out->len);
    ros_program_unref(program);
}

static void save_signature(const struct place *p, const struct ros_buf *bundle)
{
    unsigned char signature[ROS_BUNDLE_SIGNATURE_BYTES];
    assert_int_equal(ros_bundle_sign(bundle->data, bundle->len, p->secret, strlen(p->secret), signature, NULL), ROS_OK);
    save(p->paths[SIGNATURE], signature, sizeof signature);
}

static int set_up(void **state)
{
    static struct place p;
    static const char *const names[] = {"set/main.ros", "set",        "x.rosb",     "x.rosb.sig",
                                        "key.pem",      "secret.pem", "no-key.pem", "folder.rosb"};
    snprintf(p.folder, sizeof p.folder, "/tmp/ros-open-XXXXXX");
    assert_non_null(mkdtemp(p.folder));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        snprintf(p.paths[i], sizeof p.paths[i], "%s/%s", p.folder, names[i]);
    char inner[128];
    snprintf(inner, sizeof inner, "%s/set/in", p.folder);
    assert_int_equal(mkdir(p.paths[SET], 0700), 0);
    assert_int_equal(mkdir(inner, 0700), 0);
    save_below(&p, "set/main.ros", main_rules);
    save_below(&p, "set/main_test.ros", test_rules);
    save_below(&p, "set/in/facts.ros", facts_rules);
    save_below(&p, "set/in/t.csv", table);
    save_keys(&p);
    *state = &p;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {
        "set/main.ros", "set/main_test.ros", "set/in/facts.ros", "set/in/t.csv", "set/in",      "set",
        "x.rosb",       "x.rosb.sig",        "key.pem",          "secret.pem",   "folder.rosb", ""};
    const struct place *p = *state;
    char path[192];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", p->folder, names[i]);
        (void) remove(path);
    }
    return 0;
}

static void test_each_form_is_the_same_program(void **state)
{
    const struct place *p = *state;
    ros_auto(ros_buf) struct ros_buf bundle = ROS_BUF_INIT;
    struct ros_program *source = open_with(p->paths[RULES], NULL, ROS_OK, NULL);
    save_bundle(p->paths[RULES], true, p->paths[BUNDLE], &bundle);
    save_bundle(p->paths[SET], true, p->paths[SET_BUNDLE], &bundle);
    static const int forms[] = {SET, BUNDLE, SET_BUNDLE};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct ros_program *other = open_with(p->paths[forms[i]], "", ROS_OK, NULL);
        assert_string_equal(ros_program_checksum(source), ros_program_checksum(other));
        ros_program_unref(other);
    }
    ros_program_unref(source);
    refuse(p->paths[NO_KEY], NULL, ROS_E_NOT_FOUND, "no-key.pem");
    refuse(p->paths[KEY], NULL, ROS_E_RULES, NULL);
}

/* The unit of a bundle is that of its sources, tests too, under the bundle's name. */
static void expect_unit(const char *path, bool tests, size_t sources)
{
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_unit *unit = NULL;
    const struct ros_open how = {.tests = tests};
    assert_int_equal(ros_open_unit(path, &how, &arena, &diags, &unit, NULL), ROS_OK);
    assert_int_equal(unit->source_count, sources);
    for (size_t i = 0; i < sources; i++)
        assert_memory_equal(unit->sources[i].path, path, strlen(path));
}

static void test_a_bundle_carries_its_sources(void **state)
{
    const struct place *p = *state;
    ros_auto(ros_buf) struct ros_buf bundle = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf again = ROS_BUF_INIT;
    static const int sets[] = {RULES, SET};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        save_bundle(p->paths[sets[i]], true, p->paths[BUNDLE], &bundle);
        expect_unit(p->paths[BUNDLE], true, 4);
        expect_unit(p->paths[BUNDLE], false, 3);
        save_bundle(p->paths[BUNDLE], false, p->paths[SET_BUNDLE], &again); /* of what the bundle carries */
    }
    struct ros_unit *unit = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    assert_int_equal(ros_open_unit(p->paths[SET_BUNDLE], NULL, &arena, &diags, &unit, &err), ROS_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "no sources"));
}

static void test_a_key_lets_signed_bundles_in_only(void **state)
{
    struct place *p = *state;
    const char *key = p->paths[KEY];
    ros_auto(ros_buf) struct ros_buf bundle = ROS_BUF_INIT;
    save_bundle(p->paths[RULES], true, p->paths[BUNDLE], &bundle);
    refuse(p->paths[BUNDLE], key, ROS_E_SIGNATURE, "there is no signature");
    save_signature(p, &bundle);
    ros_program_unref(open_with(p->paths[BUNDLE], key, ROS_OK, NULL));
    refuse(p->paths[RULES], key, ROS_E_SIGNATURE, "only signed bundles");
    refuse(p->paths[SET], key, ROS_E_SIGNATURE, "only signed bundles");
    refuse(p->paths[NO_KEY], key, ROS_E_NOT_FOUND, NULL);
    refuse(p->paths[BUNDLE], p->paths[NO_KEY], ROS_E_CONFIG, "no-key.pem");
    refuse(p->paths[BUNDLE], p->paths[RULES], ROS_E_CONFIG, "main.ros");
    refuse(p->paths[BUNDLE], p->paths[SECRET], ROS_E_CONFIG, "no public Ed25519 key");
    bundle.data[bundle.len - 9] ^= 1; /* signed, then damaged */
    save(p->paths[BUNDLE], bundle.data, bundle.len);
    refuse(p->paths[BUNDLE], key, ROS_E_SIGNATURE, "not of this bundle");
    save_signature(p, &bundle); /* damaged, then signed */
    refuse(p->paths[BUNDLE], key, ROS_E_BUNDLE, "SHA-256");
    bundle.data[bundle.len - 9] ^= 1;
    save(p->paths[BUNDLE], bundle.data, bundle.len);
    save(p->paths[SIGNATURE], "short", 5);
    refuse(p->paths[BUNDLE], key, ROS_E_SIGNATURE, "this one 5");
    save(p->paths[SIGNATURE], bundle.data, bundle.len);
    refuse(p->paths[BUNDLE], key, ROS_E_SIGNATURE, NULL);
    assert_int_equal(remove(p->paths[SIGNATURE]), 0);
    assert_int_equal(symlink(p->folder, p->paths[SIGNATURE]), 0); /* a folder in its place */
    refuse(p->paths[BUNDLE], key, ROS_E_IO, NULL);
    assert_int_equal(remove(p->paths[SIGNATURE]), 0);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static size_t live(const struct place *p, size_t fail_at, bool fail_on, bool *ret_whole)
{
    struct failing_alloc f;
    failing_alloc_init(&f, fail_at, fail_on);
    struct ros_arena arena;
    ros_arena_init(&arena, &f.alloc, 0);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_program *program = NULL;
    struct ros_unit *unit = NULL;
    struct ros_bundle_sources sources;
    const struct ros_open how = {.public_key = p->paths[KEY]};
    enum ros_code code = ros_open_program(p->paths[BUNDLE], &how, &f.alloc, &arena, &diags, NULL, &program, NULL);
    if (code == ROS_OK)
        code = ros_open_unit(p->paths[BUNDLE], &how, &arena, &diags, &unit, NULL);
    if (code == ROS_OK)
        code = ros_unit_sources(unit, p->paths[BUNDLE], &arena, &sources, NULL);
    assert_true(code == ROS_OK || code == ROS_E_OOM);
    *ret_whole = code == ROS_OK;
    ros_program_unref(program);
    ros_arena_done(&arena);
    assert_int_equal(f.live_count, 0);
    return f.calls;
}

static void test_every_allocation(void **state)
{
    struct place *p = *state;
    ros_auto(ros_buf) struct ros_buf bundle = ROS_BUF_INIT;
    save_bundle(p->paths[RULES], true, p->paths[BUNDLE], &bundle);
    save_signature(p, &bundle);
    bool whole;
    size_t refused = 0;
    size_t total = live(p, 0, false, &whole);
    assert_true(whole);
    for (size_t i = 1; i <= total; i++)
        for (int on = 0; on < 2; on++) {
            live(p, i, on != 0, &whole);
            refused += !whole;
        }
    assert_int_equal(refused, 2 * total);
    print_message("%zu allocations\n", total);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_form_is_the_same_program), cmocka_unit_test(test_a_bundle_carries_its_sources),
        cmocka_unit_test(test_a_key_lets_signed_bundles_in_only), cmocka_unit_test(test_every_allocation)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
