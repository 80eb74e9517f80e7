#pragma once
// Configuration that parents push, from message to plan: the dispatcher of FakeServices with the real
// planner, run when the test says so.

#include <algorithm>
#include <memory>

#include "fake_services.hpp"
#include "policy/filter.hpp"
#include "store/database.hpp"

namespace endpointd::cluster {

inline const char* const kGranted = R"({"parents":{"master1":{"grant":["config","downtime","comment","pause"]}}})";

class ConfigScene : public testing::Test {
protected:
    explicit ConfigScene(const char* caps = kGranted) : node_(caps, true) { plan(); }

    // Another process with what the one before left in its store.
    void restart(const char* caps = kGranted) {
        auto store = store::Database::open_in_memory();
        ASSERT_TRUE(store && store::migrate(**store));
        for (const store::WantedChange& change : at_->kept) ASSERT_TRUE(store::write_wanted(**store, change));
        auto kept = at_->kept;
        restarted_ = std::make_unique<FakeServices>(caps, true, store::read_wanted(**store));
        restarted_->kept = std::move(kept);
        at_ = restarted_.get();
        plan();
    }

    void plan() {
        while (!at_->evaluations.empty()) {
            EvaluationRequest request = std::move(at_->evaluations.front());
            at_->evaluations.pop_front();
            EvaluationResult result;
            result.number = request.number;
            result.plan = std::make_shared<const policy::Plan>(planner_.plan(request.wanted, request.world, request.limits));
            at_->dispatcher.config().planned(result);
        }
    }
    void push(const std::string& timestamp, const std::string& text) {
        json::Object files{{"/_etc/a.conf", text}};
        at_->say("config::Update", R"({"update":{"web1":)" + json::to_text(files) + R"(},"update_v2":{"web1":{"/.timestamp":")" +
                                       timestamp + R"("}},"checksums":{}})");
        plan();
    }
    void object(const std::string& type, const std::string& name, double version, const std::string& config,
                const json::Object& modified = {}, const std::string& from = "master1") {
        json::Array original;
        for (const auto& attribute : modified) original.emplace_back(attribute.first);
        json::Object params{
            {"type", type}, {"name", name}, {"version", version}, {"modified_attributes", modified}, {"original_attributes", original}};
        if (!config.empty()) params.set("config", config);
        at_->say("config::UpdateObject", json::to_text(params), from);
        plan();
    }
    void remove(const std::string& type, const std::string& name, double version, const std::string& from = "master1") {
        at_->say("config::DeleteObject", json::to_text(json::Object{{"type", type}, {"name", name}, {"version", version}}), from);
        plan();
    }
    const policy::PlannedObject* find(const std::string& type, const std::string& name) { return at_->plan->find(type, name); }
    std::size_t records(store::Decision decision) {
        return static_cast<std::size_t>(std::ranges::count(at_->audit, decision, &store::AuditEntry::decision));
    }

    FakeServices node_;
    std::unique_ptr<FakeServices> restarted_;
    FakeServices* at_ = &node_;  // the one that runs
    policy::Planner planner_;
};

inline const char* const kHost = "object Host \"h\" {\n check_command = \"free\"\n}\n";

}  // namespace endpointd::cluster
