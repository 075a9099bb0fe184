/*
 * score.h - evidence x program -> outcome. The one place that scores: used by ingest, the API and the command line.
 *
 * A scorer binds what a program wants (its inputs) to what an evidence holds, by name, and runs it. It belongs to one
 * thread, holds a reference to its program, and is reused for every host: a score allocates only when a host has more
 * of something (texts of its own, instances, offers) than any before.
 *
 * The contract with a rule set is by names, checked once by ros_scorer_new():
 *   reports   cpu_utilization, mem_utilization (shares), io_utilization (one value a device), psi_enabled (bool),
 *             price (of the host's own type, USD/h)
 *   offers    fields `type` (text) and `cost` (USD/h)
 * and, where the rule set has it, the report send_event (bool): unless it is true no message leaves for the host.
 *
 * Lifetime: every pointer of an outcome is borrowed from the scorer until its next run (metric and fact texts: from the
 *           evidence).
 * Errors:   ROS_E_RULES when the program lacks a name of the contract; ROS_E_OOM, ROS_E_LIMIT.
 */
#ifndef ROS_SCORE_SCORE_H
#define ROS_SCORE_SCORE_H

#include "interp/ros.h"
#include "services/intake/evidence.h"

struct ros_scorer;

struct ros_offer {
    const char *type;
    double price; /* USD an hour; NaN: unknown */
};

/* A rule that fired, of a rule set with `decide every`. */
struct ros_fired {
    const char *rule;
    const struct ros_offer *offers;
    size_t offer_count;
    bool withheld;
    enum ros_reason withheld_reason;
    const char *withheld_text; /* NULL when not withheld */
};

struct ros_outcome {
    const struct ros_evidence *evidence;
    const struct ros_program *program;
    struct ros_verdict verdict;
    const char *rule;       /* "INSTANCE_IDLE"; NULL: none fired */
    uint32_t reasons;       /* the verdict's, and those that scoring adds: NO_PCP, PARTIAL_METRICS */
    double cpu_utilization; /* share; NaN: unknown */
    double mem_utilization;
    double price;                   /* of the host's own type, USD an hour; NaN: unknown */
    enum ros_tri psi_enabled;       /* UNKNOWN: not in the evidence */
    bool event_due;                 /* the rule set's send_event; true when it has none */
    const struct ros_offer *offers; /* best first */
    size_t offer_count;
    const struct ros_fired *fired; /* with `decide every`: the rules that fired, in their order; else none */
    size_t fired_count;
};

enum ros_code ros_scorer_new(struct ros_program *program, const struct ros_alloc *alloc, struct ros_scorer **ret,
                             struct ros_error *reterr) ROS_MUST_CHECK;
void ros_scorer_free(struct ros_scorer *scorer);

/* The program this scorer runs; borrowed. */
struct ros_program *ros_scorer_program(const struct ros_scorer *scorer);

/* What an evidence says, in the words of a program: for those who run the program themselves. ROS_E_OOM, ROS_E_LIMIT.
 */
enum ros_code ros_score_bind(struct ros_facts *facts, struct ros_program *program, const struct ros_evidence *evidence,
                             struct ros_error *reterr) ROS_MUST_CHECK;

/* From the next run on: with the params of this organisation. NULL: the defaults. */
void ros_scorer_set_org(struct ros_scorer *scorer, const char *org);

/* Scores. The evidence must live as long as the outcome is read. */
enum ros_code ros_scorer_run(struct ros_scorer *scorer, const struct ros_evidence *evidence, struct ros_outcome *ret,
                             struct ros_error *reterr) ROS_MUST_CHECK;

/* Renders a text of the rule that fired, after a run. ROS_E_NOT_FOUND when none fired or it has no such text. */
enum ros_code ros_scorer_render(const struct ros_scorer *scorer, const struct ros_outcome *outcome, const char *field,
                                struct ros_buf *out);

/* The same for the rule of outcome->fired[index]. */
enum ros_code ros_scorer_render_fired(const struct ros_scorer *scorer, const struct ros_outcome *outcome, size_t index,
                                      const char *field, struct ros_buf *out);

/* "8.4", "8", or false when the release is unknown. */
bool ros_evidence_rhel(const struct ros_evidence *evidence, char text[32]);

/*
 * The five texts of one rule as rows of the table `rules`: placeholders {system.instance_type}, {system.region} stand
 * where a host's values go. Called once a rule; a failing code from the callback ends the walk and is returned.
 */
struct ros_rule_row {
    const char *rule_id; /* "ros_instance_evaluation|INSTANCE_IDLE" */
    const char *description;
    const char *reason;
    const char *resolution;
    const char *condition;
};
typedef enum ros_code ros_rule_row_call(void *context, const struct ros_rule_row *row, struct ros_error *reterr);
enum ros_code ros_score_rule_rows(struct ros_program *program, const struct ros_alloc *alloc, ros_rule_row_call *call,
                                  void *context, struct ros_error *reterr) ROS_MUST_CHECK;

ROS_DEFINE_AUTO_PTR(ros_scorer)

#endif
