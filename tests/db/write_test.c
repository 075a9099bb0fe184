/* write_test.c - batches of reports against a real database: what is stored, once, and what is not. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interp/base/clock.h"
#include "services/ingest/reports.h"
#include "store/erase.h"
#include "store/migrate.h"
#include "store/pg_internal.h"
#include "tests/db/db.h"

#define T0 1763546400000000LL /* 2025-11-19T10:00:00Z */
#define SEC 1000000LL
#define HOST_A "5ce00000-0000-4000-8000-00000000000a"
#define HOST_B "5ce00000-0000-4000-8000-00000000000b"

struct fixture {
    struct ros_pg_pool *pool;
    struct ros_pg_conn *conn;
};

static int setup(void **state)
{
    static struct fixture f;
    f.pool = db_make("w", 3);
    db_ok(ros_pg_acquire(f.pool, &f.conn, &db_error));
    db_ok(ros_migrate(f.conn, NULL, &db_error));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    ros_pg_release(f->conn);
    ros_pg_pool_free(f->pool);
    return 0;
}

/* A full report; the tests change what they are about. */
static struct ros_report_row report(const char *host, int64_t date_us, const char *request_key)
{
    static const char *const cpu[] = {"CPU_UNDERSIZED", "CPU_UNDERSIZED_BY_PRESSURE"};
    return (struct ros_report_row){
        .kind = ROS_REPORT_DATA,
        .created = true,
        .org_id = "000001",
        .inventory_id = host,
        .request_key = request_key,
        .display_name = "web \"1\" \\ {a,b}",
        .fqdn = "web-1.example.com",
        .cloud_provider = "aws",
        .stale_timestamp = "2025-11-20T15:00:00+00:00",
        .groups = "[{\"id\": \"g\"}]",
        .operating_system = "{\"name\": \"RHEL\", \"major\": 8}",
        .present = 63,
        .cpu_states = {cpu, 2, false},
        .io_states = {NULL, 0, true},
        .memory_states = {NULL, 0, false},
        .state = "Undersized",
        .instance_type = "t2.micro",
        .region = "us-east-1",
        .report_date_us = date_us,
        .performance_record = "{\"mem.physmem\": 825740.0}",
        .performance_utilization = "{\"cpu\": 88, \"memory\": 90, \"max_io\": 0.06}",
        .rule_hit_details = "[]",
        .number_of_recommendations = 1,
        .psi_known = true,
        .psi_enabled = true,
        .top_candidate = "t2.nano",
        .top_candidate_price_known = true,
        .top_candidate_price = 0.0058,
        .topic = NULL,
    };
}

static void write_rows(struct fixture *f, const struct ros_report_row *rows, size_t count,
                       struct ros_report_result *results)
{
    struct ros_report_batch batch = {.rows = rows, .row_count = count};
    db_ok(ros_reports_write(f->conn, &batch, results, &db_error));
}

static enum ros_report_fate write_one(struct fixture *f, const struct ros_report_row *row)
{
    struct ros_report_result result;
    write_rows(f, row, 1, &result);
    return result.fate;
}

static void a_report_is_stored(void **state)
{
    struct fixture *f = *state;
    struct ros_report_row row = report(HOST_A, T0, "r1");
    assert_int_equal(write_one(f, &row), ROS_REPORT_WRITTEN);
    db_expect(f->conn, "web \"1\" \\ {a,b}", "SELECT display_name FROM systems");
    db_expect(f->conn, "{CPU_UNDERSIZED,CPU_UNDERSIZED_BY_PRESSURE}||{}",
              "SELECT cpu_states::text || '|' || coalesce(io_states::text, '') || '|' || memory_states::text "
              "FROM systems");
    db_expect(f->conn, "2025-11-19 10:00:00+00", "SELECT report_date FROM performance_profile");
    db_expect(f->conn, "{\"cpu\": 88, \"max_io\": 0.06, \"memory\": 90}",
              "SELECT performance_utilization FROM performance_profile_history");
    db_expect(f->conn, "0.0058", "SELECT top_candidate_price FROM performance_profile");
    db_expect(f->conn, "000001", "SELECT org_id FROM rh_accounts WHERE account IS NULL");
}

