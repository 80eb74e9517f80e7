// What the admin API sees of the daemon, and what the cluster code is given of it.

#include <unistd.h>

#include <algorithm>

#include "app_impl.hpp"
#include "base/units.hpp"
#include "catalog/invocation.hpp"
#include "cluster/command_answer.hpp"
#include "policy/method_capability.hpp"
#include "policy/subject.hpp"
#include "policy/views.hpp"
#include "wire/hello.hpp"

namespace endpointd {

namespace {

double seconds(Duration time) { return static_cast<double>(time.count()) / 1e6; }

std::optional<std::string> time_text(const std::optional<WallTime>& time) {
    if (!time) return std::nullopt;
    return to_rfc3339(*time);
}

json::Object peer_view(const cluster::PeerStatus& peer, const policy::Grants& grants, std::uint64_t outbox) {
    json::Array capabilities;
    for (const policy::Capability capability : grants.granted(peer.name, peer.zone)) capabilities.emplace_back(policy::name_of(capability));
    std::optional<std::string> direction;
    if (peer.role) direction = *peer.role == cluster::Role::accepted ? "inbound" : "outbound";
    std::optional<std::string> version;
    if (peer.version != 0) version = wire::version_text(peer.version);
    return {{"name", peer.name},
            {"zone", peer.zone},
            {"connected", peer.connected},
            {"since", time_text(peer.since)},
            {"direction", direction},
            {"address", peer.address},
            {"version", version},
            {"capabilities", std::move(capabilities)},
            {"queued", peer.queued + outbox},
            {"last_message", time_text(peer.last_message)}};
}

// The runner and its plugins.
json::Object runner_confinement(const exec::RunnerConfinement& holds) {
    json::Array missing;
    for (const std::string& text : holds.missing) missing.emplace_back(text);
    return {
        {"seccomp", holds.seccomp}, {"landlock", static_cast<long>(holds.landlock)}, {"root", holds.root}, {"missing", std::move(missing)}};
}

json::Object confinement_view(const exec::DaemonConfinement& holds, const exec::RunnerConfinement& runner) {
    json::Array missing;
    for (const std::string& text : holds.missing) missing.emplace_back(text);
    return {{"seccomp", holds.seccomp},
            {"landlock", static_cast<long>(holds.landlock)},
            {"missing", std::move(missing)},
            {"runner", runner_confinement(runner)}};
}

Error refused_run(const exec::Outcome& outcome) {
    switch (outcome.refusal) {
        case exec::Refusal::unknown_command:
        case exec::Refusal::wrong_kind:
            return fail(Errc::not_found, outcome.text);
        case exec::Refusal::limit:
            return fail(Errc::too_large, outcome.text);
        case exec::Refusal::plugin:
            return fail(Errc::not_permitted, outcome.text);
        case exec::Refusal::unavailable:
            return fail(Errc::unavailable, outcome.text);
        default:
            return fail(Errc::invalid, outcome.text);
    }
}

}  // namespace

json::Value App::Impl::status() const {
    const settings::Settings& settings = configuration_.settings;
    json::Array parents, children;
    for (const cluster::PeerStatus& peer : peers_->status()) {
        const bool child = peer.relation == dsl::Relation::child || peer.relation == dsl::Relation::descendant;
        (child ? children : parents).emplace_back(peer_view(peer, *grants_, outbound_->queued(peer.name)));
    }
    const exec::RunnerCounters runner = runner_ ? runner_->counters() : exec::RunnerCounters{};
    const store::StoreStatus store = store_->status();
    return json::Object{
        {"node", settings.node.name},
        {"zone", configuration_.topology->local_zone().name},
        {"version", kVersion},
        {"pid", static_cast<long>(::getpid())},
        {"uptime", seconds(std::chrono::duration_cast<Duration>(clock_.steady() - started_))},
        {"parents", std::move(parents)},
        {"children", std::move(children)},
        {"objects", json::Object{{"hosts", hosts_},
                                 {"services", services_planned_},
                                 {"rejected", plan_ ? plan_->rejections.size() : 0},
                                 {"paused", dispatcher_->scheduling().paused()}}},
        {"runner", json::Object{{"running", runner.running},
                                {"queued", runner.queued + dispatcher_->waiting()},
                                {"executed", runner.executed},
                                {"refused", runner.refused},
                                {"timeouts", runner.timeouts},
                                {"restarts", runner.restarts},
                                {"connected", runner.connected},
                                {"pid", static_cast<long>(runner.pid)}}},
        {"store", json::Object{{"size", store.size},
                               {"outbox", store.outbox + peers_->stored_answers()},
                               {"audit", store.audit},
                               {"failing", store.failing},
                               {"unwritten", dispatcher_->scheduling().unwritten()}}},
        {"confinement", confinement_view(confinement_.holds, runner.confinement)},
    };
}

admin::Health App::Impl::health() const {
    if (stopping_) return {false, "stopping"};
    if (!runner_ || !runner_->counters().connected) return {false, "the runner is not available: no plugin can be started"};
    if (const store::StoreStatus store = store_->status(); store.failing) return {false, "the store fails: " + store.error};
    if (!plan_) return {false, "the configuration is being evaluated: no parent is listened to yet"};
    return {};
}

std::optional<json::Value> App::Impl::caps(const std::optional<std::string>& parent) const {
    if (!parent) return policy::caps_show(*grants_, usage_);
    const dsl::Endpoint* endpoint = configuration_.topology->endpoint(*parent);
    const auto& entries = grants_->entries();
    if (endpoint == nullptr && std::ranges::find(entries, *parent, &policy::Entry::key) == entries.end()) return std::nullopt;
    return policy::caps_show(*grants_, usage_, *parent, endpoint != nullptr ? std::string_view(endpoint->zone) : std::string_view());
}

Result<json::Value> App::Impl::caps_check(const admin::CapsQuestion& question) const {
    const auto capability = policy::capability_from(question.capability);
    if (!capability) return fail(Errc::invalid, "'" + question.capability + "' is no capability");
    const dsl::Endpoint* endpoint = configuration_.topology->endpoint(question.parent);
    if (endpoint == nullptr) return fail(Errc::not_found, "no endpoint '" + question.parent + "' in zones.d");
    policy::Request request;
    request.capability = *capability;
    if (question.host) request.host = *question.host;
    if (question.service) request.service = *question.service;
    if (question.command) request.command = *question.command;
    policy::Verdict verdict = grants_->decide(question.parent, endpoint->zone, request);
    const auto deny = [&](policy::Reason reason, std::string detail) {
        verdict.allowed = false;
        verdict.reason = reason;
        verdict.detail = std::move(detail);
    };
    const bool runs =
        *capability == policy::Capability::execute || *capability == policy::Capability::action || *capability == policy::Capability::event;
    if (verdict.allowed && runs && question.command) {
        const catalog::Command* command = configuration_.catalog->find(*question.command);
        if (command == nullptr || !policy::can_run(*capability, command->kind)) {
            deny(policy::Reason::unknown_command, "command '" + *question.command + "' is not in the local catalog");
        } else if (const auto admission = catalog::admit(*configuration_.catalog, *command, question.parameters); !admission) {
            verdict.source = command->source;
            deny(policy::Reason::argument_refused, admission.error().text);
        } else if (!admission->inner.empty()) {
            request.command = admission->inner.front();
            if (const policy::Verdict inner = grants_->decide(question.parent, endpoint->zone, request); !inner.allowed) verdict = inner;
        }
    }
    return policy::caps_check(verdict, *capability);
}

void App::Impl::run_command(const std::string& name, json::Object parameters, const admin::Caller& caller, RunDone done) {
    dispatcher_->run_for_operator(name, std::move(parameters), caller.name, [name, done = std::move(done)](const exec::Outcome& outcome) {
        if (outcome.verdict == exec::Verdict::refused) return done(refused_run(outcome));
        if (outcome.verdict == exec::Verdict::runner_died) return done(fail(Errc::unavailable, outcome.text));
        if (outcome.verdict == exec::Verdict::cancelled) return done(fail(Errc::unavailable, "the daemon stops"));
        const schedule::Checked checked = schedule::checked(cluster::plugin_run(outcome));
        json::Array figures;
        for (const std::string& figure : checked.performance_data) figures.emplace_back(figure);
        done(json::Value(json::Object{{"name", name},
                                      {"exit_status", checked.exit_status},
                                      {"state", checked.state},
                                      {"output", checked.output},
                                      {"performance_data", std::move(figures)},
                                      {"execution_start", to_rfc3339(from_unix(outcome.start))},
                                      {"execution_end", to_rfc3339(from_unix(outcome.end))}}));
    });
}

cluster::Services App::Impl::services() {
    return {
        clock_,
        log_,
        usage_,
        [this](store::AuditEntry entry, std::function<void(std::optional<std::uint64_t>)> done) {
            if (!done) return store_->record(std::move(entry));
            store_->record(std::move(entry),
                           [done = std::move(done)](Result<std::uint64_t> id) { done(id ? std::optional(*id) : std::nullopt); });
        },
        [this](exec::RunRequest request, std::function<void(exec::Outcome)> done) { runner_->run(std::move(request), std::move(done)); },
        [this](const cluster::Sender& to, std::string payload, SteadyTime keep_until) {
            peers_->answer(to, std::move(payload), keep_until);
        },
        [this] { return node_health(); },
        [this] { return store_->status().failing; },
        [this](cluster::EvaluationRequest request) { config_worker_->submit(std::move(request)); },
        [this](store::WantedChange change, std::function<void(bool)> done) {
            store_->change_wanted(std::move(change), [done = std::move(done)](const Result<void>& written) { done(written.has_value()); });
        },
        [this](std::shared_ptr<const policy::Plan> plan) { publish(std::move(plan)); },
        [this](cluster::StateMessage message, const std::optional<cluster::Sender>& from) { outbound_->relay(std::move(message), from); },
        [this](const std::string& endpoint, double position) { outbound_->acknowledged(endpoint, position); },
        [this](SteadyTime at) { wake_checks_at(at); },
        [this](store::StateChange change, std::function<void(bool)> done) {
            store_->change_states(std::move(change), [done = std::move(done)](const Result<void>& written) { done(written.has_value()); });
        }};
}

void App::Impl::publish(std::shared_ptr<const policy::Plan> plan) {
    plan_ = std::move(plan);
    hosts_ = services_planned_ = 0;
    for (const policy::PlannedObject& planned : plan_->objects) {
        hosts_ += planned.object->type->name == "Host" ? 1 : 0;
        services_planned_ += planned.object->type->name == "Service" ? 1 : 0;
    }
    dispatcher_->scheduling().publish(plan_);
    // A pause of a parent may have come with it; what is due at the next tick does not wait longer for it.
    if (!stopping_) tick_at(tick_timer_.expiry());
    begin_work();
}

void App::Impl::wake_checks_at(SteadyTime at) {
    // It is asked for with each result and mostly for the same moment: to be early once is cheaper than a timer each time.
    if (checks_wake_ && *checks_wake_ <= at) return;
    checks_wake_ = at;
    check_timer_.expires_at(at);
    check_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error || stopping_) return;
        checks_wake_.reset();
        dispatcher_->scheduling().wake();
    });
}

