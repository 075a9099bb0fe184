/*
 * What the shipped rules cost on one host, beside the same rules in Lua. First both must agree on every host; then each
 * row is measured in turns of ours and Lua's, so that a ratio is of one run. Nothing here fails for being slow.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interp/base/limits.h"
#include "interp/bundle/bundle.h"
#include "services/score/score.h"
#include "tests/perf/rules/hosts.h"
#include "tests/perf/rules/lua.h"
#include "tests/perf/rules/measure.h"
#include "tests/unit/base/failing_alloc.h"

#define DECIDE_ROUNDS 200u /* over all hosts, in one measured turn */
#define EVALUATE_ROUNDS 5u
#define TURNS 61u
#define HOST_TURNS 40000u
#define EXPLAIN_TURNS 2000u
#define LOAD_TURNS 9u
#define BUNDLE_TURNS 101u

/* One rule set with the hosts' facts. */
struct machine {
    struct ros_program *program;
    struct ros_vm *vm;
    struct ros_facts *facts[PERF_HOSTS];
};

struct bench {
    struct perf_hosts hosts;
    struct machine decision;
    struct machine whole;
    struct failing_alloc counter; /* refuses nothing */
    struct ros_scorer *scorer;
    struct ros_buf text;
    struct ros_buf bundle;
    struct perf_lua *lua;
    struct ros_study *study;
    struct ros_facts *studied; /* of the study's program: facts are bound anew for each host */
    struct ros_arena notes;
};

static void machine_open(struct machine *m, const char *rules, const struct perf_hosts *hosts)
{
    struct ros_error err = ROS_ERROR_INIT;
    m->program = perf_compile(rules);
    if (ros_vm_new(m->program, NULL, &m->vm, &err) != ROS_OK)
        perf_fail("%s", err.text);
    for (size_t i = 0; i < PERF_HOSTS; i++)
        if (ros_facts_new(m->program, NULL, &m->facts[i], &err) != ROS_OK ||
            ros_score_bind(m->facts[i], m->program, &hosts->evidences[i], &err) != ROS_OK)
            perf_fail("%s", err.text);
}

static void machine_close(struct machine *m)
{
    for (size_t i = 0; i < PERF_HOSTS; i++)
        ros_facts_free(m->facts[i]);
    ros_vm_free(m->vm);
    ros_program_unref(m->program);
}

/* --- one host ----------------------------------------------------------------------------------------------------- */

static void score(struct bench *b, size_t host, struct ros_outcome *ret)
{
    static const char *const fields[] = {"description", "reason", "resolution", "condition"};
    struct ros_error err = ROS_ERROR_INIT;
    if (ros_scorer_run(b->scorer, &b->hosts.evidences[host], ret, &err) != ROS_OK)
        perf_fail("host %zu: %s", host, err.text);
    ros_buf_clear(&b->text);
    for (size_t i = 0; ret->rule != NULL && i < ROS_COUNT(fields); i++)
        (void) ros_scorer_render(b->scorer, ret, fields[i], &b->text);
}

/* The benchmark's own rule set decides as the shipped one, and Lua answers as the scorer, on every host. */
static void expect_equal(struct bench *b)
{
    size_t offers = 0;
    size_t rules = 0;
    for (size_t i = 0; i < PERF_HOSTS; i++) {
        struct ros_outcome outcome;
        struct ros_verdict decided;
        score(b, i, &outcome);
        ros_vm_run(b->decision.vm, b->decision.facts[i], &decided);
        size_t flags = ros_program_flag_count(b->decision.program);
        if (decided.rule != outcome.verdict.rule || decided.skipped != outcome.verdict.skipped ||
            flags != ros_program_flag_count(outcome.program) ||
            memcmp(decided.flags, outcome.verdict.flags, flags * sizeof *decided.flags) != 0)
            perf_fail("host %zu: decision.ros does not decide as rightsizing.ros", i);
        if (b->lua != NULL)
            perf_lua_expect(b->lua, i, b->scorer, &outcome);
        offers += outcome.offer_count;
        rules += outcome.rule != NULL;
    }
    printf("%u hosts, %zu of them with a verdict, %zu offers in all: %s\n\n", PERF_HOSTS, rules, offers,
           b->lua != NULL ? "Lua gives the same states, rules, offers and texts" : "built without Lua");
    if (rules < PERF_HOSTS / 4 || offers < PERF_HOSTS)
        perf_fail("these hosts do not try the rules");
}

