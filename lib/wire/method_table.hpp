#pragma once
// The 28 methods of the cluster protocol (protocol, 5.2) and their texts, in one
// table. Whoever decides per method (dispatch, capability) switches over Method or
// walks methods(), so that a method forgotten is a warning or a failing test.
// Pure; any thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace endpointd::wire {

enum class Method : std::uint8_t {
    hello,
    set_log_position,
    heartbeat,
    config_update,
    config_update_object,
    config_delete_object,
    request_certificate,
    update_certificate,
    check_result,
    set_next_check,
    set_last_check_started,
    set_state_before_suppression,
    set_suppressed_notifications,
    set_suppressed_notification_types,
    set_next_notification,
    update_last_notified_state_per_user,
    clear_last_notified_state_per_user,
    set_force_next_check,
    set_force_next_notification,
    set_acknowledgement,
    clear_acknowledgement,
    execute_command,
    send_notifications,
    notification_sent_user,
    notification_sent_to_all_users,
    executed_command,
    update_executions,
    set_removal_info,
};

inline constexpr std::size_t kMethods = 28;

struct MethodEntry {
    Method method;
    std::string_view name;  // as on the wire: "event::CheckResult"
};

// All of them, in the order of the enum.
std::span<const MethodEntry, kMethods> methods() noexcept;

std::string_view name_of(Method method) noexcept;

// Exact case, as upstream; null for a method that nobody knows.
std::optional<Method> method_named(std::string_view name) noexcept;

}  // namespace endpointd::wire
