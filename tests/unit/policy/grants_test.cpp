#include "policy/grants.hpp"

#include <gmock/gmock.h>

#include "caps_text.hpp"

namespace endpointd::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Grants execute_with(const std::string& scope) { return good_caps({R"({"parents":{"m":{"grant":{"execute":)" + scope + "}}}}"}); }

bool allows(const Grants& grants, std::string_view host, std::optional<std::string_view> service = std::nullopt,
            std::string_view command = "disk") {
    return grants.decide("m", "top", {Capability::execute, host, service, command}).allowed;
}

TEST(Grants, DenyEverythingByDefault) {
    const Grants grants;
    for (const Capability capability : kCapabilities) {
        const Verdict verdict = grants.decide("m", "top", {capability, "web1", "disk", "disk"});
        EXPECT_FALSE(verdict.allowed);
        EXPECT_EQ(verdict.reason, Reason::capability_denied);
        EXPECT_EQ(verdict.capability, capability);
        EXPECT_EQ(verdict.source, "");
        EXPECT_EQ(verdict.detail, std::string(name_of(capability)) + " is not granted to m");
    }
}

TEST(Grants, AnEmptyScopeAllowsEveryObjectAndCommand) {
    const Grants grants = execute_with("{}");
    EXPECT_TRUE(allows(grants, "web1"));
    EXPECT_TRUE(allows(grants, "web1", "disk"));
    EXPECT_TRUE(allows(grants, "", "", "anything"));
    EXPECT_TRUE(allows(grants, "a!b", "c"));
}

TEST(Grants, AnAllowedRequestNamesItsRule) {
    const Verdict verdict = execute_with("{}").decide("m", "top", {Capability::execute, "web1", std::nullopt, "disk"});
    EXPECT_EQ(verdict.reason, Reason::ok);
    EXPECT_EQ(verdict.source, "caps.d/10.json:1");
    EXPECT_TRUE(verdict.detail.empty());
}

TEST(Grants, WithOneOfHostsAndServicesOnlyObjectsOfThatKind) {
    const Grants hosts = execute_with(R"({"hosts":["web*"]})");
    EXPECT_TRUE(allows(hosts, "web1"));
    EXPECT_FALSE(allows(hosts, "db1"));
    EXPECT_FALSE(allows(hosts, "web1", "disk"));
    const Grants services = execute_with(R"({"services":["*"]})");
    EXPECT_TRUE(allows(services, "web1", "disk"));
    EXPECT_FALSE(allows(services, "web1"));
    const Grants none = execute_with(R"({"hosts":[]})");
    EXPECT_FALSE(allows(none, "web1"));
    EXPECT_FALSE(allows(none, "web1", "disk"));
}

TEST(Grants, AServicePatternMatchesTheShortNameOrHostAndService) {
    const Grants grants = execute_with(R"({"services":["disk","web?!http*"]})");
    EXPECT_TRUE(allows(grants, "db1", "disk"));
    EXPECT_TRUE(allows(grants, "web1", "http-8080"));
    EXPECT_FALSE(allows(grants, "web10", "http"));
    EXPECT_FALSE(allows(grants, "db1", "http"));
    EXPECT_FALSE(allows(grants, "web1", "disks"));
    EXPECT_FALSE(allows(grants, "web1", "Disk"));
    EXPECT_FALSE(allows(grants, "web1", ""));
}

TEST(Grants, ANameWithTheSeparatorCannotPassForAnother) {
    const Grants grants = execute_with(R"({"services":["web*!http","*"]})");
    EXPECT_FALSE(allows(grants, "web1!x", "http"));
    EXPECT_FALSE(allows(grants, "evil", "web1!http"));
    EXPECT_FALSE(allows(execute_with(R"({"hosts":["*"]})"), "a!b"));
}

TEST(Grants, AnEmptyNameIsNoWayAroundAScope) {
    EXPECT_FALSE(allows(execute_with(R"({"hosts":["web*"],"services":["web*!*"]})"), ""));
    EXPECT_FALSE(allows(execute_with(R"({"hosts":["web*"],"services":["web*!*"]})"), "", "disk"));
}

TEST(Grants, ACommandOutsideTheListIsDeniedBeforeTheObjectIsJudged) {
    const Grants grants = execute_with(R"({"commands":["disk","proc*"],"hosts":["web1"]})");
    EXPECT_TRUE(allows(grants, "web1", std::nullopt, "procs"));
    const Verdict command = grants.decide("m", "top", {Capability::execute, "db1", std::nullopt, "load"});
    EXPECT_EQ(command.reason, Reason::capability_denied);
    EXPECT_EQ(command.detail, "command 'load' is not granted to m");
    EXPECT_EQ(command.source, "caps.d/10.json:1");
    const Verdict object = grants.decide("m", "top", {Capability::execute, "db1", "x", "disk"});
    EXPECT_EQ(object.reason, Reason::out_of_scope);
    EXPECT_EQ(object.detail, "Service 'db1!x' is outside the scope of execute for m");
    EXPECT_EQ(grants.decide("m", "top", {Capability::execute, "db1", std::nullopt, "disk"}).detail,
              "Host 'db1' is outside the scope of execute for m");
}

