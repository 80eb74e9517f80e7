#include "policy/lease.hpp"

#include <gmock/gmock.h>

#include "caps_text.hpp"
#include "dsl/zones.hpp"
#include "json/document.hpp"
#include "policy/usage.hpp"
#include "policy/views.hpp"

namespace endpointd::policy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr WallTime kNoon{seconds(1'763'640'000)};

const char* const kZones = R"(
object Endpoint "grand1" { }
object Endpoint "m" { }
object Endpoint "n" { }
object Endpoint "web1" { }
object Endpoint "below1" { }
object Zone "top" { endpoints = [ "grand1" ] }
object Zone "master" { endpoints = [ "m", "n" ]; parent = "top" }
object Zone "web1" { endpoints = [ "web1" ]; parent = "master" }
object Zone "below" { endpoints = [ "below1" ]; parent = "web1" }
)";

class Leases : public testing::Test {
protected:
    Leases() {
        Findings findings;
        topology_ = dsl::load_zones({{"zones.conf", "zones.conf", kZones}}, "web1", "", findings);
        EXPECT_TRUE(topology_) << (findings.errors.empty() ? "" : findings.errors.front().message);
        known_.topology = &*topology_;
        known_.commands = {"disk", "load"};
    }

    static LeaseRequest request(const std::string& capability = "execute", Duration length = hours(2), const std::string& scope = "{}",
                                const std::string& parent = "m") {
        return {parent, capability, length, *json::parse(scope)->object(), "deploy"};
    }
    Result<Lease> add(const LeaseRequest& wish) {
        warnings_.clear();
        Result<Lease> lease = table_.add(wish, "root", known_, clock_.wall(), clock_.steady(), warnings_);
        if (lease) table_.enter_into_force(lease->id);
        return lease;
    }
    std::string refused(const LeaseRequest& wish, Errc code) {
        const Result<Lease> lease = add(wish);
        EXPECT_FALSE(lease);
        if (lease) return "";
        EXPECT_EQ(lease.error().code, code) << lease.error().text;
        return lease.error().text;
    }
    Grants with(const std::string& caps = R"({"parents":{}})") { return good_caps({caps}).with_leases(table_.grants()); }
    Verdict decide(const Grants& grants, std::string_view command = "disk", std::string_view host = "h") {
        return grants.decide("m", "master", {Capability::execute, host, std::nullopt, command});
    }
    std::vector<std::uint64_t> expired() {
        std::vector<std::uint64_t> ids;
        for (const Lease& lease : table_.take_expired(clock_.wall(), clock_.steady())) ids.push_back(lease.id);
        return ids;
    }
    std::optional<Duration> next() { return table_.next_end(clock_.wall(), clock_.steady()); }
    // What a restart does: another process, whose steady clock began elsewhere.
    void restart(Duration away, Duration step = {}) {
        const std::vector<Lease> kept = table_.in_force(clock_.steady());
        clock_.step_wall(away + step);
        table_ = {};
        EXPECT_THAT(table_.load(kept, 1, clock_.steady()), IsEmpty());
    }

