/*
 * dead.h - a message that cannot be processed, as it goes to the dead-letter topic: its own bytes and key, its own
 * headers, and behind them where it came from and why it is here.
 *
 *     ros-topic ros-partition ros-offset ros-timestamp-ms   where it was read
 *     ros-stage                                             scoring, reports
 *     ros-code ros-reason                                   ROS_E_MESSAGE, one line of text
 *     ros-version                                           of the program
 *
 * Topic, partition and offset identify a dead letter, so that one that was written twice can be told.
 */
#ifndef ROS_INGEST_DEAD_H
#define ROS_INGEST_DEAD_H

#include "interp/base/arena.h"
#include "services/ingest/broker.h"

/* Fills *ret; what it points to lives in the arena, key and data in the message. ROS_E_OOM, ROS_E_LIMIT. */
enum ros_code ros_dead_letter(struct ros_arena *arena, const struct ros_broker_message *message, const char *topic,
                              const char *stage, const struct ros_error *reason,
                              struct ros_broker_record *ret) ROS_MUST_CHECK;

#endif
