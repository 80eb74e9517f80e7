#pragma once
// What a parent can be allowed to do: a closed set without a default. Immutable;
// any thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace endpointd::policy {

enum class Capability : std::uint8_t {
    results,
    recheck,
    pause,
    acknowledge,
    downtime,
    comment,
    execute,
    action,
    event,
    passive,
    config,
    renew,
};

inline constexpr std::array kCapabilities = {
    Capability::results, Capability::recheck, Capability::pause, Capability::acknowledge, Capability::downtime, Capability::comment,
    Capability::execute, Capability::action,  Capability::event, Capability::passive,     Capability::config,   Capability::renew,
};

std::string_view name_of(Capability capability) noexcept;
std::optional<Capability> capability_from(std::string_view name) noexcept;

// False where this version has no function behind the capability: it can be
// granted and is shown, and what it allows is still denied.
bool is_available(Capability capability) noexcept;

}  // namespace endpointd::policy
