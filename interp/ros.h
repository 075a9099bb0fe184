/*
 * ros.h - the language core, as an embedder sees it: program, facts, machine, verdict.
 *
 *     source --grammar/load.h--> struct ros_unit --ros_program_compile()--> struct ros_program (verified)
 *     struct ros_facts (what is known of one host) + struct ros_vm --ros_vm_run()--> struct ros_verdict
 *
 * A program is immutable and counted: share it among threads. Facts and a machine belong to one thread and one program
 * (they hold a reference), are made once and reused for every host: a run allocates nothing (promise P4: same program,
 * same facts, same bytes out; P6: what is missing is UNKNOWN, never zero, never true, never an error).
 *
 * Threads: ros_program_* calls are safe everywhere; facts and machines have one owner at a time.
 * Errors:  enum ros_code; what is wrong with the *source* is in the diagnostics, and the code is then ROS_E_RULES.
 */
#ifndef ROS_H
#define ROS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interp/base/alloc.h"
#include "interp/base/buf.h"
#include "interp/base/error.h"

struct ros_unit;  /* interp/ast/ast.h: every declaration of a rule set */
struct ros_diags; /* interp/diag/diag.h: what was found wrong, with places */
struct ros_program;
struct ros_facts;
struct ros_vm;

/* Truth of a condition. The numbers matter: `and` is the minimum, `or` the maximum, `not` is 2 - x. */
enum ros_tri { ROS_FALSE = 0, ROS_UNKNOWN = 1, ROS_TRUE = 2 };

/* Machine-readable causes, generated from interp/reasons.def; a verdict carries a set of them (bit = 1u << reason). */
enum ros_reason {
    ROS_REASON_NONE = 0,
#define ROS_REASON(name, text) ROS_REASON_##name,
#include "interp/reasons.def"
#undef ROS_REASON
    ROS_REASON_COUNT
};
const char *ros_reason_name(enum ros_reason reason); /* "PRICE_UNKNOWN" */
const char *ros_reason_text(enum ros_reason reason);
/* ROS_REASON_NONE when there is no such name. */
enum ros_reason ros_reason_from_name(const char *name, size_t len);

/* --- programs ----------------------------------------------------------------------------------------------------- */

/*
 * Checks, types, emits and verifies. Every finding goes to diags; ROS_E_RULES when one of them is an error. The unit
 * may die afterwards: the program copies what it keeps. Returns owned (one reference) in *ret.
 */
enum ros_code ros_program_compile(const struct ros_unit *unit, const struct ros_alloc *alloc, struct ros_diags *diags,
                                  struct ros_program **ret, struct ros_error *reterr) ROS_MUST_CHECK;
struct ros_program *ros_program_ref(struct ros_program *program);
struct ros_program *ros_program_unref(struct ros_program *program); /* always NULL */

const char *ros_program_name(const struct ros_program *program);
const char *ros_program_version(const struct ros_program *program);
/* 64 hexadecimal digits: SHA-256 over everything that decides a verdict (code, constants, tables, texts, schema). */
const char *ros_program_checksum(const struct ros_program *program);
/* The most instructions that one run can take, known before the first run. */
uint64_t ros_program_cost(const struct ros_program *program);

