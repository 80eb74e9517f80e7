// What became of checks, in the store and out of it again.

#include "cluster/scheduling.hpp"
#include "json/document.hpp"
#include "schedule/state_text.hpp"

namespace endpointd::cluster {

void Scheduling::load(store::StoredStates kept) {
    for (const std::string& problem : kept.problems) services_.log.warning("schedule", "states are lost", {{"why", problem}});
    std::size_t damaged = 0;
    for (const auto& [key, text] : kept.states) {
        if (key.type == "Pause") {
            const auto pause = json::parse(text);
            const json::Object* members = pause ? pause->object() : nullptr;
            const json::Value* by = members ? members->find("by") : nullptr;
            const json::Value* since = members ? members->find("since") : nullptr;
            const json::Value* until = members ? members->find("until") : nullptr;
            if (by && by->string() && since && since->number() && until && until->number())
                pauses_.emplace(key.name, Pause{*by->string(), *since->number(), *until->number()});
            else ++damaged;
            continue;
        }
        if (key.type == "Downtime") {
            const auto triggered = json::parse(text);
            if (triggered && triggered->number()) kept_.triggered.emplace(key.name, *triggered->number());
            else ++damaged;
            continue;
        }
        if (auto state = schedule::state_from(text)) kept_.checkables.emplace(key.name, *state);
        else ++damaged;
    }
    if (damaged != 0) services_.log.warning("schedule", "stored states are damaged and begin anew", {{"states", damaged}});
}

// Before a new plan: what stays keeps its output.
void Scheduling::take_outputs(std::map<std::string, std::string>& outputs) {
    for (Shown& shown : shown_)
        if (shown.object) outputs.emplace(shown.object->object->name, std::move(shown.output));
}

void Scheduling::save() {
    save_at_.reset();
    // At the end there is no later: what is written then comes behind what is under way.
    if (saving_ && !stopped_) {
        save_at_ = services_.clock.steady() + kStatesWait;
        return;
    }
    store::StateChange change = std::exchange(unsaved_, {});
    for (const schedule::Id id : scheduler_.take_changed()) {
        const schedule::Configured& configured = scheduler_.configured(id);
        change.states.emplace_back(store::StateKey{configured.settings.is_host ? "Host" : "Service", configured.name},
                                   schedule::state_text(scheduler_.state(id)));
    }
    for (const std::string& name : scheduler_.take_triggered())
        if (const auto triggered = scheduler_.downtime_triggered(name))
            change.states.emplace_back(store::StateKey{"Downtime", name}, json::to_text(*triggered));
    for (schedule::Gone& gone : scheduler_.take_gone()) change.dropped.push_back({std::string(gone.type), std::move(gone.name)});
    if (services_.clock.steady() - started_ > kStatesKept) {
        for (const auto& [name, state] : kept_.checkables)
            change.dropped.push_back({name.find('!') == std::string::npos ? "Host" : "Service", name});
        for (const auto& [name, triggered] : kept_.triggered)
            if (!scheduler_.downtime_triggered(name)) change.dropped.push_back({"Downtime", name});
        kept_ = {};
    }
    if (change.empty()) return;
    saving_ = true;
    services_.keep_states(std::move(change), [this](bool written) {
        saving_ = false;
        // They are written again with the next change of each; until then a restart begins with what was before.
        if (!written) services_.log.warning("schedule", "states could not be stored");
    });
}

Result<void> Scheduling::pause(const std::string& name, std::optional<Duration> length, const std::string& by) {
    const auto id = scheduler_.find(name);
    if (!id) return fail(Errc::not_found, "no host or service '" + name + "' is checked here");
    if (pauses_.size() >= kPauses && !pauses_.contains(name))
        return fail(Errc::too_large, std::to_string(kPauses) + " checks are paused already: resume some");
    const double since = now().wall;
    const Pause pause{by, since, length ? since + std::chrono::duration<double>(*length).count() : 0};
    pauses_.insert_or_assign(name, pause);
    unsaved_.states.emplace_back(store::StateKey{"Pause", name},
                                 json::to_text(json::Object{{"by", pause.by}, {"since", pause.since}, {"until", pause.until}}));
    scheduler_.set_active(*id, false, now());
    save();
    wake();
    return {};
}

Result<void> Scheduling::resume(const std::string& name) {
    if (!scheduler_.find(name)) return fail(Errc::not_found, "no host or service '" + name + "' is checked here");
    if (!pauses_.contains(name))
        return fail(Errc::not_found,
                    "'" + name + "' was not paused by an operator; enable_active_checks of its configuration stands as it is");
    end_pause(name);
    save();
    wake();
    return {};
}

void Scheduling::end_pause(const std::string& name) {
    pauses_.erase(name);
    unsaved_.dropped.push_back({"Pause", name});
    const auto id = scheduler_.find(name);
    if (!id) return;
    const json::Value* active = shown_[*id].object->object->attributes.find("enable_active_checks");
    scheduler_.set_active(*id, !active || !active->boolean() || *active->boolean(), now());
}

std::optional<double> Scheduling::next_end_of_pause() const noexcept {
    std::optional<double> next;
    for (const auto& [name, pause] : pauses_)
        if (pause.until != 0 && (!next || pause.until < *next)) next = pause.until;
    return next;
}

void Scheduling::end_pauses() {
    const double moment = now().wall;
    if (const auto next = next_end_of_pause(); !next || *next > moment) return;
    std::vector<std::string> over;
    for (const auto& [name, pause] : pauses_)
        if (pause.until != 0 && pause.until <= moment) over.push_back(name);
    for (const std::string& name : over) {
        store::AuditEntry entry;
        entry.decision = store::Decision::changed;
        entry.reason = store::Reason::ok;
        entry.object_type = name.find('!') == std::string::npos ? "Host" : "Service";
        entry.object_name = name;
        entry.detail = "resumed: the pause of " + pauses_[name].by + " is over";
        services_.audit(std::move(entry), {});
        end_pause(name);
    }
    save();
}

void Scheduling::stop() {
    stopped_ = true;
    handlers_.stop();
    save();
}

}  // namespace endpointd::cluster
