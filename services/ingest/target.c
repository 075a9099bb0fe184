/*
 * One loop for both targets. Any failure ends in the same place, a new broker object and the last stored positions, so
 * there is one way to recover and it is used often enough to be trusted.
 */
#include "services/ingest/target.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "interp/base/clock.h"
#include "services/common/config.h"

enum { BACKOFF_MIN_MS = 200, BACKOFF_MAX_MS = 3000, LAG_EVERY_US = 2000000 };

enum ros_code ros__target_configure(struct ros__target *target, const struct ros_ingest *ingest, enum ros__stage stage,
                                    struct ros_error *reterr)
{
    const struct ros_config *config = ingest->config;
    bool scoring = stage == ROS__SCORING;
    target->observe = (struct ros__observe){.ingest = ingest, .stage = stage};
    char host[128] = "localhost";
    if (gethostname(host, sizeof host) != 0)
        memcpy(host, "localhost", sizeof "localhost");
    host[sizeof host - 1] = '\0';
    const char *instance = config->kafka_instance_id;
    snprintf(target->instance, sizeof target->instance, "%.128s", instance != NULL && instance[0] ? instance : host);
    const char *group = scoring ? config->group_scoring : config->group_reports;
    snprintf(target->transactional_id, sizeof target->transactional_id, "%.150s-%.150s", group, target->instance);
    ros_buf_init(&target->bootstrap, NULL, 0);
    if (ros_config_brokers(config, &target->bootstrap) != ROS_OK)
        return ros_error_code(reterr, ROS_E_OOM);
    target->kafka =
        (struct ros_kafka_config){.bootstrap = ros_buf_text(&target->bootstrap),
                                  .topic = scoring ? config->inventory_events_topic : config->ros_events_topic,
                                  .group = group,
                                  .instance_id = target->instance,
                                  .transactional_id = scoring ? target->transactional_id : NULL,
                                  .security_protocol = config->kafka_security_protocol,
                                  .sasl_mechanism = config->kafka_sasl_mechanism,
                                  .sasl_username = config->kafka_sasl_username,
                                  .sasl_password = config->kafka_sasl_password,
                                  .ca_path = config->kafka_ca_path,
                                  .log = ros__observe_kafka,
                                  .log_context = &target->observe};
    return ROS_OK;
}

static void sleep_ms(const struct ros__target *target, unsigned ms)
{
    const struct timespec slice = {.tv_nsec = 50 * 1000000};
    for (unsigned slept_ms = 0; slept_ms < ms && !atomic_load(&target->stop); slept_ms += 50)
        (void) nanosleep(&slice, NULL);
}

/* Steps until a failure or the stop. True when at least one step went well. */
static bool serve(struct ros__target *target, struct ros_broker *broker, struct ros_error *reterr)
{
    const struct ros_clock *clock = ros_clock_system();
    int64_t lag_after_us = 0;
    bool went_well = false;
    while (!atomic_load(&target->stop)) {
        if (target->calls.step(target->calls.context, broker, reterr) != ROS_OK)
            return went_well;
        went_well = true;
        bool reachable = broker->reachable(broker);
        ros__observe_ready(&target->observe, reachable, reachable ? "" : "no Kafka broker answers");
        if (ros_clock_mono_us(clock) >= lag_after_us) {
            ros__observe_lag(&target->observe, broker->lag(broker));
            lag_after_us = ros_clock_mono_us(clock) + LAG_EVERY_US;
        }
    }
    return went_well;
}

static void *run(void *context)
{
    struct ros__target *target = context;
    unsigned backoff_ms = BACKOFF_MIN_MS;
    while (!atomic_load(&target->stop)) {
        struct ros_error error = ROS_ERROR_INIT;
        struct ros_broker *broker = NULL;
        bool went_well = false;
        if (ros_kafka_open(&target->kafka, &target->calls.listener, NULL, &broker, &error) == ROS_OK) {
            went_well = serve(target, broker, &error);
            target->calls.forget(target->calls.context, broker);
            broker->free(broker);
        }
        if (error.code == ROS_OK)
            continue;
        ros__observe_ready(&target->observe, false, error.text);
        ros__observe_trouble(&target->observe, "restart", &error);
        backoff_ms = went_well ? BACKOFF_MIN_MS : backoff_ms;
        sleep_ms(target, backoff_ms);
        backoff_ms = backoff_ms * 2 < BACKOFF_MAX_MS ? backoff_ms * 2 : BACKOFF_MAX_MS;
    }
    ros__observe_ready(&target->observe, false, "stopped");
    return NULL;
}

enum ros_code ros__target_start(struct ros__target *target, const struct ros__target_calls *calls,
                                struct ros_error *reterr)
{
    target->calls = *calls;
    atomic_store(&target->stop, false);
    ros__observe_ready(&target->observe, false, "connecting to Kafka");
    int error = pthread_create(&target->thread, NULL, run, target);
    if (error != 0)
        return ros_error_set(reterr, ROS_E_INTERNAL, "no thread for %s: %s", ros__stage_name(target->observe.stage),
                             strerror(error));
    target->is_running = true;
    return ROS_OK;
}

void ros__target_stop(struct ros__target *target)
{
    if (target->is_running) {
        atomic_store(&target->stop, true);
        (void) pthread_join(target->thread, NULL);
        target->is_running = false;
    }
    ros_buf_done(&target->bootstrap);
}
