/* SHA-256 by OpenSSL over a canonical walk: counts before lists, numbers by their bits in little-endian order. */
#include <openssl/evp.h>
#include <string.h>

#include "interp/program/program.h"

struct hasher {
    EVP_MD_CTX *context;
    bool failed;
    size_t used;
    unsigned char waiting[4096]; /* numbers come one by one, and a call for each costs more than its digest */
};

static void flush(struct hasher *h)
{
    h->failed = h->failed || EVP_DigestUpdate(h->context, h->waiting, h->used) != 1;
    h->used = 0;
}

static void add(struct hasher *h, const void *data, size_t size)
{
    if (size > sizeof h->waiting - h->used)
        flush(h);
    if (size > sizeof h->waiting) {
        h->failed = h->failed || EVP_DigestUpdate(h->context, data, size) != 1;
        return;
    }
    memcpy(h->waiting + h->used, data, size);
    h->used += size;
}

static void add_u64(struct hasher *h, uint64_t value)
{
    if (sizeof h->waiting - h->used < 8)
        flush(h);
    unsigned char *to = h->waiting + h->used;
    h->used += 8;
    to[0] = (unsigned char) value; /* one by one, which compilers make one store */
    to[1] = (unsigned char) (value >> 8);
    to[2] = (unsigned char) (value >> 16);
    to[3] = (unsigned char) (value >> 24);
    to[4] = (unsigned char) (value >> 32);
    to[5] = (unsigned char) (value >> 40);
    to[6] = (unsigned char) (value >> 48);
    to[7] = (unsigned char) (value >> 56);
}

static void add_double(struct hasher *h, double value)
{
    uint64_t bits = UINT64_C(0x7ff8000000000000); /* every NaN is the same missing */
    if (value == value)
        memcpy(&bits, &value, sizeof bits);
    add_u64(h, bits);
}

static void add_text(struct hasher *h, const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;
    add_u64(h, text != NULL ? len + 1 : 0);
    add(h, text != NULL ? text : "", len);
}

static void add_code(struct hasher *h, const struct ros_program *p)
{
    add_text(h, p->name);
    add_text(h, p->version);
    add_u64(h, p->code_count);
    for (uint32_t i = 0; i < p->code_count; i++)
        add_u64(h, (uint64_t) p->code[i].op | (uint64_t) p->code[i].a << 8 | (uint64_t) p->code[i].b << 16 |
                       (uint64_t) p->code[i].c << 24 | (uint64_t) p->code[i].x << 32);
    add_u64(h, p->const_count);
    for (uint32_t i = 0; i < p->const_count; i++)
        add_double(h, p->consts[i]);
    add_u64(h, p->text_count);
    for (uint32_t i = 1; i < p->text_count; i++)
        add_text(h, p->texts[i]);
}

static void add_schema(struct hasher *h, const struct ros_program *p)
{
    add_u64(h, p->input_count);
    for (uint32_t i = 0; i < p->input_count; i++) {
        const struct ros__prog_input *input = &p->inputs[i];
        add_u64(h, (uint64_t) input->info.statistic << 24 | (uint64_t) input->info.kind << 16 |
                       (uint64_t) input->info.value << 8 | input->info.vector);
        add_text(h, input->info.name);
        add_text(h, input->info.instance);
        add_text(h, input->info.raw_unit);
        add_double(h, input->mul);
        add_double(h, input->div);
    }
    add_u64(h, p->param_count);
    for (uint32_t i = 0; i < p->param_count; i++) {
        add_text(h, p->params[i].name);
        add_u64(h, (uint64_t) p->params[i].bank);
        add_double(h, p->params[i].num);
        add_u64(h, (uint64_t) p->params[i].truth << 32 | p->params[i].text);
    }
    add_u64(h, p->org_count);
    for (uint32_t o = 0; o < p->org_count; o++) {
        add_text(h, p->orgs[o].org);
        for (uint32_t i = 0; i < p->param_count; i++) {
            add_double(h, p->orgs[o].params[i].num);
            add_u64(h, (uint64_t) p->orgs[o].params[i].truth << 32 | p->orgs[o].params[i].text);
        }
    }
    add_u64(h, p->flag_count);
    for (uint32_t i = 0; i < p->flag_count; i++) {
        add_text(h, p->flags[i].name);
        add_text(h, p->flags[i].text);
        add_text(h, p->flags[i].group);
        add_u64(h, (uint64_t) p->flag_groups[i] << 32 | p->flags[i].exclusive);
    }
    add_u64(h, p->report_count);
    for (uint32_t i = 0; i < p->report_count; i++) {
        add_text(h, p->reports[i].info.name);
        add_u64(h, (uint64_t) p->reports[i].slot << 32 | (uint64_t) p->reports[i].info.value << 8 |
                       p->reports[i].info.vector);
    }
}

