/*
 * ros-samples - writes made-up uploads, and the inventory messages that announce them, into a folder.
 *
 * Exit: 0 written, 64 usage, 71 out of memory, 73 a file cannot be made, 74 it cannot be written.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interp/base/clock.h"
#include "interp/base/num.h"
#include "tools/samples/samples.h"

#define EXIT_USAGE 64
#define COUNT_MAX 10000000u
#define NOISE_BYTES 4096u
#define PATH_SIZE 256u

struct options {
    const char *out;
    const char *url_base;
    const char *org_id;
    uint64_t seed, count, start;
    int64_t wall_us;
    enum sample_kind kind; /* SAMPLE_KIND_COUNT: one after the other */
    bool truncated, garbage, events;
};

static const char usage_text[] =
    "Usage: ros-samples --out DIR [options]\n"
    "Write made-up insights archives, the same ones for the same seed.\n"
    "\n"
    "  --out DIR         folder to write to; made when it is not there\n"
    "  --seed N          which hosts (default 1)\n"
    "  --count N         how many (default 5)\n"
    "  --start N         number of the first (default 1)\n"
    "  --kind KIND       idle, undersized, under-pressure, optimised, no-pcp, or mixed (default)\n"
    "  --truncated       cut every archive in half\n"
    "  --garbage         write noise instead of archives\n"
    "  --events          write DIR/events.jsonl, one inventory message per archive (default)\n"
    "  --no-events       do not\n"
    "  --url-base URL    where the archives will be served (default http://127.0.0.1:8099)\n"
    "  --org ID          organisation of the messages (default 000001)\n"
    "  --time TIME       ISO 8601 time of the messages (default: now)\n"
    "  --help            this text\n";

enum option_id { OUT = 1, SEED, COUNT, START, KIND, TRUNCATED, GARBAGE, EVENTS, NO_EVENTS, URL_BASE, ORG, TIME, HELP };

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "ros-samples: %s%s%s\nTry 'ros-samples --help'.\n", what, value != NULL ? ": " : "",
            value != NULL ? value : "");
    return EXIT_USAGE;
}

static bool number_of(const char *text, uint64_t max, uint64_t *ret)
{
    return ros_num_parse_u64(text, strlen(text), ret) && *ret <= max;
}

/* False for a value that the option cannot take. */
static bool option_set(struct options *options, int id, const char *value)
{
    switch ((enum option_id) id) {
    case OUT:
        options->out = value;
        return *value != '\0';
    case SEED:
        return number_of(value, UINT64_MAX, &options->seed);
    case COUNT:
        return number_of(value, COUNT_MAX, &options->count);
    case START:
        return number_of(value, COUNT_MAX, &options->start);
    case KIND:
        options->kind = sample_kind_of(value);
        return options->kind != SAMPLE_KIND_COUNT || strcmp(value, "mixed") == 0;
    case TRUNCATED:
        return options->truncated = true;
    case GARBAGE:
        return options->garbage = true;
    case EVENTS:
        return options->events = true;
    case NO_EVENTS:
        options->events = false;
        return true;
    case URL_BASE:
        options->url_base = value;
        return true;
    case ORG:
        options->org_id = value;
        return *value != '\0';
    case TIME:
        return ros_time_parse(value, strlen(value), &options->wall_us);
    case HELP:
        break;
    }
    return false;
}

/* Returns -1 to go on, else the exit code. */
static int options_read(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"out", required_argument, NULL, OUT},
        {"seed", required_argument, NULL, SEED},
        {"count", required_argument, NULL, COUNT},
        {"start", required_argument, NULL, START},
        {"kind", required_argument, NULL, KIND},
        {"truncated", no_argument, NULL, TRUNCATED},
        {"garbage", no_argument, NULL, GARBAGE},
        {"events", no_argument, NULL, EVENTS},
        {"org", required_argument, NULL, ORG},
        {"url-base", required_argument, NULL, URL_BASE},
        {"time", required_argument, NULL, TIME},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    int id;
    while ((id = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (id == HELP) {
            fputs(usage_text, stdout);
            return fflush(stdout) == 0 ? 0 : ros_code_exit(ROS_E_IO);
        }
        if (id == '?')
            return usage_error("unknown option or missing value", NULL);
        if (!option_set(options, id, optarg))
            return usage_error("not a value for this option", optarg);
    }
    if (optind < argc)
        return usage_error("unexpected argument", argv[optind]);
    if (options->out == NULL)
        return usage_error("--out is missing", NULL);
    if (options->truncated && options->garbage)
        return usage_error("--truncated and --garbage exclude each other", NULL);
    return -1;
}

