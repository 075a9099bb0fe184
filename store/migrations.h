/* migrations.h - the embedded migrations, ascending by number without gaps; made by embed.cmake. */
#ifndef ROS_STORE_MIGRATIONS_H
#define ROS_STORE_MIGRATIONS_H

#include <stddef.h>

struct ros__migration {
    unsigned number;
    const char *name;
    const char *sql;
};

extern const struct ros__migration ros__migrations[];
extern const size_t ros__migration_count;

#endif
