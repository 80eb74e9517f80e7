#include "policy/usage.hpp"

#include "caps_text.hpp"

namespace endpointd::policy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SteadyTime at(Duration time) { return SteadyTime(time); }

TEST(Rate, ReadsCountAndPeriod) {
    EXPECT_EQ(parse_rate("30/min")->count, 30u);
    EXPECT_EQ(parse_rate("30/min")->period, seconds(60));
    EXPECT_EQ(parse_rate("1/s")->period, seconds(1));
    EXPECT_EQ(parse_rate("6/h")->period, seconds(3600));
    EXPECT_EQ(parse_rate("1000000/d")->period, seconds(86400));
    EXPECT_EQ(parse_rate("6/h")->text, "6/h");
}

TEST(Rate, RefusesAnythingElse) {
    for (const char* text : {"", "/", "30", "30/", "/min", "0/min", "-1/min", "+1/min", "1.5/min", "30/m", "30/minute", "30 /min",
                             "30/min ", " 30/min", "1000001/s", "99999999999/s", "1/s/s"})
        EXPECT_FALSE(parse_rate(text).has_value()) << text;
}

TEST(TokenBucket, GivesNAtOnceAndThenRefillsEvenly) {
    TokenBucket bucket(*parse_rate("3/min"));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(at(seconds(100))).ok);
    const Admit refused = bucket.take(at(seconds(100)));
    EXPECT_FALSE(refused.ok);
    EXPECT_EQ(refused.wait, seconds(20));
    EXPECT_EQ(bucket.take(at(seconds(115))).wait, seconds(5));
    EXPECT_TRUE(bucket.take(at(seconds(120))).ok);
    EXPECT_FALSE(bucket.take(at(seconds(120))).ok);
    EXPECT_TRUE(bucket.take(at(seconds(140))).ok);
}

TEST(TokenBucket, NeverHoldsMoreThanN) {
    TokenBucket bucket(*parse_rate("2/s"));
    EXPECT_TRUE(bucket.take(at(seconds(1))).ok);
    int admitted = 0;
    while (bucket.take(at(seconds(100000))).ok) ++admitted;
    EXPECT_EQ(admitted, 2);
}

TEST(TokenBucket, ARefusalCostsNothing) {
    TokenBucket bucket(*parse_rate("1/s"));
    EXPECT_TRUE(bucket.take(at(seconds(0))).ok);
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(bucket.take(at(milliseconds(500))).ok);
    EXPECT_TRUE(bucket.take(at(seconds(1))).ok);
}

TEST(TokenBucket, OverALongTimeNeverPassesItsRate) {
    TokenBucket bucket(*parse_rate("7/s"));
    int admitted = 0;
    for (int i = 0; i < 100000; ++i) admitted += bucket.take(at(milliseconds(i))).ok ? 1 : 0;
    EXPECT_GE(admitted, 699);
    EXPECT_LE(admitted, 7 + 700);
}

class UsageTest : public testing::Test {
protected:
    void use(const std::string& text) {
        grants_ = good_caps({text});
        usage_.configure(grants_);
    }
    Usage::Admission ask(SteadyTime now, std::string_view command = "disk") {
        return usage_.admit(grants_.decide("m", "top", {Capability::execute, "h", {}, command}), now);
    }

    Grants grants_;
    Usage usage_;
};

TEST_F(UsageTest, CountsWhatIsAllowedAndDenied) {
    use(R"({"parents":{"m":{"grant":{"execute":{"commands":["disk"],"rate":"2/min"}}}}})");
    EXPECT_TRUE(ask(at(seconds(0))).verdict.allowed);
    EXPECT_TRUE(ask(at(seconds(0))).verdict.allowed);
    EXPECT_FALSE(ask(at(seconds(0))).verdict.allowed);
    EXPECT_FALSE(ask(at(seconds(0)), "load").verdict.allowed);
    const Counts counts = usage_.counts({"m", Capability::execute});
    EXPECT_EQ(counts.used, 2u);
    EXPECT_EQ(counts.denied, 2u);
}

