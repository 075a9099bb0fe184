/*
 * cache.c - the evidence cache over LMDB.
 *
 *     key    organisation, NUL, inventory id                 an organisation is one range of keys
 *     value  | checksum of what follows (8) | the evidence |
 *
 * LMDB trusts its file. Without syncing, a crash of the operating system can leave any mix of old and new pages, and no
 * later check is sure to see that; so the file is bound to one boot of the system by `epoch`, and another boot's file
 * is not opened at all. Within one boot a killed process leaves a sound file (the kernel has its pages).
 *
 * The map may be replaced only while no transaction of this process runs, hence the read-write lock: every transaction
 * holds it shared, growing and rebuilding hold it alone. Read transactions are short: one that stays open would keep
 * the writer from reusing pages, and the file would grow without end.
 */
#include "store/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interp/base/map.h"

#define CACHE_FORMAT "ros-cache 1"
#define KEY_MAX 511 /* LMDB's own */
#define READERS_MAX 256
#define CHECKSUM_BYTES sizeof(uint64_t)
#define CHECKSUM_SEED 0x726f7363616368UL
#define EPOCH_SIZE 96
#define PATH_SIZE 4096
#define FOLDER_MAX (PATH_SIZE - 32)

struct ros_cache {
    const struct ros_alloc *alloc;
    MDB_env *env; /* NULL while a rebuild failed */
    MDB_dbi dbi;
    pthread_rwlock_t lock;
    uint64_t map_bytes;
    uint64_t map_max_bytes;
    uint32_t value_max_bytes;
    uint64_t rebuilt;
    char epoch[EPOCH_SIZE];
    char folder[FOLDER_MAX];
};

static enum ros_code fail(int mdb_rc, const char *what, struct ros_error *reterr)
{
    enum ros_code code = ROS_E_IO;
    if (mdb_rc == ENOMEM)
        code = ROS_E_OOM;
    else if (mdb_rc == MDB_MAP_FULL || mdb_rc == ENOSPC || mdb_rc == MDB_READERS_FULL || mdb_rc == MDB_TXN_FULL)
        code = ROS_E_LIMIT;
    return ros_error_set(reterr, code, "evidence cache: %s: %s", what, mdb_strerror(mdb_rc));
}

static enum ros_code fail_errno(const char *what, struct ros_error *reterr)
{
    return ros_error_set(reterr, errno == ENOMEM ? ROS_E_OOM : ROS_E_IO, "evidence cache: %s: %s", what,
                         strerror(errno));
}

/* The file is not (any more) what LMDB can work with. */
static bool is_damage(int rc)
{
    return rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND || rc == MDB_PANIC || rc == MDB_INVALID ||
           rc == MDB_VERSION_MISMATCH || rc == MDB_INCOMPATIBLE || rc == MDB_BAD_DBI;
}

static void path_of(const struct ros_cache *cache, const char *name, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", cache->folder, name);
}

/* ---- the folder ---- */

static size_t read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t) n : 0;
}

static enum ros_code write_epoch(const struct ros_cache *cache, struct ros_error *reterr)
{
    char path[PATH_SIZE];
    path_of(cache, "epoch", path);
    size_t size = strlen(cache->epoch);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(path, reterr);
    bool is_written = write(fd, cache->epoch, size) == (ssize_t) size;
    enum ros_code code = is_written ? ROS_OK : fail_errno(path, reterr);
    if (close(fd) != 0 && code == ROS_OK)
        code = fail_errno(path, reterr);
    return code;
}

static void make_epoch(struct ros_cache *cache, const char *boot_id)
{
    char id[64];
    if (boot_id != NULL)
        snprintf(id, sizeof(id), "%s", boot_id);
    else if (read_text("/proc/sys/kernel/random/boot_id", id, sizeof(id)) == 0)
        snprintf(id, sizeof(id), "unknown");
    id[strcspn(id, "\n")] = '\0';
    snprintf(cache->epoch, sizeof(cache->epoch), CACHE_FORMAT " %s\n", id);
}

static bool is_our_epoch(const struct ros_cache *cache)
{
    char path[PATH_SIZE];
    char text[EPOCH_SIZE + 1];
    path_of(cache, "epoch", path);
    (void) read_text(path, text, sizeof(text));
    return strcmp(text, cache->epoch) == 0;
}

static bool has_data(const struct ros_cache *cache)
{
    char path[PATH_SIZE];
    path_of(cache, "data.mdb", path);
    return access(path, F_OK) == 0;
}

/* The lock file goes too: it describes readers of the file that is set aside. */
static enum ros_code set_aside(const struct ros_cache *cache, struct ros_error *reterr)
{
    char from[PATH_SIZE];
    char to[PATH_SIZE];
    path_of(cache, "data.mdb", from);
    path_of(cache, "data.mdb.bad", to);
    if (rename(from, to) != 0 && errno != ENOENT)
        return fail_errno(from, reterr);
    path_of(cache, "lock.mdb", from);
    if (unlink(from) != 0 && errno != ENOENT)
        return fail_errno(from, reterr);
    return ROS_OK;
}

