/* ros build: a rule set, compiled and tested, as one file; signed on demand; and what such a file is worth. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "grammar/open.h"
#include "interp/base/limits.h"
#include "tools/ros/ros_cli.h"
#include "tools/ros/study.h"

#define COMPILER "ros " ROS_VERSION
#define KEY_BYTES 16384

struct options {
    enum cli_format format;
    const char *output;
    const char *sign;
    const char *key;
    bool check;
    bool without_tests;
    bool without_source;
};

static void print_help(void)
{
    fputs("usage: ros build -o BUNDLE [OPTIONS] RULESET\n"
          "       ros build --check [--key PUBLIC.pem] BUNDLE...\n\n"
          "Compiles a rule set, runs its tests, and writes it as one file that rosd and every command take in its "
          "place.\n"
          "The same sources give the same bytes. With --check, says whether bundles are whole: each is read and "
          "verified,\n"
          "and the sources it carries are compiled and compared with it.\n\n"
          "  -o, --output BUNDLE  the file to write\n"
          "  --sign KEY.pem       write BUNDLE.sig, too: its signature by this private Ed25519 key\n"
          "  --without-tests      write it even where tests fail, or there are none\n"
          "  --without-source     leave the sources out: nobody can explain from it then\n"
          "  --check              check bundles\n"
          "  --key PUBLIC.pem     with --check: BUNDLE.sig must be its signature by this key\n"
          "  --format text|json   how the result is shown (text)\n"
          "  --help               this text\n\n"
          "Exit: 0, 1 a test failed or there is none, 64 wrong usage, 65 the rules have errors or the bundle is "
          "damaged,\n"
          "66 no such file, 74 the bundle could not be written, 77 no valid signature, 78 no such key.\n",
          stdout);
}

static int parse_options(int argc, char **argv, struct options *o)
{
    enum { SIGN = 1000, KEY, CHECK, TESTS, SOURCE, FORMAT };
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"sign", required_argument, NULL, SIGN},
                                            {"key", required_argument, NULL, KEY},
                                            {"check", no_argument, NULL, CHECK},
                                            {"without-tests", no_argument, NULL, TESTS},
                                            {"without-source", no_argument, NULL, SOURCE},
                                            {"format", required_argument, NULL, FORMAT},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
        if (option == 'h')
            return print_help(), CLI_OK;
        if (option == 'o')
            o->output = optarg;
        else if (option == SIGN)
            o->sign = optarg;
        else if (option == KEY)
            o->key = optarg;
        else if (option == CHECK)
            o->check = true;
        else if (option == TESTS)
            o->without_tests = true;
        else if (option == SOURCE)
            o->without_source = true;
        else if (option != FORMAT)
            return cli_usage_error("build", "see the options");
        else if (!cli_format_parse("build", optarg, &o->format))
            return CLI_USAGE;
    }
    return -1;
}

static int check_options(int argc, const struct options *o)
{
    if (o->check && (o->output != NULL || o->sign != NULL || o->without_tests || o->without_source))
        return cli_usage_error("build", "--check writes nothing: it goes with --key and --format only");
    if (o->check)
        return optind < argc ? CLI_OK : cli_usage_error("build", "which bundle?");
    if (o->key != NULL)
        return cli_usage_error("build", "--key goes with --check; to sign, give --sign KEY.pem");
    if (o->output == NULL)
        return cli_usage_error("build", "where to? Give -o BUNDLE");
    return argc - optind == 1 ? CLI_OK : cli_usage_error("build", "one rule set at a time");
}

static int report_code(const char *subject, enum ros_code code)
{
    struct ros_error err = ROS_ERROR_INIT;
    ros_error_code(&err, code);
    return cli_error("build", subject, &err);
}

static int tell(const char *path, const struct ros_program *program, size_t bytes, bool sources,
                const struct options *o)
{
    bool is_signed = o->sign != NULL || o->key != NULL;
    if (o->format == CLI_JSON)
        return cli_json_line("build", json_pack("{s:s, s:s?, s:s?, s:s, s:I, s:b, s:b}", "bundle", path, "name",
                                                ros_program_name(program), "version", ros_program_version(program),
                                                "checksum", ros_program_checksum(program), "bytes", (json_int_t) bytes,
                                                "signed", is_signed, "sources", sources));
    printf("%s: %s %s, checksum %s, %zu bytes%s%s%s\n", path, ros_program_name(program), ros_program_version(program),
           ros_program_checksum(program), bytes, is_signed ? ", signed" : "", sources ? "" : ", without sources",
           sources && o->check ? ", as its sources say" : "");
    return CLI_OK;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static bool write_all(int file, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(file, data, len);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            data += n;
            len -= (size_t) n;
        }
    }
    return true;
}

/* The name must outlive a power cut as the bytes do. */
static bool sync_folder(const char *path)
{
    ros_auto(ros_buf) struct ros_buf folder = ROS_BUF_INIT;
    const char *slash = strrchr(path, '/');
    ros_buf_add(&folder, path, slash != NULL ? (size_t) (slash + 1 - path) : 0);
    if (ros_buf_puts(&folder, ".") != ROS_OK)
        return errno = ENOMEM, false;
    int file = open(ros_buf_text(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = file >= 0 && (fsync(file) == 0 || errno == EINVAL); /* some file systems cannot, and need not */
    if (file >= 0)
        close(file);
    return done;
}

/* mkstemp() keeps a file to its owner; a bundle may be read as the umask says. */
static bool finish(int file, const char *data, size_t len)
{
    mode_t mask = umask(0);
    umask(mask);
    bool done = write_all(file, data, len) && fchmod(file, 0666 & ~mask) == 0 && fsync(file) == 0;
    return close(file) == 0 && done;
}

/* All or nothing: beside its place first, then renamed. */
static int write_file(const char *path, const char *data, size_t len)
{
    ros_auto(ros_buf) struct ros_buf beside = ROS_BUF_INIT;
    struct ros_error err = ROS_ERROR_INIT;
    if (ros_buf_printf(&beside, "%s.XXXXXX", path) != ROS_OK)
        return report_code(path, ros_buf_code(&beside));
    int file = mkstemp(beside.data);
    bool done = file >= 0 && finish(file, data, len) && rename(beside.data, path) == 0;
    int cause = errno;
    if (!done && file >= 0)
        unlink(beside.data);
    if (done && !sync_folder(path)) {
        done = false;
        cause = errno;
    }
    if (done)
        return CLI_OK;
    ros_error_set(&err, ROS_E_IO, "cannot be written: %s", strerror(cause));
    return cli_error("build", path, &err);
}

static int write_signature(const struct options *o, const struct ros_buf *bundle)
{
    ros_auto(ros_buf) struct ros_buf key = ROS_BUF_INIT;
    ros_auto(ros_buf) struct ros_buf path = ROS_BUF_INIT;
    unsigned char signature[ROS_BUNDLE_SIGNATURE_BYTES];
    struct ros_error err = ROS_ERROR_INIT;
    enum ros_code code = ros_file_read(o->sign, KEY_BYTES, &key, &err);
    if (code == ROS_OK)
        code = ros_bundle_sign(bundle->data, bundle->len, ros_buf_text(&key), key.len, signature, &err);
    if (key.data != NULL)
        explicit_bzero(key.data, key.size);
    if (code != ROS_OK)
        return cli_error("build", o->sign, &err);
    if (ros_buf_printf(&path, "%s.sig", o->output) != ROS_OK)
        return report_code(o->output, ros_buf_code(&path));
    return write_file(ros_buf_text(&path), (const char *) signature, sizeof signature);
}

/* Refuses, unless told otherwise, what no test speaks for. */
static int run_tests(struct cli_study *study, const char *path)
{
    size_t tests = 0;
    size_t failed = 0;
    int code = cli_study_test(study, &tests, &failed);
    if (code != CLI_OK)
        return code;
    if (tests == 0)
        fprintf(stderr, "ros build: %s has no test; --without-tests builds it all the same\n", path);
    else if (failed > 0)
        fprintf(stderr, "ros build: %zu of %zu tests failed; nothing was written\n", failed, tests);
    return tests == 0 || failed > 0 ? 1 : CLI_OK;
}

static int write_bundle(struct cli_study *study, const char *path, const struct options *o)
{
    ros_auto(ros_buf) struct ros_buf bundle = ROS_BUF_INIT;
    struct ros_bundle_sources sources;
    struct ros_error err = ROS_ERROR_INIT;
    const struct ros_program *program = ros_study_program(study->study);
    enum ros_code code = ros_unit_sources(study->unit, path, &study->arena, &sources, &err);
    if (code == ROS_OK)
        code = ros_bundle_write(program, o->without_source ? NULL : &sources, COMPILER, &bundle, &err);
    if (code != ROS_OK)
        return cli_error("build", path, &err);
    int done = o->sign != NULL ? write_signature(o, &bundle) : CLI_OK;
    if (done == CLI_OK)
        done = write_file(o->output, bundle.data, bundle.len);
    return done == CLI_OK ? tell(o->output, program, bundle.len, !o->without_source, o) : done;
}

static int build(const char *path, const struct options *o)
{
    struct cli_study study;
    int code = cli_study_open("build", path, &study);
    if (code == CLI_OK && study.diags.count > 0)
        cli_show_findings(&study.diags, study.unit, CLI_TEXT, stderr);
    if (code == CLI_OK && !o->without_tests)
        code = run_tests(&study, path);
    if (code == CLI_OK)
        code = write_bundle(&study, path, o);
    cli_study_close(&study);
    return code;
}

/* --- checking ----------------------------------------------------------------------------------------------------- */

/* Whether the program is what the sources beside it say. */
static int check_sources(const char *path, const struct ros_program *program, struct ros_arena *arena, bool *ret_has)
{
    struct ros_diags diags;
    ros_diags_init(&diags, arena);
    struct ros_unit *unit = NULL;
    struct ros_program *compiled = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    const struct ros_open with_tests = {.tests = true};
    enum ros_code code = ros_open_unit(path, &with_tests, arena, &diags, &unit, &err);
    *ret_has = code != ROS_E_NOT_FOUND;
    if (code == ROS_E_NOT_FOUND)
        return CLI_OK;
    if (code == ROS_OK)
        code = ros_program_compile(unit, NULL, &diags, &compiled, &err);
    if (code == ROS_E_RULES && unit != NULL)
        cli_show_findings(&diags, unit, CLI_TEXT, stderr);
    if (code == ROS_OK && strcmp(ros_program_checksum(compiled), ros_program_checksum(program)) != 0)
        code = ros_error_set(&err, ROS_E_BUNDLE, "its sources make another program: checksum %s",
                             ros_program_checksum(compiled));
    ros_program_unref(compiled);
    return code == ROS_OK ? CLI_OK : cli_error("build", path, &err);
}

static int check_bundle(const char *path, const struct options *o)
{
    ros_auto(ros_buf) struct ros_buf bundle = ROS_BUF_INIT;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, NULL, ROS_LIMIT_COMPILE_BYTES);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_program *program = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    const struct ros_open how = {.public_key = o->key};
    bool has_sources = false;
    enum ros_code code = ros_file_read(path, ROS_LIMIT_BUNDLE_BYTES, &bundle, &err);
    if (code == ROS_OK && !ros_bundle_is(ros_buf_text(&bundle), bundle.len))
        code = ros_error_set(&err, ROS_E_BUNDLE, "this is not a bundle");
    if (code == ROS_OK)
        code = ros_open_program(path, &how, NULL, &arena, &diags, NULL, &program, &err);
    if (code != ROS_OK)
        return cli_error("build", path, &err);
    int done = check_sources(path, program, &arena, &has_sources);
    if (done == CLI_OK)
        done = tell(path, program, bundle.len, has_sources, o);
    ros_program_unref(program);
    return done;
}

int cli_build(int argc, char **argv)
{
    struct options o = {.format = CLI_TEXT};
    int code = parse_options(argc, argv, &o);
    if (code >= 0)
        return code;
    code = check_options(argc, &o);
    if (code != CLI_OK)
        return code;
    if (!o.check)
        return build(argv[optind], &o);
    int worst = CLI_OK;
    for (int i = optind; i < argc; i++) {
        code = check_bundle(argv[i], &o);
        worst = code != CLI_OK ? code : worst;
    }
    return worst;
}
