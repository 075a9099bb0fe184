/* Links of a page: aligned, with the filters kept, and none that leads to itself. */
#include "tests/unit/base/test.h"

#include "services/gateway/links.h"

static void expect(int count, int limit, int offset, const char *last, const char *next, const char *previous)
{
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, 0);
    Ros__V1__PageMeta meta = ROS__V1__PAGE_META__INIT;
    meta.count = count;
    meta.limit = limit;
    meta.offset = offset;
    const Ros__V1__PageLinks *links = ros__links(&arena, "/p", "&s=a%20b", &meta);
    assert_non_null(links);
    assert_string_equal(links->first, ros_arena_printf(&arena, "/p?limit=%d&offset=0&s=a%%20b", limit));
    assert_string_equal(links->last, ros_arena_printf(&arena, "/p?limit=%d&offset=%s&s=a%%20b", limit, last));
    assert_int_equal(links->_next_case != 0, next != NULL);
    assert_int_equal(links->_previous_case != 0, previous != NULL);
    if (next != NULL)
        assert_string_equal(links->next, ros_arena_printf(&arena, "/p?limit=%d&offset=%s&s=a%%20b", limit, next));
    if (previous != NULL)
        assert_string_equal(links->previous,
                            ros_arena_printf(&arena, "/p?limit=%d&offset=%s&s=a%%20b", limit, previous));
}

static void test_pages(void **state)
{
    (void) state;
    expect(39, 10, 0, "30", "10", NULL);
    expect(39, 10, 10, "30", "20", "0");
    expect(39, 10, 30, "30", NULL, "20");
    expect(40, 10, 30, "30", NULL, "20");
    expect(39, 10, 5, "30", "15", "0");
    expect(39, 10, 100, "30", NULL, "90");
    expect(0, 10, 0, "0", NULL, NULL);
    expect(39, 0, 0, "0", NULL, NULL);
    expect(39, 39, 0, "0", NULL, NULL);
    expect(2147483647, 2147483647, 2147483647, "0", NULL, "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