/* ---- the environment ---- */

static int env_open(struct ros_cache *cache)
{
    MDB_txn *txn = NULL;
    int rc = mdb_env_create(&cache->env);
    if (rc != 0)
        return rc;
    rc = mdb_env_set_mapsize(cache->env, (size_t) cache->map_bytes);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(cache->env, READERS_MAX);
    if (rc == 0)
        rc = mdb_env_open(cache->env, cache->folder, MDB_NOSYNC | MDB_NOTLS | MDB_NORDAHEAD, 0600);
    if (rc == 0)
        rc = mdb_txn_begin(cache->env, NULL, 0, &txn);
    if (rc == 0) {
        rc = mdb_dbi_open(txn, NULL, 0, &cache->dbi);
        if (rc == 0)
            rc = mdb_txn_commit(txn);
        else
            mdb_txn_abort(txn);
    }
    if (rc != 0) {
        mdb_env_close(cache->env);
        cache->env = NULL;
    }
    return rc;
}

static int open_guard(const struct ros_cache *cache)
{
    char path[PATH_SIZE];
    path_of(cache, "guard", path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Opens the file, or begins anew when it is another boot's, another format's, or damaged. */
static enum ros_code open_guarded(struct ros_cache *cache, bool is_damaged, struct ros_error *reterr)
{
    bool is_fresh = !has_data(cache);
    if (!is_fresh && (is_damaged || !is_our_epoch(cache))) {
        ROS_TRY(set_aside(cache, reterr));
        cache->rebuilt++;
        is_fresh = true;
    }
    if (is_fresh)
        ROS_TRY(write_epoch(cache, reterr));
    int rc = env_open(cache);
    if (is_damage(rc) && !is_fresh) {
        ROS_TRY(set_aside(cache, reterr));
        cache->rebuilt++;
        rc = env_open(cache);
    }
    return rc == 0 ? ROS_OK : fail(rc, cache->folder, reterr);
}

static enum ros_code open_env(struct ros_cache *cache, bool is_damaged, struct ros_error *reterr)
{
    int guard = open_guard(cache); /* two processes that start together must not both set the file aside */
    if (guard < 0)
        return fail_errno(cache->folder, reterr);
    enum ros_code code = open_guarded(cache, is_damaged, reterr);
    close(guard);
    return code;
}

enum ros_code ros_cache_open(const struct ros_cache_config *config, struct ros_cache **ret, struct ros_error *reterr)
{
    if (config->folder == NULL || strlen(config->folder) >= FOLDER_MAX)
        return ros_error_set(reterr, ROS_E_ARGUMENT, "evidence cache: no folder, or its name is too long");
    if (mkdir(config->folder, 0700) != 0 && errno != EEXIST)
        return fail_errno(config->folder, reterr);
    struct ros_cache *cache = ros_alloc_zero(config->alloc, sizeof(*cache));
    if (cache == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    cache->alloc = config->alloc;
    cache->map_bytes = config->map_bytes != 0 ? config->map_bytes : (uint64_t) 64 << 30;
    cache->map_max_bytes = config->map_max_bytes != 0 ? config->map_max_bytes : (uint64_t) 1 << 40;
    cache->value_max_bytes = config->value_max_bytes != 0 ? config->value_max_bytes : 16u << 20;
    snprintf(cache->folder, sizeof(cache->folder), "%s", config->folder);
    make_epoch(cache, config->boot_id);
    if (pthread_rwlock_init(&cache->lock, NULL) != 0) {
        ros_alloc_put(cache->alloc, cache, sizeof(*cache));
        return ros_error_set(reterr, ROS_E_OOM, "evidence cache: no lock");
    }
    enum ros_code code = open_env(cache, false, reterr);
    if (code != ROS_OK) {
        ros_cache_free(cache);
        return code;
    }
    *ret = cache;
    return ROS_OK;
}

void ros_cache_free(struct ros_cache *cache)
{
    if (cache == NULL)
        return;
    if (cache->env != NULL)
        mdb_env_close(cache->env);
    pthread_rwlock_destroy(&cache->lock);
    ros_alloc_put(cache->alloc, cache, sizeof(*cache));
}

/* ---- transactions that survive a full map and a damaged file ---- */

struct work { /* one transaction's job: returns an LMDB code */
    int (*run)(const struct ros_cache *cache, MDB_txn *txn, void *context);
    void *context;
    unsigned flags;
    const char *what;
};

static int run_once(struct ros_cache *cache, const struct work *work)
{
    MDB_txn *txn = NULL;
    if (cache->env == NULL)
        return MDB_CORRUPTED;
    int rc = mdb_txn_begin(cache->env, NULL, work->flags, &txn);
    if (rc != 0)
        return rc;
    rc = work->run(cache, txn, work->context);
    if (rc != 0 || (work->flags & MDB_RDONLY) != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

/* Alone. full: the map is too small. Otherwise another process made it larger, and 0 takes its size over. */
static int resize(struct ros_cache *cache, bool full)
{
    MDB_envinfo info;
    if (!full)
        return mdb_env_set_mapsize(cache->env, 0);
    int rc = mdb_env_info(cache->env, &info);
    if (rc != 0)
        return rc;
    uint64_t bytes = (uint64_t) info.me_mapsize * 2;
    if (bytes > cache->map_max_bytes)
        bytes = cache->map_max_bytes;
    if (bytes <= info.me_mapsize)
        return MDB_MAP_FULL;
    rc = mdb_env_set_mapsize(cache->env, (size_t) bytes);
    if (rc == 0)
        cache->map_bytes = bytes;
    return rc;
}

/* Puts right what stopped a transaction, when that can be done. */
static enum ros_code repair(struct ros_cache *cache, int rc, const char *what, struct ros_error *reterr)
{
    enum ros_code code = ROS_OK;
    pthread_rwlock_wrlock(&cache->lock);
    if (rc == MDB_MAP_FULL || rc == MDB_MAP_RESIZED) {
        int resized = cache->env != NULL ? resize(cache, rc == MDB_MAP_FULL) : 0;
        if (resized != 0)
            code = fail(resized, what, reterr);
    } else {
        if (cache->env != NULL)
            mdb_env_close(cache->env);
        cache->env = NULL;
        code = open_env(cache, true, reterr);
    }
    pthread_rwlock_unlock(&cache->lock);
    return code;
}

static enum ros_code run(struct ros_cache *cache, const struct work *work, struct ros_error *reterr)
{
    for (int attempt = 0; attempt < 64; attempt++) { /* each doubles the map: the bound is never the end */
        pthread_rwlock_rdlock(&cache->lock);
        int rc = run_once(cache, work);
        pthread_rwlock_unlock(&cache->lock);
        if (rc == 0)
            return ROS_OK;
        if (rc == MDB_NOTFOUND)
            return ros_error_set(reterr, ROS_E_NOT_FOUND, "evidence cache: nothing about this host");
        if (rc != MDB_MAP_FULL && rc != MDB_MAP_RESIZED && !is_damage(rc))
            return fail(rc, work->what, reterr);
        ROS_TRY(repair(cache, rc, work->what, reterr));
    }
    return ros_error_set(reterr, ROS_E_IO, "evidence cache: %s did not succeed", work->what);
}

/* ---- keys and values ---- */

struct key {
    char bytes[KEY_MAX];
    size_t size;
};

static enum ros_code make_key(const struct ros_tenant *tenant, const char *inventory_id, struct key *ret,
                              struct ros_error *reterr)
{
    ROS_TRY(ros_tenant_check(tenant, reterr));
    size_t org_size = strlen(tenant->org_id) + 1;
    size_t id_size = inventory_id != NULL ? strlen(inventory_id) : 0;
    if (id_size == 0 || org_size + id_size > KEY_MAX)
        return ros_error_set(reterr, ROS_E_ARGUMENT, "evidence cache: the host's id is missing or too long");
    memcpy(ret->bytes, tenant->org_id, org_size);
    memcpy(ret->bytes + org_size, inventory_id, id_size);
    ret->size = org_size + id_size;
    return ROS_OK;
}

static int put_item(const struct ros_cache *cache, MDB_txn *txn, const struct ros_cache_item *item)
{
    struct key name;
    if (make_key(&item->tenant, item->inventory_id, &name, NULL) != ROS_OK)
        return EINVAL;
    MDB_val key = {name.size, name.bytes};
    MDB_val value = {CHECKSUM_BYTES + item->size_bytes, NULL};
    int rc = mdb_put(txn, cache->dbi, &key, &value, MDB_RESERVE);
    if (rc != 0)
        return rc;
    uint64_t checksum = ros_map_hash(item->data, item->size_bytes, CHECKSUM_SEED);
    memcpy(value.mv_data, &checksum, CHECKSUM_BYTES);
    if (item->size_bytes > 0)
        memcpy((char *) value.mv_data + CHECKSUM_BYTES, item->data, item->size_bytes);
    return 0;
}

struct put_context {
    const struct ros_cache_item *items;
    size_t count;
};

static int run_put(const struct ros_cache *cache, MDB_txn *txn, void *context)
{
    const struct put_context *put = context;
    int rc = 0;
    for (size_t i = 0; i < put->count && rc == 0; i++)
        rc = put_item(cache, txn, &put->items[i]);
    return rc;
}

enum ros_code ros_cache_put_batch(struct ros_cache *cache, const struct ros_cache_item *items, size_t count,
                                  struct ros_error *reterr)
{
    struct put_context put = {items, count};
    struct key name;
    for (size_t i = 0; i < count; i++) {
        ROS_TRY(make_key(&items[i].tenant, items[i].inventory_id, &name, reterr));
        if (items[i].size_bytes > cache->value_max_bytes)
            return ros_error_set(reterr, ROS_E_LIMIT, "evidence cache: %zu bytes, at most %u", items[i].size_bytes,
                                 cache->value_max_bytes);
    }
    return run(cache, &(struct work){run_put, &put, 0, "put"}, reterr);
}

enum ros_code ros_cache_put(const struct ros_tenant *tenant, struct ros_cache *cache, const char *inventory_id,
                            const void *data, size_t size_bytes, struct ros_error *reterr)
{
    ROS_TRY(ros_tenant_check(tenant, reterr));
    struct ros_cache_item item = {*tenant, inventory_id, data, size_bytes};
    return ros_cache_put_batch(cache, &item, 1, reterr);
}

struct get_context {
    MDB_val key;
    struct ros_buf *out;
    enum ros_code code;
};

static int run_get(const struct ros_cache *cache, MDB_txn *txn, void *context)
{
    struct get_context *get = context;
    MDB_val value;
    uint64_t checksum = 0;
    int rc = mdb_get(txn, cache->dbi, &get->key, &value);
    if (rc != 0)
        return rc;
    if (value.mv_size < CHECKSUM_BYTES)
        return MDB_NOTFOUND;
    const char *data = (const char *) value.mv_data + CHECKSUM_BYTES;
    size_t size = value.mv_size - CHECKSUM_BYTES;
    memcpy(&checksum, value.mv_data, CHECKSUM_BYTES);
    if (checksum != ros_map_hash(data, size, CHECKSUM_SEED))
        return MDB_NOTFOUND;
    get->code = ros_buf_add(get->out, data, size);
    return 0;
}

enum ros_code ros_cache_get(const struct ros_tenant *tenant, struct ros_cache *cache, const char *inventory_id,
                            struct ros_buf *out, struct ros_error *reterr)
{
    struct key name;
    ROS_TRY(make_key(tenant, inventory_id, &name, reterr));
    struct get_context get = {{name.size, name.bytes}, out, ROS_OK};
    ROS_TRY(run(cache, &(struct work){run_get, &get, MDB_RDONLY, "get"}, reterr));
    return get.code == ROS_OK ? ROS_OK : ros_error_code(reterr, get.code);
}

static int run_delete(const struct ros_cache *cache, MDB_txn *txn, void *context)
{
    int rc = mdb_del(txn, cache->dbi, context, NULL);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

enum ros_code ros_cache_delete(const struct ros_tenant *tenant, struct ros_cache *cache, const char *inventory_id,
                               struct ros_error *reterr)
{
    struct key name;
    ROS_TRY(make_key(tenant, inventory_id, &name, reterr));
    MDB_val key = {name.size, name.bytes};
    return run(cache, &(struct work){run_delete, &key, 0, "delete"}, reterr);
}

/* ---- upkeep ---- */

static int run_stats(const struct ros_cache *cache, MDB_txn *txn, void *context)
{
    struct ros_cache_stats *stats = context;
    MDB_stat stat;
    MDB_envinfo info;
    int rc = mdb_stat(txn, cache->dbi, &stat);
    if (rc == 0)
        rc = mdb_env_info(cache->env, &info);
    if (rc != 0)
        return rc;
    stats->values = stat.ms_entries;
    stats->map_bytes = info.me_mapsize;
    stats->used_bytes = ((uint64_t) info.me_last_pgno + 1) * stat.ms_psize;
    stats->rebuilt = cache->rebuilt;
    return 0;
}

enum ros_code ros_cache_stats(struct ros_cache *cache, struct ros_cache_stats *ret, struct ros_error *reterr)
{
    return run(cache, &(struct work){run_stats, ret, MDB_RDONLY, "stats"}, reterr);
}

enum ros_code ros_cache_check(struct ros_cache *cache, unsigned *ret_dead_readers, struct ros_error *reterr)
{
    struct ros_cache_stats stats;
    int dead = 0;
    ROS_TRY(ros_cache_stats(cache, &stats, reterr));
    pthread_rwlock_rdlock(&cache->lock);
    int rc = cache->env != NULL ? mdb_reader_check(cache->env, &dead) : MDB_CORRUPTED;
    pthread_rwlock_unlock(&cache->lock);
    if (rc != 0)
        return fail(rc, "readers", reterr);
    if (ret_dead_readers != NULL)
        *ret_dead_readers = dead > 0 ? (unsigned) dead : 0;
    return ROS_OK;
}
