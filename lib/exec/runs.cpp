#include "exec/runs.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "catalog/invocation.hpp"
#include "exec/admission.hpp"
#include "exec/children.hpp"
#include "exec/environment.hpp"
#include "exec/scrubber.hpp"
#include "exec/secrets.hpp"

namespace endpointd::exec {
namespace {

// What is read at once: a pipe's capacity.
constexpr std::size_t kReadBytes = 64 * 1024;
// What is read after the end: the most an unprivileged process can make a pipe
// hold. More than that comes from somebody who is still writing.
constexpr std::size_t kDrainBytes = 1024 * 1024;
// What the last children get to die when the runner ends.
constexpr int kFarewellMs = 5000;

// Nobody's to guess: who bears the mark of a run that is under way is spared until it
// ends. 53 bits, which JSON's numbers hold exactly.
std::uint64_t new_mark() {
    std::uint64_t mark = 0;
    EP_ASSERT(::getrandom(&mark, sizeof mark, 0) == sizeof mark);
    return mark >> 11;
}

}  // namespace

struct Runs::Run {
    enum class Phase { starting, running } phase = Phase::starting;
    // What was done to it; each step has its own deadline.
    enum class Pressure { none, terminated, killed } pressure = Pressure::none;

    std::uint64_t id = 0;
    std::uint64_t serial = 0;  // of its spawn request
    std::uint64_t mark = 0;    // in the environment of its processes
    std::string command;
    std::vector<std::string> argv;
    Duration timeout{};
    SteadyTime begun;
    SteadyTime deadline;  // as it stands in deadlines_
    double start = 0;
    UniqueFd output;
    std::string text;
    bool truncated = false;
    pid_t pid = 0;
    UniqueFd pidfd;
    std::optional<Verdict> verdict;  // found before the process ended
    Scrubber scrubber;
    // For the record.
    catalog::Kind kind = catalog::Kind::check;
    std::string user;
    std::string parameters;  // their digest
};

Runs::Runs(const Log& log, const Clock& clock, LauncherClient& launcher, Record& record, RunnerSelf self, Events events)
    : log_(log),
      clock_(clock),
      launcher_(launcher),
      record_(record),
      self_(std::move(self)),
      events_(std::move(events)),
      plugins_(self_.user.uid, self_.root),
      spawners_(log, clock, launcher,
                {[this](SpawnResult result) { started(std::move(result)); },
                 [this](const std::vector<std::uint64_t>& ids, const std::string& why) { lost(ids, why); },
                 [this](int fd, std::uint64_t spawner, bool writable) { events_.watch(fd, Watched::spawner, spawner, writable); },
                 [this] { orphans_.expect(clock_.steady()); }}),
      buffer_(kReadBytes) {}

Runs::~Runs() = default;

void Runs::use(LoadedRunner loaded) {
    catalog_ = std::move(loaded.catalog);
    limits_ = loaded.limits;
    identities_ = std::move(loaded.identities.named);
    sandboxes_.clear();
    for (const auto& [name, command] : catalog_->commands()) {
        if (command.builtin) continue;
        const auto identity = command.run_as ? identities_.find(*command.run_as) : identities_.end();
        sandboxes_.emplace(&command, sandbox_spec(command, identity == identities_.end() ? 0 : identity->second));
    }
    spawners_.use(SandboxBuilder(loaded.hidden));
    spawners_.retire_all();
}

void Runs::start(std::uint64_t id, RunRequest request) {
    const auto same = [id](const auto& entry) { return entry.first == id; };
    if (runs_.contains(id) || std::any_of(waiting_.begin(), waiting_.end(), same)) return;  // one answer for each id, and that one comes
    if (waiting_.empty() && runs_.size() < limits_.max_concurrent) return begin(id, request);
    if (waiting_.size() >= kRunnerWaiting) return events_.done(id, refused(Refusal::limit, "too many commands at once"));
    waiting_.emplace_back(id, std::move(request));
}

void Runs::begin(std::uint64_t id, const RunRequest& request) {
    auto admitted = admit_run(*catalog_, request, limits_.timeout);
    if (!admitted) return events_.done(id, admitted.error());
    if (orphans_.count() >= kStuckProcesses) return events_.done(id, refused(Refusal::limit, "too many processes that do not end"));

    const catalog::Command& command = *admitted->command;
    if (command.run_as && !identities_.contains(*command.run_as))
        return events_.done(id,
                            refused(Refusal::unavailable, "'" + request.command + "' cannot be started: " + why_no_user(*command.run_as)));

    auto run = std::make_unique<Run>();
    run->id = id;
    run->command = request.command;
    run->timeout = admitted->timeout;
    run->mark = new_mark();
    run->begun = clock_.steady();
    run->start = to_unix(clock_.wall());
    run->argv = std::move(admitted->invocation.argv);
    run->kind = admitted->command->kind;
    run->user = command.run_as.value_or(self_.user.name);
    run->parameters = parameters_digest(admitted->parameters);

    auto plugin = plugins_.open(command);
    // The wrapper starts these by their paths: they are held to the same rules first.
    for (const catalog::Command* inner : admitted->invocation.inner) {
        if (const auto checked = plugins_.open(*inner); plugin && !checked) plugin = checked.error();
    }
    if (!plugin) {
        if (plugin.error().refused) return events_.done(id, refused(Refusal::plugin, plugin.error().text));
        Outcome failed = outcome_of(*run);
        failed.verdict = Verdict::spawn_failed;
        failed.output = plugin.error().text;
        return events_.done(id, std::move(failed));
    }
    auto secrets = open_secrets(command, self_.config_dir, self_.user.uid);
    if (!secrets) return events_.done(id, refused(Refusal::plugin, "plugin of '" + request.command + "' refused: " + secrets.error().text));
    if (!secrets->values.empty()) run->scrubber = Scrubber(secrets->values);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return events_.done(id, refused(Refusal::unavailable, system_error("pipe", errno).text));
    run->output = UniqueFd(ends[0]);
    UniqueFd write_end(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);

    // By its path only where the catalog says so; otherwise what was checked is what runs.
    const bool script = plugin->script && !command.by_path;
    // A number of our own: an id may come back while a spawner still works on its first use.
    const std::uint64_t serial = run->serial = ++last_serial_;
    SpawnRequest spawn{serial,    command.by_path ? plugin->resolved : std::string(),   script,
                       run->argv, environment_for(run->mark, admitted->invocation.env), resource_limits(command, limits_.max_concurrent)};
    std::vector<std::string> secret_words = environment_words(*secrets, kFirstPassed + (script ? 1 : 0));
    spawn.env.insert(spawn.env.end(), secret_words.begin(), secret_words.end());
    wipe(secret_words);
    std::vector<UniqueFd> fds;
    fds.push_back(std::move(plugin->fd));
    fds.push_back(std::move(write_end));
    for (PassedSecret& secret : secrets->passed) fds.push_back(std::move(secret.fd));
    set_deadline(*run, run->begun + run->timeout);
    Run& kept = *run;
    runs_.emplace(id, std::move(run));
    starting_.emplace(serial, id);
    marks_.insert(kept.mark);
    const auto sent = spawners_.spawn(kept.begun, sandboxes_.at(&command), spawn, std::move(fds));
    if (!secrets->values.empty()) wipe(spawn.env);
    if (!sent) finish(id, refused(Refusal::unavailable, "'" + request.command + "' cannot be started: " + sent.error().text));
}

void Runs::start_waiting() {
    while (!waiting_.empty() && runs_.size() < limits_.max_concurrent) {
        auto [id, request] = std::move(waiting_.front());
        waiting_.pop_front();
        begin(id, request);
    }
}

void Runs::started(SpawnResult result) {
    const pid_t pid = result.reply.pid;
    const auto found = take_starting(result.reply.id);
    if (pid > 0) orphans_.forget(pid);
    if (found == runs_.end() || !result.pidfd) {
        // Never became a plugin, or came too late: it is ended, and the sweep reaps it.
        if (pid > 0 && result.pidfd) launcher_.kill(pid, true, SIGKILL);
        if (pid > 0) orphans_.expect(clock_.steady());
        if (found == runs_.end()) return;
        Outcome failed = outcome_of(*found->second);
        failed.verdict = found->second->verdict.value_or(Verdict::spawn_failed);
        failed.output = exec_failure(found->second->argv.front(), result.reply.error_code);
        return finish(found->first, std::move(failed));
    }
    Run& run = *found->second;
    run.phase = Run::Phase::running;
    run.pid = pid;
    run.pidfd = std::move(result.pidfd);
    pids_.emplace(pid, run.id);
    events_.watch(run.output.get(), Watched::output, run.id, false);
    events_.watch(run.pidfd.get(), Watched::process, run.id, false);
    if (run.pressure != Run::Pressure::none) signal_group(run, SIGTERM);
}

// The run that a spawner speaks of; none if it was given up meanwhile.
Runs::Table::iterator Runs::take_starting(std::uint64_t serial) {
    const auto started = starting_.find(serial);
    if (started == starting_.end()) return runs_.end();
    const auto found = runs_.find(started->second);
    starting_.erase(started);
    return found;
}

void Runs::lost(const std::vector<std::uint64_t>& ids, const std::string& why) {
    for (const std::uint64_t serial : ids) {
        const auto found = take_starting(serial);
        if (found == runs_.end()) continue;
        const std::uint64_t id = found->first;
        if (!why.empty()) {
            finish(id, refused(Refusal::unavailable, "'" + found->second->command + "' cannot be started: its sandbox: " + why));
            continue;
        }
        Outcome outcome = outcome_of(*found->second);
        outcome.verdict = found->second->verdict.value_or(Verdict::runner_died);
        outcome.text = "spawner died while '" + found->second->command + "' was started";
        finish(id, std::move(outcome));
    }
}

void Runs::cancel(std::uint64_t id) {
    const auto waits = std::find_if(waiting_.begin(), waiting_.end(), [id](const auto& entry) { return entry.first == id; });
    if (waits != waiting_.end()) {
        waiting_.erase(waits);
        Outcome outcome;
        outcome.verdict = Verdict::cancelled;
        return events_.done(id, std::move(outcome));
    }
    const auto found = runs_.find(id);
    if (found == runs_.end() || found->second->pressure != Run::Pressure::none) return;
    Run& run = *found->second;
    run.verdict = Verdict::cancelled;
    run.pressure = Run::Pressure::terminated;
    if (run.phase == Run::Phase::running) signal_group(run, SIGTERM);
    set_deadline(run, clock_.steady() + kCancelGrace);
}

void Runs::output_ready(std::uint64_t id) {
    if (const auto found = runs_.find(id); found != runs_.end()) read_output(*found->second, kReadBytes);
}

void Runs::read_output(Run& run, std::size_t most) {
    for (std::size_t total = 0; run.output && total < most;) {
        const ssize_t got = ::read(run.output.get(), buffer_.data(), buffer_.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) return run.output.reset();  // all writers are gone; the process itself may go on
        const std::size_t size = static_cast<std::size_t>(got);
        total += size;
        // What does not fit is read all the same, so that the plugin does not block on it.
        const std::size_t room = limits_.max_output - std::min(limits_.max_output, run.text.size());
        run.text.append(buffer_.data(), std::min(room, size));
        if (size > room) run.truncated = true;
    }
}

void Runs::process_ended(std::uint64_t id) {
    const auto found = runs_.find(id);
    if (found == runs_.end()) return;
    Run& run = *found->second;
    // Never until the end of file: a grandchild that escaped may hold the pipe for ever.
    read_output(run, kDrainBytes);
    // First the rest of the group, then the zombie that still holds the group's number.
    signal_group(run, SIGKILL);
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(run.pid), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
    Outcome outcome = outcome_of(run);
    const bool exited = info.si_code == CLD_EXITED;
    outcome.verdict = run.verdict.value_or(exited ? Verdict::exited : Verdict::signalled);
    if (!exited) outcome.signal = info.si_status;
    else if (!run.verdict) outcome.exit_status = info.si_status;
    orphans_.expect(clock_.steady());
    finish(id, std::move(outcome));
}

Outcome Runs::outcome_of(Run& run) const {
    Outcome outcome;
    outcome.verdict = run.verdict.value_or(Verdict::exited);
    if (run.scrubber.empty()) {
        outcome.output = std::move(run.text);
        outcome.truncated = run.truncated;
        outcome.argv = run.argv;
    } else {
        Scrubbed scrubbed = run.scrubber.scrub(run.text, run.truncated, limits_.max_output);
        outcome.output = std::move(scrubbed.text);
        outcome.truncated = scrubbed.cut;
        outcome.argv = run.scrubber.scrub_words(run.argv);
    }
    outcome.start = run.start;
    outcome.end = std::max(run.start, to_unix(clock_.wall()));
    return outcome;
}

void Runs::finish(std::uint64_t id, Outcome outcome) {
    const auto found = runs_.find(id);
    EP_ASSERT(found != runs_.end());
    const std::unique_ptr<Run> run = std::move(found->second);
    runs_.erase(found);
    if (run->phase == Run::Phase::starting) starting_.erase(run->serial);
    deadlines_.erase({run->deadline, id});
    marks_.erase(run->mark);
    if (run->pid > 0) {
        pids_.erase(run->pid);
        put_on_record(*run, outcome);
    }
    events_.done(id, std::move(outcome));
}

void Runs::put_on_record(const Run& run, const Outcome& outcome) {
    Execution execution;
    execution.run = run.mark;
    execution.command = run.command;
    execution.kind = run.kind;
    execution.parameters_sha256 = run.parameters;
    execution.plugin = run.argv.front();
    execution.user = run.user;
    execution.verdict = outcome.verdict;
    execution.exit_status = outcome.exit_status;
    execution.signal = outcome.signal;
    execution.duration = std::chrono::duration_cast<Duration>(clock_.steady() - run.begun);
    execution.pid = run.pid;
    const bool failed_before = record_.failing();
    record_.executed(execution);
    // Once for each time that it begins to fail: the log is not to be filled instead.
    if (record_.failing() && !failed_before) log_.error("record", "an execution could not be put on record", {{"why", record_.failure()}});
}

std::string Runs::why_no_user(const std::string& run_as) const {
    if (auto user = find_user(run_as); !user) return user.error().text;
    return self_.root ? "user " + run_as + " was not there when the catalog was loaded: reload"
                      : "run_as " + run_as + " needs endpointd to be started as root";
}

void Runs::set_deadline(Run& run, SteadyTime when) {
    deadlines_.erase({run.deadline, run.id});
    run.deadline = when;
    deadlines_.emplace(when, run.id);
}

void Runs::signal_group(const Run& run, int number) const {
    // The leader is not reaped before its run is finished, so the number is its own.
    launcher_.kill(run.pid, true, number);
}

// Its deadline has passed: TERM, then KILL at 1.1 times the timeout (protocol,
// 6.6), then it is given up.
void Runs::end_in_time(Run& run) {
    if (run.pressure == Run::Pressure::none) {
        run.verdict = Verdict::timed_out;
        run.pressure = Run::Pressure::terminated;
        if (run.phase == Run::Phase::running) signal_group(run, SIGTERM);
        return set_deadline(run, run.begun + run.timeout + run.timeout / 10);
    }
    if (run.phase == Run::Phase::starting || run.pressure == Run::Pressure::killed) {
        // Not started in its time, which the spawner's queue or its exec took, and to be killed
        // if it still is; or in a sleep that no signal ends.
        const bool starting = run.phase == Run::Phase::starting;
        log_.warning("run", starting ? "was not started in its time" : "gave up on a process that does not end",
                     {{"command", run.command}, {"pid", run.pid}});
        finish(run.id, outcome_of(run));
        return orphans_.expect(clock_.steady());
    }
    run.pressure = Run::Pressure::killed;
    signal_group(run, SIGKILL);
    set_deadline(run, clock_.steady() + kKillGrace);
}

void Runs::tick() {
    const SteadyTime now = clock_.steady();
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const auto found = runs_.find(deadlines_.begin()->second);
        EP_ASSERT(found != runs_.end());
        end_in_time(*found->second);
    }
    start_waiting();
    spawners_.tick(now);
    if (const auto sweep = orphans_.next(); sweep && *sweep <= now) orphans_.sweep(now, orphan_context());
}

