/*
 * broker.h - Kafka as the state machines of this room see it: a table of calls, so that a fake can stand in its place.
 *
 * One object is one consumer in a group and one producer. Positions are handed to the owner when partitions come, and
 * the owner decides where to begin; nothing is ever committed but through send().
 *
 * Threads:  one owner. Lifetime: messages from poll() live until release(); everything else is borrowed for the call.
 * Errors:   any failing code but ROS_E_OOM and ROS_E_TIMEOUT from poll() means the object is worn: free it and open a
 *           new one, which begins at the last positions that were stored. That is how every half-done transaction ends.
 */
#ifndef ROS_INGEST_BROKER_H
#define ROS_INGEST_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interp/base/error.h"

struct ros_broker_header {
    const char *name;
    const void *value; /* NULL: the header has no value */
    size_t size;
};

struct ros_broker_message {
    const char *topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* -1: none */
    const void *key;      /* NULL: none */
    size_t key_size;
    const void *data;
    size_t size;
    const struct ros_broker_header *headers;
    size_t header_count;
    void *handle; /* the broker's own */
};

/* What goes out. */
struct ros_broker_record {
    const char *topic;
    const void *key;
    size_t key_size;
    const void *data;
    size_t size;
    const struct ros_broker_header *headers;
    size_t header_count;
};

/* One partition as it comes or goes. -1 in committed: the group has no position there. */
struct ros_broker_position {
    const char *topic;
    int32_t partition;
    int64_t committed; /* the broker's answer */
    int64_t low;       /* first offset there is */
    int64_t high;      /* one past the last */
    int64_t next;      /* where to begin: set by assigned() */
};

/*
 * Called from within poll() only. assigned() fills `next`; a failing code leaves the partitions unread and comes out of
 * poll(). revoked() must let go of everything in hand of those partitions; nothing of it has been sent.
 */
struct ros_broker_listener {
    enum ros_code (*assigned)(void *context, struct ros_broker_position *positions, size_t count,
                              struct ros_error *reterr);
    void (*revoked)(void *context, const struct ros_broker_position *positions, size_t count);
    void *context;
};

struct ros_broker_offset {
    const char *topic;
    int32_t partition;
    int64_t next; /* first one not done */
};

struct ros_broker {
    /* Waits up to timeout_ms. *ret_got is false when nothing came. */
    enum ros_code (*poll)(struct ros_broker *broker, int timeout_ms, struct ros_broker_message *ret, bool *ret_got,
                          struct ros_error *reterr);
    void (*release)(struct ros_broker *broker, struct ros_broker_message *message);
    /* Paused, poll() gives no messages and still keeps the place in the group. */
    enum ros_code (*pause)(struct ros_broker *broker, bool paused, struct ros_error *reterr);
    /*
     * Sends records and waits until they are stored. With offsets, records and offsets are one transaction: all of it
     * is there afterwards or nothing. Without (offset_count 0), each record is stored once, in order.
     */
    enum ros_code (*send)(struct ros_broker *broker, const struct ros_broker_record *records, size_t count,
                          const struct ros_broker_offset *offsets, size_t offset_count, struct ros_error *reterr);
    /* Messages behind the end, summed over the partitions in hand; -1: not known. */
    int64_t (*lag)(struct ros_broker *broker);
    /* False while no broker answers. */
    bool (*reachable)(struct ros_broker *broker);
    void (*free)(struct ros_broker *broker);
};

/* Where to begin at a partition, and why: shared by both targets, and told by a warning unless it is CONTINUES. */
enum ros_broker_start {
    ROS_START_CONTINUES, /* at the stored position */
    ROS_START_NEW,       /* no position anywhere: at the low watermark */
    ROS_START_AHEAD,     /* our own record is later than the broker's: at ours */
    ROS_START_BEHIND,    /* the position was deleted by retention: at the low watermark */
    ROS_START_RECREATED, /* the position is past the end: the topic was made anew; at the low watermark */
};

/* Decides. stored: our own record of the next offset, -1: none. */
enum ros_broker_start ros_broker_begin(const struct ros_broker_position *position, int64_t stored, int64_t *ret_next);
const char *ros_broker_start_text(enum ros_broker_start start);

#endif
