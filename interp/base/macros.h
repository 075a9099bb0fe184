/*
 * macros.h - the few words that make ownership and failure readable in C.
 *
 * ros_auto(T)      declares a variable whose T_done() runs when it leaves its scope:
 *                      ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
 *                  A room enables it for its type with ROS_DEFINE_AUTO(ros_buf).
 * ros_auto_ptr(T)  the same for a pointer, by T_free().
 * ros_steal(&p)    takes a pointer out of an automatic variable.
 * ROS_TRY(call)    returns the failing code of a call at once.
 */
#ifndef ROS_BASE_MACROS_H
#define ROS_BASE_MACROS_H

#include <stddef.h>

#define ROS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ROS_MUST_CHECK __attribute__((warn_unused_result))
#define ROS_UNUSED __attribute__((unused))
#define ROS_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROS_ALIGN_UP(n, a) (((n) + ((a) -1)) & ~((size_t) (a) -1))

#define ROS_DEFINE_AUTO(T)                                                                                             \
    static inline void ros__auto_##T(struct T *p)                                                                      \
    {                                                                                                                  \
        T##_done(p);                                                                                                   \
    }
#define ROS_DEFINE_AUTO_PTR(T)                                                                                         \
    static inline void ros__auto_ptr_##T(struct T **p)                                                                 \
    {                                                                                                                  \
        T##_free(*p);                                                                                                  \
    }
#define ros_auto(T) __attribute__((cleanup(ros__auto_##T)))
#define ros_auto_ptr(T) __attribute__((cleanup(ros__auto_ptr_##T)))

#define ros_steal(pp)                                                                                                  \
    __extension__({                                                                                                    \
        __typeof__(*(pp)) ros__stolen = *(pp);                                                                         \
        *(pp) = NULL;                                                                                                  \
        ros__stolen;                                                                                                   \
    })

#define ROS_TRY(call)                                                                                                  \
    do {                                                                                                               \
        enum ros_code ros__rc = (call);                                                                                \
        if (ros__rc != ROS_OK)                                                                                         \
            return ros__rc;                                                                                            \
    } while (0)

#endif
