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
// a copy never lands on an original. Below it every number is taken, so that what is
// received, which gets the lowest free ones, is above as well.
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
    ResourceLimits most;
};

// Our own, which nobody changes while we run: an unprivileged process cannot raise what it inherited.
ResourceLimits own_limits() {
    const auto hard = [](int what) {
        rlimit own{};
        return ::getrlimit(static_cast<__rlimit_resource_t>(what), &own) == 0 ? std::uint64_t{own.rlim_max} : UINT64_MAX;
    };
    // A child gets a second more than its limit as the hard one, for SIGXCPU to come first.
    const std::uint64_t cpu = hard(RLIMIT_CPU);
    return {cpu - std::min<std::uint64_t>(cpu, 1), hard(RLIMIT_DATA), hard(RLIMIT_FSIZE), hard(RLIMIT_NPROC), hard(RLIMIT_NOFILE)};
}

void clamp(ResourceLimits& limits, const ResourceLimits& most) {
    limits.cpu = std::min(limits.cpu, most.cpu);
    limits.memory = std::min(limits.memory, most.memory);
    limits.file_size = std::min(limits.file_size, most.file_size);
    limits.processes = std::min(limits.processes, most.processes);
    limits.open_files = std::min(limits.open_files, most.open_files);
}

// Starts what one request asks for. False: the runner is gone.
bool serve(Workshop& workshop, ChannelMessage message) {
    auto request = decode_spawn_request(message.bytes);
    const std::size_t count = message.fds.size();
    if (!request || count < kSpawnRequestFds || count > kSpawnRequestFds + kPassedFds) return false;
    std::array<int, kPassedFds + 1> passed{};
    std::size_t passing = 0;
    for (const UniqueFd& fd : message.fds) EP_ASSERT(fd.get() >= kFirstFree);
    clamp(request->limits, workshop.most);
    if (request->script) passed[passing++] = message.fds[0].get();
    for (std::size_t i = kSpawnRequestFds; i < count; ++i) passed[passing++] = message.fds[i].get();
    std::vector<char*> argv = pointers_to(request->argv);
    std::vector<char*> env = pointers_to(request->env);
    const SpawnPlan plan{request->path.empty() ? nullptr : request->path.c_str(),
                         message.fds[0].get(),
                         request->script,
                         kNullFd,
                         message.fds[1].get(),
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

// The socket and /dev/null at their places, everything else closed, the numbers below taken.
bool arrange_descriptors(int socket) {
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int socket_above = ::fcntl(socket, F_DUPFD_CLOEXEC, kFirstFree);
    const int null_above = ::fcntl(null, F_DUPFD_CLOEXEC, kFirstFree);
    if (socket_above < 0 || null_above < 0 || ::dup3(socket_above, kSocketFd, O_CLOEXEC) < 0 ||
        ::dup3(null_above, kNullFd, O_CLOEXEC) < 0 || ::close_range(kFirstFree, ~0U, 0) != 0)
        return false;
    for (int fd = 0; fd < kSocketFd; ++fd)
        if ((fd > STDERR_FILENO || ::fcntl(fd, F_GETFD) < 0) && ::dup3(kNullFd, fd, O_CLOEXEC) < 0) return false;
    return true;
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
    Workshop workshop{std::move(runner), {}, niceness, landlock, own_limits()};
    for (;;) {
        pollfd wait{kSocketFd, static_cast<short>(POLLIN | (workshop.runner.waiting() ? POLLOUT : 0)), 0};
        if (::poll(&wait, 1, -1) < 0 && errno != EINTR) end(1);
        if ((wait.revents & POLLOUT) != 0 && !workshop.runner.flush()) end(0);
        auto received = workshop.runner.receive();
        if (!received || received->state == Channel::Received::State::closed) end(0);
        if (received->state == Channel::Received::State::message && !serve(workshop, std::move(received->message))) end(0);
    }
}

}  // namespace endpointd::exec
