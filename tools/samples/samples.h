/*
 * samples.h - made-up hosts, and the archives and inventory messages they would send.
 *
 * A host follows from (seed, number, kind) alone: the same three always give the same bytes, on every machine, so that
 * a test may name one and a benchmark may be run again. Nothing in them is anybody's data.
 *
 * Errors: as values.   Threads: no shared state.
 */
#ifndef ROS_SAMPLES_SAMPLES_H
#define ROS_SAMPLES_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

#include "interp/base/buf.h"

enum sample_kind {
    SAMPLE_IDLE,
    SAMPLE_UNDERSIZED,
    SAMPLE_UNDER_PRESSURE,
    SAMPLE_OPTIMISED,
    SAMPLE_NO_PCP,
    SAMPLE_KIND_COUNT
};

struct sample_type {
    const char *name;
    unsigned vcpus;
    unsigned memory_gib;
};

struct sample_release {
    const char *kernel;
    const char *text; /* /etc/redhat-release */
    unsigned major;
    unsigned minor;
};

#define SAMPLE_UUID_SIZE 37
#define SAMPLE_NAME_SIZE 64
#define SAMPLE_DISKS_MAX 3

struct sample_host {
    enum sample_kind kind;
    uint64_t number;
    const struct sample_type *type;
    const struct sample_release *release;
    const char *region;
    char id[SAMPLE_UUID_SIZE];
    char machine_id[SAMPLE_UUID_SIZE];
    char request_id[SAMPLE_UUID_SIZE];
    char name[SAMPLE_NAME_SIZE]; /* the host's full name */
    bool psi;
    unsigned disk_count;
    double disk_rate[SAMPLE_DISKS_MAX];
    double cpu_idle; /* processors */
    double memory_kib;
    double available_kib;
    double cpu_some, io_some, io_full, memory_some, memory_full; /* percent */
};

/* "idle", "undersized", ... and back; SAMPLE_KIND_COUNT for any other word. */
const char *sample_kind_name(enum sample_kind kind);
enum sample_kind sample_kind_of(const char *name);

void sample_host_make(uint64_t seed, uint64_t number, enum sample_kind kind, struct sample_host *ret);

/* Appends the .tar.gz that the host would upload. */
enum ros_code sample_archive(const struct sample_host *host, struct ros_buf *out,
                             struct ros_error *reterr) ROS_MUST_CHECK;
/* Appends len bytes of noise: no archive of any kind. */
enum ros_code sample_noise(uint64_t seed, uint64_t number, size_t len, struct ros_buf *out) ROS_MUST_CHECK;

struct sample_event {
    const char *url; /* where the archive is to be fetched */
    const char *org_id;
    int64_t wall_us;
};

/* Appends the inventory message of the upload as one line of JSON, newline included. */
enum ros_code sample_message(const struct sample_host *host, const struct sample_event *event,
                             struct ros_buf *out) ROS_MUST_CHECK;

#endif
