/*
 * scoring_worker.h - the scoring target without its thread: gathers messages, works on them one after another, and
 * sends what came of them together with their positions. A fake broker can drive it. Of this room only.
 *
 * Invariants: what is in hand is in the order of arrival; positions sent cover done messages only, a prefix of each
 *             partition; a message whose partition was revoked leaves no trace.
 * Threads:    one owner; `stop` may be set by any thread.
 */
#ifndef ROS_INGEST_SCORING_WORKER_H
#define ROS_INGEST_SCORING_WORKER_H

#include <stdatomic.h>

#include "interp/base/clock.h"
#include "services/ingest/download.h"
#include "services/ingest/observe.h"
#include "services/ingest/scoring.h"
#include "services/intake/evidence.h"
#include "services/intake/intake.h"

struct ros__scoring;

struct ros__scoring_config {
    const char *events_topic; /* where results go */
    const char *dead_topic;
    const char *group;
    size_t batch_messages; /* 1 to ROS__SCORING_BATCH_MAX */
    unsigned batch_ms;     /* wait for more of a batch; work beyond ROS__SCORING_WORK_MS ends it early */
    unsigned retries;      /* of a download */
    unsigned retry_ms;     /* before the first; doubled each time */
    size_t max_message_bytes;
    struct ros_intake_limits limits;
    ros_decision_flag *flag;
    void *flag_context;
    const struct ros_clock *clock;
    const struct ros_alloc *alloc;
    const atomic_bool *stop;
};

enum { ROS__SCORING_BATCH_MAX = 1000, ROS__SCORING_WORK_MS = 200 };

/* Borrows everything until the free. */
enum ros_code ros__scoring_new(const struct ros__scoring_config *config, const struct ros__observe *observe,
                               struct ros_downloader *downloader, struct ros__scoring **ret,
                               struct ros_error *reterr) ROS_MUST_CHECK;
void ros__scoring_free(struct ros__scoring *scoring);

/* Give it to ros_kafka_open(). */
struct ros_broker_listener ros__scoring_listener(struct ros__scoring *scoring);

/* One batch, or batch_ms without any. A failing code: the broker object is worn; call ros__scoring_forget(), free it.
 */
enum ros_code ros__scoring_step(struct ros__scoring *scoring, struct ros_broker *broker,
                                struct ros_error *reterr) ROS_MUST_CHECK;

/* Lets go of everything in hand, before the broker is freed. */
void ros__scoring_forget(struct ros__scoring *scoring, struct ros_broker *broker);

#endif
