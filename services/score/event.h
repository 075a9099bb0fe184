/*
 * event.h - an outcome as the message that leaves on `ros.events`, in the shape that every consumer of it knows.
 *
 * Three kinds leave. BASE: the host was edited through the inventory's API; only its description. PCP: scored. NO_PCP:
 * the upload had no PCP data (or its flag says so); the state is "Waiting for data".
 *
 * An upload without PCP data: where its archive does not say where the host runs, the inventory does, and where the
 * rules are not for the host (the outcome was skipped) its own identity and PSI state are left out.
 *
 * The message is the inventory event, already checked to be an object with an object `host`. Values of the wrong type
 * are carried as they are where the shape carries them, and left out where it needs a text.
 *
 * Errors: ROS_E_UNSUPPORTED when the rules are not for this host (another cloud, an unsupported release): the text says
 *         which, and no event is due; ROS_E_MESSAGE; ROS_E_OOM.
 */
#ifndef ROS_SCORE_EVENT_H
#define ROS_SCORE_EVENT_H

#include <jansson.h>
#include <stdint.h>

#include "services/score/score.h"

enum ros_event_kind { ROS_EVENT_BASE, ROS_EVENT_PCP, ROS_EVENT_NO_PCP };

struct ros_event_input {
    enum ros_event_kind kind;
    const json_t *message;               /* the inventory event */
    const struct ros_evidence *evidence; /* NULL for BASE */
    const struct ros_outcome *outcome;   /* NULL for BASE; for NO_PCP it may be: what was skipped is then not known */
    int64_t report_date_us;              /* when the upload was made, so that a replay is the same report */
};

/* Returns a new reference in *ret. */
enum ros_code ros_event_build(const struct ros_event_input *input, json_t **ret,
                              struct ros_error *reterr) ROS_MUST_CHECK;

/* "Idling" for "INSTANCE_IDLE", "Optimized" for NULL; NULL for a rule that has no state text. */
const char *ros_event_state(const char *rule);

#endif
