/*
 * Dead letters keep the original whole, so that repairing the cause and publishing them again loses nothing. Headers
 * of an earlier life (a dead letter that was republished) are left out, lest they pile up.
 */
#include "services/ingest/dead.h"

#include <inttypes.h>
#include <string.h>

enum { OWN_HEADERS = 8, KEPT_HEADERS = 64 };

static bool is_ours(const char *name)
{
    static const char *const names[] = {"ros-topic", "ros-partition", "ros-offset", "ros-timestamp-ms",
                                        "ros-stage", "ros-code",      "ros-reason", "ros-version"};
    for (size_t i = 0; i < ROS_COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void put(struct ros_broker_record *record, struct ros_broker_header *headers, const char *name,
                const char *value)
{
    headers[record->header_count++] =
        (struct ros_broker_header){.name = name, .value = value, .size = value != NULL ? strlen(value) : 0};
}

enum ros_code ros_dead_letter(struct ros_arena *arena, const struct ros_broker_message *message, const char *topic,
                              const char *stage, const struct ros_error *reason, struct ros_broker_record *ret)
{
    size_t kept = message->header_count < KEPT_HEADERS ? message->header_count : KEPT_HEADERS;
    struct ros_broker_header *headers = ros_arena_new_array(arena, struct ros_broker_header, kept + OWN_HEADERS);
    const char *partition = ros_arena_printf(arena, "%" PRId32, message->partition);
    const char *offset = ros_arena_printf(arena, "%" PRId64, message->offset);
    const char *stamp = ros_arena_printf(arena, "%" PRId64, message->timestamp_ms);
    const char *source = ros_arena_copy(arena, message->topic, strlen(message->topic));
    const char *text = ros_arena_copy(arena, reason->text, strlen(reason->text));
    if (headers == NULL || partition == NULL || offset == NULL || stamp == NULL || source == NULL || text == NULL)
        return ros_arena_code(arena);
    *ret = (struct ros_broker_record){.topic = topic,
                                      .key = message->key,
                                      .key_size = message->key_size,
                                      .data = message->data,
                                      .size = message->size,
                                      .headers = headers};
    for (size_t i = 0; i < kept; i++)
        if (!is_ours(message->headers[i].name))
            headers[ret->header_count++] = message->headers[i];
    put(ret, headers, "ros-topic", source);
    put(ret, headers, "ros-partition", partition);
    put(ret, headers, "ros-offset", offset);
    put(ret, headers, "ros-timestamp-ms", stamp);
    put(ret, headers, "ros-stage", stage);
    put(ret, headers, "ros-code", ros_code_name(reason->code));
    put(ret, headers, "ros-reason", text);
    put(ret, headers, "ros-version", ROS_VERSION);
    return ROS_OK;
}
