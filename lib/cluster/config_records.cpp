// What is said of configuration: records of what was taken and refused, and the
// results that show a parent which of its hosts and services are not monitored.

#include <algorithm>
#include <map>
#include <tuple>

#include "cluster/audit_entry.hpp"
#include "cluster/config_sync.hpp"
#include "wire/encode.hpp"

namespace endpointd::cluster {

namespace {

std::optional<std::string> unless_empty(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

bool is_checkable(std::string_view type) noexcept { return type == "Host" || type == "Service"; }

// The UNKNOWN of a host or service that is not taken.
std::string unknown_result(const std::string& node, const std::string& type, const std::string& name, std::string text, WallTime now) {
    const std::size_t split = name.find('!');
    wire::CheckResult message;
    message.host = name.substr(0, split);
    if (type == "Service" && split != std::string::npos) message.service = name.substr(split + 1);
    const double time = to_unix(now);
    message.cr.execution_start = message.cr.execution_end = message.cr.schedule_start = message.cr.schedule_end = time;
    message.cr.exit_status = 3;
    message.cr.state = 3;
    message.cr.output = std::move(text);
    message.cr.check_source = node;
    message.cr.scheduling_source = node;
    return wire::encode(message);
}

}  // namespace

store::AuditEntry ConfigSync::entry_for(const std::string& parent, wire::Method method) const {
    return audit_entry(Sender{parent, 0, {}}, *rules_->topology, method);
}

store::AuditEntry ConfigSync::entry_for(const std::string& parent, const wire::ConfigUpdateObject& object,
                                        const std::string& payload) const {
    store::AuditEntry entry = entry_for(parent, wire::Method::config_update_object);
    if (object.config) entry.decision = store::Decision::rejected;
    entry.object_type = object.type;
    entry.object_name = object.name;
    entry.content = object.config ? *object.config : payload;
    return entry;
}

// A message of which nothing comes. A host or service that was to be made is told to its parent.
void ConfigSync::refuse(const Sender& from, const wire::ConfigUpdateObject& object, const std::string& payload, policy::Reason reason,
                        std::string detail) {
    if (object.config && is_checkable(object.type) && rules_->topology->is_parent(from.endpoint) && object.name.size() <= kObjectName) {
        policy::Rejection rejection;
        rejection.reason = reason;
        rejection.parent = from.endpoint;
        rejection.method = "config::UpdateObject";
        rejection.object_type = object.type;
        rejection.object_name = object.name;
        rejection.detail = std::move(detail);
        rejection.content = *object.config;
        return tell(rejection, true);
    }
    store::AuditEntry entry = entry_for(from.endpoint, object, payload);
    entry.reason = reason;
    entry.detail = std::move(detail);
    record(std::move(entry));
}

void ConfigSync::record(store::AuditEntry entry) { services_.audit(std::move(entry), {}); }

void ConfigSync::record_step(const policy::Plan& plan) {
    for (store::AuditEntry& entry : step_.records) record(std::move(entry));
    for (store::AuditEntry& entry : step_.accepted) record(std::move(entry));
    if (!step_.if_there.empty()) {
        // Attributes that were refused have a record each.
        std::map<WantedState::Key, std::vector<std::string>> refused;
        for (const policy::Rejection& rejection : plan.rejections)
            if (rejection.attribute) refused[{rejection.object_type, rejection.object_name}].push_back(*rejection.attribute);
        for (Step::Named& named : step_.if_there) {
            if (plan.find(named.key.first, named.key.second) == nullptr) continue;
            std::string taken;
            for (const std::string& attribute : named.attributes)
                if (std::ranges::find(refused[named.key], attribute) == refused[named.key].end())
                    taken += (taken.empty() ? "" : ", ") + attribute;
            if (!taken.empty()) named.entry.detail = "changed " + taken + (named.entry.detail.empty() ? "" : "; " + named.entry.detail);
            if (!named.entry.detail.empty()) record(std::move(named.entry));
        }
    }
    step_ = {};
}

void ConfigSync::tell_news(const policy::Plan& plan, const policy::Plan& before) {
    using Place = std::tuple<std::string_view, std::string_view, std::string_view, std::uint32_t>;
    const auto place = [](const policy::Rejection& rejection) {
        return Place{rejection.object_type, rejection.object_name, rejection.file, rejection.line};
    };
    std::multimap<Place, const policy::Rejection*> known;
    for (const policy::Rejection& rejection : before.rejections) known.emplace(place(rejection), &rejection);
    std::map<std::string, std::size_t> audited, left;
    std::map<std::string, std::size_t> told;
    for (const policy::Rejection& rejection : plan.rejections) {
        const auto [first, last] = known.equal_range(place(rejection));
        const auto same = [&](const auto& one) { return one.second->same_as(rejection); };
        if (std::any_of(first, last, [&](const auto& one) { return same(one) && one.second->content == rejection.content; })) continue;
        // Another text in the place of one that was refused is on record; its parent knows all it can be told.
        const bool known_to_parent = std::any_of(first, last, same);
        if (++audited[rejection.parent] > kAuditedRejections) {
            ++left[rejection.parent];
            continue;
        }
        tell(rejection, !known_to_parent && ++told[rejection.parent] <= kRejectionResults);
    }
    for (const auto& [parent, count] : left) {
        store::AuditEntry entry = entry_for(parent, wire::Method::config_update);
        if (parent.empty()) entry.parent.reset();
        entry.decision = store::Decision::rejected;
        entry.reason = store::Reason::limit_exceeded;
        entry.detail = std::to_string(count) +
                       " more rejections of this configuration are not recorded one by one; `endpointctl config filter` shows them";
        record(std::move(entry));
    }
}

void ConfigSync::tell(const policy::Rejection& rejection, bool with_result) {
    store::AuditEntry entry;
    entry.parent = unless_empty(rejection.parent);
    entry.zone = unless_empty(rejection.zone);
    if (!entry.zone)
        if (const dsl::Endpoint* endpoint = rules_->topology->endpoint(rejection.parent)) entry.zone = endpoint->zone;
    entry.method = unless_empty(rejection.method);
    entry.object_type = unless_empty(rejection.object_type);
    entry.object_name = unless_empty(rejection.object_name);
    entry.file = unless_empty(rejection.file);
    if (rejection.line != 0) entry.line = rejection.line;
    // An attribute is a request that was refused; an object was not taken.
    entry.decision = rejection.attribute ? store::Decision::denied : store::Decision::rejected;
    entry.reason = rejection.reason;
    entry.detail = rejection.detail;
    entry.parameter = rejection.attribute;
    entry.content = unless_empty(rejection.content);
    if (!with_result || rejection.attribute || rejection.parent.empty() || !is_checkable(rejection.object_type) ||
        rejection.object_name.empty())
        return record(std::move(entry));
    const SteadyTime now = services_.clock.steady();
    const std::string text = "endpointd: " + rejection.object_type + " '" + rejection.object_name + "' rejected: " + rejection.detail;
    services_.audit(std::move(entry), [this, parent = rejection.parent, type = rejection.object_type, name = rejection.object_name, text,
                                       now](std::optional<std::uint64_t> id) {
        const std::string number = id ? " (audit " + std::to_string(*id) + ")" : " (not audited: the store fails)";
        services_.answer({parent, 0, now},
                         unknown_result(rules_->topology->local_endpoint().name, type, name, text + number, services_.clock.wall()),
                         services_.clock.steady() + rules_->answers_kept);
    });
}

}  // namespace endpointd::cluster