TEST_F(UsageTest, WhatIsDeniedAnywayTakesNoToken) {
    use(R"({"parents":{"m":{"grant":{"execute":{"commands":["disk"],"rate":"1/min"}}}}})");
    EXPECT_EQ(ask(at(seconds(0)), "load").verdict.reason, Reason::capability_denied);
    EXPECT_TRUE(ask(at(seconds(0))).verdict.allowed);
}

TEST_F(UsageTest, ARateLimitSaysWhichRuleAndWhenAgain) {
    use("{\"parents\":{\"m\":{\"grant\":{\n\"execute\":{\"rate\":\"5/min\"}}}}}");
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(at(seconds(10))).verdict.allowed);
    const Usage::Admission refused = ask(at(seconds(10)));
    EXPECT_FALSE(refused.verdict.allowed);
    EXPECT_EQ(refused.verdict.reason, Reason::rate_limited);
    EXPECT_EQ(refused.verdict.source, "caps.d/10.json:2");
    EXPECT_EQ(refused.verdict.detail, "more than 5/min of execute for m");
    EXPECT_EQ(refused.wait, seconds(12));
}

TEST_F(UsageTest, TheFirstGrantWithATokenIsUsed) {
    use("{\"parents\":{\"m\":{\"grant\":{\"execute\":{\"rate\":\"1/min\"}}},\n\"zone:top\":{\"grant\":{\"execute\":{\"rate\":\"1/h\"}}}}}");
    const Usage::Admission first = ask(at(seconds(0)));
    EXPECT_EQ(first.verdict.source, "caps.d/10.json:1");
    EXPECT_EQ(first.verdict.grants[1], nullptr);
    const Usage::Admission second = ask(at(seconds(0)));
    EXPECT_EQ(second.verdict.source, "caps.d/10.json:2");
    EXPECT_EQ(second.verdict.grants[0]->id.parent, "zone:top");
    const Usage::Admission third = ask(at(seconds(0)));
    EXPECT_EQ(third.verdict.reason, Reason::rate_limited);
    EXPECT_EQ(third.wait, seconds(60));
    EXPECT_EQ(usage_.counts({"zone:top", Capability::execute}).used, 1u);
}

TEST_F(UsageTest, AReloadKeepsCountsAndBucketsOfWhatDidNotChange) {
    const std::string text = R"({"parents":{"m":{"grant":{"execute":{"rate":"1/min"}}}}})";
    use(text);
    EXPECT_TRUE(ask(at(seconds(0))).verdict.allowed);
    use(text);
    EXPECT_FALSE(ask(at(seconds(1))).verdict.allowed);
    EXPECT_EQ(usage_.counts({"m", Capability::execute}).used, 1u);
    use(R"({"parents":{"m":{"grant":{"execute":{"rate":"2/min"}}}}})");
    EXPECT_TRUE(ask(at(seconds(1))).verdict.allowed);
    EXPECT_EQ(usage_.counts({"m", Capability::execute}).used, 2u);
}

TEST_F(UsageTest, MaxConcurrentHoldsUntilOneFinishes) {
    use(R"({"parents":{"m":{"grant":{"execute":{"max_concurrent":2}}}}})");
    const Grant& grant = *grants_.find(Entry::Kind::endpoint, "m")->find(Capability::execute);
    EXPECT_TRUE(usage_.start(grant));
    EXPECT_TRUE(usage_.start(grant));
    EXPECT_FALSE(usage_.start(grant));
    usage_.finish(grant.id);
    EXPECT_TRUE(usage_.start(grant));
    EXPECT_EQ(usage_.counts(grant.id).running, 2u);
}

TEST_F(UsageTest, ACommandUnderWayOutlivesItsGrant) {
    use(R"({"parents":{"m":{"grant":["execute"]}}})");
    const GrantId id{"m", Capability::execute};
    EXPECT_TRUE(usage_.start(*grants_.find(Entry::Kind::endpoint, "m")->find(Capability::execute)));
    use(R"({"parents":{}})");
    EXPECT_EQ(usage_.counts(id).running, 1u);
    usage_.finish(id);
    EXPECT_EQ(usage_.counts(id).running, 0u);
}

}  // namespace
}  // namespace endpointd::policy
