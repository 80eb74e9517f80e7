#pragma once
// A dispatcher with everything around it turned by hand: an audit that numbers its
// records, a runner whose runs end when the test says so, answers in a list.

#include <gtest/gtest.h>

#include <fcntl.h>

#include <deque>
#include <string>
#include <vector>

#include "cluster/dispatch.hpp"
#include "json/document.hpp"
#include "policy/caps.hpp"
#include "wire/decode.hpp"

namespace endpointd::cluster {

inline const char* const kZones = R"(
object Endpoint "master1" { }
object Endpoint "other1" { log_duration = 10m }
object Endpoint "web1" { }
object Endpoint "grand1" { }
object Zone "top" { endpoints = [ "grand1" ] }
object Zone "master" { endpoints = [ "master1", "other1" ]; parent = "top" }
object Zone "web1" { endpoints = [ "web1" ]; parent = "master" }
)";

inline const char* const kCatalog = R"({ "commands": {
  "disk": { "kind": "check", "command": ["/usr/lib/nagios/plugins/check_disk"],
            "arguments": { "-w": "$wfree$", "-p": { "value": "$part$", "required": true } },
            "parameters": { "wfree": { "pattern": "[0-9]{1,3}%", "default": "20%" }, "part": { "pattern": "/[a-z/]*" } } },
  "free": { "kind": "check", "command": ["/bin/true"] },
  "negate": { "kind": "check", "command": ["/p/negate", "$inner$"], "parameters": { "inner": { "type": "command-ref" } } },
  "restart": { "kind": "action", "command": ["/bin/true"], "timeout": "5m", "arguments": { "restart": { "value": "$service$", "skip_key": true } },
               "parameters": { "service": { "enum": ["nginx", "redis"], "default": "nginx" } } },
  "heal": { "kind": "event", "command": ["/bin/true"] },
  "note": { "kind": "event", "command": ["/bin/true"],
            "arguments": { "-s": { "value": "$service.state$ $service.state_type$ $service.check_attempt$", "required": true }, "-u": "$unit$" },
            "parameters": { "service.state": { "enum": ["OK", "WARNING", "CRITICAL"] }, "service.state_type": { "enum": ["SOFT", "HARD"] },
                            "service.check_attempt": { "type": "integer" }, "unit": { "enum": ["nginx"] } } },
  "around": { "kind": "event", "command": ["/p/around", "$inner$"], "parameters": { "inner": { "type": "command-ref" } } },
  "mail": { "kind": "notification", "command": ["/bin/true"] } } })";

struct FakeServices {
    struct Run {
        exec::RunRequest request;
        std::function<void(exec::Outcome)> done;
    };

    struct Relayed {
        StateMessage message;
        std::optional<Sender> from;
    };

    // `plans`: configuration is taken, each plan to be made is left in `evaluations`. `schedules`: what is in a plan is checked as well.
    explicit FakeServices(const std::string& caps, bool plans = false, store::StoredWanted stored = {}, bool schedules = false)
        : log(clock, -1, "test"), dispatcher(services(plans, schedules)) {
        if (plans) dispatcher.config().load(std::move(stored));
        configure(caps);
    }

    void configure(const std::string& caps) {
        Findings findings;
        rules = std::make_shared<Rules>();
        auto topology = dsl::load_zones({{"zones.conf", "zones.conf", kZones}}, "web1", "", findings);
        ASSERT_TRUE(topology && findings.ok()) << (findings.errors.empty() ? "" : findings.errors[0].message);
        rules->topology = std::make_shared<const dsl::Topology>(std::move(*topology));
        rules->catalog =
            std::make_shared<const catalog::Catalog>(catalog::Catalog::load({{"catalog.d/a.json", "a.json", kCatalog}}, findings));
        auto grants = policy::load_caps({{"caps.d/a.json", "a.json", caps}}, {}, findings);
        ASSERT_TRUE(grants && findings.ok()) << (findings.errors.empty() ? "" : findings.errors[0].message);
        rules->grants = std::make_shared<const policy::Grants>(std::move(*grants));
        rules->runner_timeout = std::chrono::seconds(60);
        rules->queue = 3;
        rules->answers_kept = std::chrono::hours(24);
        rules->local = std::make_shared<const std::vector<dsl::Object>>();
        rules->evaluation_limits.steps = 100'000;
        dispatcher.configure(rules);
    }

