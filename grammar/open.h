/*
 * open.h - a rule set by its path, whatever form it has: a .ros file, a folder, or a bundle (told by its first bytes).
 *
 * Where a public key is given, only a bundle with a valid signature beside it (PATH.sig, as `ros build --sign` writes
 * it) is taken: sources, and bundles without one, are refused with ROS_E_SIGNATURE. The signature is checked before
 * anything else is read in the bundle.
 *
 * A bundle is read whole into memory, so that nobody can change it between its check and its use.
 *
 * Errors: those of load.h and of interp/bundle/bundle.h; ROS_E_CONFIG for a key that is none; ROS_E_NOT_FOUND, ROS_E_IO
 *         for files. Messages name every file but the path itself, which the caller knows.
 * Threads: no shared state.
 */
#ifndef ROS_GRAMMAR_OPEN_H
#define ROS_GRAMMAR_OPEN_H

#include "grammar/load.h"
#include "interp/bundle/bundle.h"

struct ros_open {
    const char *public_key; /* path of a PEM file; NULL or "": no signature is asked for */
    bool tests;             /* ros_open_unit(): read *_test.ros, too */
};

/*
 * Compiles, or reads the bundle. how NULL: no key. *ret_unit (may be NULL) is what the findings point into; NULL for a
 * bundle, of which nothing can be found that its author does not know. Returns owned (one reference) in *ret.
 */
enum ros_code ros_open_program(const char *path, const struct ros_open *how, const struct ros_alloc *alloc,
                               struct ros_arena *arena, struct ros_diags *diags, struct ros_unit **ret_unit,
                               struct ros_program **ret, struct ros_error *reterr) ROS_MUST_CHECK;

/*
 * What the author wrote: ros_load() of the path, or of the sources that a bundle carries, whose paths then are
 * BUNDLE/NAME. ROS_E_NOT_FOUND for a bundle without sources.
 */
enum ros_code ros_open_unit(const char *path, const struct ros_open *how, struct ros_arena *arena,
                            struct ros_diags *diags, struct ros_unit **ret, struct ros_error *reterr) ROS_MUST_CHECK;

/* The sources of a unit that was loaded from path, as a bundle carries them. In the arena; texts are the unit's. */
enum ros_code ros_unit_sources(const struct ros_unit *unit, const char *path, struct ros_arena *arena,
                               struct ros_bundle_sources *ret, struct ros_error *reterr) ROS_MUST_CHECK;

/* Appends a regular file's bytes, at most limit of them (ROS_E_LIMIT). */
enum ros_code ros_file_read(const char *path, size_t limit, struct ros_buf *out,
                            struct ros_error *reterr) ROS_MUST_CHECK;

#endif
