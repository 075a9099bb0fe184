/*
 * format.h - the canonical form of a rule file.
 *
 * The author's lines stay lines and comments stay where they are; blanks, indents and columns are ours: two blanks a
 * brace, one blank between words, columns of neighbouring lines of one kind aligned, at most one empty line in a row.
 *
 * Promises: the words of the result are those of the source, one by one (checked on every call before it is given out);
 *           the canonical form of a canonical form is itself.
 * Errors:   ROS_E_RULES with findings in diags when the text has syntax errors: there is then no result. ROS_E_OOM,
 *           ROS_E_LIMIT.
 */
#ifndef ROS_GRAMMAR_FORMAT_H
#define ROS_GRAMMAR_FORMAT_H

#include "interp/base/buf.h"
#include "interp/diag/diag.h"

/* Appends the canonical form of source `file_index` of the unit. */
enum ros_code ros_format(struct ros_unit *unit, uint32_t file_index, struct ros_diags *diags, struct ros_buf *out,
                         struct ros_error *reterr) ROS_MUST_CHECK;

#endif
