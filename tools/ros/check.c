/* ros check: everything wrong with the given rule sets, in one run. */
#include <getopt.h>

#include "interp/diag/diag.h"
#include "tools/ros/ros_cli.h"

static void print_help(void)
{
    fputs(
        "usage: ros check [--format text|json] PATH...\n"
        "       ros check --explain CODE\n\n"
        "Parses, types and verifies rule sets: .ros files, folders of them, or bundles. Findings go to standard error\n"
        "as text, or to standard output as JSON, one object a line.\n\n"
        "  --format text|json  how findings are shown (text)\n"
        "  --explain CODE      what a finding's code means, with a wrong line and a right one\n"
        "  --help              this text\n\n"
        "Exit: 0 no error (warnings may be shown), 64 wrong usage, 65 errors, 66 no such file.\n",
        stdout);
}

static int explain(const char *code)
{
    const struct ros_diag_page *page = ros_diag_page(code);
    if (page == NULL)
        return cli_usage_error("check", "no finding has the code `%s`", code);
    printf("%s\n\n%s\n", page->code, page->text);
    if (page->wrong != NULL)
        printf("\nwrong:\n  %s\nright:\n  %s\n", page->wrong, page->right);
    return CLI_OK;
}

int cli_check(int argc, char **argv)
{
    static const struct option options[] = {{"format", required_argument, NULL, 'f'},
                                            {"explain", required_argument, NULL, 'e'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    enum cli_format format = CLI_TEXT;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return print_help(), CLI_OK;
        if (option == 'e')
            return explain(optarg);
        if (option != 'f')
            return cli_usage_error("check", "see the options");
        if (!cli_format_parse("check", optarg, &format))
            return CLI_USAGE;
    }
    if (optind == argc)
        return cli_usage_error("check", "which rules? Give a .ros file, a folder or a bundle");
    int worst = CLI_OK;
    for (int i = optind; i < argc; i++) {
        struct ros_program *program = NULL;
        int code = cli_compile("check", argv[i], format, format == CLI_JSON ? stdout : NULL, &program);
        if (code == CLI_OK && format == CLI_TEXT)
            printf("%s: %s %s: %zu rules, %zu inputs, at most %llu instructions a host\n", argv[i],
                   ros_program_name(program), ros_program_version(program), ros_program_rule_count(program),
                   ros_program_input_count(program), (unsigned long long) ros_program_cost(program));
        ros_program_unref(program);
        if (code != CLI_OK)
            worst = code;
    }
    return worst;
}
