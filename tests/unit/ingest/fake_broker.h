/*
 * fake_broker.h - struct ros_broker in memory: one topic with one partition, a log of what was sent, and faults on
 * order.
 */
#ifndef ROS_TESTS_INGEST_FAKE_BROKER_H
#define ROS_TESTS_INGEST_FAKE_BROKER_H

#include "services/ingest/broker.h"

enum { FAKE_MESSAGES = 64, FAKE_SENT = 64, FAKE_BYTES = 4096 };

struct fake_sent {
    char topic[64];
    char key[64];
    char data[FAKE_BYTES];
    char code[64]; /* the header ros-code; "" without */
    char upload[128];
};

struct fake_broker {
    struct ros_broker calls; /* first */
    struct ros_broker_listener listener;
    const char *topic;
    const char *messages[FAKE_MESSAGES];
    size_t message_count;
    int64_t position;  /* next to hand out */
    int64_t committed; /* -1: none */
    int held;          /* messages not yet released */
    bool paused;
    unsigned polls;
    unsigned revoke_at;       /* this poll takes the partition away; 0: never */
    enum ros_code send_fails; /* what the next send gives */
    bool stores_before_fail;  /* that send's outcome is unknown: it was stored */
    struct fake_sent sent[FAKE_SENT];
    size_t sent_count;
    unsigned sends;
};

void fake_init(struct fake_broker *fake, const char *topic);
/* Assigns the partition, as the first poll of a real one would. */
enum ros_code fake_assign(struct fake_broker *fake, const struct ros_broker_listener *listener);

#endif
