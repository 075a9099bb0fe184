/*
 * config.h - the settings of the service, from every place they may come from.
 *
 * flag > Clowder's file (ACG_CONFIG, when CLOWDER_ENABLED) > environment > file > default. Clowder stands above the
 * environment since a deployment that has it describes its own database and brokers there. VARIABLE_FILE names a file
 * that holds a secret's value.
 *
 * Invariants: after a successful load every member is in its range. Texts are never NULL and live as long as the
 * config. Lifetime:   ros_config_init() ... ros_config_done(). Threads: read-only after the load, so safe. Errors:
 * ROS_E_CONFIG, with the setting and the place in the text; ROS_E_OOM.
 */
#ifndef ROS_COMMON_CONFIG_H
#define ROS_COMMON_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "interp/base/arena.h"
#include "interp/base/buf.h"

enum ros_config_key {
#define ROS_CONFIG_TEXT(member, variable, value, secret, doc) ROS_CONFIG_KEY_##member,
#define ROS_CONFIG_INT(member, variable, value, low, high, doc) ROS_CONFIG_KEY_##member,
#define ROS_CONFIG_BOOL(member, variable, value, doc) ROS_CONFIG_KEY_##member,
#include "services/common/config.def"
#undef ROS_CONFIG_TEXT
#undef ROS_CONFIG_INT
#undef ROS_CONFIG_BOOL
    ROS_CONFIG_KEY_COUNT
};

enum ros_config_source {
    ROS_CONFIG_DEFAULT,
    ROS_CONFIG_FILE,
    ROS_CONFIG_ENVIRONMENT,
    ROS_CONFIG_CLOWDER,
    ROS_CONFIG_FLAG
};

struct ros_config {
#define ROS_CONFIG_TEXT(member, variable, value, secret, doc) const char *member;
#define ROS_CONFIG_INT(member, variable, value, low, high, doc) int64_t member;
#define ROS_CONFIG_BOOL(member, variable, value, doc) bool member;
#include "services/common/config.def"
#undef ROS_CONFIG_TEXT
#undef ROS_CONFIG_INT
#undef ROS_CONFIG_BOOL
    enum ros_config_source sources[ROS_CONFIG_KEY_COUNT];
    struct ros_arena arena;
};

/* Every setting at its default. */
enum ros_code ros_config_init(struct ros_config *config, const struct ros_alloc *alloc) ROS_MUST_CHECK;
void ros_config_done(struct ros_config *config);

/*
 * Sets one from text, if no higher source has set it: "true", "yes", "on", "1" and their opposites in any case for a
 * bool. An unknown key is ROS_E_CONFIG with the nearest one named.
 */
enum ros_code ros_config_set(struct ros_config *config, enum ros_config_key key, const char *text,
                             enum ros_config_source source, struct ros_error *reterr) ROS_MUST_CHECK;
enum ros_code ros_config_find(const char *name, enum ros_config_key *ret, struct ros_error *reterr) ROS_MUST_CHECK;

/* Lines `key = value`; `#` begins a comment; values may stand in double quotes. */
enum ros_code ros_config_read_file(struct ros_config *config, const char *path,
                                   struct ros_error *reterr) ROS_MUST_CHECK;
/* Variables by a lookup, so that tests bring their own: getenv in production. */
typedef const char *ros_config_lookup(void *context, const char *variable);
enum ros_code ros_config_read_environment(struct ros_config *config, ros_config_lookup *lookup, void *context,
                                          struct ros_error *reterr) ROS_MUST_CHECK;
/* Does nothing unless clowder_enabled and acg_config are set. */
enum ros_code ros_config_read_clowder(struct ros_config *config, struct ros_error *reterr) ROS_MUST_CHECK;

/* What only the whole shows: choices among words, settings that exclude each other. */
enum ros_code ros_config_check(const struct ros_config *config, struct ros_error *reterr) ROS_MUST_CHECK;

/* `key = value  # source`, secrets masked. */
enum ros_code ros_config_dump(const struct ros_config *config, struct ros_buf *out);
/* One line a setting: flag, variable, default, words. */
enum ros_code ros_config_help(struct ros_buf *out);

/* "db_host": the file key, and with dashes the flag. Valid for ever. */
const char *ros_config_name(enum ros_config_key key);

/* libpq's connection string from the db_ settings. */
enum ros_code ros_config_conninfo(const struct ros_config *config, struct ros_buf *out);
/* Bootstrap servers as librdkafka wants them. */
enum ros_code ros_config_brokers(const struct ros_config *config, struct ros_buf *out);

ROS_DEFINE_AUTO(ros_config)

#endif
