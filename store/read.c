/*
 * The list is composed of fixed pieces: filters that are not asked for are not in the statement, so that the planner
 * can use an index for those that are. Every value is a parameter.
 */
#include "store/read.h"

#include "interp/base/buf.h"

#define PROFILE_OF_TENANT                                                                                              \
    "FROM rh_accounts a JOIN systems s ON s.tenant_id = a.id JOIN performance_profile p ON p.system_id = s.id "        \
    "WHERE a.org_id = $1 "

static const char *const every_state =
    "AND s.state IN ('Oversized', 'Undersized', 'Idling', 'Under pressure', 'Storage rightsizing', 'Optimized', "
    "'Waiting for data') ";

/*
 * A number inside a JSON object, also one that is written as a text; NULL when it is none: a cast of anything else, or
 * of one beyond a double's range, would end the statement.
 */
#define NUMBER_OF(key)                                                                                                 \
    "CASE WHEN p.performance_utilization->>'" key "' ~ '^[-+]?[0-9]{1,100}([.][0-9]{0,100})?([eE][-+]?[0-9]{1,2})?$' " \
    "THEN (p.performance_utilization->>'" key "')::double precision END"

static const char *const sort_keys[] = {
    [ROS_SORT_REPORT_DATE] = "p.report_date",
    [ROS_SORT_DISPLAY_NAME] = "s.display_name",
    [ROS_SORT_CPU] = NUMBER_OF("cpu"),
    [ROS_SORT_MEMORY] = NUMBER_OF("memory"),
    [ROS_SORT_MAX_IO] = NUMBER_OF("max_io"),
    [ROS_SORT_SUGGESTIONS] = "p.number_of_recommendations",
    [ROS_SORT_STATE] = "s.state",
    [ROS_SORT_GROUP_NAME] = "s.groups->0->'name'",
};

static void add_order(struct ros_buf *sql, const struct ros_systems_query *query)
{
    const char *how = query->ascending ? "ASC" : "DESC";
    if (query->sort == ROS_SORT_OS)
        ros_buf_printf(sql,
                       "ORDER BY s.operating_system->'name' %s, s.operating_system->'major' %s, "
                       "s.operating_system->'minor' %s, s.id ",
                       query->ascending ? "ASC NULLS FIRST" : "DESC NULLS LAST", how, how);
    else
        ros_buf_printf(sql, "ORDER BY %s %s, s.id ", sort_keys[query->sort], how);
}

struct composed {
    struct ros_buf sql;
    struct ros_pg_param params[8];
    size_t count;
};

static void add_filter(struct composed *c, const char *before, const char *value, const char *after)
{
    if (value == NULL)
        return;
    c->params[c->count++] = ros_pg_text(value);
    ros_buf_printf(&c->sql, "%s$%zu%s ", before, c->count, after);
}

static void add_filters(struct composed *c, const struct ros_systems_query *query)
{
    add_filter(c, "AND s.display_name ILIKE ", query->display_name_like, "");
    add_filter(c, "AND s.state IN (SELECT jsonb_array_elements_text(", query->states, "::jsonb))");
    if (query->states == NULL)
        ros_buf_puts(&c->sql, every_state);
    add_filter(c, "AND s.operating_system IN (SELECT jsonb_array_elements(", query->operating_systems, "::jsonb))");
    add_filter(c, "AND s.groups->0->>'name' IN (SELECT jsonb_array_elements_text(", query->group_names, "::jsonb))");
}

