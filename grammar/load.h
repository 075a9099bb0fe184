/*
 * load.h - a rule set from its files: `use`, folders and tables resolved.
 *
 * A rule set is one .ros file and what it uses, or a folder: every *.ros file in it, in the order of their names,
 * exactly one of them with `ruleset`. Where tests are asked for, x_test.ros beside x.ros is read too, and every
 * *_test.ros of a folder. Each file is read once, however often it is used; the declarations of a used file come before
 * those of the file that uses it. Files that use each other in a circle are an error.
 *
 * Paths after `use` and `from` are relative to the file they stand in and stay below the folder of the rule set: an
 * absolute path, `..` and an empty step are refused before anything is opened.
 *
 * Lifetime: unit, texts and cells live in the arena; diags may share it.
 * Errors:   ROS_E_RULES when a finding is an error (a file that cannot be read, too: E0801 where the path is written);
 *           the unit is then returned as well, for showing the findings. ROS_E_NOT_FOUND, ROS_E_IO, ROS_E_LIMIT for the
 *           path itself; ROS_E_OOM.
 * Threads:  no shared state.
 */
#ifndef ROS_GRAMMAR_LOAD_H
#define ROS_GRAMMAR_LOAD_H

#include "interp/ast/ast.h"
#include "interp/base/buf.h"
#include "interp/diag/diag.h"
#include "interp/ros.h"

/* Where files come from. */
struct ros_loader {
    /* Adds the file's bytes to out, which refuses more than its cap_bytes (ROS_E_LIMIT). */
    enum ros_code (*read)(void *context, const char *path, struct ros_buf *out, struct ros_error *reterr);
    /*
     * A folder: true in *ret_folder, and the names in it, without their path, each ended by NUL, in out. Anything else,
     * a path that does not exist too: false.
     */
    enum ros_code (*list)(void *context, const char *path, bool *ret_folder, struct ros_buf *out,
                          struct ros_error *reterr);
    void *context;
    bool tests; /* read *_test.ros too */
};

/* The files of this machine, without tests. Only regular files are read. Borrow it for ever. */
const struct ros_loader *ros_loader_files(void);

/* Files in memory, for tests and editors: `context` of ros_loader_memory() is a list that ends with a NULL path. */
struct ros_memory_file {
    const char *path;
    const char *text;
};
/* Borrows the list. */
struct ros_loader ros_loader_memory(const struct ros_memory_file *files);

/* io NULL: ros_loader_files(). */
enum ros_code ros_load(const char *path, const struct ros_loader *io, struct ros_arena *arena, struct ros_diags *diags,
                       struct ros_unit **ret, struct ros_error *reterr) ROS_MUST_CHECK;

/*
 * Loads and compiles. alloc (NULL: libc) is for the program, arena for the unit, which the findings point into:
 * *ret_unit (may be NULL) is set with ROS_E_RULES too. Returns owned (one reference) in *ret.
 */
enum ros_code ros_load_program(const char *path, const struct ros_loader *io, const struct ros_alloc *alloc,
                               struct ros_arena *arena, struct ros_diags *diags, struct ros_unit **ret_unit,
                               struct ros_program **ret, struct ros_error *reterr) ROS_MUST_CHECK;

#endif
