#include "exec/run_mark.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "base/unique_fd.hpp"

namespace endpointd::exec {

std::optional<std::uint64_t> marked_run(pid_t pid) {
    const UniqueFd file(::open(("/proc/" + std::to_string(pid) + "/environ").c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    // Shells hand their variables on in an order of their own, so the mark may be anywhere.
    std::string text(1, '\0');
    std::array<char, 4096> buffer;
    while (text.size() < limits::kArgvBytes) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    const std::string mark = std::string(1, '\0') + kRunVariable + "=";
    const std::size_t found = text.find(mark);
    if (found == std::string::npos) return std::nullopt;
    const std::string_view value = std::string_view(text).substr(found + mark.size());
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), id);
    if (error != std::errc() || end == value.data()) return std::nullopt;
    return id;
}

}  // namespace endpointd::exec
