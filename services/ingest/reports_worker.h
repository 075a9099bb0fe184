/*
 * reports_worker.h - the reports target without its thread: the shell that reports.h asks for. Of this room only.
 *
 * Order of a batch: dead letters of malformed messages are delivered; rows and positions are written in one database
 * transaction; dead letters of refused rows are delivered. While the database is down the batch stays in hand, the
 * partitions are paused, and the write is tried again.
 *
 * Threads: one owner; `stop` may be set by any thread.
 */
#ifndef ROS_INGEST_REPORTS_WORKER_H
#define ROS_INGEST_REPORTS_WORKER_H

#include <stdatomic.h>

#include "services/ingest/observe.h"
#include "services/ingest/reports.h"

struct ros__reporting;

struct ros__reporting_config {
    const char *dead_topic;
    const char *group;
    size_t batch_rows;
    unsigned batch_ms;
    const struct ros_clock *clock;
    const struct ros_alloc *alloc;
    const atomic_bool *stop;
};

enum ros_code ros__reporting_new(const struct ros__reporting_config *config, const struct ros__observe *observe,
                                 struct ros__reporting **ret, struct ros_error *reterr) ROS_MUST_CHECK;
void ros__reporting_free(struct ros__reporting *reporting);
struct ros_broker_listener ros__reporting_listener(struct ros__reporting *reporting);

/* Takes messages until the batch is due, and writes it; or returns after a moment without any. */
enum ros_code ros__reporting_step(struct ros__reporting *reporting, struct ros_broker *broker,
                                  struct ros_error *reterr) ROS_MUST_CHECK;
void ros__reporting_forget(struct ros__reporting *reporting, struct ros_broker *broker);

#endif
