#include "exec/starter.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <vector>

#include "exec/fd_pass.hpp"
#include "exec/starter_wire.hpp"

namespace endpointd::exec {
namespace {

Result<void> check_program(const std::string& what, const std::string& path) {
    if (::access(path.c_str(), X_OK) == 0) return {};
    Error error = system_error("the " + what + "'s program " + path, errno);
    error.code = Errc::not_found;
    return error;
}

[[noreturn]] void exec_starter(const StarterConfig& config, int socket) {
    // Out of the way first: dup3 refuses to put a descriptor where it already is.
    const int above = ::fcntl(socket, F_DUPFD_CLOEXEC, kStarterFd + 1);
    if (above < 0 || ::dup3(above, kStarterFd, 0) < 0) ::_exit(1);
    // Nothing of the daemon's is needed there but its end of the socket.
    ::close_range(kStarterFd + 1, ~0U, 0);
    const std::string fd = std::to_string(kStarterFd);
    const std::string user = config.user ? user_text(*config.user) : std::string();
    std::vector<const char*> argv{config.starter.c_str(),
                                  "--config",
                                  config.config_dir.c_str(),
                                  "--state",
                                  config.state_dir.c_str(),
                                  "--run",
                                  config.run_dir.c_str(),
                                  "--runner",
                                  config.runner.c_str(),
                                  "--fd",
                                  fd.c_str()};
    if (config.user) {
        argv.push_back("--user");
        argv.push_back(user.c_str());
    }
    argv.push_back(nullptr);
    ::execv(argv[0], const_cast<char* const*>(argv.data()));
    ::_exit(127);
}

}  // namespace

Result<StarterHandle> fork_starter(const StarterConfig& config) {
    if (auto there = check_program("starter", config.starter); !there) return there.error();
    if (auto there = check_program("runner", config.runner); !there) return there.error();
    // 0 to 2 are open in every program of ours: a socket there would be taken for stdout.
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
        if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDWR);  // the lowest free one, which is `fd`
    auto pair = make_socket_pair(false);
    if (!pair) return pair.error();
    const pid_t pid = ::fork();
    if (pid < 0) return system_error("fork the starter", errno);
    if (pid == 0) exec_starter(config, pair->theirs.get());
    return StarterHandle{std::move(pair->ours), pid};
}

Result<std::string> program_beside_us(const std::string& name) {
    std::array<char, PATH_MAX> buffer;
    const ssize_t size = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
    if (size <= 0 || static_cast<std::size_t>(size) == buffer.size()) return system_error("read /proc/self/exe", errno);
    const std::string self(buffer.data(), static_cast<std::size_t>(size));
    return self.substr(0, self.rfind('/') + 1) + name;
}

}  // namespace endpointd::exec
