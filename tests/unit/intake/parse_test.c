/* Every reader, with what it takes and what it must not take. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "interp/base/limits.h"
#include "services/intake/parse.h"
#include "tests/unit/intake/fixture.h"

struct summary {
    struct ros_arena scratch;
    struct ros_evidence evidence;
};

static enum ros_code summary_read(struct summary *summary, const char *text)
{
    struct ros__slice clean;
    ros_arena_init(&summary->scratch, NULL, 0);
    ros_evidence_init(&summary->evidence, NULL);
    assert_int_equal(ros__text_clean(&summary->scratch, text, strlen(text), &clean), ROS_OK);
    return ros__pmlog_read(clean, &summary->scratch, &summary->evidence, NULL);
}

static void summary_done(struct summary *summary)
{
    ros_evidence_done(&summary->evidence);
    ros_arena_done(&summary->scratch);
}

static const struct ros_metric_value *value_of(const struct summary *summary, const char *name, const char *instance)
{
    return ros_metric_find(ros_evidence_metric(&summary->evidence, name), instance);
}

static void test_summary(void **state)
{
    struct summary summary;
    (void) state;
    assert_int_equal(summary_read(&summary, "hinv.ncpu  2.000 none\n"
                                            "disk.dev.total [\"sda\"] 54.117 count / sec\r\n"
                                            "  disk.dev.total [\"nvme 0.1\"]\t3.5 count / sec  \r"
                                            "a.b [7] 1_000.5 x\n"
                                            "disk.dev.total [\"sda\"] 55.25 count / sec\n"),
                     ROS_OK);
    assert_int_equal(summary.evidence.metric_count, 3);
    assert_string_equal(summary.evidence.metrics[1].name, "disk.dev.total");
    assert_int_equal(summary.evidence.metrics[1].value_count, 2);
    assert_float_equal(value_of(&summary, "hinv.ncpu", NULL)->mean, 2, 0);
    assert_true(value_of(&summary, "disk.dev.total", "sda")->mean == 55.25); /* the later line */
    assert_string_equal(value_of(&summary, "disk.dev.total", "nvme 0.1")->unit, "count / sec");
    assert_true(value_of(&summary, "a.b", "7")->mean == 1000.5);
    assert_true(isnan(value_of(&summary, "a.b", "7")->max));
    summary_done(&summary);
}

static void test_summary_one_bad_line_spoils_it(void **state)
{
    static const char *const bad[] = {"lonely\n",
                                      "two tokens\n",
                                      "no.close [\"sda 1 none\n",
                                      "no.unit [\"sda\"] 1\n",
                                      "no.value [\"sda\"]\n",
                                      "good.one.val 2 none\n",
                                      "good.one.units.x 2 none\n"};
    struct summary summary;
    (void) state;
    assert_int_equal(summary_read(&summary, "*rare.counter 5 none\n\n   \ngood.one 1 none\ngood.one.leaf 2 none\n"),
                     ROS_OK);
    assert_int_equal(summary.evidence.metric_count, 2);
    assert_true(value_of(&summary, "good.one", NULL)->mean == 1);
    assert_true(value_of(&summary, "good.one.leaf", NULL)->mean == 2);
    summary_done(&summary);
    for (size_t i = 0; i < ROS_COUNT(bad); i++) {
        char text[256];
        snprintf(text, sizeof(text), "good.one 1 none\n%sgood.two 2 none\n", bad[i]);
        assert_int_equal(summary_read(&summary, text), ROS_OK);
        if (summary.evidence.metric_count != 0)
            fail_msg("%s is let through", bad[i]);
        summary_done(&summary);
    }
}

static void test_summary_numbers(void **state)
{
    static const struct {
        const char *text;
        double value;
    } rows[] = {
        {"-", NAN},          {"nan", NAN},           {"word", NAN},  {"0x1", NAN},
        {"1,000", NAN},      {"1__0", NAN},          {"_1", NAN},    {"1_", NAN},
        {"1e3", 1000},       {"-2.5", -2.5},         {"+.5", .5},    {"INF", INFINITY},
        {"-inf", -INFINITY}, {"Infinity", INFINITY}, {"1_0_0", 100}, {"0.000", 0},
    };
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        char line[64];
        struct summary summary;
        snprintf(line, sizeof(line), "m %s none\n", rows[i].text);
        assert_int_equal(summary_read(&summary, line), ROS_OK);
        double mean = value_of(&summary, "m", NULL)->mean;
        if (isnan(rows[i].value) ? !isnan(mean) : mean != rows[i].value)
            fail_msg("%s gives %g", rows[i].text, mean);
        summary_done(&summary);
    }
}

