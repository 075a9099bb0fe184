/* report.h - syntax errors in words; of this room only. */
#ifndef ROS_GRAMMAR_REPORT_H
#define ROS_GRAMMAR_REPORT_H

#include "grammar/build.h"
#include "grammar/parser.h"

/* What stands at span was not expected; names are those of the tokens that were. The lexer then skips to the next
 * declaration. */
void ros__report_unexpected(struct ros__parser *p, struct ros_span span, const char *token, const char *const *names,
                            size_t count);

/* In ros.y: "use", "metric", ... */
bool ros__token_starts_declaration(int token);

#endif
