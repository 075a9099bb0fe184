/*
 * One table row a setting, generated from config.def; setting, dumping and help are loops over it. A value is written
 * through the row's offset into struct ros_config.
 */
#include "services/common/config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "interp/base/num.h"
#include "services/common/config_internal.h"

static const struct ros__config_row rows[] = {
#define ROS_CONFIG_TEXT(member, var, value, is_secret, words)                                                          \
    {#member, var, ROS__CONFIG_TEXT, offsetof(struct ros_config, member), value, 0, 0, is_secret, words},
#define ROS_CONFIG_INT(member, var, value, lowest, highest, words)                                                     \
    {#member, var, ROS__CONFIG_INT, offsetof(struct ros_config, member), #value, lowest, highest, false, words},
#define ROS_CONFIG_BOOL(member, var, value, words)                                                                     \
    {#member, var, ROS__CONFIG_BOOL, offsetof(struct ros_config, member), #value, 0, 0, false, words},
#include "services/common/config.def"
#undef ROS_CONFIG_TEXT
#undef ROS_CONFIG_INT
#undef ROS_CONFIG_BOOL
};
_Static_assert(sizeof rows / sizeof rows[0] == ROS_CONFIG_KEY_COUNT, "one row a key");

const struct ros__config_row *ros__config_row(enum ros_config_key key)
{
    return &rows[key];
}

static const char *const source_names[] = {"default", "file", "environment", "clowder", "flag"};

static const char **text_at(struct ros_config *config, const struct ros__config_row *row)
{
    return (const char **) (void *) ((char *) config + row->offset);
}

static const void *value_at(const struct ros_config *config, const struct ros__config_row *row)
{
    return (const char *) config + row->offset;
}

static bool parse_bool(const char *text, bool *ret)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0", ""};
    for (size_t i = 0; i < ROS_COUNT(yes); i++)
        if (strcasecmp(text, yes[i]) == 0)
            return *ret = true, true;
    for (size_t i = 0; i < ROS_COUNT(no); i++)
        if (strcasecmp(text, no[i]) == 0)
            return *ret = false, true;
    return false;
}

static enum ros_code assign(struct ros_config *config, const struct ros__config_row *row, const char *text,
                            struct ros_error *reterr)
{
    void *at = (char *) config + row->offset;
    if (row->kind == ROS__CONFIG_TEXT) {
        const char *copy = ros_arena_copy(&config->arena, text, strlen(text));
        if (copy == NULL)
            return ros_error_code(reterr, ros_arena_code(&config->arena));
        *text_at(config, row) = copy;
        return ROS_OK;
    }
    if (row->kind == ROS__CONFIG_BOOL) {
        bool value;
        if (!parse_bool(text, &value))
            return ros_error_set(reterr, ROS_E_CONFIG, "%s is true or false, not `%s`", row->name, text);
        memcpy(at, &value, sizeof value);
        return ROS_OK;
    }
    int64_t value;
    if (!ros_num_parse_i64(text, strlen(text), &value) || value < row->low || value > row->high)
        return ros_error_set(reterr, ROS_E_CONFIG, "%s is a whole number from %lld to %lld, not `%s`", row->name,
                             (long long) row->low, (long long) row->high, text);
    memcpy(at, &value, sizeof value);
    return ROS_OK;
}

enum ros_code ros_config_init(struct ros_config *config, const struct ros_alloc *alloc)
{
    memset(config, 0, sizeof *config);
    ros_arena_init(&config->arena, alloc, (size_t) 4 << 20);
    for (size_t i = 0; i < ROS_COUNT(rows); i++)
        ROS_TRY(assign(config, &rows[i], rows[i].text, NULL));
    return ROS_OK;
}

void ros_config_done(struct ros_config *config)
{
    if (config != NULL)
        ros_arena_done(&config->arena);
}

enum ros_code ros_config_set(struct ros_config *config, enum ros_config_key key, const char *text,
                             enum ros_config_source source, struct ros_error *reterr)
{
    if (source < config->sources[key])
        return ROS_OK;
    ROS_TRY(assign(config, &rows[key], text, reterr));
    config->sources[key] = source;
    return ROS_OK;
}

enum ros_code ros_config_find(const char *name, enum ros_config_key *ret, struct ros_error *reterr)
{
    for (size_t i = 0; i < ROS_COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0) {
            *ret = (enum ros_config_key) i;
            return ROS_OK;
        }
    return ros_error_set(reterr, ROS_E_CONFIG, "there is no setting `%.100s`; rosd --help lists them all", name);
}

/* --- words that have a choice ------------------------------------------------------------------------------------- */

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

enum ros_code ros_config_check(const struct ros_config *config, struct ros_error *reterr)
{
    static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
    static const char *const formats[] = {"logfmt", "json", NULL};
    if (!is_one_of(config->log_level, levels))
        return ros_error_set(reterr, ROS_E_CONFIG, "log_level is debug, info, warning or error, not `%s`",
                             config->log_level);
    if (!is_one_of(config->log_format, formats))
        return ros_error_set(reterr, ROS_E_CONFIG, "log_format is logfmt or json, not `%s`", config->log_format);
    if (config->path_prefix[0] != '/')
        return ros_error_set(reterr, ROS_E_CONFIG, "path_prefix begins with `/`, unlike `%s`", config->path_prefix);
    if (config->api_port == config->grpc_port || config->api_port == config->metrics_port ||
        config->grpc_port == config->metrics_port)
        return ros_error_set(reterr, ROS_E_CONFIG, "api_port, grpc_port and metrics_port must differ");
    return ROS_OK;
}

/* --- showing ------------------------------------------------------------------------------------------------------ */

static void dump_value(const struct ros_config *config, const struct ros__config_row *row, struct ros_buf *out)
{
    const void *at = value_at(config, row);
    const char *text;
    int64_t number;
    bool truth;
    switch (row->kind) {
    case ROS__CONFIG_TEXT:
        memcpy(&text, at, sizeof text);
        ros_buf_printf(out, "\"%s\"", row->secret && text[0] != '\0' ? "********" : text);
        break;
    case ROS__CONFIG_INT:
        memcpy(&number, at, sizeof number);
        ros_buf_printf(out, "%lld", (long long) number);
        break;
    case ROS__CONFIG_BOOL:
        memcpy(&truth, at, sizeof truth);
        ros_buf_puts(out, truth ? "true" : "false");
        break;
    }
}

enum ros_code ros_config_dump(const struct ros_config *config, struct ros_buf *out)
{
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        ros_buf_printf(out, "%s = ", rows[i].name);
        dump_value(config, &rows[i], out);
        ros_buf_printf(out, "  # %s\n", source_names[config->sources[i]]);
    }
    return ros_buf_code(out);
}

enum ros_code ros_config_help(struct ros_buf *out)
{
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        const char *shown = rows[i].secret ? "(secret)" : rows[i].text[0] != '\0' ? rows[i].text : "(empty)";
        ros_buf_puts(out, "  --");
        for (const char *c = rows[i].name; *c != '\0'; c++)
            ros_buf_addc(out, *c == '_' ? '-' : *c);
        ros_buf_printf(out, " %s\n        %s\n        %s, default %s\n",
                       rows[i].kind == ROS__CONFIG_BOOL ? "BOOL" : "VALUE", rows[i].doc, rows[i].variable, shown);
    }
    return ros_buf_code(out);
}

