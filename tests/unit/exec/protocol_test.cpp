#include "exec/protocol.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace endpointd::exec {
namespace {

template <class T>
T request_again(const T& request) {
    auto decoded = decode_request(*encode(Request(request)));
    EXPECT_TRUE(decoded.has_value());
    const T* same = decoded ? std::get_if<T>(&*decoded) : nullptr;
    EXPECT_NE(same, nullptr);
    return same ? *same : T{};
}

template <class T>
T reply_again(const T& reply) {
    auto decoded = decode_reply(encode(Reply(reply)));
    EXPECT_TRUE(decoded.has_value());
    const T* same = decoded ? std::get_if<T>(&*decoded) : nullptr;
    EXPECT_NE(same, nullptr);
    return same ? *same : T{};
}

RunRequest with(json::Object parameters) { return {"disk", RunKind::check, Duration(0), std::move(parameters)}; }

TEST(RunnerProtocol, CarriesARunWithEveryKindOfValue) {
    const json::Object parameters{{"null", nullptr},
                                  {"no", false},
                                  {"yes", true},
                                  {"number", -0.5},
                                  {"text", "a\0b" /* cut by C */},
                                  {"array", json::Array{1, "x", nullptr, true}},
                                  {"empty", json::Array{}}};
    const RunCommand run = request_again(RunCommand{77, {"disk", RunKind::action, std::chrono::seconds(5), parameters}});
    EXPECT_EQ(run.id, 77U);
    EXPECT_EQ(run.request.command, "disk");
    EXPECT_EQ(run.request.kind, RunKind::action);
    EXPECT_EQ(run.request.timeout, std::chrono::seconds(5));
    EXPECT_EQ(run.request.parameters, parameters);
    EXPECT_FALSE(run.request.patient);
    EXPECT_TRUE(request_again(RunCommand{77, {"disk", RunKind::check, Duration(0), {}, {}, true}}).request.patient);
}

TEST(RunnerProtocol, CarriesTheOtherRequests) {
    EXPECT_EQ(request_again(Cancel{UINT64_MAX}).id, UINT64_MAX);
    request_again(PrepareReload{});
    request_again(CommitReload{});
    request_again(AbortReload{});
    request_again(AskStatus{});
}

TEST(RunnerProtocol, CarriesAnOutcomeWhole) {
    Outcome outcome;
    outcome.verdict = Verdict::timed_out;
    outcome.refusal = Refusal::limit;
    outcome.text = "why";
    outcome.exit_status = 128;
    outcome.signal = 15;
    outcome.output = std::string("a\0\xff", 3);
    outcome.truncated = true;
    outcome.argv = {"/bin/x", "", "-a"};
    outcome.start = 1.5;
    outcome.end = 2.25;
    const Outcome same = reply_again(Done{9, outcome}).outcome;
    EXPECT_EQ(same.verdict, outcome.verdict);
    EXPECT_EQ(same.refusal, outcome.refusal);
    EXPECT_EQ(same.text, outcome.text);
    EXPECT_EQ(same.exit_status, outcome.exit_status);
    EXPECT_EQ(same.signal, outcome.signal);
    EXPECT_EQ(same.output, outcome.output);
    EXPECT_EQ(same.truncated, outcome.truncated);
    EXPECT_EQ(same.argv, outcome.argv);
    EXPECT_EQ(same.start, outcome.start);
    EXPECT_EQ(same.end, outcome.end);
}

TEST(RunnerProtocol, CarriesTheOtherReplies) {
    EXPECT_EQ(reply_again(Ready{5, "abc"}).digest, "abc");
    EXPECT_EQ(reply_again(NotReady{"no"}).errors, "no");
    EXPECT_TRUE(reply_again(ReloadPrepared{"d", true}).restarts_runner);
    EXPECT_EQ(reply_again(ReloadFailed{"e"}).errors, "e");
    reply_again(ReloadCommitted{});
    EXPECT_EQ(reply_again(Status{1, "d", 2, 3, 4}).waiting, 3U);
}

TEST(RunnerProtocol, CutsTextsAtTheirBounds) {
    EXPECT_EQ(reply_again(NotReady{std::string(kTextBytes + 1, 'x')}).errors.size(), kTextBytes);
    Outcome outcome;
    outcome.output.assign(kOutputCeiling + 1, 'x');
    EXPECT_EQ(reply_again(Done{1, outcome}).outcome.output.size(), kOutputCeiling);
}

TEST(RunnerProtocol, RefusesToSendWhatTheRunnerWouldNotTake) {
    EXPECT_EQ(encode(Request(RunCommand{1, with({{"x", json::Object{}}})})).error().code, Errc::invalid);
    EXPECT_EQ(encode(Request(RunCommand{1, with({{"x", json::Array{json::Array{}}}})})).error().code, Errc::invalid);
    EXPECT_EQ(encode(Request(RunCommand{1, with({{"x", std::string(limits::kParameterLength + 1, 'a')}})})).error().code, Errc::invalid);
    EXPECT_EQ(encode(Request(RunCommand{1, with({{std::string(kNameBytes + 1, 'a'), 1}})})).error().code, Errc::too_large);
    EXPECT_EQ(encode(Request(RunCommand{1, {std::string(kNameBytes + 1, 'a'), RunKind::check, Duration(0), {}}})).error().code,
              Errc::too_large);
    json::Object many;
    for (std::size_t i = 0; i <= limits::kParameters; ++i) many.set("p" + std::to_string(i), 1);
    EXPECT_EQ(encode(Request(RunCommand{1, with(many)})).error().code, Errc::too_large);
    json::Array wide(limits::kArrayItems, json::Value(std::string(limits::kParameterLength, 'x')));
    EXPECT_EQ(encode(Request(RunCommand{1, with({{"x", wide}})})).error().code, Errc::too_large);
}

TEST(RunnerProtocol, RefusesEveryCutAndEveryTail) {
    const std::string bytes = *encode(Request(RunCommand{7, with({{"a", json::Array{1, "x"}}, {"b", "y"}})}));
    ASSERT_TRUE(decode_request(bytes).has_value());
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_request(bytes.substr(0, size)).has_value()) << size;
    EXPECT_FALSE(decode_request(bytes + '\0').has_value());
    const std::string reply = encode(Reply(Done{7, refused(Refusal::parameter, "why")}));
    for (std::size_t size = 0; size < reply.size(); ++size) EXPECT_FALSE(decode_reply(reply.substr(0, size)).has_value()) << size;
    EXPECT_FALSE(decode_reply(reply + "x").has_value());
}

