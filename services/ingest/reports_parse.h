/*
 * reports_parse.h - one message of `ros.events` as a row. Room-internal; see reports.h.
 *
 * Errors: ROS_E_MESSAGE or ROS_E_LIMIT with a reason that quotes nothing of the message but key names of ours;
 *         ROS_E_OOM.
 */
#ifndef ROS_INGEST_REPORTS_PARSE_H
#define ROS_INGEST_REPORTS_PARSE_H

#include "interp/base/arena.h"
#include "services/ingest/reports.h"

/* Everything the row points to is in the arena. *ret_ignore: a base event that is neither created nor updated. */
enum ros_code ros__report_parse(struct ros_arena *arena, const struct ros_reports_message *message,
                                struct ros_report_row *ret, bool *ret_ignore, struct ros_error *reterr) ROS_MUST_CHECK;

#endif
