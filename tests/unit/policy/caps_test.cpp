#include "policy/caps.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "caps_text.hpp"
#include "dsl/zones.hpp"

namespace endpointd::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Finding only_error(const std::vector<std::string>& texts) {
    const LoadedCaps loaded = load_caps_texts(texts);
    EXPECT_EQ(loaded.findings.errors.size(), 1u) << texts.back();
    return loaded.findings.errors.empty() ? Finding() : loaded.findings.errors.front();
}

std::vector<std::string> names(const Entry& entry) {
    std::vector<std::string> list;
    for (const Grant& grant : entry.grants) list.emplace_back(name_of(grant.id.capability));
    return list;
}

const Entry& entry_of(const Grants& grants, std::string_view name) {
    const Entry* entry = grants.find(Entry::Kind::endpoint, name);
    if (!entry) entry = grants.find(Entry::Kind::zone, name);
    static const Entry kNone;
    EXPECT_NE(entry, nullptr) << name;
    return entry ? *entry : kNone;
}

TEST(Caps, TheExampleOfTheInterfaceIsRead) {
    const Grants grants = good_caps({R"({ "parents": {
        "master1.example.org": { "grant": ["results", "recheck", "pause"] },
        "zone:dmz": { "grant": {
            "results":     { "hosts": ["*"], "services": ["*"], "redact": ["command", "vars"] },
            "recheck":     { "services": ["web1*!http*"], "rate": "30/min" },
            "pause":       { "max_duration": "4h" },
            "acknowledge": {}, "downtime": { "max_duration": "7d" }, "comment": {},
            "execute":     { "commands": ["disk", "load"], "hosts": ["*"], "services": ["*"], "rate": "600/min", "max_concurrent": 16 },
            "action":      { "commands": ["restart-nginx"], "rate": "6/h" },
            "event":       { "commands": ["*"] },
            "passive":     { "services": ["*"] },
            "config":      { "types": ["Host", "Service", "Dependency", "TimePeriod"], "hosts": ["*"], "zones": ["*"],
                             "attributes": ["*"], "max_objects": 5000, "min_check_interval": "10s", "signed_by": null },
            "renew":       {} } } } })"});
    EXPECT_THAT(names(entry_of(grants, "master1.example.org")), ElementsAre("results", "recheck", "pause"));
    const Entry& dmz = entry_of(grants, "dmz");
    EXPECT_EQ(dmz.key, "zone:dmz");
    EXPECT_EQ(dmz.grants.size(), 12u);
    const Grant& execute = *dmz.find(Capability::execute);
    EXPECT_EQ(execute.commands, (Patterns{"disk", "load"}));
    EXPECT_EQ(execute.rate->count, 600u);
    EXPECT_EQ(execute.max_concurrent, 16u);
    EXPECT_EQ(execute.source, "caps.d/10.json:8");
    EXPECT_FALSE(execute.scope.find("rate"));
    EXPECT_TRUE(execute.scope.find("max_concurrent"));
    EXPECT_EQ(dmz.find(Capability::results)->redact, (std::vector<std::string>{"command", "vars"}));
    EXPECT_EQ(dmz.find(Capability::pause)->max_duration, std::chrono::hours(4));
    EXPECT_EQ(dmz.find(Capability::config)->types, (std::vector<std::string>{"Host", "Service", "Dependency", "TimePeriod"}));
    EXPECT_EQ(dmz.find(Capability::config)->max_objects, 5000u);
    EXPECT_EQ(dmz.find(Capability::config)->min_check_interval, std::chrono::seconds(10));
}

TEST(Caps, NoFileGrantsNothing) { EXPECT_TRUE(good_caps({}).entries().empty()); }

TEST(Caps, PresetsStandForTheirLists) {
    const auto preset = [](const std::string& name) {
        return names(entry_of(good_caps({R"({"parents":{"m":{"preset":")" + name + "\"}}}"}), "m"));
    };
    EXPECT_THAT(preset("results-only"), ElementsAre("results"));
    EXPECT_THAT(preset("operator"), ElementsAre("results", "recheck", "pause", "acknowledge", "downtime", "comment"));
    EXPECT_THAT(preset("executor"), ElementsAre("results", "execute"));
    EXPECT_THAT(preset("scheduler"), ElementsAre("results", "recheck", "pause", "acknowledge", "downtime", "comment", "config"));
    EXPECT_THAT(only_error({R"({"parents":{"m":{"preset":"root"}}})"}).message, HasSubstr("operator"));
}

TEST(Caps, PresetAndGrantAddUpAndTheGrantsScopeCounts) {
    const Grants grants = good_caps(
        {"{\"parents\":{\"m\":{\n\"preset\":\"executor\",\n\"grant\":{\n\"execute\":{\"commands\":[\"disk\"]},\n\"renew\":{}\n}}}}"});
    const Entry& entry = entry_of(grants, "m");
    EXPECT_THAT(names(entry), ElementsAre("results", "execute", "renew"));
    EXPECT_EQ(entry.find(Capability::results)->source, "caps.d/10.json:2");
    EXPECT_EQ(entry.find(Capability::execute)->source, "caps.d/10.json:4");
    EXPECT_EQ(entry.find(Capability::execute)->commands, Patterns{"disk"});
}

