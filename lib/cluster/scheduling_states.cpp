// What became of checks, in the store and out of it again.

#include "cluster/scheduling.hpp"
#include "dsl/object_attributes.hpp"
#include "json/document.hpp"
#include "policy/subject.hpp"
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
    for (const auto& [key, text] : kept.results) {
        if (auto result = LastResult::from_text(text)) kept_results_.emplace(key.name, *std::move(result));
        else ++damaged;
    }
    if (damaged != 0) services_.log.warning("schedule", "stored states are damaged and begin anew", {{"states", damaged}});
}

// Before a new plan it was `before`: what stays keeps its number and its result.
void Scheduling::give_result(Shown& shown, Shown* before, bool checked) {
    const std::string& name = shown.object->object->name;
    const auto kept = kept_results_.extract(name);
    if (before && before->object && before->object->object->name == name) {
        shown.result = std::move(before->result);
        shown.unwritten = before->unwritten;
        shown.due = before->due;
    } else if (kept && checked) {
        shown.result = std::move(kept.mapped());
    }
}

void Scheduling::save_within(Duration wait) {
    if (unwritten_ != 0 && save_at_) return;  // a store that refuses is not asked more often
    const SteadyTime at = services_.clock.steady() + wait;
    if (!save_at_ || *save_at_ > at) save_at_ = at;
}

void Scheduling::save() {
    save_at_.reset();
    if (writing_ && !stopped_) {
        save_at_ = services_.clock.steady() + kStatesWait;
        return;
    }
    // At the end there is no later: what is under way is written once more, in case that fails.
    if (writing_) take_back(*writing_);
    auto what = std::make_shared<Written>();
    store::StateChange change;
    add_checkables(change, *what);
    for (std::string& name : scheduler_.take_triggered()) unsaved_.insert({"Downtime", std::move(name)});
    for (schedule::Gone& gone : scheduler_.take_gone()) unsaved_.insert({std::string(gone.type), std::move(gone.name)});
    if (services_.clock.steady() - started_ > kStatesKept) {
        for (const auto& [name, state] : kept_.checkables) unsaved_.insert({std::string(policy::checkable_type(name)), name});
        for (const auto& [name, result] : kept_results_) unsaved_.insert({std::string(policy::checkable_type(name)), name});
        for (const auto& [name, triggered] : kept_.triggered) unsaved_.insert({"Downtime", name});
        kept_ = {};
        kept_results_.clear();
    }
    add_rest(change, unsaved_);
    what->rest = std::exchange(unsaved_, {});
    if (change.empty()) return;
    writing_ = what;
    services_.keep_states(std::move(change), [this, what](bool done) { written(*what, done); });
}

void Scheduling::add_checkables(store::StateChange& change, Written& written) {
    written.states = scheduler_.take_changed();
    change.states.reserve(written.states.size());
    for (const schedule::Id id : written.states) {
        change.states.emplace_back(store::StateKey{scheduler_.settings(id).is_host ? "Host" : "Service", scheduler_.name(id)},
                                   schedule::state_text(scheduler_.state(id)));
        if (!std::exchange(shown_[id].unwritten, false)) continue;
        written.results.push_back(id);
        change.results.emplace_back(change.states.back().first, text_of(shown_[id].result));
    }
}

// As each is by now: there, or gone.
void Scheduling::add_rest(store::StateChange& change, const std::set<store::StateKey>& rest) const {
    for (const store::StateKey& key : rest) {
        const auto pause = key.type == "Pause" ? pauses_.find(key.name) : pauses_.end();
        const auto triggered = key.type == "Downtime" ? scheduler_.downtime_triggered(key.name) : std::nullopt;
        if (pause != pauses_.end())
            change.states.emplace_back(
                key, json::to_text(json::Object{{"by", pause->second.by}, {"since", pause->second.since}, {"until", pause->second.until}}));
        else if (triggered) change.states.emplace_back(key, json::to_text(*triggered));
        else change.dropped.push_back(key);
    }
}

void Scheduling::written(const Written& what, bool done) {
    // At the end there are two.
    if (writing_.get() == &what) writing_.reset();
    if (done) {
        if (std::exchange(unwritten_, 0) != 0) services_.log.info("schedule", "states are stored again");
        return;
    }
    take_back(what);
    const std::size_t before = std::exchange(unwritten_, what.states.size() + what.rest.size());
    if (before == 0)
        services_.log.warning("schedule", "states cannot be stored; it is tried again, until then a restart begins with those from before",
                              {{"states", static_cast<unsigned long>(unwritten_)}});
    save_at_ = services_.clock.steady() + kStatesRetry;
    arm();
}

void Scheduling::take_back(const Written& what) {
    for (const schedule::Id id : what.states) scheduler_.changed_still(id);
    for (const schedule::Id id : what.results)
        if (id < shown_.size() && shown_[id].object) shown_[id].unwritten = true;
    for (const store::StateKey& key : what.rest)
        if (key.type == "Pause" || unsaved_.size() < kUnwrittenGone) unsaved_.insert(key);
}

Result<void> Scheduling::pause(const std::string& name, std::optional<Duration> length, const std::string& by) {
    const auto id = scheduler_.find(name);
    if (!id) return fail(Errc::not_found, "no host or service '" + name + "' is checked here");
    if (pauses_.size() >= kPauses && !pauses_.contains(name))
        return fail(Errc::too_large, std::to_string(kPauses) + " checks are paused already: resume some");
    const double since = now().wall;
    const Pause pause{by, since, length ? since + std::chrono::duration<double>(*length).count() : 0};
    pauses_.insert_or_assign(name, pause);
    unsaved_.insert({"Pause", name});
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
    unsaved_.insert({"Pause", name});
    const auto id = scheduler_.find(name);
    if (!id) return;
    scheduler_.set_active(*id, flag_attribute(*shown_[*id].object->object, "enable_active_checks", true), now());
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
        entry.object_type = std::string(policy::checkable_type(name));
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
    for (const PassiveTally::Count& count : tally_.end()) record_submitted(count);
    save();
}

}  // namespace endpointd::cluster
