#pragma once
// The runner's end of the launcher: asks and waits for the answer, which comes at
// once. Owned by the runner, its one thread. A launcher that does not answer is as
// good as dead, and so is a runner without one: gone() says that it has to end.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "exec/channel.hpp"
#include "exec/launcher.hpp"

namespace endpointd::exec {

// A network file system in the catalog's `read` can make opening slow.
inline constexpr int kLauncherPatienceMs = 20'000;

class LauncherClient {
public:
    explicit LauncherClient(UniqueFd socket) : channel_(std::move(socket), kLauncherReplyBytes, 1) {}

    struct Settled {
        bool root = false;      // the launcher is root
        bool confines = false;  // and can confine also what may gain rights
    };
    // First and once.
    Result<Settled> settle(std::vector<Identity> identities, bool no_new_privs);

    struct Started {
        pid_t pid = 0;
        UniqueFd socket;
    };
    Result<Started> start_spawner(std::uint32_t identity, SandboxProfile profile);

    // Signals a child of ours, or the group it leads, whoever's it is.
    void kill(pid_t pid, bool group, int signal);
    std::optional<std::uint64_t> marked_run(pid_t pid);

    // Readable or closed without having been asked: see check().
    int fd() const noexcept { return channel_.fd(); }
    pid_t pid() const noexcept { return pid_; }  // once settled
    bool gone() const noexcept { return gone_; }
    // To be called when fd() has something to say that nobody asked for.
    void check();

private:
    struct Answer {
        LauncherReply reply;
        UniqueFd fd;
    };
    Result<Answer> ask(const LauncherRequest& request);

    Channel channel_;
    pid_t pid_ = 0;
    bool gone_ = false;
};

}  // namespace endpointd::exec
