/* sample.h - a small rule set with every construct of the language, and a parser run over any text. */
#ifndef ROS_TESTS_SAMPLE_H
#define ROS_TESTS_SAMPLE_H

#include "grammar/load.h"
#include "grammar/parse.h"

/* "set/main.ros", which uses "set/host.ros" and reads "set/types.csv"; ends with a NULL path. Compiles without error.
 */
extern const struct ros_memory_file sample_files[];

/* One text, parsed on its own. Declare it, run it, ros_arena_done(&x.arena) at the end. */
struct parsed {
    struct ros_arena arena;
    struct ros_diags diags;
    struct ros_unit *unit;
    struct ros_file file;
    enum ros_code code;
};
void parsed_run(struct parsed *x, const char *text, size_t len);
void parsed_done(struct parsed *x);

#endif
