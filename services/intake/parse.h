/*
 * parse.h - the readers of the collected outputs: each takes one text and answers "this" or "absent".
 *
 * A reader that finds nothing is not a failure; only memory is. Texts are hostile and already cleaned (text.h).
 */
#ifndef ROS_INTAKE_PARSE_H
#define ROS_INTAKE_PARSE_H

#include <stdint.h>

#include "services/intake/evidence.h"
#include "services/intake/text.h"
#include "services/intake/upload.h"

#define ROS__FACTS_MAX 16u

/* The facts of an evidence while it is made. A fact is put once; one without a value is not put at all. */
struct ros__facts {
    struct ros_arena *arena;
    struct ros_fact items[ROS__FACTS_MAX];
    size_t count;
};

enum ros_code ros__facts_text(struct ros__facts *facts, const char *name, struct ros__slice text) ROS_MUST_CHECK;
void ros__facts_number(struct ros__facts *facts, const char *name, double number);
void ros__facts_truth(struct ros__facts *facts, const char *name, bool truth);

/*
 * Reads pmlogsummary's text into evidence->metrics. scratch is for the work only. One bad line: no metrics.
 * ROS_E_ARCHIVE_LIMIT when a metric has more than ROS_LIMIT_INSTANCES instances.
 */
enum ros_code ros__pmlog_read(struct ros__slice text, struct ros_arena *scratch, struct ros_evidence *evidence,
                              struct ros_error *reterr) ROS_MUST_CHECK;

/* What the two outputs say that several facts come from. */
struct ros__lscpu {
    struct ros__slice cpus; /* "2"; at == NULL: absent */
    struct ros__slice architecture;
};
struct ros__uname {
    struct ros__slice kernel; /* "4.18.0-348.el8.x86_64"; at == NULL: unusable */
    struct ros__slice arch;
    int major; /* -1: a kernel that no release brought */
    int minor;
};
struct ros__release {
    int major; /* -1: unknown */
    int minor;
};

struct ros__lscpu ros__lscpu_read(struct ros__slice text);
struct ros__uname ros__uname_read(struct ros__slice text);
struct ros__release ros__redhat_release_read(struct ros__slice text);
/* The command line's last psi= decides. False: the command line is unusable. */
bool ros__cmdline_psi(struct ros__slice text, bool *ret_enabled);
/* The machine id as it stands in the file; at == NULL when it is not one. */
struct ros__slice ros__machine_id_read(struct ros__slice text);

/* host.arch, host.kernel, host.rhel.*, host.cpus, host.psi_enabled, host.system_id */
enum ros_code ros__host_facts(const struct ros__upload *upload, struct ros__facts *facts) ROS_MUST_CHECK;

/* "aws", "azure", "gcp", "ibm", "oci", "alibaba", or NULL. */
const char *ros__cloud_provider(const struct ros__upload *upload);
/* host.cloud, host.instance_type, host.region */
enum ros_code ros__cloud_facts(const struct ros__upload *upload, struct ros__facts *facts) ROS_MUST_CHECK;

#endif