    Services services(bool plans, bool schedules) {
        Services services = bare_services();
        if (schedules) {
            services.wake_at = [this](SteadyTime at) { wake_at = at; };
            services.relay = [this](StateMessage message, const std::optional<Sender>& from) {
                relayed.push_back({std::move(message), from});
            };
            services.keep_states = [this](store::StateChange change, const std::function<void(bool)>& done) {
                if (!states_fail) kept_states.push_back(std::move(change));
                else refused_states.push_back(std::move(change));
                done(!states_fail);
            };
        }
        if (!plans) return services;
        services.evaluate = [this](EvaluationRequest request) { evaluations.push_back(std::move(request)); };
        services.keep = [this](store::WantedChange change, const std::function<void(bool)>& done) {
            if (!keep_fails) kept.push_back(std::move(change));
            if (keep_waits) keeping = done;
            else done(!keep_fails);
        };
        services.publish = [this, schedules](std::shared_ptr<const policy::Plan> now) {
            plan = std::move(now);
            if (schedules) dispatcher.scheduling().publish(plan);
        };
        return services;
    }
    Services bare_services() {
        return {clock,
                log,
                usage,
                [this](store::AuditEntry entry, std::function<void(std::optional<std::uint64_t>)> done) {
                    audit.push_back(std::move(entry));
                    if (done) done(store_fails ? std::optional<std::uint64_t>() : std::optional<std::uint64_t>(audit.size()));
                },
                [this](exec::RunRequest request, std::function<void(exec::Outcome)> done) {
                    runs.push_back({std::move(request), std::move(done)});
                },
                [this](const Sender& to, std::string payload, SteadyTime keep_until) {
                    answers.push_back(std::move(payload));
                    answered_to.push_back(to.endpoint);
                    kept_until.push_back(keep_until);
                },
                [] {
                    return NodeHealth{
                        .node = "web1", .version = "0", .uptime = 1, .endpoints = {}, .counters = {}, .runner_available = true};
                },
                [this] { return store_fails; }};
    }

    // `params` is the JSON text of the message's params.
    void say(const std::string& method, const std::string& params, const std::string& endpoint = "master1") {
        const std::string text = "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + "}";
        const auto root = json::parse(text);
        ASSERT_TRUE(root);
        auto decoded = wire::decode(*root);
        auto* incoming = std::get_if<wire::Incoming>(&decoded);
        ASSERT_NE(incoming, nullptr) << text;
        dispatcher.deliver({endpoint, 1, clock.steady()}, {std::move(*incoming), text});
    }
    void execute(const std::string& command, const std::string& macros = "{}", const std::string& more = "",
                 const std::string& endpoint = "master1") {
        say("event::ExecuteCommand",
            "{\"command\":\"" + command + "\",\"command_type\":\"check_command\",\"host\":\"h\",\"service\":\"s\",\"macros\":" + macros +
                more + "}",
            endpoint);
    }
    // As an event handler or notification would be, or the execute-command action with a source.
    void execute_as(const std::string& type, const std::string& command, const std::string& more = "", const std::string& macros = "{}") {
        say("event::ExecuteCommand", "{\"command\":\"" + command + "\",\"command_type\":\"" + type +
                                         "\",\"host\":\"h\",\"service\":\"s\",\"macros\":" + macros + more + "}");
    }
    void finish(std::size_t run, int status, const std::string& output) {
        exec::Outcome outcome;
        outcome.verdict = exec::Verdict::exited;
        outcome.exit_status = status;
        outcome.output = output;
        outcome.argv = {"/bin/true", "x"};
        outcome.start = 100;
        outcome.end = 101;
        const auto done = std::move(runs[run].done);
        done(std::move(outcome));
    }
    // The params of the answer number `index`, which is an event::ExecutedCommand.
    json::Object executed(std::size_t index) const {
        if (index >= answers.size()) {
            ADD_FAILURE() << "no answer " << index;
            return {};
        }
        const auto root = json::parse(answers[index]);
        EXPECT_EQ(*root->object()->find("method")->string(), "event::ExecutedCommand");
        return *root->object()->find("params")->object();
    }
    // The check result of the answer number `index`.
    json::Object result(std::size_t index) const {
        if (index >= answers.size()) {
            ADD_FAILURE() << "no answer " << index;
            return {};
        }
        return *json::parse(answers[index])->object()->find("params")->object()->find("cr")->object();
    }
    std::string output(std::size_t index) const {
        const json::Object cr = result(index);
        const json::Value* text = cr.find("output");
        return text != nullptr && text->string() != nullptr ? *text->string() : "(none)";
    }

    ManualClock clock{WallTime(Duration(1795193700000000))};
    Log log;
    policy::Usage usage;
    std::vector<store::AuditEntry> audit;
    std::deque<Run> runs;
    std::vector<std::string> answers, answered_to;
    std::vector<SteadyTime> kept_until;
    bool store_fails = false, keep_fails = false, states_fail = false;
    std::shared_ptr<Rules> rules;
    std::deque<EvaluationRequest> evaluations;
    std::vector<store::WantedChange> kept;
    bool keep_waits = false;  // until `keeping` is called
    std::function<void(bool)> keeping;
    std::shared_ptr<const policy::Plan> plan = std::make_shared<const policy::Plan>();
    std::optional<SteadyTime> wake_at;
    std::vector<Relayed> relayed;
    std::vector<store::StateChange> kept_states, refused_states;
    Dispatcher dispatcher;
};

}  // namespace endpointd::cluster
