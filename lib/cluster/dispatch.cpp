#include "cluster/dispatch.hpp"

#include <algorithm>
#include <type_traits>

#include "cluster/audit_entry.hpp"
#include "policy/method_capability.hpp"
#include "policy/subject.hpp"

namespace endpointd::cluster {

namespace {

// Log lines about strangers, and about broken messages: enough to see an attack, too few
// to fill a disk. The audit counts the rest.
const policy::Rate kLines{60, std::chrono::seconds(60), "60/min"};

// The object a message is about, for its record.
struct Subject {
    std::optional<std::string> type, name;
};

Subject checkable(const std::string& host, const std::optional<std::string>& service) {
    return {service ? "Service" : "Host", policy::Checkable{host, service}.name()};
}

Subject subject_of(const wire::Message& message) {
    return std::visit(
        [](const auto& body) -> Subject {
            using Body = std::decay_t<decltype(body)>;
            if constexpr (std::is_same_v<Body, wire::ConfigUpdateObject> || std::is_same_v<Body, wire::ConfigDeleteObject>)
                return {body.type, body.name};
            else if constexpr (std::is_same_v<Body, wire::SetRemovalInfo>) return {body.object_type, body.object_name};
            else if constexpr (std::is_same_v<Body, wire::NotificationEvent>) {
                if (body.notification) return {"Notification", *body.notification};
                if (body.host) return checkable(*body.host, body.service);
                return {};
            } else if constexpr (requires {
                                     body.host;
                                     body.service;
                                 })
                return checkable(body.host, body.service);
            else return {};
        },
        message);
}

// The capability a message needs by its content; none: never granted to a parent.
std::optional<policy::Capability> needed(wire::Method method, const wire::Message& message) {
    if (const auto* object = std::get_if<wire::ConfigUpdateObject>(&message)) {
        // One attribute alone can be what `pause` is for; anything else of the message needs its type's capability.
        if (!object->config && object->modified_attributes.size() == 1)
            return policy::capability_of_attribute(object->type, object->modified_attributes.begin()->first);
        return policy::capability_of_object(object->type);
    }
    if (const auto* object = std::get_if<wire::ConfigDeleteObject>(&message)) return policy::capability_of_object(object->type);
    if (const auto* removal = std::get_if<wire::SetRemovalInfo>(&message)) return policy::capability_of_removal(removal->object_type);
    const policy::MethodRule* rule = policy::rule_of(wire::name_of(method));
    return rule != nullptr && rule->need == policy::Need::capability ? rule->capability : std::nullopt;
}

bool is_command_type(std::string_view type) noexcept {
    return type == "CheckCommand" || type == "EventCommand" || type == "NotificationCommand";
}

// "/_etc/x.conf" of zone web1 is web1/_etc/x.conf in the audit.
std::string audited_file(const wire::ConfigFile& file) { return file.zone + (file.path.starts_with('/') ? "" : "/") + file.path; }

}  // namespace

Dispatcher::Dispatcher(Services services)
    : services_(std::move(services)),
      executor_(services_),
      config_(services_),
      scheduling_(services_),
      stranger_lines_(kLines),
      refusal_lines_(kLines) {
    services_.place_free = [this](const policy::GrantId& grant) {
        executor_.place_free(grant);
        scheduling_.handlers().place_free(grant);
    };
}

void Dispatcher::configure(std::shared_ptr<const Rules> rules) {
    rules_ = std::move(rules);
    services_.usage.configure(*rules_->grants);
    executor_.configure(rules_);
    scheduling_.configure(rules_);
    config_.configure(rules_);
}

void Dispatcher::deliver(const Sender& from, Deliver message) {
    wire::Incoming& incoming = message.incoming;
    if (const auto* position = std::get_if<wire::SetLogPosition>(&incoming.message); position != nullptr && services_.acknowledged)
        return services_.acknowledged(from.endpoint, position->log_position);
    if (auto* command = std::get_if<wire::ExecuteCommand>(&incoming.message))
        return executor_.execute(from, std::move(*command), std::move(message.payload));
    if (auto* update = std::get_if<wire::ConfigUpdate>(&incoming.message)) {
        const bool files = std::ranges::any_of(update->files, [](const wire::ConfigFile& file) { return !file.metadata; });
        if (!policy::update_needs_config(files || !update->zones.empty())) return;
        if (services_.evaluate && config_.may_update(from.endpoint).allowed) return config_.update(from, std::move(*update));
        return deny_update(from, *update);
    }
    if (auto* object = std::get_if<wire::ConfigUpdateObject>(&incoming.message); object != nullptr && services_.evaluate)
        return config_.update_object(from, std::move(*object), std::move(message.payload));
    if (auto* object = std::get_if<wire::ConfigDeleteObject>(&incoming.message); object != nullptr && services_.evaluate)
        return config_.delete_object(from, std::move(*object), std::move(message.payload));
    if (const auto* removal = std::get_if<wire::SetRemovalInfo>(&incoming.message); removal != nullptr && may_remove(from, *removal))
        return;
    if (const auto* executions = std::get_if<wire::UpdateExecutions>(&incoming.message);
        executions != nullptr && may_update(from, *executions))
        return;
    if (services_.wake_at && scheduling_.deliver(from, incoming.message, incoming.method, message.payload)) return;
    const policy::MethodRule* rule = policy::rule_of(wire::name_of(incoming.method));
    // The connection itself has done what there is to do for Hello, Heartbeat and SetLogPosition.
    if (rule != nullptr && rule->need == policy::Need::nothing) return;
    deny(from, incoming.method, incoming.message, std::move(message.payload));
}

// A parent tells of its executions before and after it asks for one. Where it may have
// actions run there is nothing to object to, and nothing to do: no object here keeps them.
bool Dispatcher::may_update(const Sender& from, const wire::UpdateExecutions& executions) const {
    const dsl::Endpoint* endpoint = rules_->topology->endpoint(from.endpoint);
    policy::Request asked;
    asked.capability = policy::Capability::action;
    asked.host = executions.host;
    if (executions.service) asked.service = *executions.service;
    return endpoint != nullptr && rules_->topology->is_parent(from.endpoint) &&
           rules_->grants->decide(from.endpoint, endpoint->zone, asked).allowed;
}

// Who removed a downtime or comment is said before it goes. Where that is granted there
// is nothing to object to, and nothing to do: no object here keeps it.
bool Dispatcher::may_remove(const Sender& from, const wire::SetRemovalInfo& removal) const {
    return rules_->topology->is_parent(from.endpoint) &&
           policy::may_manage(from.endpoint, removal.object_type, removal.object_name,
                              policy::World{rules_->topology, rules_->grants, rules_->catalog, rules_->local, {}})
               .allowed;
}

// Why this is denied, and counts it. A capability without a handler behind it is denied
// by the policy even where it is granted.
std::string Dispatcher::denied(const Sender& from, const store::AuditEntry& entry, const policy::Request& asked) {
    policy::Verdict verdict = rules_->grants->decide(from.endpoint, entry.zone.value_or(""), asked);
    verdict.allowed = false;
    return services_.usage.admit(std::move(verdict), services_.clock.steady()).verdict.detail;
}

void Dispatcher::deny(const Sender& from, wire::Method method, const wire::Message& message, std::string payload) {
    const Subject subject = subject_of(message);
    store::AuditEntry entry = audit_entry(from, *rules_->topology, method);
    entry.object_type = subject.type;
    entry.object_name = subject.name;
    if (const auto* object = std::get_if<wire::ConfigUpdateObject>(&message); object != nullptr && object->config)
        entry.content = *object->config;
    else entry.content = std::move(payload);
    if (const auto* object = std::get_if<wire::ConfigUpdateObject>(&message)) {
        if (object->config) entry.decision = store::Decision::rejected;
        if (is_command_type(object->type)) {
            // Commands are never taken, whatever is granted: the local catalog alone decides.
            entry.decision = store::Decision::rejected;
            const bool shadowed = rules_->catalog->find(object->name) != nullptr;
            entry.reason = shadowed ? store::Reason::command_shadowed : store::Reason::command_pushed;
            entry.detail =
                shadowed ? "the local catalog has a command of this name; that one is used" : "commands are never taken from a parent";
            return services_.audit(std::move(entry), {});
        }
    }
    if (const auto capability = needed(method, message)) {
        policy::Request asked;
        asked.capability = *capability;
        entry.detail = denied(from, entry, asked);
    } else {
        entry.detail = "never granted to a parent";
    }
    services_.audit(std::move(entry), {});
}

void Dispatcher::deny_update(const Sender& from, const wire::ConfigUpdate& update) {
    policy::Request asked;
    asked.capability = policy::Capability::config;
    store::AuditEntry entry = audit_entry(from, *rules_->topology, wire::Method::config_update);
    const std::string why = denied(from, entry, asked);
    entry.decision = store::Decision::rejected;
    std::size_t recorded = 0, left = 0;
    for (const wire::ConfigFile& file : update.files) {
        if (file.metadata) continue;
        if (recorded == kAuditedFiles) {
            ++left;
            continue;
        }
        ++recorded;
        store::AuditEntry record = entry;
        record.file = audited_file(file);
        record.detail = why;
        record.content = file.content;
        services_.audit(std::move(record), {});
    }
    if (recorded != 0 && left == 0) return;
    entry.detail = why + (left != 0 ? "; " + std::to_string(left) + " more files of the update" : "; the update names zones without files");
    services_.audit(std::move(entry), {});
}

void Dispatcher::refused(const Sender& from, Refuse what) {
    store::AuditEntry entry = audit_entry(from, *rules_->topology, wire::Method::hello);
    if (what.method.empty()) entry.method.reset();
    else entry.method = what.method;
    entry.reason = what.unknown_method ? store::Reason::capability_denied : store::Reason::malformed_message;
    entry.detail = what.what;
    if (!what.payload.empty()) entry.content = std::move(what.payload);
    if (refusal_lines_.take(services_.clock.steady()).ok)
        services_.log.info("cluster", "message refused", {{"endpoint", from.endpoint}, {"method", what.method}, {"why", what.what}});
    services_.audit(std::move(entry), {});
}

void Dispatcher::not_authenticated(const tls::Refusal& why, const std::string& address, const std::string& dialled) {
    if (stranger_lines_.take(services_.clock.steady()).ok) {
        services_.log.warning("tls", dialled.empty() ? "connection refused" : "dialled peer refused",
                              {{"reason", tls::name_of(why.failure)},
                               {"address", address},
                               {"endpoint", dialled},
                               {"detail", why.detail},
                               {"lines_left_out", stranger_lines_dropped_}});
        stranger_lines_dropped_ = 0;
    } else {
        ++stranger_lines_dropped_;
    }
    store::AuditEntry entry;
    entry.decision = store::Decision::denied;
    entry.reason = store::Reason::capability_denied;
    entry.detail = why.text() + " (" + address + (dialled.empty() ? ")" : ", dialled as " + dialled + ")");
    entry.parameter = std::string(tls::name_of(why.failure));  // one record for each kind of failure
    services_.audit(std::move(entry), {});
}

}  // namespace endpointd::cluster
