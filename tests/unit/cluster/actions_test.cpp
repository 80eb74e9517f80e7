// Actions, event and notification commands: who may have which kind of command run,
// what is answered, and what is on record of it.

#include "cluster/run_record.hpp"
#include "cluster/taken_executions.hpp"
#include "fake_services.hpp"

namespace endpointd::cluster {
namespace {

using namespace std::chrono_literals;

const char* const kEverything = R"({"parents":{"master1":{"grant":["execute","action","event"]}}})";
// The clock of FakeServices stands at 1795193700.
const char* const kSource = R"(,"source":"uuid-1","deadline":1795193760)";
const char* const kOther = R"(,"source":"uuid-2","deadline":1795193760)";

std::string text_of(const json::Object& params, const char* key) { return *params.find(key)->string(); }

// The table of docs/actions.md with everything granted, then with all but what the row needs.
TEST(Actions, RunWhatTheTableSaysAndNothingElse) {
    struct Row {
        const char *type, *command;
        bool source;
        const char* capability;  // null: does not run
    };
    const Row rows[] = {
        {"check_command", "free", false, "execute"},      {"check_command", "restart", false, nullptr},
        {"check_command", "heal", false, nullptr},        {"check_command", "mail", false, nullptr},
        {"event_command", "free", false, nullptr},        {"event_command", "restart", false, "action"},
        {"event_command", "heal", false, "event"},        {"event_command", "mail", false, nullptr},
        {"notification_command", "free", false, nullptr}, {"notification_command", "restart", false, nullptr},
        {"notification_command", "heal", false, nullptr}, {"notification_command", "mail", false, "event"},
        {"check_command", "free", true, "action"},        {"check_command", "restart", true, "action"},
        {"check_command", "heal", true, nullptr},         {"check_command", "mail", true, nullptr},
        {"event_command", "free", true, nullptr},         {"event_command", "restart", true, "action"},
        {"event_command", "heal", true, "action"},        {"event_command", "mail", true, nullptr},
        {"notification_command", "free", true, nullptr},  {"notification_command", "restart", true, "action"},
        {"notification_command", "heal", true, nullptr},  {"notification_command", "mail", true, "action"},
    };
    for (const Row& row : rows) {
        const std::string what = std::string(row.type) + " " + row.command + (row.source ? " with source" : "");
        FakeServices node(kEverything);
        node.execute_as(row.type, row.command, row.source ? kSource : "");
        ASSERT_EQ(node.runs.size(), row.capability != nullptr ? 1U : 0U) << what;
        if (row.capability == nullptr) {
            ASSERT_EQ(node.audit.size(), 1U) << what;
            EXPECT_EQ(node.audit[0].reason, store::Reason::unknown_command) << what;
            continue;
        }
        EXPECT_TRUE(node.audit.empty()) << what << ": the record comes with the end";
        std::string others;
        for (const char* one : {"execute", "action", "event"})
            if (std::string_view(one) != row.capability) others += (others.empty() ? "\"" : ",\"") + std::string(one) + "\"";
        FakeServices denied(R"({"parents":{"master1":{"grant":[)" + others + "]}}}");
        denied.execute_as(row.type, row.command, row.source ? kSource : "");
        EXPECT_TRUE(denied.runs.empty()) << what;
        ASSERT_EQ(denied.audit.size(), 1U) << what;
        EXPECT_EQ(denied.audit[0].reason, store::Reason::capability_denied) << what;
        EXPECT_EQ(denied.audit[0].detail, "for h!s: " + std::string(row.capability) + " is not granted to master1") << what;
    }
}

TEST(Actions, AreHandedToTheRunnerAsTheKindTheCatalogHas) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart");
    node.execute_as("event_command", "heal");
    node.execute_as("notification_command", "mail");
    node.execute_as("check_command", "restart", kSource);
    ASSERT_EQ(node.runs.size(), 4U);
    EXPECT_EQ(node.runs[0].request.kind, exec::RunKind::action);
    EXPECT_EQ(node.runs[1].request.kind, exec::RunKind::event);
    EXPECT_EQ(node.runs[2].request.kind, exec::RunKind::notification);
    EXPECT_EQ(node.runs[3].request.kind, exec::RunKind::action);
}

TEST(Actions, WithASourceAreAnsweredWithExitOutputStartAndEnd) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart", kSource, R"({"service":"redis"})");
    node.finish(0, 7, " raw text | a=1\n");
    const json::Object params = node.executed(0);
    EXPECT_EQ(text_of(params, "execution"), "uuid-1");
    EXPECT_EQ(text_of(params, "host"), "h");
    EXPECT_EQ(text_of(params, "service"), "s");
    EXPECT_EQ(*params.find("exit")->number(), 7);
    EXPECT_EQ(text_of(params, "output"), " raw text | a=1\n");
    EXPECT_EQ(*params.find("start")->number(), 100);
    EXPECT_EQ(*params.find("end")->number(), 101);
}

