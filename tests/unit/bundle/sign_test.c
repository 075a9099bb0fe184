/* Signatures: good, of other bytes, by another key, of another length; and keys that are none. */
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "interp/bundle/bundle.h"
#include "tests/unit/base/test.h"

struct keys {
    char secret[4096];
    char open[4096];
};

static void copy_pem(BIO *bio, char *ret, size_t size)
{
    int len = BIO_read(bio, ret, (int) size - 1);
    assert_true(len > 0);
    ret[len] = '\0';
    BIO_free(bio);
}

static void make_keys(struct keys *keys, EVP_PKEY *key, const char *password)
{
    assert_non_null(key);
    BIO *secret = BIO_new(BIO_s_mem());
    BIO *open = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(secret, key, password != NULL ? EVP_aes_256_cbc() : NULL, password,
                                                   password != NULL ? (int) strlen(password) : 0, NULL, NULL),
                     1);
    assert_int_equal(PEM_write_bio_PUBKEY(open, key), 1);
    copy_pem(secret, keys->secret, sizeof keys->secret);
    copy_pem(open, keys->open, sizeof keys->open);
    EVP_PKEY_free(key);
}

static enum ros_code check(const char *data, const void *signature, size_t len, const char *pem, struct ros_error *err)
{
    return ros_bundle_check_signature(data, strlen(data), signature, len, pem, strlen(pem), err);
}

static void test_signatures(void **state)
{
    (void) state;
    static const char data[] = "the bytes of a bundle";
    struct keys keys;
    struct keys other;
    unsigned char signature[ROS_BUNDLE_SIGNATURE_BYTES];
    unsigned char again[ROS_BUNDLE_SIGNATURE_BYTES];
    struct ros_error err = ROS_ERROR_INIT;
    make_keys(&keys, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
    make_keys(&other, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
    assert_int_equal(ros_bundle_sign(data, strlen(data), keys.secret, strlen(keys.secret), signature, &err), ROS_OK);
    assert_int_equal(ros_bundle_sign(data, strlen(data), keys.secret, strlen(keys.secret), again, &err), ROS_OK);
    assert_memory_equal(signature, again, sizeof signature);
    assert_int_equal(check(data, signature, sizeof signature, keys.open, &err), ROS_OK);
    assert_int_equal(check(data, signature, sizeof signature, other.open, &err), ROS_E_SIGNATURE);
    assert_int_equal(check("the bytes of a bundlf", signature, sizeof signature, keys.open, &err), ROS_E_SIGNATURE);
    assert_int_equal(check("the bytes of a bundl", signature, sizeof signature, keys.open, &err), ROS_E_SIGNATURE);
    assert_int_equal(check(data, signature, sizeof signature - 1, keys.open, &err), ROS_E_SIGNATURE);
    assert_int_equal(check(data, signature, 0, keys.open, &err), ROS_E_SIGNATURE);
    for (size_t i = 0; i < sizeof signature; i++) {
        signature[i] ^= 1;
        assert_int_equal(check(data, signature, sizeof signature, keys.open, &err), ROS_E_SIGNATURE);
        signature[i] ^= 1;
    }
    assert_int_equal(check(data, signature, sizeof signature, keys.open, &err), ROS_OK);
}

static void test_keys_that_are_none(void **state)
{
    (void) state;
    struct keys keys;
    struct keys rsa;
    struct keys locked;
    unsigned char signature[ROS_BUNDLE_SIGNATURE_BYTES] = {0};
    make_keys(&keys, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
    make_keys(&rsa, EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) 2048), NULL);
    make_keys(&locked, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "open sesame");
    const char *const no_secret[] = {"", "nonsense", keys.open, rsa.secret, locked.secret};
    const char *const no_open[] = {"", "nonsense", keys.secret, rsa.open};
    for (size_t i = 0; i < sizeof no_secret / sizeof no_secret[0]; i++)
        assert_int_equal(ros_bundle_sign("x", 1, no_secret[i], strlen(no_secret[i]), signature, NULL), ROS_E_CONFIG);
    for (size_t i = 0; i < sizeof no_open / sizeof no_open[0]; i++)
        assert_int_equal(check("x", signature, sizeof signature, no_open[i], NULL), ROS_E_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_signatures), cmocka_unit_test(test_keys_that_are_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