/* What a program wants to know of a host. */
enum ros_input_kind { ROS_INPUT_METRIC, ROS_INPUT_FACT };
enum ros_value_kind { ROS_VALUE_NUM, ROS_VALUE_TEXT, ROS_VALUE_BOOL };
/* Which number stands for a metric over the measured time. Behind the mean in the order of interp/builtins.def. */
enum ros_statistic {
    ROS_STATISTIC_MEAN,
    ROS_STATISTIC_P50,
    ROS_STATISTIC_P90,
    ROS_STATISTIC_P95,
    ROS_STATISTIC_P99,
    ROS_STATISTIC_LOWEST,
    ROS_STATISTIC_HIGHEST,
    ROS_STATISTIC_COUNT
};
struct ros_input {
    enum ros_input_kind kind;
    enum ros_value_kind value;    /* metrics are always ROS_VALUE_NUM */
    enum ros_statistic statistic; /* of a metric; facts have ROS_STATISTIC_MEAN */
    bool vector;                  /* metric[*]: any number of named instances */
    const char *name;             /* "kernel.all.cpu.idle", "host.cloud" */
    const char *instance;         /* "1 minute"; NULL for a metric without instances, for [*] and for facts */
    const char *raw_unit;         /* the unit text that must stand beside a metric ("Kbyte"); NULL: any */
};
size_t ros_program_input_count(const struct ros_program *program);
/* Borrowed from the program. Inputs that no rule uses are listed too (reports and records name them). */
const struct ros_input *ros_program_input(const struct ros_program *program, size_t index);
/* The function that a rule asks a statistic by: "p95"; NULL for the mean, which a rule asks by the metric's name alone.
 */
const char *ros_statistic_name(enum ros_statistic statistic);
/* Appends an input as a rule writes it: `p95(kernel.all.cpu.idle)`, `disk.dev.total`. */
enum ros_code ros_input_write(const struct ros_input *input, struct ros_buf *out);

/* State groups and their flags, in source order; the flags of all groups are numbered through. */
struct ros_flag_info {
    const char *name;  /* "CPU_UNDERSIZED" */
    const char *text;  /* "CPU utilization is too high" */
    const char *group; /* "cpu" */
    bool exclusive;    /* when true, no other group's flags are listed */
};
size_t ros_program_flag_count(const struct ros_program *program);
const struct ros_flag_info *ros_program_flag(const struct ros_program *program, size_t index);

/* True for `decide every`: each rule that is true fires. Else (`decide first`) only the first one does. */
bool ros_program_decides_every(const struct ros_program *program);
size_t ros_program_rule_count(const struct ros_program *program);
const char *ros_program_rule_name(const struct ros_program *program, size_t index);

struct ros_report_info {
    const char *name;
    enum ros_value_kind value;
    bool vector;
};
size_t ros_program_report_count(const struct ros_program *program);
const struct ros_report_info *ros_program_report(const struct ros_program *program, size_t index);
/* -1 when the rule set has no report of that name. */
int ros_program_report_find(const struct ros_program *program, const char *name);

/*
 * A field of an offer: a column of the candidate's row ("type") or a `let` of the candidates block ("cost"). -1 when no
 * such name exists for the offers of every rule.
 */
int ros_program_offer_field(const struct ros_program *program, const char *name);

/* Bytecode with source lines and cost, as `ros disasm` prints it. */
enum ros_code ros_program_disasm(const struct ros_program *program, struct ros_buf *out);

/* --- facts -------------------------------------------------------------------------------------------------------- */

enum ros_code ros_facts_new(struct ros_program *program, const struct ros_alloc *alloc, struct ros_facts **ret,
                            struct ros_error *reterr) ROS_MUST_CHECK;
void ros_facts_free(struct ros_facts *facts);
/* Everything missing again; keeps the memory. */
void ros_facts_clear(struct ros_facts *facts);

/*
 * input: an index below ros_program_input_count(), of the matching kind (asserted). Values come raw, as the host
 * reports them; facts convert to the language's base unit. A unit that is not the input's raw_unit leaves the value
 * missing and adds ROS_REASON_METRIC_UNIT to the verdict; raw_unit NULL skips that check. A number that is not finite
 * is missing. Texts are copied. Errors: ROS_E_OOM, ROS_E_LIMIT (instances); the input is then as before.
 */
enum ros_code ros_facts_set_num(struct ros_facts *facts, size_t input, double raw, const char *raw_unit);
enum ros_code ros_facts_set_bool(struct ros_facts *facts, size_t input, bool value);
enum ros_code ros_facts_set_text(struct ros_facts *facts, size_t input, const char *text, size_t len);
enum ros_code ros_facts_add_instance(struct ros_facts *facts, size_t input, const char *name, size_t name_len,
                                     double raw, const char *raw_unit);

/* --- runs --------------------------------------------------------------------------------------------------------- */

