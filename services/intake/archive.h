/*
 * archive.h - one pass over the members of a tar, with every bound checked as the bytes go by.
 *
 * The source can be walked again from its start, so that a first pass may find out what a second one keeps. Paths are
 * cleaned before the visitor sees them: relative, no ".", no "..", no doubled or trailing slash, no control bytes.
 * Members that cannot have such a path, and those below any dev/ folder, are passed over.
 *
 * Errors: those of intake.h, and whatever the visitor returns, which ends the walk.   Threads: none shared.
 */
#ifndef ROS_INTAKE_ARCHIVE_H
#define ROS_INTAKE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interp/base/buf.h"
#include "services/intake/intake.h"

/* Bytes in memory, or a regular file read by position; never both. */
struct ros__source {
    const unsigned char *data; /* borrowed; used when fd is negative */
    uint64_t len;
    uint64_t start;
    int fd; /* borrowed */
    const struct ros_alloc *alloc;
};

enum ros__member_kind { ROS__MEMBER_FILE, ROS__MEMBER_SYMLINK, ROS__MEMBER_HARDLINK };

struct ros__walk;

/* Borrowed for the visit. */
struct ros__member {
    const char *path;
    const char *target; /* of a link, as the archive has it */
    enum ros__member_kind kind;
    struct ros__walk *walk;
};

typedef enum ros_code ros__visit(void *context, const struct ros__member *member, struct ros_error *reterr);

enum ros_code ros__archive_walk(const struct ros__source *source, const struct ros_intake_limits *limits,
                                ros__visit *visit, void *context, struct ros_error *reterr) ROS_MUST_CHECK;

/*
 * Inside a visit, once: puts the member's bytes into *out, which is emptied first. A member of more than max bytes
 * sets *ret_fits to false and leaves what is in *out undefined; the rest passes by.
 */
enum ros_code ros__member_read(const struct ros__member *member, size_t max, struct ros_buf *out, bool *ret_fits,
                               struct ros_error *reterr) ROS_MUST_CHECK;

/* Cleans a path as above into out[size]. False when it has no clean form. "" is a clean form: the top. */
bool ros__path_clean(const char *path, char *out, size_t size);

#endif
