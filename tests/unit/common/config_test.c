/* Settings: who wins, what is refused with its place, and secrets that never show. */
#include "tests/unit/base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/common/config.h"

struct variables {
    const char *const *pairs; /* NAME, VALUE, ..., NULL */
};

static const char *lookup(void *context, const char *name)
{
    const struct variables *v = context;
    for (size_t i = 0; v->pairs[i] != NULL; i += 2)
        if (strcmp(v->pairs[i], name) == 0)
            return v->pairs[i + 1];
    return NULL;
}

static enum ros_code read_variables(struct ros_config *config, const char *const *pairs, struct ros_error *err)
{
    struct variables v = {pairs};
    return ros_config_read_environment(config, lookup, &v, err);
}

/* A file that is gone when the test is. */
struct file {
    char path[64];
};

static void write_file(struct file *file, const char *text)
{
    snprintf(file->path, sizeof file->path, "/tmp/ros-config-XXXXXX");
    int fd = mkstemp(file->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void set(struct ros_config *config, const char *name, const char *text, enum ros_config_source source)
{
    enum ros_config_key key;
    assert_int_equal(ros_config_find(name, &key, NULL), ROS_OK);
    assert_int_equal(ros_config_set(config, key, text, source, NULL), ROS_OK);
}

static void test_defaults_are_those_of_the_replaced_system(void **state)
{
    (void) state;
    ros_auto(ros_config) struct ros_config config;
    assert_int_equal(ros_config_init(&config, NULL), ROS_OK);
    assert_string_equal(config.db_host, "localhost");
    assert_int_equal(config.db_port, 15432);
    assert_int_equal(config.kafka_port, 9092);
    assert_string_equal(config.group_scoring, "suggestions-engine-group");
    assert_string_equal(config.ros_events_topic, "ros.events");
    assert_int_equal(config.api_port, 8000);
    assert_int_equal(config.metrics_port, 5005);
    assert_int_equal(config.days_until_stale, 45);
    assert_false(config.enable_rbac);
    assert_int_equal(ros_config_check(&config, NULL), ROS_OK);
}

static void test_the_higher_source_wins_in_any_order(void **state)
{
    (void) state;
    static const char *const pairs[] = {"ROS_DB_HOST", "from-environment", "ENABLE_RBAC", "True", NULL};
    struct file file;
    write_file(&file, "# comment\ndb_host = from-file\ndb_name = \"from # file\"  # why\n\nenable_rbac = off\n");
    ros_auto(ros_config) struct ros_config config;
    assert_int_equal(ros_config_init(&config, NULL), ROS_OK);
    set(&config, "db_user", "from-flag", ROS_CONFIG_FLAG);
    assert_int_equal(read_variables(&config, pairs, NULL), ROS_OK);
    assert_int_equal(ros_config_read_file(&config, file.path, NULL), ROS_OK);
    unlink(file.path);
    set(&config, "db_user", "too late", ROS_CONFIG_ENVIRONMENT);
    assert_string_equal(config.db_host, "from-environment");
    assert_string_equal(config.db_name, "from # file");
    assert_string_equal(config.db_user, "from-flag");
    assert_true(config.enable_rbac);
}

static void test_bad_lines_are_named_with_their_place(void **state)
{
    (void) state;
    static const char *const rows[][2] = {
        {"db_port = 70000\n", ":1: db_port is a whole number from 1 to 65535, not `70000`"},
        {"\n\nnonsense = 1\n", ":3: there is no setting `nonsense`"},
        {"db_port\n", ":1: not `key = value`"},
        {"db_name = \"open\n", ":1: a quote is not closed"},
        {"enable_rbac = maybe\n", ":1: enable_rbac is true or false, not `maybe`"},
        {"db_port = 1e3\n", "not `1e3`"},
    };
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        struct file file;
        write_file(&file, rows[i][0]);
        ros_auto(ros_config) struct ros_config config;
        assert_int_equal(ros_config_init(&config, NULL), ROS_OK);
        struct ros_error err = ROS_ERROR_INIT;
        assert_int_equal(ros_config_read_file(&config, file.path, &err), ROS_E_CONFIG);
        unlink(file.path);
        assert_non_null(strstr(err.text, rows[i][1]));
    }
}

static void test_a_bad_variable_is_named(void **state)
{
    (void) state;
    static const char *const pairs[] = {"METRICS_PORT", "many", NULL};
    ros_auto(ros_config) struct ros_config config;
    assert_int_equal(ros_config_init(&config, NULL), ROS_OK);
    struct ros_error err = ROS_ERROR_INIT;
    assert_int_equal(read_variables(&config, pairs, &err), ROS_E_CONFIG);
    assert_non_null(strstr(err.text, "METRICS_PORT"));
    assert_int_equal(config.metrics_port, 5005);
}

static void test_secrets_come_from_files_and_never_show(void **state)
{
    (void) state;
    struct file file;
    write_file(&file, "hunter2-in-a-file\n");
    const char *const pairs[] = {"ROS_DB_PASS_FILE", file.path, "KAFKA_SASL_PASSWORD", "hunter2-kafka", NULL};
    ros_auto(ros_config) struct ros_config config;
    assert_int_equal(ros_config_init(&config, NULL), ROS_OK);
    assert_int_equal(read_variables(&config, pairs, NULL), ROS_OK);
    unlink(file.path);
    assert_string_equal(config.db_pass, "hunter2-in-a-file");
    ros_auto(ros_buf) struct ros_buf dump = ROS_BUF_INIT;
    assert_int_equal(ros_config_dump(&config, &dump), ROS_OK);
    assert_null(strstr(ros_buf_text(&dump), "hunter2"));
    assert_non_null(strstr(ros_buf_text(&dump), "db_pass = \"********\"  # environment"));
    assert_non_null(strstr(ros_buf_text(&dump), "db_port = 15432  # default"));
}

static void test_clowder(void **state)
{
    (void) state;
    struct file file;
    write_file(&file, "{\"database\": {\"hostname\": \"db.example\", \"port\": 5432, \"password\": \"p\"},"
                      " \"metricsPort\": 9001, \"kafka\": {\"brokers\": [{\"hostname\": \"k1\", \"port\": 1, \"sasl\":"
                      " {\"username\": \"u\"}}, {\"hostname\": \"k2\"}], \"topics\": [{\"requestedName\":"
                      " \"ros.events\", \"name\": \"renamed\"}]}}");
    const char *const pairs[] = {"CLOWDER_ENABLED", "true", "ACG_CONFIG", file.path, "ROS_DB_HOST", "loses", NULL};
    ros_auto(ros_config) struct ros_config config;
    assert_int_equal(ros_config_init(&config, NULL), ROS_OK);
    assert_int_equal(read_variables(&config, pairs, NULL), ROS_OK);
    assert_int_equal(ros_config_read_clowder(&config, NULL), ROS_OK);
    unlink(file.path);
    assert_string_equal(config.db_host, "db.example");
    assert_int_equal(config.db_port, 5432);
    assert_int_equal(config.metrics_port, 9001);
    assert_string_equal(config.ros_events_topic, "renamed");
    assert_string_equal(config.kafka_sasl_username, "u");
    ros_auto(ros_buf) struct ros_buf brokers = ROS_BUF_INIT;
    assert_int_equal(ros_config_brokers(&config, &brokers), ROS_OK);
    assert_string_equal(ros_buf_text(&brokers), "k1:1,k2:9092");
}

static void test_connection_strings(void **state)
{
    (void) state;
    ros_auto(ros_config) struct ros_config config;
    assert_int_equal(ros_config_init(&config, NULL), ROS_OK);
    set(&config, "db_pass", "it's \\ here", ROS_CONFIG_FLAG);
    set(&config, "kafka_host", "a,[::1],[::2]:7,b:8", ROS_CONFIG_FLAG);
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    assert_int_equal(ros_config_conninfo(&config, &text), ROS_OK);
    assert_string_equal(ros_buf_text(&text), "host='localhost' port='15432' dbname='postgres' user='postgres' "
                                             "password='it\\'s \\\\ here' sslmode='prefer'");
    ros_buf_clear(&text);
    assert_int_equal(ros_config_brokers(&config, &text), ROS_OK);
    assert_string_equal(ros_buf_text(&text), "a:9092,[::1]:9092,[::2]:7,b:8");
}

static void test_the_whole_is_checked(void **state)
{
    (void) state;
    static const char *const rows[][2] = {
        {"log_level", "loud"}, {"log_format", "xml"}, {"path_prefix", "api"}, {"grpc_port", "8000"}};
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        ros_auto(ros_config) struct ros_config config;
        assert_int_equal(ros_config_init(&config, NULL), ROS_OK);
        set(&config, rows[i][0], rows[i][1], ROS_CONFIG_FLAG);
        assert_int_equal(ros_config_check(&config, NULL), ROS_E_CONFIG);
    }
}

static void test_help_names_every_setting_and_no_secret(void **state)
{
    (void) state;
    ros_auto(ros_buf) struct ros_buf help = ROS_BUF_INIT;
    assert_int_equal(ros_config_help(&help), ROS_OK);
    assert_non_null(strstr(ros_buf_text(&help), "--db-host VALUE"));
    assert_non_null(strstr(ros_buf_text(&help), "GROUP_ID_REPORT_PROCESSOR"));
    assert_non_null(strstr(ros_buf_text(&help), "ROS_DB_PASS, default (secret)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_those_of_the_replaced_system),
        cmocka_unit_test(test_the_higher_source_wins_in_any_order),
        cmocka_unit_test(test_bad_lines_are_named_with_their_place),
        cmocka_unit_test(test_a_bad_variable_is_named),
        cmocka_unit_test(test_secrets_come_from_files_and_never_show),
        cmocka_unit_test(test_clowder),
        cmocka_unit_test(test_connection_strings),
        cmocka_unit_test(test_the_whole_is_checked),
        cmocka_unit_test(test_help_names_every_setting_and_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
