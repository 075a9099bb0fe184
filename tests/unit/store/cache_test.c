/* cache_test.c - the evidence cache: what goes in comes out, for one organisation only, and damage is survived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/cache.h"

static char folder[64];
static const struct ros_tenant one = {"000001"};
static const struct ros_tenant two = {"000002"};

static void remove_folder(void)
{
    static const char *const names[] = {"data.mdb", "data.mdb.bad", "lock.mdb", "epoch", "guard"};
    char path[128];
    for (size_t i = 0; i < ROS_COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static int setup(void **state ROS_UNUSED)
{
    snprintf(folder, sizeof(folder), "/tmp/ros-cache-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state ROS_UNUSED)
{
    remove_folder();
    return 0;
}

static struct ros_cache *open_boot(const char *boot_id, uint64_t map_bytes)
{
    struct ros_cache *cache = NULL;
    struct ros_error error = ROS_ERROR_INIT;
    struct ros_cache_config config = {.folder = folder, .map_bytes = map_bytes, .boot_id = boot_id};
    if (ros_cache_open(&config, &cache, &error) != ROS_OK)
        fail_msg("%s", error.text);
    return cache;
}

static bool holds(const struct ros_tenant *tenant, struct ros_cache *cache, const char *id, const char *expected)
{
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    enum ros_code code = ros_cache_get(tenant, cache, id, &out, NULL);
    if (expected == NULL)
        return code == ROS_E_NOT_FOUND && out.len == 0;
    return code == ROS_OK && out.len == strlen(expected) && memcmp(out.data, expected, out.len) == 0;
}

static void put(struct ros_cache *cache, const char *id, const char *text)
{
    struct ros_error error = ROS_ERROR_INIT;
    if (ros_cache_put(&one, cache, id, text, strlen(text), &error) != ROS_OK)
        fail_msg("%s", error.text);
}

static void values(void **state ROS_UNUSED)
{
    struct ros_cache *cache = open_boot("a", 0);
    assert_true(holds(&one, cache, "h1", NULL));
    put(cache, "h1", "first");
    put(cache, "h1", "second");
    put(cache, "h2", "");
    assert_true(holds(&one, cache, "h1", "second"));
    assert_true(holds(&one, cache, "h2", ""));
    assert_true(holds(&two, cache, "h1", NULL));
    assert_int_equal(ros_cache_delete(&two, cache, "h1", NULL), ROS_OK);
    assert_true(holds(&one, cache, "h1", "second"));
    assert_int_equal(ros_cache_delete(&one, cache, "h1", NULL), ROS_OK);
    assert_true(holds(&one, cache, "h1", NULL));
    struct ros_cache_stats stats;
    assert_int_equal(ros_cache_stats(cache, &stats, NULL), ROS_OK);
    assert_int_equal(stats.values, 1);
    unsigned dead = 7;
    assert_int_equal(ros_cache_check(cache, &dead, NULL), ROS_OK);
    assert_int_equal(dead, 0);
    ros_cache_free(cache);
}

static void refusals(void **state ROS_UNUSED)
{
    struct ros_cache *cache = NULL;
    struct ros_cache_config config = {.folder = folder, .value_max_bytes = 10};
    char long_id[600];
    memset(long_id, 'x', sizeof(long_id) - 1);
    long_id[sizeof(long_id) - 1] = '\0';
    assert_int_equal(ros_cache_open(&config, &cache, NULL), ROS_OK);
    struct ros_tenant nobody = {NULL};
    assert_int_equal(ros_cache_put(&nobody, cache, "h", "x", 1, NULL), ROS_E_UNAUTHENTICATED);
    assert_int_equal(ros_cache_put(&one, cache, long_id, "x", 1, NULL), ROS_E_ARGUMENT);
    assert_int_equal(ros_cache_put(&one, cache, "", "x", 1, NULL), ROS_E_ARGUMENT);
    struct ros_cache_item items[] = {{one, "h1", "fits", 4}, {one, "h2", "does not fit", 12}};
    assert_int_equal(ros_cache_put_batch(cache, items, 2, NULL), ROS_E_LIMIT);
    assert_true(holds(&one, cache, "h1", NULL)); /* all or nothing */
    ros_cache_free(cache);
    config.folder = "/nowhere/at/all";
    assert_int_equal(ros_cache_open(&config, &cache, NULL), ROS_E_IO);
}

static void it_grows(void **state ROS_UNUSED)
{
    static char block[50000];
    struct ros_cache *cache = open_boot("a", 128 << 10);
    char id[16];
    memset(block, 'b', sizeof(block));
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof(id), "h%d", i);
        assert_int_equal(ros_cache_put(&one, cache, id, block, sizeof(block), NULL), ROS_OK);
    }
    struct ros_cache_stats stats;
    assert_int_equal(ros_cache_stats(cache, &stats, NULL), ROS_OK);
    assert_int_equal(stats.values, 100);
    assert_true(stats.map_bytes >= 100 * sizeof(block) && stats.used_bytes >= 100 * sizeof(block));
    ros_cache_free(cache);
    struct ros_cache_config small = {.folder = folder, .map_bytes = 6 << 20, .map_max_bytes = 6 << 20, .boot_id = "a"};
    assert_int_equal(ros_cache_open(&small, &cache, NULL), ROS_OK);
    enum ros_code code = ROS_OK;
    for (int i = 100; i < 300 && code == ROS_OK; i++) {
        snprintf(id, sizeof(id), "h%d", i);
        code = ros_cache_put(&one, cache, id, block, sizeof(block), NULL);
    }
    assert_int_equal(code, ROS_E_LIMIT); /* full is told, and what is there stays */
    ros_auto(ros_buf) struct ros_buf out = ROS_BUF_INIT;
    assert_int_equal(ros_cache_get(&one, cache, "h0", &out, NULL), ROS_OK);
    assert_int_equal(out.len, sizeof(block));
    ros_cache_free(cache);
}

