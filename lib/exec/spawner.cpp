#include "exec/spawner.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "exec/channel.hpp"
#include "exec/confine.hpp"
#include "exec/signals.hpp"

namespace endpointd::exec {
namespace {

// As upstream; a nice value beyond 19 is 19.
constexpr int kNicer = 5;
constexpr int kNicest = 19;
// In the spawner everything of ours is above what can be passed to a program, so that
// a copy never lands on an original.
constexpr int kSocketFd = kFirstPassed + 1 + static_cast<int>(kPassedFds);  // one for a script
constexpr int kNullFd = kSocketFd + 1;
constexpr int kFirstFree = kNullFd + 1;

std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

[[noreturn]] void end(int status) { ::_exit(status); }

struct Workshop {
    Channel runner;
    ChildStack stack;
    int niceness;
    int landlock;  // -1: none
};

// No more than we have ourselves: an unprivileged process cannot raise what it inherited.
void clamp(ResourceLimits& limits) {
    const auto lower = [](int what, std::uint64_t& value) {
        rlimit own{};
        if (::getrlimit(static_cast<__rlimit_resource_t>(what), &own) == 0) value = std::min<std::uint64_t>(value, own.rlim_max);
    };
    // The child gets a second more than that as its hard limit, for SIGXCPU to come first.
    lower(RLIMIT_CPU, ++limits.cpu);
    --limits.cpu;
    lower(RLIMIT_DATA, limits.memory);
    lower(RLIMIT_FSIZE, limits.file_size);
    lower(RLIMIT_NPROC, limits.processes);
    lower(RLIMIT_NOFILE, limits.open_files);
}

// Starts what one request asks for. False: the runner is gone.
bool serve(Workshop& workshop, ChannelMessage message) {
    auto request = decode_spawn_request(message.bytes);
    const std::size_t count = message.fds.size();
    if (!request || count < kSpawnRequestFds || count > kSpawnRequestFds + kPassedFds) return false;
    // Received descriptors take the lowest free numbers, which are those of the copies.
    std::array<UniqueFd, kSpawnRequestFds + kPassedFds> above;
    std::array<int, kPassedFds + 1> passed{};
    std::size_t passing = 0;
    for (std::size_t i = 0; i < count; ++i) {
        above[i].reset(::fcntl(message.fds[i].get(), F_DUPFD_CLOEXEC, kFirstFree));
        if (!above[i]) return false;
    }
    clamp(request->limits);
    if (request->script) passed[passing++] = above[0].get();
    for (std::size_t i = kSpawnRequestFds; i < count; ++i) passed[passing++] = above[i].get();
    std::vector<char*> argv = pointers_to(request->argv);
    std::vector<char*> env = pointers_to(request->env);
    const SpawnPlan plan{request->path.empty() ? nullptr : request->path.c_str(),
                         above[0].get(),
                         request->script,
                         kNullFd,
                         above[1].get(),
                         std::span<const int>(passed.data(), passing),
                         argv.data(),
                         env.data(),
                         workshop.niceness,
                         request->limits,
                         workshop.landlock};
    auto spawned = spawn(plan, workshop.stack);
    SpawnReply reply{request->id, 0, 0};
    std::vector<UniqueFd> fds;
    if (!spawned) {
        reply.error_code = EAGAIN;  // no process could be had: what fork says of that
    } else {
        reply.pid = spawned->pid;
        reply.error_code = spawned->exec_error;
        if (spawned->pidfd) fds.push_back(std::move(spawned->pidfd));
    }
    return workshop.runner.send(encode(reply), std::move(fds)).has_value();
}

// The socket and /dev/null at their places, everything else closed.
bool arrange_descriptors(int socket) {
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int socket_above = ::fcntl(socket, F_DUPFD_CLOEXEC, kFirstFree);
    const int null_above = ::fcntl(null.get(), F_DUPFD_CLOEXEC, kFirstFree);
    return socket_above >= 0 && null_above >= 0 && ::dup3(socket_above, kSocketFd, O_CLOEXEC) >= 0 &&
           ::dup3(null_above, kNullFd, O_CLOEXEC) >= 0 && ::close_range(STDERR_FILENO + 1, kSocketFd - 1, 0) == 0 &&
           ::close_range(kFirstFree, ~0U, 0) == 0;
}

}  // namespace

void spawner_main(int socket, const Identity& identity, const SandboxProfile& profile) {
    block_all_signals();
    if (!arrange_descriptors(socket) || ::chdir("/") != 0) end(1);
    ::umask(022);
    ::prctl(PR_SET_NAME, "endpointd-spawn");
    Channel runner(UniqueFd(kSocketFd), kSpawnRequestBytes, kSpawnRequestFds + kPassedFds);
    const int niceness = std::min(::getpriority(PRIO_PROCESS, 0) + kNicer, kNicest);
    auto sandboxed = enter_sandbox(identity, profile);
    Result<void> private_memory = forbid_core_dumps();
    if (!sandboxed || !private_memory) {
        const Error& error = sandboxed ? private_memory.error() : sandboxed.error();
        static_cast<void>(runner.send(encode(SpawnerReady{error.text, 0, false})));  // a runner that is gone needs no reason
        end(1);
    }
    if (!runner.send(encode(SpawnerReady{"", sandboxed->landlock, sandboxed->seccomp}))) end(0);
    int landlock = -1;
    if (sandboxed->nested && (landlock = ::fcntl(sandboxed->nested.get(), F_DUPFD_CLOEXEC, kFirstFree)) < 0) end(1);
    sandboxed->nested.reset();
    Workshop workshop{std::move(runner), {}, niceness, landlock};
    for (;;) {
        pollfd wait{kSocketFd, static_cast<short>(POLLIN | (workshop.runner.waiting() ? POLLOUT : 0)), 0};
        if (::poll(&wait, 1, -1) < 0 && errno != EINTR) end(1);
        if ((wait.revents & POLLOUT) != 0 && !workshop.runner.flush()) end(0);
        for (;;) {
            auto received = workshop.runner.receive();
            if (!received || received->state == Channel::Received::State::closed) end(0);
            if (received->state == Channel::Received::State::nothing) break;
            if (!serve(workshop, std::move(received->message))) end(0);
        }
    }
}

}  // namespace endpointd::exec
