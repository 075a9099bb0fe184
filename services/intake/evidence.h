/*
 * evidence.h - what one upload says about one host: metric summaries and facts, free of the format they came in.
 *
 * Everything is named as the rules name it (metrics by PCP name, facts by path: "host.cloud", "host.rhel.major"), so
 * that a rule that asks for something new needs no change here. Absent means absent: there are no magic values.
 *
 * Lifetime: an evidence owns an arena; all pointers are borrowed from it. ros_evidence_init() ... ros_evidence_done().
 * Stored form: ros_evidence_encode(), versioned, little-endian, checked when it is read back (it comes from a cache).
 */
#ifndef ROS_INTAKE_EVIDENCE_H
#define ROS_INTAKE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interp/base/arena.h"
#include "interp/base/buf.h"

struct ros_histogram; /* histogram.h */

enum ros_evidence_source {
    ROS_EVIDENCE_NO_PCP = 0,   /* facts only */
    ROS_EVIDENCE_PCP_TEXT = 1, /* the client's own pmlogsummary text */
    ROS_EVIDENCE_PCP_RAW = 2   /* summarised by us from the raw archive */
};

/* One value of a metric over the measured time. Statistics that the source does not give are NaN; samples then 0. */
struct ros_metric_value {
    const char *instance; /* "sda"; NULL for a metric without instances */
    const char *unit;     /* as the source prints it: "Kbyte", "count / sec", "none" */
    double mean;          /* NaN: present, and not a number ("-") */
    double min;
    double max;
    double last;
    uint64_t samples;
    double covered_s;
    const struct ros_histogram *histogram; /* how long it had which values; NULL: the source does not tell */
};

/* A quantile of a value over time, inside its min and max where they are known; NaN without a histogram. */
double ros_metric_quantile(const struct ros_metric_value *value, double share);

struct ros_metric {
    const char *name;                      /* "disk.dev.total" */
    const struct ros_metric_value *values; /* in the order of the source */
    size_t value_count;
};

enum ros_fact_kind { ROS_FACT_NUM, ROS_FACT_TEXT, ROS_FACT_BOOL };
struct ros_fact {
    const char *name; /* "host.instance_type" */
    enum ros_fact_kind kind;
    double number;
    const char *text;
    bool truth;
};

/*
 * Facts that intake finds: host.cloud, host.region, host.instance_type, host.arch, host.kernel (texts),
 * host.rhel.major, host.rhel.minor, host.cpus (numbers), host.psi_enabled (bool), host.system_id (the machine id,
 * text).
 */
struct ros_evidence {
    struct ros_arena arena;
    enum ros_evidence_source source;
    const struct ros_metric *metrics;
    size_t metric_count;
    const struct ros_fact *facts;
    size_t fact_count;
};

void ros_evidence_init(struct ros_evidence *evidence, const struct ros_alloc *alloc);
void ros_evidence_done(struct ros_evidence *evidence);

/* NULL when absent. A fact is unique by name, a metric too. */
const struct ros_metric *ros_evidence_metric(const struct ros_evidence *evidence, const char *name);
const struct ros_metric_value *ros_metric_find(const struct ros_metric *metric, const char *instance);
const struct ros_fact *ros_evidence_fact(const struct ros_evidence *evidence, const char *name);
/* NULL when absent or not a text. */
const char *ros_evidence_text(const struct ros_evidence *evidence, const char *name);

/* Appends the stored form. ROS_E_OOM, ROS_E_LIMIT. */
enum ros_code ros_evidence_encode(const struct ros_evidence *evidence, struct ros_buf *out) ROS_MUST_CHECK;
/* Reads it back into an initialised, empty evidence. ROS_E_DATA when the bytes are not one whole valid record. */
enum ros_code ros_evidence_decode(const void *data, size_t len, struct ros_evidence *ret,
                                  struct ros_error *reterr) ROS_MUST_CHECK;

ROS_DEFINE_AUTO(ros_evidence)

#endif
