#pragma once
// Full names of what is checked, "host" or "host!service", as messages, records and the
// store have them. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>

namespace endpointd::cluster {

// "Host" or "Service".
inline std::string_view checkable_type(std::string_view name) noexcept {
    return name.find('!') == std::string_view::npos ? "Host" : "Service";
}

inline std::string checkable_name(const std::string& host, const std::optional<std::string>& service) {
    return service ? host + "!" + *service : host;
}

}  // namespace endpointd::cluster
