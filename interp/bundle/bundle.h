/*
 * bundle.h - a compiled rule set as one file: `.rosb`. The man page rosb(5) is the format.
 *
 *     struct ros_program --ros_bundle_write()--> bytes --ros_bundle_read()--> struct ros_program (verified again)
 *
 * The same program and sources give the same bytes, whatever machine, path, time or locale; and a bundle that is read
 * gives, written again, its own bytes: each program has one image. Nothing in it is trusted: every count, index and
 * kind is checked, ends of loops, key indexes, checksum and cost are computed anew, and the verifier judges the code.
 *
 * A program that was read owns a copy of what it needs. Bytes that stay mapped could change behind the verifier, and a
 * file cut short would end the process; copying the tables takes less time than their digest.
 *
 * Anything that changes what the bytes mean, and not only opcodes.def or reasons.def (of which the header carries a
 * fingerprint), needs a new ROS_BUNDLE_FORMAT.
 *
 * Threads: no shared state.
 * Errors:  ROS_E_BUNDLE what and where it is damaged; ROS_E_UNSUPPORTED another format, language or machine;
 *          ROS_E_VERIFY, ROS_E_LIMIT, ROS_E_OOM. ROS_E_SIGNATURE of signatures.
 */
#ifndef ROS_BUNDLE_H
#define ROS_BUNDLE_H

#include "interp/ast/ast.h"
#include "interp/ros.h"

#define ROS_BUNDLE_FORMAT 1
#define ROS_BUNDLE_LANGUAGE 1
#define ROS_BUNDLE_SIGNATURE_BYTES 64

/* The files of a rule set, by names relative to its folder. */
struct ros_bundle_source {
    enum ros_file_kind kind;
    const char *name;
    const char *text; /* [len], NUL after it */
    size_t len;
};
struct ros_bundle_sources {
    const char *main; /* the file that the others hang on; "" for a folder as a rule set */
    const struct ros_bundle_source *items;
    size_t count;
};

/* True when the bytes begin as a bundle does. */
bool ros_bundle_is(const void *data, size_t len);

/*
 * Appends the bundle to out, which must be empty. sources NULL: none go along, and nobody can be shown what the author
 * wrote. compiler names the build that made it.
 */
enum ros_code ros_bundle_write(const struct ros_program *program, const struct ros_bundle_sources *sources,
                               const char *compiler, struct ros_buf *out, struct ros_error *reterr) ROS_MUST_CHECK;

/* alloc NULL: libc. Returns owned (one reference) in *ret; data may go afterwards. */
enum ros_code ros_bundle_read(const void *data, size_t len, const struct ros_alloc *alloc, struct ros_program **ret,
                              struct ros_error *reterr) ROS_MUST_CHECK;

/*
 * The sources in a bundle. Names and texts are borrowed from data, the list lives in arena. ROS_E_NOT_FOUND when the
 * bundle carries none.
 */
enum ros_code ros_bundle_read_sources(const void *data, size_t len, struct ros_arena *arena,
                                      struct ros_bundle_sources *ret, struct ros_error *reterr) ROS_MUST_CHECK;

/*
 * sign.c: detached Ed25519 signatures over a bundle's bytes; keys as PEM (PKCS #8 private, SubjectPublicKeyInfo
 * public). A key that is none, or of another kind: ROS_E_CONFIG. Not the signature of these bytes by that key:
 * ROS_E_SIGNATURE.
 */
enum ros_code ros_bundle_sign(const void *data, size_t len, const void *key_pem, size_t key_len,
                              unsigned char ret_signature[ROS_BUNDLE_SIGNATURE_BYTES],
                              struct ros_error *reterr) ROS_MUST_CHECK;
enum ros_code ros_bundle_check_signature(const void *data, size_t len, const void *signature, size_t signature_len,
                                         const void *key_pem, size_t key_len, struct ros_error *reterr) ROS_MUST_CHECK;

#endif