static void a_replay_is_one_row(void **state)
{
    struct fixture *f = *state;
    struct ros_report_row row = report(HOST_A, T0, "r1");
    assert_int_equal(write_one(f, &row), ROS_REPORT_WRITTEN);
    assert_int_equal(write_one(f, &row), ROS_REPORT_REPLAYED);
    row.report_date_us += SEC; /* scored again later, but the same upload */
    assert_int_equal(write_one(f, &row), ROS_REPORT_REPLAYED);
    row.request_key = NULL; /* without a key the date is the identity */
    row.report_date_us = T0;
    assert_int_equal(write_one(f, &row), ROS_REPORT_REPLAYED);
    db_expect(f->conn, "1", "SELECT count(*) FROM performance_profile_history");
    struct ros_report_row twice[] = {report(HOST_B, T0, "r2"), report(HOST_B, T0, "r2")};
    struct ros_report_result results[2];
    write_rows(f, twice, 2, results);
    assert_int_equal(results[0].fate, ROS_REPORT_WRITTEN);
    assert_int_equal(results[1].fate, ROS_REPORT_REPLAYED);
    db_expect(f->conn, "2", "SELECT count(*) FROM performance_profile_history");
}

static void the_newest_wins(void **state)
{
    struct fixture *f = *state;
    struct ros_report_row rows[] = {report(HOST_A, T0 + 2 * SEC, "r2"), report(HOST_A, T0 + 3 * SEC, "r3"),
                                    report(HOST_A, T0 + 1 * SEC, "r1")};
    struct ros_report_result results[3];
    rows[0].state = "two";
    rows[1].state = "three";
    rows[2].state = "one";
    rows[2].display_name = "old name";
    write_rows(f, rows, 3, results);
    assert_int_equal(results[0].fate, ROS_REPORT_OLDER);
    assert_int_equal(results[1].fate, ROS_REPORT_WRITTEN);
    assert_int_equal(results[2].fate, ROS_REPORT_OLDER);
    struct ros_report_row late = report(HOST_A, T0, "r0");
    late.state = "zero";
    assert_int_equal(write_one(f, &late), ROS_REPORT_OLDER);
    db_expect(f->conn, "three|three|web \"1\" \\ {a,b}",
              "SELECT s.state || '|' || p.state || '|' || s.display_name FROM systems s "
              "JOIN performance_profile p ON p.system_id = s.id");
    db_expect(f->conn, "zero,one,two,three",
              "SELECT string_agg(state, ',' ORDER BY report_date) FROM performance_profile_history");
}

static void absent_fields_stay(void **state)
{
    struct fixture *f = *state;
    struct ros_report_row row = report(HOST_A, T0, "r1");
    struct ros_report_row base = {.kind = ROS_REPORT_BASE, .org_id = "000001", .inventory_id = HOST_A, .fqdn = "new"};
    assert_int_equal(write_one(f, &row), ROS_REPORT_WRITTEN);
    assert_int_equal(write_one(f, &base), ROS_REPORT_WRITTEN);
    db_expect(f->conn, "new|aws|RHEL|g|Undersized",
              "SELECT fqdn || '|' || cloud_provider || '|' || (operating_system->>'name') || '|' || "
              "(groups->0->>'id') || '|' || state FROM systems");
    struct ros_report_row bare = {.kind = ROS_REPORT_DATA,
                                  .org_id = "000001",
                                  .inventory_id = HOST_A,
                                  .report_date_us = T0 + SEC,
                                  .present = ROS_REPORT_HAS_CPU_STATES};
    bare.cpu_states.is_null = true; /* there, as null: cleared */
    assert_int_equal(write_one(f, &bare), ROS_REPORT_WRITTEN);
    db_expect(f->conn, "none|{}|t2.micro|Undersized",
              "SELECT coalesce(cpu_states::text, 'none') || '|' || memory_states::text || '|' || instance_type || '|' "
              "|| state FROM systems");
    db_expect(f->conn, "RHEL", "SELECT operating_system->>'name' FROM performance_profile");
}

