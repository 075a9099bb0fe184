/*
 * outcome_json.h - an outcome for people's tools: the object that `ros score --format json` prints for one archive.
 *
 *     {"host": {...}, "report": {...}, "outcome": {...}, "rules": {...}}
 *
 * With `decide every` the outcome has one key more, "fired": [{"rule": "...", "offers": [...], "withheld": null}], and
 * its "rule", "offers" and "withheld" are those of the first rule that fired.
 *
 * Shares are fractions (0.9, not 90), prices USD an hour; what is unknown is null. Errors: ROS_E_OOM.
 */
#ifndef ROS_SCORE_OUTCOME_JSON_H
#define ROS_SCORE_OUTCOME_JSON_H

#include <jansson.h>

#include "services/score/score.h"

/* Each returns a new reference, or NULL when memory is short. */
json_t *ros_outcome_host_json(const struct ros_evidence *evidence);
json_t *ros_outcome_report_json(const struct ros_outcome *outcome);
json_t *ros_outcome_verdict_json(const struct ros_outcome *outcome);
json_t *ros_outcome_rules_json(const struct ros_program *program);

/* The listed states, {"cpu": ["CPU_UNDERSIZED"]}: groups and flags in source order, empty groups left out. */
json_t *ros_outcome_states_json(const struct ros_outcome *outcome);

#endif
