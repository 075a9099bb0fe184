/*
 * rosd: one program, every service of the system; --target chooses. This file is the command line: settings from every
 * source, the loop over signals, and exit codes.
 */
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "services/common/signals.h"
#include "services/rosd/daemon.h"

#define TICK_MS 1000

enum { OPTION_TARGET = 1000, OPTION_CONFIG, OPTION_CHECK, OPTION_DUMP, OPTION_MIGRATE, OPTION_VERSION, OPTION_HELP };

enum action { ACTION_RUN, ACTION_CHECK, ACTION_DUMP, ACTION_MIGRATE };

struct command {
    enum action action;
    unsigned targets;
    const char *config_path;
};

static const char usage[] =
    "usage: rosd [--target=TARGET[,TARGET...]] [--config FILE] [--SETTING VALUE]...\n"
    "       rosd --check-config | --dump-config | --migrate | --version | --help\n"
    "\n"
    "The resource optimisation service: reads inventory events, scores uploads, keeps verdicts, serves them.\n"
    "\n"
    "  --target TARGET  all (default), or some of scoring, reports, api\n"
    "  --config FILE    lines `key = value`; keys are the settings below with _ for -\n"
    "  --check-config   check every setting and exit\n"
    "  --dump-config    print every setting in force and where it came from, secrets masked\n"
    "  --migrate        bring the database's schema up to date and exit\n"
    "\n"
    "Settings, each as flag, variable or file key (flag > Clowder > variable > file > default):\n\n";

static void print_help(void)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    if (ros_config_help(&text) == ROS_OK)
        printf(
            "%s%s\nSIGHUP takes the rules anew, SIGTERM drains and stops, a second SIGTERM stops at once.\n"
            "Exit: 0, 64 wrong usage, 65 the rules have errors, 69 a dependency, 77 rules without a valid signature,\n"
            "78 configuration.\n",
            usage, ros_buf_text(&text));
}

static int usage_error(const char *what, const char *word)
{
    fprintf(stderr, "rosd: %s `%s`; rosd --help says more\n", what, word);
    return EX_USAGE;
}

static int fail(const struct ros_error *err)
{
    fprintf(stderr, "rosd: %s [%s]\n", err->text, ros_code_name(err->code));
    return ros_code_exit(err->code);
}

/* --- targets ------------------------------------------------------------------------------------------------------ */

static int add_target(const char *word, size_t len, unsigned *targets)
{
    static const struct {
        const char *word;
        unsigned target; /* 0: known, and not in this version */
    } rows[] = {{"all", ROS_TARGET_ALL},
                {"scoring", ROS_TARGET_SCORING},
                {"reports", ROS_TARGET_REPORTS},
                {"api", ROS_TARGET_API},
                {"eraser", 0},
                {"legacy", 0},
                {"janitor", 0}};
    for (size_t i = 0; i < ROS_COUNT(rows); i++)
        if (strlen(rows[i].word) == len && memcmp(rows[i].word, word, len) == 0) {
            if (rows[i].target == 0)
                return usage_error("this version has no target", rows[i].word);
            *targets |= rows[i].target;
            return EX_OK;
        }
    return usage_error("there is no target", word);
}

static int parse_targets(const char *list, unsigned *targets)
{
    for (;;) {
        size_t len = strcspn(list, ",");
        int code = add_target(list, len, targets);
        if (code != EX_OK || list[len] == '\0')
            return code;
        list += len + 1;
    }
}

/* --- options ------------------------------------------------------------------------------------------------------ */

/* getopt_long's table: the daemon's own options, then one a setting, whose val is its key. */
static enum ros_code make_options(struct ros_arena *arena, struct option **ret)
{
    static const struct option own[] = {
        {"target", required_argument, NULL, OPTION_TARGET}, {"config", required_argument, NULL, OPTION_CONFIG},
        {"check-config", no_argument, NULL, OPTION_CHECK},  {"dump-config", no_argument, NULL, OPTION_DUMP},
        {"version", no_argument, NULL, OPTION_VERSION},     {"help", no_argument, NULL, OPTION_HELP},
    };
    size_t count = ROS_COUNT(own) + ROS_CONFIG_KEY_COUNT;
    struct option *options = ros_arena_new_array(arena, struct option, count + 1);
    if (options == NULL)
        return ros_arena_code(arena);
    memcpy(options, own, sizeof own);
    for (size_t key = 0; key < ROS_CONFIG_KEY_COUNT; key++) {
        const char *name = ros_config_name((enum ros_config_key) key);
        char *flag = ros_arena_copy(arena, name, strlen(name));
        if (flag == NULL)
            return ros_arena_code(arena);
        for (char *c = flag; *c != '\0'; c++)
            *c = *c == '_' ? '-' : *c;
        /* `--migrate` alone is the action, `--migrate=off` the setting. */
        bool migrate = strcmp(name, "migrate") == 0;
        options[ROS_COUNT(own) + key] =
            (struct option){flag, migrate ? optional_argument : required_argument, NULL, (int) key};
    }
    *ret = options;
    return ROS_OK;
}

static int take_option(int option, struct ros_config *config, struct command *command)
{
    struct ros_error err = ROS_ERROR_INIT;
    switch (option) {
    case OPTION_TARGET:
        return parse_targets(optarg, &command->targets);
    case OPTION_CONFIG:
        command->config_path = optarg;
        return EX_OK;
    case OPTION_CHECK:
        command->action = ACTION_CHECK;
        return EX_OK;
    case OPTION_DUMP:
        command->action = ACTION_DUMP;
        return EX_OK;
    default:
        break;
    }
    if (option == ROS_CONFIG_KEY_migrate && optarg == NULL) {
        command->action = ACTION_MIGRATE;
        return EX_OK;
    }
    if (ros_config_set(config, (enum ros_config_key) option, optarg, ROS_CONFIG_FLAG, &err) != ROS_OK)
        return fail(&err);
    return EX_OK;
}

