/* How every subcommand finds its rule set, compiles it or reads its bundle, and shows what is wrong with it. */
#include <stdlib.h>
#include <unistd.h>

#include "grammar/open.h"
#include "interp/base/limits.h"
#include "tools/ros/ros_cli.h"

const char *cli_rules_path(const char *given)
{
    const char *variable = getenv("ROS_RULES_PATH");
    if (given != NULL)
        return given;
    if (variable != NULL && variable[0] != '\0')
        return variable;
    return access(ROS_INSTALLED_RULES, R_OK) == 0 ? ROS_INSTALLED_RULES : ROS_SOURCE_RULES;
}

void cli_show_findings(const struct ros_diags *diags, const struct ros_unit *unit, enum cli_format format, FILE *out)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    FILE *stream = format == CLI_JSON && out != NULL ? out : stderr;
    enum ros_code code = format == CLI_JSON ? ros_diags_render_json(diags, unit, &text)
                                            : ros_diags_render(diags, unit, cli_colour(stream), &text);
    if (code == ROS_OK)
        fwrite(ros_buf_text(&text), 1, text.len, stream);
    else
        fprintf(stderr, "ros: the findings cannot be shown: %s\n", ros_code_text(code));
}

int cli_compile(const char *command, const char *path, enum cli_format format, FILE *out, struct ros_program **ret)
{
    struct ros_error err = ROS_ERROR_INIT;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, ROS_LIMIT_COMPILE_BYTES);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_unit *unit = NULL;
    enum ros_code code = ros_open_program(path, NULL, NULL, &arena, &diags, &unit, ret, &err);
    if (unit != NULL && diags.count > 0)
        cli_show_findings(&diags, unit, format, out);
    if (code == ROS_OK)
        return CLI_OK;
    if (code == ROS_E_RULES && diags.error_count > 0)
        return CLI_DATA;
    return cli_error(command, path, &err);
}
