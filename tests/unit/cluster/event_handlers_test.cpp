// Whose event handlers run, with what, how many at once, and what is on record of it.

#include "cluster/event_handlers.hpp"

#include <algorithm>

#include "fake_services.hpp"
#include "policy/filter.hpp"
#include "schedule/state_text.hpp"

namespace endpointd::cluster {
namespace {

using namespace std::chrono_literals;

constexpr const char* kNobody = R"({"parents":{"master1":{"grant":["config","passive"]}}})";
constexpr const char* kGranted = R"({"parents":{"master1":{"grant":["config","event","action"]}}})";

std::string event_grant(const std::string& scope) { return R"({"parents":{"master1":{"grant":{"event":)" + scope + "}}}}"; }

// Objects of a plan, without a parent who pushes them and results that come of checks.
class EventHandlersTest : public testing::Test {
protected:
    void begin(const std::string& caps, std::size_t slots = 64) {
        node_ = std::make_unique<FakeServices>(caps);
        slots_ = slots;
        configure(caps);
        plan_ = std::make_shared<policy::Plan>();
        add("Host", "h", policy::Origin::local, {});
    }
    void configure(const std::string& caps) {
        node_->configure(caps);
        auto rules = std::make_shared<Rules>(*node_->rules);
        rules->slots = slots_;
        node_->dispatcher.configure(rules);
    }
    EventHandlers& handlers() { return node_->dispatcher.scheduling().handlers(); }

    policy::PlannedObject& add(std::string_view type, const std::string& name, policy::Origin origin, json::Object attributes) {
        auto object = std::make_shared<dsl::Object>();
        object->type = dsl::config_type(type);
        object->name = name;
        if (const std::size_t mark = name.find('!'); mark != std::string::npos) attributes.set("host_name", name.substr(0, mark));
        object->attributes = std::move(attributes);
        policy::PlannedObject planned;
        planned.object = std::move(object);
        planned.origin = origin;
        if (origin != policy::Origin::local) planned.parent = "master1";
        plan_->objects.push_back(std::move(planned));
        return plan_->objects.back();
    }
    // In the plan, with a handler.
    policy::PlannedObject& service(const std::string& name, policy::Origin origin, const std::string& command = "heal",
                                   json::Object attributes = {}) {
        attributes.set("event_command", command);
        return add("Service", "h!" + name, origin, std::move(attributes));
    }
    void publish() {
        std::ranges::sort(plan_->objects, {},
                          [](const policy::PlannedObject& one) { return std::pair(one.object->type->order, one.object->name); });
        handlers().publish(plan_);
    }
    // A result of `h!NAME`.
    void happen(const std::string& name, const std::string& state = "CRITICAL", int attempt = 1) {
        const policy::PlannedObject* const planned = plan_->find("Service", "h!" + name);
        ASSERT_NE(planned, nullptr);
        policy::StateMacros states;
        states.service = {{"state", state}, {"state_type", "SOFT"}, {"check_attempt", attempt}};
        states.host = {{"state", "UP"}};
        handlers().handle(*planned->object, std::move(states));
    }
    void one(const std::string& caps, policy::Origin origin, const std::string& command = "heal") {
        begin(caps);
        service("s", origin, command);
        publish();
        happen("s");
    }
    void expect_denied(store::Reason reason, const std::string& detail, const char* command = "heal") {
        EXPECT_TRUE(node_->runs.empty());
        ASSERT_EQ(node_->audit.size(), 1U);
        const store::AuditEntry& entry = node_->audit[0];
        EXPECT_EQ(entry.decision, store::Decision::denied);
        EXPECT_EQ(entry.reason, reason);
        EXPECT_EQ(entry.object_type, "EventCommand");
        EXPECT_EQ(entry.object_name, command);
        EXPECT_EQ(entry.detail, detail);
        EXPECT_EQ(handlers().waiting() + handlers().under_way(), 0U);
    }

