/* A handful of flags with their words behind one lock: asked some times a second, changed far less often. */
#include "services/common/health.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "services/common/json.h"

static const char *const names[] = {
#define ROS_HEALTH_NAME(id, name) name,
    ROS_HEALTH_PARTS(ROS_HEALTH_NAME)
#undef ROS_HEALTH_NAME
};

struct part {
    bool counts;
    bool ready;
    char text[200];
};

struct ros_health {
    pthread_mutex_t lock;
    struct part parts[ROS_HEALTH_COUNT];
    uint64_t generation;
};

enum ros_code ros_health_new(struct ros_health **ret, struct ros_error *reterr)
{
    struct ros_health *health = ros_alloc_zero(NULL, sizeof *health);
    if (health == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    pthread_mutex_init(&health->lock, NULL);
    *ret = health;
    return ROS_OK;
}

void ros_health_free(struct ros_health *health)
{
    if (health == NULL)
        return;
    pthread_mutex_destroy(&health->lock);
    ros_alloc_put(NULL, health, sizeof *health);
}

void ros_health_set(struct ros_health *health, enum ros_health_part part, bool ready, const char *text)
{
    if (health == NULL)
        return;
    pthread_mutex_lock(&health->lock);
    struct part *p = &health->parts[part];
    if (!p->counts || p->ready != ready)
        health->generation++;
    p->counts = true;
    p->ready = ready;
    snprintf(p->text, sizeof p->text, "%s", text != NULL ? text : "");
    pthread_mutex_unlock(&health->lock);
}

static bool all_ready(const struct ros_health *health)
{
    for (size_t i = 0; i < ROS_HEALTH_COUNT; i++)
        if (health->parts[i].counts && !health->parts[i].ready)
            return false;
    return true;
}

bool ros_health_ready(struct ros_health *health)
{
    if (health == NULL)
        return true;
    pthread_mutex_lock(&health->lock);
    bool ready = all_ready(health);
    pthread_mutex_unlock(&health->lock);
    return ready;
}

bool ros_health_part_ready(struct ros_health *health, enum ros_health_part part)
{
    if (health == NULL)
        return true;
    pthread_mutex_lock(&health->lock);
    bool ready = !health->parts[part].counts || health->parts[part].ready;
    pthread_mutex_unlock(&health->lock);
    return ready;
}

uint64_t ros_health_generation(struct ros_health *health)
{
    if (health == NULL)
        return 0;
    pthread_mutex_lock(&health->lock);
    uint64_t generation = health->generation;
    pthread_mutex_unlock(&health->lock);
    return generation;
}

enum ros_code ros_health_write(struct ros_health *health, struct ros_buf *out)
{
    if (health == NULL)
        return ros_buf_puts(out, "{\"ready\": true, \"parts\": {}}\n");
    pthread_mutex_lock(&health->lock);
    ros_buf_printf(out, "{\"ready\": %s, \"parts\": {", all_ready(health) ? "true" : "false");
    const char *separator = "";
    for (size_t i = 0; i < ROS_HEALTH_COUNT; i++) {
        const struct part *p = &health->parts[i];
        if (!p->counts)
            continue;
        ros_buf_printf(out, "%s\"%s\": {\"ready\": %s, \"text\": ", separator, names[i], p->ready ? "true" : "false");
        ros_json_add_text(out, p->text, strlen(p->text));
        ros_buf_addc(out, '}');
        separator = ", ";
    }
    pthread_mutex_unlock(&health->lock);
    return ros_buf_puts(out, "}}\n");
}
