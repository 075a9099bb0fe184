/*
 * The scoring target, put together: configuration, downloader, worker, thread.
 */
#include "services/common/config.h"
#include "services/common/flags.h"
#include "services/ingest/ingest.h"
#include "services/ingest/scoring_worker.h"
#include "services/ingest/target.h"

enum { MESSAGE_MAX_BYTES = 4 << 20, REDIRECTS_MAX = 3, CONNECT_TIMEOUT_MS = 5000 };

struct ros_scoring_target {
    struct ros_ingest ingest;
    struct ros__target target;
    struct ros_downloader *downloader;
    struct ros__scoring *scoring;
};

static bool flag(void *context, const char *org_id)
{
    return ros_flags_on(context, "ros.v2", org_id);
}

static enum ros_code step(void *context, struct ros_broker *broker, struct ros_error *reterr)
{
    return ros__scoring_step(context, broker, reterr);
}

static void forget(void *context, struct ros_broker *broker)
{
    ros__scoring_forget(context, broker);
}

static enum ros_code make_downloader(struct ros_scoring_target *target, struct ros_error *reterr)
{
    const struct ros_config *config = target->ingest.config;
    struct ros_download_config download = {.timeout_ms = (unsigned) config->download_timeout_ms,
                                           .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                                           .max_bytes = (uint64_t) config->download_max_bytes,
                                           .max_redirects = REDIRECTS_MAX,
                                           .allow_private = config->download_allow_private,
                                           .allow_hosts = config->download_allow_hosts};
    return ros_downloader_new(&download, NULL, &target->downloader, reterr);
}

static enum ros_code make_worker(struct ros_scoring_target *target, struct ros_error *reterr)
{
    const struct ros_config *config = target->ingest.config;
    size_t batch = (size_t) config->scoring_batch_messages;
    struct ros__scoring_config worker = {.events_topic = config->ros_events_topic,
                                         .dead_topic = config->dead_letters_topic,
                                         .group = config->group_scoring,
                                         .batch_messages =
                                             batch < ROS__SCORING_BATCH_MAX ? batch : ROS__SCORING_BATCH_MAX,
                                         .batch_ms = (unsigned) config->scoring_batch_ms,
                                         .retries = (unsigned) config->download_retries,
                                         .retry_ms = (unsigned) config->download_retry_ms,
                                         .max_message_bytes = MESSAGE_MAX_BYTES,
                                         .flag = flag,
                                         .flag_context = target->ingest.flags,
                                         .clock = ros_clock_system(),
                                         .stop = &target->target.stop};
    ros_intake_limits_init(&worker.limits);
    worker.limits.compressed_bytes = (uint64_t) config->download_max_bytes;
    worker.limits.unpacked_bytes = (uint64_t) config->intake_unpacked_bytes;
    worker.limits.entries = (uint64_t) config->intake_entries;
    return ros__scoring_new(&worker, &target->target.observe, target->downloader, &target->scoring, reterr);
}

enum ros_code ros_scoring_start(const struct ros_ingest *ingest, struct ros_scoring_target **ret,
                                struct ros_error *reterr)
{
    struct ros_scoring_target *target = ros_alloc_zero(NULL, sizeof *target);
    if (target == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    target->ingest = *ingest;
    enum ros_code code = ros__target_configure(&target->target, &target->ingest, ROS__SCORING, reterr);
    if (code == ROS_OK)
        code = make_downloader(target, reterr);
    if (code == ROS_OK)
        code = make_worker(target, reterr);
    if (code == ROS_OK) {
        struct ros__target_calls calls = {.listener = ros__scoring_listener(target->scoring),
                                          .step = step,
                                          .forget = forget,
                                          .context = target->scoring};
        code = ros__target_start(&target->target, &calls, reterr);
    }
    if (code != ROS_OK) {
        ros_scoring_stop(target);
        return code;
    }
    *ret = target;
    return ROS_OK;
}

void ros_scoring_stop(struct ros_scoring_target *target)
{
    if (target == NULL)
        return;
    ros__target_stop(&target->target);
    ros__scoring_free(target->scoring);
    ros_downloader_free(target->downloader);
    ros_alloc_put(NULL, target, sizeof *target);
}
