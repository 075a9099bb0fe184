/*
 * parse.h - one source text to declarations.
 *
 * A unit starts empty; each source joins it by ros_unit_add_source() and is then parsed on its own. The parser only
 * reads text: files, folders and `use` are load.h's business.
 *
 * Invariants: everything that is returned lives in the unit's arena and is never changed afterwards; every expression
 *             is at most ROS_LIMIT_NESTING deep, so that later passes may recurse.
 * Errors:     what is wrong with the text goes to the diagnostics, all of it in one run: after a mistake the parser
 *             goes on at the next declaration. ROS_E_RULES then; ROS_E_OOM and ROS_E_LIMIT come from the arena.
 * Threads:    no shared state; a unit has one owner at a time.
 */
#ifndef ROS_GRAMMAR_PARSE_H
#define ROS_GRAMMAR_PARSE_H

#include "interp/ast/ast.h"
#include "interp/base/limits.h"
#include "interp/diag/diag.h"

/* Sources that a unit can hold: rule files and tables. */
#define ROS_UNIT_SOURCES (ROS_LIMIT_SOURCE_FILES + ROS_LIMIT_TABLES)

/* What one file says. A name whose text is NULL was not written. */
struct ros_file {
    struct ros_name language; /* the number after `ros` */
    struct ros_name ruleset;  /* ruleset NAME version "..." "..." */
    struct ros_name version;
    struct ros_name doc;
    struct ros_name override_for;
    const struct ros_name *uses; /* the paths as written */
    size_t use_count;
    struct ros_decl *const *decls;
    size_t decl_count;
};

/* Returns an empty unit in the arena, or NULL (ros_arena_code() says why). */
struct ros_unit *ros_unit_new(struct ros_arena *arena) ROS_MUST_CHECK;

/*
 * Adds a source and returns its index. Copies path and text into the unit's arena. ROS_E_LIMIT when the unit is full.
 */
enum ros_code ros_unit_add_source(struct ros_unit *unit, enum ros_file_kind kind, const char *path, const char *text,
                                  size_t len, uint32_t *ret_index) ROS_MUST_CHECK;

/*
 * Parses source `file_index` of the unit. Fills *ret with all that could be read, with ROS_E_RULES too: the checks that
 * follow can then look at the rest. The unit itself is not changed. With ROS_E_OOM *ret is unspecified.
 */
enum ros_code ros_parse(struct ros_unit *unit, uint32_t file_index, struct ros_diags *diags,
                        struct ros_file *ret) ROS_MUST_CHECK;

#endif