json::Value App::Impl::check_view(const std::string& name) const { return dispatcher_->scheduling().view(name); }

Result<void> App::Impl::control_check(const admin::CheckWish& wish, const admin::Caller& caller) {
    if (!plan_) return fail(Errc::unavailable, std::string(admin::kNoPlanYet));
    cluster::Scheduling& scheduling = dispatcher_->scheduling();
    std::string detail;
    Result<void> done;
    switch (wish.what) {
        case admin::CheckWish::What::now:
            done = scheduling.check_now(wish.object);
            detail = "check now";
            break;
        case admin::CheckWish::What::pause:
            done = scheduling.pause(wish.object, wish.length, caller.name);
            detail = wish.length ? "paused for " + number_text(seconds(*wish.length)) + " s" : "paused";
            break;
        case admin::CheckWish::What::resume:
            done = scheduling.resume(wish.object);
            detail = "resumed";
            break;
    }
    if (!done) return done.error();
    store::AuditEntry entry;
    entry.decision = store::Decision::changed;
    entry.reason = store::Reason::ok;
    entry.object_type = std::string(policy::checkable_type(wish.object));
    entry.object_name = wish.object;
    entry.detail = detail + " by " + caller.name;
    store_->record(std::move(entry));
    return {};
}

cluster::NodeHealth App::Impl::node_health() const {
    cluster::NodeHealth health;
    health.node = configuration_.settings.node.name;
    health.version = kVersion;
    health.uptime = seconds(std::chrono::duration_cast<Duration>(clock_.steady() - started_));
    const WallTime now = clock_.wall();
    for (const cluster::PeerStatus& peer : peers_->status())
        health.endpoints.push_back({peer.name, peer.zone, peer.connected, peer.last_message ? seconds(now - *peer.last_message) : 0});
    const exec::RunnerCounters runner = runner_->counters();
    health.runner_available = runner.connected;
    health.counters = {{"running", static_cast<double>(runner.running)},   {"queued", static_cast<double>(runner.queued)},
                       {"executed", static_cast<double>(runner.executed)}, {"refused", static_cast<double>(runner.refused)},
                       {"timeouts", static_cast<double>(runner.timeouts)}, {"audit_records", static_cast<double>(store_->status().audit)}};
    return health;
}

}  // namespace endpointd
