/* sample.h - rule sets to put into bundles, and everything that can be seen of their verdicts. */
#ifndef ROS_TESTS_BUNDLE_SAMPLE_H
#define ROS_TESTS_BUNDLE_SAMPLE_H

#include "interp/bundle/bundle.h"
#include "interp/ros.h"

/* A small rule set that has a bit of everything. */
extern const struct ros_bundle_sources sample_sources;

/* Compiles it. every: with `decide every`. alloc NULL: libc. */
struct ros_program *sample_program(bool every, const struct ros_alloc *alloc);
/* Compiles a rule set of the source tree: "rules/rightsizing.ros". */
struct ros_program *sample_shipped(const char *path);

/*
 * Runs a program on made-up hosts (the same ones for the same inputs) and appends what can be seen of each verdict:
 * flags, rules, texts, offers, reports, cost.
 */
void sample_verdicts(struct ros_program *program, unsigned hosts, struct ros_buf *out);

#endif
