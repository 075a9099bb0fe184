/*
 * One message gives one log line and one step of one counter, whatever became of it; so the counters of a stage add up
 * to the messages that it read.
 */
#include "services/ingest/observe.h"

#include <string.h>

#include "services/common/health.h"
#include "services/common/log.h"
#include "services/common/metrics.h"

enum { SYSLOG_ERROR = 3, SYSLOG_WARNING = 4 };

const char *ros__stage_name(enum ros__stage stage)
{
    return stage == ROS__SCORING ? "scoring" : "reports";
}

static const char *reporter(enum ros__stage stage)
{
    return stage == ROS__SCORING ? "SUGGESTIONS ENGINE" : "REPORT PROCESSOR";
}

/* What the download and the intake did, told by the code that ended the message. */
static void count_upload(struct ros_metrics *metrics, const struct ros__outcome *outcome)
{
    bool fetched = strcmp(outcome->outcome, "scored") == 0 || strcmp(outcome->outcome, "no_pcp") == 0;
    switch (outcome->reason.code) {
    case ROS_E_DOWNLOAD:
    case ROS_E_DOWNLOAD_GONE:
    case ROS_E_DOWNLOAD_DENIED:
        ros_metrics_count(metrics, ROS_METRIC_NOT_DOWNLOADED, NULL, NULL);
        return;
    case ROS_E_ARCHIVE_FORMAT:
    case ROS_E_ARCHIVE_DAMAGED:
    case ROS_E_ARCHIVE_LIMIT:
    case ROS_E_ARCHIVE_ROOT:
    case ROS_E_PCP_RAW:
        ros_metrics_count(metrics, ROS_METRIC_INTAKE_REFUSED, ros_code_name(outcome->reason.code), NULL);
        fetched = true;
        break;
    default:
        break;
    }
    if (fetched)
        ros_metrics_count(metrics, ROS_METRIC_DOWNLOADED, NULL, NULL);
    if (strcmp(outcome->outcome, "scored") == 0)
        ros_metrics_count(metrics, ROS_METRIC_VERDICTS, outcome->rule != NULL ? outcome->rule : "none", NULL);
}

void ros__observe_outcome(const struct ros__observe *observe, const struct ros__outcome *outcome)
{
    struct ros_metrics *metrics = observe->ingest->metrics;
    const char *stage = ros__stage_name(observe->stage);
    bool is_dead = strncmp(outcome->outcome, "dead", 4) == 0;
    bool is_ignored = strncmp(outcome->outcome, "ignored", 7) == 0;
    ros_metrics_count(metrics, ROS_METRIC_INGEST_MESSAGES, stage, outcome->outcome);
    ros_metrics_observe(metrics, ROS_METRIC_INGEST_SECONDS, stage, NULL, outcome->duration_s);
    if (is_dead)
        ros_metrics_count(metrics, ROS_METRIC_INGEST_DEAD, stage, ros_code_name(outcome->reason.code));
    if (!is_ignored)
        ros_metrics_count(metrics, is_dead ? ROS_METRIC_REQUESTS_FAILURES : ROS_METRIC_REQUESTS_SUCCESS,
                          reporter(observe->stage), NULL);
    if (observe->stage == ROS__SCORING)
        count_upload(metrics, outcome);
    enum ros_log_level level = is_dead ? ROS_LOG_WARNING : is_ignored ? ROS_LOG_DEBUG : ROS_LOG_INFO;
    ROS_LOG(observe->ingest->log, level, outcome->outcome,
            outcome->reason.text[0] != '\0' ? outcome->reason.text : "message done", ros_field_text("stage", stage),
            ros_field_text("org_id", outcome->org_id), ros_field_text("system_id", outcome->host_id),
            ros_field_text("request_id", outcome->request_id), ros_field_text("rule", outcome->rule),
            ros_field_code(outcome->reason.code), ros_field_text("topic", outcome->message->topic),
            ros_field_int("partition", outcome->message->partition), ros_field_int("offset", outcome->message->offset),
            ros_field_real("duration_s", outcome->duration_s));
}

void ros__observe_batch(const struct ros__observe *observe, size_t messages, double duration_s)
{
    struct ros_metrics *metrics = observe->ingest->metrics;
    const char *stage = ros__stage_name(observe->stage);
    ros_metrics_count(metrics, ROS_METRIC_BATCHES, stage, NULL);
    ros_metrics_add(metrics, ROS_METRIC_BATCH_MESSAGES, stage, NULL, (double) messages);
    ros_metrics_observe(metrics, ROS_METRIC_BATCH_SECONDS, stage, NULL, duration_s);
}

void ros__observe_lag(const struct ros__observe *observe, int64_t messages)
{
    if (messages >= 0)
        ros_metrics_set(observe->ingest->metrics, ROS_METRIC_LAG, ros__stage_name(observe->stage), NULL,
                        (double) messages);
}

void ros__observe_start(const struct ros__observe *observe, const struct ros_broker_position *position,
                        enum ros_broker_start start)
{
    static const char *const names[] = {
        [ROS_START_CONTINUES] = "continues", [ROS_START_NEW] = "new",
        [ROS_START_AHEAD] = "ahead",         [ROS_START_BEHIND] = "behind",
        [ROS_START_RECREATED] = "recreated",
    };
    const char *stage = ros__stage_name(observe->stage);
    ros_metrics_count(observe->ingest->metrics, ROS_METRIC_STARTS, stage, names[start]);
    enum ros_log_level level = start == ROS_START_CONTINUES ? ROS_LOG_INFO : ROS_LOG_WARNING;
    ROS_LOG(observe->ingest->log, level, "partition_start", ros_broker_start_text(start),
            ros_field_text("stage", stage), ros_field_text("topic", position->topic),
            ros_field_int("partition", position->partition), ros_field_int("stored", position->committed),
            ros_field_int("low", position->low), ros_field_int("high", position->high),
            ros_field_int("next", position->next));
}

void ros__observe_trouble(const struct ros__observe *observe, const char *event, const struct ros_error *error)
{
    const char *stage = ros__stage_name(observe->stage);
    ros_metrics_count(observe->ingest->metrics, ROS_METRIC_RESTARTS, stage, ros_code_name(error->code));
    if (strcmp(event, "restart") == 0)
        ros_metrics_count(observe->ingest->metrics, ROS_METRIC_KAFKA_FAILURES, reporter(observe->stage), NULL);
    ROS_LOG(observe->ingest->log, ROS_LOG_WARNING, event, error->text, ros_field_text("stage", stage),
            ros_field_code(error->code));
}

void ros__observe_ready(const struct ros__observe *observe, bool ready, const char *text)
{
    enum ros_health_part part = observe->stage == ROS__SCORING ? ROS_HEALTH_KAFKA_SCORING : ROS_HEALTH_KAFKA_REPORTS;
    ros_health_set(observe->ingest->health, part, ready, text);
}

void ros__observe_kafka(void *context, int syslog_level, const char *text)
{
    const struct ros__observe *observe = context;
    enum ros_log_level level = syslog_level <= SYSLOG_ERROR     ? ROS_LOG_WARNING // it recovers by itself
                               : syslog_level == SYSLOG_WARNING ? ROS_LOG_INFO
                                                                : ROS_LOG_DEBUG;
    ROS_LOG(observe->ingest->log, level, "kafka", text, ros_field_text("stage", ros__stage_name(observe->stage)));
}