const char *ros_config_name(enum ros_config_key key)
{
    return rows[key].name;
}

/* libpq's quoting: single quotes, with \ before \ and '. */
static void add_conninfo(struct ros_buf *out, const char *key, const char *value)
{
    if (value[0] == '\0')
        return;
    ros_buf_printf(out, "%s%s='", out->len != 0 ? " " : "", key);
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            ros_buf_addc(out, '\\');
        ros_buf_addc(out, *value);
    }
    ros_buf_addc(out, '\'');
}

enum ros_code ros_config_conninfo(const struct ros_config *config, struct ros_buf *out)
{
    char port[24];
    snprintf(port, sizeof port, "%lld", (long long) config->db_port);
    add_conninfo(out, "host", config->db_host);
    add_conninfo(out, "port", port);
    add_conninfo(out, "dbname", config->db_name);
    add_conninfo(out, "user", config->db_user);
    add_conninfo(out, "password", config->db_pass);
    add_conninfo(out, "sslmode", config->db_sslmode);
    add_conninfo(out, "sslrootcert", config->db_ca_path);
    return ros_buf_code(out);
}

/* "a:1,b" with kafka_port 9 is "a:1,b:9". IPv6 addresses stand in brackets. */
enum ros_code ros_config_brokers(const struct ros_config *config, struct ros_buf *out)
{
    const char *at = config->kafka_host;
    for (;;) {
        size_t len = strcspn(at, ",");
        const char *colon = memrchr(at, ':', len);
        bool has_port = colon != NULL && memchr(colon, ']', len - (size_t) (colon - at)) == NULL;
        ros_buf_add(out, at, len);
        if (!has_port)
            ros_buf_printf(out, ":%lld", (long long) config->kafka_port);
        if (at[len] == '\0')
            return ros_buf_code(out);
        ros_buf_addc(out, ',');
        at += len + 1;
    }
}
