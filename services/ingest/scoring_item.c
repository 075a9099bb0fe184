/*
 * The one place that says what every failure on the way of an upload means: wrong input is a dead letter with its code,
 * trouble of ours is an error that stops the batch and is tried again, and nothing is neither.
 */
#include "services/ingest/scoring_item.h"

#include <string.h>
#include <unistd.h>

#include "services/common/json.h"
#include "services/ingest/dead.h"
#include "services/score/event.h"

/* Below the broker's usual bound for a message (1 MiB), with room for key and headers. */
enum { EVENT_MAX_BYTES = 1000000, DEAD_MAX_BYTES = 1040000, BACKOFF_MAX_MS = 30000 };

void ros__evaluator_done(struct ros__evaluator *evaluator)
{
    ros_scorer_free(evaluator->scorer);
    evaluator->scorer = NULL;
}

static enum ros_code dead(struct ros__evaluator *evaluator, struct ros__item *item, const char *outcome,
                          const struct ros_error *reason)
{
    item->outcome = outcome;
    item->reason = *reason;
    ROS_TRY(ros_dead_letter(evaluator->arena, &item->message, evaluator->config->dead_topic,
                            ros__stage_name(ROS__SCORING), reason, &item->record));
    if (item->record.size > DEAD_MAX_BYTES)
        item->record.size = DEAD_MAX_BYTES;
    item->has_record = true;
    return ROS_OK;
}

/* Errors that say something about us and not about the message. */
static bool is_ours(enum ros_code code)
{
    return code == ROS_E_OOM || code == ROS_E_IO || code == ROS_E_RULES || code == ROS_E_CANCELLED ||
           code == ROS_E_UNAVAILABLE;
}

/* A scorer for the rules as they are now. */
static enum ros_code refresh_scorer(struct ros__evaluator *evaluator, struct ros_error *reterr)
{
    uint64_t generation = ros_rules_generation(evaluator->rules);
    if (evaluator->scorer != NULL && evaluator->generation == generation)
        return ROS_OK;
    struct ros_program *program = ros_rules_get(evaluator->rules);
    if (program == NULL)
        return ros_error_set(reterr, ROS_E_UNAVAILABLE, "no rules are loaded");
    struct ros_scorer *scorer = NULL;
    enum ros_code code = ros_scorer_new(program, evaluator->config->alloc, &scorer, reterr);
    ros_program_unref(program);
    ROS_TRY(code);
    ros_scorer_free(evaluator->scorer);
    evaluator->scorer = scorer;
    evaluator->generation = generation;
    return ROS_OK;
}

static enum ros_code keep_evidence(struct ros__evaluator *evaluator, struct ros__item *item,
                                   const struct ros_evidence *evidence)
{
    ros_auto(ros_buf) struct ros_buf bytes;
    ros_buf_init(&bytes, evaluator->config->alloc, 0);
    ROS_TRY(ros_evidence_encode(evidence, &bytes));
    item->evidence = ros_arena_copy(evaluator->arena, ros_buf_text(&bytes), bytes.len);
    item->evidence_size = item->evidence != NULL ? bytes.len : 0;
    return item->evidence != NULL ? ROS_OK : ros_arena_code(evaluator->arena);
}

/* "host:request", by which a reader can tell that two events are one. */
static enum ros_code add_upload_id(struct ros__evaluator *evaluator, struct ros__item *item)
{
    struct ros_broker_header *header = ros_arena_new(evaluator->arena, struct ros_broker_header);
    const char *value = ros_arena_printf(evaluator->arena, "%s:%s", item->host_id, item->request_id);
    if (header == NULL || value == NULL)
        return ros_arena_code(evaluator->arena);
    *header = (struct ros_broker_header){.name = "ros-upload-id", .value = value, .size = strlen(value)};
    item->record.headers = header;
    item->record.header_count = 1;
    return ROS_OK;
}

