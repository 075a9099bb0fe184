/*
 * fixture.h - uploads made in memory, one member at a time. Every call asserts that it works.
 */
#ifndef ROS_TESTS_INTAKE_FIXTURE_H
#define ROS_TESTS_INTAKE_FIXTURE_H

#include <stdbool.h>

#include "interp/base/buf.h"
#include "services/intake/intake.h"

struct archive;

struct fixture {
    struct archive *archive;
    struct ros_buf bytes;
};

/* filter: ARCHIVE_FILTER_...; begins an empty tar. */
void fixture_begin(struct fixture *fixture, int filter);
void fixture_file(struct fixture *fixture, const char *path, const void *data, size_t len);
void fixture_text(struct fixture *fixture, const char *path, const char *text);
void fixture_symlink(struct fixture *fixture, const char *path, const char *target);
void fixture_hardlink(struct fixture *fixture, const char *path, const char *target);
/* <root>/meta_data for a spec, and its output in <root>/data when text is not NULL. */
void fixture_meta(struct fixture *fixture, const char *root, const char *spec, const char *relative_path);
void fixture_spec(struct fixture *fixture, const char *root, const char *spec, const char *relative_path,
                  const char *text);
/* Closes the tar; bytes then holds it. */
void fixture_end(struct fixture *fixture);
void fixture_done(struct fixture *fixture);

/* A whole upload of a made-up host. kind as enum sample_kind. */
void fixture_sample(struct ros_buf *out, uint64_t number, int kind);

/* Intake of the bytes; *ret is initialised here, and the caller's to end. */
enum ros_code fixture_intake(const struct ros_buf *bytes, const struct ros_intake_limits *limits,
                             struct ros_evidence *ret, struct ros_error *reterr);
/* Asserts that the intake fails so, with a message that has the word. */
void fixture_refused(const struct ros_buf *bytes, const struct ros_intake_limits *limits, enum ros_code code,
                     const char *word);

#endif
