/*
 * hosts.h - the hosts that are scored: evidences of made-up uploads, the same ones for every run. What goes wrong ends
 * the program with a message: a benchmark has nobody to tell.
 */
#ifndef ROS_PERF_HOSTS_H
#define ROS_PERF_HOSTS_H

#include "interp/base/arena.h"
#include "interp/study/study.h"
#include "services/intake/evidence.h"

#define PERF_HOSTS 64u

struct perf_hosts {
    struct ros_evidence evidences[PERF_HOSTS];
};

void perf_hosts_make(struct perf_hosts *hosts);
void perf_hosts_end(struct perf_hosts *hosts);

/* A file below the source's folder, whole, ended by NUL. */
void perf_read(const char *path, struct ros_buf *out);

/* Compiles decision.ros beside this file ("decision.ros"), or a file of rules/ ("rightsizing.ros"). */
struct ros_program *perf_compile(const char *name);
/* The same as a study, which borrows from the arena: for explanations. */
struct ros_study *perf_study(const char *name, struct ros_arena *arena);

/* Its bundle, sources included. */
void perf_bundle(const char *name, struct ros_buf *out);

_Noreturn void perf_fail(const char *format, ...) ROS_PRINTF(1, 2);

#endif
