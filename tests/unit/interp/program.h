/* program.h - a program from source text, with the declarations that most tests need in front. */
#ifndef ROS_TESTS_PROGRAM_H
#define ROS_TESTS_PROGRAM_H

#include "interp/ros.h"

/*
 * What stands in front of every source: metrics ncpu, idle (vcpu), mem (KiB, raw "Kbyte"), disk[*] (count/s); facts
 * cloud, type (text), cpus (vcpu), psi (bool), major (int); table t (t.csv: name, size, price) with key name.
 */
extern const char test_prelude[];
extern const char test_table[];

/* Compiles prelude and source; the findings as text in out (may be NULL). */
enum ros_code test_compile(const char *source, const struct ros_alloc *alloc, struct ros_program **ret,
                           struct ros_buf *out);

struct test_host {
    struct ros_program *program;
    struct ros_facts *facts;
    struct ros_vm *vm;
    struct ros_verdict verdict;
};

/* Asserts that it compiles. */
void test_host_open(struct test_host *host, const char *source);
void test_host_close(struct test_host *host);
/* By name; a metric's value is raw. */
void test_set_num(struct test_host *host, const char *name, double raw);
void test_set_text(struct test_host *host, const char *name, const char *text);
void test_set_bool(struct test_host *host, const char *name, bool value);
void test_add_disk(struct test_host *host, const char *disk, double raw);
void test_run(struct test_host *host);
enum ros_tri test_flag(const struct test_host *host, const char *name);

#endif
