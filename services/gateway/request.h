/*
 * request.h - one HTTP request from the library's hands to an answer. Of this room only.
 *
 * A request owns an arena for as long as it lasts; the answer's body is a buffer that the library frees through us.
 */
#ifndef ROS_GATEWAY_REQUEST_H
#define ROS_GATEWAY_REQUEST_H

#include <microhttpd.h>

#include "interp/base/buf.h"
#include "services/gateway/gateway.h"
#include "services/gateway/router.h"

struct ros__answer {
    int status;
    const char *content_type;
    const char *allow; /* 405 and OPTIONS; NULL: no such header */
    const char *route; /* for metrics; NULL: none matched */
    bool preflight;    /* a browser asks before the real request */
    struct ros_buf body;
};

/* Reads the request and fills the answer (its body initialised by the caller). Never fails: trouble is an answer too.
 */
void ros__request_answer(const struct ros_gateway_config *config, const struct ros__routes *routes,
                         struct MHD_Connection *connection, const char *verb, const char *path,
                         struct ros__answer *ret);

#endif