static enum ros_code compose_systems(struct composed *c, const struct ros_tenant *tenant,
                                     const struct ros_systems_query *query)
{
    c->params[c->count++] = ros_pg_text(tenant->org_id);
    ros_buf_puts(&c->sql, "WITH page AS (SELECT s.id, row_number() OVER (");
    add_order(&c->sql, query);
    ros_buf_puts(&c->sql,
                 ") AS place, count(*) OVER () AS matching, s.fqdn, s.display_name, s.inventory_id, a.org_id, "
                 "p.number_of_recommendations, s.state, p.performance_utilization, s.cloud_provider, s.instance_type, "
                 "p.performance_record->'kernel.all.cpu.idle' AS idle, p.performance_record->'total_cpus' AS cpus, "
                 "s.operating_system, p.report_date, s.groups " PROFILE_OF_TENANT);
    add_filters(c, query);
    c->params[c->count++] = ros_pg_int(query->offset);
    size_t offset = c->count;
    ros_buf_printf(&c->sql, "), shown AS (SELECT * FROM page WHERE place > $%zu::bigint ORDER BY place LIMIT ", offset);
    if (query->limit < 0) {
        ros_buf_puts(&c->sql, "ALL");
    } else {
        c->params[c->count++] = ros_pg_int(query->limit);
        ros_buf_printf(&c->sql, "$%zu::bigint", c->count);
    }
    return ros_buf_puts(&c->sql, ") SELECT coalesce((SELECT matching FROM page LIMIT 1), 0), id, fqdn, display_name, "
                                 "inventory_id, org_id, number_of_recommendations, state, performance_utilization, "
                                 "cloud_provider, instance_type, idle, cpus, operating_system, report_date, groups "
                                 "FROM (SELECT 1) AS one LEFT JOIN shown ON true ORDER BY place");
}

/* Runs one statement inside the organisation's own transaction. */
static enum ros_code ask(const struct ros_tenant *tenant, struct ros_pg_conn *conn, const char *sql,
                         enum ros_sql statement, const struct ros_pg_param *params, size_t count,
                         struct ros_pg_rows *ret, struct ros_error *reterr)
{
    ros_auto(ros_pg_tx) struct ros_pg_tx tx = ROS_PG_TX_INIT;
    ROS_TRY(ros_pg_begin_tenant(tenant, conn, &tx, reterr));
    if (sql != NULL)
        ROS_TRY(ros_pg_query(conn, sql, params, count, ret, reterr));
    else
        ROS_TRY(ros_pg_exec(conn, statement, params, count, ret, reterr));
    return ros_pg_commit(&tx, reterr);
}

enum ros_code ros_read_systems(const struct ros_tenant *tenant, struct ros_pg_conn *conn,
                               const struct ros_systems_query *query, struct ros_pg_rows *ret, struct ros_error *reterr)
{
    struct composed c = {.sql = ROS_BUF_INIT};
    enum ros_code code = compose_systems(&c, tenant, query);
    if (code == ROS_OK)
        code = ask(tenant, conn, ros_buf_text(&c.sql), ROS_SQL_COUNT, c.params, c.count, ret, reterr);
    else
        ros_error_code(reterr, code);
    ros_buf_done(&c.sql);
    return code;
}

enum ros_code ros_read_system(const struct ros_tenant *tenant, struct ros_pg_conn *conn, const char *inventory_id,
                              const char *username, struct ros_pg_rows *ret, struct ros_error *reterr)
{
    const struct ros_pg_param params[] = {ros_pg_text(tenant->org_id), ros_pg_text(inventory_id),
                                          ros_pg_text(username)};
    return ask(tenant, conn, NULL, ROS_SQL_READ_SYSTEM, params, ROS_COUNT(params), ret, reterr);
}

enum ros_code ros_read_suggestions(const struct ros_tenant *tenant, struct ros_pg_conn *conn, const char *inventory_id,
                                   const char *description_like, struct ros_pg_rows *ret, struct ros_error *reterr)
{
    const struct ros_pg_param params[] = {ros_pg_text(tenant->org_id), ros_pg_text(inventory_id),
                                          ros_pg_text(description_like)};
    return ask(tenant, conn, NULL, ROS_SQL_READ_SUGGESTIONS, params, ROS_COUNT(params), ret, reterr);
}

enum ros_code ros_read_configured(const struct ros_tenant *tenant, struct ros_pg_conn *conn, struct ros_pg_rows *ret,
                                  struct ros_error *reterr)
{
    const struct ros_pg_param params[] = {ros_pg_text(tenant->org_id)};
    return ask(tenant, conn, NULL, ROS_SQL_READ_CONFIGURED, params, ROS_COUNT(params), ret, reterr);
}