std::optional<SteadyTime> Runs::next() const {
    std::optional<SteadyTime> first;
    const auto consider = [&first](std::optional<SteadyTime> when) {
        if (when && (!first || *when < *first)) first = when;
    };
    if (!deadlines_.empty()) consider(deadlines_.begin()->first);
    consider(spawners_.next());
    consider(orphans_.next());
    return first;
}

OrphanContext Runs::orphan_context() const {
    return {[this](pid_t pid) { return pids_.contains(pid) || spawners_.is_spawner(pid) || pid == launcher_.pid(); },
            [this](pid_t group) { return pids_.contains(group); },
            [this](std::uint64_t mark) { return marks_.contains(mark); },
            [this](pid_t pid) { return launcher_.marked_run(pid); },
            [this](pid_t pid) { launcher_.kill(pid, false, SIGKILL); },
            spawners_.last_spawn(),
            spawners_.oldest_unanswered()};
}

void Runs::kill_all() {
    for (const auto& [pid, id] : pids_) launcher_.kill(pid, true, SIGKILL);
    // Spawners are children too, and must not start what is still in their sockets. The
    // launcher comes last: it may be needed to end the others.
    const auto kill = [this](pid_t pid) {
        if (pid != launcher_.pid() || list_children().size() == 1) launcher_.kill(pid, false, SIGKILL);
    };
    if (!kill_children(kFarewellMs, kill)) log_.warning("run", "processes that do not end are left behind");
}

}  // namespace endpointd::exec
