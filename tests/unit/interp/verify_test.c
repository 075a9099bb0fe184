/*
 * The verifier: a good program with any one byte of its code changed is refused, or runs to its end within the cost
 * that was counted (and, under the sanitizers, without touching what is not its own).
 */
#include "tests/unit/base/test.h"

#include <string.h>

#include "interp/program/program.h"
#include "tests/unit/interp/program.h"

static const char source_of[] = /* how it decides is filled in */
    "let used = 1 - idle / ncpu\nlet io = disk / 10 count/s\n"
    "param some = 20% in 1%..50% \"doc\"\n"
    "require cloud == \"aws\" else \"no\"\n"
    "report each = io\nreport used = used\nreport who = kind\nreport on = psi\n"
    "state s { A \"a\" when used > some  B \"b\" when any(io > 500%) ?? false }\n"
    "candidates fit from t as r {\n where r.name != kind\n where if A ?? false then r.size >= mem else true\n"
    " let cost = r.price\n need all(known(cost)) else \"no price\"\n sort cost ?? 0 USD/h, r.name\n}\n"
    "decide %s { rule R when A or B { offer fit where cost > 0 USD/h reason \"{used ?? 0%}\" } rule Q when true { "
    "offer required fit } }";

static void fill(struct test_host *host)
{
    test_set_num(host, "idle", 1);
    test_set_num(host, "ncpu", 4);
    test_set_num(host, "mem", 2048);
    test_set_text(host, "cloud", "aws");
    test_set_text(host, "kind", "small");
    test_add_disk(host, "a", 1);
    test_add_disk(host, "b", 100);
}

/* The ends of loops go with the code: a changed word has its own. */
static void find_ends(struct ros_program *p)
{
    memset(p->loop_ends, 0, p->code_count * sizeof *p->loop_ends);
    for (uint32_t pc = 0; pc < p->code_count; pc++) {
        uint8_t op = p->code[pc].op;
        bool closes = op == ROS__OP_NEXTI || op == ROS__OP_NEXTR || op == ROS__OP_NEXTK;
        if (closes && p->code[pc].x >= 1 && p->code[pc].x <= p->code_count)
            p->loop_ends[p->code[pc].x - 1] = pc + 1;
    }
}

/* What a run left is read as an embedder would: offers point into rows, and rows into columns. */
static void read_offers(const struct test_host *host)
{
    int field = ros_program_offer_field(host->program, "name");
    for (size_t rule = 0; rule < ros_program_rule_count(host->program); rule++) {
        size_t count = ros_vm_rule_offers(host->vm, rule).count;
        for (size_t i = 0; i < count; i++)
            assert_non_null(ros_vm_rule_offer_text(host->vm, rule, i, field));
    }
}

static void try_every_changed_byte(const char *how)
{
    ros_auto(ros_buf) struct ros_buf source = ROS_BUF_INIT;
    const char *gap = strstr(source_of, "%s");
    ros_buf_add(&source, source_of, (size_t) (gap - source_of));
    ros_buf_printf(&source, "%s%s", how, gap + 2);
    struct test_host host;
    size_t refused = 0;
    size_t accepted = 0;
    test_host_open(&host, ros_buf_text(&source));
    fill(&host);
    struct ros_program *p = host.program;
    for (uint32_t i = 0; i < p->code_count * sizeof *p->code; i++) {
        unsigned char *byte = (unsigned char *) p->code + i;
        unsigned char was = *byte;
        static const unsigned char changes[] = {1, 2, 3, 5, 7, 16, 64, 128, 255, 254, 80};
        for (size_t k = 0; k < sizeof changes; k++) {
            uint64_t cost = 0;
            struct ros_error err = ROS_ERROR_INIT;
            *byte = (unsigned char) (was + changes[k]);
            find_ends(p);
            if (ros__verify(p, &cost, &err) != ROS_OK) {
                assert_true(err.text[0] != '\0');
                refused++;
                continue;
            }
            accepted++;
            test_run(&host);
            assert_true(host.verdict.cost <= cost);
            read_offers(&host);
        }
        *byte = was;
    }
    find_ends(p);
    assert_true(refused > 1000 && accepted > 100);
    print_message("%zu changed programs refused, %zu accepted and run\n", refused, accepted);
    test_host_close(&host);
}

static void test_every_changed_byte(void **state)
{
    (void) state;
    try_every_changed_byte("first");
    try_every_changed_byte("every");
}