TEST(Grants, ForeignWordsAreEscapedInTheDetail) {
    const Verdict verdict = execute_with(R"({"commands":[]})").decide("m", "top", {Capability::execute, "h", std::nullopt, "a\x1b[2J\nb"});
    EXPECT_EQ(verdict.detail.find('\x1b'), std::string::npos);
    EXPECT_EQ(verdict.detail.find('\n'), std::string::npos);
}

TEST(Grants, TheEndpointsOwnEntryOrItsZonesMayAllow) {
    const Grants grants = good_caps(
        {R"({"parents":{"m":{"grant":{"execute":{"commands":["disk"]}}},"zone:top":{"grant":{"execute":{"commands":["load"]},"results":{}}}}})"});
    EXPECT_TRUE(allows(grants, "web1", std::nullopt, "disk"));
    EXPECT_TRUE(allows(grants, "web1", std::nullopt, "load"));
    EXPECT_FALSE(allows(grants, "web1", std::nullopt, "procs"));
    EXPECT_TRUE(grants.decide("m", "top", {Capability::results, "web1", {}, {}}).allowed);
    EXPECT_FALSE(grants.decide("m", "other", {Capability::execute, "web1", {}, "load"}).allowed);
    EXPECT_TRUE(grants.decide("n", "top", {Capability::execute, "web1", {}, "load"}).allowed);
    EXPECT_FALSE(grants.decide("n", "top", {Capability::execute, "web1", {}, "disk"}).allowed);
}

TEST(Grants, AnEndpointNamedLikeAZoneIsNotTheZone) {
    const Grants grants = good_caps({R"({"parents":{"zone:top":{"grant":["results"]},"top":{"grant":["execute"]}}})"});
    EXPECT_FALSE(grants.decide("zone:top", "", {Capability::results, "h", {}, {}}).allowed);
    EXPECT_FALSE(grants.decide("top", "", {Capability::results, "h", {}, {}}).allowed);
    EXPECT_FALSE(grants.decide("x", "top", {Capability::execute, "h", {}, "disk"}).allowed);
    EXPECT_TRUE(grants.decide("x", "top", {Capability::results, "h", {}, {}}).allowed);
}

TEST(Grants, NamesAreComparedByteForByte) {
    EXPECT_FALSE(execute_with("{}").decide("M", "top", {Capability::execute, "h", {}, "disk"}).allowed);
    EXPECT_FALSE(execute_with("{}").decide("", "", {Capability::execute, "h", {}, "disk"}).allowed);
}

TEST(Grants, TheNearestMissIsTheReason) {
    const Grants grants =
        good_caps({"{\"parents\":{\"m\":{\"grant\":{\"execute\":{\"commands\":[\"load\"]}}},\n\"zone:top\":{\"grant\":{\"execute\":{"
                   "\"hosts\":[\"web1\"]}}}}}"});
    const Verdict verdict = grants.decide("m", "top", {Capability::execute, "db1", {}, "disk"});
    EXPECT_EQ(verdict.reason, Reason::out_of_scope);
    EXPECT_EQ(verdict.source, "caps.d/10.json:2");
}

TEST(Grants, WhatThisVersionLacksIsDeniedThoughGranted) {
    const Grants grants = good_caps({R"({"parents":{"m":{"preset":"scheduler","grant":["execute","action","event","passive","renew"]}}})"});
    for (const Capability capability : kCapabilities) {
        const Verdict verdict = grants.decide("m", "top", {capability, "h", {}, {}});
        EXPECT_EQ(verdict.allowed, is_available(capability)) << name_of(capability);
        if (!verdict.allowed) {
            EXPECT_EQ(verdict.reason, Reason::capability_denied);
            EXPECT_EQ(verdict.detail, std::string(name_of(capability)) + " is granted but not available in this version");
        }
    }
    EXPECT_EQ(grants.granted("m", "top").size(), 12u);
    EXPECT_THAT(grants.granted("n", "top"), IsEmpty());
}

TEST(Grants, RedactOnlyWhatEveryEntryThatCoversTheObjectLeavesOut) {
    const Grants grants =
        good_caps({R"({"parents":{"m":{"grant":{"results":{"hosts":["a*"],"redact":["vars","output"]},"execute":{"redact":["command"]}}},
                                        "zone:top":{"grant":{"results":{"hosts":["*b"],"redact":["vars"]}}}}})"});
    const auto redacted = [&](std::string_view host, bool answer) { return grants.redacted("m", "top", host, std::nullopt, answer); };
    EXPECT_THAT(redacted("a1", false), ElementsAre("vars", "output"));
    EXPECT_THAT(redacted("ab", false), ElementsAre("vars"));
    EXPECT_THAT(redacted("1b", false), ElementsAre("vars"));
    EXPECT_THAT(redacted("ab", true), ElementsAre("vars", "command"));
    EXPECT_THAT(redacted("other", true), ElementsAre("vars", "output", "command"));
    EXPECT_THAT(grants.redacted("n", "x", "a1", std::nullopt, true), IsEmpty());
}

}  // namespace
}  // namespace endpointd::policy