static enum ros_code file_write(int dir, const char *name, const struct ros_buf *bytes, struct ros_error *reterr)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return ros_error_set(reterr, ROS_E_EXISTS, "%s: %s", name, strerror(errno));
    const char *at = ros_buf_text(bytes);
    size_t left = bytes->len;
    while (left > 0) {
        ssize_t n = write(fd, at, left);
        if (n < 0 && errno != EINTR)
            break;
        at += n > 0 ? n : 0;
        left -= n > 0 ? (size_t) n : 0;
    }
    int saved = errno;
    if (close(fd) != 0 || left > 0)
        return ros_error_set(reterr, ROS_E_IO, "%s: %s", name, strerror(left > 0 ? saved : errno));
    return ROS_OK;
}

/* One archive, and its message appended to *events. */
static enum ros_code sample_write(const struct options *options, uint64_t number, int dir, struct ros_buf *bytes,
                                  struct ros_buf *events, struct ros_error *reterr)
{
    char name[PATH_SIZE];
    struct sample_host host;
    bool mixed = options->kind == SAMPLE_KIND_COUNT;
    enum sample_kind kind = mixed ? (enum sample_kind)(number % SAMPLE_KIND_COUNT) : options->kind;
    const char *variant = options->truncated ? "truncated-" : options->garbage ? "garbage-" : "";
    sample_host_make(options->seed, number, kind, &host);
    ros_buf_clear(bytes);
    if (options->garbage)
        ROS_TRY(sample_noise(options->seed, number, NOISE_BYTES, bytes));
    else
        ROS_TRY(sample_archive(&host, bytes, reterr));
    if (options->truncated)
        bytes->len /= 2;
    snprintf(name, sizeof(name), "%s%s-%06llu.tar.gz", variant, sample_kind_name(kind), (unsigned long long) number);
    ROS_TRY(file_write(dir, name, bytes, reterr));
    if (!options->events)
        return ROS_OK;
    ros_auto(ros_buf) struct ros_buf url = ROS_BUF_INIT;
    ros_buf_printf(&url, "%s/%s", options->url_base, name);
    struct sample_event event = {ros_buf_text(&url), options->org_id, options->wall_us};
    return ros_buf_code(&url) == ROS_OK ? sample_message(&host, &event, events) : ROS_E_OOM;
}

static enum ros_code run(const struct options *options, struct ros_error *reterr)
{
    ros_auto(ros_buf) struct ros_buf bytes = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf events = ROS_BUF_INIT;
    if (mkdir(options->out, 0755) != 0 && errno != EEXIST)
        return ros_error_set(reterr, ROS_E_EXISTS, "%s: %s", options->out, strerror(errno));
    int dir = open(options->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return ros_error_set(reterr, ROS_E_EXISTS, "%s: %s", options->out, strerror(errno));
    enum ros_code code = ROS_OK;
    for (uint64_t i = 0; i < options->count && code == ROS_OK; i++)
        code = sample_write(options, options->start + i, dir, &bytes, &events, reterr);
    if (code == ROS_OK && options->events)
        code = file_write(dir, "events.jsonl", &events, reterr);
    close(dir);
    return code;
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1,
                              .count = SAMPLE_KIND_COUNT,
                              .start = 1,
                              .events = true,
                              .kind = SAMPLE_KIND_COUNT,
                              .org_id = "000001",
                              .url_base = "http://127.0.0.1:8099",
                              .wall_us = ros_clock_wall_us(ros_clock_system())};
    struct ros_error error = ROS_ERROR_INIT;
    int done = options_read(argc, argv, &options);
    if (done >= 0)
        return done;
    enum ros_code code = run(&options, &error);
    if (code == ROS_OK)
        return 0;
    fprintf(stderr, "ros-samples: %s\n", error.code != ROS_OK ? error.text : ros_code_text(code));
    return ros_code_exit(code);
}