static void expect_refused(struct ros__word *code, uint32_t count, const char *why)
{
    uint32_t ends[16] = {0};
    uint32_t lines[16] = {0};
    double consts[] = {1};
    /* Two tables of a different length, candidates over each, and a rule that offers the first ones. */
    struct ros__prog_table tables[] = {{.rows = 2}, {.rows = 9}};
    struct ros__prog_cand cands[] = {{.table = 0}, {.table = 1}};
    struct ros__prog_rule rules[] = {{.offers = true, .cand = 0}, {.offers = false}};
    struct ros__prog_column columns[] = {{.bank = ROS__BANK_N, .table = 0}, {.bank = ROS__BANK_N, .table = 1}};
    struct ros__prog_field fields[] = {{.bank = ROS__BANK_N, .cand = 0}};
    struct ros__prog_input inputs[] = {{.info = {.value = ROS_VALUE_NUM, .vector = true}}};
    struct ros_program p = {.code = code,
                            .code_count = count,
                            .loop_ends = ends,
                            .lines = lines,
                            .consts = consts,
                            .const_count = 1,
                            .tables = tables,
                            .table_count = 2,
                            .cands = cands,
                            .cand_count = 2,
                            .rules = rules,
                            .rule_count = 2,
                            .columns = columns,
                            .column_count = 2,
                            .fields = fields,
                            .field_count = 1,
                            .inputs = inputs,
                            .input_count = 1};
    uint64_t cost;
    struct ros_error err = ROS_ERROR_INIT;
    find_ends(&p);
    assert_int_equal(ros__verify(&p, &cost, &err), ROS_E_VERIFY);
    if (strstr(err.text, why) == NULL)
        fail_msg("`%s` is not why: %s", why, err.text);
}

#define CODE(...)                                                                                                      \
    (struct ros__word[]){__VA_ARGS__}, sizeof((struct ros__word[]){__VA_ARGS__}) / sizeof(struct ros__word)

static void test_each_rule_of_the_verifier(void **state)
{
    (void) state;
    const struct ros__word halt = {ROS__OP_HALT, 0, 0, 0, 0};
    expect_refused(CODE({200, 0, 0, 0, 0}, halt), "unknown instruction");
    expect_refused(CODE({ROS__OP_LDK, 0, 0, 0, 1}, halt), "out of range");
    expect_refused(CODE({ROS__OP_LDK, 255, 0, 0, 0}, halt), "a register that there is not");
    expect_refused(CODE({ROS__OP_ADD, 0, 0, 0, 0}, halt), "may not have been written");
    expect_refused(CODE({ROS__OP_LDB, 0, 0, 0, 2}, {ROS__OP_WHERE, 0, 0, 0, 1}, halt), "jumps backward");
    expect_refused(CODE({ROS__OP_LDB, 0, 0, 0, 2}, {ROS__OP_WHERE, 0, 0, 0, 9}, halt), "jumps backward, or out");
    expect_refused(CODE({ROS__OP_LDB, 0, 0, 0, 2}, {ROS__OP_WHERE, 0, 0, 0, 3}, {ROS__OP_LDK, 1, 0, 0, 0},
                        {ROS__OP_NEG, 2, 1, 0, 0}, halt),
                   "may not have been written");
    expect_refused(CODE({ROS__OP_NEXTI, 0, 0, 0, 1}, halt), "not open");
    expect_refused(CODE(halt, halt), "ends before the end");
    expect_refused(CODE({ROS__OP_LDK, 0, 0, 0, 0}), "not HALT");
}

#define TRUE_IN_0                                                                                                      \
    {                                                                                                                  \
        ROS__OP_LDB, 0, 0, 0, 2                                                                                        \
    }

/* What the machine knows of a loop or a rule is known only behind its first instruction. */
static void test_loops_and_rules_are_entered_at_their_start(void **state)
{
    (void) state;
    const struct ros__word halt = {ROS__OP_HALT, 0, 0, 0, 0};
    expect_refused(CODE(TRUE_IN_0, {ROS__OP_WHERE, 0, 0, 0, 3}, {ROS__OP_SCAN, 0, 0, 0, 0}, {ROS__OP_LDK, 0, 0, 0, 0},
                        {ROS__OP_NEXTR, 0, 0, 0, 3}, halt),
                   "jumped into");
    expect_refused(
        CODE(TRUE_IN_0, {ROS__OP_WHERE, 0, 0, 0, 3}, {ROS__OP_RULE, 0, 0, 0, 4}, {ROS__OP_WIN, 0, 0, 0, 0}, halt),
        "jumped into");
    expect_refused(CODE(TRUE_IN_0, {ROS__OP_RULE, 0, 0, 0, 4}, {ROS__OP_WHERE, 0, 0, 0, 5}, {ROS__OP_WIN, 0, 0, 0, 0},
                        {ROS__OP_LDK, 0, 0, 0, 0}, halt),
                   "out of its rule");
    expect_refused(CODE(TRUE_IN_0, {ROS__OP_RULE, 0, 0, 0, 3}, {ROS__OP_RULE, 0, 1, 0, 3}, halt), "another rule");
    expect_refused(CODE(TRUE_IN_0, {ROS__OP_RULE, 0, 0, 0, 2}, {ROS__OP_RULE, 0, 0, 0, 3}, halt), "again");
    expect_refused(
        CODE(TRUE_IN_0, {ROS__OP_SCAN, 0, 0, 0, 0}, {ROS__OP_RULE, 0, 0, 0, 3}, {ROS__OP_NEXTR, 0, 0, 0, 2}, halt),
        "inside a loop");
}

