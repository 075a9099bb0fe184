/*
 * Results wait in memory until the whole batch is done and leave in one transaction. So a transaction never stays open
 * across a poll, a rebalance in the middle of the work just drops what belongs to the partitions that went, and a crash
 * at any point leaves either all of a batch or nothing.
 *
 * Long work (a slow download, the wait before it is tried again) goes on polling with the partitions paused: the place
 * in the group is kept, and revocations are heard.
 */
#include "services/ingest/scoring_worker.h"

#include <string.h>

#include "services/ingest/dead.h"
#include "services/ingest/scoring_item.h"
#include "store/cache.h"
#include "store/reports.h"

enum { KEEP_ALIVE_US = 1000000, POSITIONS_RETRY_US = 5000000, SINGLE_MESSAGES = 256 };

struct ros__scoring {
    struct ros__scoring_config config;
    const struct ros__observe *observe;
    struct ros__evaluator evaluator;
    struct ros_arena arena; /* what the batch produced */
    struct ros__item *items;
    size_t item_size; /* items that fit */
    size_t count;
    size_t current;            /* the item in work */
    struct ros_broker *broker; /* during a step */
    struct ros_error failed;   /* a poll failed while work went on */
    int64_t polled_us;
    int64_t positions_after_us; /* our own record failed: not before this again */
    size_t single;              /* messages that still go one a batch, to find one that is too large */
    int32_t too_large_partition;
    int64_t too_large_offset; /* -1: none */
};

static int64_t now_us(const struct ros__scoring *scoring)
{
    return ros_clock_mono_us(scoring->config.clock);
}

static bool stopping(const struct ros__scoring *scoring)
{
    return atomic_load(scoring->config.stop);
}

/* ---- partitions ---- */

struct lookup {
    struct ros_broker_position *positions;
    int64_t *stored;
    size_t count;
};

static enum ros_code take_stored(void *context, const struct ros_offset *offset)
{
    const struct lookup *lookup = context;
    for (size_t i = 0; i < lookup->count; i++)
        if (lookup->positions[i].partition == offset->partition &&
            strcmp(lookup->positions[i].topic, offset->topic) == 0)
            lookup->stored[i] = offset->next_offset;
    return ROS_OK;
}

static enum ros_code load_stored(struct ros__scoring *scoring, struct lookup *lookup, struct ros_error *reterr)
{
    ros_auto_ptr(ros_pg_conn) struct ros_pg_conn *conn = NULL;
    ROS_TRY(ros_pg_acquire(scoring->observe->ingest->pool, &conn, reterr));
    return ros_offsets_load(conn, scoring->config.group, take_stored, lookup, reterr);
}

/*
 * A lone broker that restarts may forget positions, so we keep our own beside it and begin at the later one. Without
 * our own record the broker's answer is good enough, unless it says that there is none.
 */
static enum ros_code assigned(void *context, struct ros_broker_position *positions, size_t count,
                              struct ros_error *reterr)
{
    struct ros__scoring *scoring = context;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, scoring->config.alloc, 0);
    struct lookup lookup = {
        .positions = positions, .stored = ros_arena_new_array(&arena, int64_t, count), .count = count};
    if (lookup.stored == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    for (size_t i = 0; i < count; i++)
        lookup.stored[i] = -1;
    if (scoring->observe->ingest->pool != NULL) {
        struct ros_error why = ROS_ERROR_INIT;
        enum ros_code code = load_stored(scoring, &lookup, &why);
        if (code != ROS_OK)
            ros__observe_trouble(scoring->observe, "positions_unread", &why);
        for (size_t i = 0; code != ROS_OK && i < count; i++)
            if (positions[i].committed < 0)
                return ros_error_set(reterr, code, "%s", why.text);
    }
    for (size_t i = 0; i < count; i++)
        ros__observe_start(scoring->observe, &positions[i],
                           ros_broker_begin(&positions[i], lookup.stored[i], &positions[i].next));
    return ROS_OK;
}

