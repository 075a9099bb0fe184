/*
 * The order of starting is the order of needs. Each part is started at most once; `ros_daemon_tick` tries what is still
 * missing, so the database may come minutes later, go, and come again. Restarting a broken client is the business of
 * its own room.
 */
#include "services/rosd/daemon.h"

#include <string.h>
#include <unistd.h>

#include "services/api/api.h"
#include "services/api/grpc/server.h"
#include "services/common/flags.h"
#include "services/common/health.h"
#include "services/common/metrics.h"
#include "services/gateway/gateway.h"
#include "services/ingest/ingest.h"
#include "services/score/rules.h"
#include "services/score/score.h"
#include "store/cache.h"
#include "store/migrate.h"
#include "store/reports.h"

#define ROWS_MAX 256         /* rules of one set */
#define CACHE_CHECK_EVERY 60 /* ticks between two looks for dead readers */

struct ros_daemon {
    const struct ros_config *config;
    struct ros_log *log;
    unsigned targets;
    struct ros_metrics *metrics;
    struct ros_health *health;
    struct ros_flags *flags;
    struct ros_rules *rules;
    struct ros_pg_pool *pool;
    struct ros_cache *cache;
    struct ros_api *api;
    struct ros_gateway *gateway;
    struct ros_grpc *grpc;
    struct ros_scoring_target *scoring;
    struct ros_reports_target *reports;
    bool schema_ready;
    uint64_t texts_generation; /* of the rules whose texts the database has */
    unsigned ticks;
};

/* --- rules -------------------------------------------------------------------------------------------------------- */

static const char *rules_path(const struct ros_config *config)
{
    if (config->rules_path[0] != '\0')
        return config->rules_path;
    return access(ROS_INSTALLED_RULES, R_OK) == 0 ? ROS_INSTALLED_RULES : ROS_SOURCE_RULES;
}

/* Findings are many lines of text: each line is an event of its own, so that none is cut. */
static void log_findings(struct ros_log *log, enum ros_log_level level, const struct ros_buf *findings)
{
    const char *at = ros_buf_text(findings);
    while (*at != '\0') {
        size_t len = strcspn(at, "\n");
        char line[ROS_LOG_TEXT_BYTES];
        size_t kept = len < sizeof line ? len : sizeof line - 1;
        memcpy(line, at, kept);
        line[kept] = '\0';
        if (kept > 0)
            ROS_LOG(log, level, "rules_finding", line);
        at += len + (at[len] == '\n');
    }
}

static enum ros_code load_rules(struct ros_daemon *d, struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf findings = ROS_BUF_INIT;
    const char *path = rules_path(d->config);
    enum ros_code code = ros_rules_load(d->rules, path, d->config->rules_public_key, &findings, reterr);
    log_findings(d->log, code == ROS_OK ? ROS_LOG_WARNING : ROS_LOG_ERROR, &findings);
    ros_metrics_count(d->metrics, ROS_METRIC_RULES_LOADED, code == ROS_OK ? "loaded" : "refused", NULL);
    if (code != ROS_OK)
        return ros_error_prefix(reterr, code, "%s", path);
    struct ros_program *program = ros_rules_get(d->rules);
    ROS_LOG(d->log, ROS_LOG_INFO, "rules_loaded", "rules are active", ros_field_text("path", path),
            ros_field_text("name", ros_program_name(program)), ros_field_text("version", ros_program_version(program)),
            ros_field_text("checksum", ros_program_checksum(program)));
    ros_health_set(d->health, ROS_HEALTH_RULES, true, ros_program_checksum(program));
    ros_program_unref(program);
    return ROS_OK;
}

void ros_daemon_reload(struct ros_daemon *d)
{
    struct ros_error err = ROS_ERROR_INIT;
    if (load_rules(d, &err) != ROS_OK)
        ros_log_error(d->log, "rules_kept", &err);
}

/* --- PostgreSQL --------------------------------------------------------------------------------------------------- */

static enum ros_code open_pool(const struct ros_config *config, unsigned size, struct ros_pg_pool **ret,
                               struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf conninfo = ROS_BUF_INIT;
    enum ros_code code = ros_config_conninfo(config, &conninfo);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    const struct ros_pg_config pg = {.conninfo = ros_buf_text(&conninfo),
                                     .size = size,
                                     .statement_timeout_ms = (unsigned) config->db_statement_timeout_ms,
                                     .application_name = "rosd"};
    return ros_pg_pool_new(&pg, ret, reterr);
}

