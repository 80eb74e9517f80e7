#include "catalog/render.hpp"

#include <gtest/gtest.h>

#include "loading.hpp"

namespace endpointd::catalog {
namespace {

TEST(Render, ShowsWhatWouldRun) {
    const Command command = command_with(R"("arguments": {"-a": "$a$"}, "env": {"LC_ALL": "C", "A": "<$a$>"}, "timeout": "1.5s",
        "parameters": {"a": {"type": "string"}}, "sandbox": {"network": true})");
    const Attempt<Invocation> invocation = build(command, {{"a", "x=y"}});
    ASSERT_TRUE(invocation);
    EXPECT_EQ(
        json::to_text(render_view(command, *invocation, std::chrono::seconds(60))),
        R"({"argv":["/bin/plugin","-a","x=y"],"env":{"A":"<x=y>","LC_ALL":"C"},"name":"c","run_as":null,)"
        R"("sandbox":{"cpu":30,"memory":268435456,"network":true,"open_files":256,"processes":32,"read":["/"],"unix_sockets":false,"write":[]},)"
        R"("timeout":1.5})");
}

TEST(Render, ShowsASecretByItsNameHoweverItIsHandedOver) {
    const Command command = command_with(R"("env": {"A": "1"}, "secrets": {"KEY": {"file": "secrets/key", "as": "fd"},
        "PASSWORD": {"file": "secrets/db", "as": "env"}, "TOKEN": {"file": "secrets/token", "as": "file"}})");
    const json::Value view = render_view(command, *build(command, {}), std::chrono::seconds(60));
    EXPECT_EQ(json::to_text(*view.object()->find("env")),
              R"({"A":"1","KEY":"<secret:KEY>","PASSWORD":"<secret:PASSWORD>","TOKEN":"<secret:TOKEN>"})");
}

TEST(Show, NamesASecretsFileAndNothingElse) {
    const Command command = command_with(R"("secrets": {"A": {"file": "secrets/a", "as": "env"}})");
    EXPECT_EQ(json::to_text(*show_view(command).object()->find("entry")->object()->find("secrets")),
              R"({"A":{"as":"env","file":"secrets/a"}})");
}

TEST(Render, ShowsTheDefaultTimeoutWhereTheCommandHasNone) {
    const Command command = command_with(R"("run_as": "nagios")");
    const json::Value view = render_view(command, *build(command, {}), std::chrono::seconds(60));
    EXPECT_EQ(*view.object()->find("timeout"), json::Value(60));
    EXPECT_EQ(*view.object()->find("run_as"), json::Value("nagios"));
}

TEST(List, HoldsEveryCommandByName) {
    const Loaded loaded = load_command(R"("allow_setuid": true, "description": "d")");
    const json::Value view = list_view(loaded.catalog);
    const json::Array& commands = *view.object()->find("commands")->array();
    ASSERT_EQ(commands.size(), 5U);
    EXPECT_EQ(json::to_text(commands[0]),
              R"({"builtin":false,"description":"d","kind":"check","name":"c","source":"catalog.d/t.json:1","weakened":["allow_setuid"]})");
    EXPECT_EQ(*commands[3].object()->find("name"), json::Value("dummy"));
    EXPECT_EQ(*commands[3].object()->find("builtin"), json::Value(true));
    EXPECT_EQ(*commands[3].object()->find("source"), json::Value("built-in"));
}

TEST(Show, HoldsTheEntryAsWritten) {
    const Command command = command_with(R"("timeout": "5m")");
    EXPECT_EQ(json::to_text(*show_view(command).object()->find("entry")), R"({"command":["/bin/plugin"],"kind":"check","timeout":"5m"})");
}

}  // namespace
}  // namespace endpointd::catalog
