/*
 * signals.h - the signals of a daemon, taken by one thread.
 *
 * ros_signals_block() comes before the first thread is made, since threads inherit the mask; then the main thread
 * waits. SIGPIPE is ignored: a closed socket is an error of the call that meets it.
 */
#ifndef ROS_COMMON_SIGNALS_H
#define ROS_COMMON_SIGNALS_H

#include "interp/base/error.h"

enum ros_signal { ROS_SIGNAL_NONE, ROS_SIGNAL_STOP, ROS_SIGNAL_RELOAD };

enum ros_code ros_signals_block(struct ros_error *reterr) ROS_MUST_CHECK;

/* Waits up to timeout_ms (-1: for ever). SIGTERM and SIGINT are STOP, SIGHUP is RELOAD. */
enum ros_signal ros_signals_wait(int timeout_ms);

#endif
