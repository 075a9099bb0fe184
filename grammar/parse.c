/*
 * One run of the parser: a copy of the text for the scanner, which writes into what it reads, with bytes that no rule
 * file may hold reported and blanked out first.
 */
#include "grammar/parse.h"

#include <string.h>

#include "grammar/parser.h"
#include "grammar/report.h"
#include "interp/base/utf8.h"
#include "ros.tab.h"

#include "ros.lex.h" /* after ros.tab.h, whose types it needs */

int ros__yylex(ROS__YYSTYPE *value, struct ros_span *span, struct ros__parser *p, void *scanner);

struct ros_span ros__span_join(struct ros_span first, struct ros_span last)
{
    uint32_t end = last.start + last.length;
    return (struct ros_span){first.file, first.start, end > first.start ? end - first.start : 0};
}

void ros__parser_fail(struct ros__parser *p)
{
    enum ros_code code = ros_arena_code(p->arena);
    if (p->code == ROS_OK)
        p->code = code != ROS_OK ? code : ROS_E_OOM;
}

/* --- tokens for the grammar --------------------------------------------------------------------------------------- */

/* Where a declaration may begin again after a mistake: at the first word of a line, outside of braces or unindented. */
static bool is_fresh_start(const struct ros__parser *p, int token)
{
    const char *text = p->unit->sources[p->file].text;
    uint32_t line = p->last.span.start;
    if (!ros__token_starts_declaration(token))
        return false;
    while (line > 0 && (text[line - 1] == ' ' || text[line - 1] == '\t')) /* blanks only: a line may be a megabyte */
        line--;
    bool first_word = line == 0 || text[line - 1] == '\n';
    return first_word && (p->brace_depth == 0 || line == p->last.span.start);
}

static int skip_to_declaration(struct ros__parser *p, void *scanner)
{
    int token = p->last_token;
    while (token != 0 && !is_fresh_start(p, token))
        token = ros__lex_lex(scanner);
    p->brace_depth = 0;
    return token;
}

int ros__yylex(ROS__YYSTYPE *value, struct ros_span *span, struct ros__parser *p, void *scanner)
{
    int token = p->start_token;
    if (token != 0) {
        p->start_token = 0;
        *span = (struct ros_span){p->file, (uint32_t) p->base, 0};
        return token;
    }
    bool was_recovering = p->recovering;
    token = was_recovering ? skip_to_declaration(p, scanner) : ros__lex_lex(scanner);
    if (p->recovering && !was_recovering && p->code == ROS_OK) {
        /* A text without an end was met and reported: the next call skips, from what stands behind it. */
        *span = p->last.span;
        return ROS__YYerror;
    }
    p->recovering = false;
    if (p->code != ROS_OK || token == 0) {
        *span = (struct ros_span){p->file, (uint32_t) (p->base + p->len), 0};
        p->last_token = 0;
        return 0;
    }
    value->name = p->last;
    *span = p->last.span;
    return token;
}

/* --- one run ------------------------------------------------------------------------------------------------------ */

static void run_scanner(struct ros__parser *p)
{
    yyscan_t scanner = NULL;
    if (setjmp(p->fatal) != 0) {
        ros__parser_fail(p);
        return;
    }
    if (ros__lex_lex_init_extra(p, &scanner) != 0 || ros__lex__scan_buffer(p->buffer, p->len + 2, scanner) == NULL) {
        ros__parser_fail(p);
        return;
    }
    ros__yyparse(p, scanner);
}

void ros__parser_run(struct ros__parser *p, size_t start, size_t len, int start_token)
{
    p->buffer = ros_arena_get(p->arena, len + 2);
    if (p->buffer == NULL) {
        ros__parser_fail(p);
        return;
    }
    memcpy(p->buffer, p->unit->sources[p->file].text + start, len);
    for (size_t i = 0; i < len; i++) /* reported by check_bytes() */
        if (p->buffer[i] == '\0')
            p->buffer[i] = ' ';
    p->base = start;
    p->len = len;
    p->start_token = start_token;
    run_scanner(p);
}

/* --- sources ------------------------------------------------------------------------------------------------------ */

struct ros_unit *ros_unit_new(struct ros_arena *arena)
{
    struct ros_unit *unit = ros_arena_new(arena, struct ros_unit);
    if (unit == NULL)
        return NULL;
    unit->arena = arena;
    unit->sources = ros_arena_new_array(arena, struct ros_source, ROS_UNIT_SOURCES);
    return unit->sources != NULL ? unit : NULL;
}

