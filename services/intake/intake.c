/*
 * The order of things: find the outputs (upload.c), refuse what we cannot read, then fill the evidence. Evidence is
 * cleared on any failure, so that half a host is never scored as a whole one.
 *
 * A regular file is read in place, twice, by position. Anything else (a pipe, a socket) is first read into memory,
 * where compressed_bytes bounds it.
 */
#include "services/intake/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "services/intake/parse.h"
#include "services/intake/upload.h"

#define PIPE_BYTES ((size_t) 64 << 10)

void ros_intake_limits_init(struct ros_intake_limits *limits)
{
    *limits = (struct ros_intake_limits){
#define ROS_INTAKE_LIMIT(name, value, reason) .name = (value),
#include "services/intake/limits.def"
#undef ROS_INTAKE_LIMIT
    };
}

static enum ros_code too_large(const struct ros_intake_limits *limits, struct ros_error *reterr)
{
    return ros_error_set(reterr, ROS_E_ARCHIVE_LIMIT, "the archive exceeds the limit compressed_bytes of %" PRIu64,
                         limits->compressed_bytes);
}

static enum ros_code metrics_read(const struct ros__upload *upload, struct ros_arena *scratch,
                                  struct ros_evidence *evidence, struct ros_error *reterr)
{
    const struct ros__slice candidates[] = {upload->texts[ROS__SPEC_pmlog_summary_pcp_zeroconf],
                                            upload->texts[ROS__SPEC_pmlog_summary], upload->summary};
    evidence->source = ROS_EVIDENCE_NO_PCP;
    for (size_t i = 0; i < ROS_COUNT(candidates) && evidence->metric_count == 0; i++)
        ROS_TRY(ros__pmlog_read(candidates[i], scratch, evidence, reterr));
    if (evidence->metric_count > 0)
        evidence->source = ROS_EVIDENCE_PCP_TEXT;
    else if (upload->has_raw_pcp)
        return ros_error_set(reterr, ROS_E_PCP_RAW,
                             "the archive has raw PCP data and no summary of it; raw PCP data cannot be read yet");
    return ROS_OK;
}

static enum ros_code facts_read(const struct ros__upload *upload, struct ros_evidence *evidence,
                                struct ros_error *reterr)
{
    struct ros__facts facts = {.arena = &evidence->arena};
    enum ros_code code = ros__cloud_facts(upload, &facts);
    if (code == ROS_OK)
        code = ros__host_facts(upload, &facts);
    struct ros_fact *copy = NULL;
    if (code == ROS_OK && (copy = ros_arena_new_array(&evidence->arena, struct ros_fact, facts.count)) == NULL)
        code = ros_arena_code(&evidence->arena);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    memcpy(copy, facts.items, facts.count * sizeof(*copy));
    evidence->facts = copy;
    evidence->fact_count = facts.count;
    return ROS_OK;
}

static enum ros_code source_intake(const struct ros__source *source, const struct ros_intake_limits *limits,
                                   struct ros_evidence *ret, struct ros_error *reterr)
{
    ros_auto(ros_arena) struct ros_arena scratch;
    struct ros__upload upload;
    ros_arena_init(&scratch, source->alloc, 0);
    enum ros_code code = ros__upload_read(source, limits, &scratch, &upload, reterr);
    if (code == ROS_OK)
        code = metrics_read(&upload, &scratch, ret, reterr);
    if (code == ROS_OK)
        code = facts_read(&upload, ret, reterr);
    if (code != ROS_OK)
        ros_evidence_done(ret);
    return code;
}

enum ros_code ros_intake_memory(const void *data, size_t len, const struct ros_intake_limits *limits,
                                struct ros_evidence *ret, struct ros_error *reterr)
{
    struct ros_intake_limits defaults;
    struct ros__source source = {.data = data, .len = len, .fd = -1, .alloc = ret->arena.alloc};
    ros_intake_limits_init(&defaults);
    limits = limits != NULL ? limits : &defaults;
    if (len > limits->compressed_bytes)
        return too_large(limits, reterr);
    return source_intake(&source, limits, ret, reterr);
}

static enum ros_code pipe_intake(int fd, const struct ros_intake_limits *limits, struct ros_evidence *ret,
                                 struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf bytes;
    ros_buf_init(&bytes, ret->arena.alloc, 0);
    for (;;) {
        if (ros_buf_reserve(&bytes, PIPE_BYTES) != ROS_OK)
            return ros_error_code(reterr, ros_buf_code(&bytes));
        ssize_t got = read(fd, bytes.data + bytes.len, PIPE_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ros_error_set(reterr, ROS_E_IO, "the upload cannot be read: %s", strerror(errno));
        if (got == 0)
            return ros_intake_memory(bytes.data, bytes.len, limits, ret, reterr);
        bytes.len += (size_t) got;
        if (bytes.len > limits->compressed_bytes)
            return too_large(limits, reterr);
    }
}

enum ros_code ros_intake_fd(int fd, const struct ros_intake_limits *limits, struct ros_evidence *ret,
                            struct ros_error *reterr)
{
    struct ros_intake_limits defaults;
    struct stat status;
    ros_intake_limits_init(&defaults);
    limits = limits != NULL ? limits : &defaults;
    if (fd < 0 || fstat(fd, &status) != 0)
        return ros_error_set(reterr, ROS_E_IO, "the upload cannot be read: %s", strerror(fd < 0 ? EBADF : errno));
    if (S_ISDIR(status.st_mode))
        return ros_error_set(reterr, ROS_E_ARCHIVE_FORMAT, "not a tar archive: a folder");
    off_t start = S_ISREG(status.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;
    if (start < 0)
        return pipe_intake(fd, limits, ret, reterr);
    if (status.st_size > start && (uint64_t) (status.st_size - start) > limits->compressed_bytes)
        return too_large(limits, reterr);
    struct ros__source source = {.start = (uint64_t) start, .fd = fd, .alloc = ret->arena.alloc};
    return source_intake(&source, limits, ret, reterr);
}

enum ros_code ros_intake_file(const char *path, const struct ros_intake_limits *limits, struct ros_evidence *ret,
                              struct ros_error *reterr)
{
    if (strcmp(path, "-") == 0)
        return ros_intake_fd(STDIN_FILENO, limits, ret, reterr);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return ros_error_set(reterr, errno == ENOENT ? ROS_E_NOT_FOUND : ROS_E_IO, "%s: %s", path, strerror(errno));
    enum ros_code code = ros_intake_fd(fd, limits, ret, reterr);
    close(fd);
    return code;
}