static void add_column(struct hasher *h, const struct ros__prog_column *column, uint32_t rows)
{
    add_text(h, column->name);
    add_u64(h, (uint64_t) column->bank);
    for (uint32_t row = 0; row < rows; row++) {
        if (column->bank == ROS__BANK_N)
            add_double(h, column->num[row]);
        else
            add_u64(h, ros__column_key(column, row));
    }
}

static void add_tables(struct hasher *h, const struct ros_program *p)
{
    add_u64(h, p->table_count);
    for (uint32_t i = 0; i < p->table_count; i++) {
        const struct ros__prog_table *table = &p->tables[i];
        add_u64(h, (uint64_t) table->rows << 32 | (uint64_t) table->column_count << 8 | table->key_count);
        for (uint32_t k = 0; k < table->key_count; k++)
            add_u64(h, table->keys[k]);
        for (uint32_t c = 0; c < table->column_count; c++)
            add_column(h, &p->columns[table->first_column + c], table->rows);
    }
}

static void add_candidates(struct hasher *h, const struct ros_program *p)
{
    add_u64(h, p->field_count);
    for (uint32_t i = 0; i < p->field_count; i++) {
        add_text(h, p->fields[i].name);
        add_u64(h, (uint64_t) p->fields[i].bank << 32 | p->fields[i].cand);
    }
    add_u64(h, p->cand_count);
    for (uint32_t i = 0; i < p->cand_count; i++) {
        add_text(h, p->cands[i].name);
        add_u64(h, p->cands[i].table);
        add_u64(h, (uint64_t) p->cands[i].first_key << 32 | p->cands[i].key_count);
    }
}

static void add_messages(struct hasher *h, const struct ros_program *p)
{
    add_u64(h, p->message_count);
    for (uint32_t i = 0; i < p->message_count; i++)
        add_u64(h, (uint64_t) p->messages[i].first << 32 | p->messages[i].count);
    add_u64(h, p->part_count);
    for (uint32_t i = 0; i < p->part_count; i++) {
        add_u64(h, (uint64_t) p->parts[i].show << 8 | p->parts[i].reg);
        add_text(h, p->parts[i].text);
    }
    add_u64(h, p->guard_count);
    for (uint32_t i = 0; i < p->guard_count; i++)
        add_u64(h, (uint64_t) p->guards[i].reason << 32 | p->guards[i].message);
}

static void add_rules(struct hasher *h, const struct ros_program *p)
{
    add_u64(h, (uint64_t) p->every << 32 | p->rule_count);
    for (uint32_t i = 0; i < p->rule_count; i++) {
        add_text(h, p->rules[i].name);
        add_u64(h, (uint64_t) p->rules[i].offers << 33 | (uint64_t) p->rules[i].required << 32 | p->rules[i].cand);
        add_u64(h, p->rules[i].text_count);
        for (uint32_t k = 0; k < p->rules[i].text_count; k++) {
            add_text(h, p->rules[i].texts[k].field);
            add_u64(h, p->rules[i].texts[k].message);
        }
    }
}

enum ros_code ros__program_checksum(struct ros_program *program, struct ros_error *reterr)
{
    unsigned char digest[32];
    unsigned size = sizeof digest;
    struct hasher h = {.context = EVP_MD_CTX_new()};
    if (h.context == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    h.failed = EVP_DigestInit_ex(h.context, EVP_sha256(), NULL) != 1;
    add_code(&h, program);
    add_schema(&h, program);
    add_tables(&h, program);
    add_candidates(&h, program);
    add_messages(&h, program);
    add_rules(&h, program);
    flush(&h);
    h.failed = h.failed || EVP_DigestFinal_ex(h.context, digest, &size) != 1;
    EVP_MD_CTX_free(h.context);
    if (h.failed)
        return ros_error_set(reterr, ROS_E_INTERNAL, "SHA-256 is not available");
    for (size_t i = 0; i < sizeof digest; i++) {
        program->checksum[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        program->checksum[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    return ROS_OK;
}
