/* The places that settings come from: a file of our own form, variables, and Clowder's JSON. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "services/common/config_internal.h"
#include "services/common/json.h"

#define LARGEST_FILE_BYTES ((size_t) 1 << 20)

enum ros_code ros__config_slurp(const char *path, size_t limit, struct ros_buf *out, struct ros_error *reterr)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return ros_error_set(reterr, ROS_E_CONFIG, "%s cannot be opened: %m", path);
    char chunk[4096];
    size_t n;
    enum ros_code code = ROS_OK;
    while (code == ROS_OK && (n = fread(chunk, 1, sizeof chunk, file)) > 0)
        code = out->len + n > limit ? ROS_E_LIMIT : ros_buf_add(out, chunk, n);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed)
        return ros_error_set(reterr, ROS_E_CONFIG, "%s cannot be read", path);
    if (code != ROS_OK)
        return ros_error_set(reterr, ROS_E_CONFIG, "%s: %s", path,
                             code == ROS_E_LIMIT ? "larger than 1 MiB" : ros_code_text(code));
    return ROS_OK;
}

/* --- file --------------------------------------------------------------------------------------------------------- */

static char *trim(char *text)
{
    while (isspace((unsigned char) *text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char) text[len - 1]))
        text[--len] = '\0';
    return text;
}

/* Takes the quotes off "value"; a comment may follow either form. False when a quote is not closed. */
static bool take_value(char *text, char **ret)
{
    text = trim(text);
    if (*text == '"') {
        char *end = strchr(text + 1, '"');
        if (end == NULL)
            return false;
        char *rest = trim(end + 1);
        *end = '\0';
        *ret = text + 1;
        return *rest == '\0' || *rest == '#';
    }
    char *comment = strstr(text, " #");
    if (comment != NULL)
        *comment = '\0';
    *ret = trim(text);
    return true;
}

static enum ros_code read_line(struct ros_config *config, char *line, struct ros_error *reterr)
{
    line = trim(line);
    if (*line == '\0' || *line == '#')
        return ROS_OK;
    char *equals = strchr(line, '=');
    char *value;
    if (equals == NULL)
        return ros_error_set(reterr, ROS_E_CONFIG, "not `key = value`");
    *equals = '\0';
    if (!take_value(equals + 1, &value))
        return ros_error_set(reterr, ROS_E_CONFIG, "a quote is not closed");
    enum ros_config_key key;
    ROS_TRY(ros_config_find(trim(line), &key, reterr));
    return ros_config_set(config, key, value, ROS_CONFIG_FILE, reterr);
}

enum ros_code ros_config_read_file(struct ros_config *config, const char *path, struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    ROS_TRY(ros__config_slurp(path, LARGEST_FILE_BYTES, &text, reterr));
    if (text.len == 0)
        return ROS_OK;
    if (memchr(text.data, '\0', text.len) != NULL)
        return ros_error_set(reterr, ROS_E_CONFIG, "%s is not a text file", path);
    unsigned number = 1;
    for (char *line = text.data; line != NULL; number++) {
        char *next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        enum ros_code code = read_line(config, line, reterr);
        if (code != ROS_OK)
            return ros_error_prefix(reterr, code, "%s:%u", path, number);
        line = next;
    }
    return ROS_OK;
}

/* --- environment -------------------------------------------------------------------------------------------------- */

static enum ros_code set_from_file(struct ros_config *config, enum ros_config_key key, const char *path,
                                   struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    ROS_TRY(ros__config_slurp(path, LARGEST_FILE_BYTES, &text, reterr));
    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.data[--text.len] = '\0';
    return ros_config_set(config, key, ros_buf_text(&text), ROS_CONFIG_ENVIRONMENT, reterr);
}

enum ros_code ros_config_read_environment(struct ros_config *config, ros_config_lookup *lookup, void *context,
                                          struct ros_error *reterr)
{
    for (size_t i = 0; i < ROS_CONFIG_KEY_COUNT; i++) {
        enum ros_config_key key = (enum ros_config_key) i;
        const struct ros__config_row *row = ros__config_row(key);
        char file_variable[64];
        snprintf(file_variable, sizeof file_variable, "%s_FILE", row->variable);
        const char *path = row->secret ? lookup(context, file_variable) : NULL;
        const char *text = lookup(context, row->variable);
        enum ros_code code = ROS_OK;
        if (text != NULL)
            code = ros_config_set(config, key, text, ROS_CONFIG_ENVIRONMENT, reterr);
        else if (path != NULL)
            code = set_from_file(config, key, path, reterr);
        if (code != ROS_OK)
            return ros_error_prefix(reterr, code, "%s", text != NULL ? row->variable : file_variable);
    }
    return ROS_OK;
}

/* --- Clowder ------------------------------------------------------------------------------------------------------ */

static enum ros_code set_json(struct ros_config *config, enum ros_config_key key, const json_t *value,
                              struct ros_error *reterr)
{
    if (json_is_string(value))
        return ros_config_set(config, key, json_string_value(value), ROS_CONFIG_CLOWDER, reterr);
    if (!json_is_integer(value))
        return ROS_OK;
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long) json_integer_value(value));
    return ros_config_set(config, key, text, ROS_CONFIG_CLOWDER, reterr);
}

struct clowder_field {
    const char *name;
    enum ros_config_key key;
};

