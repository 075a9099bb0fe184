/*
 * The scoring worker against a broker in memory: what leaves, with which position, under each fault. Uploads are
 * fetched from an address that refuses, so that no server is needed here; download_test.c and the end-to-end test
 * fetch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "services/ingest/scoring_worker.h"
#include "services/score/rules.h"
#include "tests/unit/ingest/fake_broker.h"

#define HOST(n)                                                                                                        \
    "\"host\":{\"id\":\"00000000-0000-4000-8000-00000000000" n "\",\"org_id\":\"1\",\"display_name\":\"h" n "\"}"
#define GONE                                                                                                           \
    "{\"type\":\"created\"," HOST(                                                                                     \
        "1") ",\"platform_metadata\":{\"is_ros_v2\":true,\"url\":\"http://127.0.0.1:1/x\",\"request_id\":\"r\"}}"
#define IGNORED "{\"type\":\"delete\"}"

struct bench {
    struct fake_broker fake;
    struct ros_ingest ingest;
    struct ros__observe observe;
    struct ros_downloader *downloader;
    struct ros__scoring *scoring;
    atomic_bool stop;
};

static bool flag(void *context, const char *org_id)
{
    (void) context, (void) org_id;
    return true;
}

static void begin(struct bench *bench, size_t batch, unsigned retries)
{
    memset(bench, 0, sizeof *bench);
    fake_init(&bench->fake, "in");
    bench->observe = (struct ros__observe){.ingest = &bench->ingest, .stage = ROS__SCORING};
    assert_int_equal(ros_rules_new(&bench->ingest.rules, NULL), ROS_OK);
    struct ros_download_config download = {.timeout_ms = 500, .allow_private = true};
    assert_int_equal(ros_downloader_new(&download, NULL, &bench->downloader, NULL), ROS_OK);
    struct ros__scoring_config config = {.events_topic = "out",
                                         .dead_topic = "dead",
                                         .group = "g",
                                         .batch_messages = batch,
                                         .batch_ms = 1,
                                         .retries = retries,
                                         .retry_ms = 20,
                                         .max_message_bytes = 4096,
                                         .flag = flag,
                                         .clock = ros_clock_system(),
                                         .stop = &bench->stop};
    ros_intake_limits_init(&config.limits);
    assert_int_equal(ros__scoring_new(&config, &bench->observe, bench->downloader, &bench->scoring, NULL), ROS_OK);
}

static void add(struct bench *bench, const char *message)
{
    bench->fake.messages[bench->fake.message_count++] = message;
}

static void assign(struct bench *bench)
{
    struct ros_broker_listener listener = ros__scoring_listener(bench->scoring);
    assert_int_equal(fake_assign(&bench->fake, &listener), ROS_OK);
}

static enum ros_code step(struct bench *bench)
{
    return ros__scoring_step(bench->scoring, &bench->fake.calls, NULL);
}

static void end(struct bench *bench)
{
    ros__scoring_forget(bench->scoring, &bench->fake.calls);
    assert_int_equal(bench->fake.held, 0);
    ros__scoring_free(bench->scoring);
    ros_downloader_free(bench->downloader);
    ros_rules_free(bench->ingest.rules);
}

static void test_outcomes_and_positions(void **state)
{
    (void) state;
    struct bench bench;
    begin(&bench, 10, 0);
    add(&bench, "{not json");
    add(&bench, IGNORED);
    add(&bench, NULL);
    add(&bench, "[1]");
    assign(&bench);
    assert_int_equal(step(&bench), ROS_OK);
    assert_int_equal(bench.fake.sends, 1);
    assert_int_equal(bench.fake.committed, 4);
    assert_int_equal(bench.fake.sent_count, 2);
    assert_string_equal(bench.fake.sent[0].topic, "dead");
    assert_string_equal(bench.fake.sent[0].data, "{not json");
    assert_string_equal(bench.fake.sent[0].code, "ROS_E_MESSAGE");
    assert_string_equal(bench.fake.sent[1].data, "[1]");
    assert_int_equal(bench.fake.held, 0);
    assert_int_equal(step(&bench), ROS_OK); // nothing in hand: nothing sent
    assert_int_equal(bench.fake.sends, 1);
    end(&bench);
}

static void test_batches_are_bounded(void **state)
{
    (void) state;
    struct bench bench;
    begin(&bench, 2, 0);
    for (int i = 0; i < 5; i++)
        add(&bench, IGNORED);
    assign(&bench);
    for (int i = 0; i < 3; i++)
        assert_int_equal(step(&bench), ROS_OK);
    assert_int_equal(bench.fake.sends, 3);
    assert_int_equal(bench.fake.committed, 5);
    end(&bench);
}

static void test_no_rules_stops_the_batch(void **state)
{
    (void) state;
    struct bench bench;
    begin(&bench, 10, 0);
    add(&bench, IGNORED);
    add(&bench, GONE);
    assign(&bench);
    assert_int_equal(step(&bench), ROS_E_UNAVAILABLE);
    assert_int_equal(bench.fake.sends, 0);
    assert_int_equal(bench.fake.committed, -1);
    end(&bench);
}

/* A transaction that fails leaves nothing; the next client begins at the stored position and sends all of it. */
static void test_a_failed_send_is_repeated(void **state)
{
    (void) state;
    struct bench bench;
    begin(&bench, 10, 0);
    add(&bench, "{bad");
    add(&bench, IGNORED);
    assign(&bench);
    bench.fake.send_fails = ROS_E_UNAVAILABLE;
    assert_int_equal(step(&bench), ROS_E_UNAVAILABLE);
    assert_int_equal(bench.fake.sent_count, 0);
    ros__scoring_forget(bench.scoring, &bench.fake.calls);
    assert_int_equal(bench.fake.held, 0);
    assign(&bench);
    assert_int_equal(step(&bench), ROS_OK);
    assert_int_equal(bench.fake.sent_count, 1);
    assert_int_equal(bench.fake.committed, 2);
    end(&bench);
}

