/* plan_test.c - array literals, SQLSTATE faces and the fold, without a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "store/array.h"
#include "store/pg_internal.h"
#include "store/reports_plan.h"

static void array_literals(void **state ROS_UNUSED)
{
    static const char *const names[] = {"a", "b\"c"};
    struct ros__array array;
    struct ros_pg_param param;
    ros__array_init(&array, NULL);
    ros__array_text(&array, "plain");
    ros__array_text(&array, "");
    ros__array_text(&array, "NULL");
    ros__array_text(&array, NULL);
    ros__array_text(&array, "q\"b\\c{,}");
    ros__array_i64(&array, -5);
    ros__array_bool(&array, true, false);
    ros__array_double(&array, true, 0.06);
    ros__array_double(&array, false, 0);
    ros__array_names(&array, names, 2, false);
    ros__array_names(&array, NULL, 0, false);
    ros__array_names(&array, NULL, 0, true);
    assert_int_equal(ros__array_param(&array, &param, NULL), ROS_OK);
    assert_string_equal(param.data, "{\"plain\",\"\",\"NULL\",NULL,\"q\\\"b\\\\c{,}\",-5,f,0.06,NULL,"
                                    "\"{\\\"a\\\",\\\"b\\\\\\\"c\\\"}\",\"{}\",NULL}");
    ros__array_done(&array);
    ros__array_init(&array, NULL);
    assert_int_equal(ros__array_param(&array, &param, NULL), ROS_OK);
    assert_string_equal(param.data, "{}");
    ros__array_done(&array);
}

static void sqlstates(void **state ROS_UNUSED)
{
    static const struct {
        const char *state;
        enum ros_code code;
    } cases[] = {
        {"22P02", ROS_E_DATA},        {"23503", ROS_E_DATA},        {"23505", ROS_E_EXISTS},
        {"54000", ROS_E_DATA},        {"40P01", ROS_E_CONFLICT},    {"40001", ROS_E_CONFLICT},
        {"55P03", ROS_E_CONFLICT},    {"57014", ROS_E_TIMEOUT},     {"57P01", ROS_E_UNAVAILABLE},
        {"57P03", ROS_E_UNAVAILABLE}, {"53300", ROS_E_UNAVAILABLE}, {"08006", ROS_E_UNAVAILABLE},
        {"42501", ROS_E_FORBIDDEN},   {"42P01", ROS_E_CONFIG},      {"28P01", ROS_E_CONFIG},
        {"42601", ROS_E_INTERNAL},    {"XX000", ROS_E_INTERNAL},    {"", ROS_E_INTERNAL},
    };
    for (size_t i = 0; i < ROS_COUNT(cases); i++)
        if (ros__pg_code(cases[i].state) != cases[i].code)
            fail_msg("%s gives %s", cases[i].state, ros_code_name(ros__pg_code(cases[i].state)));
}

/* A host that nobody owns yet is taken over; one that an earlier row of the range made is owned by that row. */
static void owners(void **state ROS_UNUSED)
{
    struct ros_report_row rows[] = {
        {.kind = ROS_REPORT_DATA, .org_id = "o1", .inventory_id = "a", .report_date_us = 5},
        {.kind = ROS_REPORT_BASE, .org_id = "o2", .inventory_id = "a"},
        {.kind = ROS_REPORT_DATA, .org_id = "o3", .inventory_id = "b", .report_date_us = 5},
        {.kind = ROS_REPORT_DATA, .org_id = "o4", .inventory_id = "b", .report_date_us = 6},
    };
    struct ros_report_result results[4];
    const size_t index[] = {0, 1, 2, 3};
    ros_auto(ros__plan) struct ros__plan plan;
    memset(results, 0, sizeof(results));
    assert_int_equal(ros__plan_init(&plan, rows, results, index, 4), ROS_OK);
    ros__plan_host(&plan, "b")->is_stored = true;                         /* of nobody */
    assert_int_equal(ros__plan_tombstone(&plan, "a", "o2", 100), ROS_OK); /* not of the host's organisation */
    assert_int_equal(ros__plan_fold(&plan), ROS_OK);
    assert_int_equal(results[0].fate, ROS_REPORT_WRITTEN);
    assert_int_equal(results[1].fate, ROS_REPORT_REFUSED);
    assert_int_equal(results[2].fate, ROS_REPORT_WRITTEN);
    assert_int_equal(results[3].fate, ROS_REPORT_REFUSED);
    assert_true(ros__plan_host(&plan, "a")->is_new);
    assert_false(ros__plan_host(&plan, "b")->is_new);
    assert_int_equal(ros__plan_host(&plan, "b")->newest, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(array_literals), cmocka_unit_test(sqlstates),
                                       cmocka_unit_test(owners)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
