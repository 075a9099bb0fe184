#include "tests/perf/rules/lua.h"

#ifdef ROS_PERF_LUA

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <string.h>

#include "services/intake/evidence.h"

struct perf_lua {
    lua_State *state;
};

static void call(const struct perf_lua *lua, int args, int results)
{
    if (lua_pcall(lua->state, args, results, 0) != LUA_OK)
        perf_fail("Lua: %s", lua_tostring(lua->state, -1));
}

static void push_file(lua_State *state, const char *path)
{
    ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
    perf_read(path, &text);
    lua_pushlstring(state, ros_buf_text(&text), text.len);
}

static void load(const struct perf_lua *lua)
{
    ros_auto(ros_buf) struct ros_buf source = ROS_BUF_INIT;
    perf_read("tests/perf/rules/rightsizing.lua", &source);
    if (luaL_loadbuffer(lua->state, ros_buf_text(&source), source.len, "rightsizing.lua") != LUA_OK)
        perf_fail("Lua: %s", lua_tostring(lua->state, -1));
    call(lua, 0, 0);
    lua_getglobal(lua->state, "load_tables");
    push_file(lua->state, "rules/tables/ec2_types.csv");
    push_file(lua->state, "rules/tables/ec2_linux_price.csv");
    call(lua, 2, 0);
    lua_getglobal(lua->state, "load_texts");
    push_file(lua->state, "rules/rightsizing.ros");
    call(lua, 1, 0);
}

void perf_lua_load(const struct perf_lua *lua)
{
    const struct perf_lua fresh = {luaL_newstate()};
    (void) lua;
    if (fresh.state == NULL)
        perf_fail("Lua: no memory");
    luaL_openlibs(fresh.state);
    load(&fresh);
    lua_close(fresh.state);
}

/* --- evidence as a Lua table -------------------------------------------------------------------------------------- */

static void push_metric(lua_State *state, const struct ros_metric *metric)
{
    lua_newtable(state);
    for (size_t i = 0; i < metric->value_count; i++) {
        const struct ros_metric_value *value = &metric->values[i];
        lua_newtable(state);
        if (!isnan(value->mean)) {
            lua_pushnumber(state, value->mean);
            lua_setfield(state, -2, "mean");
        }
        lua_pushstring(state, value->unit);
        lua_setfield(state, -2, "unit");
        lua_setfield(state, -2, value->instance != NULL ? value->instance : "");
    }
}

static void push_evidence(lua_State *state, const struct ros_evidence *evidence)
{
    lua_newtable(state);
    lua_newtable(state);
    for (size_t i = 0; i < evidence->metric_count; i++) {
        push_metric(state, &evidence->metrics[i]);
        lua_setfield(state, -2, evidence->metrics[i].name);
    }
    lua_setfield(state, -2, "metrics");
    lua_newtable(state);
    for (size_t i = 0; i < evidence->fact_count; i++) {
        const struct ros_fact *fact = &evidence->facts[i];
        if (fact->kind == ROS_FACT_TEXT)
            lua_pushstring(state, fact->text);
        else if (fact->kind == ROS_FACT_NUM)
            lua_pushnumber(state, fact->number);
        else
            lua_pushboolean(state, fact->truth);
        lua_setfield(state, -2, fact->name);
    }
    lua_setfield(state, -2, "facts");
}

/* Globals: `evidences`, a list, and `states`, a table that each score fills. */
struct perf_lua *perf_lua_open(const struct perf_hosts *hosts)
{
    struct perf_lua *lua = ros_alloc_zero(NULL, sizeof *lua);
    if (lua != NULL)
        lua->state = luaL_newstate();
    if (lua == NULL || lua->state == NULL)
        perf_fail("Lua: no memory");
    luaL_openlibs(lua->state);
    load(lua);
    lua_newtable(lua->state);
    for (size_t i = 0; i < PERF_HOSTS; i++) {
        push_evidence(lua->state, &hosts->evidences[i]);
        lua_rawseti(lua->state, -2, (lua_Integer) i + 1);
    }
    lua_setglobal(lua->state, "evidences");
    lua_newtable(lua->state);
    lua_setglobal(lua->state, "states");
    lua_getglobal(lua->state, "prepare");
    lua_getglobal(lua->state, "evidences");
    call(lua, 1, 0);
    return lua;
}

void perf_lua_close(struct perf_lua *lua)
{
    lua_close(lua->state);
    ros_alloc_put(NULL, lua, sizeof *lua);
}