/* Offers are positions in what the rule's own candidates kept: those of other candidates would lead out of them. */
static void test_a_rule_offers_its_own_candidates(void **state)
{
    (void) state;
    const struct ros__word halt = {ROS__OP_HALT, 0, 0, 0, 0};
    expect_refused(CODE({ROS__OP_KEPT, 0, 0, 0, 0}, {ROS__OP_OFFER, 0, 0, 0, 0}, {ROS__OP_NEXTK, 0, 0, 0, 1}, halt),
                   "outside of a rule");
    expect_refused(CODE(TRUE_IN_0, {ROS__OP_RULE, 0, 0, 0, 5}, {ROS__OP_KEPT, 0, 1, 0, 0}, {ROS__OP_OFFER, 0, 1, 0, 0},
                        {ROS__OP_NEXTK, 0, 0, 0, 3}, halt),
                   "outside of a rule");
    expect_refused(CODE(TRUE_IN_0, {ROS__OP_RULE, 0, 1, 0, 5}, {ROS__OP_KEPT, 0, 0, 0, 0}, {ROS__OP_OFFER, 0, 0, 0, 0},
                        {ROS__OP_NEXTK, 0, 0, 0, 3}, halt),
                   "outside of a rule");
    expect_refused(CODE({ROS__OP_WIN, 0, 0, 0, 0}, halt), "outside of its rule");
    expect_refused(CODE(TRUE_IN_0, {ROS__OP_RULE, 0, 0, 0, 3}, {ROS__OP_WIN, 0, 1, 0, 0}, halt), "outside of its rule");
}

/* A row of a long table is no row of a short one. */
static void test_a_row_belongs_to_its_table(void **state)
{
    (void) state;
    const struct ros__word halt = {ROS__OP_HALT, 0, 0, 0, 0};
    expect_refused(CODE({ROS__OP_FIND, 0, 0, 0, 1}, {ROS__OP_COLN, 0, 0, 0, 0}, halt), "row of another table");
    expect_refused(CODE({ROS__OP_SCAN, 0, 1, 0, 0}, {ROS__OP_COLN, 0, 0, 0, 0}, {ROS__OP_NEXTR, 0, 0, 0, 1}, halt),
                   "row of another table");
    /* the second turn would read what the first one found */
    expect_refused(CODE({ROS__OP_FIND, 5, 0, 0, 0}, {ROS__OP_EACH, 0, 0, 0, 0}, {ROS__OP_COLN, 0, 5, 0, 0},
                        {ROS__OP_FIND, 5, 0, 0, 1}, {ROS__OP_NEXTI, 0, 0, 0, 2}, halt),
                   "may not have been written");
    /* two ways to one place, with rows of two tables */
    expect_refused(CODE(TRUE_IN_0, {ROS__OP_FIND, 5, 0, 0, 0}, {ROS__OP_WHERE, 0, 0, 0, 4}, {ROS__OP_FIND, 5, 0, 0, 1},
                        {ROS__OP_COLN, 0, 5, 0, 1}, halt),
                   "may not have been written");
    expect_refused(CODE({ROS__OP_SCAN, 0, 0, 0, 0}, {ROS__OP_FIND, 0, 0, 0, 0}, {ROS__OP_NEXTR, 0, 0, 0, 1}, halt),
                   "writes over its row");
}

/* There is room for each row once, and for what is put beside it before it is kept. */
static void test_each_row_is_kept_once(void **state)
{
    (void) state;
    const struct ros__word halt = {ROS__OP_HALT, 0, 0, 0, 0};
    const struct ros__word next = {ROS__OP_NEXTR, 0, 0, 0, 1};
    expect_refused(CODE({ROS__OP_SCAN, 0, 0, 0, 0}, {ROS__OP_KEEP, 0, 0, 0, 0}, {ROS__OP_KEEP, 0, 0, 0, 0}, next, halt),
                   "keeps a row twice");
    expect_refused(CODE({ROS__OP_SCAN, 0, 0, 0, 0}, {ROS__OP_EACH, 0, 0, 0, 0}, {ROS__OP_KEEP, 0, 0, 0, 0},
                        {ROS__OP_NEXTI, 0, 0, 0, 2}, next, halt),
                   "outside of its loop");
    expect_refused(CODE({ROS__OP_SCAN, 0, 0, 0, 0}, {ROS__OP_FIND, 1, 0, 0, 0}, {ROS__OP_KEEP, 1, 0, 0, 0}, next, halt),
                   "another row");
    expect_refused(CODE({ROS__OP_SCAN, 0, 0, 0, 0}, {ROS__OP_LDK, 0, 0, 0, 0}, {ROS__OP_KEEP, 0, 0, 0, 0},
                        {ROS__OP_PUTN, 0, 0, 0, 0}, next, halt),
                   "after the row was kept");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_changed_byte),
                                       cmocka_unit_test(test_each_rule_of_the_verifier),
                                       cmocka_unit_test(test_loops_and_rules_are_entered_at_their_start),
                                       cmocka_unit_test(test_a_rule_offers_its_own_candidates),
                                       cmocka_unit_test(test_a_row_belongs_to_its_table),
                                       cmocka_unit_test(test_each_row_is_kept_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