/* Takes the event. */
static enum ros_code put_event(struct ros__evaluator *evaluator, struct ros__item *item, json_t *event,
                               struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf text;
    ros_buf_init(&text, evaluator->config->alloc, 0);
    enum ros_code code = ros_json_dump(event, &text);
    json_decref(event);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    if (text.len > EVENT_MAX_BYTES)
        return ros_error_set(reterr, ROS_E_LIMIT, "the event would have %zu bytes, %d are allowed", text.len,
                             EVENT_MAX_BYTES);
    const char *copy = ros_arena_copy(evaluator->arena, ros_buf_text(&text), text.len);
    if (copy == NULL)
        return ros_error_code(reterr, ros_arena_code(evaluator->arena));
    item->record = (struct ros_broker_record){.topic = evaluator->config->events_topic,
                                              .key = item->host_id,
                                              .key_size = strlen(item->host_id),
                                              .data = copy,
                                              .size = text.len};
    ROS_TRY(add_upload_id(evaluator, item));
    item->has_record = true;
    return ROS_OK;
}

/* Downloads; trouble that may pass is tried again, a bounded number of times. */
static enum ros_code fetch(struct ros__evaluator *evaluator, const char *url, int *ret_fd, struct ros_error *reterr)
{
    uint64_t pause_ms = evaluator->config->retry_ms;
    for (unsigned tries = 0;; tries++) {
        enum ros_code code =
            ros_download(evaluator->downloader, url, evaluator->tick, evaluator->wait_context, ret_fd, reterr);
        if (code != ROS_E_DOWNLOAD || tries == evaluator->config->retries)
            return code;
        if (!evaluator->wait_ms(evaluator->wait_context, (unsigned) pause_ms))
            return ros_error_code(reterr, ROS_E_CANCELLED);
        pause_ms = pause_ms * 2 < BACKOFF_MAX_MS ? pause_ms * 2 : BACKOFF_MAX_MS;
    }
}

static enum ros_code read_upload(struct ros__evaluator *evaluator, const char *url, struct ros_evidence *evidence,
                                 struct ros_error *reterr)
{
    int fd = -1;
    ROS_TRY(fetch(evaluator, url, &fd, reterr));
    enum ros_code code = ros_intake_fd(fd, &evaluator->config->limits, evidence, reterr);
    (void) close(fd);
    return code;
}

static enum ros_code score_upload(struct ros__evaluator *evaluator, struct ros__item *item,
                                  const struct ros_decision *decision, struct ros_error *reterr)
{
    ros_auto(ros_evidence) struct ros_evidence evidence;
    ros_evidence_init(&evidence, evaluator->config->alloc);
    ROS_TRY(refresh_scorer(evaluator, reterr));
    ROS_TRY(read_upload(evaluator, decision->url, &evidence, reterr));
    bool has_pcp = decision->has_pcp && evidence.source != ROS_EVIDENCE_NO_PCP;
    struct ros_outcome outcome;
    ros_scorer_set_org(evaluator->scorer, decision->org_id);
    ROS_TRY(ros_scorer_run(evaluator->scorer, &evidence, &outcome, reterr));
    struct ros_event_input input = {.kind = has_pcp ? ROS_EVENT_PCP : ROS_EVENT_NO_PCP,
                                    .message = decision->message,
                                    .evidence = &evidence,
                                    .outcome = &outcome,
                                    .report_date_us = decision->report_date_us};
    json_t *event = NULL;
    ROS_TRY(ros_event_build(&input, &event, reterr));
    ROS_TRY(put_event(evaluator, item, event, reterr));
    item->outcome = has_pcp ? "scored" : "no_pcp";
    if (has_pcp && outcome.rule != NULL) // the program may be replaced before the batch is sent
        item->rule = ros_arena_copy(evaluator->arena, outcome.rule, strlen(outcome.rule));
    return keep_evidence(evaluator, item, &evidence);
}