TEST(Actions, WithoutASourceAreNeverAnswered) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart");
    node.execute_as("event_command", "heal");
    node.execute_as("notification_command", "mail");
    for (std::size_t run = 0; run < 3; ++run) node.finish(run, 1, "failed");
    node.execute_as("event_command", "restart", "", R"({"service":"sshd"})");
    EXPECT_TRUE(node.answers.empty());
    EXPECT_EQ(node.audit.size(), 4U);
}

TEST(Actions, ThatEndedHaveOneRecordWithObjectParametersStatusAndDuration) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart", "", R"({"service":"redis"})");
    node.finish(0, 1, "failed");
    ASSERT_EQ(node.audit.size(), 1U);
    const store::AuditEntry& entry = node.audit[0];
    EXPECT_EQ(entry.decision, store::Decision::executed);
    EXPECT_EQ(entry.reason, store::Reason::ok);
    EXPECT_EQ(entry.parent, "master1");
    EXPECT_EQ(entry.zone, "master");
    EXPECT_EQ(entry.method, "event::ExecuteCommand");
    EXPECT_EQ(entry.object_type, "EventCommand");
    EXPECT_EQ(entry.object_name, "restart");
    EXPECT_EQ(entry.detail, R"(for h!s: action exited, exit status 1, after 1.000 s; parameters {"service":"redis"})");
    EXPECT_FALSE(entry.fold);
    ASSERT_TRUE(entry.content);
    EXPECT_NE(entry.content->find(R"("service":"redis")"), std::string::npos);
}

TEST(Actions, OfEveryKindOfMessageAreRecordedUnderItsType) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "heal");
    node.execute_as("notification_command", "mail");
    node.execute_as("check_command", "free", kSource);
    node.execute_as("check_command", "dummy", kOther, R"({"dummy_state":2,"dummy_text":"t"})");
    for (std::size_t run = 0; run < 3; ++run) node.finish(run, 0, "");
    ASSERT_EQ(node.audit.size(), 4U);
    EXPECT_EQ(node.audit[0].object_type, "CheckCommand");  // the built-in ends first
    EXPECT_EQ(node.audit[0].detail.find("for h!s: check exited, exit status 2, after 0.000 s"), 0U) << node.audit[0].detail;
    EXPECT_EQ(node.audit[1].object_type, "EventCommand");
    EXPECT_EQ(node.audit[2].object_type, "NotificationCommand");
    EXPECT_EQ(node.audit[3].object_type, "CheckCommand");
    for (const store::AuditEntry& entry : node.audit) EXPECT_EQ(entry.decision, store::Decision::executed);
    EXPECT_EQ(*node.executed(0).find("exit")->number(), 2);
    EXPECT_EQ(text_of(node.executed(0), "output"), "t");
}

TEST(Actions, PlainChecksAreCountedAndNotRecorded) {
    FakeServices node(kEverything);
    node.execute("free");
    node.finish(0, 0, "OK");
    EXPECT_TRUE(node.audit.empty());
}

