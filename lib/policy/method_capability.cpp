#include "policy/method_capability.hpp"

#include <algorithm>
#include <array>

#include "policy/caps.hpp"

namespace endpointd::policy {

namespace {

constexpr MethodRule needs(std::string_view method, Capability capability) { return {method, Need::capability, capability}; }
constexpr MethodRule content(std::string_view method) { return {method, Need::by_content, std::nullopt}; }
constexpr MethodRule nothing(std::string_view method) { return {method, Need::nothing, std::nullopt}; }
constexpr MethodRule never(std::string_view method) { return {method, Need::never, std::nullopt}; }

constexpr std::array<MethodRule, 28> kRules = {
    content("config::DeleteObject"),  // capability_of_object
    content("config::Update"),        // update_needs_config
    content("config::UpdateObject"),  // capability_of_object, capability_of_attribute
    needs("event::CheckResult", Capability::passive),
    needs("event::ClearAcknowledgement", Capability::acknowledge),
    never("event::ClearLastNotifiedStatePerUser"),
    content("event::ExecuteCommand"),  // rule_of_execute
    never("event::ExecutedCommand"),
    nothing("event::Heartbeat"),
    never("event::NotificationSentToAllUsers"),
    never("event::NotificationSentUser"),
    never("event::SendNotifications"),
    needs("event::SetAcknowledgement", Capability::acknowledge),
    needs("event::SetForceNextCheck", Capability::recheck),
    never("event::SetForceNextNotification"),
    needs("event::SetLastCheckStarted", Capability::passive),
    needs("event::SetNextCheck", Capability::recheck),
    never("event::SetNextNotification"),
    content("event::SetRemovalInfo"),  // capability_of_removal
    never("event::SetStateBeforeSuppression"),
    never("event::SetSuppressedNotificationTypes"),
    never("event::SetSuppressedNotifications"),
    needs("event::UpdateExecutions", Capability::action),
    never("event::UpdateLastNotifiedStatePerUser"),
    nothing("icinga::Hello"),
    nothing("log::SetLogPosition"),
    never("pki::RequestCertificate"),
    needs("pki::UpdateCertificate", Capability::renew),
};
static_assert(std::is_sorted(kRules.begin(), kRules.end(), [](const MethodRule& a, const MethodRule& b) { return a.method < b.method; }));

struct ExecuteRow {
    CommandType type;
    bool source;
    catalog::Kind kind;
    Capability capability;
};
// What runs. An event handler finds commands of its own kind and actions; with a source
// somebody asked for this one run, and the operator has granted that as `action`.
constexpr std::array<ExecuteRow, 10> kExecuteRows = {{
    {CommandType::check, false, catalog::Kind::check, Capability::execute},
    {CommandType::event, false, catalog::Kind::event, Capability::event},
    {CommandType::event, false, catalog::Kind::action, Capability::action},
    {CommandType::notification, false, catalog::Kind::notification, Capability::event},
    {CommandType::check, true, catalog::Kind::check, Capability::action},
    {CommandType::check, true, catalog::Kind::action, Capability::action},
    {CommandType::event, true, catalog::Kind::event, Capability::action},
    {CommandType::event, true, catalog::Kind::action, Capability::action},
    {CommandType::notification, true, catalog::Kind::notification, Capability::action},
    {CommandType::notification, true, catalog::Kind::action, Capability::action},
}};

constexpr std::array<std::string_view, 6> kPauseAttributes = {
    "enable_active_checks", "enable_passive_checks", "enable_notifications", "enable_event_handler", "enable_flapping", "enable_perfdata",
};

// Beside everything that ends in Writer, Logger, Listener, Connection or Component.
constexpr std::array<std::string_view, 11> kNeverGranted = {
    "CheckCommand",      "EventCommand", "NotificationCommand", "Endpoint",     "Zone", "ApiUser", "ApiListener",
    "IcingaApplication", "IcingaDB",     "CheckResultReader",   "CompatLogger",
};
constexpr std::array<std::string_view, 5> kNeverGrantedEnds = {"Writer", "Logger", "Listener", "Connection", "Component"};

template <class List>
bool contains(const List& list, std::string_view name) noexcept {
    return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

std::span<const MethodRule> method_rules() noexcept { return kRules; }

const MethodRule* rule_of(std::string_view method) noexcept {
    const auto found = std::lower_bound(kRules.begin(), kRules.end(), method,
                                        [](const MethodRule& rule, std::string_view name) { return rule.method < name; });
    return found != kRules.end() && found->method == method ? &*found : nullptr;
}

ExecuteRule rule_of_execute(CommandType type, bool has_source, std::optional<catalog::Kind> kind) noexcept {
    for (const ExecuteRow& row : kExecuteRows)
        if (row.type == type && row.source == has_source && row.kind == kind) return {row.capability, true};
    if (has_source) return {Capability::action, false};
    return {type == CommandType::check ? Capability::execute : Capability::event, false};
}

bool can_run(Capability capability, catalog::Kind kind) noexcept {
    return std::any_of(kExecuteRows.begin(), kExecuteRows.end(),
                       [&](const ExecuteRow& row) { return row.capability == capability && row.kind == kind; });
}

bool update_needs_config(bool brings_something) noexcept { return brings_something; }

std::optional<Capability> capability_of_object(std::string_view type) noexcept {
    if (type == "Downtime") return Capability::downtime;
    if (type == "Comment") return Capability::comment;
    return contains(grantable_types(), type) ? std::optional(Capability::config) : std::nullopt;
}

std::optional<Capability> capability_of_attribute(std::string_view type, std::string_view attribute) noexcept {
    const bool checkable = type == "Host" || type == "Service";
    return checkable && contains(kPauseAttributes, attribute) ? Capability::pause : capability_of_object(type);
}

std::optional<Capability> capability_of_removal(std::string_view object_type) noexcept {
    if (object_type == "Downtime") return Capability::downtime;
    if (object_type == "Comment") return Capability::comment;
    return std::nullopt;
}

bool is_never_granted(std::string_view type) noexcept {
    return contains(kNeverGranted, type) ||
           std::any_of(kNeverGrantedEnds.begin(), kNeverGrantedEnds.end(), [&](std::string_view end) { return type.ends_with(end); });
}

}  // namespace endpointd::policy