/* A commit whose answer was lost: the stored position says that it is done, and nothing is sent twice. */
static void test_an_unknown_commit_is_not_repeated(void **state)
{
    (void) state;
    struct bench bench;
    begin(&bench, 10, 0);
    add(&bench, "{bad");
    assign(&bench);
    bench.fake.send_fails = ROS_E_UNAVAILABLE;
    bench.fake.stores_before_fail = true;
    assert_int_equal(step(&bench), ROS_E_UNAVAILABLE);
    ros__scoring_forget(bench.scoring, &bench.fake.calls);
    assign(&bench);
    assert_int_equal(step(&bench), ROS_OK);
    assert_int_equal(bench.fake.sent_count, 1);
    end(&bench);
}

static void test_revoked_messages_leave_no_trace(void **state)
{
    (void) state;
    struct bench bench;
    begin(&bench, 10, 0);
    add(&bench, "{bad");
    add(&bench, "{bad");
    assign(&bench);
    bench.fake.revoke_at = 3;
    assert_int_equal(step(&bench), ROS_OK);
    assert_int_equal(bench.fake.sends, 0);
    assert_int_equal(bench.fake.sent_count, 0);
    assert_int_equal(bench.fake.committed, -1);
    assert_int_equal(bench.fake.held, 0);
    end(&bench);
}

static void test_too_large_is_found_and_set_aside(void **state)
{
    (void) state;
    struct bench bench;
    begin(&bench, 10, 0);
    add(&bench, IGNORED);
    add(&bench, "{\"too\":\"large\"}");
    assign(&bench);
    for (int i = 0; i < 2; i++) { // the batch fails; the first message alone is fine; the second fails alone
        bench.fake.send_fails = ROS_E_LIMIT;
        assert_int_equal(step(&bench), ROS_E_LIMIT);
        ros__scoring_forget(bench.scoring, &bench.fake.calls);
        assign(&bench);
        if (i == 0)
            assert_int_equal(step(&bench), ROS_OK);
    }
    assert_int_equal(bench.fake.committed, 1);
    assert_int_equal(step(&bench), ROS_OK);
    assert_int_equal(bench.fake.committed, 2);
    assert_int_equal(bench.fake.sent_count, 1);
    assert_string_equal(bench.fake.sent[0].code, "ROS_E_LIMIT");
    assert_string_equal(bench.fake.sent[0].data, "");
    end(&bench);
}

static void test_a_stop_ends_between_messages(void **state)
{
    (void) state;
    struct bench bench;
    begin(&bench, 10, 0);
    add(&bench, IGNORED);
    assign(&bench);
    atomic_store(&bench.stop, true);
    assert_int_equal(step(&bench), ROS_OK);
    assert_int_equal(bench.fake.committed, -1);
    end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes_and_positions),
        cmocka_unit_test(test_batches_are_bounded),
        cmocka_unit_test(test_no_rules_stops_the_batch),
        cmocka_unit_test(test_a_failed_send_is_repeated),
        cmocka_unit_test(test_an_unknown_commit_is_not_repeated),
        cmocka_unit_test(test_revoked_messages_leave_no_trace),
        cmocka_unit_test(test_too_large_is_found_and_set_aside),
        cmocka_unit_test(test_a_stop_ends_between_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
