/*
 * reports.h - the reports consumer as a pure state machine: messages of `ros.events` in, batches of rows out.
 *
 * It knows no Kafka and no database, so that a simulation can drive it. The shell around it does, in this order:
 *
 *     feed every message; on DEAD, hand the message with its reason to the dead letters
 *     when due: wait until the dead letters so far are delivered, ros_reports_write() the batch, dead-letter what the
 *               writer refused (ros_reports_raw() has its bytes; again delivered before going on), ros_reports_clear()
 *     on revocation of a partition: ros_reports_drop() it; its messages come again to their new owner
 *
 * Invariants: offsets of the batch cover every message fed since the last clear, rows or not; rows keep their order.
 *             The batch never holds more than max_rows rows; feeding a full one is ROS_E_LIMIT.
 * Lifetime:   the batch and what it points to live until clear, drop, the next feed, or free. Nothing of a message is
 *             borrowed.
 * Errors:     ROS_E_OOM leaves the machine as it was. A malformed message is no error: it is DEAD.
 * Threads:    one owner.
 */
#ifndef ROS_INGEST_REPORTS_H
#define ROS_INGEST_REPORTS_H

#include "interp/base/clock.h"
#include "store/reports.h"

struct ros_reports;

struct ros_reports_config {
    const char *consumer_group;
    size_t max_rows;          /* 0: 1000; at most ROS_REPORT_BATCH_MAX */
    unsigned max_age_ms;      /* of the oldest message in hand; 0: 50 */
    size_t max_message_bytes; /* a larger one is DEAD; 0: 4 MiB */
    const struct ros_clock *clock;
    const struct ros_alloc *alloc; /* may be NULL */
};

struct ros_reports_message {
    const char *topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* the broker's; stands in for a missing report_date */
    const void *data;     /* may be NULL when size is 0: a tombstone of the topic */
    size_t size;
};

enum ros_reports_verdict {
    ROS_REPORTS_ROW,    /* it is in the batch */
    ROS_REPORTS_IGNORE, /* nothing to store; its offset is in the batch */
    ROS_REPORTS_DEAD,   /* malformed; its offset is in the batch */
};

enum ros_code ros_reports_new(const struct ros_reports_config *config, struct ros_reports **ret,
                              struct ros_error *reterr) ROS_MUST_CHECK;
void ros_reports_free(struct ros_reports *reports);

/* reason (may be NULL) is filled for DEAD: a code and one line without the message's contents. */
enum ros_code ros_reports_feed(struct ros_reports *reports, const struct ros_reports_message *message,
                               enum ros_reports_verdict *ret, struct ros_error *reason,
                               struct ros_error *reterr) ROS_MUST_CHECK;

/* True when the batch is full or old enough to be written. */
bool ros_reports_due(const struct ros_reports *reports);
/* Milliseconds until due by age; 0 when due; -1 while nothing is in hand. */
int ros_reports_wait_ms(const struct ros_reports *reports);

/* What is in hand. Empty: row_count and offset_count are 0. */
const struct ros_report_batch *ros_reports_batch(const struct ros_reports *reports);
/* The message that row i of the batch came from. */
const void *ros_reports_raw(const struct ros_reports *reports, size_t i, size_t *ret_size);

/* The batch is stored (or given up): begin the next. */
void ros_reports_clear(struct ros_reports *reports);
/* Forgets everything in hand of one partition. */
void ros_reports_drop(struct ros_reports *reports, const char *topic, int32_t partition);

ROS_DEFINE_AUTO_PTR(ros_reports)

#endif