    std::optional<dsl::Topology> topology_;
    KnownNames known_;
    ManualClock clock_{kNoon};
    LeaseTable table_;
    std::vector<std::string> warnings_;
};

TEST_F(Leases, AllowWhatTheFilesDoNotAndNameThemselvesAsTheSource) {
    ASSERT_TRUE(add(request("execute", hours(2), R"({"commands":["disk"],"hosts":["h"]})")));
    const Grants grants = with();
    const Verdict verdict = decide(grants);
    EXPECT_TRUE(verdict.allowed);
    EXPECT_EQ(verdict.source, "lease:1");
    EXPECT_EQ(decide(grants, "load").reason, Reason::capability_denied);
    EXPECT_EQ(decide(grants, "disk", "other").reason, Reason::out_of_scope);
    EXPECT_FALSE(grants.decide("n", "master", {Capability::execute, "h", {}, "disk"}).allowed);
    EXPECT_FALSE(grants.decide("m", "master", {Capability::config, {}, {}, {}}).allowed);
}

TEST_F(Leases, OfAZoneAreForEveryEndpointOfIt) {
    ASSERT_TRUE(add(request("execute", hours(2), "{}", "zone:master")));
    EXPECT_TRUE(with().decide("n", "master", {Capability::execute, "h", {}, "disk"}).allowed);
    EXPECT_FALSE(with().decide("zone:master", "", {Capability::execute, "h", {}, "disk"}).allowed);
}

TEST_F(Leases, AreUsedOnlyForWhatTheFilesDoNotAllow) {
    ASSERT_TRUE(add(request()));
    const Grants grants = with(R"({"parents":{"zone:master":{"grant":{"execute":{"commands":["disk"]}}}}})");
    EXPECT_THAT(decide(grants).source, HasSubstr("caps.d/"));
    EXPECT_EQ(decide(grants, "load").source, "lease:1");
}

TEST_F(Leases, AreNotInForceBeforeTheyAreKept) {
    Result<Lease> lease = table_.add(request(), "root", known_, clock_.wall(), clock_.steady(), warnings_);
    ASSERT_TRUE(lease);
    EXPECT_FALSE(decide(with()).allowed);
    EXPECT_FALSE(table_.remove(lease->id));
    EXPECT_THAT(table_.in_force(clock_.steady()), IsEmpty());
    table_.enter_into_force(lease->id);
    EXPECT_TRUE(decide(with()).allowed);
    EXPECT_TRUE(table_.remove(lease->id));
    EXPECT_FALSE(decide(with()).allowed);
}

TEST_F(Leases, SeveralOfOneCapabilityAddUp) {
    ASSERT_TRUE(add(request("execute", hours(2), R"({"commands":["disk"]})")));
    ASSERT_TRUE(add(request("execute", hours(1), R"({"commands":["load"]})")));
    EXPECT_EQ(decide(with(), "disk").source, "lease:1");
    EXPECT_EQ(decide(with(), "load").source, "lease:2");
}

TEST_F(Leases, HaveTheRateOfTheirScope) {
    ASSERT_TRUE(add(request("execute", hours(2), R"({"rate":"1/h"})")));
    const Grants grants = with();
    Usage usage;
    usage.configure(grants);
    EXPECT_TRUE(usage.admit(decide(grants), clock_.steady()).verdict.allowed);
    const Usage::Admission second = usage.admit(decide(grants), clock_.steady());
    EXPECT_EQ(second.verdict.reason, Reason::rate_limited);
    EXPECT_EQ(second.verdict.source, "lease:1");
    // A reload, or another lease, gives no new token.
    usage.configure(with(R"({"parents":{"n":{"grant":["execute"]}}})"));
    EXPECT_FALSE(usage.admit(decide(grants), clock_.steady()).verdict.allowed);
}

TEST_F(Leases, OfResultsShowWhatTheyDoNotRedact) {
    const std::string files = R"({"parents":{"m":{"grant":{"results":{"redact":["output","vars"]}}}}})";
    ASSERT_TRUE(add(request("results", hours(2), R"({"hosts":["h"],"redact":["vars"]})")));
    EXPECT_THAT(with(files).redacted("m", "master", "h", {}, false), ElementsAre("vars"));
    EXPECT_THAT(with(files).redacted("m", "master", "other", {}, false), ElementsAre("output", "vars"));
}

TEST_F(Leases, AreShownWithTheirEndWhoAndWhy) {
    ASSERT_TRUE(add(request("execute", hours(2), R"({"commands":["disk"],"rate":"6/h"})")));
    const Grants grants = with(R"({"parents":{"m":{"grant":{"execute":{}}}}})");
    Usage usage;
    usage.configure(grants);
    EXPECT_THAT(
        json::to_text(caps_show(grants, usage)),
        HasSubstr(
            R"({"by":"root","capability":"execute","denied":0,"expires":"2025-11-20T14:00:00.000Z","granted":"2025-11-20T12:00:00.000Z",)"
            R"("rate":"6/h","reason":"deploy","scope":{"commands":["disk"]},"source":"lease:1","used":0}])"));
    EXPECT_THAT(json::to_text(caps_show(with(), Usage())), HasSubstr(R"("kind":"endpoint","name":"m")"));
    EXPECT_THAT(grants.granted("m", "master"), ElementsAre(Capability::execute));
}

TEST_F(Leases, AnUnknownParentIsToldTheKnownOnes) {
    for (const char* parent : {"nobody", "", "web1", "grand1", "below1", "zone:web1", "zone:top", "zone:", "M"}) {
        LeaseRequest wish = request();
        wish.parent = parent;
        EXPECT_THAT(refused(wish, Errc::not_found), HasSubstr("known: m, n, zone:master")) << parent;
    }
}

TEST_F(Leases, GrantNothingThatAFileCouldNot) {
    EXPECT_THAT(refused(request("fly"), Errc::invalid), HasSubstr("'fly' is no capability; they are results, recheck, "));
    EXPECT_THAT(refused(request("execute", hours(1), R"({"comands":[]})"), Errc::invalid), HasSubstr("scope"));
    EXPECT_THAT(refused(request("execute", hours(1), R"({"rate":"often"})"), Errc::invalid),
                HasSubstr("scope /rate: 'often' is not a rate"));
    EXPECT_THAT(refused(request("config", hours(1), R"({"types":["CheckCommand"]})"), Errc::invalid), HasSubstr("can never be granted"));
    EXPECT_THAT(refused(request("renew", hours(1), R"({"hosts":["*"]})"), Errc::invalid), HasSubstr("scope"));
    EXPECT_THAT(table_.grants(), IsEmpty());
}

TEST_F(Leases, WarnOfWhatAFileWouldBeWarnedOf) {
    ASSERT_TRUE(add(request("execute", hours(1), R"({"commands":["dsik"]})")));
    EXPECT_THAT(warnings_, ElementsAre(HasSubstr("scope /commands/0: \"dsik\" matches no command of the catalog")));
}

TEST_F(Leases, AreBoundedInLengthReasonAndScope) {
    for (const Duration length : {Duration(0), Duration(999'999), kLeaseLongest + Duration(1), Duration::max()})
        EXPECT_THAT(refused(request("execute", length), Errc::invalid), HasSubstr("from 1 second to 30 days"));
    EXPECT_TRUE(add(request("execute", kLeaseShortest)));
    EXPECT_TRUE(add(request("execute", kLeaseLongest)));
    LeaseRequest wish = request();
    for (const std::string& reason : {std::string(), std::string(" \t\n"), std::string(kLeaseReason + 1, 'x')}) {
        wish.reason = reason;
        EXPECT_THAT(refused(wish, Errc::invalid), HasSubstr("needs a reason"));
    }
    EXPECT_THAT(refused(request("execute", hours(1), R"({"hosts":[")" + std::string(kLeaseScope, 'x') + R"("]})"), Errc::invalid),
                HasSubstr("more than 16384 bytes"));
}

TEST_F(Leases, AreBoundedInNumber) {
    for (std::size_t i = 0; i < kLeasesOfOne; ++i) ASSERT_TRUE(add(request()));
    EXPECT_THAT(refused(request(), Errc::too_large), HasSubstr("8 leases of execute for m already"));
    // A verdict has room for all that can bear on it.
    for (std::size_t i = 0; i < kLeasesOfOne; ++i) ASSERT_TRUE(add(request("execute", hours(1), "{}", "zone:master")));
    const Grants all = with(R"({"parents":{"m":{"grant":["execute"]},"zone:master":{"grant":["execute"]}}})");
    const Verdict verdict = decide(all);
    EXPECT_EQ(std::count(verdict.grants.begin(), verdict.grants.end(), nullptr), 0);
    for (const char* parent : {"m", "n", "zone:master"})
        for (const Capability capability : kCapabilities)
            for (std::size_t i = 0; i < kLeasesOfOne; ++i)
                if (table_.grants().size() < kLeases)
                    static_cast<void>(add(request(std::string(name_of(capability)), hours(1), "{}", parent)));
    EXPECT_EQ(table_.grants().size(), kLeases);
    EXPECT_THAT(refused(request("renew", hours(1), "{}", "n"), Errc::too_large), HasSubstr("100 leases already"));
    // One that is over makes room.
    ASSERT_TRUE(table_.remove(1));
    EXPECT_TRUE(add(request()));
}

TEST_F(Leases, EndAtTheirEndAndNotBefore) {
    ASSERT_TRUE(add(request("execute", hours(2))));
    ASSERT_TRUE(add(request("results", minutes(30))));
    EXPECT_EQ(next(), Duration(minutes(30)));
    clock_.advance(minutes(30) - Duration(1));
    EXPECT_THAT(expired(), IsEmpty());
    clock_.advance(Duration(1));
    EXPECT_EQ(next(), Duration(0));
    EXPECT_THAT(expired(), ElementsAre(2));
    EXPECT_EQ(next(), Duration(minutes(90)));
    clock_.advance(minutes(90));
    EXPECT_THAT(expired(), ElementsAre(1));
    EXPECT_FALSE(next());
    EXPECT_FALSE(decide(with()).allowed);
}

TEST_F(Leases, AClockSetBackDoesNotMakeThemLonger) {
    ASSERT_TRUE(add(request("execute", hours(2))));
    clock_.advance(hours(1));
    clock_.step_wall(-hours(24 * 365));
    EXPECT_EQ(next(), Duration(hours(1)));
    clock_.advance(hours(1) - Duration(1));
    EXPECT_THAT(expired(), IsEmpty());
    clock_.advance(Duration(1));
    EXPECT_THAT(expired(), ElementsAre(1));
}

TEST_F(Leases, AClockSetForwardEndsThemAndSettingItBackBringsNoneBack) {
    ASSERT_TRUE(add(request("execute", hours(2))));
    clock_.step_wall(hours(2));
    EXPECT_EQ(next(), Duration(0));
    EXPECT_THAT(expired(), ElementsAre(1));
    clock_.step_wall(-hours(2));
    EXPECT_FALSE(decide(with()).allowed);
}

TEST_F(Leases, ARestartChangesNothingOfTheirEnd) {
    ASSERT_TRUE(add(request("execute", hours(2))));
    clock_.advance(minutes(30));
    restart(minutes(30));
    EXPECT_TRUE(decide(with()).allowed);
    EXPECT_EQ(decide(with()).source, "lease:1");
    EXPECT_EQ(next(), Duration(hours(1)));
    clock_.advance(hours(1));
    EXPECT_THAT(expired(), ElementsAre(1));
}

TEST_F(Leases, ThatEndedWhileNobodyRanAreOver) {
    ASSERT_TRUE(add(request("execute", hours(2))));
    restart(hours(2));
    EXPECT_THAT(expired(), ElementsAre(1));
}

TEST_F(Leases, AClockSetBackOverARestartLeavesNoMoreThanWasLeft) {
    ASSERT_TRUE(add(request("execute", hours(2))));
    clock_.advance(minutes(90));
    restart(minutes(10), -hours(1000));
    EXPECT_EQ(next(), Duration(minutes(30)));
    clock_.advance(minutes(20));
    restart(minutes(0), -hours(1000));
    EXPECT_EQ(next(), Duration(minutes(10)));
}

TEST_F(Leases, WhatWasKeptIsHeldToTheSameBounds) {
    std::vector<Lease> kept;
    for (std::uint64_t id = 1; id <= kLeasesOfOne + 1; ++id)
        kept.push_back({id, "m", Capability::execute, {}, "r", "root", kNoon, kNoon + hours(1), Duration::max()});
    kept.push_back({20, "m", Capability::execute, json::Object{{"fly", 1}}, "r", "root", kNoon, kNoon + hours(1), hours(1)});
    const std::vector<std::string> problems = table_.load(kept, 5, clock_.steady());
    EXPECT_THAT(problems, ElementsAre(HasSubstr("lease:9 (execute of m, granted by root: r) can no longer be granted: there are 8"),
                                      HasSubstr("lease:20")));
    EXPECT_EQ(table_.grants().size(), kLeasesOfOne);
    EXPECT_EQ(table_.in_force(clock_.steady()).front().left, kLeaseLongest);
    // An id is never used twice, also not that of one that is lost.
    const Result<Lease> next = add(request("results"));
    ASSERT_TRUE(next);
    EXPECT_EQ(next->id, 21);
}

TEST_F(Leases, TheWordsOfOthersAreEscaped) {
    LeaseRequest wish = request();
    wish.reason = "a\x1b[2Jb";
    const Result<Lease> lease = add(wish);
    ASSERT_TRUE(lease);
    EXPECT_THAT(in_words(*lease), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace endpointd::policy
