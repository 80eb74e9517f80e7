// What each message does to what is wanted (protocol, 4.2 to 4.4).

#include <algorithm>

#include "cluster/audit_entry.hpp"
#include "cluster/config_sync.hpp"
#include "cluster/parent_pause.hpp"
#include "dsl/object_attributes.hpp"
#include "files/digest.hpp"
#include "policy/method_capability.hpp"
#include "policy/subject.hpp"

namespace endpointd::cluster {

namespace {

// `update`: other text is another refusal.
policy::Rejection stale_zone(const std::string& parent, const std::string& zone, std::string update) {
    policy::Rejection rejection;
    rejection.reason = policy::Reason::stale;
    rejection.parent = parent;
    rejection.method = "config::Update";
    rejection.object_type = "Zone";
    rejection.object_name = zone;
    rejection.detail = "other text with a timestamp that is not newer: what is in force stays";
    rejection.attribute = std::move(update);
    return rejection;
}

}  // namespace

policy::Verdict ConfigSync::may_update(const std::string& parent) const {
    policy::Request request;
    request.capability = policy::Capability::config;
    const dsl::Endpoint* endpoint = rules_->topology->endpoint(parent);
    policy::Verdict verdict = rules_->grants->decide(parent, endpoint != nullptr ? std::string_view(endpoint->zone) : "", request);
    if (!rules_->topology->is_parent(parent)) {
        verdict.allowed = false;
        verdict.reason = policy::Reason::capability_denied;
        verdict.detail = "only a parent configures this node";
    }
    return verdict;
}

// Each attribute is judged by the filter; a message of which nothing can come is refused here.
policy::Verdict ConfigSync::may_modify(const std::string& parent, const wire::ConfigUpdateObject& object) const {
    const policy::Subject subject = policy::subject_of(object.type, object.name);
    const dsl::Endpoint* endpoint = rules_->topology->endpoint(parent);
    policy::Verdict verdict;
    verdict.detail = "attributes of type " + object.type + " are never granted to a parent";
    const auto ask = [&](std::optional<policy::Capability> capability) {
        if (verdict.allowed || !capability) return;
        policy::Request request;
        request.capability = *capability;
        if (subject.host) request.host = *subject.host;
        if (subject.service) request.service = *subject.service;
        verdict = rules_->grants->decide(parent, endpoint != nullptr ? std::string_view(endpoint->zone) : "", request);
    };
    for (const auto& attribute : object.modified_attributes) ask(policy::capability_of_attribute(object.type, attribute.first));
    // Nothing but a restoration: whoever may change something may take it back.
    if (object.modified_attributes.empty()) {
        ask(policy::capability_of_object(object.type));
        ask(policy::capability_of_attribute(object.type, "enable_active_checks"));
    }
    return verdict;
}

policy::Verdict ConfigSync::may_change(const std::string& parent, const wire::ConfigUpdateObject& object, bool creates) const {
    if (!creates) return may_modify(parent, object);
    policy::Verdict verdict = policy::may_manage(parent, object.type, object.name, world_);
    // A parent that comes back sends the text of an object along with its modified attributes.
    if (verdict.allowed || object.modified_attributes.empty()) return verdict;
    policy::Verdict modification = may_modify(parent, object);
    return modification.allowed ? modification : verdict;
}

bool ConfigSync::has_room(std::size_t bytes) const {
    return state_.entries() < rules_->evaluation_limits.objects && state_.bytes() + bytes <= rules_->update_limits.bytes;
}

bool ConfigSync::admit(Change& change, policy::Verdict verdict, store::AuditEntry entry) {
    if (change.admitted) return true;
    const policy::Verdict counted = services_.usage.admit(std::move(verdict), services_.clock.steady()).verdict;
    change.admitted = counted.allowed;
    if (counted.allowed) return true;
    entry.reason = counted.reason;
    entry.detail = counted.detail;
    step_.records.push_back(std::move(entry));
    return false;
}

void ConfigSync::apply(Change& change) {
    if (const auto* update = std::get_if<wire::ConfigUpdate>(&change.message)) apply_update(change, *update);
    else if (const auto* object = std::get_if<wire::ConfigUpdateObject>(&change.message)) apply_object(change, *object);
    else apply_delete(change, std::get<wire::ConfigDeleteObject>(change.message));
}

void ConfigSync::apply_update(Change& change, const wire::ConfigUpdate& update) {
    const std::string& parent = change.from.endpoint;
    const store::AuditEntry beginning = entry_for(parent, wire::Method::config_update);
    // It is on record, and nothing of it has changed.
    if (const auto failed = failed_updates_.find(parent); failed != failed_updates_.end() && failed->second == digest_of(update)) return;
    UpdateOutcome outcome =
        judge_update(state_.production(), parent, update, world_, rules_->update_limits, to_unix(services_.clock.wall()));
    for (const std::string& zone : outcome.stale) outcome.rejections.push_back(stale_zone(parent, zone, digest_of(update)));
    // What was refused last time is no news.
    const std::string group = ToldRejections::of_update(parent);
    for (const ToldRejections::News& news : told_.replace(group, outcome.rejections))
        if (!news.again) tell(group, news, false);
    if (outcome.refused || !outcome.anything()) return;
    if (!admit(change, may_update(parent), beginning)) return;
    const auto taken = [&](const std::string& zone, const std::string& detail, std::string files) {
        store::AuditEntry entry = beginning;
        entry.decision = store::Decision::accepted;
        entry.reason = store::Reason::ok;
        entry.object_type = "Zone";
        entry.object_name = zone;
        entry.detail = detail;
        // Another update of the zone is another record.
        entry.parameter = files::sha256_hex(files);
        entry.content = std::move(files);
        step_.accepted.push_back(std::move(entry));
    };
    for (const std::string& zone : outcome.changed) taken(zone, "zone taken as pushed", listing(outcome.next, zone));
    for (const std::string& zone : outcome.vanished) taken(zone, "zone is no longer pushed: its objects are gone", {});
    state_.set_production(std::move(outcome.next));
}

void ConfigSync::apply_object(Change& change, const wire::ConfigUpdateObject& object) {
    const WantedState::Key key{object.type, object.name};
    // Never newer than its own deletion; and without a version never at all.
    if (object.version <= state_.deleted(key)) return;
    const policy::RuntimeObject* there = state_.object(key);
    const policy::Modification* before = state_.modification(key);
    const policy::PlannedObject* planned = plan_->find(object.type, object.name);
    const bool exists = there != nullptr || (planned != nullptr && planned->origin != policy::Origin::runtime);
    const bool brings_text = object.config && !object.config->empty();
    if (!exists && brings_text) return create(change, object);
    // An object that is not there may come with an update that waits; until then nobody sees its attributes.
    if (object.version <= std::max(there != nullptr ? there->version : 0, before != nullptr ? before->version : 0)) return;
    // Its text never changes: another one is that of an object that was deleted and made anew while we were away.
    if (there != nullptr && brings_text && *object.config != there->config) return create(change, object);
    modify(change, object, before);
}

void ConfigSync::create(Change& change, const wire::ConfigUpdateObject& object) {
    policy::Verdict verdict = policy::may_manage(change.from.endpoint, object.type, object.name, world_);
    if (!verdict.allowed) return refuse(change.from, object, change.payload, verdict.reason, verdict.detail);
    if (!has_room(object.config->size())) {
        return refuse(change.from, object, change.payload, policy::Reason::limit_exceeded,
                      "there are as many objects made at run time as limits.objects and limits.config_size allow");
    }
    store::AuditEntry entry = entry_for(change.from.endpoint, object, change.payload);
    if (!admit(change, std::move(verdict), entry)) return;
    const WantedState::Key key{object.type, object.name};
    entry.detail = state_.object(key) != nullptr ? "created anew" : "created";
    // What was changed of one before it is none of this one's.
    state_.drop_modification(key);
    state_.put(
        policy::RuntimeObject{change.from.endpoint, object.type, object.name, object.zone.value_or(""), object.version, *object.config});
    entry.decision = store::Decision::accepted;
    entry.reason = store::Reason::ok;
    entry.parameter = std::to_string(object.version);
    step_.if_there.push_back({std::move(entry), key, {}});
    // It is told late, and has been changed meanwhile. Upstream takes the text alone (protocol, 4.3), and differs from
    // its parent until the next change.
    if (!object.modified_attributes.empty()) modify(change, object, nullptr);
}

void ConfigSync::modify(Change& change, const wire::ConfigUpdateObject& object, const policy::Modification* before) {
    policy::Verdict verdict = may_modify(change.from.endpoint, object);
    if (!verdict.allowed) {
        // What the sender wanted before, it does not want any more: it must not come back with the next grant.
        if (before != nullptr && before->parent == change.from.endpoint && !before->attributes.empty())
            state_.put(policy::Modification{before->parent, object.type, object.name, object.version, {}});
        services_.usage.admit(verdict, services_.clock.steady());
        return refuse(change.from, object, change.payload, verdict.reason, verdict.detail);
    }
    if (!has_room(change.payload.size())) {
        return refuse(change.from, object, change.payload, policy::Reason::limit_exceeded,
                      "there are as many modified attributes as limits.objects and limits.config_size allow");
    }
    store::AuditEntry entry = entry_for(change.from.endpoint, object, change.payload);
    if (!admit(change, std::move(verdict), entry)) return;
    // `original_attributes` is the list of all that is modified; what is not in it is as it was.
    policy::Modification after{change.from.endpoint, object.type, object.name, object.version, {}};
    std::vector<std::string> differ;
    for (const std::string& path : object.original_attributes) {
        const json::Value* value = object.modified_attributes.find(path);
        const json::Value* old = before != nullptr ? before->attributes.find(path) : nullptr;
        if (value == nullptr) value = old;
        if (value == nullptr) continue;
        if (old == nullptr || !(*old == *value)) differ.push_back(path);
        after.attributes.set(path, *value);
    }
    std::string restored;
    if (before != nullptr)
        for (const auto& attribute : before->attributes)
            if (after.attributes.find(attribute.first) == nullptr) restored += (restored.empty() ? "" : ", ") + attribute.first;
    after.paused_since = pause_begin(after, before);
    state_.put(std::move(after));
    entry.decision = store::Decision::changed;
    entry.reason = store::Reason::ok;
    if (!restored.empty()) entry.detail = "restored " + restored;
    else entry.detail.clear();
    const WantedState::Key key{object.type, object.name};
    if (!differ.empty() || !restored.empty()) step_.if_there.push_back({std::move(entry), key, std::move(differ)});
}

void ConfigSync::apply_delete(Change& change, const wire::ConfigDeleteObject& object) {
    const WantedState::Key key{object.type, object.name};
    const WallTime now = services_.clock.wall();
    store::AuditEntry entry = entry_for(change.from.endpoint, wire::Method::config_delete_object);
    entry.object_type = object.type;
    entry.object_name = object.name;
    entry.content = change.payload;
    const auto refused = [&](policy::Reason reason, std::string detail) {
        entry.reason = reason;
        entry.detail = std::move(detail);
        step_.records.push_back(std::move(entry));
    };
    policy::Verdict verdict = policy::may_manage(change.from.endpoint, object.type, object.name, world_);
    const policy::RuntimeObject* there = state_.object(key);
    const policy::PlannedObject* planned = plan_->find(object.type, object.name);
    if (!verdict.allowed) {
        // Of what is kept for a grant that ended, the object is not in force: who wanted it may take that back.
        const bool in_force = planned != nullptr && planned->origin == policy::Origin::runtime;
        if (there != nullptr && !in_force && there->parent == change.from.endpoint) {
            state_.bury(key, std::max(there->version, object.version), now);
            state_.drop_object(key);
            state_.drop_modification(key);
        }
        services_.usage.admit(verdict, services_.clock.steady());
        return refused(verdict.reason, verdict.detail);
    }
    if (there == nullptr) {
        if (planned != nullptr && planned->origin != policy::Origin::runtime) {
            return refused(policy::Reason::out_of_scope,
                           "it was not made at run time (" + planned->origin_text() + "): only its own configuration removes it");
        }
        // A peer that has not heard of it yet must not make it again.
        if (object.version > state_.deleted(key) && admit(change, std::move(verdict), std::move(entry)))
            state_.bury(key, object.version, now);
        return;
    }
    const policy::Modification* modification = state_.modification(key);
    const double version = std::max(there->version, modification != nullptr ? modification->version : 0);
    // Made or changed again since; a sender that names no version means whatever there is.
    if (object.version > 0 && version > object.version) return;
    if (!admit(change, std::move(verdict), entry)) return;
    std::vector<WantedState::Key> gone =
        object.type == "Host" || object.type == "Service" ? state_.below(object.name) : std::vector<WantedState::Key>{};
    for (const WantedState::Key& dependent : gone) {
        const double last = std::max(state_.object(dependent)->version,
                                     state_.modification(dependent) != nullptr ? state_.modification(dependent)->version : 0);
        state_.drop_object(dependent);
        state_.drop_modification(dependent);
        state_.bury(dependent, last, now);
    }
    state_.drop_object(key);
    state_.drop_modification(key);
    state_.bury(key, std::max(version, object.version), now);
    entry.decision = store::Decision::changed;
    entry.reason = store::Reason::ok;
    entry.detail = "deleted" + (gone.empty() ? std::string() : ", and " + std::to_string(gone.size()) + " objects that hung on it");
    step_.accepted.push_back(std::move(entry));
}

// Downtimes and comments end by our own clock (protocol, 7.4).
void ConfigSync::end_expired() {
    const double now = to_unix(services_.clock.wall());
    for (const char* type : {"Downtime", "Comment"}) {
        for (const policy::PlannedObject& planned : plan_->objects) {
            const WantedState::Key key{type, planned.object->name};
            if (planned.origin != policy::Origin::runtime || state_.object(key) == nullptr || plan_->find(type, key.second) != &planned)
                continue;
            const dsl::Object& object = *planned.object;
            double end = number_attribute(object, std::string_view(type) == "Comment" ? "expire_time" : "end_time", 0);
            // A flexible downtime that began at its last moment lasts as long as it says.
            if (std::string_view(type) == "Downtime" && !flag_attribute(object, "fixed", false))
                end += std::max(number_attribute(object, "duration", 0), 0.0);
            if (end <= 0 || end > now) continue;
            state_.drop_object(key);
            state_.drop_modification(key);
        }
    }
    end_pauses();
    end_unused();
    state_.forget_old_tombstones(services_.clock.wall());
}

// What has no object in force has no end either.
void ConfigSync::end_unused() {
    if (!published_ || without_parents_) return;  // what is in force is not what is wanted
    const SteadyTime now = services_.clock.steady();
    std::map<WantedState::Key, SteadyTime> unused;
    std::vector<std::pair<SteadyTime, WantedState::Key>> oldest_first;
    for (WantedState::Key& key : state_.modifications_and_annotations()) {
        if (plan_->find(key.first, key.second) != nullptr) continue;
        const auto known = unused_since_.find(key);
        const SteadyTime since = known != unused_since_.end() ? known->second : now;
        // A modification of a downtime has the name that the downtime has.
        if (unused.emplace(key, since).second) oldest_first.emplace_back(since, std::move(key));
    }
    std::ranges::sort(oldest_first);
    std::size_t surplus = oldest_first.size() > kUnused ? oldest_first.size() - kUnused : 0;
    for (const auto& [since, key] : oldest_first) {
        if (surplus == 0 && now - since < kUnusedAge) break;
        if (surplus != 0) --surplus;
        state_.drop_object(key);
        state_.drop_modification(key);
        unused.erase(key);
    }
    unused_since_ = std::move(unused);
}

}  // namespace endpointd::cluster