static void test_summary_instances_are_bounded(void **state)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    struct summary summary;
    (void) state;
    for (int i = 0; i < ROS_LIMIT_INSTANCES; i++)
        ros_buf_printf(&text, "m [\"i%d\"] %d none\n", i, i);
    assert_int_equal(summary_read(&summary, ros_buf_text(&text)), ROS_OK);
    assert_int_equal(summary.evidence.metrics[0].value_count, ROS_LIMIT_INSTANCES);
    summary_done(&summary);
    ros_buf_puts(&text, "m [\"more\"] 1 none\n");
    assert_int_equal(summary_read(&summary, ros_buf_text(&text)), ROS_E_ARCHIVE_LIMIT);
    summary_done(&summary);
}

static void is_text(struct ros__slice slice, const char *want)
{
    if (want == NULL ? slice.at != NULL : slice.at == NULL || !ros__slice_is(slice, want))
        fail_msg("'%.*s' is not '%s'", (int) slice.len, slice.at != NULL ? slice.at : "", want != NULL ? want : "");
}

static void test_lscpu(void **state)
{
    struct ros__lscpu lscpu = ros__lscpu_read(
        ros__slice_of("Architecture:  aarch64\nCPU(s):  4\nOn-line CPU(s) list: 0-3\nno colon\nCPU(s): 8 \n"));
    (void) state;
    is_text(lscpu.architecture, "aarch64");
    is_text(lscpu.cpus, "8");
    lscpu = ros__lscpu_read(ros__slice_of(""));
    is_text(lscpu.cpus, NULL);
}

static void test_uname(void **state)
{
    static const struct {
        const char *text, *kernel, *arch;
        int major, minor;
    } rows[] = {
        {"Linux h 4.18.0-305.el8.x86_64 #1 SMP", "4.18.0-305.el8.x86_64", "x86_64", 8, 4},
        {"x\nLinux h 3.10.0-1160.6.1.el7.ppc64le #1", "3.10.0-1160.6.1.el7.ppc64le", "ppc64le", 7, 9},
        {"Linux h 4.11.0-44.el7a.aarch64 #1", "4.11.0-44.el7a.aarch64", "aarch64", 7, 4},
        {"Linux h 5.14.0-570.el9 #1", "5.14.0-570.el9", NULL, 9, 6},
        {"Linux h 4.18.0-553.el8_10.x86_64.debug #1", "4.18.0-553.el8_10.x86_64.debug", "x86_64", 8, 10},
        {"Linux h 6.1.0-21-amd64 #1", "6.1.0-21-amd64", NULL, -1, -1},
        {"Linux h 4.18.0 #1", NULL, NULL, -1, -1},
        {"Linux h", NULL, NULL, -1, -1},
        {"Linux  4.18.0-305.el8.x86_64 #1", "4.18.0-305.el8.x86_64", "x86_64", 8, 4},
        {"Linux h 4.18.0-305.1.2.3.4.5.el8.x86_64 #1", NULL, NULL, -1, -1},
        {"Linux h 4.18.0-305.1.2.rt7.3.el8.x86_64 #1", "4.18.0-305.1.2.rt7.3.el8.x86_64", "x86_64", 8, 4},
        {"Darwin h 4.18.0-305.el8.x86_64", NULL, NULL, -1, -1},
        {"", NULL, NULL, -1, -1},
    };
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        struct ros__uname uname = ros__uname_read(ros__slice_of(rows[i].text));
        is_text(uname.kernel, rows[i].kernel);
        is_text(uname.arch, rows[i].arch);
        if (uname.major != rows[i].major || uname.minor != rows[i].minor)
            fail_msg("%s is %d.%d", rows[i].text, uname.major, uname.minor);
    }
}

