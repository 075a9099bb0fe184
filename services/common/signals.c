/* sigtimedwait in one place: no handler runs, so nothing here need be async-signal-safe. */
#include "services/common/signals.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

static void fill(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

enum ros_code ros_signals_block(struct ros_error *reterr)
{
    sigset_t set;
    fill(&set);
    signal(SIGPIPE, SIG_IGN);
    int failed = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (failed != 0)
        return ros_error_set(reterr, ROS_E_INTERNAL, "signals cannot be blocked: %s", strerror(failed));
    return ROS_OK;
}

enum ros_signal ros_signals_wait(int timeout_ms)
{
    sigset_t set;
    fill(&set);
    struct timespec timeout = {timeout_ms / 1000, (long) (timeout_ms % 1000) * 1000000};
    int got = timeout_ms < 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &timeout);
    if (got == SIGHUP)
        return ROS_SIGNAL_RELOAD;
    return got == SIGTERM || got == SIGINT ? ROS_SIGNAL_STOP : ROS_SIGNAL_NONE;
}
