/*
 * The grammar. Each production builds its node and nothing else; names, types and units are interp/sema's business.
 *
 * There are no terminators: every declaration starts with a word of its own, and after a syntax error the lexer skips
 * to the next of them (see ros.l), so that one run lists the errors of all declarations.
 *
 * Bison's stacks are arrays of yyparse()'s frame and do not grow: an expression at ROS_LIMIT_NESTING needs some 13
 * entries a level. LAC explores on a stack of 20 states that only empty productions lengthen, and no state has that
 * many. So the parser allocates nothing, and YYMALLOC can refuse.
 */
%define api.pure full
%define api.prefix {ros__yy}
%define api.location.type {struct ros_span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {struct ros__parser *p}
%lex-param {void *scanner}
%parse-param {void *scanner}

%code requires {
#include "grammar/parser.h"
}

%code {
#include "grammar/build.h"
#include "grammar/report.h"

#define YYINITDEPTH 4000
#define YYMAXDEPTH 4000
#define YYMALLOC(size) ((void) (size), (void *) 0)
#define YYFREE(memory) ((void) (memory))
#define YYLLOC_DEFAULT(current, rhs, n)                                                                                \
    do {                                                                                                               \
        if (n)                                                                                                         \
            (current) = ros__span_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n));                                            \
        else                                                                                                           \
            (current) = (struct ros_span){YYRHSLOC(rhs, 0).file,                                                       \
                                          YYRHSLOC(rhs, 0).start + YYRHSLOC(rhs, 0).length, 0};                        \
    } while (0)

int ros__yylex(YYSTYPE *value, struct ros_span *span, struct ros__parser *p, void *scanner);
static void yyerror(struct ros_span *span, struct ros__parser *p, void *scanner, const char *message);

