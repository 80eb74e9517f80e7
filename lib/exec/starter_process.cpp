#include "exec/starter_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>
#include <vector>

#include "exec/children.hpp"
#include "exec/exit_status.hpp"
#include "exec/fd_pass.hpp"
#include "exec/launcher.hpp"
#include "exec/signals.hpp"
#include "exec/starter_wire.hpp"
#include "files/trusted_file.hpp"

namespace endpointd::exec {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Between two starts of a runner that dies at once.
constexpr milliseconds kBackoffLeast{100};
constexpr milliseconds kBackoffMost{10'000};
// A runner that lived so long has not died at once.
constexpr milliseconds kSettled{10'000};
// What the runner gets to end by itself when the daemon is gone, and what its
// leftovers get to die.
constexpr int kRunnerFarewellMs = 8000;
constexpr int kLeftoverMs = 5000;

class Starter {
public:
    Starter(StarterConfig config, UniqueFd daemon) : config_(std::move(config)), daemon_(std::move(daemon)) {}

    // Until the daemon's end closes.
    void serve() {
        for (;;) {
            restart_asked_ = false;
            const auto begun = Clock::now();
            const bool started = start_runner();
            if (started && !wait(-1)) return;
            const bool at_once = started && reap_runner() == kRestartStatus;
            // Nothing a dead runner started runs beside the next one.
            kill_children(kLeftoverMs);
            if (at_once) continue;
            // Not at once when the daemon asks: it may be taken over, and ask for ever.
            if (std::exchange(restart_asked_, false)) backoff_ = kBackoffLeast;
            if (Clock::now() - begun >= kSettled) backoff_ = kBackoffLeast;
            if (!wait(static_cast<int>(backoff_.count()))) return;
            backoff_ = std::min(backoff_ * 2, kBackoffMost);
        }
    }

    void end() {
        daemon_.reset();
        if (runner_) {
            pollfd gone{runner_.get(), POLLIN, 0};
            ::poll(&gone, 1, kRunnerFarewellMs);
        }
        kill_children(kLeftoverMs);
    }

private:
    bool start_runner() {
        auto pair = make_socket_pair(true);
        if (!pair) return false;
        const pid_t pid = ::fork();
        if (pid < 0) return false;
        if (pid == 0) exec_runner(pair->theirs.get());
        runner_pid_ = pid;
        // Not reaped yet, so the number is its own.
        runner_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
        const std::array<int, 1> fds{pair->ours.get()};
        const bool handed_over = send_packet(daemon_.get(), std::string_view(&kTellRunner, 1), fds).has_value();
        if (runner_ && handed_over) return true;
        ::kill(pid, SIGKILL);
        reap_runner();
        return false;
    }

    // In the new process: a launcher as its child, which stays who we are, and then the
    // runner in its own place. It becomes the daemon's user in its first line, and not here:
    // what a user executes can be written to by all of his processes until it forbids it.
    [[noreturn]] void exec_runner(int socket) {
        auto pair = make_socket_pair(true);
        if (!pair) ::_exit(1);
        const pid_t launcher = ::fork();
        if (launcher < 0) ::_exit(1);
        if (launcher == 0) {
            const int own = ::fcntl(pair->theirs.release(), F_DUPFD_CLOEXEC, kLauncherFd + 1);
            if (own < 0) ::_exit(1);
            ::close_range(STDERR_FILENO + 1, static_cast<unsigned>(own) - 1, 0);
            ::close_range(static_cast<unsigned>(own) + 1, ~0U, 0);
            launcher_main(UniqueFd(own));
        }
        // Out of the way first: dup3 refuses to put a descriptor where it already is.
        const int client = ::fcntl(socket, F_DUPFD_CLOEXEC, kLauncherFd + 1);
        const int to_launcher = ::fcntl(pair->ours.get(), F_DUPFD_CLOEXEC, kLauncherFd + 1);
        if (client < 0 || to_launcher < 0 || ::dup3(client, kRunnerFd, 0) < 0 || ::dup3(to_launcher, kLauncherFd, 0) < 0) ::_exit(1);
        const std::string fd = std::to_string(kRunnerFd);
        const std::string launcher_fd = std::to_string(kLauncherFd);
        std::vector<const char*> argv{config_.runner.c_str(),
                                      "--config",
                                      config_.config_dir.c_str(),
                                      "--state",
                                      config_.state_dir.c_str(),
                                      "--run",
                                      config_.run_dir.c_str(),
                                      "--fd",
                                      fd.c_str(),
                                      "--launcher",
                                      launcher_fd.c_str()};
        const std::string user = config_.user ? user_text(*config_.user) : std::string();
        if (config_.user) {
            argv.push_back("--user");
            argv.push_back(user.c_str());
        }
        argv.push_back(nullptr);
        ::execv(argv[0], const_cast<char* const*>(argv.data()));
        ::_exit(127);
    }

    // Its exit status, -1 if a signal ended it.
    int reap_runner() {
        int status = 0;
        while (::waitpid(runner_pid_, &status, 0) < 0 && errno == EINTR) {
        }
        runner_.reset();
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    // Serves the daemon until the runner has ended or `patience` ms are over (-1:
    // never). False: the daemon is gone.
    bool wait(int patience) {
        const auto until = Clock::now() + milliseconds(std::max(patience, 0));
        for (;;) {
            std::array<pollfd, 2> events{{{daemon_.get(), POLLIN, 0}, {runner_.get(), POLLIN, 0}}};
            int left = -1;
            if (patience >= 0) {
                left = static_cast<int>(std::chrono::ceil<milliseconds>(until - Clock::now()).count());
                if (left <= 0) return true;
            }
            ::poll(events.data(), events.size(), left);
            if (events[0].revents != 0 && !answer()) return false;
            if (events[1].revents != 0) return true;
        }
    }

    bool answer() {
        auto packet = receive_packet(daemon_.get(), buffer_);
        if (!packet || packet->state != Packet::State::packet || packet->bytes.size() != 1) return false;
        switch (packet->bytes.front()) {
            case kAskRestart:
                restart_asked_ = true;
                if (runner_) ::kill(runner_pid_, SIGKILL);
                return true;
            case kAskSettings:
                return open_settings();
            default:
                return false;
        }
    }

    bool open_settings() {
        auto file =
            files::open_trusted(config_.config_dir + "/endpointd.json", files::TrustedKind::config, settings_owner(config_.state_dir));
        if (file) {
            const std::array<int, 1> fds{file->get()};
            return send_packet(daemon_.get(), std::string_view(&kTellSettings, 1), fds).has_value();
        }
        std::string text{kTellNoSettings, static_cast<char>(file.error().code)};
        text += file.error().text;
        return send_packet(daemon_.get(), std::string_view(text).substr(0, kPacketBytes)).has_value();
    }

    StarterConfig config_;
    UniqueFd daemon_;
    UniqueFd runner_;  // its pidfd; none while there is none
    pid_t runner_pid_ = 0;
    bool restart_asked_ = false;
    milliseconds backoff_ = kBackoffLeast;
    PacketBuffer buffer_{};
};

}  // namespace

int run_starter(StarterConfig config, UniqueFd daemon) {
    block_all_signals();
    ::prctl(PR_SET_NAME, "endpointd-start");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!forbid_core_dumps()) return 1;
    Starter starter(std::move(config), std::move(daemon));
    starter.serve();
    starter.end();
    return 0;
}

}  // namespace endpointd::exec