    std::unique_ptr<FakeServices> node_;
    std::shared_ptr<policy::Plan> plan_;
    std::size_t slots_ = 64;
};

TEST_F(EventHandlersTest, ThisHostsOwnNeedNoGrantAndAreOnRecord) {
    one(kNobody, policy::Origin::local);
    ASSERT_EQ(node_->runs.size(), 1U);
    EXPECT_EQ(node_->runs[0].request.command, "heal");
    EXPECT_EQ(node_->runs[0].request.kind, exec::RunKind::event);
    EXPECT_TRUE(node_->audit.empty()) << "the record comes with the end";
    node_->finish(0, 3, "whatever");
    ASSERT_EQ(node_->audit.size(), 1U);
    const store::AuditEntry& entry = node_->audit[0];
    EXPECT_EQ(entry.decision, store::Decision::executed);
    EXPECT_EQ(entry.reason, store::Reason::ok);
    EXPECT_EQ(entry.object_type, "EventCommand");
    EXPECT_EQ(entry.object_name, "heal");
    EXPECT_FALSE(entry.parent);
    EXPECT_EQ(entry.detail, "for h!s (CRITICAL SOFT 1): event exited, exit status 3, after 1.000 s; parameters {}");
    EXPECT_EQ(handlers().under_way(), 0U);
}

TEST_F(EventHandlersTest, WhatAParentBroughtRunsByItsGrantForThatObjectAndCommandAlone) {
    for (const policy::Origin origin : {policy::Origin::pushed, policy::Origin::runtime}) {
        one(kNobody, origin);
        expect_denied(store::Reason::capability_denied, "for h!s (CRITICAL SOFT 1): event is not granted to master1");
        EXPECT_EQ(node_->audit[0].parent, "master1");
        EXPECT_EQ(node_->audit[0].zone, "master");
        one(event_grant(R"({"services":["h!other"]})"), origin);
        ASSERT_EQ(node_->audit.size(), 1U);
        EXPECT_EQ(node_->audit[0].reason, store::Reason::out_of_scope);
        EXPECT_TRUE(node_->runs.empty());
        one(event_grant(R"({"commands":["note"]})"), origin);
        ASSERT_EQ(node_->audit.size(), 1U);
        EXPECT_EQ(node_->audit[0].reason, store::Reason::capability_denied);
        EXPECT_TRUE(node_->runs.empty());
        one(event_grant(R"({"commands":["heal"],"services":["h!s"]})"), origin);
        ASSERT_EQ(node_->runs.size(), 1U);
        node_->finish(0, 0, "");
        ASSERT_EQ(node_->audit.size(), 1U);
        EXPECT_EQ(node_->audit[0].decision, store::Decision::executed);
        EXPECT_EQ(node_->audit[0].parent, "master1");
    }
}

TEST_F(EventHandlersTest, TheGrantIsAskedAnewEachTime) {
    one(event_grant("{}"), policy::Origin::pushed);
    ASSERT_EQ(node_->runs.size(), 1U);
    node_->finish(0, 0, "");
    node_->audit.clear();
    node_->runs.clear();
    configure(kNobody);
    happen("s");
    expect_denied(store::Reason::capability_denied, "for h!s (CRITICAL SOFT 1): event is not granted to master1");
}

void change(policy::PlannedObject& object, std::vector<std::string> paths, const char* parent) {
    object.changes = std::make_shared<const policy::AppliedChanges>(policy::AppliedChanges{std::move(paths), parent, 0});
}

TEST_F(EventHandlersTest, AChangedEventCommandIsThatOfWhoChangedIt) {
    begin(kNobody);
    policy::PlannedObject& local = service("s", policy::Origin::local);
    change(local, {"notes", "event_command"}, "master1");
    publish();
    happen("s");
    expect_denied(store::Reason::capability_denied, "for h!s (CRITICAL SOFT 1): event is not granted to master1");
    begin(kNobody);
    policy::PlannedObject& other = service("s", policy::Origin::local);
    change(other, {"notes"}, "master1");
    publish();
    happen("s");
    EXPECT_EQ(node_->runs.size(), 1U) << "only its notes were changed";
    // And the other way round: what one parent pushed and another, who may, gave a handler.
    begin(R"({"parents":{"master1":{"grant":["config"]},"other1":{"grant":["event"]}}})");
    policy::PlannedObject& pushed = service("s", policy::Origin::pushed);
    change(pushed, {"event_command"}, "other1");
    publish();
    happen("s");
    EXPECT_EQ(node_->runs.size(), 1U);
}

TEST_F(EventHandlersTest, WhoIsNoParentAnyMoreHasNothingRun) {
    begin(R"({"parents":{"grand1":{"grant":["event"]}}})");
    service("s", policy::Origin::pushed).parent = "grand1";
    publish();
    happen("s");
    expect_denied(store::Reason::capability_denied,
                  "for h!s (CRITICAL SOFT 1): its event_command is of 'grand1', who is no parent of this node");
}

TEST_F(EventHandlersTest, ActionsTakeTheirOwnCapabilityAndOtherKindsAreNotThere) {
    one(event_grant("{}"), policy::Origin::pushed, "restart");
    expect_denied(store::Reason::capability_denied, "for h!s (CRITICAL SOFT 1): action is not granted to master1", "restart");
    one(kGranted, policy::Origin::pushed, "restart");
    ASSERT_EQ(node_->runs.size(), 1U);
    EXPECT_EQ(node_->runs[0].request.kind, exec::RunKind::action);
    one(kGranted, policy::Origin::pushed, "disk");
    expect_denied(store::Reason::unknown_command, "for h!s (CRITICAL SOFT 1): in the catalog as check, not as an event handler", "disk");
    one(kGranted, policy::Origin::pushed, "dummy");
    expect_denied(store::Reason::unknown_command, "for h!s (CRITICAL SOFT 1): in the catalog as check, not as an event handler", "dummy");
    one(kNobody, policy::Origin::local, "evil");
    expect_denied(store::Reason::unknown_command, "for h!s (CRITICAL SOFT 1): not in the local catalog", "evil");
    one(kNobody, policy::Origin::pushed, "evil");
    EXPECT_EQ(node_->audit[0].reason, store::Reason::capability_denied) << "who may not, does not learn what there is";
}

TEST_F(EventHandlersTest, ParametersAreTheStateAfterTheResultAndKeepTheRules) {
    begin(kNobody);
    service("s", policy::Origin::local, "note", {{"vars", json::Object{{"unit", "nginx"}, {"other", "; rm -rf /"}}}});
    service("wrong", policy::Origin::local, "note", {{"vars", json::Object{{"unit", "sshd"}}}});
    publish();
    happen("s", "CRITICAL", 2);
    ASSERT_EQ(node_->runs.size(), 1U);
    EXPECT_EQ(json::to_text(node_->runs[0].request.parameters),
              R"({"service.check_attempt":2,"service.state":"CRITICAL","service.state_type":"SOFT","unit":"nginx"})");
    node_->finish(0, 0, "");
    EXPECT_NE(node_->audit[0].detail.find(R"(parameters {"service.check_attempt":2,)"), std::string::npos) << node_->audit[0].detail;
    const auto content = json::parse(*node_->audit[0].content);
    ASSERT_TRUE(content && content->object());
    EXPECT_EQ(*content->object()->find("host"), json::Value("h"));
    EXPECT_EQ(*content->object()->find("service"), json::Value("s"));
    EXPECT_EQ(*content->object()->find("macros")->object()->find("unit"), json::Value("nginx"));
    for (const auto& [name, state, what] : {std::tuple("s", "UNKNOWN", "service.state"), std::tuple("wrong", "OK", "unit")}) {
        node_->audit.clear();
        node_->runs.clear();
        happen(name, state);
        EXPECT_TRUE(node_->runs.empty());
        ASSERT_EQ(node_->audit.size(), 1U);
        EXPECT_EQ(node_->audit[0].reason, store::Reason::argument_refused);
        EXPECT_NE(node_->audit[0].detail.find(std::string("parameter '") + what + "' refused"), std::string::npos)
            << node_->audit[0].detail;
        EXPECT_EQ(node_->audit[0].detail.find("sshd"), std::string::npos);
        EXPECT_EQ(node_->audit[0].parameter, what);
    }
}

TEST_F(EventHandlersTest, ACommandInsideNeedsTheGrantAsWell) {
    const json::Object inside{{"vars", json::Object{{"inner", "heal"}}}};
    begin(event_grant(R"({"commands":["around"]})"));
    service("s", policy::Origin::pushed, "around", inside);
    publish();
    happen("s");
    ASSERT_EQ(node_->audit.size(), 1U);
    EXPECT_EQ(node_->audit[0].reason, store::Reason::capability_denied);
    EXPECT_NE(node_->audit[0].detail.find("'heal' inside it: "), std::string::npos) << node_->audit[0].detail;
    EXPECT_TRUE(node_->runs.empty());
    begin(event_grant(R"({"commands":["around","heal"]})"));
    service("s", policy::Origin::pushed, "around", inside);
    publish();
    happen("s");
    EXPECT_EQ(node_->runs.size(), 1U);
}

TEST_F(EventHandlersTest, OneOfAnObjectIsUnderWayAndTheLastOneWaits) {
    one(kNobody, policy::Origin::local, "note");
    for (int attempt : {2, 3}) happen("s", "CRITICAL", attempt);
    happen("s", "OK", 1);
    ASSERT_EQ(node_->runs.size(), 1U);
    EXPECT_EQ(handlers().waiting(), 1U);
    ASSERT_EQ(node_->audit.size(), 2U);
    EXPECT_EQ(node_->audit[0].reason, store::Reason::stale);
    EXPECT_EQ(node_->audit[0].detail, "for h!s (CRITICAL SOFT 2): not handled any more: a younger result came before its turn");
    EXPECT_EQ(node_->audit[1].detail, "for h!s (CRITICAL SOFT 3): not handled any more: a younger result came before its turn");
    node_->finish(0, 0, "");
    ASSERT_EQ(node_->runs.size(), 2U);
    EXPECT_EQ(*node_->runs[1].request.parameters.find("service.state"), json::Value("OK"));
    node_->finish(1, 0, "");
    EXPECT_EQ(handlers().waiting() + handlers().under_way(), 0U);
    EXPECT_EQ(node_->runs.size(), 2U);
}

TEST_F(EventHandlersTest, HandlersLeaveChecksHalfOfThePlaces) {
    begin(kNobody, 4);
    for (const char* name : {"a", "b", "c", "d", "e", "f"}) service(name, policy::Origin::local);
    publish();
    for (const char* name : {"a", "b", "c", "d", "e"}) happen(name);
    EXPECT_EQ(node_->runs.size(), 2U);
    EXPECT_EQ(handlers().waiting(), 3U);
    happen("f");
    ASSERT_EQ(node_->audit.size(), 1U) << "runner.queue is 3";
    EXPECT_EQ(node_->audit[0].reason, store::Reason::limit_exceeded);
    EXPECT_EQ(node_->audit[0].detail, "for h!f (CRITICAL SOFT 1): runner.queue is full of event handlers");
    for (std::size_t run = 0; run < 5; ++run) {
        ASSERT_LT(run, node_->runs.size());
        node_->finish(run, 0, "");
    }
    EXPECT_EQ(handlers().waiting() + handlers().under_way(), 0U);
    begin(kNobody, 1);
    service("a", policy::Origin::local);
    publish();
    happen("a");
    EXPECT_EQ(node_->runs.size(), 1U) << "one place is one for each";
}

TEST_F(EventHandlersTest, BeyondTheRateItIsARefusal) {
    one(event_grant(R"({"rate":"1/h"})"), policy::Origin::pushed);
    node_->finish(0, 0, "");
    node_->audit.clear();
    happen("s");
    EXPECT_EQ(node_->runs.size(), 1U);
    ASSERT_EQ(node_->audit.size(), 1U);
    EXPECT_EQ(node_->audit[0].reason, store::Reason::rate_limited);
    EXPECT_EQ(node_->audit[0].detail, "for h!s (CRITICAL SOFT 1): more than 1/h of event for master1");
}

TEST_F(EventHandlersTest, PlacesOfAGrantAreSharedWithWhatAParentAsksFor) {
    begin(event_grant(R"({"max_concurrent":1,"rate":"4/h"})"));
    for (const char* name : {"a", "b"}) service(name, policy::Origin::pushed);
    service("own", policy::Origin::local);
    publish();
    for (const char* name : {"a", "b", "own"}) happen(name);
    node_->execute_as("event_command", "heal");
    ASSERT_EQ(node_->runs.size(), 2U) << "of `a`, and the one that needs no grant";
    node_->finish(0, 0, "");
    ASSERT_EQ(node_->runs.size(), 3U) << "what the parent asked for";
    EXPECT_EQ(handlers().waiting(), 1U);
    node_->finish(2, 0, "");
    ASSERT_EQ(node_->runs.size(), 4U) << "`b`";
    EXPECT_EQ(handlers().waiting(), 0U);
    node_->finish(3, 0, "");
    node_->execute_as("event_command", "heal");
    EXPECT_EQ(node_->runs.size(), 5U) << "each took one of the rate, however long it waited";
}

TEST_F(EventHandlersTest, APlaceThatOneDoesNotTakeIsTheNextOnes) {
    begin(event_grant(R"({"max_concurrent":1})"));
    for (const char* name : {"a", "b", "c"}) service(name, policy::Origin::pushed);
    publish();
    for (const char* name : {"a", "b", "c"}) happen(name);
    ASSERT_EQ(node_->runs.size(), 1U);
    configure(event_grant(R"({"max_concurrent":1,"services":["h!a","h!c"]})"));
    node_->finish(0, 0, "");
    ASSERT_EQ(node_->runs.size(), 2U);
    EXPECT_EQ(handlers().waiting(), 0U);
    EXPECT_EQ(node_->audit[1].reason, store::Reason::out_of_scope);
    EXPECT_EQ(node_->audit[1].detail.substr(0, 7), "for h!b");
}

TEST_F(EventHandlersTest, WhatIsGoneOrSwitchedOffMeanwhileDoesNotRun) {
    one(kNobody, policy::Origin::local);
    happen("s");
    plan_ = std::make_shared<policy::Plan>();
    service("s", policy::Origin::local, "heal", {{"enable_event_handler", false}});
    publish();
    node_->finish(0, 0, "");
    EXPECT_EQ(node_->runs.size(), 1U);
    EXPECT_EQ(handlers().waiting() + handlers().under_way(), 0U);
    one(kNobody, policy::Origin::local);
    happen("s");
    plan_ = std::make_shared<policy::Plan>();
    publish();
    node_->finish(0, 0, "");
    EXPECT_EQ(node_->runs.size(), 1U);
    EXPECT_EQ(handlers().waiting() + handlers().under_way(), 0U);
}

TEST_F(EventHandlersTest, NothingRunsThatCannotBeOnRecord) {
    begin(kNobody);
    service("s", policy::Origin::local);
    publish();
    node_->store_fails = true;
    happen("s");
    expect_denied(store::Reason::limit_exceeded, "for h!s (CRITICAL SOFT 1): not run while the audit cannot be written");
}

TEST_F(EventHandlersTest, WhatTheRunnerRefusesAndHowItEndsIsOnRecord) {
    struct Row {
        exec::Outcome outcome;
        store::Decision decision;
        store::Reason reason;
        const char* detail;
    };
    exec::Outcome died, cancelled, stopped;
    died.verdict = exec::Verdict::runner_died;
    died.start = died.end = 100;
    cancelled.verdict = stopped.verdict = exec::Verdict::cancelled;
    stopped.start = stopped.end = 100;
    const Row rows[] = {
        {exec::refused(exec::Refusal::plugin, "plugin refused"), store::Decision::denied, store::Reason::plugin_changed, "plugin refused"},
        {exec::refused(exec::Refusal::wrong_kind, "no such"), store::Decision::denied, store::Reason::unknown_command, "no such"},
        {died, store::Decision::executed, store::Reason::ok, "event under way when the runner died, after 0.000 s; parameters {}"},
        {cancelled, store::Decision::denied, store::Reason::limit_exceeded, "not started: endpointd stops"},
        {stopped, store::Decision::executed, store::Reason::ok, "event ended because endpointd stops, after 0.000 s; parameters {}"},
    };
    for (const Row& row : rows) {
        one(kNobody, policy::Origin::local);
        ASSERT_EQ(node_->runs.size(), 1U);
        node_->runs[0].done(row.outcome);
        ASSERT_EQ(node_->audit.size(), 1U);
        EXPECT_EQ(node_->audit[0].decision, row.decision);
        EXPECT_EQ(node_->audit[0].reason, row.reason);
        EXPECT_EQ(node_->audit[0].detail, "for h!s (CRITICAL SOFT 1): " + std::string(row.detail));
    }
}

TEST_F(EventHandlersTest, NothingStartsOnceWeStop) {
    one(kNobody, policy::Origin::local);
    happen("s");
    handlers().stop();
    ASSERT_EQ(node_->audit.size(), 1U);
    EXPECT_EQ(node_->audit[0].detail, "for h!s (CRITICAL SOFT 1): not started: endpointd stops");
    happen("s");
    node_->finish(0, 0, "");
    handlers().stop();
    EXPECT_EQ(node_->runs.size(), 1U);
    EXPECT_EQ(node_->audit.size(), 2U) << "and the end of the one that was under way";
    EXPECT_EQ(handlers().waiting() + handlers().under_way(), 0U);
}

// From a push to the run.
class HandledChecksTest : public testing::Test {
protected:
    void begin(const std::string& caps, store::StoredStates kept = {}) {
        node_ = std::make_unique<FakeServices>(caps, true, store::StoredWanted{}, true);
        scheduling().load(std::move(kept));
        plan();
        scheduling().start();
        const json::Object files{
            {"/_etc/a.conf",
             "object Host \"h\" {\n check_command = \"free\"\n check_interval = 1d\n enable_active_checks = false\n}\n"
             "object Service \"s\" {\n host_name = \"h\"\n check_command = \"free\"\n check_interval = 1d\n retry_interval = 1d\n"
             " event_command = \"note\"\n}\n"}};
        node_->say("config::Update",
                   R"({"update":{"web1":)" + json::to_text(files) + R"(},"update_v2":{"web1":{"/.timestamp":"1"}},"checksums":{}})");
        plan();
    }
    Scheduling& scheduling() { return node_->dispatcher.scheduling(); }
    void plan() {
        while (!node_->evaluations.empty()) {
            EvaluationRequest request = std::move(node_->evaluations.front());
            node_->evaluations.pop_front();
            EvaluationResult result;
            result.number = request.number;
            result.plan = std::make_shared<const policy::Plan>(planner_.plan(request.wanted, request.world, request.limits));
            node_->dispatcher.config().planned(result);
        }
    }
    // The handlers that a check with this end starts; each is over at once.
    std::vector<json::Object> check(int status) {
        node_->clock.advance(1s);
        EXPECT_TRUE(scheduling().check_now("h!s"));
        return take(status);
    }
    std::vector<json::Object> take(int status) {
        std::vector<json::Object> handled;
        while (!node_->runs.empty()) {
            FakeServices::Run run = std::move(node_->runs.front());
            node_->runs.pop_front();
            if (run.request.kind == exec::RunKind::event) handled.push_back(run.request.parameters);
            exec::Outcome outcome;
            outcome.verdict = exec::Verdict::exited;
            outcome.exit_status = run.request.kind == exec::RunKind::check ? status : 0;
            outcome.start = outcome.end = to_unix(node_->clock.wall());
            run.done(std::move(outcome));
        }
        return handled;
    }
    std::vector<json::Object> submit(int status) {
        node_->clock.advance(1s);
        const double now = to_unix(node_->clock.wall());
        const json::Object result{{"type", "CheckResult"},  {"state", status},
                                  {"exit_status", status},  {"output", "by hand"},
                                  {"execution_start", now}, {"execution_end", now},
                                  {"schedule_start", now},  {"schedule_end", now},
                                  {"active", false},        {"performance_data", json::Array{}}};
        node_->say("event::CheckResult", json::to_text(json::Object{{"host", "h"}, {"service", "s"}, {"cr", result}}));
        return take(status);
    }
    static std::string text(const std::vector<json::Object>& handled) {
        std::string all;
        for (const json::Object& one : handled)
            all += *one.find("service.state")->string() + " " + *one.find("service.state_type")->string() + " " +
                   json::to_text(*one.find("service.check_attempt")) + ";";
        return all;
    }

