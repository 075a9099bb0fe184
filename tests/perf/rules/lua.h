/*
 * lua.h - the same rule in Lua, by hand, on the same hosts. Without Lua's library perf_lua_open() gives NULL, and there
 * is no peer.
 */
#ifndef ROS_PERF_LUA_H
#define ROS_PERF_LUA_H

#include "services/score/score.h"
#include "tests/perf/rules/hosts.h"

struct perf_lua;

/* Loads the rule and its tables, and makes the hosts' evidences anew as Lua tables. */
struct perf_lua *perf_lua_open(const struct perf_hosts *hosts);
void perf_lua_close(struct perf_lua *lua);

/* Scores a host as a whole; perf_lua_expect() also ends the program unless every answer is the scorer's. */
void perf_lua_score(struct perf_lua *lua, size_t host);
void perf_lua_expect(struct perf_lua *lua, size_t host, const struct ros_scorer *scorer,
                     const struct ros_outcome *outcome);

/* `rounds` rounds over all hosts: of "time_decide" or "time_evaluate". */
void perf_lua_rounds(struct perf_lua *lua, const char *function, unsigned rounds);
/* Reads the rule and both tables again, as a start of the program does. */
void perf_lua_load(const struct perf_lua *lua);

#endif
