#include "tests/unit/interp/program.h"

#include <string.h>

#include "grammar/load.h"
#include "interp/base/limits.h"
#include "tests/unit/base/test.h"

const char test_prelude[] = "ros 1\n"
                            "ruleset testing version \"1.0\" \"for tests\"\n"
                            "metric ncpu : vcpu raw \"none\"\n"
                            "metric idle : vcpu raw \"none\"\n"
                            "metric mem : KiB raw \"Kbyte\"\n"
                            "metric disk[*] : count/s raw \"count / sec\"\n"
                            "fact cloud : text\n"
                            "fact kind : text\n"
                            "fact cpus : vcpu\n"
                            "fact psi : bool\n"
                            "fact major : int\n"
                            "table t from \"t.csv\" key name { name: text  size: MiB  price: USD/h }\n";
const char test_table[] = "name,size,price,unused\n"
                          "small,1024,0.5,x\n"
                          "\"me,dium\",2048,,x\n"
                          "large,4096,2.0,x\n"
                          "huge,8192,1.0,x\n";

enum ros_code test_compile(const char *source, const struct ros_alloc *alloc, struct ros_program **ret,
                           struct ros_buf *out)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    ros_buf_printf(&text, "%s%s\n", test_prelude, source);
    const struct ros_memory_file files[] = {{"r.ros", ros_buf_text(&text)}, {"t.csv", test_table}, {NULL, NULL}};
    const struct ros_loader loader = ros_loader_memory(files);
    struct ros_arena arena;
    ros_arena_init(&arena, alloc, ROS_LIMIT_COMPILE_BYTES);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_unit *unit = NULL;
    enum ros_code code = ros_load_program("r.ros", &loader, alloc, &arena, &diags, &unit, ret, NULL);
    if (out != NULL && unit != NULL)
        assert_int_equal(ros_diags_render(&diags, unit, false, out), ROS_OK);
    ros_arena_done(&arena);
    return code;
}

void test_host_open(struct test_host *host, const char *source)
{
    ros_auto(ros_buf) struct ros_buf findings = ROS_BUF_INIT;
    *host = (struct test_host){0};
    if (test_compile(source, NULL, &host->program, &findings) != ROS_OK)
        fail_msg("%s\n%s", source, ros_buf_text(&findings));
    assert_int_equal(ros_facts_new(host->program, NULL, &host->facts, NULL), ROS_OK);
    assert_int_equal(ros_vm_new(host->program, NULL, &host->vm, NULL), ROS_OK);
}

void test_host_close(struct test_host *host)
{
    ros_vm_free(host->vm);
    ros_facts_free(host->facts);
    ros_program_unref(host->program);
}

static size_t input_of(const struct test_host *host, const char *name)
{
    for (size_t i = 0; i < ros_program_input_count(host->program); i++)
        if (strcmp(ros_program_input(host->program, i)->name, name) == 0)
            return i;
    fail_msg("no input %s", name);
    return 0;
}

void test_set_num(struct test_host *host, const char *name, double raw)
{
    assert_int_equal(ros_facts_set_num(host->facts, input_of(host, name), raw, NULL), ROS_OK);
}

void test_set_text(struct test_host *host, const char *name, const char *text)
{
    assert_int_equal(ros_facts_set_text(host->facts, input_of(host, name), text, strlen(text)), ROS_OK);
}

void test_set_bool(struct test_host *host, const char *name, bool value)
{
    assert_int_equal(ros_facts_set_bool(host->facts, input_of(host, name), value), ROS_OK);
}

void test_add_disk(struct test_host *host, const char *disk, double raw)
{
    assert_int_equal(ros_facts_add_instance(host->facts, input_of(host, "disk"), disk, strlen(disk), raw, NULL),
                     ROS_OK);
}

void test_run(struct test_host *host)
{
    ros_vm_run(host->vm, host->facts, &host->verdict);
}

enum ros_tri test_flag(const struct test_host *host, const char *name)
{
    for (size_t i = 0; i < ros_program_flag_count(host->program); i++)
        if (strcmp(ros_program_flag(host->program, i)->name, name) == 0)
            return host->verdict.flags[i];
    fail_msg("no flag %s", name);
    return ROS_UNKNOWN;
}
