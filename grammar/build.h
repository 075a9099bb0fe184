/*
 * build.h - the pieces of declarations as the grammar finds them; of this room only.
 *
 * Lists hold what the tree holds, except where a builder says otherwise. Every call survives a failed allocation (see
 * parser.h): the list comes back NULL, a node is the spare one.
 */
#ifndef ROS_GRAMMAR_BUILD_H
#define ROS_GRAMMAR_BUILD_H

#include "grammar/parser.h"

void ros__decl_metric(struct ros__parser *p, struct ros_span span, struct ros_name path, bool vector,
                      const struct ros__list *instances, const struct ros_ast_type *type, struct ros_name raw);
/* columns: from ros__column_add(). */
void ros__decl_table(struct ros__parser *p, struct ros_span span, struct ros_name name, struct ros_name from,
                     const struct ros__list *keys, const struct ros__list *columns);
void ros__decl_param(struct ros__parser *p, struct ros_span span, struct ros_name name, const struct ros_ast_type *type,
                     const struct ros_expr *value, const struct ros_expr *low, const struct ros_expr *high,
                     struct ros_name doc);

/* A column (check NULL) or a check of a table. */
struct ros__list *ros__column_add(struct ros__parser *p, struct ros__list *list, struct ros_name name,
                                  const struct ros_ast_type *type, const struct ros_expr *check);
struct ros__list *ros__step_add(struct ros__parser *p, struct ros__list *list, enum ros_step_kind kind,
                                struct ros_span span, struct ros_decl_expr body);
struct ros__list *ros__sort_add(struct ros__parser *p, struct ros__list *list, struct ros_span span,
                                const struct ros__list *keys);

/* A rule's body grows until ros__rule_add() closes it. NULL where memory is short; the others pass it on. */
struct ros_rule *ros__rule_body_new(struct ros__parser *p);
struct ros_rule *ros__rule_offer(struct ros__parser *p, struct ros_rule *body, bool required, struct ros_name name,
                                 const struct ros_expr *where);
struct ros_rule *ros__rule_text(struct ros__parser *p, struct ros_rule *body, struct ros_name field,
                                const struct ros_expr *text);
struct ros_rule *ros__rule_allow(struct ros__parser *p, struct ros_rule *body, struct ros_name field,
                                 const struct ros_expr *text);
struct ros__list *ros__rule_add(struct ros__parser *p, struct ros__list *list, struct ros_name name,
                                const struct ros_expr *when, struct ros_rule *body);

struct ros_bind *ros__bind_new(struct ros__parser *p, struct ros_name function, struct ros_name path,
                               struct ros_name instance, const struct ros_expr *value);
struct ros__list *ros__given_add(struct ros__parser *p, struct ros__list *list, struct ros_span span,
                                 struct ros_name fixture);
struct ros__list *ros__with_add(struct ros__parser *p, struct ros__list *list, struct ros_span span,
                                const struct ros_bind *bind);
struct ros__list *ros__expect_add(struct ros__parser *p, struct ros__list *list, struct ros_span span,
                                  const struct ros_expr *expect);

#endif
