/*
 * Downloads from a small HTTP server of Python's standard library on loopback (download_server.py): what works, what is
 * refused and why; and the policy of addresses and hosts by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interp/base/num.h"
#include "services/ingest/download.h"

extern char **environ;

static pid_t server;
static int port;

static int start_server(void **state)
{
    (void) state;
    const char *source = getenv("ROS_SOURCE_DIR");
    char script[4096];
    snprintf(script, sizeof script, "%s/tests/unit/ingest/download_server.py", source != NULL ? source : ".");
    int ends[2];
    if (pipe(ends) != 0)
        return 1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    char name[] = "python3";
    char *argv[] = {name, script, NULL};
    int error = posix_spawnp(&server, name, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        return 1;
    }
    /* A whole line, however many writes it comes in: an unbuffered Python sends the number and its end apart. */
    FILE *output = fdopen(ends[0], "r");
    char text[32] = "";
    bool answered = fgets(text, sizeof text, output) != NULL;
    fclose(output);
    int64_t value = 0;
    if (!answered || !ros_num_parse_i64(text, strcspn(text, "\n"), &value))
        return 1;
    port = (int) value;
    return 0;
}

static int stop_server(void **state)
{
    (void) state;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    return 0;
}

struct result {
    enum ros_code code;
    char body[64];
    size_t size;
    struct ros_error error;
};

static struct result get_with(struct ros_download_config config, const char *path, ros_download_tick *tick)
{
    struct result result = {.code = ROS_OK};
    ros_auto_ptr(ros_downloader) struct ros_downloader *downloader = NULL;
    assert_int_equal(ros_downloader_new(&config, NULL, &downloader, NULL), ROS_OK);
    char url[512];
    if (strstr(path, "://") != NULL)
        snprintf(url, sizeof url, "%s", path);
    else
        snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    int fd = -1;
    result.code = ros_download(downloader, url, tick, NULL, &fd, &result.error);
    if (result.code == ROS_OK) {
        ssize_t n = read(fd, result.body, sizeof result.body - 1);
        assert_true(n >= 0);
        result.size = (size_t) n;
        close(fd);
    } else {
        assert_int_equal(fd, -1);
        assert_true(result.error.text[0] != '\0');
        assert_null(strstr(result.error.text, "secret"));
    }
    return result;
}

static struct result get(const char *path)
{
    return get_with((struct ros_download_config){.timeout_ms = 1500,
                                                 .connect_timeout_ms = 1000,
                                                 .max_bytes = 1000,
                                                 .max_redirects = 3,
                                                 .allow_private = true},
                    path, NULL);
}

static void test_bodies(void **state)
{
    (void) state;
    struct result result = get("/ok?secret=1");
    assert_int_equal(result.code, ROS_OK);
    assert_string_equal(result.body, "hello");
    result = get("/empty");
    assert_int_equal(result.code, ROS_OK);
    assert_int_equal(result.size, 0);
    result = get("/redirect/3");
    assert_int_equal(result.code, ROS_OK);
    assert_string_equal(result.body, "hello");
}

static void test_failures(void **state)
{
    (void) state;
    static const struct {
        const char *path;
        enum ros_code code;
    } cases[] = {
        {"/status/404?secret", ROS_E_DOWNLOAD_GONE},
        {"/status/410", ROS_E_DOWNLOAD_GONE},
        {"/status/403", ROS_E_DOWNLOAD_DENIED},
        {"/status/400", ROS_E_DOWNLOAD_DENIED},
        {"/status/429", ROS_E_DOWNLOAD},
        {"/status/500", ROS_E_DOWNLOAD},
        {"/status/503", ROS_E_DOWNLOAD},
        {"/status/204", ROS_E_DOWNLOAD},
        {"/short", ROS_E_DOWNLOAD},
        {"/slow", ROS_E_DOWNLOAD},
        {"/large", ROS_E_ARCHIVE_LIMIT},
        {"/large-chunked", ROS_E_ARCHIVE_LIMIT},
        {"/redirect/4", ROS_E_DOWNLOAD_DENIED},
        {"/redirect-loop", ROS_E_DOWNLOAD_DENIED},
        {"/redirect-file", ROS_E_MESSAGE},
        {"/redirect-metadata", ROS_E_DOWNLOAD_DENIED},
        {"http://127.0.0.1:1/secret", ROS_E_DOWNLOAD},
        {"file:///etc/passwd", ROS_E_MESSAGE},
        {"ftp://127.0.0.1/x", ROS_E_MESSAGE},
        {"gopher://127.0.0.1/x", ROS_E_MESSAGE},
        {"://", ROS_E_MESSAGE},
        {"http://169.254.169.254/secret", ROS_E_DOWNLOAD_DENIED},
        {"http://0.0.0.0/secret", ROS_E_DOWNLOAD_DENIED},
        {"http://[::ffff:169.254.169.254]/", ROS_E_DOWNLOAD_DENIED},
    };
    for (size_t i = 0; i < ROS_COUNT(cases); i++) {
        struct result result = get(cases[i].path);
        if (result.code != cases[i].code)
            fail_msg("%s: %s: %s", cases[i].path, ros_code_name(result.code), result.error.text);
    }
}

