#include "exec/launcher.hpp"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "exec/channel.hpp"
#include "exec/children.hpp"
#include "exec/confine.hpp"
#include "exec/run_mark.hpp"
#include "exec/signals.hpp"
#include "exec/spawner.hpp"

namespace endpointd::exec {
namespace {

class Launcher {
public:
    explicit Launcher(UniqueFd socket) : runner_(std::move(socket), kLauncherRequestBytes) {}

    // Until the runner is gone, or speaks nonsense.
    void serve() {
        for (;;) {
            pollfd wait{runner_.fd(), static_cast<short>(POLLIN | (runner_.waiting() ? POLLOUT : 0)), 0};
            if (::poll(&wait, 1, -1) < 0 && errno != EINTR) return;
            if ((wait.revents & POLLOUT) != 0 && !runner_.flush()) return;
            for (;;) {
                auto received = runner_.receive();
                if (!received || received->state == Channel::Received::State::closed) return;
                if (received->state == Channel::Received::State::nothing) break;
                auto request = decode_launcher_request(received->message.bytes);
                // Settled first, and once: who the runner believes in later is nobody's choice.
                if (!request || std::holds_alternative<Settle>(*request) == settled_) return;
                LauncherReply reply;
                UniqueFd socket;
                std::visit([&](auto& what) { reply = handle(what, socket); }, *request);
                std::vector<UniqueFd> fds;
                if (socket) fds.push_back(std::move(socket));
                if (!runner_.send(encode(reply), std::move(fds))) return;
            }
        }
    }

private:
    LauncherReply handle(const Settle& settle, UniqueFd&) {
        settled_ = true;
        identities_ = settle.identities;
        no_new_privs_ = settle.no_new_privs;
        bool others = false;
        for (const Identity& identity : identities_) others |= !(identity == identities_.front());
        if (!others) {
            if (auto settled = settle_for_one(); !settled) return {settled.error().text};
        }
        if (no_new_privs_) {
            if (auto forbidden = forbid_new_privileges(); !forbidden) return {forbidden.error().text};
        }
        if (auto forbidden = forbid_core_dumps(); !forbidden) return {forbidden.error().text};
        return {"", ::geteuid() == 0, may_confine_without_no_new_privs(), ::getpid()};
    }

    // No need for root. What may gain rights can be confined only with CAP_SYS_ADMIN: then
    // that one stays, where it was there.
    Result<void> settle_for_one() {
        const bool keep = !no_new_privs_ && ::geteuid() == 0 && may_confine_without_no_new_privs();
        if (keep && ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return system_error("keep CAP_SYS_ADMIN", errno);
        if (auto became = become(identities_.front()); !became) return became;
        return keep ? keep_only_admin() : Result<void>();
    }

    LauncherReply handle(const StartSpawner& start, UniqueFd& socket) {
        if (start.identity >= identities_.size()) return {"no such identity"};
        if (!start.profile.no_new_privs && no_new_privs_) return {"no command of this catalog may gain rights"};
        auto pair = make_socket_pair(true);
        if (!pair) return {pair.error().text};
        // The runner's own child, to be reaped there. A raw fork: nothing of glibc's is
        // told, and a process with one thread has nothing that needs to be.
        const long pid = ::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
        if (pid < 0) return {system_error("fork a spawner", errno).text};
        if (pid == 0) spawner_main(pair->theirs.get(), identities_[start.identity], start.profile);
        socket = std::move(pair->ours);
        LauncherReply reply;
        reply.pid = static_cast<pid_t>(pid);
        return reply;
    }

    LauncherReply handle(const KillChild& kill, UniqueFd&) {
        if (!is_runners(kill.pid)) return {"no child of the runner"};
        // The runner has not reaped it, so the number is its own.
        if (::kill(kill.group ? -kill.pid : kill.pid, kill.signal) != 0 && errno != ESRCH) return {system_error("kill", errno).text};
        return {};
    }

    LauncherReply handle(const AskRun& ask, UniqueFd&) {
        LauncherReply reply;
        if (is_runners(ask.pid)) reply.run = marked_run(ask.pid);
        return reply;
    }

    static bool is_runners(pid_t pid) { return pid > 1 && parent_of(pid) == ::getppid(); }

    Channel runner_;
    bool settled_ = false;
    bool no_new_privs_ = true;
    std::vector<Identity> identities_;
};

}  // namespace

void launcher_main(UniqueFd socket) {
    block_all_signals();
    ::prctl(PR_SET_NAME, "endpointd-launc");
    if (!forbid_core_dumps()) ::_exit(1);
    Launcher(std::move(socket)).serve();
    ::_exit(0);
}

}  // namespace endpointd::exec
