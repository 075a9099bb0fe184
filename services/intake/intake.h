/*
 * intake.h - from an upload's bytes to evidence, without ever writing a byte to disk.
 *
 * The archive is read as one stream: a tar, bare or compressed with gzip, xz or bzip2, told by its magic and never by
 * its name. Members that can matter are kept in memory, bounded one by one and together; everything else is skipped
 * as it passes. Then the insights root is found, meta_data says which file holds which spec, and the parsers run.
 *
 * Absent data is not an error: evidence then simply lacks the metric or the fact. These are errors:
 *   ROS_E_ARCHIVE_FORMAT   not a tar (the message names what it is, a zip for instance)
 *   ROS_E_ARCHIVE_DAMAGED  the stream ends early or a checksum fails
 *   ROS_E_ARCHIVE_LIMIT    one of struct ros_intake_limits; the message names which
 *   ROS_E_ARCHIVE_ROOT     no insights_archive.txt anywhere
 *   ROS_E_PCP_RAW          a raw PCP archive and no text summary beside it
 *   ROS_E_IO, ROS_E_OOM, ROS_E_NOT_FOUND (ros_intake_file: no such file)
 *
 * Lifetime: *ret was initialised by ros_evidence_init() and is empty; after a failure it is empty again.
 * Threads:  no shared state; any number of calls at once.
 */
#ifndef ROS_INTAKE_INTAKE_H
#define ROS_INTAKE_INTAKE_H

#include <stddef.h>
#include <stdint.h>

#include "interp/base/error.h"
#include "services/intake/evidence.h"

/* Each bound is what one upload may cost us; limits.def has the defaults and the reason for each. */
struct ros_intake_limits {
#define ROS_INTAKE_LIMIT(name, value, reason) uint64_t name;
#include "services/intake/limits.def"
#undef ROS_INTAKE_LIMIT
};

/* Sets every limit to its default. */
void ros_intake_limits_init(struct ros_intake_limits *limits);

/* Reads the archive from fd's current position; the caller keeps fd. limits may be NULL: the defaults. */
enum ros_code ros_intake_fd(int fd, const struct ros_intake_limits *limits, struct ros_evidence *ret,
                            struct ros_error *reterr) ROS_MUST_CHECK;
/* As ros_intake_fd(), from bytes in memory, which are borrowed for the call. */
enum ros_code ros_intake_memory(const void *data, size_t len, const struct ros_intake_limits *limits,
                                struct ros_evidence *ret, struct ros_error *reterr) ROS_MUST_CHECK;
/* As ros_intake_fd(), from a file by name; "-" is standard input. */
enum ros_code ros_intake_file(const char *path, const struct ros_intake_limits *limits, struct ros_evidence *ret,
                              struct ros_error *reterr) ROS_MUST_CHECK;

#endif
