#include "policy/offered.hpp"

#include <gtest/gtest.h>

#include <map>

namespace endpointd::policy {
namespace {

std::map<std::string, json::Value> offered() {
    std::map<std::string, json::Value> made;
    for (auto& [name, value] : host_constants("web1", "dmz", "/opt/plugins"))
        EXPECT_TRUE(made.emplace(name, value).second) << name << " is there twice";
    return made;
}

TEST(Offered, TellsNodeZoneAndPluginDirectoryAsTexts) {
    auto made = offered();
    EXPECT_EQ(made["NodeName"], json::Value("web1"));
    EXPECT_EQ(made["ZoneName"], json::Value("dmz"));
    for (const char* name : {"PluginDir", "PluginContribDir", "ManubulonPluginDir"})
        EXPECT_EQ(made[name], json::Value("/opt/plugins")) << name;
}

TEST(Offered, HasTheNamespacesOfAStockAgent) {
    auto made = offered();
    EXPECT_EQ(made["System.MatchAny"], json::Value(1));
    EXPECT_EQ(made["System.LogWarning"], json::Value(3));
    EXPECT_EQ(made["System.FacilityAuthPriv"], json::Value("LOG_AUTHPRIV"));
    EXPECT_EQ(made["System.PlatformName"], json::Value(""));
    EXPECT_EQ(made["Icinga.ServiceCritical"], json::Value(2));
    EXPECT_EQ(made["Icinga.Problem"], json::Value("Problem"));
    for (const char* name : {"System.LogDir", "System.NodeName", "System.TicketSalt", "Icinga.MatchAny", "Icinga.ZonesDir"})
        EXPECT_FALSE(made.contains(name)) << name;
}

TEST(Offered, NeverTellsASecretOrTheMachine) {
    auto made = offered();
    for (const char* name : {"TicketSalt", "PlatformName", "PlatformVersion", "PlatformKernelVersion", "BuildHostName"}) {
        ASSERT_TRUE(made.contains(name)) << name;
        EXPECT_EQ(made[name], json::Value("")) << name;
    }
}

TEST(Offered, HasTheValuesOfAStockAgent) {
    auto made = offered();
    EXPECT_EQ(made["ReloadTimeout"], json::Value(300));
    EXPECT_EQ(made["MaxConcurrentChecks"], json::Value(512));
    EXPECT_EQ(made["ServiceCritical"], json::Value(2));
    EXPECT_EQ(made["HostDown"], json::Value(1));
    EXPECT_EQ(made["MatchAny"], json::Value(1));
    EXPECT_EQ(made["LogCritical"], json::Value(4));
    EXPECT_EQ(made["Critical"], json::Value("Critical"));
    EXPECT_EQ(made["FacilityAuthPriv"], json::Value("LOG_AUTHPRIV"));
    EXPECT_EQ(made["FacilityLocal7"], json::Value("LOG_LOCAL7"));
    EXPECT_EQ(made["PlatformKernel"], json::Value("Linux"));
    EXPECT_EQ(made["ZonesDir"], json::Value("/etc/icinga2/zones.d"));
}

}  // namespace
}  // namespace endpointd::policy