enum ros_code ros_vm_new(struct ros_program *program, const struct ros_alloc *alloc, struct ros_vm **ret,
                         struct ros_error *reterr) ROS_MUST_CHECK;
void ros_vm_free(struct ros_vm *vm);

/* Every pointer is borrowed from the machine until its next run. */
struct ros_verdict {
    bool skipped; /* a `require` did not hold; no rule fires */
    enum ros_reason skip_reason;
    const char *skip_text; /* rendered; NULL when not skipped */
    int rule;              /* index of the first rule that fired, -1: none */
    bool certain;          /* no rule before it (or none at all; with `decide every`: no rule) was unknown */
    bool withheld;         /* the rule holds, its offer cannot be given */
    enum ros_reason withheld_reason;
    const char *withheld_text; /* rendered; NULL when not withheld */
    uint32_t reasons;          /* set of 1u << enum ros_reason */
    const enum ros_tri *flags; /* [flag count] */
    const enum ros_tri *rules; /* [rule count]: what their conditions are */
    const bool *fired;         /* [rule count]: the verdict's rule, and with `decide every` each other one that fired */
    size_t offer_count;        /* of `rule`, as is what was withheld */
    uint64_t cost;             /* instructions taken */
};

/*
 * From the next run on: the params of this organisation, where the rule set overrides any for it, else (false) the
 * defaults. NULL: the defaults.
 */
bool ros_vm_set_org(struct ros_vm *vm, const char *org);

/* Evaluates. facts must be of the same program (asserted). Never allocates; cannot fail on a verified program. */
void ros_vm_run(struct ros_vm *vm, const struct ros_facts *facts, struct ros_verdict *ret);

/* True when flag `index` belongs in the list of states: it is true, and no exclusive flag of another group is. */
bool ros_verdict_listed(const struct ros_program *program, const struct ros_verdict *verdict, size_t index);

/* After a run: offer `offer` (cheapest first, as sorted), field from ros_program_offer_field(). False / NULL: missing.
 */
bool ros_vm_offer_num(const struct ros_vm *vm, size_t offer, int field, double *ret);
const char *ros_vm_offer_text(const struct ros_vm *vm, size_t offer, int field);

/*
 * After a run, of any rule below ros_program_rule_count(): what it offers. The calls above ask these of verdict.rule.
 * A rule that has not fired offers nothing and withholds nothing.
 */
struct ros_rule_offers {
    size_t count;
    bool withheld;
    enum ros_reason withheld_reason;
};
struct ros_rule_offers ros_vm_rule_offers(const struct ros_vm *vm, size_t rule);
bool ros_vm_rule_offer_num(const struct ros_vm *vm, size_t rule, size_t offer, int field, double *ret);
const char *ros_vm_rule_offer_text(const struct ros_vm *vm, size_t rule, size_t offer, int field);
/* Appends why a rule's offer is withheld. ROS_E_NOT_FOUND when it is not. */
enum ros_code ros_vm_render_withheld(const struct ros_vm *vm, size_t rule, struct ros_buf *out);

/* After a run: a report's value. False / NULL / UNKNOWN: missing. Numbers are in base units (B, s, shares 0..1). */
bool ros_vm_report_num(const struct ros_vm *vm, int report, double *ret);
const char *ros_vm_report_text(const struct ros_vm *vm, int report);
enum ros_tri ros_vm_report_bool(const struct ros_vm *vm, int report);
size_t ros_vm_report_instance_count(const struct ros_vm *vm, int report);
/* Instances in the order they were added. name is borrowed; false when this instance's value is missing. */
bool ros_vm_report_instance(const struct ros_vm *vm, int report, size_t index, const char **ret_name, double *ret);

/*
 * After a run, also one that was skipped: renders a text of a rule ("description", "reason", "resolution",
 * "condition"). ROS_E_NOT_FOUND when the rule has none of that name.
 */
enum ros_code ros_vm_render(const struct ros_vm *vm, size_t rule, const char *field, struct ros_buf *out);

#endif
