/*
 * Faults happen where a real broker has them: within a poll, or in the answer to a send.
 */
#include "tests/unit/ingest/fake_broker.h"

#include <stdio.h>
#include <string.h>

static void take_away(struct fake_broker *fake)
{
    struct ros_broker_position position = {.topic = fake->topic};
    fake->listener.revoked(fake->listener.context, &position, 1);
    fake->position = (int64_t) fake->message_count;
}

static enum ros_code poll_one(struct ros_broker *broker, int timeout_ms, struct ros_broker_message *ret, bool *ret_got,
                              struct ros_error *reterr)
{
    (void) timeout_ms, (void) reterr;
    struct fake_broker *fake = (struct fake_broker *) broker;
    *ret_got = false;
    if (++fake->polls == fake->revoke_at)
        take_away(fake);
    if (fake->paused || fake->position >= (int64_t) fake->message_count)
        return ROS_OK;
    const char *text = fake->messages[fake->position];
    *ret = (struct ros_broker_message){.topic = fake->topic,
                                       .offset = fake->position++,
                                       .timestamp_ms = 1000,
                                       .key = "k",
                                       .key_size = 1,
                                       .data = text,
                                       .size = text != NULL ? strlen(text) : 0};
    fake->held++;
    *ret_got = true;
    return ROS_OK;
}

static void release(struct ros_broker *broker, struct ros_broker_message *message)
{
    (void) message;
    ((struct fake_broker *) broker)->held--;
}

static enum ros_code pause_all(struct ros_broker *broker, bool paused, struct ros_error *reterr)
{
    (void) reterr;
    ((struct fake_broker *) broker)->paused = paused;
    return ROS_OK;
}

static void copy_header(char *to, size_t size, const struct ros_broker_header *header, const char *name)
{
    if (strcmp(header->name, name) == 0)
        snprintf(to, size, "%.*s", (int) header->size, (const char *) header->value);
}

static void store(struct fake_broker *fake, const struct ros_broker_record *records, size_t count,
                  const struct ros_broker_offset *offsets, size_t offset_count)
{
    for (size_t i = 0; i < count && fake->sent_count < FAKE_SENT; i++) {
        struct fake_sent *sent = &fake->sent[fake->sent_count++];
        memset(sent, 0, sizeof *sent);
        snprintf(sent->topic, sizeof sent->topic, "%s", records[i].topic);
        snprintf(sent->key, sizeof sent->key, "%.*s", (int) records[i].key_size, (const char *) records[i].key);
        snprintf(sent->data, sizeof sent->data, "%.*s", (int) records[i].size, (const char *) records[i].data);
        for (size_t j = 0; j < records[i].header_count; j++) {
            copy_header(sent->code, sizeof sent->code, &records[i].headers[j], "ros-code");
            copy_header(sent->upload, sizeof sent->upload, &records[i].headers[j], "ros-upload-id");
        }
    }
    for (size_t i = 0; i < offset_count; i++)
        fake->committed = offsets[i].next;
}

static enum ros_code send_all(struct ros_broker *broker, const struct ros_broker_record *records, size_t count,
                              const struct ros_broker_offset *offsets, size_t offset_count, struct ros_error *reterr)
{
    struct fake_broker *fake = (struct fake_broker *) broker;
    enum ros_code code = fake->send_fails;
    fake->send_fails = ROS_OK;
    fake->sends++;
    if (code == ROS_OK || fake->stores_before_fail)
        store(fake, records, count, offsets, offset_count);
    return code == ROS_OK ? ROS_OK : ros_error_set(reterr, code, "ordered to fail");
}

static int64_t lag(struct ros_broker *broker)
{
    struct fake_broker *fake = (struct fake_broker *) broker;
    return (int64_t) fake->message_count - fake->position;
}

static bool reachable(struct ros_broker *broker)
{
    (void) broker;
    return true;
}

static void nothing(struct ros_broker *broker)
{
    (void) broker;
}

void fake_init(struct fake_broker *fake, const char *topic)
{
    memset(fake, 0, sizeof *fake);
    fake->topic = topic;
    fake->committed = -1;
    fake->calls = (struct ros_broker){.poll = poll_one,
                                      .release = release,
                                      .pause = pause_all,
                                      .send = send_all,
                                      .lag = lag,
                                      .reachable = reachable,
                                      .free = nothing};
}

enum ros_code fake_assign(struct fake_broker *fake, const struct ros_broker_listener *listener)
{
    fake->listener = *listener;
    struct ros_broker_position position = {
        .topic = fake->topic, .committed = fake->committed, .high = (int64_t) fake->message_count};
    enum ros_code code = listener->assigned(listener->context, &position, 1, NULL);
    fake->position = position.next;
    return code;
}
