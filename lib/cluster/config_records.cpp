// What is said of configuration: records of what was taken and refused, and the
// results that show a parent which of its hosts and services are not monitored.

#include <algorithm>
#include <map>

#include "cluster/audit_entry.hpp"
#include "cluster/config_sync.hpp"
#include "policy/subject.hpp"
#include "wire/encode.hpp"

namespace endpointd::cluster {

namespace {

std::optional<std::string> unless_empty(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

bool is_checkable(std::string_view type) noexcept { return type == "Host" || type == "Service"; }

// Is there anything that the parent would show it at?
bool has_result(const policy::Rejection& rejection) noexcept {
    return !rejection.attribute && !rejection.parent.empty() && is_checkable(rejection.object_type) && !rejection.object_name.empty();
}

// The UNKNOWN of a host or service that is not taken.
std::string unknown_result(const std::string& node, const std::string& type, const std::string& name, std::string text, WallTime now) {
    policy::Subject of = policy::subject_of(type, name);
    wire::CheckResult message;
    message.host = std::move(of.host).value_or("");
    message.service = std::move(of.service);
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

// A message of which nothing comes. A host or service that was to be made is told to its parent, unless one of this name
// stands here: that has results of its own. The same
// message again is no news: parents send all they have whenever they connect.
void ConfigSync::refuse(const Sender& from, const wire::ConfigUpdateObject& object, const std::string& payload, policy::Reason reason,
                        std::string detail) {
    bool told_before = false;
    // Who is no parent is nobody to be remembered.
    const bool parent = rules_->topology->is_parent(from.endpoint);
    if (parent && !is_news(from.endpoint, object, reason, told_before)) return;
    store::AuditEntry entry = entry_for(from.endpoint, object, payload);
    entry.reason = reason;
    entry.detail = detail;
    const bool shown = parent && !told_before && object.config && is_checkable(object.type) && object.name.size() <= kObjectName &&
                       plan_->find(object.type, object.name) == nullptr;
    if (!shown) return record(std::move(entry));
    policy::Rejection rejection;
    rejection.parent = from.endpoint;
    rejection.object_type = object.type;
    rejection.object_name = object.name;
    rejection.detail = std::move(detail);
    services_.audit(std::move(entry),
                    [this, rejection = std::move(rejection)](std::optional<std::uint64_t> id) { send_result(rejection, id); });
}

// `told_before`: another version of the object was refused for the same reason.
bool ConfigSync::is_news(const std::string& parent, const wire::ConfigUpdateObject& object, policy::Reason reason, bool& told_before) {
    policy::Rejection rejection;
    rejection.reason = reason;
    rejection.method = "config::UpdateObject";
    rejection.object_type = object.type;
    rejection.object_name = object.name;
    const std::string group = ToldRejections::of_messages(parent);
    told_before = !told_.add(group, rejection);
    rejection.attribute = "version " + std::to_string(object.version);
    return told_.add(group, rejection);
}

// `cause`: the change that cannot be evaluated; null: nothing but the rules is new.
void ConfigSync::tell_failure(const policy::Plan& plan, const Change* cause) {
    std::string parent;
    if (cause != nullptr) parent = cause->from.endpoint;
    // The last one says what ended it.
    std::vector<policy::Rejection> rejections(
        plan.rejections.end() - static_cast<std::ptrdiff_t>(std::min(plan.rejections.size(), kAuditedRejections)), plan.rejections.end());
    for (policy::Rejection& rejection : rejections)
        if (rejection.parent.empty()) rejection.parent = parent;
    if (const auto* object = cause != nullptr ? std::get_if<wire::ConfigUpdateObject>(&cause->message) : nullptr) {
        bool told_before = false;
        if (!is_news(parent, *object, policy::Reason::limit_exceeded, told_before)) return;
        for (const policy::Rejection& rejection : rejections) record(entry_for(rejection));
        return;
    }
    const std::string group = ToldRejections::of_failure(parent);
    for (const ToldRejections::News& news : told_.replace(group, rejections))
        if (!news.again) tell(group, news, false);
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

void ConfigSync::tell_news(const policy::Plan& plan, const policy::Plan* before) {
    // Most plans differ in nothing that was refused. The first one has nothing before it but what was kept.
    const auto same = [](const policy::Rejection& one, const policy::Rejection& other) {
        return one.same_as(other) && one.content == other.content;
    };
    if (before != nullptr && std::ranges::equal(plan.rejections, before->rejections, same)) return;
    const std::string group = ToldRejections::of_plan();
    std::map<std::string, std::size_t> audited, left, results;
    for (const ToldRejections::News& news : told_.replace(group, plan.rejections)) {
        const policy::Rejection& rejection = *news.rejection;
        // What stands under the name has results of its own.
        const bool shown = has_result(rejection) && plan.find(rejection.object_type, rejection.object_name) == nullptr;
        const bool with_result = shown && ++results[rejection.parent] <= kRejectionResults;
        if (news.again) {
            if (with_result) send_result(rejection, news.record == 0 ? std::nullopt : std::optional(news.record));
        } else if (++audited[rejection.parent] > kAuditedRejections) {
            ++left[rejection.parent];
        } else {
            tell(group, news, with_result);
        }
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

store::AuditEntry ConfigSync::entry_for(const policy::Rejection& rejection) const {
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
    return entry;
}

void ConfigSync::tell(const std::string& group, const ToldRejections::News& news, bool with_result) {
    store::AuditEntry entry = entry_for(*news.rejection);
    if (!with_result) return record(std::move(entry));
    policy::Rejection about = *news.rejection;
    about.content.clear();
    services_.audit(std::move(entry), [this, group, digest = news.digest, about = std::move(about)](std::optional<std::uint64_t> id) {
        if (id) told_.recorded(group, digest, *id);
        send_result(about, id);
    });
}

void ConfigSync::send_result(const policy::Rejection& rejection, std::optional<std::uint64_t> record) {
    const std::string text = "endpointd: " + rejection.object_type + " '" + rejection.object_name + "' rejected: " + rejection.detail +
                             (record ? " (audit " + std::to_string(*record) + ")" : " (not audited: the store fails)");
    services_.answer(
        {rejection.parent, 0, services_.clock.steady()},
        unknown_result(rules_->topology->local_endpoint().name, rejection.object_type, rejection.object_name, text, services_.clock.wall()),
        services_.clock.steady() + rules_->answers_kept);
}

}  // namespace endpointd::cluster
