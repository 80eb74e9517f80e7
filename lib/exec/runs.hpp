#pragma once
// The runs of the runner: each from its request to its outcome, through the
// phases waiting, starting and running. Checks every request against the catalog
// again, watches time and output, and ends what has to end. Owned by the server,
// its one thread; it watches descriptors through the server's epoll.

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "catalog/catalog.hpp"
#include "exec/orphans.hpp"
#include "exec/outcome.hpp"
#include "exec/plugin.hpp"
#include "exec/record.hpp"
#include "exec/run_request.hpp"
#include "exec/spawner_pool.hpp"

namespace endpointd::exec {

// Requests that wait in the runner for a free place. The daemon keeps its own
// queue and sends no more than max_concurrent; this covers a changed limit.
inline constexpr std::size_t kRunnerWaiting = 1024;
// Processes that cannot be killed; beyond, nothing more is started.
inline constexpr std::size_t kStuckProcesses = 256;
// After a TERM that was not the timeout's own: until KILL.
inline constexpr std::chrono::seconds kCancelGrace{1};
// After KILL: until the run is reported without the process's end, which an
// uninterruptible sleep can hold up for as long as it likes.
inline constexpr std::chrono::seconds kKillGrace{1};

struct RunnerLimits {
    std::size_t max_concurrent = 64;
    std::size_t max_output = 64 * 1024;           // bytes kept of one command
    Duration timeout = std::chrono::seconds(60);  // of a command that names none
};

// All that a runner runs by, loaded at once.
struct LoadedRunner {
    std::shared_ptr<const catalog::Catalog> catalog;
    std::string digest;  // SHA-256 of Catalog::canonical_text()
    RunnerLimits limits;
    Identities identities;
    HiddenPaths hidden;  // from every plugin
};

// Who the runner is, and what it is given for its whole life.
struct RunnerSelf {
    User user;          // the daemon's
    bool root = false;  // the launcher is root
    std::string config_dir;
};

// What a descriptor in the server's epoll stands for.
enum class Watched : std::uint8_t { client, spawner, output, process, launcher };

class Runs {
public:
    struct Events {
        // `patient`: as its request says (RunRequest).
        std::function<void(std::uint64_t id, Outcome outcome, bool patient)> done;
        // Watch `fd`; level-triggered. A closed descriptor is forgotten by the kernel.
        std::function<void(int fd, Watched what, std::uint64_t id, Interest)> watch;
    };

    // Launcher and record must outlive it.
    Runs(const Log& log, const Clock& clock, LauncherClient& launcher, Record& record, RunnerSelf self, Events events);

    ~Runs();

    // From the next request on.
    void use(LoadedRunner loaded);

    void start(std::uint64_t id, RunRequest request);
    void cancel(std::uint64_t id);

    void output_ready(std::uint64_t id);
    void process_ended(std::uint64_t id);
    void spawner_ready(std::uint64_t spawner, bool readable, bool writable) { spawners_.ready(spawner, readable, writable); }

    // Does what time demands and starts what waits for a place. To be called after
    // every batch of events, and again at next().
    void tick();
    std::optional<SteadyTime> next() const;

    // Kills everything at once, without outcomes: there is nobody left to tell.
    void kill_all();

    std::size_t running() const noexcept { return runs_.size(); }
    std::size_t waiting() const noexcept { return waiting_.size(); }
    std::size_t spawners() const noexcept { return spawners_.size(); }

private:
    struct Run;
    using Table = std::unordered_map<std::uint64_t, std::unique_ptr<Run>>;

    void begin(std::uint64_t id, const RunRequest& request);
    void not_begun(std::uint64_t id, Outcome outcome) const;
    void start_waiting();
    void started(SpawnResult result);
    void lost(const std::vector<std::uint64_t>& ids, const std::string& why);
    void read_output(Run& run, std::size_t most);
    void await_end(Run& run);
    void watch_end(Run& run);
    void end_in_time(Run& run);
    void set_deadline(Run& run, SteadyTime when);
    void signal_group(const Run& run, int number) const;
    void finish(std::uint64_t id, Outcome outcome);
    void look_at_program(const catalog::Command& command, const SandboxSpec& sandbox, const OpenPlugin& plugin);
    std::string why_no_user(const std::string& run_as) const;
    Table::iterator take_starting(std::uint64_t serial);
    void put_on_record(const Run& run, const Outcome& outcome);
    Outcome outcome_of(Run& run) const;
    OrphanContext orphan_context() const;

    const Log& log_;
    const Clock& clock_;
    LauncherClient& launcher_;
    Record& record_;
    RunnerSelf self_;
    Events events_;
    std::shared_ptr<const catalog::Catalog> catalog_;
    RunnerLimits limits_;
    std::map<std::string, std::uint32_t> identities_;  // by run_as
    std::unordered_map<const catalog::Command*, SandboxSpec> sandboxes_;
    // Of each command's program, when it was last started: device and inode.
    std::unordered_map<const catalog::Command*, std::pair<std::uint64_t, std::uint64_t>> programs_;
    double loaded_at_ = 0;  // unix time
    Plugins plugins_;
    SpawnerPool spawners_;
    Orphans orphans_;
    Table runs_;                                                 // starting and running
    std::unordered_map<pid_t, std::uint64_t> pids_;              // of the running ones
    std::unordered_map<std::uint64_t, std::uint64_t> starting_;  // serial of a spawn request to its run
    std::uint64_t last_serial_ = 0;
    std::unordered_set<std::uint64_t> marks_;
    std::deque<std::pair<std::uint64_t, RunRequest>> waiting_;
    std::set<std::pair<SteadyTime, std::uint64_t>> deadlines_;
    std::vector<char> buffer_;
};

}  // namespace endpointd::exec
