/* The tar writer is libarchive's: what we test is the reading, so the writing must be somebody else's. */
#include "tests/unit/intake/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "tools/samples/samples.h"

static la_ssize_t take(struct archive *archive, void *context, const void *data, size_t len)
{
    (void) archive;
    return ros_buf_add(context, data, len) == ROS_OK ? (la_ssize_t) len : -1;
}

void fixture_begin(struct fixture *fixture, int filter)
{
    ros_buf_init(&fixture->bytes, NULL, 0);
    fixture->archive = archive_write_new();
    assert_non_null(fixture->archive);
    assert_int_equal(archive_write_set_format_gnutar(fixture->archive), ARCHIVE_OK);
    assert_int_equal(archive_write_add_filter(fixture->archive, filter), ARCHIVE_OK);
    archive_write_set_bytes_in_last_block(fixture->archive, 1);
    assert_int_equal(archive_write_open(fixture->archive, &fixture->bytes, NULL, take, NULL), ARCHIVE_OK);
}

static void put(struct fixture *fixture, const char *path, const char *symlink, const char *hardlink, const void *data,
                size_t len)
{
    struct archive_entry *entry = archive_entry_new();
    assert_non_null(entry);
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, symlink != NULL ? AE_IFLNK : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    if (symlink != NULL)
        archive_entry_set_symlink(entry, symlink);
    else if (hardlink != NULL)
        archive_entry_set_hardlink(entry, hardlink);
    else
        archive_entry_set_size(entry, (la_int64_t) len);
    assert_int_equal(archive_write_header(fixture->archive, entry), ARCHIVE_OK);
    archive_entry_free(entry);
    if (len > 0)
        assert_int_equal(archive_write_data(fixture->archive, data, len), (la_ssize_t) len);
}

void fixture_file(struct fixture *fixture, const char *path, const void *data, size_t len)
{
    put(fixture, path, NULL, NULL, data, len);
}

void fixture_text(struct fixture *fixture, const char *path, const char *text)
{
    put(fixture, path, NULL, NULL, text, strlen(text));
}

void fixture_symlink(struct fixture *fixture, const char *path, const char *target)
{
    put(fixture, path, target, NULL, NULL, 0);
}

void fixture_hardlink(struct fixture *fixture, const char *path, const char *target)
{
    put(fixture, path, NULL, target, NULL, 0);
}

void fixture_meta(struct fixture *fixture, const char *root, const char *spec, const char *relative_path)
{
    char path[300], text[1000];
    snprintf(path, sizeof(path), "%s/meta_data/%s.json", root, spec);
    snprintf(text, sizeof(text),
             "{\"name\": \"insights.specs.Specs.%s\", \"exec_time\": null, \"ser_time\": 0.1, \"errors\": [],"
             " \"results\": {\"type\": \"insights.core.spec_factory.CommandOutputProvider\","
             " \"object\": {\"rc\": null, \"cmd\": \"c\", \"args\": null, \"relative_path\": \"%s\"}}}",
             spec, relative_path);
    fixture_text(fixture, path, text);
}

void fixture_spec(struct fixture *fixture, const char *root, const char *spec, const char *relative_path,
                  const char *text)
{
    char path[300];
    fixture_meta(fixture, root, spec, relative_path);
    snprintf(path, sizeof(path), "%s/data/%s", root, relative_path);
    fixture_text(fixture, path, text);
}

void fixture_end(struct fixture *fixture)
{
    assert_int_equal(archive_write_close(fixture->archive), ARCHIVE_OK);
    archive_write_free(fixture->archive);
    fixture->archive = NULL;
}

void fixture_done(struct fixture *fixture)
{
    ros_buf_done(&fixture->bytes);
}

void fixture_sample(struct ros_buf *out, uint64_t number, int kind)
{
    struct sample_host host;
    struct ros_error error = ROS_ERROR_INIT;
    ros_buf_init(out, NULL, 0);
    sample_host_make(1, number, (enum sample_kind) kind, &host);
    assert_int_equal(sample_archive(&host, out, &error), ROS_OK);
}

enum ros_code fixture_intake(const struct ros_buf *bytes, const struct ros_intake_limits *limits,
                             struct ros_evidence *ret, struct ros_error *reterr)
{
    ros_evidence_init(ret, NULL);
    return ros_intake_memory(bytes->data, bytes->len, limits, ret, reterr);
}

void fixture_refused(const struct ros_buf *bytes, const struct ros_intake_limits *limits, enum ros_code code,
                     const char *word)
{
    ros_auto(ros_evidence) struct ros_evidence evidence;
    struct ros_error error = ROS_ERROR_INIT;
    enum ros_code got = fixture_intake(bytes, limits, &evidence, &error);
    if (got != code || error.code != code || strstr(error.text, word) == NULL)
        fail_msg("wanted %s with '%s', got %s: %s", ros_code_name(code), word, ros_code_name(got), error.text);
    assert_int_equal(evidence.metric_count, 0);
    assert_int_equal(evidence.fact_count, 0);
}
