#include "exec/children.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"

namespace endpointd::exec {
namespace {

std::optional<std::string> read_small(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0) return std::nullopt;
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

std::optional<pid_t> to_pid(std::string_view digits) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
    if (error != std::errc() || end != digits.data() + digits.size() || pid <= 0) return std::nullopt;
    return pid;
}

// The fourth field of /proc/PID/stat; the second is a name that may hold anything
// but ends with the last ')'.
std::optional<pid_t> parent_in(std::string_view stat) {
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string_view::npos || stat.size() < name_end + 5) return std::nullopt;
    const std::string_view rest = stat.substr(name_end + 4);
    return to_pid(rest.substr(0, rest.find(' ')));
}

std::vector<pid_t> scan_proc() {
    std::vector<pid_t> children;
    const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
    if (!proc) return children;
    const pid_t self = ::getpid();
    while (const dirent* entry = ::readdir(proc.get())) {
        const auto pid = to_pid(entry->d_name);
        if (!pid) continue;
        if (parent_of(*pid) == self) children.push_back(*pid);
    }
    return children;
}

}  // namespace

std::vector<pid_t> list_children() {
    // One short file where the kernel has it (CONFIG_PROC_CHILDREN), all processes where not.
    const std::string self = std::to_string(::getpid());
    const auto listed = read_small("/proc/self/task/" + self + "/children");
    if (!listed) return scan_proc();
    std::vector<pid_t> children;
    std::string_view rest = *listed;
    while (!rest.empty()) {
        const std::size_t space = rest.find(' ');
        if (const auto pid = to_pid(rest.substr(0, space))) children.push_back(*pid);
        if (space == std::string_view::npos) break;
        rest.remove_prefix(space + 1);
    }
    return children;
}

std::optional<pid_t> parent_of(pid_t pid) {
    const auto stat = read_small("/proc/" + std::to_string(pid) + "/stat");
    return stat ? parent_in(*stat) : std::nullopt;
}

void kill_child(pid_t pid) { ::kill(pid, SIGKILL); }

bool kill_children(int milliseconds, const std::function<void(pid_t)>& kill) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    for (;;) {
        bool any = false;
        for (const pid_t pid : list_children()) {
            any = true;
            // Ours and not yet reaped, so the number cannot be somebody else's.
            kill(pid);
            ::waitpid(pid, nullptr, WNOHANG);
        }
        if (!any) return true;
        if (std::chrono::steady_clock::now() >= deadline) return false;
        // A killed process needs a moment to become a zombie, and no single event
        // says that a whole tree is gone.
        ::poll(nullptr, 0, 2);
    }
}

}  // namespace endpointd::exec
