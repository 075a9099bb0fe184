/* Rule sets from files: order, folders, paths that would leave them, circles, and files that are not there. */
#include "tests/unit/base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/grammar/sample.h"

struct loaded {
    struct ros_arena arena;
    struct ros_diags diags;
    struct ros_unit *unit;
    struct ros_error err;
    enum ros_code code;
};

static void load_with(struct loaded *x, const char *path, const struct ros_loader *io)
{
    *x = (struct loaded){.code = ROS_OK};
    ros_arena_init(&x->arena, NULL, 0);
    ros_diags_init(&x->diags, &x->arena);
    x->code = ros_load(path, io, &x->arena, &x->diags, &x->unit, &x->err);
}

static void load(struct loaded *x, const char *path, const struct ros_memory_file *files)
{
    const struct ros_loader io = ros_loader_memory(files);
    load_with(x, path, &io);
}

static void assert_one_finding(const struct ros_memory_file *files, const char *path, enum ros_diag_code code)
{
    struct loaded x;
    load(&x, path, files);
    assert_int_equal(x.code, ROS_E_RULES);
    assert_non_null(x.unit);
    assert_int_equal(x.diags.count, 1);
    assert_string_equal(ros_diag_code_name(x.diags.items[0]->code), ros_diag_code_name(code));
    ros_arena_done(&x.arena);
}

static void test_used_declarations_come_first(void **state)
{
    (void) state;
    struct loaded x;
    load(&x, "set/main.ros", sample_files);
    assert_int_equal(x.code, ROS_OK);
    assert_string_equal(x.unit->name.text, "sample");
    assert_int_equal(x.unit->source_count, 3);
    assert_int_equal(x.unit->decl_count, 20);
    assert_int_equal(x.unit->decls[0]->kind, ROS_DECL_METRIC);
    assert_string_equal(x.unit->decls[0]->metric.raw.text, "Kbyte");
    assert_true(x.unit->decls[2]->metric.vector);
    assert_int_equal(x.unit->decls[3]->metric.instance_count, 2);
    assert_int_equal(x.unit->decls[4]->kind, ROS_DECL_FACT);
    assert_int_equal(x.unit->decls[5]->kind, ROS_DECL_TABLE);
    assert_int_equal(x.unit->decls[5]->table.csv->row_count, 2);
    ros_arena_done(&x.arena);
}

static void test_a_folder_is_read_in_the_order_of_names(void **state)
{
    (void) state;
    static const struct ros_memory_file files[] = {
        {"f/b.ros", "ros 1\nruleset r version \"1\" \"d\"\nuse \"c.ros\"\nlet b = 1\n"},
        {"f/c.ros", "ros 1\nlet c = 1\n"},
        {"f/a.ros", "ros 1\nlet a = 1\n"},
        {"f/a_test.ros", "ros 1\nlet t = 1\n"},
        {"f/.hidden.ros", "no rules at all"},
        {"f/notes.txt", "no rules at all"},
        {"f/deep/d.ros", "no rules at all"},
        {NULL, NULL}};
    struct loaded x;
    load(&x, "f/", files);
    assert_int_equal(x.code, ROS_OK);
    assert_int_equal(x.unit->decl_count, 3);
    assert_string_equal(x.unit->decls[0]->body.name.text, "a");
    assert_string_equal(x.unit->decls[1]->body.name.text, "c");
    assert_string_equal(x.unit->decls[2]->body.name.text, "b");
    assert_string_equal(x.unit->sources[0].path, "f/a.ros");
    ros_arena_done(&x.arena);
    struct ros_loader io = ros_loader_memory(files);
    io.tests = true;
    load_with(&x, "f", &io);
    assert_int_equal(x.code, ROS_OK);
    assert_int_equal(x.unit->decl_count, 4);
    ros_arena_done(&x.arena);
}

static void test_two_rule_sets_in_a_folder(void **state)
{
    (void) state;
    static const struct ros_memory_file files[] = {{"f/a.ros", "ros 1\nruleset r version \"1\" \"d\"\n"},
                                                   {"f/b.ros", "ros 1\nruleset s version \"1\" \"d\"\n"},
                                                   {NULL, NULL}};
    assert_one_finding(files, "f", ROS_DIAG_E0108);
}

static void test_paths_stay_in_the_folder(void **state)
{
    (void) state;
    static const char *const paths[] = {"../up.ros", "/etc/up.ros", "a/../../up.ros", "a//up.ros", "./up.ros",
                                        "",          "a/"};
    for (size_t i = 0; i < ROS_COUNT(paths); i++) {
        char use[256], table[256];
        snprintf(use, sizeof use, "ros 1\nuse \"%s\"\n", paths[i]);
        snprintf(table, sizeof table, "ros 1\ntable t from \"%s\" key a { a: text }\n", paths[i]);
        const struct ros_memory_file files[] = {{"f/use.ros", use},
                                                {"f/table.ros", table},
                                                {"up.ros", "ros 1\n"},
                                                {"/etc/up.ros", "ros 1\n"},
                                                {NULL, NULL}};
        assert_one_finding(files, "f/use.ros", ROS_DIAG_E0801);
        assert_one_finding(files, "f/table.ros", ROS_DIAG_E0801);
    }
}

