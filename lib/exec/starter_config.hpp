#pragma once
// What daemon and starter program agree on before they talk. Plain values; any thread.

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "exec/confine.hpp"

namespace endpointd::exec {

// NAME:UID:GID, as it stands in a command line.
inline std::string user_text(const User& user) { return user.name + ":" + std::to_string(user.uid) + ":" + std::to_string(user.gid); }

// None if it is no such text, or root.
inline std::optional<User> user_from(std::string_view text) {
    const auto number = [](std::string_view digits, auto& value) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return error == std::errc() && end == digits.data() + digits.size();
    };
    User user;
    const std::size_t gid = text.rfind(':');
    const std::size_t uid = gid == std::string_view::npos || gid == 0 ? std::string_view::npos : text.rfind(':', gid - 1);
    if (uid == std::string_view::npos) return std::nullopt;
    user.name = text.substr(0, uid);
    if (!number(text.substr(uid + 1, gid - uid - 1), user.uid) || !number(text.substr(gid + 1), user.gid) || user.uid == 0)
        return std::nullopt;
    return user;
}

struct StarterConfig {
    std::string config_dir;
    std::string state_dir;
    std::string run_dir;
    std::string runner;   // path of endpointd-runner; see program_beside_us
    std::string starter;  // path of endpointd-starter
    // Started as root: whom the runner runs as. None: nobody is root here.
    std::optional<User> user = {};
};

}  // namespace endpointd::exec
