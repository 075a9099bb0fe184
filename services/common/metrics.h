/*
 * metrics.h - counters, gauges and histograms, shown as Prometheus text.
 *
 * Every metric is a row of metrics.def; a series is made when its label values are first seen. label values are copied;
 * NULL where the row has no such label.
 *
 * Threads: safe. A NULL registry takes everything and shows nothing, so that a room can be tested without one.
 */
#ifndef ROS_COMMON_METRICS_H
#define ROS_COMMON_METRICS_H

#include "interp/base/buf.h"
#include "interp/base/error.h"

enum ros_metric_id {
#define ROS_METRIC(kind, id, name, label1, label2, help) ROS_METRIC_##id,
#include "services/common/metrics.def"
#undef ROS_METRIC
    ROS_METRIC_COUNT
};

#define ROS_METRICS_SERIES 200 /* label pairs of one metric */

struct ros_metrics;

enum ros_code ros_metrics_new(struct ros_metrics **ret, struct ros_error *reterr) ROS_MUST_CHECK;
void ros_metrics_free(struct ros_metrics *metrics);

/* Counters: adds value >= 0. */
void ros_metrics_add(struct ros_metrics *metrics, enum ros_metric_id id, const char *label1, const char *label2,
                     double value);
static inline void ros_metrics_count(struct ros_metrics *metrics, enum ros_metric_id id, const char *label1,
                                     const char *label2)
{
    ros_metrics_add(metrics, id, label1, label2, 1);
}
/* Gauges. */
void ros_metrics_set(struct ros_metrics *metrics, enum ros_metric_id id, const char *label1, const char *label2,
                     double value);
/* Histograms: one observation, in seconds. */
void ros_metrics_observe(struct ros_metrics *metrics, enum ros_metric_id id, const char *label1, const char *label2,
                         double seconds);

/* Appends the Prometheus text format, version 0.0.4. */
enum ros_code ros_metrics_write(struct ros_metrics *metrics, struct ros_buf *out) ROS_MUST_CHECK;

ROS_DEFINE_AUTO_PTR(ros_metrics)

#endif