TEST(Caps, TheSourceOfAListedNameIsItsLine) {
    EXPECT_EQ(
        entry_of(good_caps({"{\"parents\":{\"m\":{\"grant\":[\n\"results\",\n\n\"execute\"]}}}"}), "m").find(Capability::execute)->source,
        "caps.d/10.json:4");
}

TEST(Caps, OneParentMayStandInTwoFilesWithDifferentCapabilities) {
    const Grants grants = good_caps({R"({"parents":{"m":{"grant":["results"]}}})", R"({"parents":{"m":{"grant":["execute"]}}})"});
    EXPECT_THAT(names(entry_of(grants, "m")), ElementsAre("results", "execute"));
}

TEST(Caps, TheSameCapabilityInTwoFilesIsAnErrorThatNamesBoth) {
    for (const char* second : {R"({"parents":{"m":{"grant":["execute"]}}})", R"({"parents":{"m":{"grant":{"execute":{}}}}})"}) {
        const Finding error = only_error({R"({"parents":{"m":{"grant":["execute"]}}})", second});
        EXPECT_EQ(error.file, "/etc/endpointd/caps.d/20.json");
        EXPECT_EQ(error.message,
                  "`execute` of \"m\" is granted in caps.d/10.json:1 and in caps.d/20.json:1; it may stand in one file only");
    }
    EXPECT_EQ(load_caps_texts({R"({"parents":{"m":{"preset":"executor"}}})", R"({"parents":{"m":{"preset":"executor"}}})"})
                  .findings.errors.size(),
              2u);
    EXPECT_EQ(
        only_error({R"({"parents":{"m":{"grant":{"execute":{}}}}})", R"({"parents":{"m":{"grant":["results"],"preset":"executor"}}})"})
            .pointer,
        "/parents/m/preset");
}

TEST(Caps, ACapabilityListedTwiceIsAnError) {
    EXPECT_EQ(only_error({R"({"parents":{"m":{"grant":["results","results"]}}})"}).message,
              "`results` of \"m\" is granted in caps.d/10.json:1 and in caps.d/10.json:1; it may stand there once");
}

TEST(Caps, AnUnknownScopeOfACapabilityIsAnError) {
    const Finding error = only_error({"{\"parents\":{\"m\":{\"grant\":{\n\"results\":{\"commands\":[\"x\"]}}}}}"});
    EXPECT_EQ(error.line, 2u);
    EXPECT_EQ(error.pointer, "/parents/m/grant/results/commands");
    for (const char* scope : {R"("execute":{"max_duration":"1h"})", R"("acknowledge":{"commands":[]})", R"("results":{"rate":"1/s"})",
                              R"("renew":{"hosts":["*"]})", R"("recheck":{"redact":["vars"]})", R"("passive":{"max_concurrent":1})",
                              R"("event":{"types":["Host"]})", R"("pause":{"max_objects":1})"})
        EXPECT_FALSE(load_caps_texts({R"({"parents":{"m":{"grant":{)" + std::string(scope) + "}}}}"}).grants) << scope;
}

TEST(Caps, WrongShapesAreErrors) {
    for (const char* text : {"[]",
                             R"({"parent":{}})",
                             R"({"parents":[]})",
                             R"({"parents":{"m":[]}})",
                             R"({"parents":{"m":{"grant":"results"}}})",
                             R"({"parents":{"m":{"grant":["everything"]}}})",
                             R"({"parents":{"m":{"grant":{"everything":{}}}}})",
                             R"({"parents":{"m":{"grant":{"results":null}}}})",
                             R"({"parents":{"m":{"grant":{"results":true}}}})",
                             R"({"parents":{"m":{"grant":[1]}}})",
                             R"({"parents":{"m":{"grants":[]}}})",
                             R"({"parents":{"m":{"grant":{"execute":{"commands":"disk"}}}}})",
                             R"({"parents":{"m":{"grant":{"execute":{"commands":[""]}}}}})",
                             R"({"parents":{"m":{"grant":{"execute":{"max_concurrent":0}}}}})",
                             R"({"parents":{"m":{"grant":{"execute":{"max_concurrent":1.5}}}}})",
                             R"({"parents":{"m":{"grant":{"results":{"redact":["password"]}}}}})",
                             R"({"parents":{"m":{"grant":{"config":{"types":[]}}}}})",
                             R"({"parents":{"":{"grant":[]}}})",
                             R"({"parents":{"zone:":{"grant":[]}}})",
                             R"({"parents":{"m":{},"m":{}}})"})
        EXPECT_FALSE(load_caps_texts({text}).grants) << text;
}

