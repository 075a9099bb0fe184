/*
 * Where to begin at a partition, for each way a position can be wrong; and what a dead letter carries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "services/ingest/broker.h"
#include "services/ingest/dead.h"

static void test_begin(void **state)
{
    (void) state;
    static const struct {
        int64_t committed;
        int64_t stored;
        int64_t low;
        int64_t high;
        enum ros_broker_start start;
        int64_t next;
    } cases[] = {
        {50, -1, 0, 100, ROS_START_CONTINUES, 50}, {50, 40, 0, 100, ROS_START_CONTINUES, 50},
        {50, 50, 0, 100, ROS_START_CONTINUES, 50}, {100, 100, 0, 100, ROS_START_CONTINUES, 100},
        {-1, -1, 0, 100, ROS_START_NEW, 0},        {-1, -1, 7, 100, ROS_START_NEW, 7},
        {50, 60, 0, 100, ROS_START_AHEAD, 60},     {-1, 60, 0, 100, ROS_START_AHEAD, 60},
        {50, -1, 70, 100, ROS_START_BEHIND, 70},   {-1, 60, 70, 100, ROS_START_BEHIND, 70},
        {50, -1, 0, 10, ROS_START_RECREATED, 0},   {-1, 60, 0, 10, ROS_START_RECREATED, 0},
        {50, 60, 0, 10, ROS_START_RECREATED, 0},   {5, 60, 0, 10, ROS_START_CONTINUES, 5},
        {0, -1, 0, 0, ROS_START_CONTINUES, 0},
    };
    for (size_t i = 0; i < ROS_COUNT(cases); i++) {
        struct ros_broker_position position = {
            .topic = "t", .committed = cases[i].committed, .low = cases[i].low, .high = cases[i].high};
        int64_t next = -9;
        enum ros_broker_start start = ros_broker_begin(&position, cases[i].stored, &next);
        if (start != cases[i].start || next != cases[i].next)
            fail_msg("case %zu: start %d at %lld", i, (int) start, (long long) next);
        assert_true(ros_broker_start_text(start)[0] != '\0');
    }
}

static const struct ros_broker_header *find(const struct ros_broker_record *record, const char *name)
{
    const struct ros_broker_header *found = NULL;
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, name) == 0) {
            assert_null(found);
            found = &record->headers[i];
        }
    return found;
}

static void test_dead_letter(void **state)
{
    (void) state;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    const struct ros_broker_header headers[] = {{"producer", "p", 1}, {"ros-code", "old", 3}, {"empty", NULL, 0}};
    struct ros_broker_message message = {.topic = "in",
                                         .partition = 3,
                                         .offset = 77,
                                         .timestamp_ms = 9,
                                         .key = "k",
                                         .key_size = 1,
                                         .data = "a\0b",
                                         .size = 3,
                                         .headers = headers,
                                         .header_count = 3};
    struct ros_error reason = {.code = ROS_E_ARCHIVE_DAMAGED, .text = "cut short"};
    struct ros_broker_record record;
    assert_int_equal(ros_dead_letter(&arena, &message, "dead", "scoring", &reason, &record), ROS_OK);
    assert_string_equal(record.topic, "dead");
    assert_int_equal(record.size, 3);
    assert_memory_equal(record.data, "a\0b", 3);
    assert_memory_equal(record.key, "k", 1);
    static const char *const expected[][2] = {
        {"producer", "p"},        {"ros-topic", "in"},         {"ros-partition", "3"},
        {"ros-offset", "77"},     {"ros-timestamp-ms", "9"},   {"ros-code", "ROS_E_ARCHIVE_DAMAGED"},
        {"ros-stage", "scoring"}, {"ros-reason", "cut short"},
    };
    for (size_t i = 0; i < ROS_COUNT(expected); i++) {
        const struct ros_broker_header *header = find(&record, expected[i][0]);
        assert_non_null(header);
        assert_int_equal(header->size, strlen(expected[i][1]));
        assert_memory_equal(header->value, expected[i][1], header->size);
    }
    assert_null(find(&record, "empty")->value);
    assert_non_null(find(&record, "ros-version"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_begin), cmocka_unit_test(test_dead_letter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
