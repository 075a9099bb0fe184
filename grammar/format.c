/*
 * In three steps: the words of the file fall into lines as the author broke them; each line is written with one blank
 * where blanks belong, and its columns are marked; then the columns of neighbouring lines are pushed to the same place.
 */
#include "grammar/format.h"

#include <string.h>

#include "grammar/parser.h"
#include "ros.tab.h"

#define INDENT 2
#define COLUMNS 4     /* the last is the comment behind a line */
#define FARTHEST 28   /* a column is not aligned with one that far to its right */
#define COMMENT_GAP 2 /* blanks before it */

/* What a line begins with decides which of its words begin columns, and with which neighbours they are aligned. */
enum kind {
    KIND_OTHER,
    KIND_INPUT, /* metric, fact */
    KIND_PARAM,
    KIND_VALUE, /* let, report */
    KIND_GUARD, /* require, need, check */
    KIND_TABLE,
    KIND_TEST,
    KIND_FLAG, /* in a state: NAME "text" when ... */
    KIND_RULE, /* in a rule: offer, allow, NAME "text" */
    KIND_STEP, /* in candidates: where, let, need, sort */
    KIND_BIND  /* in a fixture: path = literal */
};

struct line {
    uint32_t first;
    uint32_t count; /* words, a comment at the end included */
    enum kind kind;
    bool blank_before;
    bool continues; /* the line before it */
    uint32_t depth; /* of braces */
    size_t text;    /* where its text begins in the scratch */
    size_t len;
    size_t marks[COLUMNS]; /* where a column begins in its text; SIZE_MAX: it has none */
    size_t if_at;          /* of its first `if`; SIZE_MAX: none */
};

enum brace { BRACE_SET, BRACE_TABLE, BRACE_STATE, BRACE_CANDIDATES, BRACE_RULE, BRACE_BINDS, BRACE_TEST, BRACE_OTHER };

struct formatter {
    const struct ros_source *source;
    const struct ros__token *words;
    size_t word_count;
    struct line *lines;
    size_t line_count;
    enum brace braces[64]; /* that are open; deeper ones are OTHER */
    uint32_t depth;
    struct ros_buf text; /* of all lines, one behind the other, without indents */
};

/* --- words -------------------------------------------------------------------------------------------------------- */

static int word_at(const struct formatter *f, size_t index)
{
    return index < f->word_count ? f->words[index].token : 0;
}

static bool is_operator(int token)
{
    static const int operators[] = {AND,  OR,   NOT,    GE,    LE,     EQ,    NE,    GE_ABOUT, LE_ABOUT, EQ_ABOUT,
                                    LT,   GT,   ORELSE, PLUS,  MINUS,  STAR,  SLASH, ASSIGN,   IN,       IF,
                                    THEN, ELSE, WHEN,   WHERE, EXPECT, COLON, COMMA, LPAREN,   LBRACKET};
    for (size_t i = 0; i < ROS_COUNT(operators); i++)
        if (operators[i] == token)
            return true;
    return false;
}

/* A line that begins so goes on with the one before it; so does one that follows such an end. */
static bool goes_on_with(int token)
{
    static const int starts[] = {AND,   OR,     GE,       LE,   EQ,    NE,     GE_ABOUT, LE_ABOUT, EQ_ABOUT, LT,
                                 GT,    ORELSE, PLUS,     STAR, SLASH, ASSIGN, IN,       THEN,     ELSE,     WHEN,
                                 COMMA, RPAREN, RBRACKET, TEXT, DOT,   LBRACE, RAW,      VERSION};
    for (size_t i = 0; i < ROS_COUNT(starts); i++)
        if (starts[i] == token)
            return true;
    return false;
}

static enum brace top(const struct formatter *f)
{
    return f->depth == 0 || f->depth > ROS_COUNT(f->braces) ? BRACE_OTHER : f->braces[f->depth - 1];
}

static enum brace brace_of(const struct formatter *f, size_t open, size_t line_first)
{
    if (word_at(f, open - 1) == IN)
        return BRACE_SET;
    for (size_t i = open; i-- > line_first;) /* the last word before it that opens a block */
        switch (word_at(f, i)) {
        case TABLE:
            return BRACE_TABLE;
        case STATE:
            return BRACE_STATE;
        case CANDIDATES:
            return BRACE_CANDIDATES;
        case RULE:
            return BRACE_RULE;
        case FIXTURE:
        case ORG:
            return BRACE_BINDS;
        case TEST:
            return BRACE_TEST;
        default:
            break;
        }
    return BRACE_OTHER;
}

