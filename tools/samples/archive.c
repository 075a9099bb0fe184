/*
 * The layout of an insights archive, no more of it than a reader may rely on:
 *
 *     <root>/insights_archive.txt               marks the root
 *     <root>/meta_data/insights.specs.Specs.<spec>.json     says which file holds which output
 *     <root>/data/<relative path>               the outputs
 *
 * Times, owners and the compressor's header are fixed, so that equal hosts give equal bytes.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tools/samples/json_text.h"
#include "tools/samples/samples.h"

#define FIXED_TIME 1767225600 /* 2026-01-01T00:00:00Z */
#define COMMANDS "insights_commands/"

struct writer {
    struct archive *archive;
    const char *host_name;
    struct ros_error *reterr;
};

/* libarchive's writer hands its bytes over here. */
static la_ssize_t take(struct archive *archive, void *context, const void *data, size_t len)
{
    if (ros_buf_add(context, data, len) == ROS_OK)
        return (la_ssize_t) len;
    archive_set_error(archive, ENOMEM, "out of memory");
    return -1;
}

static enum ros_code failure(const struct writer *writer)
{
    const char *text = archive_error_string(writer->archive);
    return ros_error_set(writer->reterr, ROS_E_IO, "the sample cannot be written: %s", text != NULL ? text : "unknown");
}

static enum ros_code put_file(struct writer *writer, const char *path, const char *text, size_t len)
{
    char full[512];
    snprintf(full, sizeof(full), "insights-%s-20260101000000/%s", writer->host_name, path);
    struct archive_entry *entry = archive_entry_new();
    if (entry == NULL)
        return ros_error_code(writer->reterr, ROS_E_OOM);
    archive_entry_set_pathname(entry, full);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_size(entry, (la_int64_t) len);
    archive_entry_set_mtime(entry, FIXED_TIME, 0);
    int rc = archive_write_header(writer->archive, entry);
    archive_entry_free(entry);
    if (rc != ARCHIVE_OK || archive_write_data(writer->archive, text, len) != (la_ssize_t) len)
        return failure(writer);
    return ROS_OK;
}

/* The document that says where the output of a spec is, and the output. command == NULL: a file, not a command. */
static enum ros_code put_spec(struct writer *writer, const char *spec, const char *command, const char *relative_path,
                              const struct ros_buf *text)
{
    char path[256], name[96];
    snprintf(name, sizeof(name), "insights.specs.Specs.%s", spec);
    json_t *object = command != NULL ? json_pack("{s:n, s:s, s:n, s:s}", "rc", "cmd", command, "args", "relative_path",
                                                 relative_path)
                                     : json_pack("{s:n, s:s}", "rc", "relative_path", relative_path);
    json_t *doc =
        json_pack("{s:s, s:f, s:[], s:{s:s, s:o}, s:f}", "name", name, "exec_time", 0.001, "errors", "results", "type",
                  command != NULL ? "insights.core.spec_factory.CommandOutputProvider"
                                  : "insights.core.spec_factory.TextFileProvider",
                  "object", object, "ser_time", 0.001);
    ros_auto(ros_buf) struct ros_buf meta = ROS_BUF_INIT;
    enum ros_code code = sample_json(doc, &meta);
    json_decref(doc);
    if (code == ROS_OK)
        code = ros_buf_code(text);
    if (code != ROS_OK)
        return ros_error_code(writer->reterr, code);
    snprintf(path, sizeof(path), "meta_data/%s.json", name);
    ROS_TRY(put_file(writer, path, ros_buf_text(&meta), meta.len));
    snprintf(path, sizeof(path), "data/%s", relative_path);
    return put_file(writer, path, ros_buf_text(text), text->len);
}

/* What pmlogsummary prints of a day, in its order and with its three digits. */
static enum ros_code put_summary(struct writer *writer, const struct sample_host *host, struct ros_buf *text)
{
    static const char *const disks[SAMPLE_DISKS_MAX] = {"xvda", "xvdb", "nvme1n1"};
    const struct {
        const char *name;
        double share;
    } pressures[] = {{"cpu.some", host->cpu_some},
                     {"io.full", host->io_full},
                     {"io.some", host->io_some},
                     {"memory.full", host->memory_full},
                     {"memory.some", host->memory_some}};
    ros_buf_clear(text);
    ros_buf_printf(text, "hinv.ncpu  %u.000 none\n", host->type->vcpus);
    for (unsigned i = 0; i < host->disk_count; i++)
        ros_buf_printf(text, "disk.dev.total [\"%s\"] %.3f count / sec\n", disks[i], host->disk_rate[i]);
    ros_buf_printf(text, "kernel.all.cpu.idle  %.3f none\n", host->cpu_idle);
    for (size_t i = 0; host->psi && i < ROS_COUNT(pressures); i++) {
        ros_buf_printf(text, "kernel.all.pressure.%s.avg [\"10 second\"] %.3f none\n", pressures[i].name,
                       pressures[i].share * 1.1);
        ros_buf_printf(text, "kernel.all.pressure.%s.avg [\"1 minute\"] %.3f none\n", pressures[i].name,
                       pressures[i].share);
        ros_buf_printf(text, "kernel.all.pressure.%s.avg [\"5 minute\"] %.3f none\n", pressures[i].name,
                       pressures[i].share * 0.9);
    }
    ros_buf_printf(text, "mem.physmem  %.3f Kbyte\n", host->memory_kib);
    ros_buf_printf(text, "mem.util.available  %.3f Kbyte\n", host->available_kib);
    return put_spec(writer, "pmlog_summary", "/usr/bin/pmlogsummary /var/log/pcp/pmlogger/ros/index",
                    COMMANDS "pmlogsummary_.var.log.pcp.pmlogger.ros.index", text);
}

