/*
 * clock.h - time, injected: production reads the system's clocks, tests and simulation turn the hands themselves.
 *
 * wall_us is UTC microseconds since 1970; mono_us never goes back and says nothing about the date.
 */
#ifndef ROS_BASE_CLOCK_H
#define ROS_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ros_clock {
    int64_t (*wall_us)(void *context);
    int64_t (*mono_us)(void *context);
    void *context;
};

/* The operating system's clocks. Borrow it for ever. */
const struct ros_clock *ros_clock_system(void);

static inline int64_t ros_clock_wall_us(const struct ros_clock *clock)
{
    return clock->wall_us(clock->context);
}

static inline int64_t ros_clock_mono_us(const struct ros_clock *clock)
{
    return clock->mono_us(clock->context);
}

#define ROS_TIME_TEXT_SIZE 40

/*
 * ISO 8601 as Python's isoformat() writes it in UTC: "2026-11-23T12:00:00+00:00", with ".ffffff" only when the
 * microseconds are not zero. Years 0001 to 9999; other times are clamped to that range. Returns the length.
 */
size_t ros_time_format(int64_t wall_us, char text[ROS_TIME_TEXT_SIZE]);

/*
 * Reads "YYYY-MM-DD[T ]hh:mm:ss[.f...][Z|+hh[:]mm|-hh[:]mm]"; without an offset it is taken as UTC. Digits after the
 * sixth of a fraction are dropped. False for anything else, dates that do not exist included.
 */
bool ros_time_parse(const char *text, size_t len, int64_t *ret_wall_us);

#endif
