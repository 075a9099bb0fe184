/*
 * ros score: archive -> verdict, without a server. The same intake, scorer and event builder as the service; one scorer
 * is reused for every archive of the command line.
 */
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "grammar/load.h"
#include "interp/base/clock.h"
#include "services/common/json.h"
#include "services/ingest/scoring.h"
#include "services/intake/evidence_json.h"
#include "services/intake/intake.h"
#include "services/score/event.h"
#include "services/score/outcome_json.h"
#include "services/score/score.h"
#include "tools/ros/ros_cli.h"

#define MESSAGE_BYTES_MAX ((size_t) 16 << 20)

struct score_options {
    enum cli_format format;
    bool evidence;
    bool event;
    const char *rules;
    const char *org;
    const char *producer;
    struct ros_buf message; /* empty: a message is made up from the archive's name */
};

static void print_help(void)
{
    fputs(
        "usage: ros score [OPTIONS] ARCHIVE...\n\n"
        "Reads insights archives (tar, tar.gz, tar.xz, tar.bz2; `-` is standard input) and says what the rules make "
        "of\n"
        "each host. No server, database or network is needed.\n\n"
        "  --rules PATH        a .ros file, a folder or a bundle (default: $ROS_RULES_PATH, else the installed rules)\n"
        "  --format text|json  text for people; json: one object a line (text)\n"
        "  --evidence          json: add what was read from the archive, as `evidence`\n"
        "  --event             print the `ros.events` message that the service would send, or null\n"
        "  --message FILE      the inventory message to build the event from\n"
        "  --producer NAME     the message's header `producer`\n"
        "  --org ID            with the params of this organisation\n"
        "  --help              this text\n\n"
        "Exit: 0, 64 wrong usage, 65 an archive was refused or the rules have errors, 66 no such file.\n",
        stdout);
}

static int read_message(const char *path, struct ros_buf *ret)
{
    struct ros_error err = ROS_ERROR_INIT;
    enum ros_code code = ros_loader_files()->read(NULL, path, ret, &err);
    if (code == ROS_OK && ret->len == 0)
        code = ros_error_set(&err, ROS_E_MESSAGE, "it is empty");
    return code == ROS_OK ? CLI_OK : cli_error("score", path, &err);
}

