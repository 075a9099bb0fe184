/*
 * cache.h - LMDB: the latest evidence of every host, so that it can be scored again and explained.
 *
 * A copy, never the truth: everything in it may vanish (a crash of the operating system, a damaged file, a new
 * version) and comes back with the next upload. So it is not synced to disk, and after a reboot it starts empty.
 * A damaged file is set aside as `data.mdb.bad` and a new one is begun; a value that does not match its checksum is
 * not found.
 *
 * Folder:   data.mdb, lock.mdb, `guard` (held while opening) and `epoch`: the format, and the boot id of the system
 * that wrote it. Lifetime: ros_cache_open() ... ros_cache_free(). Several processes may open one folder. Threads: every
 * call is safe from every thread; writers take turns. Errors:   ROS_E_NOT_FOUND, ROS_E_LIMIT (value too large, map or
 * disk full), ROS_E_IO, ROS_E_OOM, ROS_E_ARGUMENT, ROS_E_UNAUTHENTICATED (see tenant.h).
 */
#ifndef ROS_STORE_CACHE_H
#define ROS_STORE_CACHE_H

#include <stdint.h>

#include "interp/base/buf.h"
#include "store/tenant.h"

struct ros_cache;

struct ros_cache_config {
    const char *folder;       /* made when missing; its parent must exist */
    uint64_t map_bytes;       /* address space at first; grows by doubling when full. 0: 64 GiB, sparse */
    uint64_t map_max_bytes;   /* where growing ends; 0: 1 TiB */
    uint32_t value_max_bytes; /* 0: 16 MiB */
    const struct ros_alloc *alloc;
    const char *boot_id; /* for tests; NULL: the running system's */
};

enum ros_code ros_cache_open(const struct ros_cache_config *config, struct ros_cache **ret,
                             struct ros_error *reterr) ROS_MUST_CHECK;
void ros_cache_free(struct ros_cache *cache);

struct ros_cache_item {
    struct ros_tenant tenant;
    const char *inventory_id;
    const void *data;
    size_t size_bytes;
};

/* Stores one value a host, replacing the older. The batch is one transaction: all of it or nothing. */
enum ros_code ros_cache_put(const struct ros_tenant *tenant, struct ros_cache *cache, const char *inventory_id,
                            const void *data, size_t size_bytes, struct ros_error *reterr) ROS_MUST_CHECK;
enum ros_code ros_cache_put_batch(struct ros_cache *cache, const struct ros_cache_item *items, size_t count,
                                  struct ros_error *reterr) ROS_MUST_CHECK;

/* Appends the value to out. ROS_E_NOT_FOUND leaves out as it was. */
enum ros_code ros_cache_get(const struct ros_tenant *tenant, struct ros_cache *cache, const char *inventory_id,
                            struct ros_buf *out, struct ros_error *reterr) ROS_MUST_CHECK;

/* ROS_OK also when there was none. */
enum ros_code ros_cache_delete(const struct ros_tenant *tenant, struct ros_cache *cache, const char *inventory_id,
                               struct ros_error *reterr) ROS_MUST_CHECK;

/* Frees the slots of readers that died; call it every minute. Also the readiness probe: it touches the file. */
enum ros_code ros_cache_check(struct ros_cache *cache, unsigned *ret_dead_readers,
                              struct ros_error *reterr) ROS_MUST_CHECK;

struct ros_cache_stats {
    uint64_t values;
    uint64_t map_bytes;
    uint64_t used_bytes;
    uint64_t rebuilt; /* times this handle began anew: 1 after open when the old file was not usable */
};
enum ros_code ros_cache_stats(struct ros_cache *cache, struct ros_cache_stats *ret,
                              struct ros_error *reterr) ROS_MUST_CHECK;

ROS_DEFINE_AUTO_PTR(ros_cache)

#endif
