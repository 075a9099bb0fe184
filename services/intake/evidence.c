/* Linear searches: a program asks for a dozen names among a dozen, and the lists keep the order of the source. */
#include "services/intake/evidence.h"

#include <math.h>
#include <string.h>

#include "services/intake/histogram.h"

#define ARENA_BYTES_MAX ((size_t) 64 << 20)

void ros_evidence_init(struct ros_evidence *evidence, const struct ros_alloc *alloc)
{
    memset(evidence, 0, sizeof(*evidence));
    ros_arena_init(&evidence->arena, alloc, ARENA_BYTES_MAX);
}

void ros_evidence_done(struct ros_evidence *evidence)
{
    if (evidence == NULL)
        return;
    const struct ros_alloc *alloc = evidence->arena.alloc;
    ros_arena_done(&evidence->arena);
    ros_evidence_init(evidence, alloc);
}

const struct ros_metric *ros_evidence_metric(const struct ros_evidence *evidence, const char *name)
{
    for (size_t i = 0; i < evidence->metric_count; i++) {
        if (strcmp(evidence->metrics[i].name, name) == 0)
            return &evidence->metrics[i];
    }
    return NULL;
}

const struct ros_metric_value *ros_metric_find(const struct ros_metric *metric, const char *instance)
{
    for (size_t i = 0; metric != NULL && i < metric->value_count; i++) {
        const char *have = metric->values[i].instance;
        bool same = have == NULL || instance == NULL ? have == instance : strcmp(have, instance) == 0;
        if (same)
            return &metric->values[i];
    }
    return NULL;
}

double ros_metric_quantile(const struct ros_metric_value *value, double share)
{
    double quantile = value->histogram != NULL ? ros_histogram_quantile(value->histogram, share) : NAN;
    if (quantile > value->max) /* a bin reaches further than what is in it; a comparison with NaN does not hold */
        quantile = value->max;
    return quantile < value->min ? value->min : quantile;
}

const struct ros_fact *ros_evidence_fact(const struct ros_evidence *evidence, const char *name)
{
    for (size_t i = 0; i < evidence->fact_count; i++) {
        if (strcmp(evidence->facts[i].name, name) == 0)
            return &evidence->facts[i];
    }
    return NULL;
}

const char *ros_evidence_text(const struct ros_evidence *evidence, const char *name)
{
    const struct ros_fact *fact = ros_evidence_fact(evidence, name);
    return fact != NULL && fact->kind == ROS_FACT_TEXT ? fact->text : NULL;
}
