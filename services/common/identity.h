/*
 * identity.h - who asks: the header x-rh-identity, base64 of {"identity": {"org_id": "...", "user": {...}}}.
 *
 * The header comes from the platform's gateway, which has checked it; what reaches us is decoded strictly all the same.
 * internal.org_id is never used.
 *
 * Lifetime: texts live in the arena that the caller gives.
 * Errors:   ROS_E_UNAUTHENTICATED (no header, or an empty one), ROS_E_ARGUMENT (malformed), ROS_E_OOM.
 */
#ifndef ROS_COMMON_IDENTITY_H
#define ROS_COMMON_IDENTITY_H

#include "interp/base/arena.h"

#define ROS_IDENTITY_HEADER_BYTES 16384 /* longest header read */

struct ros_identity {
    const char *org_id;   /* never NULL, never empty */
    const char *username; /* of the user, else of the service account; NULL: none */
    const char *user_id;  /* likewise */
    const char *type;     /* "User", "ServiceAccount", "System"; NULL: not said */
};

enum ros_code ros_identity_parse(const char *header, size_t len, struct ros_arena *arena, struct ros_identity *ret,
                                 struct ros_error *reterr) ROS_MUST_CHECK;

#endif
