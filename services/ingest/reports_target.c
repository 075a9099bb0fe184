/*
 * The reports target, put together: configuration, worker, thread.
 */
#include "services/common/config.h"
#include "services/ingest/ingest.h"
#include "services/ingest/reports_worker.h"
#include "services/ingest/target.h"

struct ros_reports_target {
    struct ros_ingest ingest;
    struct ros__target target;
    struct ros__reporting *reporting;
};

static enum ros_code step(void *context, struct ros_broker *broker, struct ros_error *reterr)
{
    return ros__reporting_step(context, broker, reterr);
}

static void forget(void *context, struct ros_broker *broker)
{
    ros__reporting_forget(context, broker);
}

static enum ros_code make_worker(struct ros_reports_target *target, struct ros_error *reterr)
{
    const struct ros_config *config = target->ingest.config;
    size_t rows = (size_t) config->reports_batch_rows;
    struct ros__reporting_config worker = {.dead_topic = config->dead_letters_topic,
                                           .group = config->group_reports,
                                           .batch_rows = rows < ROS_REPORT_BATCH_MAX ? rows : ROS_REPORT_BATCH_MAX,
                                           .batch_ms = (unsigned) config->reports_batch_ms,
                                           .clock = ros_clock_system(),
                                           .stop = &target->target.stop};
    return ros__reporting_new(&worker, &target->target.observe, &target->reporting, reterr);
}

enum ros_code ros_reports_start(const struct ros_ingest *ingest, struct ros_reports_target **ret,
                                struct ros_error *reterr)
{
    struct ros_reports_target *target = ros_alloc_zero(NULL, sizeof *target);
    if (target == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    target->ingest = *ingest;
    enum ros_code code = ros__target_configure(&target->target, &target->ingest, ROS__REPORTS, reterr);
    if (code == ROS_OK)
        code = make_worker(target, reterr);
    if (code == ROS_OK) {
        struct ros__target_calls calls = {.listener = ros__reporting_listener(target->reporting),
                                          .step = step,
                                          .forget = forget,
                                          .context = target->reporting};
        code = ros__target_start(&target->target, &calls, reterr);
    }
    if (code != ROS_OK) {
        ros_reports_stop(target);
        return code;
    }
    *ret = target;
    return ROS_OK;
}

void ros_reports_stop(struct ros_reports_target *target)
{
    if (target == NULL)
        return;
    ros__target_stop(&target->target);
    ros__reporting_free(target->reporting);
    ros_alloc_put(NULL, target, sizeof *target);
}
