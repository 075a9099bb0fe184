/* One pointer under a lock held for an instant: a reader takes a reference, a reload swaps. Compiling is outside it. */
#include "services/score/rules.h"

#include <pthread.h>
#include <stdatomic.h>

#include "grammar/open.h"
#include "interp/base/limits.h"
#include "services/score/score.h"

struct ros_rules {
    pthread_mutex_t lock;
    struct ros_program *active;
    _Atomic uint64_t generation;
};

enum ros_code ros_rules_new(struct ros_rules **ret, struct ros_error *reterr)
{
    struct ros_rules *rules = ros_alloc_zero(NULL, sizeof *rules);
    if (rules == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    pthread_mutex_init(&rules->lock, NULL);
    *ret = rules;
    return ROS_OK;
}

void ros_rules_free(struct ros_rules *rules)
{
    if (rules == NULL)
        return;
    ros_program_unref(rules->active);
    pthread_mutex_destroy(&rules->lock);
    ros_alloc_put(NULL, rules, sizeof *rules);
}

/* A program that scoring cannot use must not become the active one: making a scorer is the check. */
static enum ros_code check_contract(struct ros_program *program, struct ros_error *reterr)
{
    ros_auto_ptr(ros_scorer) struct ros_scorer *scorer = NULL;
    return ros_scorer_new(program, NULL, &scorer, reterr);
}

static enum ros_code compile(const char *path, const char *public_key, struct ros_buf *diagnostics,
                             struct ros_program **ret, struct ros_error *reterr)
{
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, ROS_LIMIT_COMPILE_BYTES);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_unit *unit = NULL;
    const struct ros_open how = {.public_key = public_key};
    enum ros_code code = ros_open_program(path, &how, NULL, &arena, &diags, &unit, ret, reterr);
    if (diagnostics != NULL && unit != NULL && diags.count > 0) {
        enum ros_code shown = ros_diags_render(&diags, unit, false, diagnostics);
        if (code == ROS_OK && shown != ROS_OK) {
            *ret = ros_program_unref(*ret);
            return ros_error_code(reterr, shown);
        }
    }
    return code;
}

enum ros_code ros_rules_load(struct ros_rules *rules, const char *path, const char *public_key,
                             struct ros_buf *diagnostics, struct ros_error *reterr)
{
    struct ros_program *program = NULL;
    ROS_TRY(compile(path, public_key, diagnostics, &program, reterr));
    enum ros_code code = check_contract(program, reterr);
    if (code != ROS_OK) {
        ros_program_unref(program);
        return code;
    }
    pthread_mutex_lock(&rules->lock);
    struct ros_program *old = rules->active;
    rules->active = program;
    atomic_fetch_add(&rules->generation, 1);
    pthread_mutex_unlock(&rules->lock);
    ros_program_unref(old);
    return ROS_OK;
}

struct ros_program *ros_rules_get(struct ros_rules *rules)
{
    pthread_mutex_lock(&rules->lock);
    struct ros_program *program = rules->active != NULL ? ros_program_ref(rules->active) : NULL;
    pthread_mutex_unlock(&rules->lock);
    return program;
}

uint64_t ros_rules_generation(const struct ros_rules *rules)
{
    return atomic_load(&rules->generation);
}
