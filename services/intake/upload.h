/*
 * upload.h - the collected outputs inside one upload, by spec.
 *
 * Two passes over the archive. The first finds the root, reads meta_data and remembers links; the second keeps exactly
 * the files that meta_data named. So nothing depends on the order of members, no file name is guessed, and memory is
 * what some fifteen small files need, however large the upload.
 *
 * Lifetime: every text lives in the arena given.   Errors: those of intake.h.
 */
#ifndef ROS_INTAKE_UPLOAD_H
#define ROS_INTAKE_UPLOAD_H

#include "services/intake/archive.h"
#include "services/intake/text.h"

enum ros__spec {
#define ROS_SPEC(name, command) ROS__SPEC_##name,
#include "services/intake/specs.def"
#undef ROS_SPEC
    ROS__SPEC_COUNT
};

struct ros__upload {
    struct ros__slice texts[ROS__SPEC_COUNT]; /* at == NULL: absent */
    struct ros__slice summary;                /* <root>/pmlogsummary, made by other services; at == NULL: absent */
    bool has_raw_pcp;
};

enum ros_code ros__upload_read(const struct ros__source *source, const struct ros_intake_limits *limits,
                               struct ros_arena *arena, struct ros__upload *ret,
                               struct ros_error *reterr) ROS_MUST_CHECK;

/* Whether a command's output is only a shell's message that there was nothing to run or to read. */
bool ros__output_rejected(struct ros__slice text);

#endif