static void test_redhat_release(void **state)
{
    static const struct {
        const char *text;
        int major, minor;
    } rows[] = {
        {"Red Hat Enterprise Linux release 8.4 (Ootpa)\n", 8, 4},
        {"Red Hat Enterprise Linux Server release 7.9.2009 (Core)", 7, 9},
        {"Red Hat Enterprise Linux release 9.5 Beta (Plow)", 9, 5},
        {"Red Hat Enterprise Linux release 10.0-1 Alpha", 10, 0},
        {"CentOS Stream release 8", 8, -1},
        {"Something release eight", -1, -1},
        {"no version\nrelease 8.4", -1, -1},
        {"release", -1, -1},
        {"release 99999999999.1", -1, 1},
        {"", -1, -1},
    };
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        struct ros__release release = ros__redhat_release_read(ros__slice_of(rows[i].text));
        if (release.major != rows[i].major || release.minor != rows[i].minor)
            fail_msg("%s is %d.%d", rows[i].text, release.major, release.minor);
    }
}

static void test_cmdline(void **state)
{
    static const struct {
        const char *text;
        int psi; /* -1: unusable */
    } rows[] = {
        {"ro quiet psi=1\n", 1}, {"psi=1 psi=0", 0}, {"psi=0 psi=1", 1}, {"psi", 0}, {"psi=1 psi", 0}, {"ro quiet", 0},
        {"xpsi=1", 0},           {"psi=1=1", 0},     {"psi=1\nro", -1},  {"", -1},   {"psi=on", 0},    {"\tpsi=1\t", 1},
    };
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        bool psi = false;
        bool usable = ros__cmdline_psi(ros__slice_of(rows[i].text), &psi);
        if ((usable ? (int) psi : -1) != rows[i].psi)
            fail_msg("'%s' gives %d", rows[i].text, usable ? (int) psi : -1);
    }
}

static void test_machine_id(void **state)
{
    static const char *const good[] = {"a84cec78-1abf-40b4-bbbf-9ddd183786bb", "A84CEC781ABF40B4BBBF9DDD183786BB",
                                       "{a84cec78-1abf-40b4-bbbf-9ddd183786bb}",
                                       "urn:uuid:a84cec78-1abf-40b4-bbbf-9ddd183786bb"};
    static const char *const bad[] = {"", "a84cec78", "g84cec78-1abf-40b4-bbbf-9ddd183786bb",
                                      "a84cec781abf40b4bbbf9ddd183786bbb",
                                      "a84cec781abf40b4bbbf9ddd183786bb\na84cec781abf40b4bbbf9ddd183786bb"};
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(good); i++) {
        char line[64];
        snprintf(line, sizeof(line), "  %s\n", good[i]);
        is_text(ros__machine_id_read(ros__slice_of(line)), good[i]);
    }
    for (size_t i = 0; i < ROS_COUNT(bad); i++)
        is_text(ros__machine_id_read(ros__slice_of(bad[i])), NULL);
}

#define DMI(section, entry) "# dmidecode 3.2\n\nHandle 0x0, DMI type 0\n" section "\n\t" entry "\n\n"

