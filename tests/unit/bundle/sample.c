#include "tests/unit/bundle/sample.h"

#include <stdlib.h>
#include <string.h>

#include "grammar/load.h"
#include "interp/base/limits.h"
#include "tests/unit/base/test.h"

static const char first_rules[] =
    "ros 1\nruleset sample version \"1.2\" \"a bit of everything\"\nuse \"inputs.ros\"\n"
    "table t from \"tables/t.csv\" key name { name: text  size: MiB  price: USD/h  old: bool }\n"
    "table u from \"tables/u.csv\" key size { size: MiB  label: text }\n"
    "param some = 20% in 1%..50% \"doc\"\nparam strict = false \"doc\"\nparam word = \"small\" \"doc\"\n"
    "let used = 1 - idle / ncpu\nlet io = disk / 10 count/s\n"
    "let place = cloud ?? \"nothing\"\nlet which = kind ?? \"x\"\n"
    "require cloud == \"aws\" else CLOUD_UNSUPPORTED \"not on {place}\"\n"
    "report each = io\nreport used = used\nreport who = kind\nreport on = psi\nreport busy = p95(idle)\n"
    "state s { A \"a\" when used > some  B \"b\" when any(io > 500%) ?? false }\n"
    "state none exclusive { C \"c\" when used < 1% and not strict }\n"
    "candidates fit from t as r {\n where r.name != kind\n where if A ?? false then r.size >= mem else true\n"
    " where if psi ?? false then known(r.price) else true\n where not (r.old ?? false)\n let cost = r.price\n let "
    "label = u[r.size].label\n"
    " need all(known(cost)) else PRICE_UNKNOWN \"no price\"\n sort cost ?? 0 USD/h, r.name\n}\n"
    "decide ";
static const char more_rules[] =
    " {\n rule R when A or B { offer fit where cost > 0 USD/h\n"
    "  reason \"{used ?? 0%} of {word} {upper(which)}\" description \"{mem ?? 0 B} {psi ?? false}\" }\n"
    " rule Q when C { offer required fit reason \"{some}\" }\n rule Z when mem > 1 GiB { reason \"large\" }\n}\n"
    "org \"000002\" { some = 40% strict = true }\norg \"7\" { word = \"large\" }\n";
static const char inputs[] = "ros 1\nmetric ncpu : vcpu raw \"none\"\nmetric idle : vcpu raw \"none\"\n"
                             "metric mem : KiB raw \"Kbyte\"\nmetric disk[*] : count/s raw \"count / sec\"\n"
                             "fact cloud : text\nfact kind : text\nfact psi : bool\n";
static const char table_t[] = "name,size,price,old\nsmall,1024,0.5,false\n\"me,dium\",2048,,false\nlarge,4096,2.0,\n"
                              "hüge,8192,1.0,true\n";
static const char table_u[] = "size,label\n1024,one\n4096,four\n";

static const struct ros_bundle_source sources[] = {
    {ROS_FILE_RULES, "main.ros", first_rules, sizeof first_rules - 1},
    {ROS_FILE_RULES, "inputs.ros", inputs, sizeof inputs - 1},
    {ROS_FILE_TABLE, "tables/t.csv", table_t, sizeof table_t - 1},
    {ROS_FILE_TABLE, "tables/u.csv", table_u, sizeof table_u - 1},
};
const struct ros_bundle_sources sample_sources = {"main.ros", sources, sizeof sources / sizeof sources[0]};

static struct ros_program *load(const char *path, const struct ros_loader *io, const struct ros_alloc *alloc)
{
    ros_auto(ros_arena) struct ros_arena arena;
    ros_auto(ros_buf) struct ros_buf findings = ROS_BUF_INIT;
    ros_arena_init(&arena, NULL, ROS_LIMIT_COMPILE_BYTES);
    struct ros_diags diags;
    ros_diags_init(&diags, &arena);
    struct ros_unit *unit = NULL;
    struct ros_program *program = NULL;
    struct ros_error err = ROS_ERROR_INIT;
    if (ros_load_program(path, io, alloc, &arena, &diags, &unit, &program, &err) != ROS_OK) {
        if (unit != NULL)
            (void) ros_diags_render(&diags, unit, false, &findings);
        fail_msg("%s\n%s", err.text, ros_buf_text(&findings));
    }
    return program;
}

struct ros_program *sample_program(bool every, const struct ros_alloc *alloc)
{
    ros_auto(ros_buf) struct ros_buf rules = ROS_BUF_INIT;
    ros_buf_printf(&rules, "%s%s%s", first_rules, every ? "every" : "first", more_rules);
    const struct ros_memory_file files[] = {{"main.ros", ros_buf_text(&rules)},
                                            {"inputs.ros", inputs},
                                            {"tables/t.csv", table_t},
                                            {"tables/u.csv", table_u},
                                            {NULL, NULL}};
    const struct ros_loader io = ros_loader_memory(files);
    return load("main.ros", &io, alloc);
}

struct ros_program *sample_shipped(const char *path)
{
    ros_auto(ros_buf) struct ros_buf full = ROS_BUF_INIT;
    ros_buf_printf(&full, "%s/%s", getenv("ROS_SOURCE_DIR"), path);
    return load(ros_buf_text(&full), NULL, NULL);
}

/* --- made-up hosts ------------------------------------------------------------------------------------------------ */

static uint32_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t) (*seed >> 33);
}