TEST(Caps, ABrokenRateOrDurationIsAnErrorAtItsPlace) {
    const Finding rate = only_error({R"({"parents":{"m":{"grant":{"execute":{"rate":"often"}}}}})"});
    EXPECT_EQ(rate.pointer, "/parents/m/grant/execute/rate");
    EXPECT_EQ(rate.message, "'often' is not a rate; expected 1 to 1000000 per s, min, h or d, like \"30/min\"");
    EXPECT_EQ(only_error({R"({"parents":{"a/b":{"grant":{"pause":{"max_duration":"long"}}}}})"}).pointer,
              "/parents/a~1b/grant/pause/max_duration");
}

TEST(Caps, CommandsCanNeverBeGrantedByConfig) {
    for (const char* type : {"CheckCommand", "EventCommand", "NotificationCommand", "Endpoint", "Zone", "ApiUser", "ApiListener",
                             "GraphiteWriter", "FileLogger", "ExternalCommandListener"}) {
        const Finding error = only_error({R"({"parents":{"m":{"grant":{"config":{"types":["Host",")" + std::string(type) + R"("]}}}}})"});
        EXPECT_EQ(error.pointer, "/parents/m/grant/config/types/1");
        EXPECT_EQ(error.message, "\"" + std::string(type) + "\" can never be granted");
    }
    for (const char* type : {"*", "host", "Downtime", "Nothing", "Check*"})
        EXPECT_FALSE(load_caps_texts({R"({"parents":{"m":{"grant":{"config":{"types":[")" + std::string(type) + R"("]}}}}})"}).grants)
            << type;
}

TEST(Caps, ConfigWithoutTypesMeansTheDefaultList) {
    const Grants grants = good_caps({R"({"parents":{"m":{"grant":["config"]}}})"});
    EXPECT_THAT(entry_of(grants, "m").find(Capability::config)->types,
                ElementsAre("Host", "Service", "HostGroup", "ServiceGroup", "Dependency", "TimePeriod", "ScheduledDowntime", "User",
                            "UserGroup", "Notification"));
}

TEST(Caps, WhatThisVersionLacksIsAWarning) {
    const LoadedCaps loaded = load_caps_texts({"{\"parents\":{\"m\":{\"grant\":{\"results\":{},\"execute\":{},\n\"renew\":{}}}}}"});
    ASSERT_TRUE(loaded.grants);
    ASSERT_EQ(loaded.findings.warnings.size(), 1u);
    EXPECT_EQ(loaded.findings.warnings.front().message,
              "`renew` is understood but not available in this version: what it allows is still denied");
    EXPECT_EQ(loaded.findings.warnings.front().line, 2u);
    EXPECT_EQ(loaded.findings.warnings.front().pointer, "/parents/m/grant/renew");
}

TEST(Caps, NamesThatMatchNothingAreWarnings) {
    Findings none;
    const auto topology =
        dsl::load_zones({{"z", "z",
                          "object Endpoint \"agent\" { }\nobject Endpoint \"m\" { }\nobject Zone \"top\" { endpoints = [ \"m\" ] }\n"
                          "object Zone \"agent\" { endpoints = [ \"agent\" ]; parent = \"top\" }"}},
                        "agent", "", none);
    ASSERT_TRUE(topology);
    const LoadedCaps loaded =
        load_caps_texts({R"({"parents":{"m":{"grant":{"execute":{"commands":["disk","di*","lod"]}}},"M":{},"zone:top":{},"zone:m":{}}})"},
                        {&*topology, std::vector<std::string>{"disk", "load"}});
    ASSERT_TRUE(loaded.grants);
    std::vector<std::string> messages;
    for (const Finding& warning : loaded.findings.warnings) messages.push_back(*warning.pointer + " " + warning.message);
    EXPECT_THAT(messages, testing::UnorderedElementsAre("/parents/M there is no Endpoint \"M\" in zones.d; this allows nothing to anybody",
                                                        "/parents/zone:m there is no Zone \"m\" in zones.d; this allows nothing to anybody",
                                                        "/parents/m/grant/execute/commands/2 \"lod\" matches no command of the catalog"));
}

TEST(Caps, ErrorsOfSeveralFilesAreReportedTogether) {
    EXPECT_EQ(load_caps_texts({"{", R"({"parents":{"m":{"grant":["x"]}}})", R"({"parents":{"m":{"grant":{"execute":{"rate":"x"}}}}})"})
                  .findings.errors.size(),
              3u);
}

TEST(Caps, TheShippedFileGrantsNothing) {
    std::ifstream in(TEST_SOURCE_DIR "/daemon/etc/caps.d/10-parents.json");
    ASSERT_TRUE(in);
    EXPECT_TRUE(good_caps({std::string(std::istreambuf_iterator<char>(in), {})}).entries().empty());
}

}  // namespace
}  // namespace endpointd::policy
