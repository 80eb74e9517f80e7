#include "wire/method_table.hpp"

#include <algorithm>
#include <array>

#include "base/assert.hpp"

namespace endpointd::wire {

namespace {

// Protocol, 5.2.
constexpr std::array<MethodEntry, kMethods> kTable{{
    {Method::hello, "icinga::Hello"},
    {Method::set_log_position, "log::SetLogPosition"},
    {Method::heartbeat, "event::Heartbeat"},
    {Method::config_update, "config::Update"},
    {Method::config_update_object, "config::UpdateObject"},
    {Method::config_delete_object, "config::DeleteObject"},
    {Method::request_certificate, "pki::RequestCertificate"},
    {Method::update_certificate, "pki::UpdateCertificate"},
    {Method::check_result, "event::CheckResult"},
    {Method::set_next_check, "event::SetNextCheck"},
    {Method::set_last_check_started, "event::SetLastCheckStarted"},
    {Method::set_state_before_suppression, "event::SetStateBeforeSuppression"},
    {Method::set_suppressed_notifications, "event::SetSuppressedNotifications"},
    {Method::set_suppressed_notification_types, "event::SetSuppressedNotificationTypes"},
    {Method::set_next_notification, "event::SetNextNotification"},
    {Method::update_last_notified_state_per_user, "event::UpdateLastNotifiedStatePerUser"},
    {Method::clear_last_notified_state_per_user, "event::ClearLastNotifiedStatePerUser"},
    {Method::set_force_next_check, "event::SetForceNextCheck"},
    {Method::set_force_next_notification, "event::SetForceNextNotification"},
    {Method::set_acknowledgement, "event::SetAcknowledgement"},
    {Method::clear_acknowledgement, "event::ClearAcknowledgement"},
    {Method::execute_command, "event::ExecuteCommand"},
    {Method::send_notifications, "event::SendNotifications"},
    {Method::notification_sent_user, "event::NotificationSentUser"},
    {Method::notification_sent_to_all_users, "event::NotificationSentToAllUsers"},
    {Method::executed_command, "event::ExecutedCommand"},
    {Method::update_executions, "event::UpdateExecutions"},
    {Method::set_removal_info, "event::SetRemovalInfo"},
}};

// name_of() takes the enum's number as the row.
constexpr bool in_order() {
    for (std::size_t i = 0; i < kTable.size(); ++i)
        if (static_cast<std::size_t>(kTable[i].method) != i) return false;
    return true;
}
static_assert(in_order());

}  // namespace

std::span<const MethodEntry, kMethods> methods() noexcept { return kTable; }

std::string_view name_of(Method method) noexcept {
    const auto row = static_cast<std::size_t>(method);
    EP_ASSERT(row < kTable.size());
    return kTable[row].name;
}

std::optional<Method> method_named(std::string_view name) noexcept {
    const auto row = std::find_if(kTable.begin(), kTable.end(), [&](const MethodEntry& entry) { return entry.name == name; });
    if (row == kTable.end()) return std::nullopt;
    return row->method;
}

}  // namespace endpointd::wire