TEST(Actions, TheRecordIsBoundedAndHoldsNoControlCharacter) {
    json::Object parameters;
    parameters.set("text", std::string(5000, 'x'));
    exec::Outcome outcome;
    outcome.verdict = exec::Verdict::signalled;
    outcome.signal = 9;
    outcome.start = 10;
    outcome.end = 9;  // the wall clock was set back
    const std::string text = run_text(catalog::Kind::event, outcome, parameters_text(parameters));
    EXPECT_EQ(text.find(R"(event ended by signal 9, exit status 128, after 0.000 s; parameters {"text":"xxx)"), 0U) << text;
    EXPECT_LT(text.size(), kAuditedParameters + 100);
    EXPECT_TRUE(text.ends_with("..."));
    parameters.set("text", "a\n\x7f");
    EXPECT_EQ(parameters_text(parameters), R"({"text":"a\n\u007f"})");
}

TEST(Actions, ALongMessageIsRecordedByItsBeginningAndTheDigestOfAllOfIt) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "heal", "", R"({"more":")" + std::string(10'000, 'x') + R"("})");
    node.finish(0, 0, "");
    ASSERT_EQ(node.audit.size(), 2U);  // the dropped macro, then the run
    ASSERT_TRUE(node.audit[1].content && node.audit[1].content_sha256);
    EXPECT_EQ(node.audit[1].content->size(), 4096U);
    EXPECT_GT(node.audit[0].content->size(), 10'000U);
    EXPECT_EQ(node.audit[1].content_sha256->size(), 64U);
}

TEST(Actions, ARefusedValueIsInTheRecordAndNotInTheAnswer) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart", kSource, R"({"service":"sshd-hidden"})");
    EXPECT_TRUE(node.runs.empty());
    EXPECT_EQ(*node.executed(0).find("exit")->number(), 126);
    EXPECT_EQ(text_of(node.executed(0), "output").find("hidden"), std::string::npos);
    ASSERT_EQ(node.audit.size(), 1U);
    EXPECT_EQ(node.audit[0].reason, store::Reason::argument_refused);
    EXPECT_NE(node.audit[0].content->find("sshd-hidden"), std::string::npos);
}

TEST(Actions, AboveTheirRateAreRefusedInTheNameOfTheirCapability) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"action":{"rate":"1/h"},"event":{"rate":"1/h"}}}}})");
    for (const char* source : {kSource, kOther}) node.execute_as("event_command", "restart", source);
    EXPECT_EQ(node.runs.size(), 1U);
    EXPECT_EQ(text_of(node.executed(0), "output"), "endpointd: rate-limited: action for master1, again in 3600 s (audit 1)");
    for (int i = 0; i < 2; ++i) node.execute_as("event_command", "heal");
    EXPECT_EQ(node.runs.size(), 2U) << "a rate of its own";
    EXPECT_EQ(node.audit[1].reason, store::Reason::rate_limited);
    EXPECT_EQ(node.audit[1].detail, "for h!s: more than 1/h of event for master1");
}

TEST(Actions, HaveAMaxConcurrentOfTheirOwn) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"execute":{},"action":{"max_concurrent":1}}}}})");
    node.execute_as("event_command", "restart");
    node.execute_as("event_command", "restart");
    node.execute("free");
    EXPECT_EQ(node.runs.size(), 2U);
    EXPECT_EQ(node.dispatcher.waiting(), 1U);
    node.finish(0, 0, "");
    EXPECT_EQ(node.runs.size(), 3U);
}

TEST(Actions, PastTheirDeadlineOnArrivalAreStaleAndUnanswered) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart", R"(,"source":"u","deadline":1795193700)");
    node.execute_as("event_command", "restart", R"(,"source":"u","deadline":-1e300)");
    EXPECT_TRUE(node.runs.empty());
    EXPECT_TRUE(node.answers.empty());
    ASSERT_EQ(node.audit.size(), 2U);
    for (const store::AuditEntry& entry : node.audit) EXPECT_EQ(entry.reason, store::Reason::stale);
}

TEST(Actions, WhoseDeadlinePassesWhileTheyWaitAreStaleAndNeverRun) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"action":{"max_concurrent":1}}}}})");
    node.execute_as("event_command", "restart", kSource);
    node.execute_as("event_command", "restart", R"(,"source":"uuid-2","deadline":1795193710)");
    node.execute_as("event_command", "restart", R"(,"source":"uuid-3","deadline":1795193750)");
    ASSERT_EQ(node.dispatcher.waiting(), 2U);
    node.clock.advance(20s);
    node.finish(0, 0, "");
    EXPECT_EQ(node.runs.size(), 2U) << "the third took the place";
    EXPECT_EQ(node.answers.size(), 1U);
    EXPECT_EQ(node.dispatcher.waiting(), 0U);
    ASSERT_EQ(node.audit.size(), 2U);
    EXPECT_EQ(node.audit[1].reason, store::Reason::stale);
    EXPECT_EQ(node.audit[1].detail, "for h!s: its deadline passed while it waited");
    EXPECT_NE(node.audit[1].content->find("uuid-2"), std::string::npos);
}