/* Returns -1 to go on, or an exit code. */
static int parse_command(int argc, char **argv, struct ros_config *config, struct command *command)
{
    struct option *options = NULL;
    if (make_options(&config->arena, &options) != ROS_OK)
        return EX_OSERR;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == OPTION_HELP || option == 'h')
            return print_help(), EX_OK;
        if (option == OPTION_VERSION)
            return puts("rosd " ROS_VERSION), EX_OK;
        if (option == '?') {
            fputs("rosd --help lists every option\n", stderr);
            return EX_USAGE;
        }
        int code = take_option(option, config, command);
        if (code != EX_OK)
            return code;
    }
    if (optind < argc)
        return usage_error("no arguments are taken, but there is", argv[optind]);
    if (command->targets == 0)
        command->targets = ROS_TARGET_ALL;
    return -1;
}

static const char *from_environment(void *context, const char *variable)
{
    (void) context;
    return getenv(variable);
}

static enum ros_code read_settings(struct ros_config *config, const char *path, struct ros_error *reterr)
{
    if (path != NULL)
        ROS_TRY(ros_config_read_file(config, path, reterr));
    ROS_TRY(ros_config_read_environment(config, from_environment, NULL, reterr));
    ROS_TRY(ros_config_read_clowder(config, reterr));
    return ros_config_check(config, reterr);
}

/* --- actions ------------------------------------------------------------------------------------------------------ */

static int dump_config(const struct ros_config *config)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    if (ros_config_dump(config, &text) != ROS_OK)
        return EX_OSERR;
    fputs(ros_buf_text(&text), stdout);
    return EX_OK;
}

static int migrate(const struct ros_config *config)
{
    struct ros_error err = ROS_ERROR_INIT;
    unsigned applied = 0;
    if (ros_daemon_migrate(config, &applied, &err) != ROS_OK)
        return fail(&err);
    printf("the schema is up to date (%u migrations applied now)\n", applied);
    return EX_OK;
}

static void note_ignored(struct ros_log *log)
{
    extern char **environ;
    for (char **variable = environ; *variable != NULL; variable++)
        if (strncmp(*variable, "REDIS_", 6) == 0) {
            ROS_LOG(log, ROS_LOG_INFO, "setting_ignored", "no Redis is used any more: REDIS_* is ignored");
            return;
        }
}

static int loop(struct ros_daemon *daemon, struct ros_log *log)
{
    struct ros_error err = ROS_ERROR_INIT;
    for (;;) {
        enum ros_signal got = ros_signals_wait(TICK_MS);
        if (got == ROS_SIGNAL_STOP)
            return EX_OK;
        if (got == ROS_SIGNAL_RELOAD)
            ros_daemon_reload(daemon);
        if (ros_daemon_tick(daemon, &err) != ROS_OK) {
            ros_log_error(log, "stopped", &err);
            return ros_code_exit(err.code);
        }
    }
}

/* While draining, a second signal means now. */
static void stop_at_once(int unused)
{
    (void) unused;
    _exit(EX_TEMPFAIL);
}

static void arm_second_signal(void)
{
    signal(SIGTERM, stop_at_once);
    signal(SIGINT, stop_at_once);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static int run(const struct ros_config *config, unsigned targets)
{
    struct ros_error err = ROS_ERROR_INIT;
    if (ros_signals_block(&err) != ROS_OK)
        return fail(&err);
    struct ros_log_config log_config = {.json = strcmp(config->log_format, "json") == 0, .service = "rosd"};
    ros_log_level_parse(config->log_level, &log_config.level);
    ros_auto_ptr(ros_log) struct ros_log *log = NULL;
    if (ros_log_new(&log_config, &log, &err) != ROS_OK)
        return fail(&err);
    note_ignored(log);
    struct ros_daemon *daemon = NULL;
    if (ros_daemon_start(config, targets, log, &daemon, &err) != ROS_OK) {
        ros_log_error(log, "not_started", &err);
        return ros_code_exit(err.code);
    }
    ROS_LOG(log, ROS_LOG_INFO, "started", "rosd runs", ros_field_text("version", ROS_VERSION));
    int code = loop(daemon, log);
    ROS_LOG(log, ROS_LOG_INFO, "stopping", "draining");
    arm_second_signal();
    ros_daemon_stop(daemon);
    ROS_LOG(log, ROS_LOG_INFO, "stopped", "rosd has stopped");
    return code;
}

int main(int argc, char **argv)
{
    struct ros_error err = ROS_ERROR_INIT;
    struct command command = {.action = ACTION_RUN};
    ros_auto(ros_config) struct ros_config config;
    if (ros_config_init(&config, NULL) != ROS_OK)
        return EX_OSERR;
    int code = parse_command(argc, argv, &config, &command);
    if (code >= 0)
        return code;
    if (read_settings(&config, command.config_path, &err) != ROS_OK)
        return fail(&err);
    switch (command.action) {
    case ACTION_CHECK:
        puts("every setting is valid");
        return EX_OK;
    case ACTION_DUMP:
        return dump_config(&config);
    case ACTION_MIGRATE:
        return migrate(&config);
    case ACTION_RUN:
        break;
    }
    return run(&config, command.targets);
}
