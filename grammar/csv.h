/*
 * csv.h - a table file to cells, as RFC 4180 has it.
 *
 * One header line, then rows of as many fields. Fields are separated by commas; a field in double quotes may hold
 * commas, line ends and doubled quotes. Lines end with LF or CRLF; the end of the last line may be absent. A byte order
 * mark at the start is skipped. Empty lines at the end are ignored; elsewhere they are an error unless the table has
 * one column.
 *
 * Invariants: every row has column_count cells; every cell has the place where it stands in the file; cell texts are
 *             UTF-8 without NUL.
 * Errors:     E0604 and E0701 with the place, then ROS_E_RULES; ROS_E_OOM and ROS_E_LIMIT from the arena.
 */
#ifndef ROS_GRAMMAR_CSV_H
#define ROS_GRAMMAR_CSV_H

#include "interp/ast/ast.h"
#include "interp/diag/diag.h"

/* Reads source `file_index` (of kind ROS_FILE_TABLE) of the unit. The result lives in the unit's arena. */
enum ros_code ros_csv_read(struct ros_unit *unit, uint32_t file_index, struct ros_diags *diags,
                           const struct ros_csv **ret) ROS_MUST_CHECK;

#endif