TEST(Actions, WhoseDeadlinePassesWhileTheyWaitForTheRunnerAreStaleToo) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart", kSource);
    node.clock.advance(61s);
    exec::Outcome outcome;
    outcome.verdict = exec::Verdict::cancelled;
    node.runs[0].done(std::move(outcome));
    EXPECT_TRUE(node.answers.empty());
    ASSERT_EQ(node.audit.size(), 1U);
    EXPECT_EQ(node.audit[0].reason, store::Reason::stale);
}

TEST(Actions, ThatAreReplayedRunOnce) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart", kSource);
    node.execute_as("event_command", "restart", kSource);
    node.finish(0, 0, "");
    node.execute_as("event_command", "restart", kSource);
    EXPECT_EQ(node.runs.size(), 1U);
    EXPECT_EQ(node.answers.size(), 1U);
    ASSERT_EQ(node.audit.size(), 3U);
    EXPECT_EQ(node.audit[0].reason, store::Reason::stale);
    EXPECT_EQ(node.audit[0].detail, "for h!s: this execution was taken on before: a replay");
    EXPECT_EQ(node.audit[1].decision, store::Decision::executed);
    node.execute_as("event_command", "restart", kOther);
    node.execute_as("event_command", "restart");
    node.execute_as("event_command", "restart");
    EXPECT_EQ(node.runs.size(), 4U) << "another execution, and handlers, which have no id";
}

TEST(Actions, ThatBothParentsOfAZoneBringRunOnce) {
    FakeServices node(R"({"parents":{"zone:master":{"grant":["action"]}}})");
    const std::string params = R"({"command":"restart","command_type":"event_command","host":"h","macros":{})" + std::string(kSource) + "}";
    node.say("event::ExecuteCommand", params, "master1");
    node.say("event::ExecuteCommand", params, "other1");
    EXPECT_EQ(node.runs.size(), 1U);
}

TEST(TakenExecutions, AreForgottenWhenTheyAreOverAndBounded) {
    TakenExecutions taken;
    const SteadyTime now;
    EXPECT_TRUE(taken.take("z", "a", now + 10s, now));
    EXPECT_FALSE(taken.take("z", "a", now + 10s, now + 9s));
    EXPECT_TRUE(taken.take("other", "a", now + 10s, now + 9s)) << "an id belongs to the zone that chose it";
    EXPECT_TRUE(taken.take("z", "a", now + 20s, now + 10s));
    EXPECT_EQ(taken.size(), 1U);
    EXPECT_TRUE(taken.take("z", std::string(1'000'000, 'x'), now + 30s, now + 10s));
    for (std::size_t i = 0; i < kTakenExecutions; ++i) EXPECT_TRUE(taken.take("z", std::to_string(i), now + 60s, now + 10s));
    EXPECT_EQ(taken.size(), kTakenExecutions);
    EXPECT_FALSE(taken.take("z", "7", now + 60s, now + 10s));
}

TEST(Actions, GetNoMoreTimeThanTheirDeadlineLeaves) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart", kSource);
    node.execute_as("event_command", "restart", R"(,"source":"u","deadline":1e300)");
    node.execute_as("event_command", "restart", R"(,"deadline":1795193760)");
    ASSERT_EQ(node.runs.size(), 3U);
    EXPECT_EQ(node.runs[0].request.deadline, node.clock.steady() + 60s);
    EXPECT_GT(*node.runs[1].request.deadline, node.clock.steady() + 24h);
    EXPECT_FALSE(node.runs[2].request.deadline) << "only a source has a deadline, as upstream";
}

TEST(Actions, TheTimeoutOfAServicesCheckIsNotThatOfItsHandler) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart", R"(,"source":"u","check_timeout":2)");
    node.execute_as("check_command", "restart", R"(,"source":"v","check_timeout":2)");
    EXPECT_EQ(node.runs[0].request.timeout, 0s);
    EXPECT_EQ(node.runs[1].request.timeout, 2s);
}