/* --- blanks ------------------------------------------------------------------------------------------------------- */

static bool is_unary(const struct formatter *f, size_t minus)
{
    return word_at(f, minus) == MINUS && (minus == 0 || is_operator(word_at(f, minus - 1)));
}

/* `count/s` is one word, `a / b` are three: a unit stands behind a colon. */
static bool in_type(const struct formatter *f, size_t index)
{
    while (index > 0 && (word_at(f, index) == NAME || word_at(f, index) == SLASH || word_at(f, index) == PERCENT))
        index--;
    return word_at(f, index) == COLON;
}

static bool begins_item(const struct formatter *f, size_t index)
{
    int token = word_at(f, index);
    int before = word_at(f, index - 1);
    if (before == LBRACE)
        return false;
    switch (top(f)) {
    case BRACE_TABLE:
        return (token == NAME && word_at(f, index + 1) == COLON) || token == CHECK;
    case BRACE_TEST:
        return token == WITH || token == EXPECT || token == GIVEN;
    case BRACE_BINDS:
        return token == NAME && before != DOT && before != ASSIGN;
    default:
        return false;
    }
}

static size_t blanks_before(const struct formatter *f, size_t index)
{
    int token = word_at(f, index);
    int before = word_at(f, index - 1);
    if (token == ROS__COMMENT)
        return COMMENT_GAP;
    if (token == COMMA || token == RPAREN || token == RBRACKET || token == DOT || token == DOTDOT || before == LPAREN ||
        before == LBRACKET || before == DOT || before == DOTDOT || is_unary(f, index - 1))
        return 0;
    if (token == LPAREN)
        return before == NAME ? 0 : 1;
    if (token == LBRACKET)
        return before == NAME || before == RBRACKET || before == RPAREN ? 0 : 1;
    if ((token == SLASH || before == SLASH) && in_type(f, index))
        return 0;
    if (top(f) == BRACE_SET && (before == LBRACE || token == RBRACE))
        return 0;
    if (token == COLON && top(f) == BRACE_TABLE)
        return 0;
    return begins_item(f, index) ? 2 : 1;
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

static size_t breaks_between(const struct formatter *f, size_t index)
{
    const struct ros__token *a = &f->words[index - 1];
    size_t count = 0;
    for (size_t i = a->start + a->length; i < f->words[index].start; i++)
        count += f->source->text[i] == '\n';
    return count;
}

static enum kind kind_of(const struct formatter *f, size_t first)
{
    int token = word_at(f, first);
    if (top(f) == BRACE_RULE)
        return token == OFFER || token == ALLOW || (token == NAME && word_at(f, first + 1) == TEXT) ? KIND_RULE
                                                                                                    : KIND_OTHER;
    if (top(f) == BRACE_CANDIDATES)
        return token == WHERE || token == LET || token == NEED || token == SORT ? KIND_STEP : KIND_OTHER;
    if (top(f) == BRACE_STATE)
        return token == NAME ? KIND_FLAG : KIND_OTHER;
    if (top(f) == BRACE_BINDS)
        return token == NAME ? KIND_BIND : KIND_OTHER;
    switch (token) {
    case METRIC:
    case FACT:
        return KIND_INPUT;
    case PARAM:
        return KIND_PARAM;
    case LET:
    case REPORT:
        return KIND_VALUE;
    case REQUIRE:
        return KIND_GUARD;
    case TABLE:
        return KIND_TABLE;
    case TEST:
        return KIND_TEST;
    default:
        return KIND_OTHER;
    }
}

/* Which column word i of a line of this kind begins, or COLUMNS. ifs: how many `if` wait for their `else`. */
static size_t column_of(const struct formatter *f, const struct line *line, size_t i, size_t ifs)
{
    int token = word_at(f, i);
    bool second = i == line->first + 1;
    switch (line->kind) {
    case KIND_INPUT:
        return token == COLON ? 0 : token == RAW ? 1 : COLUMNS;
    case KIND_PARAM:
        if (token == COLON || (token == ASSIGN && line->marks[0] == SIZE_MAX))
            return 0;
        return token == IN ? 1 : token == TEXT && word_at(f, i - 1) != ASSIGN ? 2 : COLUMNS;
    case KIND_VALUE:
    case KIND_BIND:
        return token == ASSIGN && line->marks[0] == SIZE_MAX ? 0 : COLUMNS;
    case KIND_GUARD:
        return token == ELSE && ifs == 0 ? 0 : COLUMNS;
    case KIND_TABLE:
        return token == FROM ? 0 : token == KEY ? 1 : token == LBRACE ? 2 : COLUMNS;
    case KIND_TEST:
        return token == LBRACE ? 0 : token == EXPECT && line->marks[1] == SIZE_MAX ? 1 : COLUMNS;
    case KIND_FLAG:
        return second && token == TEXT ? 0 : token == WHEN ? 1 : COLUMNS;
    case KIND_RULE:
    case KIND_STEP:
        return second ? 0 : COLUMNS;
    case KIND_OTHER:
        break;
    }
    return COLUMNS;
}

static void open_brace(struct formatter *f, size_t index, size_t line_first)
{
    f->depth++;
    if (f->depth <= ROS_COUNT(f->braces)) {
        f->depth--; /* brace_of() looks at what is around it */
        enum brace brace = brace_of(f, index, line_first);
        f->braces[f->depth++] = brace;
    }
}

/* Writes a line's words into the scratch. */
static void write_line(struct formatter *f, struct line *line)
{
    size_t ifs = 0;
    line->text = f->text.len;
    line->if_at = SIZE_MAX;
    for (size_t c = 0; c < COLUMNS; c++)
        line->marks[c] = SIZE_MAX;
    for (size_t i = line->first; i < (size_t) line->first + line->count; i++) {
        const struct ros__token *word = &f->words[i];
        for (size_t blanks = i > line->first ? blanks_before(f, i) : 0; blanks > 0; blanks--)
            ros_buf_addc(&f->text, ' ');
        size_t column = word->token == ROS__COMMENT && i > line->first ? COLUMNS - 1 : column_of(f, line, i, ifs);
        if (column < COLUMNS && i > line->first)
            line->marks[column] = f->text.len - line->text;
        if (word->token == IF && line->if_at == SIZE_MAX)
            line->if_at = f->text.len - line->text;
        ifs += word->token == IF;
        ifs -= word->token == ELSE && ifs > 0;
        if (word->token == LBRACE)
            open_brace(f, i, line->first);
        else if (word->token == RBRACE && f->depth > 0)
            f->depth--;
        size_t len = word->length;
        while (word->token == ROS__COMMENT && len > 0 &&
               strchr(" \t\r", f->source->text[word->start + len - 1]) != NULL)
            len--;
        ros_buf_add(&f->text, f->source->text + word->start, len);
    }
    line->len = f->text.len - line->text;
}

static bool continues(const struct formatter *f, size_t first)
{
    if (first == 0 || word_at(f, first) == ROS__COMMENT)
        return false;
    size_t before = first - 1;
    while (before > 0 && word_at(f, before) == ROS__COMMENT)
        before--;
    return goes_on_with(word_at(f, first)) || (is_operator(word_at(f, before)) && word_at(f, before) != LBRACE);
}

static void add_line(struct formatter *f, size_t first, size_t end)
{
    struct line *line = &f->lines[f->line_count];
    size_t breaks = first > 0 ? breaks_between(f, first) : 0;
    *line = (struct line){.first = (uint32_t) first, .count = (uint32_t) (end - first)};
    line->continues = continues(f, first);
    line->kind = line->continues || word_at(f, first) == ROS__COMMENT ? KIND_OTHER : kind_of(f, first);
    line->depth = f->depth - (word_at(f, first) == RBRACE && f->depth > 0);
    line->blank_before = breaks > 1 && word_at(f, first - 1) != LBRACE && word_at(f, first) != RBRACE;
    write_line(f, line);
    f->line_count++;
}

static void break_lines(struct formatter *f)
{
    size_t first = 0;
    for (size_t i = 1; i <= f->word_count; i++)
        if (i == f->word_count || breaks_between(f, i) > 0) {
            add_line(f, first, i);
            first = i;
        }
}

/* --- columns ------------------------------------------------------------------------------------------------------ */

/* Lines of one kind and depth, with nothing between them but their own continuations. */
static size_t group_end(const struct formatter *f, size_t first, size_t column)
{
    const struct line *head = &f->lines[first];
    size_t end = first + 1;
    for (; end < f->line_count; end++) {
        const struct line *line = &f->lines[end];
        bool same = line->depth == head->depth && !line->blank_before;
        if (column == COLUMNS - 1 ? !same || line->marks[column] == SIZE_MAX
                                  : !line->continues && (!same || line->kind != head->kind))
            break;
    }
    return end;
}

/* Blanks that go before a column are kept as a number until the line is printed: pads[column] of each line. */
static size_t padded(const struct line *line, const size_t pads[COLUMNS], size_t column)
{
    size_t at = line->marks[column];
    for (size_t c = 0; c < column; c++)
        if (line->marks[c] != SIZE_MAX)
            at += pads[c];
    return at;
}

static void align_column(const struct formatter *f, size_t first, size_t end, size_t column, size_t (*pads)[COLUMNS])
{
    size_t least = SIZE_MAX;
    size_t most = 0;
    for (size_t i = first; i < end; i++) {
        if (f->lines[i].marks[column] == SIZE_MAX)
            continue;
        size_t at = padded(&f->lines[i], pads[i], column);
        least = at < least ? at : least;
    }
    for (size_t i = first; i < end; i++) {
        if (f->lines[i].marks[column] == SIZE_MAX)
            continue;
        size_t at = padded(&f->lines[i], pads[i], column);
        if (at - least <= FARTHEST && at > most)
            most = at;
    }
    for (size_t i = first; i < end; i++)
        if (f->lines[i].marks[column] != SIZE_MAX) {
            size_t at = padded(&f->lines[i], pads[i], column);
            pads[i][column] = at < most ? most - at : 0;
        }
}

static void align(const struct formatter *f, size_t (*pads)[COLUMNS])
{
    for (size_t column = 0; column < COLUMNS; column++)
        for (size_t first = 0, end; first < f->line_count; first = end) {
            bool comment = column == COLUMNS - 1;
            end = first + 1;
            if (comment ? f->lines[first].marks[column] == SIZE_MAX : f->lines[first].kind == KIND_OTHER)
                continue;
            end = group_end(f, first, column);
            align_column(f, first, end, column, pads);
        }
}

/* --- the result --------------------------------------------------------------------------------------------------- */

static void print_blanks(struct ros_buf *out, size_t count)
{
    for (; count > 0; count--)
        ros_buf_addc(out, ' ');
}

/* An `else` goes below the `if` that it belongs to; anything else that goes on is indented once more. */
static size_t indent_of(const struct formatter *f, const struct line *line, size_t if_column)
{
    size_t indent = (size_t) line->depth * INDENT;
    if (!line->continues)
        return indent;
    return word_at(f, line->first) == ELSE && if_column != SIZE_MAX ? if_column : indent + INDENT;
}

static void print_line(const struct formatter *f, const struct line *line, const size_t pads[COLUMNS], size_t indent,
                       struct ros_buf *out)
{
    const char *text = ros_buf_text(&f->text) + line->text;
    size_t at = 0;
    print_blanks(out, indent);
    while (at < line->len) {
        size_t next = line->len;
        size_t column = COLUMNS;
        for (size_t c = 0; c < COLUMNS; c++)
            if (line->marks[c] != SIZE_MAX && line->marks[c] >= at && line->marks[c] < next && pads[c] > 0) {
                next = line->marks[c];
                column = c;
            }
        ros_buf_add(out, text + at, next - at);
        if (column == COLUMNS)
            break;
        print_blanks(out, pads[column]);
        size_t stop = line->len;
        for (size_t c = 0; c < COLUMNS; c++)
            if (line->marks[c] != SIZE_MAX && line->marks[c] > next && line->marks[c] < stop && pads[c] > 0)
                stop = line->marks[c];
        ros_buf_add(out, text + next, stop - next);
        at = stop;
    }
    ros_buf_addc(out, '\n');
}

static void print(const struct formatter *f, const size_t (*pads)[COLUMNS], struct ros_buf *out)
{
    size_t if_column = SIZE_MAX;
    for (size_t i = 0; i < f->line_count; i++) {
        const struct line *line = &f->lines[i];
        if (line->blank_before && i > 0)
            ros_buf_addc(out, '\n');
        size_t indent = indent_of(f, line, if_column);
        print_line(f, line, pads[i], indent, out);
        if (!line->continues)
            if_column = SIZE_MAX;
        if (line->if_at == SIZE_MAX || if_column != SIZE_MAX)
            continue;
        if_column = indent + line->if_at;
        for (size_t c = 0; c < COLUMNS; c++)
            if (line->marks[c] != SIZE_MAX && line->marks[c] <= line->if_at)
                if_column += pads[i][c];
    }
}

/* --- the promise -------------------------------------------------------------------------------------------------- */

static bool same_word(const struct ros_source *a, const struct ros__token *x, const struct ros_source *b,
                      const struct ros__token *y)
{
    size_t len = x->length;
    while (x->token == ROS__COMMENT && len > 0 && strchr(" \t\r", a->text[x->start + len - 1]) != NULL)
        len--;
    return x->token == y->token && len == y->length && memcmp(a->text + x->start, b->text + y->start, len) == 0;
}

/* Reads the result back: its words must be those of the source. */
static enum ros_code check(struct ros_unit *unit, const struct formatter *f, const struct ros_buf *out, size_t start,
                           struct ros_error *reterr)
{
    ros_auto(ros_arena) struct ros_arena arena;
    struct ros_diags diags;
    struct ros_file file;
    uint32_t index;
    const struct ros__token *words = NULL;
    size_t count = 0;
    ros_arena_init(&arena, unit->arena->alloc, 0);
    ros_diags_init(&diags, &arena);
    struct ros_unit *again = ros_unit_new(&arena);
    if (again == NULL)
        return ros_error_code(reterr, ROS_E_OOM);
    enum ros_code code =
        ros_unit_add_source(again, ROS_FILE_RULES, "result", ros_buf_text(out) + start, out->len - start, &index);
    if (code == ROS_OK)
        code = ros__parse_listening(again, index, &diags, &file, &words, &count);
    if (code != ROS_OK && code != ROS_E_RULES)
        return ros_error_code(reterr, code);
    bool same = code == ROS_OK && count == f->word_count;
    for (size_t i = 0; same && i < count; i++)
        same = same_word(f->source, &f->words[i], &again->sources[index], &words[i]);
    return same ? ROS_OK : ros_error_set(reterr, ROS_E_INTERNAL, "the canonical form would change the rules");
}

static enum ros_code lay_out(struct formatter *f, struct ros_arena *arena, struct ros_buf *out,
                             struct ros_error *reterr)
{
    f->lines = ros_arena_new_array(arena, struct line, f->word_count + 1);
    size_t(*pads)[COLUMNS] = ros_arena_array(arena, f->word_count + 1, sizeof *pads);
    if (f->lines == NULL || pads == NULL)
        return ros_error_code(reterr, ros_arena_code(arena));
    break_lines(f);
    if (ros_buf_code(&f->text) != ROS_OK)
        return ros_error_code(reterr, ros_buf_code(&f->text));
    align(f, pads);
    print(f, (const size_t(*)[COLUMNS]) pads, out);
    return ros_buf_code(out) == ROS_OK ? ROS_OK : ros_error_code(reterr, ros_buf_code(out));
}

enum ros_code ros_format(struct ros_unit *unit, uint32_t file_index, struct ros_diags *diags, struct ros_buf *out,
                         struct ros_error *reterr)
{
    struct ros_file file;
    struct formatter f = {.source = &unit->sources[file_index]};
    enum ros_code code = ros__parse_listening(unit, file_index, diags, &file, &f.words, &f.word_count);
    if (code != ROS_OK)
        return ros_error_code(reterr, code);
    size_t start = out->len;
    ros_auto(ros_arena) struct ros_arena arena;
    ros_arena_init(&arena, unit->arena->alloc, 0);
    ros_buf_init(&f.text, unit->arena->alloc, 0);
    code = f.word_count > 0 ? lay_out(&f, &arena, out, reterr) : ROS_OK;
    ros_buf_done(&f.text);
    if (code == ROS_OK)
        code = check(unit, &f, out, start, reterr);
    return code;
}
