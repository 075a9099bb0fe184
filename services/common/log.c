/* A line is built whole and written once, so that lines of several threads never mix. */
#include "services/common/log.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "interp/base/buf.h"
#include "services/common/json.h"

struct ros_log {
    struct ros_log_config config;
    _Atomic enum ros_log_level level;
};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

static void write_stderr(void *context, const char *line, size_t len)
{
    (void) context;
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, line, len);
        if (n <= 0)
            return; /* nobody reads: there is no better place to say so */
        line += n;
        len -= (size_t) n;
    }
}

enum ros_code ros_log_new(const struct ros_log_config *config, struct ros_log **ret, struct ros_error *reterr)
{
    struct ros_log *log = ros_alloc_zero(NULL, sizeof *log);
    if (log == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    log->config = *config;
    if (log->config.sink == NULL)
        log->config.sink = write_stderr;
    if (log->config.clock == NULL)
        log->config.clock = ros_clock_system();
    atomic_store(&log->level, config->level);
    *ret = log;
    return ROS_OK;
}

void ros_log_free(struct ros_log *log)
{
    if (log != NULL)
        ros_alloc_put(NULL, log, sizeof *log);
}

void ros_log_set_level(struct ros_log *log, enum ros_log_level level)
{
    if (log != NULL)
        atomic_store(&log->level, level);
}

bool ros_log_level_parse(const char *text, enum ros_log_level *ret)
{
    for (size_t i = 0; i < ROS_COUNT(level_names); i++)
        if (strcmp(text, level_names[i]) == 0) {
            *ret = (enum ros_log_level) i;
            return true;
        }
    return false;
}

static bool is_plain(const char *text, size_t len)
{
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char) text[i];
        if (c <= ' ' || c >= 0x7F || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return true;
}

static void add_text(struct ros_buf *line, bool json, const char *text)
{
    size_t len = strnlen(text, ROS_LOG_TEXT_BYTES);
    if (!json && is_plain(text, len))
        ros_buf_add(line, text, len);
    else
        ros_json_add_text(line, text, len);
}

static void add_name(struct ros_buf *line, bool json, const char *name)
{
    if (json)
        ros_buf_printf(line, "%s\"%s\": ", line->len > 1 ? ", " : "", name);
    else
        ros_buf_printf(line, "%s%s=", line->len > 0 ? " " : "", name);
}

static void add_field(struct ros_buf *line, bool json, const struct ros_field *field)
{
    if (field->kind == ROS_FIELD_NONE)
        return;
    add_name(line, json, field->name);
    if (field->kind == ROS_FIELD_TEXT)
        add_text(line, json, field->text);
    else if (field->kind == ROS_FIELD_INT)
        ros_buf_printf(line, "%lld", (long long) field->integer);
    else if (field->real - field->real == 0)
        ros_buf_double(line, field->real);
    else
        ros_buf_puts(line, json ? "null" : "nan");
}

void ros_log_write(struct ros_log *log, enum ros_log_level level, const char *event, const char *message,
                   const struct ros_field *fields, size_t count)
{
    if (log == NULL || level < atomic_load(&log->level))
        return;
    char now[ROS_TIME_TEXT_SIZE];
    ros_time_format(ros_clock_wall_us(log->config.clock), now);
    bool json = log->config.json;
    const struct ros_field head[] = {ros_field_text("ts", now), ros_field_text("level", level_names[level]),
                                     ros_field_text("svc", log->config.service), ros_field_text("event", event),
                                     ros_field_text("msg", message)};
    ros_auto(ros_buf) struct ros_buf line = ROS_BUF_INIT;
    if (json)
        ros_buf_addc(&line, '{');
    for (size_t i = 0; i < ROS_COUNT(head); i++)
        add_field(&line, json, &head[i]);
    for (size_t i = 0; i < count; i++)
        add_field(&line, json, &fields[i]);
    ros_buf_puts(&line, json ? "}\n" : "\n");
    if (ros_buf_code(&line) == ROS_OK)
        log->config.sink(log->config.context, line.data, line.len);
}

void ros_log_error(struct ros_log *log, const char *event, const struct ros_error *error)
{
    ROS_LOG(log, ROS_LOG_ERROR, event, error->text, ros_field_code(error->code));
}