TEST(Actions, AnswersAreKeptForReplayMaxAgeAndThoseToChecksAreNot) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart", kSource);
    node.execute_as("event_command", "nowhere", kSource);
    node.execute("free");
    node.finish(0, 0, "");
    node.finish(1, 0, "");
    ASSERT_EQ(node.kept_until.size(), 3U);
    EXPECT_EQ(node.kept_until[0], node.clock.steady() + 24h) << "a refusal";
    EXPECT_EQ(node.kept_until[1], node.clock.steady() + 24h);
    EXPECT_EQ(node.kept_until[2], node.clock.steady() + 90s);
}

TEST(Actions, AnswersAreKeptNoLongerThanTheEndpointsLogDuration) {
    FakeServices node(R"({"parents":{"other1":{"grant":["action"]}}})");
    node.say("event::ExecuteCommand",
             R"({"command":"restart","command_type":"event_command","host":"h","macros":{},"source":"u","deadline":1795193760})", "other1");
    node.finish(0, 0, "");
    ASSERT_EQ(node.kept_until.size(), 1U);
    EXPECT_EQ(node.kept_until[0], node.clock.steady() + 10min);
}

TEST(Actions, EventHandlersThatWaitedLongAreStillRun) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"event":{"max_concurrent":1}}}}})");
    node.execute_as("event_command", "heal");
    node.execute_as("event_command", "heal");
    node.clock.advance(1h);
    node.finish(0, 0, "");
    EXPECT_EQ(node.runs.size(), 2U) << "a parent sends it once";
}

TEST(Actions, UnderWayWhenTheRunnerDiedAreOnRecordAsExecutedAndAnsweredWith126) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart", kSource);
    exec::Outcome outcome;
    outcome.text = "runner died while 'restart' ran";
    outcome.start = 100;
    outcome.end = 102.5;
    node.runs[0].done(std::move(outcome));
    EXPECT_EQ(*node.executed(0).find("exit")->number(), 126);
    EXPECT_EQ(text_of(node.executed(0), "output"), "endpointd: runner died while 'restart' ran (audit 1)");
    ASSERT_EQ(node.audit.size(), 1U);
    EXPECT_EQ(node.audit[0].decision, store::Decision::executed);
    EXPECT_EQ(node.audit[0].detail, R"(for h!s: action under way when the runner died, after 2.500 s; parameters {"service":"nginx"})");
}

TEST(Actions, EndedByOurStopAreAnsweredWith126AndOnRecord) {
    FakeServices node(kEverything);
    node.execute_as("event_command", "restart", kSource);
    node.execute_as("event_command", "restart", kOther);
    node.execute("free");
    exec::Outcome running, waiting;
    running.verdict = waiting.verdict = exec::Verdict::cancelled;
    running.start = 100;
    running.end = 105;
    node.runs[0].done(std::move(running));
    node.runs[1].done(waiting);
    node.runs[2].done(waiting);
    ASSERT_EQ(node.answers.size(), 2U) << "a check is asked for again";
    EXPECT_EQ(*node.executed(0).find("exit")->number(), 126);
    EXPECT_EQ(text_of(node.executed(0), "output"), "endpointd: endpointd stops, 'restart' was under way and is ended");
    EXPECT_EQ(text_of(node.executed(1), "output"), "endpointd: endpointd stops, 'restart' was not started");
    ASSERT_EQ(node.audit.size(), 2U);
    EXPECT_EQ(node.audit[0].decision, store::Decision::executed);
    EXPECT_EQ(node.audit[1].decision, store::Decision::denied);
}

TEST(Actions, DoNotRunWhileTheAuditCannotBeWrittenAndChecksDo) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"execute":{},"event":{},"action":{"max_concurrent":1}}}}})");
    node.execute_as("event_command", "restart");
    node.execute_as("event_command", "restart", kSource);
    node.store_fails = true;
    node.execute_as("event_command", "restart", kOther);
    node.execute_as("event_command", "heal");
    node.execute("free");
    ASSERT_EQ(node.runs.size(), 2U);
    EXPECT_EQ(node.runs[1].request.command, "free");
    EXPECT_EQ(text_of(node.executed(0), "output"),
              "endpointd: 'restart' is not run while the audit cannot be written (not audited: the store fails)");
    node.finish(0, 0, "");
    EXPECT_EQ(node.runs.size(), 2U) << "what waited is held to it as well";
    EXPECT_EQ(node.answers.size(), 2U);
    node.store_fails = false;
    node.execute_as("event_command", "restart");
    EXPECT_EQ(node.runs.size(), 3U);
}

