/* ros disasm: the verified program, readable. */
#include <getopt.h>

#include "tools/ros/ros_cli.h"

static void print_help(void)
{
    fputs("usage: ros disasm [PATH]\n\n"
          "Compiles a rule set (default: the installed rules), or reads a bundle, and prints its bytecode with source\n"
          "lines and cost.\n\n"
          "Exit: 0, 64 wrong usage, 65 the rules have errors.\n",
          stdout);
}

int cli_disasm(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return print_help(), CLI_OK;
        return cli_usage_error("disasm", "see the options");
    }
    if (argc - optind > 1)
        return cli_usage_error("disasm", "one rule set at a time");
    struct ros_program *program = NULL;
    int code = cli_compile("disasm", cli_rules_path(argv[optind]), CLI_TEXT, NULL, &program);
    if (code != CLI_OK)
        return code;
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    enum ros_code listed = ros_program_disasm(program, &text);
    ros_program_unref(program);
    if (listed != ROS_OK) {
        struct ros_error err = ROS_ERROR_INIT;
        ros_error_code(&err, listed);
        return cli_error("disasm", NULL, &err);
    }
    fwrite(ros_buf_text(&text), 1, text.len, stdout);
    return CLI_OK;
}
