// How runs end: by themselves, in time, or by force; and what is made of it.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "exec/children.hpp"
#include "exec/run.hpp"

namespace endpointd::exec {
namespace {

// What is read after the end: the most an unprivileged process can make a pipe
// hold. More than that comes from somebody who is still writing.
constexpr std::size_t kDrainBytes = 1024 * 1024;
// What the last children get to die when the runner ends.
constexpr int kFarewellMs = 5000;

}  // namespace

void Runs::cancel(std::uint64_t id) {
    const auto waits = std::find_if(waiting_.begin(), waiting_.end(), [id](const auto& entry) { return entry.first == id; });
    if (waits != waiting_.end()) {
        waiting_.erase(waits);
        Outcome outcome;
        outcome.verdict = Verdict::cancelled;
        return not_begun(id, std::move(outcome));
    }
    auto found = runs_.find(id);
    if (found == runs_.end() || found->second->pressure != Run::Pressure::none) return;
    if (found->second->phase == Run::Phase::starting) {
        spawners_.collect();  // it may well be running
        if (found = runs_.find(id); found == runs_.end()) return;
    }
    Run& run = *found->second;
    run.verdict = Verdict::cancelled;
    run.pressure = Run::Pressure::terminated;
    if (run.phase == Run::Phase::running) signal_group(run, SIGTERM);
    set_deadline(run, clock_.steady() + kCancelGrace);
}

void Runs::output_ready(std::uint64_t id) {
    auto found = runs_.find(id);
    if (found == runs_.end()) return;
    read_output(*found->second, kReadBytes);
    if (found->second->output) return;
    // Who closes its output is about to end, as a rule.
    if (found->second->phase == Run::Phase::running) return await_end(*found->second);
    spawners_.collect();
    found = runs_.find(id);
    if (found != runs_.end() && found->second->phase == Run::Phase::starting) spawners_.hurry();
}

// Of a run whose output is closed: most have ended by now, or do before we could sleep.
void Runs::await_end(Run& run) {
    siginfo_t info{};
    const int looked = ::waitid(P_PID, static_cast<id_t>(run.pid), &info, WEXITED | WNOHANG | WNOWAIT);
    if (looked == 0 && info.si_pid != 0) return process_ended(run.id);
    watch_end(run);
}

void Runs::watch_end(Run& run) {
    if (!std::exchange(run.end_watched, true)) events_.watch(run.pidfd.get(), Watched::process, run.id, {});
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
    events_.done(id, std::move(outcome), run->patient);
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
    const auto sweep = orphans_.next();
    const bool look = sweep && *sweep <= now;
    // Neither may take what has been started for what has not, or is a stranger.
    if (look || (!deadlines_.empty() && deadlines_.begin()->first <= now)) spawners_.collect();
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const auto found = runs_.find(deadlines_.begin()->second);
        EP_ASSERT(found != runs_.end());
        end_in_time(*found->second);
    }
    start_waiting();
    spawners_.tick(now);
    if (look) orphans_.sweep(now, orphan_context());
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
    spawners_.collect();
    for (const auto& [pid, id] : pids_) launcher_.kill(pid, true, SIGKILL);
    // Spawners are children too, and must not start what is still in their sockets. The
    // launcher comes last: it may be needed to end the others.
    const auto kill = [this](pid_t pid) {
        if (pid != launcher_.pid() || list_children().size() == 1) launcher_.kill(pid, false, SIGKILL);
    };
    if (!kill_children(kFarewellMs, kill)) log_.warning("run", "processes that do not end are left behind");
}

}  // namespace endpointd::exec
