#include "tests/perf/rules/hosts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grammar/open.h"
#include "interp/base/limits.h"
#include "services/intake/intake.h"
#include "tools/samples/samples.h"

void perf_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(70);
}

void perf_hosts_make(struct perf_hosts *hosts)
{
    for (size_t i = 0; i < PERF_HOSTS; i++) {
        struct sample_host host;
        ros_auto(ros_buf) struct ros_buf upload = ROS_BUF_INIT;
        struct ros_error err = ROS_ERROR_INIT;
        sample_host_make(1, i, (enum sample_kind)(i % SAMPLE_NO_PCP), &host);
        ros_evidence_init(&hosts->evidences[i], NULL);
        if (sample_archive(&host, &upload, &err) != ROS_OK ||
            ros_intake_memory(upload.data, upload.len, NULL, &hosts->evidences[i], &err) != ROS_OK)
            perf_fail("host %zu: %s", i, err.text);
    }
}

void perf_hosts_end(struct perf_hosts *hosts)
{
    for (size_t i = 0; i < PERF_HOSTS; i++)
        ros_evidence_done(&hosts->evidences[i]);
}

static const char *source_folder(void)
{
    const char *folder = getenv("ROS_SOURCE_DIR");
    return folder != NULL ? folder : ".";
}

void perf_read(const char *path, struct ros_buf *out)
{
    char whole[4096];
    char block[65536];
    snprintf(whole, sizeof whole, "%s/%s", source_folder(), path);
    FILE *file = fopen(whole, "rb");
    if (file == NULL)
        perf_fail("%s: cannot be read", whole);
    for (size_t len; (len = fread(block, 1, sizeof block, file)) > 0;)
        ros_buf_add(out, block, len);
    fclose(file);
    if (ros_buf_code(out) != ROS_OK)
        perf_fail("%s: %s", whole, ros_code_text(ros_buf_code(out)));
}

static enum ros_code read_file(void *context, const char *path, struct ros_buf *out, struct ros_error *reterr)
{
    char whole[4096];
    (void) context;
    (void) reterr;
    snprintf(whole, sizeof whole, "%s/%s", strcmp(path, "decision.ros") == 0 ? "tests/perf/rules" : "rules", path);
    perf_read(whole, out);
    return ROS_OK;
}

static enum ros_code no_folder(void *context, const char *path, bool *ret_folder, struct ros_buf *out,
                               struct ros_error *reterr)
{
    (void) context;
    (void) path;
    (void) out;
    (void) reterr;
    *ret_folder = false;
    return ROS_OK;
}

static const struct ros_loader loader = {.read = read_file, .list = no_folder};

struct ros_program *perf_compile(const char *name)
{
    ros_auto(ros_arena) struct ros_arena arena;
    struct ros_diags diags;
    struct ros_unit *unit = NULL;
    struct ros_program *program = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    ros_arena_init(&arena, NULL, ROS_LIMIT_COMPILE_BYTES);
    ros_diags_init(&diags, &arena);
    if (ros_load_program(name, &loader, NULL, &arena, &diags, &unit, &program, &err) != ROS_OK)
        perf_fail("%s: %s", name, err.text);
    return program;
}

struct ros_study *perf_study(const char *name, struct ros_arena *arena)
{
    struct ros_diags diags;
    struct ros_unit *unit = NULL;
    struct ros_study *study = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    ros_diags_init(&diags, arena);
    if (ros_load(name, &loader, arena, &diags, &unit, &err) != ROS_OK ||
        ros_study_new(unit, NULL, &diags, &study, &err) != ROS_OK)
        perf_fail("%s: %s", name, err.text);
    return study;
}

void perf_bundle(const char *name, struct ros_buf *out)
{
    ros_auto(ros_arena) struct ros_arena arena;
    struct ros_diags diags;
    struct ros_unit *unit = NULL;
    struct ros_program *program = NULL;
    struct ros_bundle_sources sources;
    struct ros_error err = ROS_ERROR_INIT;
    ros_arena_init(&arena, NULL, ROS_LIMIT_COMPILE_BYTES);
    ros_diags_init(&diags, &arena);
    if (ros_load_program(name, &loader, NULL, &arena, &diags, &unit, &program, &err) != ROS_OK ||
        ros_unit_sources(unit, name, &arena, &sources, &err) != ROS_OK ||
        ros_bundle_write(program, &sources, "perf", out, &err) != ROS_OK)
        perf_fail("%s: %s", name, err.text);
    ros_program_unref(program);
}
