/*
 * scoring.h - what to do with one inventory event: a pure function from a message to a decision.
 *
 * It knows no Kafka, no network and no rules, so that every branch can be tested by itself. The rules of admission are
 * those of the system we stand in for, save that nothing is dropped silently: what it loses by an exception is a dead
 * letter here.
 *
 *     no value, type `delete` or unknown                         ignored
 *     not a JSON object, no type, no host, bad id or org          dead letter
 *     flag off for the organisation                               ignored
 *     `updated` by the inventory's own API (header producer)      API event: describes the host, nothing is fetched
 *     no platform_metadata, or is_ros_v2 is not true              ignored
 *     no url, no request id, no time                              dead letter
 *     else                                                        fetch
 *
 * Lifetime: a decision owns its parsed message; texts in it point there. ros_decision_done() frees it.
 * Errors:   ROS_E_OOM; the decision is then empty.    Threads: no shared state.
 */
#ifndef ROS_INGEST_SCORING_H
#define ROS_INGEST_SCORING_H

#include <jansson.h>

#include "services/ingest/broker.h"

enum ros_decision_kind { ROS_DECISION_IGNORE, ROS_DECISION_API, ROS_DECISION_FETCH, ROS_DECISION_DEAD };

struct ros_decision {
    enum ros_decision_kind kind;
    const char *outcome;     /* a short fixed word for metrics and logs: "ignored_delete", "dead_message" */
    struct ros_error reason; /* DEAD */
    json_t *message;         /* owned; NULL when it could not be parsed */
    const char *org_id;      /* NULL until it is known; API and FETCH: never */
    const char *host_id;
    const char *request_id; /* of the upload; "" for an API event without one */
    const char *url;        /* FETCH */
    bool has_pcp;           /* FETCH: the inventory says that PCP data was collected */
    int64_t report_date_us; /* API and FETCH: the event's own time, so that a replay is the same report */
};

/* True when the feature flag is on for an organisation. */
typedef bool ros_decision_flag(void *context, const char *org_id);

enum ros_code ros_decide(const struct ros_broker_message *message, size_t max_bytes, ros_decision_flag *flag,
                         void *context, struct ros_decision *ret, struct ros_error *reterr) ROS_MUST_CHECK;
void ros_decision_done(struct ros_decision *decision);

ROS_DEFINE_AUTO(ros_decision)

#endif