static void revoked(void *context, const struct ros_broker_position *positions, size_t count)
{
    struct ros__scoring *scoring = context;
    for (size_t i = 0; i < scoring->count; i++)
        for (size_t j = 0; j < count; j++)
            if (scoring->items[i].message.partition == positions[j].partition &&
                strcmp(scoring->items[i].message.topic, positions[j].topic) == 0)
                scoring->items[i].revoked = true;
}

struct ros_broker_listener ros__scoring_listener(struct ros__scoring *scoring)
{
    return (struct ros_broker_listener){.assigned = assigned, .revoked = revoked, .context = scoring};
}

/* ---- gathering ---- */

static enum ros_code poll_once(struct ros__scoring *scoring, int timeout_ms, bool *ret_got, struct ros_error *reterr)
{
    struct ros_broker_message message;
    ROS_TRY(scoring->broker->poll(scoring->broker, timeout_ms, &message, ret_got, reterr));
    scoring->polled_us = now_us(scoring);
    if (!*ret_got)
        return ROS_OK;
    if (scoring->count == scoring->item_size) { // cannot happen while paused and bounded; a fresh start loses nothing
        scoring->broker->release(scoring->broker, &message);
        return ros_error_set(reterr, ROS_E_INTERNAL, "more messages than asked for");
    }
    scoring->items[scoring->count++] = (struct ros__item){.message = message};
    return ROS_OK;
}

static enum ros_code gather(struct ros__scoring *scoring, struct ros_error *reterr)
{
    size_t most = scoring->single > 0 ? 1 : scoring->config.batch_messages;
    int64_t end_us = now_us(scoring) + (int64_t) scoring->config.batch_ms * 1000;
    while (scoring->count < most && !stopping(scoring)) {
        int64_t left_us = end_us - now_us(scoring);
        bool got = false;
        ROS_TRY(poll_once(scoring, left_us > 0 ? (int) (left_us / 1000) : 0, &got, reterr));
        if (!got && left_us <= 0)
            break;
    }
    return ROS_OK;
}

/* Polls without taking messages. False when the work in hand is in vain. */
static bool keep_alive(struct ros__scoring *scoring, int timeout_ms)
{
    bool got = false;
    if (scoring->failed.code != ROS_OK || scoring->broker->pause(scoring->broker, true, &scoring->failed) != ROS_OK ||
        poll_once(scoring, timeout_ms, &got, &scoring->failed) != ROS_OK)
        return false;
    return !stopping(scoring) && !scoring->items[scoring->current].revoked;
}

static bool tick(void *context)
{
    struct ros__scoring *scoring = context;
    if (stopping(scoring))
        return false;
    return now_us(scoring) - scoring->polled_us < KEEP_ALIVE_US || keep_alive(scoring, 0);
}

static bool wait_ms(void *context, unsigned ms)
{
    struct ros__scoring *scoring = context;
    int64_t end_us = now_us(scoring) + (int64_t) ms * 1000;
    for (int64_t left_us; (left_us = end_us - now_us(scoring)) > 0;)
        if (!keep_alive(scoring, (int) (left_us > 100000 ? 100 : left_us / 1000 + 1)))
            return false;
    return true;
}

/* ---- working ---- */

/* Works until all is done, the time is up, or it must stop. *ret_done: items at the front that are done. */
static enum ros_code work(struct ros__scoring *scoring, size_t *ret_done, struct ros_error *reterr)
{
    int64_t end_us = now_us(scoring) + (int64_t) ROS__SCORING_WORK_MS * 1000;
    size_t most = scoring->count;
    *ret_done = 0;
    while (*ret_done < most && !stopping(scoring) && (*ret_done == 0 || now_us(scoring) < end_us)) {
        struct ros__item *item = &scoring->items[*ret_done];
        scoring->current = *ret_done;
        bool too_large = item->message.partition == scoring->too_large_partition &&
                         item->message.offset == scoring->too_large_offset;
        if (!item->revoked) {
            enum ros_code code = ros__item_work(&scoring->evaluator, item, too_large, reterr);
            if (scoring->failed.code != ROS_OK)
                return ros_error_set(reterr, scoring->failed.code, "%s", scoring->failed.text);
            if (code == ROS_E_CANCELLED && stopping(scoring))
                break;
            if (code != ROS_OK && !item->revoked)
                return code;
        }
        ++*ret_done;
    }
    return scoring->broker->pause(scoring->broker, false, reterr);
}