enum ros_code ros_daemon_migrate(const struct ros_config *config, unsigned *ret_applied, struct ros_error *reterr)
{
    ros_auto_ptr(ros_pg_pool) struct ros_pg_pool *pool = NULL;
    ROS_TRY(open_pool(config, 1, &pool, reterr));
    ros_auto_ptr(ros_pg_conn) struct ros_pg_conn *conn = NULL;
    ROS_TRY(ros_pg_acquire(pool, &conn, reterr));
    return ros_migrate(conn, ret_applied, reterr);
}

struct rows {
    struct ros_pg_conn *conn;
};

static enum ros_code write_row(void *context, const struct ros_rule_row *row, struct ros_error *reterr)
{
    struct rows *rows = context;
    const struct ros_rule_text text = {row->rule_id, row->description, row->reason, row->resolution, row->condition};
    return ros_rules_upsert(rows->conn, &text, 1, reterr);
}

/* The texts that suggestions show are those of the active rules. */
static enum ros_code write_texts(struct ros_daemon *d, struct ros_pg_conn *conn, struct ros_error *reterr)
{
    uint64_t generation = ros_rules_generation(d->rules);
    if (generation == d->texts_generation)
        return ROS_OK;
    struct ros_program *program = ros_rules_get(d->rules);
    struct rows rows = {conn};
    enum ros_code code = ros_score_rule_rows(program, NULL, write_row, &rows, reterr);
    ros_program_unref(program);
    if (code == ROS_OK)
        d->texts_generation = generation;
    return code;
}

static enum ros_code prepare_schema(struct ros_daemon *d, struct ros_pg_conn *conn, struct ros_error *reterr)
{
    unsigned applied = 0;
    if (d->schema_ready)
        return ROS_OK;
    if (d->config->migrate)
        ROS_TRY(ros_migrate(conn, &applied, reterr));
    else
        ROS_TRY(ros_migrate_check(conn, reterr));
    d->schema_ready = true;
    ROS_LOG(d->log, ROS_LOG_INFO, "schema_ready", "the schema is up to date",
            ros_field_int("version", ros_migrate_version()), ros_field_int("applied", applied));
    return ROS_OK;
}

static enum ros_code prepare_database(struct ros_daemon *d, struct ros_error *reterr)
{
    ros_auto_ptr(ros_pg_conn) struct ros_pg_conn *conn = NULL;
    ROS_TRY(ros_pg_acquire(d->pool, &conn, reterr));
    ROS_TRY(prepare_schema(d, conn, reterr));
    return write_texts(d, conn, reterr);
}

/* False while PostgreSQL cannot be used; a change is logged once. */
static bool database_is_ready(struct ros_daemon *d)
{
    struct ros_error err = ROS_ERROR_INIT;
    bool due = !d->schema_ready || ros_rules_generation(d->rules) != d->texts_generation;
    enum ros_code code = due ? prepare_database(d, &err) : ros_pg_ping(d->pool, &err);
    bool was = ros_health_part_ready(d->health, ROS_HEALTH_POSTGRESQL) && d->ticks > 0;
    ros_health_set(d->health, ROS_HEALTH_POSTGRESQL, code == ROS_OK, code == ROS_OK ? NULL : err.text);
    ros_metrics_set(d->metrics, ROS_METRIC_READY, "postgresql", NULL, code == ROS_OK);
    if (code != ROS_OK && (was || d->ticks == 0))
        ros_log_error(d->log, "postgresql_lost", &err);
    if (code == ROS_OK && !was)
        ROS_LOG(d->log, ROS_LOG_INFO, "postgresql_ready", "PostgreSQL answers");
    return code == ROS_OK;
}

/* --- parts -------------------------------------------------------------------------------------------------------- */

static enum ros_code open_cache(struct ros_daemon *d, struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf folder = ROS_BUF_INIT;
    if (ros_buf_printf(&folder, "%s/cache", d->config->state_dir) != ROS_OK)
        return ros_error_code(reterr, ROS_E_OOM);
    const struct ros_cache_config config = {.folder = ros_buf_text(&folder),
                                            .map_bytes = (uint64_t) d->config->cache_map_bytes};
    enum ros_code code = ros_cache_open(&config, &d->cache, reterr);
    if (code != ROS_OK)
        return ros_error_prefix(reterr, ROS_E_CONFIG, "state_dir %s", d->config->state_dir);
    ros_health_set(d->health, ROS_HEALTH_CACHE, true, NULL);
    return ROS_OK;
}