static uint64_t rebuilt(struct ros_cache *cache)
{
    struct ros_cache_stats stats;
    assert_int_equal(ros_cache_stats(cache, &stats, NULL), ROS_OK);
    return stats.rebuilt;
}

static void a_reboot_empties_it(void **state ROS_UNUSED)
{
    struct ros_cache *cache = open_boot("boot-1", 0);
    put(cache, "h", "v");
    ros_cache_free(cache);
    cache = open_boot("boot-1", 0);
    assert_true(holds(&one, cache, "h", "v"));
    assert_int_equal(rebuilt(cache), 0);
    ros_cache_free(cache);
    cache = open_boot("boot-2", 0);
    assert_true(holds(&one, cache, "h", NULL));
    assert_int_equal(rebuilt(cache), 1);
    put(cache, "h", "w");
    ros_cache_free(cache);
    cache = open_boot("boot-2", 0);
    assert_true(holds(&one, cache, "h", "w"));
    ros_cache_free(cache);
}

static void overwrite(const char *name, off_t offset, const char *bytes, size_t size)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, size, offset), (ssize_t) size);
    close(fd);
}

static void a_damaged_file_is_set_aside(void **state ROS_UNUSED)
{
    char path[128];
    char zeros[8192] = {0};
    struct ros_cache *cache = open_boot("a", 0);
    put(cache, "h", "v");
    ros_cache_free(cache);
    overwrite("data.mdb", 0, zeros, sizeof(zeros)); /* both meta pages */
    cache = open_boot("a", 0);
    assert_true(holds(&one, cache, "h", NULL));
    assert_int_equal(rebuilt(cache), 1);
    snprintf(path, sizeof(path), "%s/data.mdb.bad", folder);
    assert_int_equal(access(path, F_OK), 0);
    put(cache, "h", "again");
    assert_true(holds(&one, cache, "h", "again"));
    ros_cache_free(cache);
}

/* A flipped byte of a value gives "not found", never wrong evidence. */
static void a_flipped_byte_is_seen(void **state ROS_UNUSED)
{
    char path[128];
    static char file[1 << 20];
    struct ros_cache *cache = open_boot("a", 0);
    put(cache, "h", "the evidence of this host");
    ros_cache_free(cache);
    snprintf(path, sizeof(path), "%s/data.mdb", folder);
    int fd = open(path, O_RDONLY);
    ssize_t size = read(fd, file, sizeof(file));
    close(fd);
    char *at = memmem(file, (size_t) size, "the evidence", 12);
    assert_non_null(at);
    overwrite("data.mdb", at - file, "X", 1);
    cache = open_boot("a", 0);
    assert_true(holds(&one, cache, "h", NULL));
    put(cache, "h", "anew");
    assert_true(holds(&one, cache, "h", "anew"));
    ros_cache_free(cache);
}

/* Writers that are killed leave a sound file and every value that was acknowledged. */
static void killed_writers(void **state ROS_UNUSED)
{
    struct ros_cache *cache = NULL;
    for (int round = 0; round < 10; round++) {
        int pipe_fd[2];
        assert_int_equal(pipe(pipe_fd), 0);
        pid_t child = fork();
        if (child == 0) {
            char id[16];
            cache = open_boot("a", 1 << 20);
            for (int i = 0;; i++) {
                snprintf(id, sizeof(id), "h%d", i);
                if (ros_cache_put(&one, cache, id, id, strlen(id), NULL) != ROS_OK ||
                    write(pipe_fd[1], &i, sizeof(i)) != (ssize_t) sizeof(i))
                    _exit(1);
            }
        }
        close(pipe_fd[1]);
        int last = -1;
        for (int i = 0; i < 200 + 37 * round; i++)
            assert_int_equal(read(pipe_fd[0], &last, sizeof(last)), (ssize_t) sizeof(last));
        kill(child, SIGKILL);
        while (read(pipe_fd[0], &last, sizeof(last)) == (ssize_t) sizeof(last))
            continue;
        close(pipe_fd[0]);
        waitpid(child, NULL, 0);
        cache = open_boot("a", 1 << 20);
        assert_int_equal(rebuilt(cache), 0);
        char id[16];
        for (int i = 0; i <= last; i += 17) {
            snprintf(id, sizeof(id), "h%d", i);
            assert_true(holds(&one, cache, id, id));
        }
        snprintf(id, sizeof(id), "h%d", last);
        assert_true(holds(&one, cache, id, id));
        assert_int_equal(ros_cache_check(cache, NULL, NULL), ROS_OK);
        ros_cache_free(cache);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(values),
        TEST(refusals),
        TEST(it_grows),
        TEST(a_reboot_empties_it),
        TEST(a_damaged_file_is_set_aside),
        TEST(a_flipped_byte_is_seen),
        TEST(killed_writers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
