/* Questions about a run: an expression is checked against the finished model and worked out on the ground of the run.
 */
#include "interp/sema/sema.h"
#include "interp/study/internal.h"

static enum ros_code show_each(struct ros_study *study, struct ros__ground *ground, const struct ros__node *node,
                               struct ros_buf *out)
{
    const struct ros__instances *all = &study->asked->instances[node->type.slot];
    if (all->count == 0)
        ros_buf_puts(out, "missing: it has no instances");
    for (ground->instance = 0; ground->instance < all->count; ground->instance++) {
        struct ros__value value;
        if (!ros__evaluate(ground, node, &value))
            return ROS_E_UNSUPPORTED;
        ros_buf_printf(out, "%s[\"%s\"] ", ground->instance > 0 ? "\n" : "", all->names[ground->instance]);
        ros__study_show(study, &node->type, &value, out);
    }
    return ros_buf_code(out);
}

enum ros_code ros_study_ask(struct ros_study *study, const struct ros_unit *unit, const struct ros_expr *expr,
                            struct ros_diags *diags, struct ros_buf *out, struct ros_error *reterr)
{
    const struct ros__node *node = ros__sema_ask(study->model, unit, expr, diags);
    if (node == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    if (node->type.kind == ROS_KIND_BAD)
        return ros_error_set(reterr, ROS_E_RULES, "the question cannot be read");
    struct ros__ground ground = ros__study_ground(study);
    struct ros__value value;
    enum ros_code code = ROS_E_UNSUPPORTED;
    if (node->type.vector)
        code = show_each(study, &ground, node, out);
    else if (ros__evaluate(&ground, node, &value)) {
        ros__study_show(study, &node->type, &value, out);
        code = ros_buf_code(out);
    }
    if (code == ROS_E_UNSUPPORTED)
        return ros_error_set(reterr, code, "this is known only inside of a candidates block");
    return code == ROS_OK ? ROS_OK : ros_error_code(reterr, code);
}