static void test_private_addresses_are_refused(void **state)
{
    (void) state;
    const struct ros_download_config config = {.timeout_ms = 1500, .max_redirects = 3};
    assert_int_equal(get_with(config, "/ok", NULL).code, ROS_E_DOWNLOAD_DENIED);
    char url[64];
    snprintf(url, sizeof url, "http://localhost:%d/ok", port);
    assert_int_equal(get_with(config, url, NULL).code, ROS_E_DOWNLOAD_DENIED);
}

static void test_hosts(void **state)
{
    (void) state;
    const struct ros_download_config config = {
        .timeout_ms = 1500, .max_redirects = 3, .allow_private = true, .allow_hosts = "uploads.example.com"};
    assert_int_equal(get_with(config, "/ok", NULL).code, ROS_E_DOWNLOAD_DENIED);
    assert_true(ros_download_host_ok("a", NULL));
    assert_true(ros_download_host_ok("a", ""));
    assert_true(ros_download_host_ok("B.com", "a.com, b.com"));
    assert_true(ros_download_host_ok("x.s3.example.com", "a.com,.example.com"));
    assert_false(ros_download_host_ok("example.com", ".example.com"));
    assert_false(ros_download_host_ok("evilexample.com", "example.com"));
    assert_false(ros_download_host_ok("example.com.evil", "example.com"));
    assert_false(ros_download_host_ok("a", ".,,"));
}

static bool never(void *context)
{
    (void) context;
    return false;
}

static void test_cancel(void **state)
{
    (void) state;
    const struct ros_download_config config = {.timeout_ms = 5000, .allow_private = true};
    assert_int_equal(get_with(config, "/slow", never).code, ROS_E_CANCELLED);
}

static void test_addresses(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        bool open;    /* allowed */
        bool private; /* allowed with allow_private */
    } cases[] = {
        {"8.8.8.8", true, true},
        {"52.0.0.1", true, true},
        {"100.63.0.1", true, true},
        {"172.32.0.1", true, true},
        {"10.1.2.3", false, true},
        {"127.0.0.1", false, true},
        {"127.255.0.9", false, true},
        {"172.16.0.1", false, true},
        {"172.31.255.255", false, true},
        {"192.168.1.1", false, true},
        {"100.64.0.1", false, true},
        {"169.254.169.254", false, false},
        {"0.0.0.0", false, false},
        {"224.0.0.1", false, false},
        {"255.255.255.255", false, false},
        {"2600::1", true, true},
        {"::1", false, true},
        {"::", false, false},
        {"fd00::1", false, true},
        {"fe80::1", false, false},
        {"ff02::1", false, false},
        {"::ffff:8.8.8.8", true, true},
        {"::ffff:10.0.0.1", false, true},
        {"64:ff9b::169.254.169.254", false, false},
        {"2002:7f00:1::", false, true},
        {"2002:a9fe:a9fe::", false, false},
        {"::127.0.0.1", false, false},
    };
    for (size_t i = 0; i < ROS_COUNT(cases); i++) {
        struct sockaddr_storage storage = {0};
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        if (inet_pton(AF_INET, cases[i].text, &v4.sin_addr) == 1) {
            memcpy(&storage, &v4, sizeof v4);
        } else {
            assert_int_equal(inet_pton(AF_INET6, cases[i].text, &v6.sin6_addr), 1);
            memcpy(&storage, &v6, sizeof v6);
        }
        if (ros_download_address_ok((struct sockaddr *) &storage, false) != cases[i].open ||
            ros_download_address_ok((struct sockaddr *) &storage, true) != cases[i].private)
            fail_msg("%s", cases[i].text);
    }
    struct sockaddr_storage other = {.ss_family = AF_UNIX};
    assert_false(ros_download_address_ok((struct sockaddr *) &other, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),    cmocka_unit_test(test_failures),
        cmocka_unit_test(test_hosts),     cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_private_addresses_are_refused),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
