// Steps: what waits is applied, a plan is made, and the step is kept or undone.

#include "cluster/config_sync.hpp"

#include <algorithm>

#include "cluster/audit_entry.hpp"
#include "cluster/production.hpp"
#include "policy/method_capability.hpp"
#include "policy/runtime_text.hpp"

namespace endpointd::cluster {

namespace {

std::size_t size_of(const wire::ConfigUpdate& update) {
    std::size_t size = sizeof update;
    for (const wire::ConfigFile& file : update.files) size += sizeof file + file.zone.size() + file.path.size() + file.content.size();
    return size;
}

// Nested attribute paths: bounded, and without empty parts.
bool is_path(const std::string& path) {
    if (path.empty() || path.size() > kAttributePath || path.front() == '.' || path.back() == '.') return false;
    if (path.find("..") != std::string::npos) return false;
    return static_cast<std::size_t>(std::ranges::count(path, '.')) < kAttributeDepth;
}

}  // namespace

void ConfigSync::load(store::StoredWanted stored) {
    for (const std::string& problem : stored.problems) {
        services_.log.error("store", "something of what parents pushed is lost until they push it again", {{"what", problem}});
        record(lost_in_store(problem));
    }
    store_behind_ = !stored.problems.empty();
    told_.load(stored.told);
    state_.load(std::move(stored));
    expire_ = true;
}

void ConfigSync::configure(std::shared_ptr<const Rules> rules) {
    rules_ = std::move(rules);
    world_.topology = rules_->topology;
    world_.grants = rules_->grants;
    world_.catalog = rules_->catalog;
    world_.local = rules_->local;
    world_.node = rules_->topology->local_endpoint().name;
    failed_updates_.clear();
    told_.forget_parents([this](const std::string& parent) { return rules_->topology->is_parent(parent); });
    replan_ = true;
    without_parents_ = false;
    if (evaluating_) {
        // Made by rules that no longer hold; its changes are judged again after the new plan.
        state_.undo();
        evaluating_.reset();
        step_ = {};
    }
    if (services_.evaluate) next();
}

bool ConfigSync::waits(Change change) {
    if (queue_.size() >= kWaitingChanges || queued_bytes_ + change.bytes > kWaitingBytes) return false;
    queued_bytes_ += change.bytes;
    queue_.push_back(std::move(change));
    next();
    return true;
}

void ConfigSync::update(const Sender& from, wire::ConfigUpdate update) {
    // Of a parent's updates only the newest counts. The first of the queue may be in a step.
    for (std::size_t i = step_.changes; i < queue_.size(); ++i) {
        auto* waiting = std::get_if<wire::ConfigUpdate>(&queue_[i].message);
        if (waiting == nullptr || queue_[i].from.endpoint != from.endpoint) continue;
        queued_bytes_ -= queue_[i].bytes;
        queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(i));
        break;
    }
    const std::size_t bytes = size_of(update);
    if (waits({from, std::move(update), {}, bytes})) return;
    store::AuditEntry entry = entry_for(from.endpoint, wire::Method::config_update);
    entry.decision = store::Decision::rejected;
    entry.reason = store::Reason::limit_exceeded;
    entry.detail = "too many changes of configuration wait already";
    record(std::move(entry));
}

bool ConfigSync::acceptable(const Sender& from, const wire::ConfigUpdateObject& object, const std::string& payload) {
    const auto refused = [&](policy::Reason reason, std::string detail) {
        refuse(from, object, payload, reason, std::move(detail));
        return false;
    };
    // Commands are never taken, whoever sends them, for whichever zone, in whichever form.
    if (const dsl::ConfigType* type = dsl::config_type(object.type); type != nullptr && type->role == dsl::TypeRole::command) {
        policy::Objection objection = policy::pushed_command(object.type, object.name, *rules_->catalog);
        return refused(objection.reason, std::move(objection.detail));
    }
    if (!rules_->topology->is_parent(from.endpoint))
        return refused(policy::Reason::capability_denied, "only a parent configures this node");
    if (object.name.empty() || object.name.size() > kObjectName)
        return refused(policy::Reason::limit_exceeded, "an object's name has 1 to " + std::to_string(kObjectName) + " bytes");
    if (object.zone && !object.zone->empty() && rules_->topology->zone(*object.zone) == nullptr)
        return refused(policy::Reason::zone_not_authorized, "its zone is not in zones.d");
    if (object.modified_attributes.size() > kModifiedAttributes || object.original_attributes.size() > kModifiedAttributes)
        return refused(policy::Reason::limit_exceeded, "more than " + std::to_string(kModifiedAttributes) + " modified attributes");
    for (const auto& attribute : object.modified_attributes)
        if (!is_path(attribute.first))
            return refused(policy::Reason::malformed_message,
                           "a modified attribute is a path of at most " + std::to_string(kAttributeDepth) + " names");
    const policy::Verdict verdict = may_change(from.endpoint, object, object.config && !object.config->empty());
    // One that replaces something kept of its sender is refused when its turn comes: once, for nothing is kept after that.
    const policy::Modification* kept = state_.modification({object.type, object.name});
    if (!verdict.allowed && (kept == nullptr || kept->parent != from.endpoint || kept->attributes.empty())) {
        services_.usage.admit(verdict, services_.clock.steady());
        return refused(verdict.reason, verdict.detail);
    }
    return true;
}