#define ADD(list, item) ros__list_add(p, (list), &(item), sizeof(item))
#define ITEMS(list) ros__list_items(list)
#define COUNT(list) ros__list_count(list)
#define NO_NAME ((struct ros_name){0})
#define BODY(kind, name, expr, reason, message)                                                                        \
    (ros__decl_add(p, ROS_DECL_##kind, yyloc)->body = (struct ros_decl_expr){(name), (expr), (reason), (message)})
#define STEP(list, kind, first, last, name, expr, reason, message)                                                     \
    ros__step_add(p, (list), ROS_STEP_##kind, ros__span_join((first), (last)),                                         \
                  (struct ros_decl_expr){(name), (expr), (reason), (message)})
#define BINARY(operation) ros__expr_binary(p, (operation), yyvsp[-2].expr, yyvsp[0].expr, yylsp[-1])
}

%initial-action { @$ = (struct ros_span){p->file, (uint32_t) p->base, 0}; }

%union {
    struct ros_name name;
    const struct ros_expr *expr;
    struct ros__list *list;
    struct ros_ast_type *type;
    enum ros_binary_op op;
    bool yes;
    struct ros_bind *bind;
    struct ros_rule *rule;
}

%token YYEOF 0 "the end of the file"
%token START_FILE START_EXPR
%token ROS "ros" RULESET "ruleset" VERSION "version" OVERRIDE "override" FOR "for"
%token USE "use" METRIC "metric" FACT "fact" RAW "raw" TABLE "table" FROM "from" KEY "key" CHECK "check" PARAM "param"
%token LET "let" REPORT "report" REQUIRE "require" ELSE "else" STATE "state" EXCLUSIVE "exclusive" WHEN "when"
%token CANDIDATES "candidates" AS "as" WHERE "where" NEED "need" SORT "sort" DECIDE "decide" FIRST "first"
%token EVERY "every" RULE "rule" OFFER "offer" REQUIRED "required" ALLOW "allow" FIXTURE "fixture" TEST "test"
%token GIVEN "given" WITH "with" EXPECT "expect" ORG "org"
%token AND "and" OR "or" NOT "not" IN "in" IF "if" THEN "then" TRUE "true" FALSE "false" MISSING "missing"
%token <name> NUMBER "a number" QUANTITY "a number with a unit" TEXT "a text" NAME "a name"
%token DOTDOT ".." GE ">=" LE "<=" EQ "==" NE "!=" GE_ABOUT ">=~" LE_ABOUT "<=~" EQ_ABOUT "==~" ORELSE "??"
%token DOT "." COMMA "," COLON ":" ASSIGN "=" LBRACE "{" RBRACE "}" LBRACKET "[" RBRACKET "]" LPAREN "(" RPAREN ")"
%token PLUS "+" MINUS "-" STAR "*" SLASH "/" PERCENT "%" LT "<" GT ">"

%type <name> path plain raw reason index
%type <expr> expr or and not cmp els sum mul unary post literal message offer_where
%type <list> names plains columns flags steps exprs rules binds test_steps
%type <type> type type_opt
%type <op> comparison
%type <yes> exclusive policy required
%type <bind> bind
%type <rule> rule_body

%%
start: START_FILE file | START_EXPR expr { p->expr = $2; } ;

file: header declarations ;
header: ROS NUMBER { p->out->language = $2; } kind
  | error { yyerrok; yyclearin; }
  ;
kind: %empty
  | RULESET NAME VERSION plain plain { p->out->ruleset = $2; p->out->version = $4; p->out->doc = $5; }
  | OVERRIDE FOR NAME { p->out->override_for = $3; }
  ;
declarations: %empty | declarations declaration ;

declaration: USE plain { ros__list_add(p, &p->uses, &$2, sizeof($2)); }
  | METRIC path ":" type raw { ros__decl_metric(p, @$, $2, false, NULL, $4, $5); }
  | METRIC path "[" "*" "]" ":" type raw { ros__decl_metric(p, @$, $2, true, NULL, $7, $8); }
  | METRIC path "[" plains "]" ":" type raw { ros__decl_metric(p, @$, $2, false, $4, $7, $8); }
  | FACT path ":" type { ros__decl_add(p, ROS_DECL_FACT, @$)->fact = (struct ros_decl_fact){$2, ros__type_of($4)}; }
  | TABLE NAME FROM plain KEY names "{" columns "}" { ros__decl_table(p, @$, $2, $4, $6, $8); }
  | PARAM NAME type_opt "=" literal plain { ros__decl_param(p, @$, $2, $3, $5, NULL, NULL, $6); }
  | PARAM NAME type_opt "=" literal IN literal DOTDOT literal plain { ros__decl_param(p, @$, $2, $3, $5, $7, $9, $10); }
  | CHECK expr ELSE message { BODY(CHECK, NO_NAME, $2, NO_NAME, $4); }
  | LET NAME "=" expr { BODY(LET, $2, $4, NO_NAME, NULL); }
  | REPORT NAME "=" expr { BODY(REPORT, $2, $4, NO_NAME, NULL); }
  | REQUIRE expr ELSE reason message { BODY(REQUIRE, NO_NAME, $2, $4, $5); }
  | STATE NAME exclusive "{" flags "}" {
        ros__decl_add(p, ROS_DECL_STATE, @$)->state = (struct ros_decl_state){$2, $3, ITEMS($5), COUNT($5)};
    }
  | CANDIDATES NAME FROM NAME AS NAME "{" steps "}" {
        ros__decl_add(p, ROS_DECL_CANDIDATES, @$)->candidates =
            (struct ros_decl_candidates){$2, $4, $6, ITEMS($8), COUNT($8)};
    }
  | DECIDE policy "{" rules "}" {
        ros__decl_add(p, ROS_DECL_DECIDE, @$)->decide = (struct ros_decl_decide){$2, ITEMS($4), COUNT($4)};
    }
  | FIXTURE NAME "{" binds "}" {
        ros__decl_add(p, ROS_DECL_FIXTURE, @$)->fixture = (struct ros_decl_fixture){$2, ITEMS($4), COUNT($4)};
    }
  | TEST plain "{" test_steps "}" {
        ros__decl_add(p, ROS_DECL_TEST, @$)->test = (struct ros_decl_test){$2, ITEMS($4), COUNT($4)};
    }
  | ORG plain "{" binds "}" {
        ros__decl_add(p, ROS_DECL_ORG, @$)->org = (struct ros_decl_org){$2, ITEMS($4), COUNT($4)};
    }
  | error { yyerrok; yyclearin; }
  ;

plain: TEXT { $$ = ros__text_plain(p, $1); } ;
message: TEXT { $$ = ros__text_template(p, $1); } ;
reason: %empty { $$ = NO_NAME; } | NAME ;
raw: %empty { $$ = NO_NAME; } | RAW plain { $$ = $2; } ;
path: NAME | path "." NAME { $$ = ros__path_join(p, $1, $3); } ;
plains: plain { $$ = ADD(NULL, $1); } | plains "," plain { $$ = ADD($1, $3); } ;
names: NAME { $$ = ADD(NULL, $1); } | names "," NAME { $$ = ADD($1, $3); } ;
type: NAME { $$ = ros__type_new(p, $1, NO_NAME, @$); }
  | NAME "/" NAME { $$ = ros__type_new(p, $1, $3, @$); }
  | "%" { $$ = ros__type_new(p, (struct ros_name){"%", 1, @$}, NO_NAME, @$); }
  ;
type_opt: %empty { $$ = NULL; } | ":" type { $$ = $2; } ;
literal: NUMBER { $$ = ros__expr_number(p, $1); }
  | QUANTITY { $$ = ros__expr_quantity(p, $1); }
  | TEXT { $$ = ros__text_value(p, $1); }
  | TRUE { $$ = ros__expr_word(p, ROS_EXPR_BOOL, true, @$); }
  | FALSE { $$ = ros__expr_word(p, ROS_EXPR_BOOL, false, @$); }
  | MISSING { $$ = ros__expr_word(p, ROS_EXPR_MISSING, false, @$); }
  ;

columns: %empty { $$ = NULL; }
  | columns NAME ":" type { $$ = ros__column_add(p, $1, $2, $4, NULL); }
  | columns CHECK expr { $$ = ros__column_add(p, $1, NO_NAME, NULL, $3); }
  ;
exclusive: %empty { $$ = false; } | EXCLUSIVE { $$ = true; } ;
flags: %empty { $$ = NULL; }
  | flags NAME plain WHEN expr { $$ = ros__list_add(p, $1, &(struct ros_flag){$2, $3, $5}, sizeof(struct ros_flag)); }
  ;
steps: %empty { $$ = NULL; }
  | steps WHERE expr { $$ = STEP($1, WHERE, @2, @3, NO_NAME, $3, NO_NAME, NULL); }
  | steps LET NAME "=" expr { $$ = STEP($1, LET, @2, @5, $3, $5, NO_NAME, NULL); }
  | steps NEED expr ELSE reason message { $$ = STEP($1, NEED, @2, @6, NO_NAME, $3, $5, $6); }
  | steps SORT exprs { $$ = ros__sort_add(p, $1, ros__span_join(@2, @3), $3); }
  ;
policy: FIRST { $$ = false; } | EVERY { $$ = true; } ;
rules: %empty { $$ = NULL; }
  | rules RULE NAME WHEN expr "{" rule_body "}" { $$ = ros__rule_add(p, $1, $3, $5, $7); }
  ;
rule_body: %empty { $$ = ros__rule_body_new(p); }
  | rule_body OFFER required NAME offer_where { $$ = ros__rule_offer(p, $1, $3, $4, $5); }
  | rule_body NAME message { $$ = ros__rule_text(p, $1, $2, $3); }
  | rule_body ALLOW NAME TEXT { $$ = ros__rule_allow(p, $1, $3, ros__text_value(p, $4)); }
  ;
required: %empty { $$ = false; } | REQUIRED { $$ = true; } ;
offer_where: %empty { $$ = NULL; } | WHERE expr { $$ = $2; } ;
binds: %empty { $$ = NULL; }
  | binds bind { $$ = $2 != NULL ? ADD($1, *$2) : $1; }
  ;
bind: path index "=" literal { $$ = ros__bind_new(p, NO_NAME, $1, $2, $4); }
  | NAME "(" path index ")" "=" literal { $$ = ros__bind_new(p, $1, $3, $4, $7); }
  ;
index: %empty { $$ = NO_NAME; } | "[" plain "]" { $$ = $2; } ;
test_steps: %empty { $$ = NULL; }
  | test_steps GIVEN NAME { $$ = ros__given_add(p, $1, ros__span_join(@2, @3), $3); }
  | test_steps WITH bind { $$ = ros__with_add(p, $1, ros__span_join(@2, @3), $3); }
  | test_steps EXPECT expr { $$ = ros__expect_add(p, $1, ros__span_join(@2, @3), $3); }
  ;

/* Expressions: one production family a level, so that the levels are read off the page. Comparisons do not chain. */
expr: or
  | IF expr THEN expr ELSE expr { $$ = ros__expr_if(p, $2, $4, $6, @$); }
  ;
or: and | or OR and { $$ = BINARY(ROS_OP_OR); } ;
and: not | and AND not { $$ = BINARY(ROS_OP_AND); } ;
not: cmp | NOT not { $$ = ros__expr_unary(p, ROS_EXPR_NOT, $2, @$, @1); } ;
cmp: els
  | els comparison els { $$ = BINARY($2); }
  | els IN "{" exprs "}" { $$ = ros__expr_list(p, ROS_EXPR_IN, $1, $4, @$); }
  ;
comparison: "<" { $$ = ROS_OP_LT; } | ">" { $$ = ROS_OP_GT; } | LE { $$ = ROS_OP_LE; } | GE { $$ = ROS_OP_GE; }
  | EQ { $$ = ROS_OP_EQ; } | NE { $$ = ROS_OP_NE; } | LE_ABOUT { $$ = ROS_OP_LE_ABOUT; }
  | GE_ABOUT { $$ = ROS_OP_GE_ABOUT; } | EQ_ABOUT { $$ = ROS_OP_EQ_ABOUT; }
  ;
els: sum | els ORELSE sum { $$ = BINARY(ROS_OP_ELSE); } ;
sum: mul | sum "+" mul { $$ = BINARY(ROS_OP_ADD); } | sum "-" mul { $$ = BINARY(ROS_OP_SUB); } ;
mul: unary | mul "*" unary { $$ = BINARY(ROS_OP_MUL); } | mul "/" unary { $$ = BINARY(ROS_OP_DIV); } ;
unary: post | "-" unary { $$ = ros__expr_unary(p, ROS_EXPR_NEGATE, $2, @$, @1); } ;
post: NUMBER { $$ = ros__expr_number(p, $1); }
  | QUANTITY { $$ = ros__expr_quantity(p, $1); }
  | TEXT { $$ = ros__text_template(p, $1); }
  | TRUE { $$ = ros__expr_word(p, ROS_EXPR_BOOL, true, @$); }
  | FALSE { $$ = ros__expr_word(p, ROS_EXPR_BOOL, false, @$); }
  | MISSING { $$ = ros__expr_word(p, ROS_EXPR_MISSING, false, @$); }
  | NAME { $$ = ros__expr_name(p, $1); }
  | "(" expr ")" { $$ = $2; }
  | post "." NAME { $$ = ros__expr_member(p, $1, $3); }
  | post "[" exprs "]" { $$ = ros__expr_list(p, ROS_EXPR_INDEX, $1, $3, @$); }
  | post "(" exprs ")" { $$ = ros__expr_list(p, ROS_EXPR_CALL, $1, $3, @$); }
  ;
exprs: expr { $$ = ADD(NULL, $1); } | exprs "," expr { $$ = ADD($1, $3); } ;
%%
/* Bison calls this for one thing only: its stack, which does not grow, is full. */
static void yyerror(struct ros_span *span, struct ros__parser *p, void *scanner, const char *message)
{
    (void) scanner;
    (void) message;
    if (p->code == ROS_OK)
        ros_diags_add(p->diags, ROS_DIAG_E0701, *span, "more than %d levels of nesting", ROS_LIMIT_NESTING);
}

static int yyreport_syntax_error(const yypcontext_t *context, struct ros__parser *p, void *scanner)
{
    (void) scanner;
    yysymbol_kind_t kinds[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
    const char *names[YYNTOKENS];
    size_t name_count = 0;
    for (int i = 0; i < count; i++)
        names[name_count++] = yysymbol_name(kinds[i]);
    yysymbol_kind_t token = yypcontext_token(context);
    ros__report_unexpected(p, *yypcontext_location(context), token != YYSYMBOL_YYEMPTY ? yysymbol_name(token) : "",
                           names, name_count);
    return 0;
}

bool ros__token_starts_declaration(int token)
{
    switch (token) {
    case USE: case METRIC: case FACT: case TABLE: case PARAM: case CHECK: case LET: case REPORT: case REQUIRE:
    case STATE: case CANDIDATES: case DECIDE: case FIXTURE: case TEST: case ORG:
        return true;
    default:
        return false;
    }
}