static void fill(struct ros_facts *facts, const struct ros_program *p, uint64_t *seed)
{
    static const double numbers[] = {0, 0.02, 0.5, 1, 2, 4, 7, 8, 9, 96, 100, 9000, 1 << 20, 16 << 20};
    static const char *const words[] = {"aws",   "aws",   "aws",    "us-east-1", "t3.large", "m5.4xlarge",
                                        "small", "large", "x86_64", "elsewhere", ""};
    ros_facts_clear(facts);
    for (size_t i = 0; i < ros_program_input_count(p); i++) {
        const struct ros_input *input = ros_program_input(p, i);
        double number = numbers[next(seed) % (sizeof numbers / sizeof numbers[0])];
        const char *word = words[next(seed) % (sizeof words / sizeof words[0])];
        enum ros_code code = ROS_OK;
        if (next(seed) % 16 == 0)
            continue; /* missing */
        if (input->vector) {
            for (unsigned k = next(seed) % 4; k > 0 && code == ROS_OK; k--)
                code = ros_facts_add_instance(facts, i, "sda", 3, number * k, NULL);
        } else if (input->value == ROS_VALUE_TEXT) {
            word = strcmp(input->name, "host.cloud") == 0 || strcmp(input->name, "cloud") == 0 ? "aws" : word;
            code = ros_facts_set_text(facts, i, word, strlen(word));
        } else if (input->value == ROS_VALUE_BOOL) {
            code = ros_facts_set_bool(facts, i, next(seed) % 2 == 0);
        } else {
            number = strcmp(input->name, "host.rhel.major") == 0 ? 8 : number;
            code = ros_facts_set_num(facts, i, number, next(seed) % 16 == 0 ? "parsec" : NULL);
        }
        assert_int_equal(code, ROS_OK);
    }
}

static void add_rules(const struct ros_program *p, const struct ros_vm *vm, struct ros_buf *out)
{
    static const char *const fields[] = {"name", "cost", "label", "type", "size", "old", "usd_per_hour"};
    static const char *const texts[] = {"reason", "description", "resolution", "condition"};
    for (size_t rule = 0; rule < ros_program_rule_count(p); rule++) {
        struct ros_rule_offers offers = ros_vm_rule_offers(vm, rule);
        ros_buf_printf(out, " rule %zu offers %zu withheld %d %d:", rule, offers.count, offers.withheld,
                       offers.withheld_reason);
        (void) ros_vm_render_withheld(vm, rule, out);
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
            (void) ros_vm_render(vm, rule, texts[i], out);
        for (size_t offer = 0; offer < offers.count; offer++)
            for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++) {
                double number = -1;
                int field = ros_program_offer_field(p, fields[f]);
                const char *text = ros_vm_rule_offer_text(vm, rule, offer, field);
                bool has = ros_vm_rule_offer_num(vm, rule, offer, field, &number);
                ros_buf_printf(out, " %s %d %a", text != NULL ? text : "-", has, number);
            }
    }
}

static void add_reports(const struct ros_program *p, const struct ros_vm *vm, struct ros_buf *out)
{
    for (int i = 0; i < (int) ros_program_report_count(p); i++) {
        double number = -1;
        const char *text = ros_vm_report_text(vm, i);
        bool has = ros_vm_report_num(vm, i, &number);
        ros_buf_printf(out, " report %d %a %s %d", has, number, text != NULL ? text : "-", ros_vm_report_bool(vm, i));
        for (size_t k = 0; k < ros_vm_report_instance_count(vm, i); k++) {
            const char *name;
            has = ros_vm_report_instance(vm, i, k, &name, &number);
            ros_buf_printf(out, " %s %d %a", name, has, number);
        }
    }
}

static void add_verdict(const struct ros_program *p, const struct ros_vm *vm, const struct ros_verdict *v,
                        struct ros_buf *out)
{
    ros_buf_printf(out, "skipped %d %d %s rule %d certain %d withheld %d %s reasons %x cost %llu", v->skipped,
                   v->skip_reason, v->skip_text != NULL ? v->skip_text : "", v->rule, v->certain, v->withheld,
                   v->withheld_text != NULL ? v->withheld_text : "", v->reasons, (unsigned long long) v->cost);
    for (size_t i = 0; i < ros_program_flag_count(p); i++)
        ros_buf_printf(out, " %d%d", v->flags[i], ros_verdict_listed(p, v, i));
    for (size_t i = 0; i < ros_program_rule_count(p); i++)
        ros_buf_printf(out, " %d%d", v->rules[i], v->fired[i]);
    add_rules(p, vm, out);
    add_reports(p, vm, out);
    ros_buf_addc(out, '\n');
}

void sample_verdicts(struct ros_program *program, unsigned hosts, struct ros_buf *out)
{
    static const char *const orgs[] = {NULL, "000002", "7", "nobody"};
    struct ros_facts *facts = NULL;
    struct ros_vm *vm = NULL;
    uint64_t seed = 1;
    assert_int_equal(ros_facts_new(program, NULL, &facts, NULL), ROS_OK);
    assert_int_equal(ros_vm_new(program, NULL, &vm, NULL), ROS_OK);
    for (unsigned i = 0; i < hosts; i++) {
        struct ros_verdict verdict;
        fill(facts, program, &seed);
        ros_vm_set_org(vm, orgs[i % 4]);
        ros_vm_run(vm, facts, &verdict);
        assert_true(verdict.cost <= ros_program_cost(program));
        add_verdict(program, vm, &verdict, out);
    }
    assert_int_equal(ros_buf_code(out), ROS_OK);
    ros_vm_free(vm);
    ros_facts_free(facts);
}
