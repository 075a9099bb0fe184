/*
 * One lock around everything: a service counts some hundred thousand times a second at most, and an uncontended lock
 * costs twenty nanoseconds. Series are found by comparing their few label texts.
 */
#include "services/common/metrics.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

enum kind { COUNTER, GAUGE, HISTOGRAM };

static const struct row {
    enum kind kind;
    const char *name;
    const char *label1;
    const char *label2;
    const char *help;
} rows[] = {
#define ROS_METRIC(kind, id, name, label1, label2, help) {kind, name, label1, label2, help},
#include "services/common/metrics.def"
#undef ROS_METRIC
};

static const double bounds[] = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

#define LABEL_BYTES 64

struct series {
    struct series *next;
    char label1[LABEL_BYTES];
    char label2[LABEL_BYTES];
    double value; /* of a histogram: the sum */
    uint64_t buckets[ROS_COUNT(bounds) + 1];
};

struct ros_metrics {
    pthread_mutex_t lock;
    struct series *first[ROS_METRIC_COUNT];
    size_t counts[ROS_METRIC_COUNT];
};

enum ros_code ros_metrics_new(struct ros_metrics **ret, struct ros_error *reterr)
{
    struct ros_metrics *metrics = ros_alloc_zero(NULL, sizeof *metrics);
    if (metrics == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    pthread_mutex_init(&metrics->lock, NULL);
    *ret = metrics;
    return ROS_OK;
}

void ros_metrics_free(struct ros_metrics *metrics)
{
    if (metrics == NULL)
        return;
    for (size_t id = 0; id < ROS_METRIC_COUNT; id++)
        for (struct series *s = metrics->first[id]; s != NULL;) {
            struct series *next = s->next;
            ros_alloc_put(NULL, s, sizeof *s);
            s = next;
        }
    pthread_mutex_destroy(&metrics->lock);
    ros_alloc_put(NULL, metrics, sizeof *metrics);
}

static bool same(const char *stored, const char *asked)
{
    return strncmp(stored, asked, LABEL_BYTES - 1) == 0;
}

static void keep(char *stored, const char *text)
{
    size_t len = strnlen(text, LABEL_BYTES - 1);
    memcpy(stored, text, len);
    stored[len] = '\0';
}

/* The series of these labels; a full metric has one more, "other", for everything new. NULL when memory is short. */
static struct series *find(struct ros_metrics *metrics, enum ros_metric_id id, const char *label1, const char *label2)
{
    label1 = label1 != NULL ? label1 : "";
    label2 = label2 != NULL ? label2 : "";
    for (struct series *s = metrics->first[id]; s != NULL; s = s->next)
        if (same(s->label1, label1) && same(s->label2, label2))
            return s;
    if (metrics->counts[id] >= ROS_METRICS_SERIES && strcmp(label1, "other") != 0)
        return find(metrics, id, "other", rows[id].label2 != NULL ? "other" : "");
    struct series *s = ros_alloc_zero(NULL, sizeof *s);
    if (s == NULL)
        return NULL;
    keep(s->label1, label1);
    keep(s->label2, label2);
    s->next = metrics->first[id];
    metrics->first[id] = s;
    metrics->counts[id]++;
    return s;
}

void ros_metrics_add(struct ros_metrics *metrics, enum ros_metric_id id, const char *label1, const char *label2,
                     double value)
{
    if (metrics == NULL || rows[id].kind != COUNTER || !(value >= 0))
        return;
    pthread_mutex_lock(&metrics->lock);
    struct series *s = find(metrics, id, label1, label2);
    if (s != NULL)
        s->value += value;
    pthread_mutex_unlock(&metrics->lock);
}

void ros_metrics_set(struct ros_metrics *metrics, enum ros_metric_id id, const char *label1, const char *label2,
                     double value)
{
    if (metrics == NULL || rows[id].kind != GAUGE)
        return;
    pthread_mutex_lock(&metrics->lock);
    struct series *s = find(metrics, id, label1, label2);
    if (s != NULL)
        s->value = value;
    pthread_mutex_unlock(&metrics->lock);
}

void ros_metrics_observe(struct ros_metrics *metrics, enum ros_metric_id id, const char *label1, const char *label2,
                         double seconds)
{
    if (metrics == NULL || rows[id].kind != HISTOGRAM || !(seconds >= 0))
        return;
    size_t bucket = 0;
    while (bucket < ROS_COUNT(bounds) && seconds > bounds[bucket])
        bucket++;
    pthread_mutex_lock(&metrics->lock);
    struct series *s = find(metrics, id, label1, label2);
    if (s != NULL) {
        s->value += seconds;
        s->buckets[bucket]++;
    }
    pthread_mutex_unlock(&metrics->lock);
}

/* --- text --------------------------------------------------------------------------------------------------------- */

static void add_label(struct ros_buf *out, const char **separator, const char *name, const char *value)
{
    if (name == NULL)
        return;
    ros_buf_printf(out, "%s%s=\"", *separator, name);
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            ros_buf_puts(out, "\\n");
        else if (*value == '"' || *value == '\\')
            ros_buf_printf(out, "\\%c", *value);
        else
            ros_buf_addc(out, *value);
    }
    ros_buf_addc(out, '"');
    *separator = ",";
}

static void add_sample(struct ros_buf *out, const struct row *row, const struct series *s, const char *suffix,
                       const char *le, double value)
{
    const char *separator = "{";
    ros_buf_printf(out, "%s%s", row->name, suffix);
    add_label(out, &separator, row->label1, s->label1);
    add_label(out, &separator, row->label2, s->label2);
    add_label(out, &separator, le != NULL ? "le" : NULL, le != NULL ? le : "");
    ros_buf_printf(out, "%s ", *separator == ',' ? "}" : "");
    ros_buf_double(out, value);
    ros_buf_addc(out, '\n');
}

static void add_histogram(struct ros_buf *out, const struct row *row, const struct series *s)
{
    uint64_t total = 0;
    for (size_t i = 0; i < ROS_COUNT(bounds); i++) {
        total += s->buckets[i];
        ros_auto(ros_buf) struct ros_buf le = ROS_BUF_INIT;
        ros_buf_double(&le, bounds[i]);
        add_sample(out, row, s, "_bucket", ros_buf_text(&le), (double) total);
    }
    total += s->buckets[ROS_COUNT(bounds)];
    add_sample(out, row, s, "_bucket", "+Inf", (double) total);
    add_sample(out, row, s, "_sum", NULL, s->value);
    add_sample(out, row, s, "_count", NULL, (double) total);
}

enum ros_code ros_metrics_write(struct ros_metrics *metrics, struct ros_buf *out)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    if (metrics == NULL)
        return ROS_OK;
    pthread_mutex_lock(&metrics->lock);
    for (size_t id = 0; id < ROS_METRIC_COUNT; id++) {
        const struct row *row = &rows[id];
        ros_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name, kinds[row->kind]);
        for (const struct series *s = metrics->first[id]; s != NULL; s = s->next) {
            if (row->kind == HISTOGRAM)
                add_histogram(out, row, s);
            else
                add_sample(out, row, s, "", NULL, s->value);
        }
    }
    pthread_mutex_unlock(&metrics->lock);
    return ros_buf_code(out);
}
