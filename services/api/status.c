/* The two methods that answer from nothing and from one count. */
#include <inttypes.h>

#include "proto/ros/v1/systems.pb-c.h"
#include "services/api/convert.h"
#include "services/api/handlers.h"
#include "store/read.h"

enum ros_code ros__get_status(const struct ros_tenant *tenant, const struct ros__request *request,
                              const ProtobufCMessage *in, ProtobufCMessage *out, struct ros_error *reterr)
{
    static char text[] = "Application is running!";
    Ros__V1__GetStatusResponse *answer = (Ros__V1__GetStatusResponse *) out;
    (void) tenant, (void) request, (void) in, (void) reterr;
    answer->status = text;
    return ROS_OK;
}

enum ros_code ros__is_configured(const struct ros_tenant *tenant, const struct ros__request *request,
                                 const ProtobufCMessage *in, ProtobufCMessage *out, struct ros_error *reterr)
{
    static char none[] = "NO_SYSTEMS";
    static char some[] = "SYSTEMSEXIST";
    Ros__V1__IsConfiguredResponse *answer = (Ros__V1__IsConfiguredResponse *) out;
    (void) in;
    ros_auto_ptr(ros_pg_conn) struct ros_pg_conn *conn = NULL;
    ros_auto(ros_pg_rows) struct ros_pg_rows rows = ROS_PG_ROWS_INIT;
    ROS_TRY(ros__connect(request, &conn, reterr));
    ROS_TRY(ros_read_configured(tenant, conn, &rows, reterr));
    Ros__V1__IsConfiguredResponse__SystemsStats *stats =
        ros_arena_new(request->call->arena, Ros__V1__IsConfiguredResponse__SystemsStats);
    if (stats == NULL)
        return ros__no_memory(request, reterr);
    ros__v1__is_configured_response__systems_stats__init(stats);
    answer->count = ros__int_cell(&rows, 0, 0);
    stats->waiting_for_data = ros__int_cell(&rows, 0, 1);
    stats->with_suggestions = ros__int_cell(&rows, 0, 2);
    answer->success = answer->count > 0;
    answer->code = answer->success ? some : none;
    answer->systems_stats = stats;
    return ROS_OK;
}