/* ---- sending ---- */

static void add_offset(struct ros_broker_offset *offsets, size_t *count, const struct ros_broker_message *message)
{
    size_t i = 0;
    while (i < *count && (offsets[i].partition != message->partition || strcmp(offsets[i].topic, message->topic) != 0))
        i++;
    if (i == *count)
        offsets[(*count)++] = (struct ros_broker_offset){.topic = message->topic, .partition = message->partition};
    if (message->offset + 1 > offsets[i].next)
        offsets[i].next = message->offset + 1;
}

static void note_too_large(struct ros__scoring *scoring, size_t done)
{
    if (done == 1) {
        scoring->too_large_partition = scoring->items[0].message.partition;
        scoring->too_large_offset = scoring->items[0].message.offset;
    }
    scoring->single = SINGLE_MESSAGES;
}

/* Our own record of the positions; without it the broker's still stands. */
static void keep_positions(struct ros__scoring *scoring, const struct ros_broker_offset *offsets, size_t count)
{
    struct ros_pg_pool *pool = scoring->observe->ingest->pool;
    if (pool == NULL || now_us(scoring) < scoring->positions_after_us)
        return;
    struct ros_error why = ROS_ERROR_INIT;
    struct ros_offset *stored = ros_arena_new_array(&scoring->arena, struct ros_offset, count);
    ros_auto_ptr(ros_pg_conn) struct ros_pg_conn *conn = NULL;
    enum ros_code code = stored != NULL ? ros_pg_acquire(pool, &conn, &why) : ROS_E_OOM;
    for (size_t i = 0; code == ROS_OK && i < count; i++)
        stored[i] = (struct ros_offset){
            .topic = offsets[i].topic, .partition = offsets[i].partition, .next_offset = offsets[i].next};
    if (code == ROS_OK)
        code = ros_offsets_store(conn, scoring->config.group, stored, count, &why);
    if (code == ROS_OK)
        return;
    scoring->positions_after_us = now_us(scoring) + POSITIONS_RETRY_US;
    ros__observe_trouble(scoring->observe, "positions_unwritten", &why);
}

static void keep_evidence(struct ros__scoring *scoring, size_t done)
{
    struct ros_cache *cache = scoring->observe->ingest->cache;
    struct ros_cache_item *kept =
        cache != NULL ? ros_arena_new_array(&scoring->arena, struct ros_cache_item, done) : NULL;
    if (kept == NULL)
        return;
    size_t count = 0;
    for (size_t i = 0; i < done; i++)
        if (!scoring->items[i].revoked && scoring->items[i].evidence_size > 0)
            kept[count++] = (struct ros_cache_item){.tenant = {.org_id = scoring->items[i].org_id},
                                                    .inventory_id = scoring->items[i].host_id,
                                                    .data = scoring->items[i].evidence,
                                                    .size_bytes = scoring->items[i].evidence_size};
    struct ros_error why = ROS_ERROR_INIT;
    if (count > 0 && ros_cache_put_batch(cache, kept, count, &why) != ROS_OK)
        ros__observe_trouble(scoring->observe, "evidence_unwritten", &why);
}