/* Returns -1 to go on, or an exit code. */
static int parse_options(int argc, char **argv, struct score_options *o)
{
    static const struct option options[] = {{"rules", required_argument, NULL, 'r'},
                                            {"format", required_argument, NULL, 'f'},
                                            {"evidence", no_argument, NULL, 'e'},
                                            {"event", no_argument, NULL, 'E'},
                                            {"message", required_argument, NULL, 'm'},
                                            {"producer", required_argument, NULL, 'p'},
                                            {"org", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *message = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            print_help();
            return CLI_OK;
        case 'r':
            o->rules = optarg;
            break;
        case 'f':
            if (!cli_format_parse("score", optarg, &o->format))
                return CLI_USAGE;
            break;
        case 'e':
            o->evidence = true;
            break;
        case 'E':
            o->event = true;
            break;
        case 'm':
            message = optarg;
            break;
        case 'p':
            o->producer = optarg;
            break;
        case 'o':
            o->org = optarg;
            break;
        default:
            return cli_usage_error("score", "see the options");
        }
    }
    if (optind == argc)
        return cli_usage_error("score", "which archive? usage: ros score [OPTIONS] ARCHIVE...");
    if (message != NULL && !o->event)
        return cli_usage_error("score", "--message goes with --event");
    if (message == NULL)
        return -1;
    int code = read_message(message, &o->message);
    return code == CLI_OK ? -1 : code;
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

/* Prints one object as one line; takes it. */
static int print_json(json_t *object)
{
    ros_auto(ros_buf) struct ros_buf line = ROS_BUF_INIT;
    enum ros_code code = object != NULL ? ros_json_dump(object, &line) : ROS_E_OOM;
    json_decref(object);
    if (code != ROS_OK) {
        fprintf(stderr, "ros score: %s\n", ros_code_text(code));
        return CLI_SOFTWARE;
    }
    puts(ros_buf_text(&line));
    return CLI_OK;
}

static int print_refusal_json(const char *archive, const struct ros_error *err)
{
    return print_json(json_pack("{s:s, s:{s:s, s:s}, s:n, s:n, s:n, s:n}", "archive", archive, "error", "code",
                                ros_code_name(err->code), "message", err->text, "host", "report", "outcome", "rules"));
}

static int print_outcome_json(const char *archive, const struct ros_outcome *outcome, bool evidence)
{
    json_t *line =
        json_pack("{s:s, s:n, s:o, s:o, s:o, s:o}", "archive", archive, "error", "host",
                  ros_outcome_host_json(outcome->evidence), "report", ros_outcome_report_json(outcome), "outcome",
                  ros_outcome_verdict_json(outcome), "rules", ros_outcome_rules_json(outcome->program));
    if (line != NULL && evidence && json_object_set_new(line, "evidence", ros_evidence_json(outcome->evidence)) != 0) {
        json_decref(line);
        line = NULL;
    }
    return print_json(line);
}

/* --- text --------------------------------------------------------------------------------------------------------- */

static void print_share(const char *name, double share)
{
    if (isnan(share))
        printf("  %-7s unknown\n", name);
    else
        printf("  %-7s %.1f %%\n", name, share * 100);
}

static void print_host(const char *archive, const struct ros_evidence *evidence)
{
    char rhel[32];
    const char *type = ros_evidence_text(evidence, "host.instance_type");
    const char *region = ros_evidence_text(evidence, "host.region");
    const char *cloud = ros_evidence_text(evidence, "host.cloud");
    printf("%s\n  host    %s, %s %s, RHEL %s\n", archive, type != NULL ? type : "unknown type",
           cloud != NULL ? cloud : "unknown cloud", region != NULL ? region : "(unknown region)",
           ros_evidence_rhel(evidence, rhel) ? rhel : "unknown");
}

static void print_states(const struct ros_outcome *outcome)
{
    size_t count = ros_program_flag_count(outcome->program);
    for (size_t i = 0; i < count; i++)
        if (ros_verdict_listed(outcome->program, &outcome->verdict, i)) {
            const struct ros_flag_info *flag = ros_program_flag(outcome->program, i);
            printf("  state   %s: %s\n", flag->name, flag->text);
        }
}

/* withheld: why there are none; NULL when they are not withheld. */
static void print_offers(const struct ros_offer *offers, size_t count, const char *withheld)
{
    enum { SHOWN = 3 };
    if (withheld != NULL)
        printf("  offer   withheld: %s\n", withheld);
    for (size_t i = 0; i < count && i < SHOWN; i++)
        printf("  offer   %s, %.4f USD/h\n", offers[i].type, offers[i].price);
    if (count > SHOWN)
        printf("          and %zu more (--format json lists them)\n", count - SHOWN);
}

/* A rule set with `decide every`: each rule that fired, with its own offers. */
static void print_fired(const struct ros_scorer *scorer, const struct ros_outcome *outcome)
{
    for (size_t i = 0; i < outcome->fired_count; i++) {
        const struct ros_fired *fired = &outcome->fired[i];
        ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
        (void) ros_scorer_render_fired(scorer, outcome, i, "description", &text);
        printf("  verdict %s%s%s\n", fired->rule, text.len > 0 ? ": " : "", ros_buf_text(&text));
        print_offers(fired->offers, fired->offer_count, fired->withheld_text);
    }
    if (!outcome->verdict.certain)
        printf("  verdict not certain: data is missing, and another rule could fire\n");
}

static void print_verdict(const struct ros_scorer *scorer, const struct ros_outcome *outcome)
{
    const struct ros_verdict *verdict = &outcome->verdict;
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    if (outcome->fired_count > 0) {
        print_fired(scorer, outcome);
        return;
    }
    if (outcome->rule != NULL && ros_scorer_render(scorer, outcome, "description", &text) == ROS_OK)
        printf("  verdict %s: %s%s\n", outcome->rule, ros_buf_text(&text), verdict->certain ? "" : " (not certain)");
    else
        printf("  verdict %s\n", verdict->certain ? "nothing to change" : "unknown: data is missing");
    print_offers(outcome->offers, outcome->offer_count, verdict->withheld_text);
}

static void print_reasons(uint32_t reasons)
{
    for (enum ros_reason reason = ROS_REASON_NONE + 1; reason < ROS_REASON_COUNT; reason++)
        if ((reasons & (UINT32_C(1) << reason)) != 0)
            printf("  because %s: %s\n", ros_reason_name(reason), ros_reason_text(reason));
}

static int print_outcome_text(const char *archive, const struct ros_scorer *scorer, const struct ros_outcome *outcome)
{
    const struct ros_verdict *verdict = &outcome->verdict;
    print_host(archive, outcome->evidence);
    if (verdict->skipped) {
        printf("  verdict none: %s\n\n", verdict->skip_text);
        return CLI_OK;
    }
    print_share("CPU", outcome->cpu_utilization);
    print_share("memory", outcome->mem_utilization);
    print_states(outcome);
    print_verdict(scorer, outcome);
    print_reasons(outcome->reasons);
    putchar('\n');
    return CLI_OK;
}

/* --- events ------------------------------------------------------------------------------------------------------- */

/* The least inventory message that says "this upload has PCP data", for trying rules without one at hand. */
static json_t *plain_message(const char *archive)
{
    return json_pack("{s:s, s:{s:s, s:s, s:s}, s:{s:b, s:b}}", "type", "created", "host", "id",
                     "00000000-0000-0000-0000-000000000000", "org_id", "0", "display_name", archive,
                     "platform_metadata", "is_ros_v2", 1, "is_pcp_raw_data_collected", 1);
}

static int no_event(const char *archive, const char *why)
{
    fprintf(stderr, "ros score: %s: no event: %s\n", archive, why);
    return print_json(json_null());
}

static bool flag_on(void *context, const char *org_id)
{
    (void) context;
    (void) org_id;
    return true;
}

/* What the scoring service would make of the message. Without one at hand: that PCP data was uploaded just now. */
static enum ros_code decide(const char *archive, const struct score_options *o, struct ros_decision *ret,
                            struct ros_error *reterr)
{
    struct ros_broker_header header = {"producer", o->producer, o->producer != NULL ? strlen(o->producer) : 0};
    struct ros_broker_message message = {.timestamp_ms = -1,
                                         .data = ros_buf_text(&o->message),
                                         .size = o->message.len,
                                         .headers = &header,
                                         .header_count = o->producer != NULL};
    if (o->message.len > 0)
        return ros_decide(&message, o->message.len, flag_on, NULL, ret, reterr);
    *ret = (struct ros_decision){.kind = ROS_DECISION_FETCH,
                                 .message = plain_message(archive),
                                 .has_pcp = true,
                                 .report_date_us = ros_clock_wall_us(ros_clock_system())};
    return ret->message != NULL ? ROS_OK : ros_error_code(reterr, ROS_E_OOM);
}

static int print_event(const char *archive, const struct score_options *o, const struct ros_outcome *outcome)
{
    struct ros_error err = ROS_ERROR_INIT;
    ros_auto(ros_decision) struct ros_decision decision = {.message = NULL};
    if (decide(archive, o, &decision, &err) != ROS_OK)
        return cli_error("score", archive, &err);
    if (decision.kind == ROS_DECISION_DEAD || decision.kind == ROS_DECISION_IGNORE)
        return no_event(archive, decision.kind == ROS_DECISION_DEAD ? decision.reason.text : decision.outcome);
    bool pcp = decision.has_pcp && outcome->evidence->source != ROS_EVIDENCE_NO_PCP;
    if (decision.kind == ROS_DECISION_FETCH && decision.has_pcp && !pcp && !outcome->event_due)
        return no_event(archive, "the rules send nothing for such a host");
    struct ros_event_input input = {.kind = decision.kind == ROS_DECISION_API ? ROS_EVENT_BASE
                                            : pcp                             ? ROS_EVENT_PCP
                                                                              : ROS_EVENT_NO_PCP,
                                    .message = decision.message,
                                    .evidence = outcome->evidence,
                                    .outcome = outcome,
                                    .report_date_us = decision.report_date_us};
    json_t *event = NULL;
    enum ros_code code = ros_event_build(&input, &event, &err);
    if (code == ROS_OK)
        return print_json(event);
    return code == ROS_E_UNSUPPORTED ? no_event(archive, err.text) : cli_error("score", archive, &err);
}

/* --- one archive -------------------------------------------------------------------------------------------------- */

static int score_one(const char *archive, const struct score_options *o, struct ros_scorer *scorer)
{
    struct ros_error err = ROS_ERROR_INIT;
    struct ros_outcome outcome;
    ros_auto(ros_evidence) struct ros_evidence evidence;
    ros_evidence_init(&evidence, NULL);
    enum ros_code code = ros_intake_file(archive, NULL, &evidence, &err);
    if (code == ROS_OK)
        code = ros_scorer_run(scorer, &evidence, &outcome, &err);
    if (code != ROS_OK) {
        if (o->event)
            print_json(json_null());
        else if (o->format == CLI_JSON)
            print_refusal_json(archive, &err);
        if (o->format == CLI_TEXT || o->event)
            cli_error("score", archive, &err);
        return CLI_DATA;
    }
    if (o->event)
        return print_event(archive, o, &outcome);
    if (o->format == CLI_JSON)
        return print_outcome_json(archive, &outcome, o->evidence);
    return print_outcome_text(archive, scorer, &outcome);
}

static int score_all(int argc, char **argv, const struct score_options *o)
{
    struct ros_program *program = NULL;
    int code = cli_compile("score", cli_rules_path(o->rules), CLI_TEXT, NULL, &program);
    if (code != CLI_OK)
        return code;
    struct ros_error err = ROS_ERROR_INIT;
    ros_auto_ptr(ros_scorer) struct ros_scorer *scorer = NULL;
    enum ros_code made = ros_scorer_new(program, NULL, &scorer, &err);
    ros_program_unref(program);
    if (made != ROS_OK)
        return cli_error("score", NULL, &err);
    ros_scorer_set_org(scorer, o->org);
    int worst = CLI_OK;
    for (int i = optind; i < argc; i++) {
        code = score_one(argv[i], o, scorer);
        if (code != CLI_OK)
            worst = code;
    }
    return worst;
}

int cli_score(int argc, char **argv)
{
    struct score_options o = {.format = CLI_TEXT};
    ros_buf_init(&o.message, NULL, MESSAGE_BYTES_MAX);
    int code = parse_options(argc, argv, &o);
    if (code < 0)
        code = score_all(argc, argv, &o);
    ros_buf_done(&o.message);
    return code;
}