static enum ros_code put_identity(struct writer *writer, const struct sample_host *host, struct ros_buf *text)
{
    ros_buf_clear(text);
    ros_buf_printf(text,
                   "{\n  \"architecture\" : \"x86_64\",\n  \"availabilityZone\" : \"%sa\",\n"
                   "  \"instanceId\" : \"i-%.8s\",\n  \"instanceType\" : \"%s\",\n  \"region\" : \"%s\",\n"
                   "  \"version\" : \"2017-09-30\"\n}\n",
                   host->region, host->id, host->type->name, host->region);
    ROS_TRY(put_spec(writer, "aws_instance_id_doc",
                     "/usr/bin/curl -s http://169.254.169.254/latest/dynamic/instance-identity/document",
                     COMMANDS "curl_-s_http_..169.254.169.254.latest.dynamic.instance-identity.document", text));
    ros_buf_clear(text);
    ros_buf_printf(text,
                   "# dmidecode 3.2\nGetting SMBIOS data from sysfs.\nSMBIOS 2.7 present.\n\n"
                   "Handle 0x0000, DMI type 0, 24 bytes\nBIOS Information\n\tVendor: Amazon EC2\n\tVersion: 1.0\n\n"
                   "Handle 0x0100, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: Amazon EC2\n"
                   "\tProduct Name: %s\n\tUUID: ec2%.5s%s\n",
                   host->type->name, host->id, host->id + 8);
    return put_spec(writer, "dmidecode", "/usr/sbin/dmidecode", COMMANDS "dmidecode", text);
}

static enum ros_code put_system(struct writer *writer, const struct sample_host *host, struct ros_buf *text)
{
    const struct sample_release *release = host->release;
    ros_buf_clear(text);
    ros_buf_printf(text,
                   "Architecture:        x86_64\nCPU op-mode(s):      32-bit, 64-bit\nCPU(s):              %u\n"
                   "On-line CPU(s) list: 0-%u\n",
                   host->type->vcpus, host->type->vcpus - 1);
    ROS_TRY(put_spec(writer, "lscpu", "/usr/bin/lscpu", COMMANDS "lscpu", text));
    ros_buf_clear(text);
    ros_buf_printf(text, "Linux %s %s #1 SMP Thu Jan 1 00:00:00 UTC 2026 x86_64 x86_64 x86_64 GNU/Linux\n", host->name,
                   release->kernel);
    ROS_TRY(put_spec(writer, "uname", "/usr/bin/uname -a", COMMANDS "uname_-a", text));
    ros_buf_clear(text);
    ros_buf_printf(text, "BOOT_IMAGE=(hd0,gpt2)/boot/vmlinuz-%s root=UUID=%s ro console=ttyS0%s\n", release->kernel,
                   host->machine_id, host->psi ? " psi=1" : "");
    ROS_TRY(put_spec(writer, "cmdline", NULL, "proc/cmdline", text));
    ros_buf_clear(text);
    ros_buf_printf(text, "%s\n", release->text);
    ROS_TRY(put_spec(writer, "redhat_release", NULL, "etc/redhat-release", text));
    ros_buf_clear(text);
    ros_buf_printf(text, "%s\n", host->machine_id);
    return put_spec(writer, "machine_id", NULL, "etc/insights-client/machine-id", text);
}

static enum ros_code put_all(struct writer *writer, const struct sample_host *host)
{
    static const char version[] = "{\"core_version\": \"3.0.305-1\", \"client_version\": \"3.2.2\"}";
    static const char branch[] = "{\"remote_branch\": -1, \"remote_leaf\": -1}";
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    ROS_TRY(put_file(writer, "insights_archive.txt", "", 0));
    ROS_TRY(put_file(writer, "branch_info", branch, strlen(branch)));
    ROS_TRY(put_file(writer, "version_info", version, strlen(version)));
    ROS_TRY(put_system(writer, host, &text));
    ROS_TRY(put_identity(writer, host, &text));
    return host->kind == SAMPLE_NO_PCP ? ROS_OK : put_summary(writer, host, &text);
}

enum ros_code sample_archive(const struct sample_host *host, struct ros_buf *out, struct ros_error *reterr)
{
    struct writer writer = {archive_write_new(), host->name, reterr};
    if (writer.archive == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    enum ros_code code = ROS_OK;
    archive_write_set_bytes_in_last_block(writer.archive, 1); /* no padding after the end */
    if (archive_write_set_format_gnutar(writer.archive) != ARCHIVE_OK ||
        archive_write_add_filter_gzip(writer.archive) != ARCHIVE_OK ||
        archive_write_set_filter_option(writer.archive, "gzip", "compression-level", "6") != ARCHIVE_OK ||
        archive_write_set_filter_option(writer.archive, "gzip", "timestamp", NULL) != ARCHIVE_OK ||
        archive_write_open(writer.archive, out, NULL, take, NULL) != ARCHIVE_OK)
        code = failure(&writer);
    if (code == ROS_OK)
        code = put_all(&writer, host);
    if (code == ROS_OK && archive_write_close(writer.archive) != ARCHIVE_OK)
        code = failure(&writer);
    archive_write_free(writer.archive);
    return code;
}