TEST(Actions, ThatWaitedAreJudgedByTheCapabilityOfTheRulesInForce) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"action":{"max_concurrent":1}}}}})");
    node.execute_as("event_command", "restart", kSource);
    node.execute_as("event_command", "restart", kOther);
    node.configure(R"({"parents":{"master1":{"grant":["execute","event"]}}})");
    node.finish(0, 0, "");
    EXPECT_EQ(node.runs.size(), 1U);
    EXPECT_EQ(text_of(node.executed(1), "output"), "endpointd: command 'restart' is not granted to master1 (audit 2)");
}

TEST(Actions, RedactionOfOutputHoldsForExecutions) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"action":{},"results":{"redact":["output"]}}}}})");
    node.execute_as("event_command", "restart", kSource);
    node.finish(0, 0, "secret");
    EXPECT_EQ(text_of(node.executed(0), "output"), "");
}

TEST(Actions, AParentThatMayActMayTellOfItsExecutions) {
    const std::string params = R"({"host":"h","executions":{"u":{"pending":true,"deadline":1}}})";
    FakeServices granted(kEverything);
    granted.say("event::UpdateExecutions", params);
    EXPECT_TRUE(granted.audit.empty());
    FakeServices elsewhere(R"({"parents":{"master1":{"grant":{"action":{"hosts":["other"]}}}}})");
    elsewhere.say("event::UpdateExecutions", params);
    EXPECT_EQ(elsewhere.audit.size(), 1U);
    FakeServices denied(R"({"parents":{"master1":{"grant":["execute","event"]}}})");
    denied.say("event::UpdateExecutions", params);
    ASSERT_EQ(denied.audit.size(), 1U);
    EXPECT_EQ(denied.audit[0].reason, store::Reason::capability_denied);
    EXPECT_EQ(denied.audit[0].detail, "action is not granted to master1");
}

TEST(OperatorRun, OfAnActionIsOnRecordWithWhoParametersStatusAndDuration) {
    FakeServices node(R"({"parents":{}})");
    std::vector<exec::Outcome> ended;
    const auto done = [&](exec::Outcome outcome) { ended.push_back(std::move(outcome)); };
    json::Object parameters;
    parameters.set("service", "redis");
    node.dispatcher.run_for_operator("restart", parameters, "alice", done);
    ASSERT_EQ(node.runs.size(), 1U);
    EXPECT_EQ(node.runs[0].request.kind, exec::RunKind::action);
    node.finish(0, 3, "x");
    node.dispatcher.run_for_operator("free", {}, "alice", done);
    node.finish(1, 0, "x");
    EXPECT_EQ(ended.size(), 2U);
    ASSERT_EQ(node.audit.size(), 1U) << "checks are counted, not recorded";
    EXPECT_EQ(node.audit[0].decision, store::Decision::executed);
    EXPECT_EQ(node.audit[0].object_type, "EventCommand");
    EXPECT_EQ(node.audit[0].object_name, "restart");
    EXPECT_EQ(node.audit[0].detail, R"(run by alice: action exited, exit status 3, after 1.000 s; parameters {"service":"redis"})");
}

TEST(OperatorRun, OfAnActionIsRefusedWhileTheAuditCannotBeWritten) {
    FakeServices node(R"({"parents":{}})");
    node.store_fails = true;
    exec::Outcome ended;
    node.dispatcher.run_for_operator("mail", {}, "alice", [&](exec::Outcome outcome) { ended = std::move(outcome); });
    EXPECT_TRUE(node.runs.empty());
    EXPECT_EQ(ended.refusal, exec::Refusal::unavailable);
    EXPECT_EQ(ended.text, "'mail' is not run while the audit cannot be written");
}

}  // namespace
}  // namespace endpointd::cluster