void ConfigSync::update_object(const Sender& from, wire::ConfigUpdateObject object, std::string payload) {
    if (!acceptable(from, object, payload)) return;
    object.version = std::min(object.version, to_unix(services_.clock.wall()) + kAheadOfClock);
    const std::size_t bytes = sizeof(Change) + payload.size() * 2;
    Change change{from, std::move(object), std::move(payload), bytes};
    if (queue_.size() < kWaitingChanges && queued_bytes_ + bytes <= kWaitingBytes) {
        waits(std::move(change));
        return;
    }
    refuse(from, std::get<wire::ConfigUpdateObject>(change.message), change.payload, policy::Reason::limit_exceeded,
           "too many changes of configuration wait already");
}

void ConfigSync::delete_object(const Sender& from, wire::ConfigDeleteObject object, std::string payload) {
    object.version = std::min(object.version, to_unix(services_.clock.wall()) + kAheadOfClock);
    store::AuditEntry entry = entry_for(from.endpoint, wire::Method::config_delete_object);
    entry.object_type = object.type;
    entry.object_name = object.name;
    entry.content = payload;
    const policy::Verdict verdict = policy::may_manage(from.endpoint, object.type, object.name, world_);
    if (!rules_->topology->is_parent(from.endpoint)) {
        entry.detail = "only a parent configures this node";
    } else if (object.name.empty() || object.name.size() > kObjectName) {
        entry.reason = store::Reason::limit_exceeded;
        entry.detail = "an object's name has 1 to " + std::to_string(kObjectName) + " bytes";
    } else if (const policy::RuntimeObject* kept = state_.object({object.type, object.name});
               !verdict.allowed && (kept == nullptr || kept->parent != from.endpoint)) {
        services_.usage.admit(verdict, services_.clock.steady());
        entry.reason = verdict.reason;
        entry.detail = verdict.detail;
    } else {
        const std::size_t bytes = sizeof(Change) + payload.size() * 2;
        if (waits({from, std::move(object), std::move(payload), bytes})) return;
        entry.reason = store::Reason::limit_exceeded;
        entry.detail = "too many changes of configuration wait already";
    }
    record(std::move(entry));
}

void ConfigSync::next() {
    while (!evaluating_ && (replan_ || expire_ || !queue_.empty())) {
        step_ = {};
        if (std::exchange(expire_, false)) end_expired();
        step_.replanned = std::exchange(replan_, false);
        if (!step_.replanned && !state_.affects_plan()) {
            step_.changes = std::min(most_at_once_, queue_.size());
            // A handler may put nothing into the queue: it is only called from outside.
            for (std::size_t i = 0; i < step_.changes; ++i) apply(queue_[i]);
        }
        if (step_.replanned || state_.affects_plan()) return ask_for_plan(false);
        finish_changes();
        record_step(*plan_);
        save(state_.keep());
    }
}

void ConfigSync::ask_for_plan(bool abandon_running) {
    evaluating_ = ++numbers_;
    EvaluationRequest request;
    request.number = *evaluating_;
    if (!without_parents_) request.wanted = state_.wanted();
    request.world = world_;
    request.limits = rules_->evaluation_limits;
    // Only a change of rules asks again before there is an answer.
    request.abandon_running = abandon_running || step_.replanned;
    services_.evaluate(std::move(request));
}

