/*
 * scoring_item.h - one message of a batch: from its decision to the record that leaves. Of this room only.
 */
#ifndef ROS_INGEST_SCORING_ITEM_H
#define ROS_INGEST_SCORING_ITEM_H

#include "services/ingest/scoring_worker.h"
#include "services/score/rules.h"
#include "services/score/score.h"

struct ros__item {
    struct ros_broker_message message; /* held until the batch is sent */
    bool revoked;                      /* its partition went: leave no trace */
    /* What came of it; in the batch's arena, or in the message. */
    const char *outcome;
    const char *org_id; /* NULL: not known */
    const char *host_id;
    const char *request_id;
    const char *rule;        /* that fired; NULL: none */
    struct ros_error reason; /* code ROS_OK: an event, or ignored without more to say */
    double duration_s;
    bool has_record;
    struct ros_broker_record record;
    const void *evidence;
    size_t evidence_size; /* 0: none */
};

struct ros__evaluator {
    const struct ros__scoring_config *config;
    struct ros_rules *rules;
    struct ros_downloader *downloader;
    struct ros_arena *arena;
    ros_download_tick *tick;
    bool (*wait_ms)(void *context, unsigned ms); /* false: give up the message in hand */
    void *wait_context;                          /* of tick and wait_ms */
    struct ros_scorer *scorer;
    uint64_t generation;
};

void ros__evaluator_done(struct ros__evaluator *evaluator);

/*
 * Works one item out. too_large: its result did not fit into the topic, so it becomes a dead letter without a body.
 * Errors: ROS_E_CANCELLED (a stop or a revocation), ROS_E_OOM, ROS_E_RULES and ROS_E_UNAVAILABLE (there is no program
 * to score with): nothing is known about the message then. What is wrong with the message itself is its outcome.
 */
enum ros_code ros__item_work(struct ros__evaluator *evaluator, struct ros__item *item, bool too_large,
                             struct ros_error *reterr) ROS_MUST_CHECK;

/* Counts and logs the outcome, once it is stored. */
void ros__item_observe(const struct ros__observe *observe, const struct ros__item *item);

#endif
