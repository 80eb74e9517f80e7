#include "fake_services.hpp"

namespace endpointd::cluster {
namespace {

using namespace std::chrono_literals;

const char* const kAll = R"({"parents":{"master1":{"grant":{"execute":{}}}}})";

TEST(ExecuteCommand, RunsAGrantedCommandAndAnswersWithItsResult) {
    FakeServices node(kAll);
    node.execute("disk", R"({"wfree":"10%","part":"/var"})", R"(,"check_timeout":7)");
    ASSERT_EQ(node.runs.size(), 1U);
    EXPECT_EQ(node.runs[0].request.command, "disk");
    EXPECT_EQ(node.runs[0].request.timeout, 7s);
    EXPECT_EQ(*node.runs[0].request.parameters.find("wfree")->string(), "10%");
    node.finish(0, 1, "DISK WARNING | /=1MB;2;3\n");
    const json::Object cr = node.result(0);
    EXPECT_EQ(*cr.find("state")->number(), 1);
    EXPECT_EQ(*cr.find("output")->string(), "DISK WARNING ");  // up to the bar, as upstream
    EXPECT_EQ(json::to_text(*cr.find("performance_data")), R"(["/=1MB;2;3"])");
    EXPECT_EQ(json::to_text(*cr.find("command")), R"(["/bin/true","x"])");
    EXPECT_EQ(*cr.find("check_source")->string(), "web1");
    EXPECT_EQ(*cr.find("execution_start")->number(), 100);
    EXPECT_TRUE(node.audit.empty());
    EXPECT_EQ(node.kept_until[0], node.clock.steady() + 37s);
}

TEST(ExecuteCommand, IsDeniedWithoutAnyGrant) {
    FakeServices node(R"({"parents":{"other1":{"grant":["execute"]}}})");
    node.execute("free");
    EXPECT_EQ(node.output(0), "endpointd: command 'free' is not granted to master1 (audit 1)");
    EXPECT_EQ(*node.result(0).find("state")->number(), 3);
    ASSERT_EQ(node.audit.size(), 1U);
    EXPECT_EQ(node.audit[0].reason, store::Reason::capability_denied);
    EXPECT_EQ(node.audit[0].object_type, "CheckCommand");
    EXPECT_EQ(node.audit[0].object_name, "free");
    EXPECT_EQ(node.audit[0].zone, "master");
    EXPECT_NE(node.audit[0].detail.find("h!s"), std::string::npos);
    EXPECT_TRUE(node.runs.empty());
}

TEST(ExecuteCommand, OutsideTheGrantsCommandsIsDeniedBeforeTheCatalogIsAsked) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"execute":{"commands":["disk"]}}}}})");
    node.execute("free");
    EXPECT_EQ(node.output(0), "endpointd: command 'free' is not granted to master1 (audit 1)");
    node.execute("nowhere");
    EXPECT_EQ(node.output(1), "endpointd: command 'nowhere' is not granted to master1 (audit 2)");
}

TEST(ExecuteCommand, OutsideTheScopeIsNotGranted) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"execute":{"services":["h!http"]}}}}})");
    node.execute("free");
    EXPECT_EQ(node.output(0), "endpointd: command 'free' is not granted to master1 (audit 1)");
    EXPECT_EQ(node.audit[0].reason, store::Reason::out_of_scope);
}

TEST(ExecuteCommand, OutsideTheCatalogIsUnknown) {
    FakeServices node(kAll);
    node.execute("evil");
    EXPECT_EQ(node.output(0), "endpointd: command 'evil' is not in the local catalog (audit 1)");
    EXPECT_EQ(node.audit[0].reason, store::Reason::unknown_command);
}

TEST(ExecuteCommand, DoesNotRunAnActionAsACheck) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"execute":{},"action":{}}}}})");
    node.execute("restart");
    EXPECT_EQ(node.output(0), "endpointd: command 'restart' is not in the local catalog (audit 1)");
    EXPECT_TRUE(node.runs.empty());
}

TEST(ExecuteCommand, ARefusedParameterNamesItsRuleAndNeverItsValue) {
    FakeServices node(kAll);
    node.execute("disk", R"({"part":"/var;secret"})");
    EXPECT_TRUE(node.output(0).starts_with("endpointd: parameter 'part' refused: ")) << node.output(0);
    EXPECT_TRUE(node.output(0).ends_with(" (audit 1)"));
    EXPECT_EQ(node.output(0).find("secret"), std::string::npos);
    EXPECT_EQ(node.audit[0].reason, store::Reason::argument_refused);
    EXPECT_EQ(node.audit[0].parameter, "part");
}