/* --- what is measured --------------------------------------------------------------------------------------------- */

static void run_rounds(const struct machine *m, unsigned rounds)
{
    struct ros_verdict verdict;
    for (unsigned r = 0; r < rounds; r++)
        for (size_t i = 0; i < PERF_HOSTS; i++)
            ros_vm_run(m->vm, m->facts[i], &verdict);
}

static void our_decide(void *context, size_t turn)
{
    (void) turn;
    run_rounds(&((struct bench *) context)->decision, DECIDE_ROUNDS);
}

static void lua_decide(void *context, size_t turn)
{
    (void) turn;
    perf_lua_rounds(((struct bench *) context)->lua, "time_decide", DECIDE_ROUNDS);
}

static void our_evaluate(void *context, size_t turn)
{
    (void) turn;
    run_rounds(&((struct bench *) context)->whole, EVALUATE_ROUNDS);
}

static void lua_evaluate(void *context, size_t turn)
{
    (void) turn;
    perf_lua_rounds(((struct bench *) context)->lua, "time_evaluate", EVALUATE_ROUNDS);
}

static void our_host(void *context, size_t turn)
{
    struct ros_outcome outcome;
    score(context, turn % PERF_HOSTS, &outcome);
}

/* With the evidence bound, every value noted, and the notes made into what is read. */
static void our_explain(void *context, size_t turn)
{
    struct bench *b = context;
    struct ros_verdict verdict;
    const struct ros_note *note;
    struct ros_error err = ROS_ERROR_INIT;
    const struct ros_evidence *evidence = &b->hosts.evidences[turn % PERF_HOSTS];
    ros_arena_clear(&b->notes);
    if (ros_score_bind(b->studied, ros_study_program(b->study), evidence, &err) != ROS_OK ||
        ros_study_explain(b->study, b->studied, NULL, &b->notes, &verdict, &note, &err) != ROS_OK)
        perf_fail("%s", err.text);
}

static void lua_host(void *context, size_t turn)
{
    perf_lua_score(((struct bench *) context)->lua, turn % PERF_HOSTS);
}

static void our_load(void *context, size_t turn)
{
    (void) context;
    (void) turn;
    ros_program_unref(perf_compile("rightsizing.ros"));
}

static void lua_load(void *context, size_t turn)
{
    (void) turn;
    perf_lua_load(((struct bench *) context)->lua);
}