static enum ros_code describe_host(struct ros__evaluator *evaluator, struct ros__item *item,
                                   const struct ros_decision *decision, struct ros_error *reterr)
{
    struct ros_event_input input = {
        .kind = ROS_EVENT_BASE, .message = decision->message, .report_date_us = decision->report_date_us};
    json_t *event = NULL;
    ROS_TRY(ros_event_build(&input, &event, reterr));
    item->outcome = "described";
    return put_event(evaluator, item, event, reterr);
}

/* The texts of a decision die with it; an item lives on until the batch is sent. */
static enum ros_code copy_names(struct ros__evaluator *evaluator, struct ros__item *item,
                                const struct ros_decision *decision)
{
    const char *const from[] = {decision->org_id, decision->host_id, decision->request_id};
    const char **const to[] = {&item->org_id, &item->host_id, &item->request_id};
    for (size_t i = 0; i < ROS_COUNT(from); i++)
        if (from[i] != NULL && (*to[i] = ros_arena_copy(evaluator->arena, from[i], strlen(from[i]))) == NULL)
            return ros_arena_code(evaluator->arena);
    return ROS_OK;
}

static enum ros_code act(struct ros__evaluator *evaluator, struct ros__item *item, const struct ros_decision *decision,
                         struct ros_error *reterr)
{
    switch (decision->kind) {
    case ROS_DECISION_IGNORE:
        item->outcome = decision->outcome;
        return ROS_OK;
    case ROS_DECISION_DEAD:
        return dead(evaluator, item, decision->outcome, &decision->reason);
    case ROS_DECISION_API:
        return describe_host(evaluator, item, decision, reterr);
    case ROS_DECISION_FETCH:
        break;
    }
    return score_upload(evaluator, item, decision, reterr);
}

static enum ros_code decide_and_act(struct ros__evaluator *evaluator, struct ros__item *item, bool too_large,
                                    struct ros_error *reterr)
{
    const struct ros__scoring_config *config = evaluator->config;
    ros_auto(ros_decision) struct ros_decision decision;
    ROS_TRY(
        ros_decide(&item->message, config->max_message_bytes, config->flag, config->flag_context, &decision, reterr));
    ROS_TRY(copy_names(evaluator, item, &decision));
    struct ros_error why = ROS_ERROR_INIT;
    if (too_large) {
        (void) ros_error_set(&why, ROS_E_LIMIT, "what came of it is larger than the topic allows");
        ROS_TRY(dead(evaluator, item, "dead_limit", &why));
        item->record.size = 0;
        return ROS_OK;
    }
    enum ros_code code = act(evaluator, item, &decision, &why);
    if (code == ROS_OK)
        return ROS_OK;
    if (is_ours(code))
        return ros_error_set(reterr, code, "%s", why.text);
    item->has_record = false;
    item->evidence_size = 0;
    if (code != ROS_E_UNSUPPORTED)
        return dead(evaluator, item, "dead_upload", &why);
    item->outcome = "ignored_unsupported"; // a host of another cloud or release: expected, and no event is due
    item->reason = why;
    return ROS_OK;
}

enum ros_code ros__item_work(struct ros__evaluator *evaluator, struct ros__item *item, bool too_large,
                             struct ros_error *reterr)
{
    const struct ros_clock *clock = evaluator->config->clock;
    int64_t start_us = ros_clock_mono_us(clock);
    enum ros_code code = decide_and_act(evaluator, item, too_large, reterr);
    item->duration_s = (double) (ros_clock_mono_us(clock) - start_us) / 1e6;
    return code;
}

void ros__item_observe(const struct ros__observe *observe, const struct ros__item *item)
{
    struct ros__outcome outcome = {.outcome = item->outcome,
                                   .org_id = item->org_id,
                                   .host_id = item->host_id,
                                   .request_id = item->request_id,
                                   .rule = item->rule,
                                   .reason = item->reason,
                                   .duration_s = item->duration_s,
                                   .message = &item->message};
    ros__observe_outcome(observe, &outcome);
}