static void test_cloud_provider(void **state)
{
    static const struct {
        enum ros__spec spec;
        const char *text;
        const char *provider;
    } rows[] = {
        {ROS__SPEC_subscription_manager_facts, "x: y\naws_instance_id: i-0\n", "aws"},
        {ROS__SPEC_subscription_manager_facts, "gcp_instance_id: 1\nazure_instance_id: 2\n", "azure"},
        {ROS__SPEC_subscription_manager_facts, "my_aws_instance_id: 1\n", NULL},
        {ROS__SPEC_dmidecode, DMI("BIOS Information", "Vendor: AMAZON EC2"), "aws"},
        {ROS__SPEC_dmidecode, DMI("BIOS Information", "Version: 4.11.amazon"), "aws"},
        {ROS__SPEC_dmidecode, DMI("BIOS Information", "Vendor: Google"), "gcp"},
        {ROS__SPEC_dmidecode, DMI("Chassis Information", "Asset Tag: 7783-7084-3265-9085-8269-3286-77"), "azure"},
        {ROS__SPEC_dmidecode, DMI("System Information", "Manufacturer: Alibaba Cloud"), "alibaba"},
        {ROS__SPEC_dmidecode,
         DMI("System Information", "UUID: EC2-1") DMI("Chassis Information", "Asset Tag: Amazon EC2"), "aws"},
        {ROS__SPEC_dmidecode, DMI("System Information", "UUID: EC2-1"), NULL},
        {ROS__SPEC_dmidecode, DMI("BIOS Information", "Vendor: Xen") DMI("BIOS Information", "Vendor: Google"), NULL},
        {ROS__SPEC_dmidecode, DMI("BIOS Language", "Vendor: Google"), NULL},
        {ROS__SPEC_dmidecode, "BIOS Information\n\tVendor: Google\n", NULL},
        {ROS__SPEC_yum_repolist, "repo id  name\nrhui-microsoft-azure-rhel8 x\n", "azure"},
        {ROS__SPEC_yum_repolist, "repo id  name\nmine  rhui-microsoft-azure-rhel8\n", NULL},
        {ROS__SPEC_cloud_init_query, "('oracle', 'oracle')\n", "oci"},
        {ROS__SPEC_cloud_init_query, "('x', 'aws')\n", NULL},
        {ROS__SPEC_installed_rpms, "bash-1-2.x86_64\nRH-Amazon-rhui-client-3.0-1.el8.noarch\tx\n", "aws"},
        {ROS__SPEC_installed_rpms, "{\"name\": \"google-rhui-client-rhel8\",\"version\":\"1\"}\n", "gcp"},
        {ROS__SPEC_installed_rpms, "{\"name\": \"x\",\"vendor\":\"google-rhui-client\"}\n", NULL},
        {ROS__SPEC_rhsm_conf, "[server]\nhostname = x.networklayer.com\n", "ibm"},
        {ROS__SPEC_rhsm_conf, "[rhsm]\nhostname = x.networklayer.com\n[server]\nhostname=y\n", NULL},
    };
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        struct ros__upload upload;
        memset(&upload, 0, sizeof(upload));
        upload.texts[rows[i].spec] = ros__slice_of(rows[i].text);
        const char *provider = ros__cloud_provider(&upload);
        if (provider == NULL ? rows[i].provider != NULL
                             : rows[i].provider == NULL || strcmp(provider, rows[i].provider) != 0)
            fail_msg("row %zu gives %s", i, provider != NULL ? provider : "nothing");
    }
}

static void test_cloud_facts(void **state)
{
    static const struct {
        const char *cloud, *doc, *azure, *type, *region;
    } rows[] = {
        {"aws", "{\"instanceType\": \"m5.large\",\n\"region\": \"us-east-1\"}", NULL, "m5.large", "us-east-1"},
        {"aws", "HTTP/1.1 200\n  {\"instanceType\": \"a\", \"instanceType\": \"b\", \"region\": \"\"}", NULL, "b", ""},
        {"aws", "{\"instanceType\": \"a\"}", "Standard_B2s", NULL, NULL},
        {"aws", "{\"instanceType\": 5, \"region\": null}", NULL, NULL, NULL},
        {"aws", "curl: (7) no route {\n{\"instanceType\": \"a\"}", NULL, NULL, NULL},
        {"aws", "<?xml version\n{\"instanceType\": \"a\"}", NULL, NULL, NULL},
        {"aws", "{\"instanceType\": \"a\"} trailing", NULL, NULL, NULL},
        {"aws", "[]", "Standard_B2s", "Standard_B2s", NULL},
        {"azure", "{\"instanceType\": \"a\"}", "x y_z\nStandard_B2s\n_no\n", "Standard_B2s", NULL},
        {"azure", NULL, "curl: x\nStandard_B2s", NULL, NULL},
        {"gcp", "{\"instanceType\": \"a\"}", NULL, NULL, NULL},
    };
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        ros_auto(ros_evidence) struct ros_evidence evidence;
        struct ros__upload upload;
        char fact[64];
        ros_evidence_init(&evidence, NULL);
        struct ros__facts facts = {.arena = &evidence.arena};
        memset(&upload, 0, sizeof(upload));
        snprintf(fact, sizeof(fact), "%s_instance_id: x", rows[i].cloud);
        upload.texts[ROS__SPEC_subscription_manager_facts] = ros__slice_of(fact);
        if (rows[i].doc != NULL)
            upload.texts[ROS__SPEC_aws_instance_id_doc] = ros__slice_of(rows[i].doc);
        if (rows[i].azure != NULL)
            upload.texts[ROS__SPEC_azure_instance_type] = ros__slice_of(rows[i].azure);
        assert_int_equal(ros__cloud_facts(&upload, &facts), ROS_OK);
        evidence.facts = facts.items;
        evidence.fact_count = facts.count;
        const char *const names[] = {"host.instance_type", "host.region"};
        const char *const wants[] = {rows[i].type, rows[i].region};
        assert_string_equal(ros_evidence_text(&evidence, "host.cloud"), rows[i].cloud);
        for (size_t k = 0; k < 2; k++) {
            const char *have = ros_evidence_text(&evidence, names[k]);
            if (have == NULL ? wants[k] != NULL : wants[k] == NULL || strcmp(have, wants[k]) != 0)
                fail_msg("row %zu: %s is %s", i, names[k], have != NULL ? have : "absent");
        }
    }
}