static void base_events(void **state)
{
    struct fixture *f = *state;
    struct ros_report_row base = {.kind = ROS_REPORT_BASE, .org_id = "000001", .inventory_id = HOST_A, .fqdn = "a"};
    assert_int_equal(write_one(f, &base), ROS_REPORT_UNKNOWN);
    db_expect(f->conn, "0", "SELECT (SELECT count(*) FROM systems) + (SELECT count(*) FROM rh_accounts)");
    struct ros_report_row both[] = {base, base};
    struct ros_report_result results[2];
    both[0].created = true;
    both[1].fqdn = "b";
    write_rows(f, both, 2, results);
    assert_int_equal(results[0].fate, ROS_REPORT_WRITTEN);
    assert_int_equal(results[1].fate, ROS_REPORT_WRITTEN);
    db_expect(f->conn, "b|[]", "SELECT fqdn || '|' || groups::text FROM systems");
    db_expect(f->conn, "0", "SELECT count(*) FROM performance_profile_history");
}

static void a_host_is_never_moved(void **state)
{
    struct fixture *f = *state;
    struct ros_report_row rows[] = {report(HOST_A, T0, "r1"), report(HOST_A, T0 + SEC, "r2"), report(HOST_B, T0, "r3")};
    struct ros_report_result results[3];
    rows[1].org_id = "000002";
    rows[1].display_name = "stolen";
    write_rows(f, rows, 3, results);
    assert_int_equal(results[0].fate, ROS_REPORT_WRITTEN);
    assert_int_equal(results[1].fate, ROS_REPORT_REFUSED);
    assert_int_equal(results[1].code, ROS_E_FORBIDDEN);
    assert_int_equal(results[2].fate, ROS_REPORT_WRITTEN);
    assert_int_equal(write_one(f, &rows[1]), ROS_REPORT_REFUSED); /* and across batches */
    db_expect(f->conn, "0", "SELECT count(*) FROM systems WHERE display_name = 'stolen'");
    db_expect(f->conn, "2", "SELECT count(*) FROM performance_profile_history");
}

static void poisoned_rows_stand_alone(void **state)
{
    enum { N = 200 };
    struct fixture *f = *state;
    static struct ros_report_row rows[N];
    static struct ros_report_result results[N];
    static char hosts[N][37];
    char big[9000];
    uint64_t seed = 1;
    memcpy(big, "{\"name\": \"", 10);
    for (size_t i = 10; i < sizeof(big) - 3; i++) { /* letters that do not compress into an index entry */
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        big[i] = (char) ('A' + (seed >> 33) % 26 + ((seed >> 62) & 1) * 32);
    }
    memcpy(big + sizeof(big) - 3, "\"}", 3);
    for (size_t i = 0; i < N; i++) {
        snprintf(hosts[i], sizeof(hosts[i]), "5ce00000-0000-4000-8000-%012zu", i);
        rows[i] = report(hosts[i], T0, NULL);
    }
    rows[0].stale_timestamp = "the day after";
    rows[77].performance_record = "{not json";
    rows[78].groups = "[\"\\u0000\"]";
    rows[150].display_name = "\xff\xfe";
    rows[151].number_of_recommendations = INT64_MAX;
    rows[152].inventory_id = "not-a-uuid";
    rows[153].org_id = "";
    rows[199].operating_system = big;
    struct ros_offset offset = {"t", 0, 200};
    struct ros_report_batch batch = {"g", rows, N, &offset, 1};
    db_ok(ros_reports_write(f->conn, &batch, results, &db_error));
    size_t refused = 0;
    for (size_t i = 0; i < N; i++) {
        if (results[i].fate != ROS_REPORT_REFUSED) {
            assert_int_equal(results[i].fate, ROS_REPORT_WRITTEN);
            continue;
        }
        refused++;
        assert_true(results[i].reason[0] != '\0' && results[i].code != ROS_OK);
    }
    assert_int_equal(refused, 8);
    assert_int_equal(results[199].fate, ROS_REPORT_REFUSED);
    db_expect(f->conn, "192", "SELECT count(*) FROM performance_profile_history");
    db_expect(f->conn, "192", "SELECT count(*) FROM systems");
    db_expect(f->conn, "200", "SELECT next_offset FROM ros_offset WHERE topic = 't'");
}