static enum ros_code send_batch(struct ros__scoring *scoring, size_t done, struct ros_error *reterr)
{
    int64_t start_us = now_us(scoring);
    struct ros_broker_record *records = ros_arena_new_array(&scoring->arena, struct ros_broker_record, done);
    struct ros_broker_offset *offsets = ros_arena_new_array(&scoring->arena, struct ros_broker_offset, done);
    if (records == NULL || offsets == NULL)
        return ros_error_code(reterr, ros_arena_code(&scoring->arena));
    size_t record_count = 0;
    size_t offset_count = 0;
    for (size_t i = 0; i < done; i++) {
        const struct ros__item *item = &scoring->items[i];
        if (item->revoked)
            continue;
        if (item->has_record)
            records[record_count++] = item->record;
        add_offset(offsets, &offset_count, &item->message);
    }
    if (offset_count == 0)
        return ROS_OK;
    enum ros_code code = scoring->broker->send(scoring->broker, records, record_count, offsets, offset_count, reterr);
    if (code == ROS_E_LIMIT)
        note_too_large(scoring, done);
    ROS_TRY(code);
    keep_evidence(scoring, done);
    keep_positions(scoring, offsets, offset_count);
    scoring->single -= scoring->single > 0;
    for (size_t i = 0; i < done; i++)
        if (!scoring->items[i].revoked)
            ros__item_observe(scoring->observe, &scoring->items[i]);
    ros__observe_batch(scoring->observe, done, (double) (now_us(scoring) - start_us) / 1e6);
    return ROS_OK;
}

/* Releases the items at the front. */
static void drop_front(struct ros__scoring *scoring, size_t done)
{
    for (size_t i = 0; i < done; i++)
        scoring->broker->release(scoring->broker, &scoring->items[i].message);
    scoring->count -= done;
    memmove(scoring->items, scoring->items + done, scoring->count * sizeof *scoring->items);
    ros_arena_clear(&scoring->arena);
}

enum ros_code ros__scoring_step(struct ros__scoring *scoring, struct ros_broker *broker, struct ros_error *reterr)
{
    scoring->broker = broker;
    scoring->failed = (struct ros_error) ROS_ERROR_INIT;
    ROS_TRY(gather(scoring, reterr));
    size_t done = 0;
    if (scoring->count == 0)
        return ROS_OK;
    ROS_TRY(work(scoring, &done, reterr));
    ROS_TRY(send_batch(scoring, done, reterr));
    drop_front(scoring, done);
    return ROS_OK;
}

void ros__scoring_forget(struct ros__scoring *scoring, struct ros_broker *broker)
{
    scoring->broker = broker;
    drop_front(scoring, scoring->count);
}

enum ros_code ros__scoring_new(const struct ros__scoring_config *config, const struct ros__observe *observe,
                               struct ros_downloader *downloader, struct ros__scoring **ret, struct ros_error *reterr)
{
    struct ros__scoring *scoring = ros_alloc_zero(config->alloc, sizeof *scoring);
    if (scoring == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    scoring->config = *config;
    scoring->observe = observe;
    scoring->too_large_offset = -1;
    scoring->item_size = config->batch_messages;
    scoring->items = ros_alloc_zero(config->alloc, ros_alloc_product(scoring->item_size, sizeof *scoring->items));
    ros_arena_init(&scoring->arena, config->alloc, 0);
    scoring->evaluator = (struct ros__evaluator){.config = &scoring->config,
                                                 .rules = observe->ingest->rules,
                                                 .downloader = downloader,
                                                 .arena = &scoring->arena,
                                                 .tick = tick,
                                                 .wait_ms = wait_ms,
                                                 .wait_context = scoring};
    if (scoring->items == NULL) {
        ros__scoring_free(scoring);
        return ros_error_code(reterr, ROS_E_OOM);
    }
    *ret = scoring;
    return ROS_OK;
}

void ros__scoring_free(struct ros__scoring *scoring)
{
    if (scoring == NULL)
        return;
    ros__evaluator_done(&scoring->evaluator);
    ros_arena_done(&scoring->arena);
    const struct ros_alloc *alloc = scoring->config.alloc;
    if (scoring->items != NULL)
        ros_alloc_put(alloc, scoring->items, scoring->item_size * sizeof *scoring->items);
    ros_alloc_put(alloc, scoring, sizeof *scoring);
}
