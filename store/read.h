/*
 * read.h - what the API reads: one statement a question, for one organisation.
 *
 * Every call begins a transaction that sees that organisation only (ros_pg_begin_tenant), asks with the organisation in
 * the statement too, and ends it. Rows come back as PostgreSQL's text; the enums below name their columns.
 *
 * Lifetime: rows are owned by the caller (ros_pg_rows_done).
 * Errors:   those of pg.h; ROS_E_ARGUMENT when the tenant is no organisation.
 */
#ifndef ROS_STORE_READ_H
#define ROS_STORE_READ_H

#include "store/pg.h"

enum ros_read_sort {
    ROS_SORT_REPORT_DATE,
    ROS_SORT_DISPLAY_NAME,
    ROS_SORT_CPU,
    ROS_SORT_MEMORY,
    ROS_SORT_MAX_IO,
    ROS_SORT_SUGGESTIONS,
    ROS_SORT_STATE,
    ROS_SORT_OS,
    ROS_SORT_GROUP_NAME
};

/* Lists are JSON arrays as text; NULL: no such filter. */
struct ros_systems_query {
    const char *display_name_like; /* pattern for ILIKE, escaped */
    const char *states;            /* ["Idling"] */
    const char *operating_systems; /* [{"name": "RHEL", "major": 8, "minor": 4}] */
    const char *group_names;
    enum ros_read_sort sort;
    bool ascending;
    int64_t limit; /* -1: all */
    int64_t offset;
};

/* The first row's COUNT is the number of all matching systems; a page without systems is one row whose ID is NULL. */
enum ros_systems_column {
    ROS_SYSTEMS_COUNT,
    ROS_SYSTEMS_ID,
    ROS_SYSTEMS_FQDN,
    ROS_SYSTEMS_DISPLAY_NAME,
    ROS_SYSTEMS_INVENTORY_ID,
    ROS_SYSTEMS_ORG_ID,
    ROS_SYSTEMS_RECOMMENDATIONS,
    ROS_SYSTEMS_STATE,
    ROS_SYSTEMS_UTILIZATION,
    ROS_SYSTEMS_CLOUD_PROVIDER,
    ROS_SYSTEMS_INSTANCE_TYPE,
    ROS_SYSTEMS_IDLE,
    ROS_SYSTEMS_CPUS,
    ROS_SYSTEMS_OS,
    ROS_SYSTEMS_REPORT_DATE,
    ROS_SYSTEMS_GROUPS
};
enum ros_code ros_read_systems(const struct ros_tenant *tenant, struct ros_pg_conn *conn,
                               const struct ros_systems_query *query, struct ros_pg_rows *ret,
                               struct ros_error *reterr) ROS_MUST_CHECK;

/* No row: no such system in the organisation. REPORTED is "t" when it has a performance profile. */
enum ros_system_column {
    ROS_SYSTEM_REPORTED,
    ROS_SYSTEM_FQDN,
    ROS_SYSTEM_DISPLAY_NAME,
    ROS_SYSTEM_INVENTORY_ID,
    ROS_SYSTEM_RECOMMENDATIONS,
    ROS_SYSTEM_STATE,
    ROS_SYSTEM_UTILIZATION,
    ROS_SYSTEM_CLOUD_PROVIDER,
    ROS_SYSTEM_INSTANCE_TYPE,
    ROS_SYSTEM_IDLE,
    ROS_SYSTEM_CPUS,
    ROS_SYSTEM_OS,
    ROS_SYSTEM_REPORT_DATE,
    ROS_SYSTEM_PSI,
    ROS_SYSTEM_RATING
};
/* inventory_id: canonical UUID text. username: whose rating; NULL: nobody's. */
enum ros_code ros_read_system(const struct ros_tenant *tenant, struct ros_pg_conn *conn, const char *inventory_id,
                              const char *username, struct ros_pg_rows *ret, struct ros_error *reterr) ROS_MUST_CHECK;

/* One row a hit whose rule is known, in their order; at least one row when the system exists (RULE_ID then NULL). */
enum ros_suggestion_column {
    ROS_SUGGESTION_REPORTED,
    ROS_SUGGESTION_INVENTORY_ID,
    ROS_SUGGESTION_INSTANCE_TYPE,
    ROS_SUGGESTION_CLOUD_PROVIDER,
    ROS_SUGGESTION_REGION,
    ROS_SUGGESTION_PSI,
    ROS_SUGGESTION_RULE_ID,
    ROS_SUGGESTION_DESCRIPTION,
    ROS_SUGGESTION_REASON,
    ROS_SUGGESTION_RESOLUTION,
    ROS_SUGGESTION_CONDITION,
    ROS_SUGGESTION_KEY,
    ROS_SUGGESTION_DETAILS
};
enum ros_code ros_read_suggestions(const struct ros_tenant *tenant, struct ros_pg_conn *conn, const char *inventory_id,
                                   const char *description_like, struct ros_pg_rows *ret,
                                   struct ros_error *reterr) ROS_MUST_CHECK;

/* One row: reported, waiting for data, with suggestions. */
enum ros_code ros_read_configured(const struct ros_tenant *tenant, struct ros_pg_conn *conn, struct ros_pg_rows *ret,
                                  struct ros_error *reterr) ROS_MUST_CHECK;

#endif
