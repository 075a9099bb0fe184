/* Ed25519 by OpenSSL: one call over the whole message, no digest of its own in front. */
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "interp/bundle/bundle.h"

/* A key that asks for a password gets none: nobody sits there to type it. */
static int no_password(char *buffer, int size, int writing, void *context)
{
    (void) buffer;
    (void) size;
    (void) writing;
    (void) context;
    return -1;
}

static EVP_PKEY *read_key(const void *pem, size_t len, bool secret)
{
    BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(pem, (int) len) : NULL;
    EVP_PKEY *key = NULL;
    if (bio != NULL)
        key = secret ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL)
                     : PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
    BIO_free(bio);
    if (key != NULL && EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    ERR_clear_error();
    return key;
}

enum ros_code ros_bundle_sign(const void *data, size_t len, const void *key_pem, size_t key_len,
                              unsigned char ret_signature[ROS_BUNDLE_SIGNATURE_BYTES], struct ros_error *reterr)
{
    size_t size = ROS_BUNDLE_SIGNATURE_BYTES;
    EVP_PKEY *key = read_key(key_pem, key_len, true);
    if (key == NULL)
        return ros_error_set(reterr, ROS_E_CONFIG, "the key is no private Ed25519 key in PEM, or it has a password");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(context, ret_signature, &size, data, len) == 1 && size == ROS_BUNDLE_SIGNATURE_BYTES;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return done ? ROS_OK : ros_error_set(reterr, ROS_E_INTERNAL, "Ed25519 is not available");
}

enum ros_code ros_bundle_check_signature(const void *data, size_t len, const void *signature, size_t signature_len,
                                         const void *key_pem, size_t key_len, struct ros_error *reterr)
{
    if (signature_len != ROS_BUNDLE_SIGNATURE_BYTES)
        return ros_error_set(reterr, ROS_E_SIGNATURE, "a signature has %d bytes, this one %zu",
                             ROS_BUNDLE_SIGNATURE_BYTES, signature_len);
    EVP_PKEY *key = read_key(key_pem, key_len, false);
    if (key == NULL)
        return ros_error_set(reterr, ROS_E_CONFIG, "the key is no public Ed25519 key in PEM");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ready = context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1;
    bool good = ready && EVP_DigestVerify(context, signature, signature_len, data, len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    if (!ready)
        return ros_error_set(reterr, ROS_E_INTERNAL, "Ed25519 is not available");
    return good ? ROS_OK : ros_error_set(reterr, ROS_E_SIGNATURE, "the signature is not of this bundle by this key");
}
