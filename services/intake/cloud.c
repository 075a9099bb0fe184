/*
 * Which cloud the host runs in, and as what. No single trace is always there: images are rebuilt, agents removed,
 * firmware strings differ between generations. So the traces are asked from the most to the least telling, and within
 * one trace the providers in a fixed order; the first match decides.
 */
#include <jansson.h>
#include <string.h>

#include "services/intake/parse.h"

/* The few firmware entries that tell providers apart; at == NULL: absent. */
struct firmware {
    struct ros__slice bios_vendor, bios_version, system_vendor, system_uuid, chassis_tag;
};

static const struct ros__slice absent = {NULL, 0};

/* The first section of a name counts: later ones are of expansion boards. */
static struct firmware firmware_read(struct ros__slice text)
{
    static const struct {
        const char *section, *key;
        size_t offset;
    } entries[] = {
        {"BIOS Information", "Vendor", offsetof(struct firmware, bios_vendor)},
        {"BIOS Information", "Version", offsetof(struct firmware, bios_version)},
        {"System Information", "Manufacturer", offsetof(struct firmware, system_vendor)},
        {"System Information", "UUID", offsetof(struct firmware, system_uuid)},
        {"Chassis Information", "Asset Tag", offsetof(struct firmware, chassis_tag)},
    };
    struct firmware firmware = {absent, absent, absent, absent, absent};
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice line, key, value, section = absent;
    unsigned closed = 0; /* bit i: the section of entries[i] was left */
    if (ros__lines_count(text, 3) < 3)
        return firmware;
    while (ros__lines_next(&lines, &line)) {
        bool inside = line.len > 1 && line.at[0] == '\t' && line.at[1] != '\t';
        if (line.len == 0 || line.at[0] != '\t') {
            for (size_t i = 0; i < ROS_COUNT(entries); i++)
                closed |= section.at != NULL && ros__slice_is(section, entries[i].section) ? 1u << i : 0;
            section = ros__slice_strip(line);
        } else if (inside && section.at != NULL && ros__slice_cut(line, ':', &key, &value)) {
            for (size_t i = 0; i < ROS_COUNT(entries); i++) {
                struct ros__slice *to = (struct ros__slice *) (void *) ((char *) &firmware + entries[i].offset);
                if ((closed >> i & 1) == 0 && ros__slice_is(section, entries[i].section) &&
                    ros__slice_is(ros__slice_strip(key), entries[i].key))
                    *to = ros__slice_strip(value);
            }
        }
    }
    return firmware;
}

static const char *by_facts(struct ros__slice text)
{
    static const char *const keys[][2] = {{"aws_instance_id", "aws"}, {"azure_instance_id", "azure"},
                                          {"gcp_instance_id", "gcp"}, {"ibm_instance_id", "ibm"},
                                          {"oci_instance_id", "oci"}, {"alibaba_instance_id", "alibaba"}};
    for (size_t i = 0; i < ROS_COUNT(keys); i++) {
        struct ros__lines lines = ros__lines_of(text);
        struct ros__slice line, key, value;
        while (ros__lines_next(&lines, &line)) {
            if (ros__slice_cut(line, ':', &key, &value) && ros__slice_is(ros__slice_strip(key), keys[i][0]))
                return keys[i][1];
        }
    }
    return NULL;
}

static bool any_repo(struct ros__slice text, const char *mark)
{
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice line;
    while (ros__lines_next(&lines, &line)) {
        if (ros__slice_has(ros__slice_word(&line), mark))
            return true;
    }
    return false;
}

static const char *by_firmware(const struct firmware *firmware, struct ros__slice repos)
{
    const struct ros__slice *const bios[] = {&firmware->bios_vendor, &firmware->bios_version};
    for (size_t i = 0; i < ROS_COUNT(bios); i++) {
        if (ros__slice_has_lower(*bios[i], "amazon"))
            return "aws";
        if (ros__slice_has_lower(*bios[i], "google"))
            return "gcp";
    }
    if (any_repo(repos, "rhui-microsoft-azure") ||
        ros__slice_is(firmware->chassis_tag, "7783-7084-3265-9085-8269-3286-77"))
        return "azure";
    if (ros__slice_starts_lower(firmware->system_uuid, "ec2") && ros__slice_is(firmware->chassis_tag, "Amazon EC2"))
        return "aws";
    return ros__slice_is_lower(firmware->system_vendor, "alibaba cloud") ? "alibaba" : NULL;
}

/* ('name', 'platform') as cloud-init prints it */
static const char *by_cloud_init(struct ros__slice text)
{
    static const char *const names[][2] = {{"aws", "aws"},      {"azure", "azure"}, {"gce", "gcp"},
                                           {"ibmcloud", "ibm"}, {"oracle", "oci"},  {"aliyun", "alibaba"}};
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice line, head, tail, name;
    while (ros__lines_next(&lines, &line)) {
        line = ros__slice_strip(line);
        bool tuple = ros__slice_starts(line, "('") || ros__slice_starts(line, "(u'"); /* as Python 3 and 2 print it */
        if (!tuple || !ros__slice_ends(line, "')") || !ros__slice_cut(line, ',', &head, &tail))
            continue;
        name = head;
        for (size_t i = 0; i < ROS_COUNT(names); i++) {
            if (ros__slice_has(name, names[i][0]))
                return names[i][1];
        }
    }
    return NULL;
}

