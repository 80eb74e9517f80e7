#include "monitoring.hpp"

#include <gtest/gtest.h>

#include "json/document.hpp"

namespace endpointd::ctl {
namespace {

PluginLine line_of(const char* text, const std::string& health = {}) { return plugin_line(*json::parse(text), health); }

TEST(StatusCheck, IsOkWhileEveryParentIsConnected) {
    const PluginLine line = line_of(
        R"({"uptime":12,"parents":[{"name":"m1","connected":true}],"runner":{"running":1,"queued":2,"executed":3,"refused":4,"timeouts":5},)"
        R"("store":{"size":6,"outbox":7,"audit":8}})");
    EXPECT_EQ(line.state, 0);
    EXPECT_EQ(line.text,
              "ENDPOINTD OK - 1 of 1 parents connected | parents=1;;;0;1 uptime=12s running=1 queued=2 executed=3c refused=4c timeouts=5c "
              "store=6B "
              "outbox=7 audit=8");
}

TEST(StatusCheck, WarnsOfAMissingParent) {
    const PluginLine line = line_of(R"({"parents":[{"name":"m1","connected":true},{"name":"m2","connected":false}]})");
    EXPECT_EQ(line.state, 1);
    EXPECT_EQ(line.text, "ENDPOINTD WARNING - 1 of 2 parents connected, not m2 | parents=1;;;0;2");
}

TEST(StatusCheck, IsCriticalWithoutAnyParent) { EXPECT_EQ(line_of(R"({"parents":[{"name":"m1","connected":false}]})").state, 2); }

TEST(StatusCheck, IsCriticalWhenNotHealthy) {
    const PluginLine line = line_of(R"({"parents":[{"name":"m1","connected":true}]})", "store | full\n");
    EXPECT_EQ(line.state, 2);
    EXPECT_EQ(line.text, "ENDPOINTD CRITICAL - store / full\\x0a | parents=1;;;0;1");
}

TEST(StatusCheck, ANodeWithoutParentsIsOk) { EXPECT_EQ(line_of(R"({"parents":[]})").state, 0); }

TEST(StatusCheck, TheUnknownLineHasItsReason) { EXPECT_EQ(unknown_line("no|pe").text, "ENDPOINTD UNKNOWN - no/pe"); }

}  // namespace
}  // namespace endpointd::ctl
