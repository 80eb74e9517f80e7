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

#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "exec/channel.hpp"
#include "exec/signals.hpp"
#include "exec/spawn.hpp"

namespace endpointd::exec {
namespace {

// As upstream; a nice value beyond 19 is 19.
constexpr int kNicer = 5;
constexpr int kNicest = 19;
// Descriptors a plugin may have, unless the system allows fewer: the usual soft
// limit, which the runner has raised for itself. Some programs close every number
// up to it.
constexpr rlim_t kOpenFiles = 1024;
// In the spawner: what it keeps, everything else is closed.
constexpr int kSocketFd = 3;
constexpr int kNullFd = 4;

void put_words(ByteWriter& out, const std::vector<std::string>& words) {
    out.u32(static_cast<std::uint32_t>(words.size()));
    for (const std::string& word : words) out.text(word);
}

bool get_words(ByteReader& in, std::vector<std::string>& words) {
    const std::uint32_t count = in.u32();
    if (in.failed() || count > kSpawnWords) return false;
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) words.emplace_back(in.text(limits::kArgvBytes));
    return !in.failed();
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

void lower_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = std::min(limit.rlim_max, kOpenFiles);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

[[noreturn]] void end(int status) { ::_exit(status); }

// Starts what one request asks for. False: the runner is gone.
bool serve(Channel& runner, ChannelMessage message, const ChildStack& stack, int niceness) {
    auto request = decode_spawn_request(message.bytes);
    if (!request || message.fds.size() != kSpawnRequestFds) return false;
    std::vector<char*> argv = pointers_to(request->argv);
    std::vector<char*> env = pointers_to(request->env);
    const SpawnPlan plan{request->script.empty() ? nullptr : request->script.c_str(),
                         message.fds[0].get(),
                         kNullFd,
                         message.fds[1].get(),
                         argv.data(),
                         env.data(),
                         niceness};
    auto spawned = spawn(plan, stack);
    SpawnReply reply{request->id, 0, 0};
    std::vector<UniqueFd> fds;
    if (!spawned) {
        reply.error_code = EAGAIN;  // no process could be had: what fork says of that
    } else {
        reply.pid = spawned->pid;
        reply.error_code = spawned->exec_error;
        if (spawned->pidfd) fds.push_back(std::move(spawned->pidfd));
    }
    return runner.send(encode(reply), std::move(fds)).has_value();
}

[[noreturn]] void spawner_main(int socket, const std::optional<User>& user) {
    block_all_signals();
    // Both go out of each other's way first, then to their places.
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int socket_above = ::fcntl(socket, F_DUPFD_CLOEXEC, kNullFd + 1);
    const int null_above = ::fcntl(null.get(), F_DUPFD_CLOEXEC, kNullFd + 1);
    if (socket_above < 0 || null_above < 0 || ::dup3(socket_above, kSocketFd, O_CLOEXEC) < 0 || ::dup3(null_above, kNullFd, O_CLOEXEC) < 0)
        end(1);
    if (::close_range(kNullFd + 1, ~0U, 0) != 0 || ::chdir("/") != 0) end(1);
    ::umask(022);
    lower_descriptor_limit();
    if (user && !become_user(*user)) end(1);
    if (!forbid_core_dumps()) end(1);
    ::prctl(PR_SET_NAME, "endpointd-spawn");

    const int niceness = std::min(::getpriority(PRIO_PROCESS, 0) + kNicer, kNicest);
    const ChildStack stack;
    Channel runner(UniqueFd(kSocketFd), kSpawnRequestBytes, kSpawnRequestFds);
    for (;;) {
        pollfd wait{kSocketFd, static_cast<short>(POLLIN | (runner.waiting() ? POLLOUT : 0)), 0};
        if (::poll(&wait, 1, -1) < 0 && errno != EINTR) end(1);
        if ((wait.revents & POLLOUT) != 0 && !runner.flush()) end(0);
        for (;;) {
            auto received = runner.receive();
            if (!received || received->state == Channel::Received::State::closed) end(0);
            if (received->state == Channel::Received::State::nothing) break;
            if (!serve(runner, std::move(received->message), stack, niceness)) end(0);
        }
    }
}

}  // namespace

std::string encode(const SpawnRequest& request) {
    ByteWriter out;
    out.u64(request.id);
    out.text(request.script);
    put_words(out, request.argv);
    put_words(out, request.env);
    return std::move(out).take();
}

Result<SpawnRequest> decode_spawn_request(std::string_view bytes) {
    ByteReader in(bytes);
    SpawnRequest request;
    request.id = in.u64();
    request.script = in.text(limits::kArgvBytes);
    if (!get_words(in, request.argv) || !get_words(in, request.env) || !in.finished() || request.argv.empty())
        return fail(Errc::malformed, "a request to a spawner that cannot be read");
    return request;
}

std::string encode(const SpawnReply& reply) {
    ByteWriter out;
    out.u64(reply.id);
    out.u32(static_cast<std::uint32_t>(reply.pid));
    out.u32(static_cast<std::uint32_t>(reply.error_code));
    return std::move(out).take();
}

Result<SpawnReply> decode_spawn_reply(std::string_view bytes) {
    ByteReader in(bytes);
    SpawnReply reply;
    reply.id = in.u64();
    reply.pid = static_cast<std::int32_t>(in.u32());
    reply.error_code = static_cast<std::int32_t>(in.u32());
    if (!in.finished()) return fail(Errc::malformed, "a spawner's answer that cannot be read");
    return reply;
}

Result<SpawnerProcess> fork_spawner(const std::optional<User>& user) {
    auto pair = make_socket_pair(true);
    if (!pair) return pair.error();
    const pid_t pid = ::fork();
    if (pid < 0) return system_error("fork a spawner", errno);
    if (pid == 0) spawner_main(pair->theirs.get(), user);
    return SpawnerProcess{pid, std::move(pair->ours)};
}

}  // namespace endpointd::exec