static void our_bundle(void *context, size_t turn)
{
    const struct bench *b = context;
    struct ros_program *program = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    (void) turn;
    if (ros_bundle_read(b->bundle.data, b->bundle.len, NULL, &program, &err) != ROS_OK)
        perf_fail("%s", err.text);
    ros_program_unref(program);
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static void print_time(double seconds)
{
    if (isnan(seconds))
        printf(" %12s", "-");
    else if (seconds < 1e-6)
        printf(" %9.1f ns", seconds * 1e9);
    else if (seconds < 1e-3)
        printf(" %9.2f us", seconds * 1e6);
    else
        printf(" %9.2f ms", seconds * 1e3);
}

static void print_row(const char *what, double ours, double lua, double goal)
{
    printf("%-42s", what);
    print_time(ours);
    print_time(lua);
    if (isnan(lua))
        printf(" %9s", "-");
    else
        printf(" %8.1f x", lua / ours);
    print_time(goal);
    printf("  %s\n", ours <= goal ? "met" : "missed");
}

static void print_machine(const struct bench *b)
{
    struct ros_verdict small;
    struct ros_verdict large;
    uint64_t small_words = 0;
    uint64_t large_words = 0;
    for (size_t i = 0; i < PERF_HOSTS; i++) {
        ros_vm_run(b->decision.vm, b->decision.facts[i], &small);
        ros_vm_run(b->whole.vm, b->whole.facts[i], &large);
        small_words += small.cost;
        large_words += large.cost;
    }
    printf("\ninstructions a host: decision %.0f, with filter and offers %.0f\n", (double) small_words / PERF_HOSTS,
           (double) large_words / PERF_HOSTS);
}

static void measure_rules(struct bench *b)
{
    bool lua = b->lua != NULL;
    struct perf_time ours, peer, whole, whole_peer;
    const double decisions = (double) DECIDE_ROUNDS * PERF_HOSTS;
    const double evaluations = (double) EVALUATE_ROUNDS * PERF_HOSTS;
    perf_measure(our_decide, lua ? lua_decide : NULL, b, TURNS, &ours, &peer);
    print_row("decision: ten states, five rules", ours.p50 / decisions, peer.p50 / decisions, 60e-9);
    perf_measure(our_evaluate, lua ? lua_evaluate : NULL, b, TURNS, &whole, &whole_peer);
    print_row("filter of 598 rows, sort, offers", whole.p50 / evaluations - ours.p50 / decisions,
              whole_peer.p50 / evaluations - peer.p50 / decisions, 4e-6);
}

static void measure_hosts(struct bench *b)
{
    struct perf_time ours, peer;
    size_t before = b->counter.calls;
    perf_measure(our_host, b->lua != NULL ? lua_host : NULL, b, HOST_TURNS, &ours, &peer);
    size_t allocations = b->counter.calls - before;
    print_row("whole host: bind, decide, offer, texts p50", ours.p50, peer.p50, 10e-6);
    print_row("                                       p99", ours.p99, peer.p99, 10e-6);
    perf_measure(our_explain, NULL, b, EXPLAIN_TURNS, &ours, &peer);
    print_row("whole host, explained                  p50", ours.p50, peer.p50, 60e-6);
    perf_measure(our_load, b->lua != NULL ? lua_load : NULL, b, LOAD_TURNS, &ours, &peer);
    print_row("read and compile rules and tables", ours.p50, peer.p50, 30e-3);
    perf_measure(our_bundle, NULL, b, BUNDLE_TURNS, &ours, &peer);
    print_row("read and verify their bundle", ours.p50, peer.p50, 2e-3);
    printf("\nallocations: %zu for %u hosts\n", allocations, HOST_TURNS);
    if (allocations != 0)
        perf_fail("a host must not allocate");
}

static void open_bench(struct bench *b, struct ros_arena *arena)
{
    struct ros_error err = ROS_ERROR_INIT;
    failing_alloc_init(&b->counter, 0, false);
    ros_buf_init(&b->text, &b->counter.alloc, 1u << 20);
    ros_arena_init(&b->notes, NULL, 0);
    perf_hosts_make(&b->hosts);
    machine_open(&b->decision, "decision.ros", &b->hosts);
    machine_open(&b->whole, "rightsizing.ros", &b->hosts);
    b->study = perf_study("rightsizing.ros", arena);
    if (ros_scorer_new(b->whole.program, &b->counter.alloc, &b->scorer, &err) != ROS_OK ||
        ros_facts_new(ros_study_program(b->study), NULL, &b->studied, &err) != ROS_OK)
        perf_fail("%s", err.text);
    ros_buf_init(&b->bundle, NULL, 0);
    perf_bundle("rightsizing.ros", &b->bundle);
    b->lua = perf_lua_open(&b->hosts);
}

static void close_bench(struct bench *b)
{
    if (b->lua != NULL)
        perf_lua_close(b->lua);
    ros_facts_free(b->studied);
    ros_study_free(b->study);
    ros_arena_done(&b->notes);
    ros_scorer_free(b->scorer);
    ros_buf_done(&b->bundle);
    ros_buf_done(&b->text);
    machine_close(&b->whole);
    machine_close(&b->decision);
    perf_hosts_end(&b->hosts);
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct ros_arena arena;
    if (argc > 1) {
        fprintf(strcmp(argv[1], "--help") == 0 ? stdout : stderr, "usage: tests/perf/run rules\n");
        return strcmp(argv[1], "--help") == 0 ? 0 : 64;
    }
    ros_arena_init(&arena, NULL, ROS_LIMIT_COMPILE_BYTES);
    open_bench(&b, &arena);
    expect_equal(&b);
    printf("%-42s %12s %12s %10s %12s\n", "", "ros", "Lua 5.4", "ratio", "goal");
    measure_rules(&b);
    measure_hosts(&b);
    print_machine(&b);
    close_bench(&b);
    ros_arena_done(&arena);
    return 0;
}
