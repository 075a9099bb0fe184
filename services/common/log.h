/*
 * log.h - one structured line an event, on standard error.
 *
 *     ROS_LOG(log, ROS_LOG_INFO, "scored", "upload scored", ros_field_text("org_id", org), ros_field_int("offers", 3));
 *
 * logfmt by default, JSON when asked; keys ts, level, svc, event, msg first, then the fields. Texts from outside are
 * quoted and escaped, and cut at ROS_LOG_TEXT_BYTES. A field whose text is NULL is left out. Archive contents and
 * identity headers never belong here.
 *
 * Threads: safe; a line is one write. A NULL log is silent, so that a room can be tested without one.
 */
#ifndef ROS_COMMON_LOG_H
#define ROS_COMMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interp/base/clock.h"
#include "interp/base/error.h"

enum ros_log_level { ROS_LOG_DEBUG, ROS_LOG_INFO, ROS_LOG_WARNING, ROS_LOG_ERROR };

#define ROS_LOG_TEXT_BYTES 512 /* of one field's text */

enum ros_field_kind { ROS_FIELD_NONE, ROS_FIELD_TEXT, ROS_FIELD_INT, ROS_FIELD_REAL };
struct ros_field {
    const char *name;
    enum ros_field_kind kind;
    const char *text;
    int64_t integer;
    double real;
};

static inline struct ros_field ros_field_text(const char *name, const char *text)
{
    return (struct ros_field){.name = name, .kind = text != NULL ? ROS_FIELD_TEXT : ROS_FIELD_NONE, .text = text};
}
static inline struct ros_field ros_field_int(const char *name, int64_t value)
{
    return (struct ros_field){.name = name, .kind = ROS_FIELD_INT, .integer = value};
}
static inline struct ros_field ros_field_real(const char *name, double value)
{
    return (struct ros_field){.name = name, .kind = ROS_FIELD_REAL, .real = value};
}
static inline struct ros_field ros_field_code(enum ros_code code)
{
    return ros_field_text("code", code != ROS_OK ? ros_code_name(code) : NULL);
}

struct ros_log;

/* Where lines go; NULL in the config: standard error. */
typedef void ros_log_sink(void *context, const char *line, size_t len);
struct ros_log_config {
    enum ros_log_level level;
    bool json;
    const char *service; /* svc; borrowed */
    ros_log_sink *sink;
    void *context;
    const struct ros_clock *clock; /* NULL: the system's */
};

enum ros_code ros_log_new(const struct ros_log_config *config, struct ros_log **ret,
                          struct ros_error *reterr) ROS_MUST_CHECK;
void ros_log_free(struct ros_log *log);
void ros_log_set_level(struct ros_log *log, enum ros_log_level level);
/* "warning" -> ROS_LOG_WARNING; false for another word. */
bool ros_log_level_parse(const char *text, enum ros_log_level *ret);

void ros_log_write(struct ros_log *log, enum ros_log_level level, const char *event, const char *message,
                   const struct ros_field *fields, size_t count);
/* An error where it stops travelling: its text is the message, its code a field. */
void ros_log_error(struct ros_log *log, const char *event, const struct ros_error *error);

#define ROS_LOG(log, level, event, message, ...)                                                                       \
    ros_log_write((log), (level), (event), (message), (const struct ros_field[]){{0}, ##__VA_ARGS__},                  \
                  sizeof((const struct ros_field[]){{0}, ##__VA_ARGS__}) / sizeof(struct ros_field))

ROS_DEFINE_AUTO_PTR(ros_log)

#endif
