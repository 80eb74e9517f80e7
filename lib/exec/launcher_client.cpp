#include "exec/launcher_client.hpp"

#include <poll.h>
#include <signal.h>

#include <cerrno>
#include <utility>

namespace endpointd::exec {

Result<LauncherClient::Answer> LauncherClient::ask(const LauncherRequest& request) {
    const auto lost = [this](const char* why) {
        gone_ = true;
        return fail(Errc::unavailable, why);
    };
    if (gone_) return fail(Errc::unavailable, "the launcher is gone");
    if (!channel_.send(encode(request))) return lost("the launcher is gone");
    for (;;) {
        pollfd wait{channel_.fd(), static_cast<short>(POLLIN | (channel_.waiting() ? POLLOUT : 0)), 0};
        const int ready = ::poll(&wait, 1, kLauncherPatienceMs);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return lost("the launcher does not answer");
        if ((wait.revents & POLLOUT) != 0 && !channel_.flush()) return lost("the launcher is gone");
        auto received = channel_.receive();
        if (!received || received->state == Channel::Received::State::closed) return lost("the launcher is gone");
        if (received->state == Channel::Received::State::nothing) continue;
        auto reply = decode_launcher_reply(received->message.bytes);
        if (!reply) return lost("the launcher speaks nonsense");
        Answer answer{std::move(*reply), {}};
        if (!received->message.fds.empty()) answer.fd = std::move(received->message.fds.front());
        return answer;
    }
}

Result<LauncherClient::Settled> LauncherClient::settle(std::vector<Identity> identities, bool no_new_privs) {
    auto answer = ask(Settle{std::move(identities), no_new_privs});
    if (!answer) return answer.error();
    if (!answer->reply.error.empty()) return fail(Errc::not_permitted, std::move(answer->reply.error));
    pid_ = answer->reply.pid;
    return Settled{answer->reply.root, answer->reply.confines};
}

Result<LauncherClient::Started> LauncherClient::start_spawner(std::uint32_t identity, SandboxProfile profile) {
    auto answer = ask(StartSpawner{identity, std::move(profile)});
    if (!answer) return answer.error();
    if (!answer->reply.error.empty() || !answer->fd) return fail(Errc::io, std::move(answer->reply.error));
    return Started{answer->reply.pid, std::move(answer->fd)};
}

void LauncherClient::kill(pid_t pid, bool group, int signal) {
    if (::kill(group ? -pid : pid, signal) == 0 || errno != EPERM) return;
    static_cast<void>(ask(KillChild{pid, group, signal}));  // a launcher that is gone ends the runner, and that ends everything
}

std::optional<std::uint64_t> LauncherClient::marked_run(pid_t pid) {
    auto answer = ask(AskRun{pid});
    return answer ? answer->reply.run : std::nullopt;
}

void LauncherClient::check() {
    auto received = channel_.receive();
    if (!received || received->state != Channel::Received::State::nothing) gone_ = true;
}

}  // namespace endpointd::exec
