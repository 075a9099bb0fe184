/* The message that the inventory service sends once an upload was registered; only fields that ROS may read. */
#include <jansson.h>
#include <string.h>

#include "interp/base/clock.h"
#include "tools/samples/json_text.h"
#include "tools/samples/samples.h"

#define DAY_US ((int64_t) 24 * 3600 * 1000000)

static int take_text(const char *text, size_t len, void *context)
{
    return ros_buf_add(context, text, len) == ROS_OK ? 0 : -1;
}

enum ros_code sample_json(const json_t *doc, struct ros_buf *out)
{
    if (doc == NULL || json_dump_callback(doc, take_text, out, JSON_COMPACT) != 0)
        return ROS_E_OOM;
    return ros_buf_code(out);
}

static json_t *host_json(const struct sample_host *host, const struct sample_event *event, const char *now,
                         const char *stale)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[], s:[], s:{s:s, s:s, s:i, s:{s:s, s:i, s:i}}}", "id",
                     host->id, "org_id", event->org_id, "insights_id", host->machine_id, "display_name", host->name,
                     "fqdn", host->name, "reporter", "puptoo", "updated", now, "stale_timestamp", stale, "groups",
                     "tags", "system_profile", "arch", "x86_64", "cloud_provider", "aws", "number_of_cpus",
                     (int) host->type->vcpus, "operating_system", "name", "RHEL", "major", (int) host->release->major,
                     "minor", (int) host->release->minor);
}

enum ros_code sample_message(const struct sample_host *host, const struct sample_event *event, struct ros_buf *out)
{
    char now[ROS_TIME_TEXT_SIZE], stale[ROS_TIME_TEXT_SIZE];
    ros_time_format(event->wall_us, now);
    ros_time_format(event->wall_us + 2 * DAY_US, stale);
    json_t *message =
        json_pack("{s:s, s:s, s:o, s:{s:s, s:s, s:s, s:s, s:b, s:b, s:b}, s:{s:s}}", "type", "created", "timestamp",
                  now, "host", host_json(host, event, now, stale), "platform_metadata", "request_id", host->request_id,
                  "org_id", event->org_id, "url", event->url, "timestamp", now, "is_ros", 1, "is_ros_v2", 1,
                  "is_pcp_raw_data_collected", host->kind != SAMPLE_NO_PCP, "metadata", "request_id", host->request_id);
    enum ros_code code = sample_json(message, out);
    json_decref(message);
    ROS_TRY(code);
    ros_buf_addc(out, '\n');
    return ros_buf_code(out);
}