TEST(ExecuteCommand, OfAWrapperKeepsTheInnerCommandsParametersAndItsRules) {
    FakeServices node(kAll);
    node.execute("negate", R"({"inner":"disk","part":"/var"})");
    ASSERT_EQ(node.runs.size(), 1U);
    EXPECT_TRUE(node.audit.empty());
    EXPECT_EQ(node.runs[0].request.parameters, (json::Object{{"inner", "disk"}, {"part", "/var"}, {"wfree", "20%"}}));
    node.execute("negate", R"({"inner":"disk","part":"-x"})");
    EXPECT_TRUE(node.output(0).starts_with("endpointd: parameter 'part' refused: ")) << node.output(0);
    node.execute("negate", R"({"inner":"restart"})");
    EXPECT_EQ(node.output(1),
              "endpointd: parameter 'inner' refused: names a command that cannot run inside 'negate': it is of kind "
              "action (audit 2)");
    node.execute("negate", R"({"inner":"secret-name"})");
    EXPECT_EQ(node.output(2), "endpointd: parameter 'inner' refused: must name a command of kind check in the local catalog (audit 3)");
    EXPECT_EQ(node.audit[2].reason, store::Reason::argument_refused);
    EXPECT_EQ(node.runs.size(), 1U);
}

TEST(ExecuteCommand, OfAWrapperOpensNoCommandThatIsNotGranted) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"execute":{"commands":["negate", "free"]}}}}})");
    node.execute("negate", R"({"inner":"disk","part":"/"})");
    EXPECT_EQ(node.output(0), "endpointd: command 'disk' inside 'negate' is not granted to master1 (audit 1)");
    EXPECT_EQ(node.audit[0].reason, store::Reason::capability_denied);
    EXPECT_TRUE(node.runs.empty());
    node.execute("negate", R"({"inner":"nowhere"})");
    EXPECT_EQ(node.output(1), "endpointd: command 'nowhere' inside 'negate' is not granted to master1 (audit 2)");
    EXPECT_TRUE(node.runs.empty());
    node.execute("negate", R"({"inner":"free"})");
    EXPECT_EQ(node.runs.size(), 1U);
}

TEST(ExecuteCommand, AMissingParameterIsToldAndNotAudited) {
    FakeServices node(kAll);
    node.execute("disk");
    EXPECT_EQ(node.output(0), "endpointd: parameter 'part' is missing: argument '-p' of 'disk' requires it");
    EXPECT_TRUE(node.audit.empty());
}

TEST(ExecuteCommand, AnUnknownMacroIsDroppedAndOnRecordAndTheCheckRuns) {
    FakeServices node(kAll);
    node.execute("disk", R"({"part":"/","evil":"x"})");
    ASSERT_EQ(node.audit.size(), 1U);
    EXPECT_EQ(node.audit[0].decision, store::Decision::changed);
    EXPECT_EQ(node.audit[0].parameter, "evil");
    EXPECT_TRUE(node.audit[0].fold);
    ASSERT_EQ(node.runs.size(), 1U);
    EXPECT_EQ(node.runs[0].request.parameters.find("evil"), nullptr);
}

TEST(ExecuteCommand, AboveItsRateIsRefusedWithTheTimeToWait) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"execute":{"rate":"2/min"}}}}})");
    node.execute("free");
    node.execute("free");
    node.execute("free");
    EXPECT_EQ(node.runs.size(), 2U);
    EXPECT_EQ(node.output(0), "endpointd: rate-limited: execute for master1, again in 30 s (audit 1)");
    EXPECT_EQ(node.audit[0].reason, store::Reason::rate_limited);
    node.clock.advance(30s);
    node.execute("free");
    EXPECT_EQ(node.runs.size(), 3U);
}

TEST(ExecuteCommand, BeyondMaxConcurrentWaitsAndBeyondTheQueueIsRefused) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"execute":{"max_concurrent":1}}}}})");
    for (int i = 0; i < 5; ++i) node.execute("free");
    EXPECT_EQ(node.runs.size(), 1U);
    EXPECT_EQ(node.dispatcher.waiting(), 3U);
    EXPECT_EQ(node.output(0), "endpointd: too many commands are waiting (audit 1)");
    for (std::size_t run = 0; run < 4; ++run) node.finish(run, 0, "OK");
    EXPECT_EQ(node.runs.size(), 4U);
    EXPECT_EQ(node.answers.size(), 5U);
    EXPECT_EQ(node.dispatcher.waiting(), 0U);
}

TEST(ExecuteCommand, WaitingForAGrantThatIsWithdrawnIsRefused) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"execute":{"max_concurrent":1}}}}})");
    node.execute("free");
    node.execute("free");
    node.configure(R"({"parents":{}})");
    node.finish(0, 0, "OK");
    EXPECT_EQ(node.runs.size(), 1U);
    EXPECT_EQ(node.output(0), "OK");
    EXPECT_EQ(node.output(1), "endpointd: command 'free' is not granted to master1 (audit 1)");
    EXPECT_EQ(node.dispatcher.waiting(), 0U);
}

