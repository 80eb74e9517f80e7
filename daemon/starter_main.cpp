// endpointd-starter: the only program of endpointd that keeps root. Started by
// endpointd with one end of a socket; starts endpointd-runner as the daemon's user,
// and beside it the launcher of spawners.

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>

#include "exec/exit_status.hpp"
#include "exec/starter_process.hpp"

namespace endpointd {
namespace {

template <class T>
bool number(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

// Endpointd is the only caller; whatever else is given is a mistake.
bool parse(int argc, char** argv, exec::StarterConfig& config, int& fd) {
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const std::string value = argv[i + 1];
        if (name == "--config") config.config_dir = value;
        else if (name == "--state") config.state_dir = value;
        else if (name == "--run") config.run_dir = value;
        else if (name == "--runner") config.runner = value;
        else if (name == "--fd") {
            if (!number(value, fd)) return false;
        } else if (name == "--user") {
            config.user = exec::user_from(value);
            if (!config.user) return false;
        } else return false;
    }
    int type = 0;
    socklen_t size = sizeof type;
    const bool socket = fd > STDERR_FILENO && ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
    // Root without a user to hand the runner to would run it as root.
    return argc % 2 == 1 && socket && !config.runner.empty() && (::geteuid() != 0 || config.user);
}

}  // namespace
}  // namespace endpointd

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--version") return std::puts("endpointd-starter " ENDPOINTD_VERSION) < 0 ? 1 : 0;
    endpointd::exec::StarterConfig config;
    int fd = -1;
    if (!endpointd::parse(argc, argv, config, fd)) {
        std::fputs("endpointd-starter: it is started by endpointd, which gives it a socket: start endpointd instead\n", stderr);
        return endpointd::exec::kBadConfigStatus;
    }
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    return endpointd::exec::run_starter(std::move(config), endpointd::UniqueFd(fd));
}