/* --- scores ------------------------------------------------------------------------------------------------------- */

/* Leaves rule, offers and four texts on the stack. */
static void score(const struct perf_lua *lua, size_t host)
{
    lua_getglobal(lua->state, "score");
    lua_getglobal(lua->state, "evidences");
    lua_rawgeti(lua->state, -1, (lua_Integer) host + 1);
    lua_remove(lua->state, -2);
    lua_getglobal(lua->state, "states");
    call(lua, 2, 6);
}

void perf_lua_score(struct perf_lua *lua, size_t host)
{
    score(lua, host);
    lua_settop(lua->state, 0);
}

static void expect_states(lua_State *state, size_t host, const struct ros_outcome *outcome)
{
    lua_getglobal(state, "states");
    for (size_t i = 0; i < ros_program_flag_count(outcome->program); i++) {
        lua_rawgeti(state, -1, (lua_Integer) i + 1);
        enum ros_tri truth = lua_isnil(state, -1) ? ROS_UNKNOWN : lua_toboolean(state, -1) ? ROS_TRUE : ROS_FALSE;
        if (truth != outcome->verdict.flags[i])
            perf_fail("host %zu: Lua differs in %s", host, ros_program_flag(outcome->program, i)->name);
        lua_pop(state, 1);
    }
    lua_pop(state, 1);
}

static void expect_offers(lua_State *state, size_t host, const struct ros_outcome *outcome)
{
    size_t count = lua_istable(state, 2) ? lua_rawlen(state, 2) : 0;
    if (count != outcome->offer_count)
        perf_fail("host %zu: Lua has %zu offers, not %zu", host, count, outcome->offer_count);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(state, 2, (lua_Integer) i + 1);
        lua_getfield(state, -1, "type");
        lua_getfield(state, -2, "cost");
        if (strcmp(lua_tostring(state, -2), outcome->offers[i].type) != 0 ||
            lua_tonumber(state, -1) != outcome->offers[i].price)
            perf_fail("host %zu: Lua differs in offer %zu", host, i);
        lua_pop(state, 3);
    }
}

void perf_lua_expect(struct perf_lua *lua, size_t host, const struct ros_scorer *scorer,
                     const struct ros_outcome *outcome)
{
    static const char *const fields[] = {"description", "reason", "resolution", "condition"};
    lua_State *state = lua->state;
    score(lua, host);
    const char *rule = lua_tostring(state, 1);
    if ((rule == NULL) != (outcome->rule == NULL) || (rule != NULL && strcmp(rule, outcome->rule) != 0))
        perf_fail("host %zu: Lua says %s, not %s", host, rule != NULL ? rule : "nothing",
                  outcome->rule != NULL ? outcome->rule : "nothing");
    if (!outcome->verdict.skipped)
        expect_states(state, host, outcome);
    expect_offers(state, host, outcome);
    for (size_t i = 0; rule != NULL && i < ROS_COUNT(fields); i++) {
        ros_auto(ros_buf) struct ros_buf text = ROS_BUF_INIT;
        if (ros_scorer_render(scorer, outcome, fields[i], &text) != ROS_OK ||
            strcmp(lua_tostring(state, 3 + (int) i), ros_buf_text(&text)) != 0)
            perf_fail("host %zu: Lua writes `%s`, not `%s`", host, lua_tostring(state, 3 + (int) i),
                      ros_buf_text(&text));
    }
    lua_settop(state, 0);
}

void perf_lua_rounds(struct perf_lua *lua, const char *function, unsigned rounds)
{
    lua_getglobal(lua->state, function);
    lua_pushinteger(lua->state, rounds);
    call(lua, 1, 0);
}

#else

struct perf_lua *perf_lua_open(const struct perf_hosts *hosts)
{
    (void) hosts;
    return NULL;
}

void perf_lua_close(struct perf_lua *lua)
{
    (void) lua;
}

void perf_lua_score(struct perf_lua *lua, size_t host)
{
    (void) lua;
    (void) host;
}

void perf_lua_expect(struct perf_lua *lua, size_t host, const struct ros_scorer *scorer,
                     const struct ros_outcome *outcome)
{
    (void) lua;
    (void) host;
    (void) scorer;
    (void) outcome;
}

void perf_lua_rounds(struct perf_lua *lua, const char *function, unsigned rounds)
{
    (void) lua;
    (void) function;
    (void) rounds;
}

void perf_lua_load(const struct perf_lua *lua)
{
    (void) lua;
}

#endif
