/* Tables: RFC 4180 in, cells with places out; everything else refused where it stands. */
#include "tests/unit/base/test.h"

#include <string.h>

#include "grammar/csv.h"
#include "tests/unit/grammar/sample.h"

static const struct ros_csv *read_csv(struct parsed *x, const char *text, size_t len)
{
    uint32_t index = 0;
    const struct ros_csv *csv = NULL;
    *x = (struct parsed){.code = ROS_OK};
    ros_arena_init(&x->arena, NULL, 0);
    ros_diags_init(&x->diags, &x->arena);
    x->unit = ros_unit_new(&x->arena);
    assert_non_null(x->unit);
    assert_int_equal(ros_unit_add_source(x->unit, ROS_FILE_TABLE, "t.csv", text, len, &index), ROS_OK);
    x->code = ros_csv_read(x->unit, index, &x->diags, &csv);
    return csv;
}

static void test_cells_and_their_places(void **state)
{
    (void) state;
    const char *text = "\xEF\xBB\xBFname,size\r\na,\"1,5\"\r\n\"say \"\"x\"\"\nthere\",\r\n\r\n";
    struct parsed x;
    const struct ros_csv *csv = read_csv(&x, text, strlen(text));
    assert_int_equal(x.code, ROS_OK);
    assert_int_equal(csv->column_count, 2);
    assert_int_equal(csv->row_count, 2);
    assert_string_equal(csv->header[0].text, "name");
    assert_string_equal(csv->header[1].text, "size");
    assert_string_equal(csv->cells[1].text, "1,5");
    assert_string_equal(csv->cells[2].text, "say \"x\"\nthere");
    assert_int_equal(csv->cells[2].len, 13);
    assert_string_equal(csv->cells[3].text, "");
    assert_int_equal(csv->cells[0].span.start, strstr(text, "a,") - text);
    assert_int_equal(csv->cells[1].span.length, 5);
    parsed_done(&x);
}

static void assert_refused(const char *text, size_t len, enum ros_diag_code code, size_t line, size_t column)
{
    struct parsed x;
    size_t found_line, found_column;
    assert_null(read_csv(&x, text, len));
    assert_int_equal(x.code, ROS_E_RULES);
    assert_int_equal(x.diags.count, 1);
    assert_int_equal(x.diags.items[0]->code, code);
    ros_span_place(x.unit, x.diags.items[0]->span, &found_line, &found_column);
    assert_int_equal(found_line, line);
    assert_int_equal(found_column, column);
    parsed_done(&x);
}

#define REFUSED(text, code, line, column) assert_refused(text, sizeof(text) - 1, ROS_DIAG_##code, line, column)

static void test_malformed_files_are_refused_at_their_place(void **state)
{
    (void) state;
    REFUSED("", E0604, 1, 1);
    REFUSED("\n\n", E0604, 1, 1);
    REFUSED("a,b\n1\n", E0604, 2, 1);
    REFUSED("a,b\n1,2,3\n", E0604, 2, 1);
    REFUSED("a,b\n1,2\n\n3,4\n", E0604, 3, 1);
    REFUSED("a,b\n1,\"2\n", E0604, 2, 3);
    REFUSED("a,b\n1,\"2\"x\n", E0604, 2, 6);
    REFUSED("a,b\n1,x\"2\n", E0604, 2, 4);
    REFUSED("a,b\r1,2\n", E0604, 1, 4);
    REFUSED("a,b\n1,\xFF\n", E0604, 2, 3);
    REFUSED("a,b\n1,\0\n", E0604, 2, 3);
}

static void test_limits(void **state)
{
    (void) state;
    static char text[2 * (ROS_LIMIT_TABLE_ROWS + 3)];
    char wide[2 * ROS_LIMIT_TABLE_COLUMNS + 2];
    for (size_t i = 0; i <= ROS_LIMIT_TABLE_COLUMNS; i++) {
        wide[2 * i] = 'c';
        wide[2 * i + 1] = ',';
    }
    assert_refused(wide, sizeof wide - 1, ROS_DIAG_E0701, 1, 1);
    for (size_t i = 0; i < ROS_LIMIT_TABLE_ROWS + 2; i++) {
        text[2 * i] = 'r';
        text[2 * i + 1] = '\n';
    }
    struct parsed x;
    const struct ros_csv *csv = read_csv(&x, text, 2 * (ROS_LIMIT_TABLE_ROWS + 1));
    assert_int_equal(x.code, ROS_OK);
    assert_int_equal(csv->row_count, ROS_LIMIT_TABLE_ROWS);
    parsed_done(&x);
    assert_refused(text, 2 * (ROS_LIMIT_TABLE_ROWS + 2), ROS_DIAG_E0701, ROS_LIMIT_TABLE_ROWS + 2, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_and_their_places),
        cmocka_unit_test(test_malformed_files_are_refused_at_their_place),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