enum ros_code ros_unit_add_source(struct ros_unit *unit, enum ros_file_kind kind, const char *path, const char *text,
                                  size_t len, uint32_t *ret_index)
{
    if (unit->source_count == ROS_UNIT_SOURCES || len > UINT32_MAX / 2)
        return ROS_E_LIMIT;
    const char *path_copy = ros_arena_copy(unit->arena, path, strlen(path));
    const char *text_copy = ros_arena_copy(unit->arena, text, len);
    if (path_copy == NULL || text_copy == NULL)
        return ros_arena_code(unit->arena);
    *ret_index = (uint32_t) unit->source_count;
    unit->sources[unit->source_count++] = (struct ros_source){kind, path_copy, text_copy, len};
    return ROS_OK;
}

/* Control characters and broken UTF-8, each reported where the first one stands. */
static void check_bytes(struct ros_unit *unit, uint32_t file, struct ros_diags *diags)
{
    const struct ros_source *source = &unit->sources[file];
    size_t broken = ros_utf8_check(source->text, source->len);
    if (broken < source->len)
        ros_diags_add(diags, ROS_DIAG_E0103, (struct ros_span){file, (uint32_t) broken, 1}, "this byte is not UTF-8");
    for (size_t i = 0; i < source->len; i++) {
        unsigned char c = (unsigned char) source->text[i];
        if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7F) {
            ros_diags_add(diags, ROS_DIAG_E0103, (struct ros_span){file, (uint32_t) i, 1}, "a control character (%u)",
                          c);
            return;
        }
    }
}

static void check_language(struct ros__parser *p)
{
    const struct ros_name *language = &p->out->language;
    if (language->text == NULL || strcmp(language->text, "1") == 0)
        return;
    struct ros_diag *diag = ros_diags_add(p->diags, ROS_DIAG_E0107, language->span,
                                          "this is language %s; this program reads language 1", language->text);
    ros_diag_set_fix(p->diags, diag, language->span, "1");
}

void ros__parser_hear(struct ros__parser *p, int token, const char *text, size_t len)
{
    struct ros__token heard = {token, (uint32_t) (p->base + (size_t) (text - p->buffer)), (uint32_t) len};
    if (p->listens && !p->in_template)
        ros__list_add(p, &p->tokens, &heard, sizeof heard);
}

static enum ros_code parse(struct ros_unit *unit, uint32_t file_index, struct ros_diags *diags, struct ros_file *ret,
                           bool listens, struct ros__parser **ret_parser)
{
    size_t errors_before = diags->error_count;
    const struct ros_source *source = &unit->sources[file_index];
    struct ros__parser *p = ros_arena_new(unit->arena, struct ros__parser);
    *ret = (struct ros_file){0};
    if (p == NULL)
        return ros_arena_code(unit->arena);
    if (source->len > ROS_LIMIT_SOURCE_BYTES) {
        ros_diags_add(diags, ROS_DIAG_E0701, (struct ros_span){file_index, 0, 0}, "a rule file of more than %u bytes",
                      ROS_LIMIT_SOURCE_BYTES);
        return ROS_E_RULES;
    }
    *p = (struct ros__parser){
        .unit = unit, .arena = unit->arena, .diags = diags, .file = file_index, .out = ret, .listens = listens};
    *ret_parser = p;
    check_bytes(unit, file_index, diags);
    ros__parser_run(p, 0, source->len, START_FILE);
    check_language(p);
    ret->uses = ros__list_items(&p->uses);
    ret->use_count = ros__list_count(&p->uses);
    ret->decls = ros__list_items(&p->decls);
    ret->decl_count = ros__list_count(&p->decls);
    if (p->code != ROS_OK)
        return p->code;
    if (diags->code != ROS_OK)
        return diags->code;
    return diags->error_count > errors_before ? ROS_E_RULES : ROS_OK;
}

enum ros_code ros_parse(struct ros_unit *unit, uint32_t file_index, struct ros_diags *diags, struct ros_file *ret)
{
    struct ros__parser *p = NULL;
    return parse(unit, file_index, diags, ret, false, &p);
}

enum ros_code ros__parse_listening(struct ros_unit *unit, uint32_t file_index, struct ros_diags *diags,
                                   struct ros_file *ret, const struct ros__token **ret_tokens, size_t *ret_count)
{
    struct ros__parser *p = NULL;
    enum ros_code code = parse(unit, file_index, diags, ret, true, &p);
    *ret_tokens = p != NULL ? ros__list_items(&p->tokens) : NULL;
    *ret_count = p != NULL ? p->tokens.count : 0;
    return code;
}
