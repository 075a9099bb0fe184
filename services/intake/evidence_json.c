/* jansson's *_set_new() take the new value even when they fail, so one flag at the end is enough: nothing leaks. */
#include "services/intake/evidence_json.h"

#include <math.h>

static json_t *number_json(double number)
{
    if (!isfinite(number))
        return json_null();
    if (number == floor(number) && fabs(number) < 1e15)
        return json_integer((json_int_t) number);
    return json_real(number);
}

static bool put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static bool put_known(json_t *object, const char *key, double number)
{
    return isnan(number) || put(object, key, number_json(number));
}

static json_t *value_json(const struct ros_metric_value *value)
{
    json_t *object = json_object();
    bool fine = put(object, "mean", number_json(value->mean)) && put_known(object, "min", value->min) &&
                put_known(object, "max", value->max) && put_known(object, "last", value->last) &&
                put_known(object, "p50", ros_metric_quantile(value, 0.50)) &&
                put_known(object, "p95", ros_metric_quantile(value, 0.95)) &&
                put_known(object, "covered_s", value->covered_s) && put(object, "unit", json_string(value->unit));
    if (fine && value->samples > 0)
        fine = put(object, "samples", json_integer((json_int_t) value->samples));
    if (fine)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *metric_json(const struct ros_metric *metric)
{
    if (metric->value_count == 1 && metric->values[0].instance == NULL)
        return value_json(&metric->values[0]);
    json_t *object = json_object();
    for (size_t i = 0; i < metric->value_count; i++) {
        const char *instance = metric->values[i].instance;
        if (!put(object, instance != NULL ? instance : "", value_json(&metric->values[i]))) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *fact_json(const struct ros_fact *fact)
{
    if (fact->kind == ROS_FACT_TEXT)
        return json_string(fact->text);
    return fact->kind == ROS_FACT_NUM ? number_json(fact->number) : json_boolean(fact->truth);
}

json_t *ros_evidence_json(const struct ros_evidence *evidence)
{
    static const char *const sources[] = {"no_pcp", "pcp_text", "pcp_raw"};
    json_t *root = json_object();
    json_t *metrics = json_object();
    json_t *facts = json_object();
    bool fine = put(root, "source", json_string(sources[evidence->source])) &&
                json_object_set(root, "metrics", metrics) == 0 && json_object_set(root, "facts", facts) == 0;
    for (size_t i = 0; fine && i < evidence->metric_count; i++)
        fine = put(metrics, evidence->metrics[i].name, metric_json(&evidence->metrics[i]));
    for (size_t i = 0; fine && i < evidence->fact_count; i++)
        fine = put(facts, evidence->facts[i].name, fact_json(&evidence->facts[i]));
    json_decref(metrics);
    json_decref(facts);
    if (fine)
        return root;
    json_decref(root);
    return NULL;
}
