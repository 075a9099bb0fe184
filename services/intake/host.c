/*
 * What the machine itself says: processors, kernel, release, identity.
 *
 * Why the kernel goes before /etc/redhat-release: the release file is one line that a derived distribution rewrites;
 * the kernel's version cannot be mistaken. A kernel that no RHEL release brought therefore means "unknown", and the
 * file is not asked for a second opinion.
 */
#include <stdint.h>
#include <string.h>

#include "interp/base/num.h"
#include "services/intake/parse.h"

static const struct ros__slice absent = {NULL, 0};

enum ros_code ros__facts_text(struct ros__facts *facts, const char *name, struct ros__slice text)
{
    if (text.at == NULL || facts->count == ROS__FACTS_MAX)
        return ROS_OK;
    const char *copy = ros_arena_copy(facts->arena, text.at, text.len);
    if (copy == NULL)
        return ros_arena_code(facts->arena);
    facts->items[facts->count++] = (struct ros_fact){.name = name, .kind = ROS_FACT_TEXT, .text = copy};
    return ROS_OK;
}

void ros__facts_number(struct ros__facts *facts, const char *name, double number)
{
    if (facts->count < ROS__FACTS_MAX)
        facts->items[facts->count++] = (struct ros_fact){.name = name, .kind = ROS_FACT_NUM, .number = number};
}

void ros__facts_truth(struct ros__facts *facts, const char *name, bool truth)
{
    if (facts->count < ROS__FACTS_MAX)
        facts->items[facts->count++] = (struct ros_fact){.name = name, .kind = ROS_FACT_BOOL, .truth = truth};
}

struct ros__lscpu ros__lscpu_read(struct ros__slice text)
{
    struct ros__lscpu lscpu = {absent, absent};
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice line, key, value;
    while (ros__lines_next(&lines, &line)) {
        if (!ros__slice_cut(line, ':', &key, &value))
            continue;
        key = ros__slice_strip(key);
        if (ros__slice_is(key, "CPU(s)") || ros__slice_is(key, "CPUs"))
            lscpu.cpus = ros__slice_strip(value);
        else if (ros__slice_is(key, "Architecture"))
            lscpu.architecture = ros__slice_strip(value);
    }
    return lscpu;
}

static size_t dots_in(struct ros__slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.at[i] == '.';
    return n;
}

static void release_of_kernel(struct ros__slice version, struct ros__slice number, struct ros__uname *uname)
{
    static const struct {
        const char *kernel;
        int major, minor;
    } known[] = {
#define ROS_RHEL_KERNEL(kernel, major, minor) {kernel, major, minor},
#include "services/intake/rhel_kernels.def"
#undef ROS_RHEL_KERNEL
    };
    uname->major = uname->minor = -1;
    for (size_t i = 0; i < ROS_COUNT(known); i++) {
        size_t n = strlen(known[i].kernel);
        if (n == version.len + 1 + number.len && strncmp(known[i].kernel, version.at, version.len) == 0 &&
            known[i].kernel[version.len] == '-' &&
            memcmp(known[i].kernel + n - number.len, number.at, number.len) == 0) {
            uname->major = known[i].major;
            uname->minor = known[i].minor;
        }
    }
}

/* kernel = version "-" release ["." arch] [".debug"], release = number {"." part} */
static struct ros__uname kernel_read(struct ros__slice kernel)
{
    const struct ros__uname unusable = {absent, absent, -1, -1};
    struct ros__uname uname = {kernel, absent, -1, -1};
    struct ros__slice version, release, head, tail, number;
    if (!ros__slice_cut(kernel, '-', &version, &release))
        return unusable;
    if (ros__slice_ends(release, ".debug"))
        release.len -= strlen(".debug");
    if (ros__slice_cut_last(release, '.', &head, &tail) && !ros__slice_has(tail, "el") && !ros__slice_digits(tail)) {
        uname.arch = tail;
        release = head;
    }
    if (dots_in(release) + 1 > (ros__slice_has(release, "rt") ? 7u : 5u))
        return unusable;
    if (!ros__slice_cut(release, '.', &number, &tail))
        number = release;
    release_of_kernel(version, number, &uname);
    return uname;
}

struct ros__uname ros__uname_read(struct ros__slice text)
{
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice line, word, rest;
    while (ros__lines_next(&lines, &line)) {
        if (!ros__slice_starts(line, "Linux"))
            continue;
        /* system, host name, kernel: parts are set apart by exactly one blank */
        if (!ros__slice_cut(line, ' ', &word, &rest) || !ros__slice_cut(rest, ' ', &word, &rest))
            break;
        if (ros__slice_cut(rest, ' ', &word, &line))
            rest = word;
        return kernel_read(rest);
    }
    return (struct ros__uname){absent, absent, -1, -1};
}