static enum ros_code count_offset(void *context, const struct ros_offset *offset)
{
    *(int64_t *) context = *(int64_t *) context * 1000 + offset->next_offset;
    return ROS_OK;
}

/* The batch comes again, with more behind it, as after a crash between the commit and its answer. */
static void offsets_guard(void **state)
{
    struct fixture *f = *state;
    struct ros_report_row rows[] = {report(HOST_A, T0, NULL), report(HOST_A, T0 + SEC, NULL), report(HOST_B, T0, NULL)};
    struct ros_report_result results[3];
    for (size_t i = 0; i < 3; i++) {
        rows[i].topic = "ros.events";
        rows[i].offset = (int64_t) i + 10;
    }
    struct ros_offset offset = {"ros.events", 0, 12};
    struct ros_report_batch batch = {"g", rows, 2, &offset, 1};
    db_ok(ros_reports_write(f->conn, &batch, results, &db_error));
    assert_int_equal(results[1].fate, ROS_REPORT_WRITTEN);
    db_run(f->conn, "DELETE FROM performance_profile_history"); /* so that writing again would show */
    batch.row_count = 3;
    offset.next_offset = 13;
    db_ok(ros_reports_write(f->conn, &batch, results, &db_error));
    assert_int_equal(results[0].fate, ROS_REPORT_REPLAYED);
    assert_int_equal(results[1].fate, ROS_REPORT_REPLAYED);
    assert_int_equal(results[2].fate, ROS_REPORT_WRITTEN);
    db_expect(f->conn, "1", "SELECT count(*) FROM performance_profile_history");
    offset.next_offset = 5; /* a zombie's older position */
    db_ok(ros_offsets_store(f->conn, "g", &offset, 1, &db_error));
    int64_t seen = 0;
    db_ok(ros_offsets_load(f->conn, "g", count_offset, &seen, &db_error));
    assert_int_equal(seen, 13);
    db_ok(ros_offsets_forget(f->conn, "g", "ros.events", 0, &db_error));
    seen = 0;
    db_ok(ros_offsets_load(f->conn, "g", count_offset, &seen, &db_error));
    assert_int_equal(seen, 0);
    rows[0].topic = "other"; /* a row that no offset guards by mistake is refused whole */
    assert_int_equal(ros_reports_write(f->conn, &batch, results, NULL), ROS_E_ARGUMENT);
}

/* The server kills us in the middle (a trigger on a late table): all or nothing, and the retry completes it. */
static void a_crash_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct ros_report_row rows[] = {report(HOST_A, T0, "r1"), report(HOST_B, T0, "r2")};
    struct ros_report_result results[2];
    struct ros_offset offset = {"ros.events", 0, 2};
    struct ros_report_batch batch = {"g", rows, 2, &offset, 1};
    db_run(f->conn, "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM "
                    "pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NEW; END $$; "
                    "CREATE TRIGGER die BEFORE INSERT ON ros_upload FOR EACH ROW EXECUTE FUNCTION die()");
    assert_int_equal(ros_reports_write(f->conn, &batch, results, &db_error), ROS_E_UNAVAILABLE);
    assert_true(ros_code_retry(ROS_E_UNAVAILABLE));
    ros_pg_release(f->conn);
    db_ok(ros_pg_acquire(f->pool, &f->conn, &db_error));
    db_expect(f->conn, "0",
              "SELECT (SELECT count(*) FROM systems) + (SELECT count(*) FROM performance_profile) + "
              "(SELECT count(*) FROM performance_profile_history) + (SELECT count(*) FROM ros_offset) + "
              "(SELECT count(*) FROM rh_accounts)");
    db_run(f->conn, "DROP TRIGGER die ON ros_upload");
    db_ok(ros_reports_write(f->conn, &batch, results, &db_error));
    assert_int_equal(results[0].fate, ROS_REPORT_WRITTEN);
    db_expect(f->conn, "2", "SELECT count(*) FROM performance_profile_history");
}

