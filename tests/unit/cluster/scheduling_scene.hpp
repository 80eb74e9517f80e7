#pragma once
// A node that checks a host and two services of its own, with everything around it turned by hand: what its
// tests of requests, pauses and the store have in common.

#include <chrono>
#include <map>
#include <memory>

#include "cluster/scheduling.hpp"
#include "fake_services.hpp"
#include "policy/filter.hpp"

namespace endpointd::cluster {

inline constexpr const char* kAll =
    R"({"parents":{"master1":{"grant":["config","results","recheck","pause","acknowledge","downtime","comment","passive"]}}})";
inline constexpr const char* kNothing = R"({"parents":{"master1":{"grant":["config","results"]}}})";

inline constexpr const char* kObjects =
    "object Host \"h\" {\n check_command = \"free\"\n check_interval = 1d\n max_check_attempts = 1\n}\n"
    "object Service \"s\" {\n host_name = \"h\"\n check_command = \"free\"\n check_interval = 1d\n"
    " retry_interval = 1d\n max_check_attempts = 1\n}\n"
    "object Service \"shut\" {\n host_name = \"h\"\n check_command = \"free\"\n check_interval = 1d\n"
    " enable_passive_checks = false\n}\n";

class SchedulingTest : public testing::Test {
protected:
    SchedulingTest() { begin(kAll); }

    // A node that has made the first check of each of its objects.
    void begin(const std::string& caps) {
        node_ = std::make_unique<FakeServices>(caps, true, store::StoredWanted{}, true);
        plan();
        scheduling().start();
        push("1", kObjects);
        node_->clock.advance(std::chrono::seconds(61));
        scheduling().wake();
        ASSERT_EQ(node_->runs.size(), 3u);
        finish_all(0);
        node_->audit.clear();
        node_->relayed.clear();
    }
    // The next process, with what this one left in the store.
    void restart() {
        scheduling().stop();
        for (const store::StateChange& change : node_->kept_states) {
            for (const store::StateKey& key : change.dropped) {
                states_.erase(key);
                results_.erase(key);
            }
            for (const auto& [key, text] : change.states) states_[key] = text;
            for (const auto& [key, text] : change.results) results_[key] = text;
        }
        node_ = std::make_unique<FakeServices>(kAll, true, store::StoredWanted{}, true);
        scheduling().load({{states_.begin(), states_.end()}, {results_.begin(), results_.end()}, {}});
        plan();
        push("1", kObjects);
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
    void push(const std::string& timestamp, const std::string& text) {
        const json::Object files{{"/_etc/a.conf", text}};
        node_->say("config::Update", R"({"update":{"web1":)" + json::to_text(files) + R"(},"update_v2":{"web1":{"/.timestamp":")" +
                                         timestamp + R"("}},"checksums":{}})");
        plan();
    }
    double wall() const { return to_unix(node_->clock.wall()); }

    // A result of every check under way, one second of the clock later.
    void finish_all(int status) {
        node_->clock.advance(std::chrono::seconds(1));
        for (const FakeServices::Run& run : std::exchange(node_->runs, {})) {
            exec::Outcome outcome;
            outcome.verdict = exec::Verdict::exited;
            outcome.exit_status = status;
            outcome.output = "made here";
            outcome.start = outcome.end = wall();
            run.done(std::move(outcome));
        }
    }
    void check(const std::string& name, int status) {
        ASSERT_TRUE(scheduling().check_now(name));
        ASSERT_EQ(node_->runs.size(), 1u);
        finish_all(status);
    }
    json::Value view(const std::string& member, const std::string& name = "h!s") {
        const json::Value all = scheduling().view(name);
        const json::Value* const found = all.object() ? all.object()->find(member) : nullptr;
        return found ? *found : json::Value("(no such member)");
    }

    // Of the service `s`, or of another.
    void ask(const std::string& method, const json::Object& more, const std::string& service = "s", const std::string& from = "master1") {
        json::Object params{{"host", "h"}, {"service", service}};
        for (const auto& [name, value] : more) params.set(name, value);
        node_->say("event::" + method, json::to_text(params), from);
    }
    void recheck(const std::string& service = "s", const std::string& from = "master1") {
        ask("SetNextCheck", {{"next_check", wall()}}, service, from);
    }
    void force() {
        ask("SetForceNextCheck", {{"forced", true}});
        recheck();
    }
    void acknowledge(int type, double expiry = 0) {
        ask("SetAcknowledgement", {{"author", "ops"},
                                   {"comment", "known"},
                                   {"acktype", type},
                                   {"expiry", expiry},
                                   {"notify", false},
                                   {"persistent", false},
                                   {"change_time", wall()}});
    }
    void submit(int state, double ttl = 0, const std::string& service = "s") {
        const json::Object result{{"type", "CheckResult"},
                                  {"state", state},
                                  {"exit_status", state},
                                  {"output", "by hand"},
                                  {"performance_data", json::Array{}},
                                  {"execution_start", wall()},
                                  {"execution_end", wall()},
                                  {"schedule_start", wall()},
                                  {"schedule_end", wall()},
                                  {"active", false},
                                  {"ttl", ttl}};
        ask("CheckResult", {{"cr", result}}, service);
    }
    void modify(const std::string& attribute, const json::Value& value, double version) {
        node_->say("config::UpdateObject", json::to_text(json::Object{{"type", "Service"},
                                                                      {"name", "h!s"},
                                                                      {"version", version},
                                                                      {"modified_attributes", json::Object{{attribute, value}}},
                                                                      {"original_attributes", json::Array{attribute}}}));
        plan();
    }

    std::vector<store::AuditEntry> records(store::Decision decision) const {
        std::vector<store::AuditEntry> found;
        for (const store::AuditEntry& entry : node_->audit)
            if (entry.decision == decision) found.push_back(entry);
        return found;
    }
    void expect_denied(store::Reason reason, const char* method) {
        const auto denied = records(store::Decision::denied);
        ASSERT_EQ(denied.size(), 1u);
        EXPECT_EQ(denied[0].reason, reason);
        EXPECT_EQ(denied[0].method, method);
        EXPECT_EQ(denied[0].parent, "master1");
        EXPECT_EQ(denied[0].object_type, "Service");
        EXPECT_TRUE(records(store::Decision::changed).empty());
        EXPECT_TRUE(node_->runs.empty());
        EXPECT_TRUE(node_->relayed.empty());
    }
    template <class Message>
    std::vector<FakeServices::Relayed> relayed() const {
        std::vector<FakeServices::Relayed> found;
        for (const FakeServices::Relayed& each : node_->relayed)
            if (std::holds_alternative<Message>(each.message.event)) found.push_back(each);
        return found;
    }

    std::unique_ptr<FakeServices> node_;
    std::map<store::StateKey, std::string> states_, results_;  // the store, as of the last restart()
    policy::Planner planner_;
};

}  // namespace endpointd::cluster
