#pragma once
// The daemon's end of the runner: hands it commands by name, never more than
// max_concurrent at once, keeps the others waiting, and lives on when the runner
// dies. Owned by the daemon's app, used on the io_context's thread only; every
// callback is called there, never from within the call that was given it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "exec/outcome.hpp"
#include "exec/run_request.hpp"

namespace boost::asio {
class io_context;
}

namespace endpointd::exec {

struct ClientConfig {
    std::size_t max_concurrent = 64;  // in flight at the runner (settings: runner.max_concurrent)
    std::size_t queue = 10'000;       // waiting here (settings: runner.queue); beyond: refused, Refusal::limit
};

// What `status` shows of the runner.
struct RunnerCounters {
    std::size_t running = 0;     // in flight at the runner
    std::size_t queued = 0;      // waiting here
    std::uint64_t executed = 0;  // started, however they ended
    std::uint64_t refused = 0;   // not started: refused by runner or queue
    std::uint64_t timeouts = 0;
    std::uint64_t restarts = 0;          // runners that died or were replaced
    bool connected = false;              // a runner is there and has loaded its catalog
    std::int32_t pid = 0;                // of the runner; 0: none
    RunnerConfinement confinement = {};  // of the last one that was ready
};

struct ClientEvents {
    // A runner is there and has loaded the catalog with this digest: SHA-256 of
    // Catalog::canonical_text().
    std::function<void(const std::string& digest)> ready;
    // The runner could not load its configuration, in its own words.
    std::function<void(const std::string& errors)> not_ready;
    // The starter is gone: no command will run again, the daemon has to end.
    std::function<void()> starter_gone;
};

struct ReloadAnswer {
    std::string digest;            // of the catalog that the runner would switch to
    bool restarts_runner = false;  // its privileges change: a commit starts it anew once it is idle
};

using RunId = std::uint64_t;

// How long a request may wait for a runner that is not there, before it is
// refused (Refusal::unavailable): a parent asks again after its timeout + 30 s.
inline constexpr std::chrono::seconds kRunnerAway{30};
// What running plugins get when the daemon stops (interfaces, section 1).
inline constexpr std::chrono::seconds kStopPatience{5};
// What the runner then gets to kill them, before its socket is closed.
inline constexpr std::chrono::seconds kCancelPatience{2};

class RunnerClient {
public:
    // `starter` is StarterHandle::fd. `io`, `log` and `clock` must outlive the client.
    RunnerClient(boost::asio::io_context& io, const Log& log, const Clock& clock, UniqueFd starter, ClientConfig config,
                 ClientEvents events);
    // Calls no callback; runner and starter end by themselves when their sockets close.
    ~RunnerClient();
    RunnerClient(const RunnerClient&) = delete;
    RunnerClient& operator=(const RunnerClient&) = delete;

    // `done` is called exactly once, unless the client is destroyed first.
    RunId run(RunRequest request, std::function<void(Outcome)> done);
    // A request that waits is dropped, one that runs is ended; `done` still comes,
    // with whatever verdict was first. An id that is gone is ignored.
    void cancel(RunId id);

    // A reload in two steps: the runner loads and answers with the digest of what
    // it loaded or with its errors; then exactly one of commit or abort. One
    // reload at a time (Errc::unavailable otherwise, or when no runner is there).
    void prepare_reload(std::function<void(Result<ReloadAnswer>)> done);
    void commit_reload(std::function<void(Result<void>)> done);
    void abort_reload();

    // Takes effect on what starts from now on.
    void configure(ClientConfig config);

    // Once nothing is in flight any more, the starter ends the runner and starts it anew.
    void restart_runner();

    // endpointd.json, opened anew by the starter (a confined daemon cannot open a
    // file that was replaced by rename); Errc::not_found when there is none.
    void open_settings(std::function<void(Result<UniqueFd>)> done);

    RunnerCounters counters() const;

    // Orderly end: what waits is cancelled, what runs gets kStopPatience and is
    // then cancelled; `done` follows when all outcomes are delivered. No run after it.
    void stop(std::function<void()> done);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace endpointd::exec
