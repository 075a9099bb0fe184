/*
 * reports.h - the batch writer: what `ros.events` announced becomes rows, once, together with the offsets.
 *
 * One call is one transaction. It locks the offsets of the batch, drops the rows that an earlier batch has stored,
 * writes systems, performance_profile and performance_profile_history by a few array statements, and stores the new
 * offsets. Either all of it is there afterwards or nothing.
 *
 * What a row does:
 *   BASE created   makes the host, or describes it anew; BASE updated describes it when it is known
 *   DATA           the same (its type does not matter), and sets its state, profile and history
 *   - A description that the row lacks (NULL) keeps what is stored. A state that the row lacks (its bit is not in
 *     `present`) keeps what is stored; one that is there as NULL clears it.
 *   - A DATA row no newer than the stored profile adds its history row and changes nothing else.
 *   - An upload (inventory_id + request_key) is stored once. Without a request key, report_date is the identity.
 *   - A host is never moved to another organisation: such a row is refused. Nor is one made again that was erased
 *     after the upload (DELETED).
 *   - A row that PostgreSQL refuses as data is found by halving the batch and refused alone.
 *
 * Errors:  those of pg.h; all of ros_code_retry() may simply be called again. A refused row is no error.
 * Threads: one caller a connection.
 */
#ifndef ROS_STORE_REPORTS_H
#define ROS_STORE_REPORTS_H

#include "store/pg.h"

enum ros_report_kind { ROS_REPORT_BASE, ROS_REPORT_DATA };

/* Bits of ros_report_row.present: the key was in the message, be it as null. */
enum {
    ROS_REPORT_HAS_CPU_STATES = 1,
    ROS_REPORT_HAS_IO_STATES = 2,
    ROS_REPORT_HAS_MEMORY_STATES = 4,
    ROS_REPORT_HAS_STATE = 8,
    ROS_REPORT_HAS_INSTANCE_TYPE = 16,
    ROS_REPORT_HAS_REGION = 32,
};

struct ros_report_states { /* names such as "CPU_OVERSIZED" */
    const char *const *names;
    size_t count;
    bool is_null;
};

struct ros_report_row { /* every pointer is borrowed for the call; NULL: unknown */
    enum ros_report_kind kind;
    bool created; /* type is "created" */
    const char *org_id;
    const char *account;      /* stored when the organisation has none yet */
    const char *inventory_id; /* 36 characters, lower case */
    const char *request_key;

    const char *display_name;
    const char *fqdn;
    const char *cloud_provider;
    const char *stale_timestamp;  /* ISO 8601 */
    const char *groups;           /* JSON */
    const char *operating_system; /* JSON */

    unsigned present;
    struct ros_report_states cpu_states;
    struct ros_report_states io_states;
    struct ros_report_states memory_states;
    const char *state;
    const char *instance_type;
    const char *region;

    int64_t report_date_us;              /* UTC */
    const char *performance_record;      /* JSON */
    const char *performance_utilization; /* JSON */
    const char *rule_hit_details;        /* JSON */
    int64_t number_of_recommendations;
    bool psi_known;
    bool psi_enabled;
    const char *top_candidate;
    bool top_candidate_price_known;
    double top_candidate_price;

    const char *topic; /* where it came from; NULL: not guarded by an offset */
    int32_t partition;
    int64_t offset;
};

struct ros_offset {
    const char *topic;
    int32_t partition;
    int64_t next_offset; /* the first one not done */
};

struct ros_report_batch {
    const char *consumer_group;
    const struct ros_report_row *rows;
    size_t row_count;
    const struct ros_offset *offsets; /* of every partition in hand, dead letters and ignored messages included */
    size_t offset_count;
};

#define ROS_REPORT_BATCH_MAX 10000 /* rows of one call */
#define ROS_REPORT_REASON_SIZE 256

enum ros_report_fate {
    ROS_REPORT_WRITTEN,  /* stored as the newest of its host */
    ROS_REPORT_OLDER,    /* history only: the host has a newer report, or a later row of the batch is one */
    ROS_REPORT_REPLAYED, /* stored by an earlier batch */
    ROS_REPORT_UNKNOWN,  /* BASE updated of a host that is not known */
    ROS_REPORT_DELETED,  /* the host was erased after this upload */
    ROS_REPORT_REFUSED,  /* for the dead letters, with its reason */
};

struct ros_report_result { /* one a row, in the caller's array */
    enum ros_report_fate fate;
    enum ros_code code;                  /* REFUSED: why */
    char reason[ROS_REPORT_REASON_SIZE]; /* REFUSED: one line */
};

/* Writes. results has room for batch->row_count; it is filled when ROS_OK is returned. */
enum ros_code ros_reports_write(struct ros_pg_conn *conn, const struct ros_report_batch *batch,
                                struct ros_report_result *results, struct ros_error *reterr) ROS_MUST_CHECK;

/* Calls once for every stored offset of a group. */
typedef enum ros_code ros_offset_call(void *context, const struct ros_offset *offset);
enum ros_code ros_offsets_load(struct ros_pg_conn *conn, const char *consumer_group, ros_offset_call *call,
                               void *context, struct ros_error *reterr) ROS_MUST_CHECK;

/* Stores offsets without rows (a stage whose work is elsewhere). An offset never goes back. */
enum ros_code ros_offsets_store(struct ros_pg_conn *conn, const char *consumer_group, const struct ros_offset *offsets,
                                size_t count, struct ros_error *reterr) ROS_MUST_CHECK;

/* Forgets the offset of a partition whose topic was made anew, so that its first messages are not taken for old ones.
 */
enum ros_code ros_offsets_forget(struct ros_pg_conn *conn, const char *consumer_group, const char *topic,
                                 int32_t partition, struct ros_error *reterr) ROS_MUST_CHECK;

/* Rows of the table `rules`, by rule_id. */
struct ros_rule_text {
    const char *rule_id;
    const char *description;
    const char *reason;
    const char *resolution;
    const char *condition;
};
enum ros_code ros_rules_upsert(struct ros_pg_conn *conn, const struct ros_rule_text *rules, size_t count,
                               struct ros_error *reterr) ROS_MUST_CHECK;

#endif
