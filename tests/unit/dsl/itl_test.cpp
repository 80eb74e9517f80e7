#include "dsl/itl.hpp"

#include <gtest/gtest.h>

namespace endpointd::dsl {
namespace {

TEST(Itl, KnowsCommandsOfEveryPartOfTheLibrary) {
    for (const char* name :
         {"icinga", "dummy", "ping", "ping4", "nrpe", "nginx_status", "snmp-load", "disk-windows", "nscp-local-cpu", "ifw-api"})
        EXPECT_TRUE(is_itl_command(name)) << name;
    for (const char* name : {"", "PING4", "ping4 ", "ipv4-or-ipv6", "evil"}) EXPECT_FALSE(is_itl_command(name)) << name;
}

TEST(Itl, TemplatesBelongToTheirType) {
    ASSERT_TRUE(itl_template("CheckCommand", "ipv4-or-ipv6"));
    EXPECT_FALSE(itl_template("Host", "ipv4-or-ipv6"));
    EXPECT_FALSE(itl_template("Host", "generic-host"));
    EXPECT_FALSE(itl_template("CheckCommand", "ping4"));
}

// A period that would be active at other times than its ranges say is not what was asked for.
TEST(Itl, OnlyWhatChangesNothingIsWithoutEffect) {
    ASSERT_TRUE(itl_template("TimePeriod", "legacy-timeperiod"));
    EXPECT_TRUE(itl_template("TimePeriod", "legacy-timeperiod")->without_effect);
    EXPECT_FALSE(itl_template("TimePeriod", "empty-timeperiod")->without_effect);
    EXPECT_FALSE(itl_template("CheckCommand", "plugin-check-command")->without_effect);
}

}  // namespace
}  // namespace endpointd::dsl