static void erased_hosts_stay_erased(void **state)
{
    struct fixture *f = *state;
    struct ros_tenant ours = {"000001"};
    struct ros_tenant theirs = {"000002"};
    struct ros_report_row row = report(HOST_A, T0, "r1");
    bool flag = true;
    assert_int_equal(write_one(f, &row), ROS_REPORT_WRITTEN);
    db_ok(ros_host_erase(&theirs, f->conn, HOST_A, T0 + 5 * SEC, &flag, &db_error));
    assert_false(flag);
    db_expect(f->conn, "1", "SELECT count(*) FROM systems");
    db_ok(ros_host_erase(&ours, f->conn, HOST_A, T0 + 5 * SEC, &flag, &db_error));
    assert_true(flag);
    db_expect(f->conn, "0",
              "SELECT (SELECT count(*) FROM systems) + (SELECT count(*) FROM performance_profile_history)");
    row = report(HOST_A, T0 + 5 * SEC, "r2");
    assert_int_equal(write_one(f, &row), ROS_REPORT_DELETED);
    db_ok(ros_host_is_erased(&ours, f->conn, HOST_A, T0 + 5 * SEC, &flag, &db_error));
    assert_true(flag);
    row = report(HOST_A, T0 + 6 * SEC, "r3");
    assert_int_equal(write_one(f, &row), ROS_REPORT_WRITTEN);
    db_ok(ros_host_is_erased(&ours, f->conn, HOST_A, T0 + 6 * SEC, &flag, &db_error));
    assert_false(flag);
    db_ok(ros_host_erase(&ours, f->conn, HOST_A, T0 + 5 * SEC, &flag, &db_error)); /* the old message again */
    assert_false(flag);
    db_expect(f->conn, "1", "SELECT count(*) FROM systems");
    assert_int_equal(ros_host_erase(&ours, f->conn, "x", T0, &flag, NULL), ROS_E_DATA);
}

static void the_janitor_bites_small(void **state)
{
    struct fixture *f = *state;
    struct ros_janitor_result done;
    struct ros_report_result results[4];
    struct ros_report_row rows[] = {report(HOST_A, T0, "1"), report(HOST_A, T0 + SEC, "2"),
                                    report(HOST_A, T0 + 2 * SEC, "3"), report(HOST_B, T0, "4")};
    write_rows(f, rows, 4, results);
    db_ok(ros_janitor_run(f->conn, T0 + 2 * SEC, T0, 2, &done, &db_error));
    assert_true(done.history == 2 && done.profiles == 1 && done.uploads == 2 && done.tombstones == 0);
    db_ok(ros_janitor_run(f->conn, T0 + 2 * SEC, T0, 2, &done, &db_error));
    assert_true(done.history == 1 && done.profiles == 0 && done.uploads == 1);
    db_expect(f->conn, "1", "SELECT count(*) FROM performance_profile_history");
    db_expect(f->conn, "2", "SELECT count(*) FROM systems");
}

static void rules_are_replaced(void **state)
{
    struct fixture *f = *state;
    struct ros_rule_text rules[] = {{"a|X", "d", "r", "s", "c"}, {"a|Y", "d", "r", "s", "c"}};
    db_ok(ros_rules_upsert(f->conn, rules, 2, &db_error));
    rules[1].reason = "a better one";
    db_ok(ros_rules_upsert(f->conn, rules, 2, &db_error));
    db_expect(f->conn, "2|a better one", "SELECT count(*) || '|' || min(reason) FROM rules");
}

