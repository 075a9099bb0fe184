/*
 * Where the numbers come from: splitmix64, a generator of a few lines whose output is fixed for ever. The C library's
 * own would change from one system to the next, and with it every archive.
 */
#include <stdio.h>
#include <string.h>

#include "tools/samples/samples.h"

static const char *const kind_names[SAMPLE_KIND_COUNT] = {"idle", "undersized", "under-pressure", "optimised",
                                                          "no-pcp"};

static const struct sample_type types[] = {
    {"t2.micro", 1, 1},    {"t3.large", 2, 8},   {"m5.large", 2, 8},     {"m5.xlarge", 4, 16},
    {"m5.2xlarge", 8, 32}, {"c5.large", 2, 4},   {"c5.2xlarge", 8, 16},  {"r5.large", 2, 16},
    {"r5.xlarge", 4, 32},  {"m4.xlarge", 4, 16}, {"m5a.2xlarge", 8, 32}, {"c4.xlarge", 4, 7},
};

static const char *const regions[] = {"us-east-1",    "us-west-2",      "eu-west-1",
                                      "eu-central-1", "ap-northeast-1", "ap-southeast-2"};

static const struct sample_release releases[] = {
    {"3.10.0-1160.118.1.el7.x86_64", "Red Hat Enterprise Linux Server release 7.9 (Maipo)", 7, 9},
    {"4.18.0-348.7.1.el8_5.x86_64", "Red Hat Enterprise Linux release 8.5 (Ootpa)", 8, 5},
    {"4.18.0-553.16.1.el8_10.x86_64", "Red Hat Enterprise Linux release 8.10 (Ootpa)", 8, 10},
    {"5.14.0-427.13.1.el9_4.x86_64", "Red Hat Enterprise Linux release 9.4 (Plow)", 9, 4},
    {"5.14.0-503.11.1.el9_5.x86_64", "Red Hat Enterprise Linux release 9.5 (Plow)", 9, 5},
};

static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static uint64_t stream_of(uint64_t seed, uint64_t number)
{
    uint64_t state = seed * 0xD1342543DE82EF95u + number;
    return next(&state);
}

static size_t pick(uint64_t *state, size_t count)
{
    return (size_t) (next(state) % count);
}

static double between(uint64_t *state, double low, double high)
{
    return low + (high - low) * ((double) (next(state) >> 11) / 9007199254740992.0);
}

/* Shaped as a random (version 4) UUID. */
static void uuid(uint64_t *state, char text[SAMPLE_UUID_SIZE])
{
    uint64_t high = (next(state) & ~(uint64_t) 0xF000) | 0x4000;
    uint64_t low = (next(state) & ~((uint64_t) 3 << 62)) | (uint64_t) 1 << 63;
    snprintf(text, SAMPLE_UUID_SIZE, "%08x-%04x-%04x-%04x-%012llx", (unsigned) (high >> 32),
             (unsigned) (high >> 16 & 0xFFFF), (unsigned) (high & 0xFFFF), (unsigned) (low >> 48),
             (unsigned long long) (low & 0xFFFFFFFFFFFFu));
}

const char *sample_kind_name(enum sample_kind kind)
{
    return kind_names[kind];
}

enum sample_kind sample_kind_of(const char *name)
{
    for (size_t i = 0; i < SAMPLE_KIND_COUNT; i++) {
        if (strcmp(name, kind_names[i]) == 0)
            return (enum sample_kind) i;
    }
    return SAMPLE_KIND_COUNT;
}

/* How busy a host of a kind is, as shares of the whole: the middle of what the rules call by that name. */
static void load(struct sample_host *host, uint64_t *state)
{
    static const struct {
        double cpu_low, cpu_high, memory_low, memory_high;
    } shares[SAMPLE_KIND_COUNT] = {
        [SAMPLE_IDLE] = {0.005, 0.04, 0.005, 0.04},      [SAMPLE_UNDERSIZED] = {0.83, 0.97, 0.83, 0.95},
        [SAMPLE_UNDER_PRESSURE] = {0.35, 0.6, 0.4, 0.7}, [SAMPLE_OPTIMISED] = {0.3, 0.7, 0.3, 0.7},
        [SAMPLE_NO_PCP] = {0.3, 0.7, 0.3, 0.7},
    };
    bool pressed = host->kind == SAMPLE_UNDER_PRESSURE;
    double cpu = between(state, shares[host->kind].cpu_low, shares[host->kind].cpu_high);
    double memory = between(state, shares[host->kind].memory_low, shares[host->kind].memory_high);
    host->cpu_idle = (1 - cpu) * host->type->vcpus;
    host->memory_kib = (double) host->type->memory_gib * 1024 * 1024 * 0.97;
    host->available_kib = host->memory_kib * (1 - memory);
    host->psi = pressed || pick(state, 3) != 0;
    host->cpu_some = pressed ? between(state, 25, 60) : between(state, 0, 8);
    host->io_some = pressed ? between(state, 22, 50) : between(state, 0, 8);
    host->memory_some = pressed ? between(state, 21, 40) : between(state, 0, 4);
    host->io_full = pressed ? host->io_some / 3 : 0;
    host->memory_full = pressed ? host->memory_some / 4 : 0;
    host->disk_count = 1 + (unsigned) pick(state, SAMPLE_DISKS_MAX);
    for (unsigned i = 0; i < host->disk_count; i++)
        host->disk_rate[i] = between(state, 0.2, 180);
}

void sample_host_make(uint64_t seed, uint64_t number, enum sample_kind kind, struct sample_host *ret)
{
    uint64_t state = stream_of(seed, number);
    *ret = (struct sample_host){.kind = kind, .number = number};
    uuid(&state, ret->id);
    uuid(&state, ret->machine_id);
    uuid(&state, ret->request_id);
    ret->type = &types[pick(&state, ROS_COUNT(types))];
    ret->release = &releases[pick(&state, ROS_COUNT(releases))];
    ret->region = regions[pick(&state, ROS_COUNT(regions))];
    snprintf(ret->name, sizeof(ret->name), "%s-%06llu.sample.example.com", kind_names[kind],
             (unsigned long long) number);
    load(ret, &state);
}

enum ros_code sample_noise(uint64_t seed, uint64_t number, size_t len, struct ros_buf *out)
{
    uint64_t state = stream_of(seed, number);
    for (size_t i = 0; i < len; i++)
        ros_buf_addc(out, (char) (unsigned char) (next(&state) & 0xFF));
    return ros_buf_code(out);
}