static enum ros_code set_fields(struct ros_config *config, const json_t *object, const struct clowder_field *fields,
                                size_t count, struct ros_error *reterr)
{
    for (size_t i = 0; i < count; i++)
        ROS_TRY(set_json(config, fields[i].key, json_object_get(object, fields[i].name), reterr));
    return ROS_OK;
}

static enum ros_code set_brokers(struct ros_config *config, const json_t *kafka, struct ros_error *reterr)
{
    static const struct clowder_field sasl[] = {{"username", ROS_CONFIG_KEY_kafka_sasl_username},
                                                {"password", ROS_CONFIG_KEY_kafka_sasl_password},
                                                {"saslMechanism", ROS_CONFIG_KEY_kafka_sasl_mechanism},
                                                {"securityProtocol", ROS_CONFIG_KEY_kafka_security_protocol}};
    ros_auto(ros_buf) struct ros_buf list = ROS_BUF_INIT;
    size_t i;
    json_t *broker;
    json_array_foreach(json_object_get(kafka, "brokers"), i, broker)
    {
        const char *host = json_string_value(json_object_get(broker, "hostname"));
        if (host == NULL)
            return ros_error_set(reterr, ROS_E_CONFIG, "kafka.brokers[%zu] has no hostname", i);
        const json_t *port = json_object_get(broker, "port");
        ros_buf_printf(&list, "%s%s:%lld", i > 0 ? "," : "", host,
                       (long long) (json_is_integer(port) ? json_integer_value(port) : config->kafka_port));
        ROS_TRY(set_fields(config, json_object_get(broker, "sasl"), sasl, ROS_COUNT(sasl), reterr));
        ROS_TRY(set_json(config, ROS_CONFIG_KEY_kafka_security_protocol, json_object_get(broker, "securityProtocol"),
                         reterr));
    }
    if (list.len == 0)
        return ROS_OK;
    return ros_config_set(config, ROS_CONFIG_KEY_kafka_host, ros_buf_text(&list), ROS_CONFIG_CLOWDER, reterr);
}

/* Clowder may give a topic another name than was asked for. */
static enum ros_code set_topics(struct ros_config *config, const json_t *kafka, struct ros_error *reterr)
{
    static const struct clowder_field topics[] = {
        {"platform.inventory.events", ROS_CONFIG_KEY_inventory_events_topic},
        {"platform.engine.results", ROS_CONFIG_KEY_engine_result_topic},
        {"ros.events", ROS_CONFIG_KEY_ros_events_topic},
        {"platform.notifications.ingress", ROS_CONFIG_KEY_notifications_topic},
        {"ros.dead-letters", ROS_CONFIG_KEY_dead_letters_topic}};
    size_t i;
    json_t *topic;
    json_array_foreach(json_object_get(kafka, "topics"), i, topic)
    {
        const char *asked = json_string_value(json_object_get(topic, "requestedName"));
        for (size_t k = 0; asked != NULL && k < ROS_COUNT(topics); k++)
            if (strcmp(asked, topics[k].name) == 0)
                ROS_TRY(set_json(config, topics[k].key, json_object_get(topic, "name"), reterr));
    }
    return ROS_OK;
}

static enum ros_code set_clowder(struct ros_config *config, const json_t *root, struct ros_error *reterr)
{
    static const struct clowder_field database[] = {
        {"hostname", ROS_CONFIG_KEY_db_host}, {"port", ROS_CONFIG_KEY_db_port},
        {"name", ROS_CONFIG_KEY_db_name},     {"username", ROS_CONFIG_KEY_db_user},
        {"password", ROS_CONFIG_KEY_db_pass}, {"sslMode", ROS_CONFIG_KEY_db_sslmode}};
    static const struct clowder_field ports[] = {{"metricsPort", ROS_CONFIG_KEY_metrics_port},
                                                 {"publicPort", ROS_CONFIG_KEY_api_port},
                                                 {"tlsCAPath", ROS_CONFIG_KEY_tls_ca_path}};
    static const struct clowder_field unleash[] = {{"clientAccessToken", ROS_CONFIG_KEY_unleash_token}};
    ROS_TRY(set_fields(config, json_object_get(root, "database"), database, ROS_COUNT(database), reterr));
    ROS_TRY(set_fields(config, root, ports, ROS_COUNT(ports), reterr));
    ROS_TRY(set_fields(config, json_object_get(root, "featureFlags"), unleash, ROS_COUNT(unleash), reterr));
    ROS_TRY(set_brokers(config, json_object_get(root, "kafka"), reterr));
    return set_topics(config, json_object_get(root, "kafka"), reterr);
}

enum ros_code ros_config_read_clowder(struct ros_config *config, struct ros_error *reterr)
{
    if (!config->clowder_enabled || config->acg_config[0] == '\0')
        return ROS_OK;
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    ROS_TRY(ros__config_slurp(config->acg_config, LARGEST_FILE_BYTES, &text, reterr));
    json_t *root = NULL;
    enum ros_code code = ros_json_parse(ros_buf_text(&text), text.len, NULL, &root, reterr);
    if (code == ROS_OK)
        code = set_clowder(config, root, reterr);
    json_decref(root);
    if (code != ROS_OK)
        return ros_error_prefix(reterr, ROS_E_CONFIG, "%s", config->acg_config);
    return ROS_OK;
}
