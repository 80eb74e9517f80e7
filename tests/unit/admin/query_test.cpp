#include "admin/query.hpp"

#include <gtest/gtest.h>

#include "admin/audit_query.hpp"
#include "admin/parameters.hpp"

namespace endpointd::admin {
namespace {

TEST(Query, IsTakenApartAndDecoded) {
    const Result<Target> target = parse_target("/v1/audit?name=a%20b+c&limit=5&&flag");
    ASSERT_TRUE(target);
    EXPECT_EQ(target->path, "/v1/audit");
    EXPECT_EQ(target->query, (Query{{"name", "a b c"}, {"limit", "5"}, {"flag", ""}}));
}

TEST(Query, RefusesBrokenEscapes) {
    for (const char* target : {"/?a=%", "/?a=%4", "/?a=%zz", "/?a=%00", "/?a=%ff", "/?%c3%28=1", "", "v1/status", "*"})
        EXPECT_FALSE(parse_target(target)) << target;
}

TEST(Query, RefusesTooManyParameters) {
    std::string target = "/?a=1";
    for (std::size_t i = 1; i < kQueryParameters; ++i) target += "&a=1";
    EXPECT_TRUE(parse_target(target));
    EXPECT_FALSE(parse_target(target + "&a=1"));
}

TEST(Query, SurvivesARoundTrip) {
    const std::string text = "a/b c&d=e+f%\xc3\xa4?#";
    const Result<std::string> back = percent_decoded(percent_encoded(text), true);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, text);
}

TEST(Query, AParameterGivenTwiceIsRefused) {
    EXPECT_FALSE(unique_value({{"a", "1"}, {"a", "2"}}, "a"));
    EXPECT_EQ(*unique_value({{"a", "1"}}, "b"), std::nullopt);
}

TEST(Query, AnUnknownParameterIsNamed) {
    const Result<void> known = only_known({{"limt", "1"}}, {"limit", "before"});
    ASSERT_FALSE(known);
    EXPECT_EQ(known.error().text, "unknown parameter 'limt'; known here: limit, before");
}

TEST(Parameters, OneGivenAgainBecomesAnArray) {
    const Result<json::Object> parameters = parameters_of_query({{"param", "a=1"}, {"param", "b=x=y"}, {"param", "a=2"}, {"param", "a=3"}});
    ASSERT_TRUE(parameters);
    EXPECT_EQ(json::to_text(*parameters), R"({"a":["1","2","3"],"b":"x=y"})");
}

TEST(Parameters, NeedANameAndAValue) {
    EXPECT_FALSE(parameters_of_query({{"param", "a"}}));
    EXPECT_FALSE(parameters_of_query({{"param", "=1"}}));
    EXPECT_TRUE(parameters_of_query({{"param", "a="}}));
}

TEST(Parameters, OfABodyAreAnObject) {
    EXPECT_TRUE(parameters_of_body(""));
    EXPECT_TRUE(parameters_of_body("{}"));
    EXPECT_EQ(json::to_text(*parameters_of_body(R"({"parameters":{"a":["1"]}})")), R"({"a":["1"]})");
    for (const char* body : {"[]", "{", R"({"parameters":[]})", R"({"argv":["/bin/sh"]})", "null"})
        EXPECT_FALSE(parameters_of_body(body)) << body;
}

TEST(AuditFilter, TakesEveryFilter) {
    const WallTime now = from_unix(1'700'000'000);
    const Result<store::AuditFilter> filter = audit_filter({{"since", "1h"},
                                                            {"until", "2023-11-14T22:00:00Z"},
                                                            {"parent", "m"},
                                                            {"decision", "denied"},
                                                            {"reason", "unknown-command"},
                                                            {"type", "Check*"},
                                                            {"name", "d*"},
                                                            {"unreviewed", "true"},
                                                            {"limit", "7"},
                                                            {"before", "9"}},
                                                           now);
    ASSERT_TRUE(filter);
    EXPECT_EQ(filter->since, now - std::chrono::hours(1));
    EXPECT_EQ(to_rfc3339(*filter->until), "2023-11-14T22:00:00.000Z");
    EXPECT_EQ(filter->parent, "m");
    EXPECT_EQ(filter->decision, store::Decision::denied);
    EXPECT_EQ(filter->reason, store::Reason::unknown_command);
    EXPECT_EQ(filter->object_type, "Check*");
    EXPECT_EQ(filter->object_name, "d*");
    EXPECT_TRUE(filter->unreviewed);
    EXPECT_EQ(filter->limit, 7u);
    EXPECT_EQ(filter->before, 9u);
}

TEST(AuditFilter, NamesTheKnownDecisionsAndReasons) {
    const Result<store::AuditFilter> decision = audit_filter({{"decision", "refused"}}, {});
    ASSERT_FALSE(decision);
    EXPECT_EQ(decision.error().text, "unknown decision 'refused'; known: rejected, accepted, denied, executed, changed");
    const Result<store::AuditFilter> reason = audit_filter({{"reason", "because"}}, {});
    ASSERT_FALSE(reason);
    EXPECT_TRUE(reason.error().text.starts_with("unknown reason 'because'; known: command-pushed, command-shadowed, unknown-command, "));
    EXPECT_TRUE(reason.error().text.ends_with(", malformed-message, plugin-changed, ok"));
}

TEST(AuditFilter, RefusesNumbersOutOfRange) {
    for (const char* limit : {"0", "-1", "x", "1.5", "", "10001", "99999999999999999999"})
        EXPECT_FALSE(audit_filter({{"limit", limit}}, {})) << limit;
    EXPECT_FALSE(audit_filter({{"before", "0"}}, {}));
    EXPECT_FALSE(audit_filter({{"unreviewed", "maybe"}}, {}));
    EXPECT_FALSE(audit_filter({{"limit", "1"}, {"limit", "2"}}, {}));
}

}  // namespace
}  // namespace endpointd::admin