    std::unique_ptr<FakeServices> node_;
    policy::Planner planner_;
};

constexpr const char* kAll = R"({"parents":{"master1":{"grant":["config","passive","pause","event"]}}})";

TEST_F(HandledChecksTest, ResultsOfEveryKindCallHandlersWithTheStateTheyLeadTo) {
    begin(kAll);
    EXPECT_EQ(text(check(0)), "OK HARD 1;");
    EXPECT_EQ(text(check(0)), "");
    EXPECT_EQ(text(check(2)), "CRITICAL SOFT 1;");
    EXPECT_EQ(text(submit(1)), "WARNING SOFT 2;");
    EXPECT_EQ(text(submit(2)), "CRITICAL HARD 1;");
    EXPECT_EQ(text(check(2)), "");
    EXPECT_EQ(text(submit(0)), "OK HARD 1;");
    EXPECT_EQ(std::ranges::count(node_->audit, store::Decision::executed, &store::AuditEntry::decision), 5);
}

TEST_F(HandledChecksTest, NotWhileEnableEventHandlerIsOff) {
    begin(kAll);
    check(0);
    node_->say("config::UpdateObject", json::to_text(json::Object{{"type", "Service"},
                                                                  {"name", "h!s"},
                                                                  {"version", 2},
                                                                  {"modified_attributes", json::Object{{"enable_event_handler", false}}},
                                                                  {"original_attributes", json::Array{"enable_event_handler"}}}));
    plan();
    EXPECT_EQ(text(check(2)), "");
    EXPECT_EQ(std::ranges::count(node_->audit, store::Decision::denied, &store::AuditEntry::decision), 0);
}

TEST_F(HandledChecksTest, ARestartRepeatsNone) {
    begin(kAll);
    check(0);
    for (int i = 0; i < 3; ++i) check(2);
    scheduling().stop();
    store::StoredStates kept;
    for (const store::StateChange& change : node_->kept_states)
        for (const auto& state : change.states) kept.states.push_back(state);
    std::ranges::reverse(kept.states);  // the last one of each counts
    begin(kAll, std::move(kept));
    EXPECT_EQ(text(check(2)), "") << "it was CRITICAL before";
    EXPECT_EQ(text(check(0)), "OK HARD 1;");
}

TEST_F(HandledChecksTest, AParentThatChangesTheCommandNeedsTheGrant) {
    begin(R"({"parents":{"master1":{"grant":["config"]}}})");
    EXPECT_EQ(text(check(0)), "");
    ASSERT_FALSE(node_->audit.empty());
    EXPECT_EQ(node_->audit.back().reason, store::Reason::capability_denied);
    node_->say("config::UpdateObject",
               json::to_text(json::Object{{"type", "Service"},
                                          {"name", "h!s"},
                                          {"version", 2},
                                          {"modified_attributes", json::Object{{"event_command", "heal"}}},
                                          {"original_attributes", json::Array{"event_command"}}}),
               "other1");
    plan();
    const policy::PlannedObject* const planned = node_->plan->find("Service", "h!s");
    ASSERT_NE(planned, nullptr);
    EXPECT_EQ(planned->changes, nullptr) << "who has no config changes nothing";
    node_->say("config::UpdateObject", json::to_text(json::Object{{"type", "Service"},
                                                                  {"name", "h!s"},
                                                                  {"version", 3},
                                                                  {"modified_attributes", json::Object{{"event_command", "heal"}}},
                                                                  {"original_attributes", json::Array{"event_command"}}}));
    plan();
    const auto changes = node_->plan->find("Service", "h!s")->changes;
    ASSERT_NE(changes, nullptr);
    EXPECT_EQ(changes->by, "master1");
    node_->audit.clear();
    EXPECT_TRUE(check(2).empty());
    ASSERT_EQ(node_->audit.size(), 1U);
    EXPECT_EQ(node_->audit[0].object_name, "heal");
    EXPECT_EQ(node_->audit[0].reason, store::Reason::capability_denied);
}

}  // namespace
}  // namespace endpointd::cluster