/* The text after "name": in a line of JSON. */
static bool json_name(struct ros__slice line, struct ros__slice *ret)
{
    static const char key[] = "\"name\":";
    const char *at = line.len > 0 ? memmem(line.at, line.len, key, strlen(key)) : NULL;
    struct ros__slice rest;
    if (at == NULL)
        return false;
    rest.at = at + strlen(key);
    rest.len = (size_t) (line.at + line.len - rest.at);
    return ros__slice_cut(rest, '"', ret, &rest) && ros__slice_cut(rest, '"', ret, &rest);
}

/*
 * Packages are listed as "name-version-release.arch ..." or as one JSON object a line. The marks below contain no
 * character that JSON would escape, so both are searched as text, in the part that is the name.
 */
static const char *by_packages(struct ros__slice text)
{
    static const char *const marks[][2] = {
        {"rh-amazon-rhui-client", "aws"}, {"google-rhui-client", "gcp"}, {"oracle-cloud-agent", "oci"}};
    bool json = ros__slice_has(text, "\"name\":");
    for (size_t i = 0; i < ROS_COUNT(marks); i++) {
        struct ros__lines lines = ros__lines_of(text);
        struct ros__slice line, name;
        while (ros__lines_next(&lines, &line)) {
            if (json ? !json_name(line, &name) : (name = ros__slice_word(&line)).len == 0)
                continue;
            if (ros__slice_has_lower(name, marks[i][0]))
                return marks[i][1];
        }
    }
    return NULL;
}

/* IBM's hosts are subscribed through a server of its network: hostname in [server] of rhsm.conf. */
static const char *by_subscription(struct ros__slice text)
{
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice line, key, value, host = absent;
    bool in_server = false;
    while (ros__lines_next(&lines, &line)) {
        line = ros__slice_strip(line);
        if (ros__slice_starts(line, "["))
            in_server = ros__slice_is(line, "[server]");
        else if (in_server && ros__slice_cut(line, '=', &key, &value) &&
                 ros__slice_is_lower(ros__slice_strip(key), "hostname"))
            host = ros__slice_strip(value);
    }
    return ros__slice_ends(host, "networklayer.com") ? "ibm" : NULL;
}

const char *ros__cloud_provider(const struct ros__upload *upload)
{
    const struct ros__slice *texts = upload->texts;
    const char *found = by_facts(texts[ROS__SPEC_subscription_manager_facts]);
    struct firmware firmware = firmware_read(texts[ROS__SPEC_dmidecode]);
    if (found == NULL)
        found = by_firmware(&firmware, texts[ROS__SPEC_yum_repolist]);
    if (found == NULL)
        found = by_cloud_init(texts[ROS__SPEC_cloud_init_query]);
    if (found == NULL)
        found = by_packages(texts[ROS__SPEC_installed_rpms]);
    return found != NULL ? found : by_subscription(texts[ROS__SPEC_rhsm_conf]);
}

/* The instance identity document: JSON from the first line that opens an object. NULL when there is none. */
static json_t *document_read(struct ros__slice text)
{
    static const char *const refusals[] = {"curl: ", "<?xml ", "No such metadata item"};
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice line;
    for (bool first = true; ros__lines_next(&lines, &line); first = false) {
        for (size_t i = 0; first && i < ROS_COUNT(refusals); i++) {
            if (ros__slice_has(line, refusals[i]))
                return NULL;
        }
        if (ros__slice_starts(ros__slice_strip(line), "{"))
            return json_loadb(line.at, (size_t) (text.at + text.len - line.at), JSON_DECODE_INT_AS_REAL, NULL);
    }
    return NULL;
}

/* Azure's type, "Standard_B2s": the last line of one word with something on both sides of a '_'. */
static struct ros__slice azure_type_read(struct ros__slice text)
{
    struct ros__lines lines = ros__lines_of(text);
    struct ros__slice line, type = absent;
    for (bool first = true; ros__lines_next(&lines, &line); first = false) {
        if (first && ros__slice_has(line, "curl: "))
            return absent;
        const char *mark = line.len > 0 ? memchr(line.at, '_', line.len) : NULL;
        if (mark != NULL && mark > line.at && memchr(line.at, ' ', line.len) == NULL)
            type = line;
    }
    return type;
}

static enum ros_code document_facts(const json_t *doc, struct ros__facts *facts)
{
    const char *type = json_string_value(json_object_get(doc, "instanceType"));
    const char *region = json_string_value(json_object_get(doc, "region"));
    if (type != NULL)
        ROS_TRY(ros__facts_text(facts, "host.instance_type", ros__slice_of(type)));
    return region != NULL ? ros__facts_text(facts, "host.region", ros__slice_of(region)) : ROS_OK;
}

enum ros_code ros__cloud_facts(const struct ros__upload *upload, struct ros__facts *facts)
{
    const char *cloud = ros__cloud_provider(upload);
    if (cloud == NULL)
        return ROS_OK;
    ROS_TRY(ros__facts_text(facts, "host.cloud", ros__slice_of(cloud)));
    json_t *doc = strcmp(cloud, "aws") == 0 ? document_read(upload->texts[ROS__SPEC_aws_instance_id_doc]) : NULL;
    bool told = json_is_object(doc) && json_object_size(doc) > 0;
    enum ros_code code = told ? document_facts(doc, facts) : ROS_OK;
    json_decref(doc);
    /* Both tell the type where the provider's own traces contradict each other: a moved image keeps its agent. */
    if (code == ROS_OK && !told && (strcmp(cloud, "azure") == 0 || strcmp(cloud, "aws") == 0))
        code =
            ros__facts_text(facts, "host.instance_type", azure_type_read(upload->texts[ROS__SPEC_azure_instance_type]));
    return code;
}
