/* config_internal.h - the table behind config.h, for its readers. Of this room only. */
#ifndef ROS_COMMON_CONFIG_INTERNAL_H
#define ROS_COMMON_CONFIG_INTERNAL_H

#include <stddef.h>

#include "services/common/config.h"

enum ros__config_kind { ROS__CONFIG_TEXT, ROS__CONFIG_INT, ROS__CONFIG_BOOL };

struct ros__config_row {
    const char *name;
    const char *variable;
    enum ros__config_kind kind;
    size_t offset;    /* of the member in struct ros_config */
    const char *text; /* the default, as text */
    int64_t low;
    int64_t high;
    bool secret;
    const char *doc;
};

const struct ros__config_row *ros__config_row(enum ros_config_key key);

/* The whole file, bounded. ROS_E_CONFIG with the path when it cannot be read. */
enum ros_code ros__config_slurp(const char *path, size_t limit, struct ros_buf *out, struct ros_error *reterr);

#endif
