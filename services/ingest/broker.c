/*
 * Where to begin. A position can be missing, lost by the broker, expired or of a topic that was deleted and made anew;
 * librdkafka's own answer to all four is one silent reset, which is how messages get lost or come twice.
 */
#include "services/ingest/broker.h"

enum ros_broker_start ros_broker_begin(const struct ros_broker_position *position, int64_t stored, int64_t *ret_next)
{
    int64_t next = position->committed;
    enum ros_broker_start start = ROS_START_CONTINUES;
    if (stored > next) {
        // A record of ours that is past the end says nothing when the broker's answer is within.
        bool usable = stored <= position->high || next > position->high || next < 0;
        if (usable) {
            next = stored;
            start = ROS_START_AHEAD;
        }
    }
    if (next < 0) {
        *ret_next = position->low;
        return ROS_START_NEW;
    }
    if (next > position->high) {
        *ret_next = position->low;
        return ROS_START_RECREATED;
    }
    if (next < position->low) {
        *ret_next = position->low;
        return ROS_START_BEHIND;
    }
    *ret_next = next;
    return start;
}

const char *ros_broker_start_text(enum ros_broker_start start)
{
    static const char *const texts[] = {
        [ROS_START_CONTINUES] = "continues where it stopped",
        [ROS_START_NEW] = "no stored position: begins at the first message",
        [ROS_START_AHEAD] = "our own record is later than the broker's: begins there",
        [ROS_START_BEHIND] = "the stored position has expired: messages were lost; begins at the first there is",
        [ROS_START_RECREATED] = "the stored position is past the end: the topic was made anew; begins at its start",
    };
    return (size_t) start < ROS_COUNT(texts) ? texts[start] : "";
}