/* Recorded events through the state machine: the rows hold the very values of the messages. */
static void recorded_events(void **state)
{
    struct fixture *f = *state;
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    if (!db_read_file(getenv("ROS_TEST_EVENTS"), &text))
        skip();
    json_t *all = json_loads(ros_buf_text(&text), 0, NULL);
    struct ros_reports *machine = NULL;
    static struct ros_report_result results[1000];
    size_t fed = 0;
    assert_true(json_array_size(all) > 20);
    db_ok(ros_reports_new(&(struct ros_reports_config){.consumer_group = "g"}, &machine, &db_error));
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *value = json_object_get(json_object_get(json_array_get(all, i), "output"), "value");
        if (!json_is_object(value))
            continue;
        char *message = json_dumps(value, 0);
        enum ros_reports_verdict verdict;
        db_ok(ros_reports_feed(
            machine, &(struct ros_reports_message){"ros.events", 0, (int64_t) fed++, 0, message, strlen(message)},
            &verdict, &db_error, &db_error));
        assert_int_equal(verdict, ROS_REPORTS_ROW);
        ros_alloc_put(NULL, message, 0);
    }
    db_ok(ros_reports_write(f->conn, ros_reports_batch(machine), results, &db_error));
    for (size_t i = 0; i < fed; i++)
        assert_int_equal(results[i].fate, ROS_REPORT_WRITTEN);
    db_run(f->conn, "CREATE TABLE doc (v jsonb)");
    struct ros_pg_param doc = ros_pg_text(ros_buf_text(&text));
    db_ok(ros_pg_query(f->conn,
                       "INSERT INTO doc SELECT e->'output'->'value' FROM jsonb_array_elements($1::jsonb) e "
                       "WHERE jsonb_typeof(e->'output'->'value') = 'object'",
                       &doc, 1, NULL, &db_error));
    db_expect(
        f->conn, "0",
        "SELECT count(*) FROM doc LEFT JOIN systems s ON s.inventory_id = (v->>'id')::uuid "
        "LEFT JOIN performance_profile p ON p.system_id = s.id "
        "LEFT JOIN performance_profile_history h ON h.system_id = s.id "
        "WHERE (s.display_name, s.fqdn, s.state, s.instance_type, s.region, s.operating_system, s.groups, "
        "p.performance_record, p.performance_utilization, p.rule_hit_details, p.number_of_recommendations::text, "
        "p.psi_enabled::text, p.top_candidate, p.top_candidate_price, p.report_date, h.report_date, "
        "h.performance_record::text, s.stale_timestamp, s.cloud_provider, to_jsonb(s.cpu_states)) "
        "IS DISTINCT FROM (v->>'display_name', v->>'fqdn', v->>'state', v->>'instance_type', v->>'region', "
        "v->'operating_system', v->'groups', v->'performance_record', v->'performance_utilization', "
        "v->'rule_hit_details', v->>'number_of_recommendations', v->>'psi_enabled', v->>'top_candidate', "
        "(v->>'top_candidate_price')::float8, (v->>'report_date')::timestamptz, (v->>'report_date')::timestamptz, "
        "v->>'performance_record', (v->>'stale_timestamp')::timestamptz, v->>'cloud_provider', "
        "nullif(v->'cpu_states', 'null'))");
    ros_reports_free(machine);
    json_decref(all);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_report_is_stored),
        TEST(a_replay_is_one_row),
        TEST(the_newest_wins),
        TEST(absent_fields_stay),
        TEST(base_events),
        TEST(a_host_is_never_moved),
        TEST(offsets_guard),
        TEST(poisoned_rows_stand_alone),
        TEST(a_crash_leaves_nothing),
        TEST(erased_hosts_stay_erased),
        TEST(the_janitor_bites_small),
        TEST(rules_are_replaced),
        TEST(recorded_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