/* Digits up to the first mark, as a small number; -1 for anything else. */
static int part_read(struct ros__slice text)
{
    int64_t value;
    if (text.len > 4 || !ros__slice_digits(text) || !ros_num_parse_i64(text.at, text.len, &value))
        return -1;
    return (int) value;
}

struct ros__release ros__redhat_release_read(struct ros__slice text)
{
    struct ros__release release = {-1, -1};
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice line, version, major, minor, rest;
    if (!ros__lines_next(&lines, &line))
        return release;
    const char *word = line.len > 0 ? memmem(line.at, line.len, "release", strlen("release")) : NULL;
    if (word == NULL)
        return release;
    version.at = word + strlen("release");
    version.len = (size_t) (line.at + line.len - version.at);
    static const char *const ends[] = {"Alpha", "Beta", "("};
    for (size_t i = 0; i < ROS_COUNT(ends); i++) {
        const char *end = version.len > 0 ? memmem(version.at, version.len, ends[i], strlen(ends[i])) : NULL;
        if (end != NULL) {
            version.len = (size_t) (end - version.at);
            break;
        }
    }
    version = ros__slice_strip(version);
    minor = absent;
    if (!ros__slice_cut(version, '.', &major, &minor)) {
        release.major = part_read(version);
        return release;
    }
    if (ros__slice_cut(minor, '.', &rest, &version))
        minor = rest;
    if (ros__slice_cut(minor, '-', &rest, &version))
        minor = rest;
    release.major = part_read(major);
    release.minor = part_read(minor);
    return release;
}

bool ros__cmdline_psi(struct ros__slice text, bool *ret_enabled)
{
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice line, word, key, value;
    bool enabled = false;
    if (ros__lines_count(text, 2) != 1 || !ros__lines_next(&lines, &line))
        return false;
    while ((word = ros__slice_word(&line)).len > 0) {
        if (ros__slice_cut(word, '=', &key, &value) && ros__slice_is(key, "psi"))
            enabled = ros__slice_is(value, "1");
        else if (ros__slice_is(word, "psi"))
            enabled = false;
    }
    *ret_enabled = enabled;
    return true;
}

struct ros__slice ros__machine_id_read(struct ros__slice text)
{
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice line;
    if (ros__lines_count(text, 2) != 1 || !ros__lines_next(&lines, &line))
        return absent;
    line = ros__slice_strip(line);
    struct ros__slice id = line;
    size_t digits = 0;
    if (ros__slice_starts(id, "urn:"))
        id = (struct ros__slice){id.at + 4, id.len - 4};
    if (ros__slice_starts(id, "uuid:"))
        id = (struct ros__slice){id.at + 5, id.len - 5};
    while (id.len > 0 && (id.at[0] == '{' || id.at[0] == '}'))
        id = (struct ros__slice){id.at + 1, id.len - 1};
    while (id.len > 0 && (id.at[id.len - 1] == '{' || id.at[id.len - 1] == '}'))
        id.len--;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.at[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!hex && c != '-')
            return absent;
        digits += hex;
    }
    return digits == 32 ? line : absent;
}

static void release_facts(const struct ros__upload *upload, const struct ros__uname *uname, struct ros__facts *facts)
{
    struct ros__release release = {uname->major, uname->minor};
    if (uname->kernel.at == NULL)
        release = ros__redhat_release_read(upload->texts[ROS__SPEC_redhat_release]);
    if (release.major >= 0)
        ros__facts_number(facts, "host.rhel.major", release.major);
    if (release.major >= 0 && release.minor >= 0)
        ros__facts_number(facts, "host.rhel.minor", release.minor);
}

enum ros_code ros__host_facts(const struct ros__upload *upload, struct ros__facts *facts)
{
    struct ros__lscpu lscpu = ros__lscpu_read(upload->texts[ROS__SPEC_lscpu]);
    struct ros__uname uname = ros__uname_read(upload->texts[ROS__SPEC_uname]);
    int64_t cpus;
    bool psi;
    ROS_TRY(ros__facts_text(facts, "host.arch", uname.arch.at != NULL ? uname.arch : lscpu.architecture));
    ROS_TRY(ros__facts_text(facts, "host.kernel", uname.kernel));
    ROS_TRY(ros__facts_text(facts, "host.system_id", ros__machine_id_read(upload->texts[ROS__SPEC_machine_id])));
    release_facts(upload, &uname, facts);
    if (lscpu.cpus.at != NULL && ros_num_parse_i64(lscpu.cpus.at, lscpu.cpus.len, &cpus) && cpus >= 0 &&
        cpus <= INT32_MAX)
        ros__facts_number(facts, "host.cpus", (double) cpus);
    if (ros__cmdline_psi(upload->texts[ROS__SPEC_cmdline], &psi))
        ros__facts_truth(facts, "host.psi_enabled", psi);
    return ROS_OK;
}