static void test_circles_are_found_and_diamonds_are_not(void **state)
{
    (void) state;
    static const struct ros_memory_file circle[] = {
        {"a.ros", "ros 1\nuse \"b.ros\"\n"}, {"b.ros", "ros 1\nuse \"a.ros\"\n"}, {NULL, NULL}};
    static const struct ros_memory_file self[] = {{"a.ros", "ros 1\nuse \"a.ros\"\n"}, {NULL, NULL}};
    static const struct ros_memory_file diamond[] = {{"a.ros", "ros 1\nuse \"b.ros\"\nuse \"c.ros\"\n"},
                                                     {"b.ros", "ros 1\nuse \"d.ros\"\n"},
                                                     {"c.ros", "ros 1\nuse \"d.ros\"\n"},
                                                     {"d.ros", "ros 1\nlet d = 1\n"},
                                                     {NULL, NULL}};
    assert_one_finding(circle, "a.ros", ROS_DIAG_E0801);
    assert_one_finding(self, "a.ros", ROS_DIAG_E0801);
    struct loaded x;
    load(&x, "a.ros", diamond);
    assert_int_equal(x.code, ROS_OK);
    assert_int_equal(x.unit->decl_count, 1);
    ros_arena_done(&x.arena);
}

static void test_files_that_are_not_there(void **state)
{
    (void) state;
    static const struct ros_memory_file files[] = {{"a.ros", "ros 1\nuse \"no.ros\"\n"},
                                                   {"t.ros", "ros 1\ntable t from \"no.csv\" key a { a: text }\n"},
                                                   {"e/x.txt", ""},
                                                   {NULL, NULL}};
    assert_one_finding(files, "a.ros", ROS_DIAG_E0801);
    assert_one_finding(files, "t.ros", ROS_DIAG_E0801);
    struct loaded x;
    load(&x, "no.ros", files);
    assert_int_equal(x.code, ROS_E_NOT_FOUND);
    assert_null(x.unit);
    assert_non_null(strstr(x.err.text, "no.ros"));
    ros_arena_done(&x.arena);
    load(&x, "e", files);
    assert_int_equal(x.code, ROS_E_NOT_FOUND);
    ros_arena_done(&x.arena);
}

static void test_a_file_at_its_limit(void **state)
{
    (void) state;
    static char text[ROS_LIMIT_SOURCE_BYTES + 8];
    memset(text, ' ', sizeof text - 1);
    memcpy(text, "ros 1\n", 6);
    const struct ros_memory_file files[] = {{"a.ros", text}, {NULL, NULL}};
    struct loaded x;
    text[ROS_LIMIT_SOURCE_BYTES] = '\0';
    load(&x, "a.ros", files);
    assert_int_equal(x.code, ROS_OK);
    ros_arena_done(&x.arena);
    text[ROS_LIMIT_SOURCE_BYTES] = ' ';
    text[ROS_LIMIT_SOURCE_BYTES + 1] = '\0';
    assert_one_finding(files, "a.ros", ROS_DIAG_E0701);
    text[ROS_LIMIT_SOURCE_BYTES + 1] = ' ';
    load(&x, "a.ros", files);
    assert_int_equal(x.code, ROS_E_LIMIT);
    ros_arena_done(&x.arena);
}

static void test_files_of_the_machine(void **state)
{
    (void) state;
    char folder[] = "/tmp/ros_load_XXXXXX";
    char path[64], fifo[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.ros", folder);
    snprintf(fifo, sizeof fifo, "%s/pipe.ros", folder);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs("ros 1\nlet x = 1\n", file);
    fclose(file);
    struct loaded x;
    load_with(&x, folder, NULL);
    assert_int_equal(x.code, ROS_OK);
    assert_int_equal(x.unit->decl_count, 1);
    ros_arena_done(&x.arena);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    alarm(20); /* a pipe without a writer must be refused, not waited for */
    load_with(&x, fifo, NULL);
    alarm(0);
    assert_int_equal(x.code, ROS_E_IO);
    ros_arena_done(&x.arena);
    unlink(fifo);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_used_declarations_come_first),
        cmocka_unit_test(test_a_folder_is_read_in_the_order_of_names),
        cmocka_unit_test(test_two_rule_sets_in_a_folder),
        cmocka_unit_test(test_paths_stay_in_the_folder),
        cmocka_unit_test(test_circles_are_found_and_diamonds_are_not),
        cmocka_unit_test(test_files_that_are_not_there),
        cmocka_unit_test(test_a_file_at_its_limit),
        cmocka_unit_test(test_files_of_the_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