static void test_kernel_goes_before_release_file(void **state)
{
    static const struct {
        const char *uname, *release;
        double major;
    } rows[] = {
        {"Linux h 4.18.0-305.el8.x86_64 #1", "x release 7.1", 8},
        {"Linux h 9.99.0-1.el8.x86_64 #1", "x release 7.1", -1}, /* no release brought it: unknown */
        {"garbled", "x release 7.1", 7},
        {NULL, "x release 7.1", 7},
        {NULL, NULL, -1},
    };
    (void) state;
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        ros_auto(ros_evidence) struct ros_evidence evidence;
        struct ros__upload upload;
        ros_evidence_init(&evidence, NULL);
        struct ros__facts facts = {.arena = &evidence.arena};
        memset(&upload, 0, sizeof(upload));
        if (rows[i].uname != NULL)
            upload.texts[ROS__SPEC_uname] = ros__slice_of(rows[i].uname);
        if (rows[i].release != NULL)
            upload.texts[ROS__SPEC_redhat_release] = ros__slice_of(rows[i].release);
        assert_int_equal(ros__host_facts(&upload, &facts), ROS_OK);
        evidence.facts = facts.items;
        evidence.fact_count = facts.count;
        const struct ros_fact *major = ros_evidence_fact(&evidence, "host.rhel.major");
        assert_float_equal((major != NULL ? major->number : -1), rows[i].major, 0);
        assert_null(ros_evidence_fact(&evidence, "host.psi_enabled"));
    }
}

static void test_text_clean(void **state)
{
    static const struct {
        const char *from;
        size_t len;
        const char *to;
    } rows[] = {
        {"a\r\nb\rc\n", 7, "a\nb\nc\n"},
        {"\xc3\xa9", 2, "\xc3\xa9"},
        {"\xe9", 1, "\xef\xbf\xbd"},
        {"a\0b", 3,
         "a\xef\xbf\xbd"
         "b"},
        {"\xc0\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
        {"\xf0\x9f\x98", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"", 0, ""},
    };
    ros_auto(ros_arena) struct ros_arena arena;
    (void) state;
    ros_arena_init(&arena, NULL, 0);
    for (size_t i = 0; i < ROS_COUNT(rows); i++) {
        struct ros__slice clean;
        assert_int_equal(ros__text_clean(&arena, rows[i].from, rows[i].len, &clean), ROS_OK);
        is_text(clean, rows[i].to);
    }
}

static void test_blanks(void **state)
{
    struct ros__slice rest = ros__slice_of("\xc2\xa0 a\x1c\xe2\x80\x83"
                                           "b\xe3\x80\x80");
    (void) state;
    is_text(ros__slice_strip(rest), "a\x1c\xe2\x80\x83"
                                    "b");
    is_text(ros__slice_word(&rest), "a");
    is_text(ros__slice_word(&rest), "b");
    is_text(ros__slice_word(&rest), "");
    is_text(ros__slice_strip(ros__slice_of(" \t ")), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary),         cmocka_unit_test(test_summary_one_bad_line_spoils_it),
        cmocka_unit_test(test_summary_numbers), cmocka_unit_test(test_summary_instances_are_bounded),
        cmocka_unit_test(test_lscpu),           cmocka_unit_test(test_uname),
        cmocka_unit_test(test_redhat_release),  cmocka_unit_test(test_cmdline),
        cmocka_unit_test(test_machine_id),      cmocka_unit_test(test_cloud_provider),
        cmocka_unit_test(test_cloud_facts),     cmocka_unit_test(test_kernel_goes_before_release_file),
        cmocka_unit_test(test_text_clean),      cmocka_unit_test(test_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