TEST(RunnerProtocol, RefusesAParameterGivenTwice) {
    std::string bytes = *encode(Request(RunCommand{7, with({{"a", 1}, {"b", 2}})}));
    bytes[bytes.rfind('b')] = 'a';
    EXPECT_EQ(decode_request(bytes).error().code, Errc::malformed);
}

TEST(RunnerProtocol, RefusesUnknownTagsKindsAndVerdicts) {
    EXPECT_FALSE(decode_request("").has_value());
    EXPECT_FALSE(decode_request("\x07").has_value());
    EXPECT_FALSE(decode_reply("\x01").has_value());
    std::string kind = *encode(Request(RunCommand{7, with({})}));
    kind[9] = 4;
    EXPECT_FALSE(decode_request(kind).has_value());
    std::string patience = *encode(Request(RunCommand{7, with({})}));
    patience[18] = 2;
    EXPECT_FALSE(decode_request(patience).has_value());
    std::string verdict = encode(Reply(Done{7, {}}));
    verdict[9] = 99;
    EXPECT_FALSE(decode_reply(verdict).has_value());
}

TEST(RunnerProtocol, AllocatesNothingForLengthsThatAreNotThere) {
    std::string bytes = *encode(Request(RunCommand{7, with({{"a", json::Array{1}}})}));
    const std::size_t count = bytes.size() - 9 - 4;  // of the array's items
    for (const char high : {'\x00', '\x7f', '\xff'}) {
        bytes[count + 3] = high;
        bytes[count + 1] = 4;
        EXPECT_FALSE(decode_request(bytes).has_value());
    }
}

}  // namespace
}  // namespace endpointd::exec
