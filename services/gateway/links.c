/* Pages are aligned: the last one begins at a multiple of the limit, as the ones that `next` leads through do. */
#include "services/gateway/links.h"

static bool set(struct ros_arena *arena, const char *path, const char *kept, int64_t limit, int64_t offset, char **ret)
{
    *ret = ros_arena_printf(arena, "%s?limit=%lld&offset=%lld%s", path, (long long) limit, (long long) offset, kept);
    return *ret != NULL;
}

Ros__V1__PageLinks *ros__links(struct ros_arena *arena, const char *path, const char *kept,
                               const Ros__V1__PageMeta *meta)
{
    Ros__V1__PageLinks *links = ros_arena_new(arena, Ros__V1__PageLinks);
    if (links == NULL)
        return NULL;
    ros__v1__page_links__init(links);
    int64_t limit = meta->limit;
    int64_t last = limit > 0 && meta->count > 0 ? (meta->count - 1) / limit * limit : 0;
    int64_t previous = meta->offset > limit ? meta->offset - limit : 0;
    bool made = set(arena, path, kept, limit, 0, &links->first) && set(arena, path, kept, limit, last, &links->last);
    links->_first_case = ROS__V1__PAGE_LINKS___FIRST_FIRST;
    links->_last_case = ROS__V1__PAGE_LINKS___LAST_LAST;
    if (limit > 0 && limit + meta->offset < meta->count) {
        links->_next_case = ROS__V1__PAGE_LINKS___NEXT_NEXT;
        made = made && set(arena, path, kept, limit, meta->offset + limit, &links->next);
    }
    if (meta->offset > 0) {
        links->_previous_case = ROS__V1__PAGE_LINKS___PREVIOUS_PREVIOUS;
        made = made && set(arena, path, kept, limit, previous, &links->previous);
    }
    return made ? links : NULL;
}