static enum ros_code start_ingest(struct ros_daemon *d, struct ros_error *reterr)
{
    const struct ros_ingest ingest = {.config = d->config,
                                      .log = d->log,
                                      .metrics = d->metrics,
                                      .health = d->health,
                                      .flags = d->flags,
                                      .rules = d->rules,
                                      .cache = d->cache,
                                      .pool = d->pool};
    if ((d->targets & ROS_TARGET_SCORING) != 0 && d->scoring == NULL)
        ROS_TRY(ros_scoring_start(&ingest, &d->scoring, reterr));
    if ((d->targets & ROS_TARGET_REPORTS) != 0 && d->reports == NULL)
        ROS_TRY(ros_reports_start(&ingest, &d->reports, reterr));
    return ROS_OK;
}

static enum ros_code start_api(struct ros_daemon *d, struct ros_error *reterr)
{
    const struct ros_api_config api = {.config = d->config,
                                       .pool = d->pool,
                                       .rules = d->rules,
                                       .log = d->log,
                                       .metrics = d->metrics,
                                       .health = d->health};
    ROS_TRY(ros_api_new(&api, &d->api, reterr));
    ROS_TRY(ros_grpc_start(d->api, &d->grpc, reterr));
    return ROS_OK;
}

static enum ros_code start_parts(struct ros_daemon *d, struct ros_error *reterr)
{
    const struct ros_config *config = d->config;
    ROS_TRY(ros_metrics_new(&d->metrics, reterr));
    ROS_TRY(ros_health_new(&d->health, reterr));
    ROS_TRY(ros_flags_new(config->flags_static, &d->flags, reterr));
    ROS_TRY(ros_rules_new(&d->rules, reterr));
    ROS_TRY(load_rules(d, reterr));
    ROS_TRY(open_pool(config, (unsigned) (config->db_pool_size + config->db_max_overflow), &d->pool, reterr));
    if ((d->targets & ROS_TARGET_SCORING) != 0)
        ROS_TRY(open_cache(d, reterr));
    if ((d->targets & ROS_TARGET_API) != 0)
        ROS_TRY(start_api(d, reterr));
    const struct ros_gateway_config gateway = {
        .config = config, .api = d->api, .log = d->log, .metrics = d->metrics, .health = d->health};
    return ros_gateway_start(&gateway, &d->gateway, reterr);
}

enum ros_code ros_daemon_start(const struct ros_config *config, unsigned targets, struct ros_log *log,
                               struct ros_daemon **ret, struct ros_error *reterr)
{
    struct ros_daemon *d = ros_alloc_zero(NULL, sizeof *d);
    if (d == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    d->config = config;
    d->targets = targets;
    d->log = log;
    enum ros_code code = start_parts(d, reterr);
    if (code != ROS_OK) {
        ros_daemon_stop(d);
        return code;
    }
    ros_health_set(d->health, ROS_HEALTH_POSTGRESQL, false, "not asked yet");
    *ret = d;
    return ROS_OK;
}

static void check_cache(struct ros_daemon *d)
{
    struct ros_error err = ROS_ERROR_INIT;
    if (d->cache == NULL || d->ticks % CACHE_CHECK_EVERY != 0)
        return;
    enum ros_code code = ros_cache_check(d->cache, NULL, &err);
    ros_health_set(d->health, ROS_HEALTH_CACHE, code == ROS_OK, code == ROS_OK ? NULL : err.text);
    if (code != ROS_OK)
        ros_log_error(d->log, "cache_trouble", &err);
}

enum ros_code ros_daemon_tick(struct ros_daemon *d, struct ros_error *reterr)
{
    bool ready = database_is_ready(d);
    check_cache(d);
    d->ticks++;
    return ready ? start_ingest(d, reterr) : ROS_OK;
}

void ros_daemon_stop(struct ros_daemon *d)
{
    if (d == NULL)
        return;
    ros_health_set(d->health, ROS_HEALTH_PROCESS, false, "stopping");
    ros_scoring_stop(d->scoring);
    ros_reports_stop(d->reports);
    ros_grpc_stop(d->grpc);
    ros_gateway_stop(d->gateway);
    ros_api_free(d->api);
    ros_cache_free(d->cache);
    ros_pg_pool_free(d->pool);
    ros_rules_free(d->rules);
    ros_flags_free(d->flags);
    ros_health_free(d->health);
    ros_metrics_free(d->metrics);
    ros_alloc_put(NULL, d, sizeof *d);
}
