#pragma once
// The runner: one thread, one epoll, one table of what can be asked of it. It
// trusts nobody at the other end of its socket: a request that cannot be read
// ends it, and with it everything it started. Reads no file by itself; what it
// runs by is loaded through the function it is given.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "exec/channel.hpp"
#include "exec/confine.hpp"
#include "exec/protocol.hpp"
#include "exec/runs.hpp"

namespace endpointd::exec {

// Bytes of replies that may wait for a daemon that does not read: then no more
// requests are read either.
inline constexpr std::size_t kUnreadReplies = 64 * 1024 * 1024;
// How long the answer to a patient request is kept for others to go with it, and
// the bytes from which it is not: waking the daemon costs more than an answer.
inline constexpr std::chrono::milliseconds kAnswersTogether{20};
inline constexpr std::size_t kAnswersKept = 64 * 1024;

struct ServerConfig {
    UniqueFd client;  // SOCK_SEQPACKET to the daemon
    RunnerSelf self;
    RunnerConfinement confinement;
    // Reads the configuration; Errors' text is for the operator.
    std::function<Result<LoadedRunner>()> load;
};

class Server {
public:
    // All but the configuration must outlive it. `launcher` is settled for the identities loaded.
    Server(const Log& log, const Clock& clock, LauncherClient& launcher, Record& record, ServerConfig config, LoadedRunner loaded);
    ~Server();

    // Serves until the daemon's end closes; then kills everything it started. The
    // process's exit status: 0, or kRestartStatus.
    int serve();

private:
    enum class Reload { none, prepared };
    struct Entry;
    static const std::array<Entry, 6> kTable;

    void handle(Request request);
    void run(Request& request);
    void cancel(Request& request);
    void prepare_reload(Request& request);
    void commit_reload(Request& request);
    void abort_reload(Request& request);
    void status(Request& request);

    void reply(const Reply& reply);
    void keep(std::string answer);
    void send_kept();
    void watch(int fd, Watched what, std::uint64_t id, Interest interest);
    void read_requests();
    void update_client_interest();
    void apply(LoadedRunner loaded);
    int wait_milliseconds() const;

    const Log& log_;
    const Clock& clock_;
    LauncherClient& launcher_;
    Record& record_;
    ServerConfig config_;
    UniqueFd epoll_;
    Channel client_;
    std::uint32_t client_interest_ = 0;
    bool closed_ = false;
    std::vector<std::string> kept_;  // answers, encoded
    std::size_t kept_bytes_ = 0;
    SteadyTime kept_until_{};
    Runs runs_;
    std::string digest_;
    Identities identities_;  // for which the launcher was settled
    Reload reload_ = Reload::none;
    std::optional<LoadedRunner> prepared_;
    bool leaving_ = false;  // to be started anew once nothing runs
};

}  // namespace endpointd::exec