TEST(ExecuteCommand, OfAPluginTheRunnerRefusesIsAuditedAsPluginChanged) {
    FakeServices node(kAll);
    node.execute("free");
    node.runs[0].done(exec::refused(exec::Refusal::plugin, "plugin of 'free' refused: others may write it"));
    EXPECT_EQ(node.output(0), "endpointd: plugin of 'free' refused: others may write it (audit 1)");
    EXPECT_EQ(node.audit[0].reason, store::Reason::plugin_changed);
}

TEST(ExecuteCommand, UnderWayWhenTheRunnerDiedIsUnknown) {
    FakeServices node(kAll);
    node.execute("free");
    exec::Outcome outcome;
    outcome.text = "runner died while 'free' ran";
    node.runs[0].done(std::move(outcome));
    EXPECT_EQ(node.output(0), "endpointd: runner died while 'free' ran (audit 1)");
}

TEST(ExecuteCommand, FromAnyoneButAParentIsOnRecordAndUnanswered) {
    FakeServices node(R"({"parents":{"grand1":{"grant":["execute"]}}})");
    node.execute("free", "{}", "", "grand1");
    EXPECT_TRUE(node.answers.empty());
    EXPECT_TRUE(node.runs.empty());
    EXPECT_EQ(node.audit.size(), 1U);
}

TEST(ExecuteCommand, WithASourceIsAnActionAndGetsExit126) {
    FakeServices node(kAll);
    node.execute("free", "{}", R"(,"source":"uuid-1","deadline":1795193800)");
    ASSERT_EQ(node.answers.size(), 1U);
    const auto root = json::parse(node.answers[0]);
    EXPECT_EQ(*root->object()->find("method")->string(), "event::ExecutedCommand");
    const json::Object& params = *root->object()->find("params")->object();
    EXPECT_EQ(*params.find("exit")->number(), 126);
    EXPECT_EQ(*params.find("execution")->string(), "uuid-1");
    EXPECT_EQ(*params.find("output")->string(), "endpointd: command 'free' is not granted to master1 (audit 1)");
    EXPECT_TRUE(node.runs.empty());
}

TEST(ExecuteCommand, PastItsDeadlineIsDroppedAndOnRecord) {
    FakeServices node(kAll);
    node.execute("free", "{}", R"(,"source":"uuid-1","deadline":1795193600)");
    EXPECT_TRUE(node.answers.empty());
    EXPECT_EQ(node.audit[0].reason, store::Reason::stale);
}

TEST(ExecuteCommand, OfAnEventHandlerIsDeniedWithoutAResultThatWouldChangeTheState) {
    FakeServices node(kAll);
    node.say("event::ExecuteCommand", R"({"command":"restart","command_type":"event_command","host":"h","macros":{}})");
    EXPECT_TRUE(node.answers.empty());
    EXPECT_TRUE(node.runs.empty());
    ASSERT_EQ(node.audit.size(), 1U);
    EXPECT_EQ(node.audit[0].object_type, "EventCommand");
}

TEST(ExecuteCommand, RedactionLeavesTheFieldsOutAndKeepsTheKeysTheMasterNeeds) {
    FakeServices node(R"({"parents":{"master1":{"grant":{"execute":{},"results":{"redact":["command","performance_data","output"]}}}}})");
    node.execute("free");
    node.finish(0, 2, "secret text | secret=1");
    EXPECT_EQ(node.answers[0].find("secret"), std::string::npos);
    const json::Object cr = node.result(0);
    EXPECT_TRUE(cr.find("performance_data")->is_null());
    EXPECT_TRUE(cr.find("command")->is_null());
    EXPECT_EQ(*cr.find("type")->string(), "CheckResult");
    EXPECT_EQ(*cr.find("state")->number(), 2);
}

TEST(ExecuteCommand, IsAnsweredEvenIfTheStoreFails) {
    FakeServices node(kAll);
    node.store_fails = true;
    node.execute("evil");
    EXPECT_EQ(node.output(0), "endpointd: command 'evil' is not in the local catalog (not audited: the store fails)");
}

TEST(ExecuteCommand, OfABuiltInCommandNeedsTheSameGrant) {
    FakeServices denied(R"({"parents":{}})");
    denied.execute("dummy");
    EXPECT_EQ(denied.output(0), "endpointd: command 'dummy' is not granted to master1 (audit 1)");
    FakeServices node(kAll);
    node.execute("dummy", R"({"dummy_state":"1","dummy_text":"hello | a=1"})");
    EXPECT_EQ(node.output(0), "hello ");
    EXPECT_EQ(*node.result(0).find("state")->number(), 1);
    EXPECT_EQ(json::to_text(*node.result(0).find("performance_data")), R"(["a=1"])");
    EXPECT_EQ(*node.result(0).find("command")->string(), "dummy");
}

}  // namespace
}  // namespace endpointd::cluster
