/*
 * rules.h - the active rule set of a running service, replaced as a whole.
 *
 * Readers take a reference and keep it for one evaluation; a reload compiles first and swaps one pointer, so a running
 * evaluation finishes on the old program, and a rule set with an error never replaces a good one.
 *
 * Threads: every call is safe from every thread.
 */
#ifndef ROS_SCORE_RULES_H
#define ROS_SCORE_RULES_H

#include "interp/ros.h"

struct ros_rules;

/* Starts without a program: ros_rules_get() gives NULL until the first load. */
enum ros_code ros_rules_new(struct ros_rules **ret, struct ros_error *reterr) ROS_MUST_CHECK;
void ros_rules_free(struct ros_rules *rules);

/*
 * Compiles path (a .ros file or a folder) or reads it (a bundle), checks it against the contract of score.h, and makes
 * it the active one. public_key, a PEM file: only a bundle with a valid signature is taken, see grammar/open.h; NULL or
 * "": anything. Findings, warnings too, are appended to diagnostics as text (may be NULL). Whatever fails leaves the
 * old one in place.
 */
enum ros_code ros_rules_load(struct ros_rules *rules, const char *path, const char *public_key,
                             struct ros_buf *diagnostics, struct ros_error *reterr) ROS_MUST_CHECK;

/* A new reference to the active program, or NULL. Give it back with ros_program_unref(). */
struct ros_program *ros_rules_get(struct ros_rules *rules);

/* Counts loads that succeeded: a scorer is made anew when this moved. */
uint64_t ros_rules_generation(const struct ros_rules *rules);

ROS_DEFINE_AUTO_PTR(ros_rules)

#endif