void ConfigSync::planned(const EvaluationResult& result) {
    if (evaluating_ != result.number) return;
    evaluating_.reset();
    services_.log.info("config", result.plan->failed ? "configuration refused" : "configuration evaluated",
                       {{"objects", static_cast<unsigned long>(result.plan->objects.size())},
                        {"rejected", static_cast<unsigned long>(result.plan->rejections.size())},
                        {"milliseconds", static_cast<long long>(result.took.count() / 1000)}});
    if (result.plan->failed) give_up(*result.plan);
    else settle(result.plan);
    next();
}

void ConfigSync::settle(std::shared_ptr<const policy::Plan> plan) {
    const auto before = std::exchange(plan_, std::move(plan));
    const bool first = !std::exchange(published_, true);
    for (std::size_t i = 0; i < step_.changes; ++i)
        if (std::holds_alternative<wire::ConfigUpdate>(queue_[i].message))
            told_.replace(ToldRejections::of_failure(queue_[i].from.endpoint), {});
    finish_changes();
    most_at_once_ = std::min(most_at_once_ * 2, kWaitingChanges);
    services_.publish(plan_);
    record_step(*plan_);
    if (!without_parents_) tell_news(*plan_, first ? nullptr : before.get());
    // Last: what is kept as told is on its way to the audit.
    save(state_.keep());
    // What ended while nobody looked shows in the first plan only.
    if (first) expire_ = true;
}

// The step never happened. Where it was made of several changes the culprit is looked for by halves.
void ConfigSync::give_up(const policy::Plan& plan) {
    state_.undo();
    if (step_.changes > 1) {
        most_at_once_ = step_.changes / 2;
        return;
    }
    const Change* const cause = step_.changes == 1 ? &queue_.front() : nullptr;
    tell_failure(plan, cause);
    services_.log.error("config", "the configuration cannot be evaluated; what was in force stays",
                        {{"parent", cause != nullptr ? cause->from.endpoint : std::string()},
                         {"why", plan.rejections.empty() ? "" : plan.rejections.back().detail}});
    if (cause != nullptr)
        if (const auto* update = std::get_if<wire::ConfigUpdate>(&cause->message))
            failed_updates_[cause->from.endpoint] = digest_of(*update);
    finish_changes();
    most_at_once_ = std::min(most_at_once_ * 2, kWaitingChanges);
    save({});
    // A start that cannot evaluate what was kept still has the host's own objects.
    if (published_) return;
    if (!std::exchange(without_parents_, true)) {
        replan_ = true;
        return;
    }
    // Not even these: there is nothing, and that is known.
    published_ = true;
    services_.publish(plan_);
}

void ConfigSync::finish_changes() {
    for (std::size_t i = 0; i < step_.changes; ++i) {
        queued_bytes_ -= queue_.front().bytes;
        queue_.pop_front();
    }
    step_.changes = 0;
}

void ConfigSync::tick() {
    if (!rules_ || !services_.evaluate) return;
    expire_ = true;
    next();
    if (!evaluating_) save({});
}

void ConfigSync::save(store::WantedChange change) {
    if (!services_.keep) return;
    told_.write_changes(change);
    // Right after a step the state is what is in force.
    if (store_behind_ && !writing_) {
        store_behind_ = false;
        unsaved_.clear();
        unsaved_.push_back(state_.everything());
        told_.write_everything(unsaved_.back());
    } else if (!change.empty() && !store_behind_) {
        // Files may be as large as an update: a disk slower than a parent's updates must not be memory that grows.
        const bool files_wait =
            change.pushed && std::ranges::any_of(unsaved_, [](const store::WantedChange& one) { return one.pushed.has_value(); });
        if (!files_wait && unsaved_.size() < kWaitingChanges) {
            unsaved_.push_back(std::move(change));
        } else {
            unsaved_.clear();
            store_behind_ = true;
        }
    }
    write_next();
}

void ConfigSync::write_next() {
    if (writing_ || unsaved_.empty()) return;
    writing_ = true;
    store::WantedChange change = std::move(unsaved_.front());
    unsaved_.pop_front();
    services_.keep(std::move(change), [this](bool written) {
        writing_ = false;
        if (!written) {
            // The steps after it would be written without it.
            unsaved_.clear();
            store_behind_ = true;
            services_.log.error("store", "what parents want could not be stored; it is tried again");
            return;
        }
        if (store_behind_ && !evaluating_) save({});
        else write_next();
    });
}

}  // namespace endpointd::cluster
