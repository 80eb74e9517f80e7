#include "exec/runs.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "catalog/invocation.hpp"
#include "exec/admission.hpp"
#include "exec/environment.hpp"
#include "exec/run.hpp"
#include "exec/secrets.hpp"

namespace endpointd::exec {
namespace {

// Nobody's to guess: who bears the mark of a run that is under way is spared until it
// ends. 53 bits, which JSON's numbers hold exactly.
std::uint64_t new_mark() {
    std::uint64_t mark = 0;
    EP_ASSERT(::getrandom(&mark, sizeof mark, 0) == sizeof mark);
    return mark >> 11;
}

}  // namespace

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
                 [this](int fd, std::uint64_t spawner, Interest interest) { events_.watch(fd, Watched::spawner, spawner, interest); },
                 [this] { orphans_.expect(clock_.steady()); }}),
      buffer_(kReadBytes) {}

Runs::~Runs() = default;

void Runs::use(LoadedRunner loaded) {
    catalog_ = std::move(loaded.catalog);
    limits_ = loaded.limits;
    identities_ = std::move(loaded.identities.named);
    sandboxes_.clear();
    programs_.clear();
    loaded_at_ = to_unix(clock_.wall());
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
    if (waiting_.size() >= kRunnerWaiting) return not_begun(id, refused(Refusal::limit, "too many commands at once"));
    waiting_.emplace_back(id, std::move(request));
}

void Runs::not_begun(std::uint64_t id, Outcome outcome) const { events_.done(id, std::move(outcome), false); }

void Runs::begin(std::uint64_t id, const RunRequest& request) {
    auto admitted = admit_run(*catalog_, request, limits_.timeout);
    if (!admitted) return not_begun(id, admitted.error());
    if (orphans_.stuck() >= kStuckProcesses) return not_begun(id, refused(Refusal::limit, "too many processes that do not end"));

    const catalog::Command& command = *admitted->command;
    if (command.run_as && !identities_.contains(*command.run_as))
        return not_begun(id, refused(Refusal::unavailable, "'" + request.command + "' cannot be started: " + why_no_user(*command.run_as)));

    auto run = std::make_unique<Run>();
    run->id = id;
    run->command = request.command;
    run->timeout = admitted->timeout;
    run->patient = request.patient;
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
        const auto checked = plugins_.open(*inner);
        if (checked) look_at_program(*inner, sandboxes_.at(&command), *checked);
        else if (plugin) plugin = checked.error();
    }
    if (!plugin) {
        if (plugin.error().refused) return not_begun(id, refused(Refusal::plugin, plugin.error().text));
        Outcome failed = outcome_of(*run);
        failed.verdict = Verdict::spawn_failed;
        failed.output = plugin.error().text;
        return not_begun(id, std::move(failed));
    }
    look_at_program(command, sandboxes_.at(&command), *plugin);
    auto secrets = open_secrets(command, self_.config_dir, self_.user.uid);
    if (!secrets) return not_begun(id, refused(Refusal::plugin, "plugin of '" + request.command + "' refused: " + secrets.error().text));
    if (!secrets->values.empty()) run->scrubber = Scrubber(secrets->values);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return not_begun(id, refused(Refusal::unavailable, system_error("pipe", errno).text));
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
    if (!sent) return finish(id, refused(Refusal::unavailable, "'" + request.command + "' cannot be started: " + sent.error().text));
    events_.watch(kept.output.get(), Watched::output, id, {});
}

// A rule of Landlock is for a file and not for its name. Where a plugin has a rule of its
// own, one that was put in its place since has none, and a new spawner is needed.
void Runs::look_at_program(const catalog::Command& command, const SandboxSpec& sandbox, const OpenPlugin& plugin) {
    struct stat status {};
    if (::fstat(plugin.fd.get(), &status) != 0) return;
    const auto [known, first] = programs_.try_emplace(&command, status.st_dev, status.st_ino);
    const std::pair<std::uint64_t, std::uint64_t> now{status.st_dev, status.st_ino};
    const bool changed = known->second != now;
    known->second = now;
    if (changed || (first && static_cast<double>(status.st_ctim.tv_sec) + 1 >= loaded_at_)) spawners_.retire(sandbox.key);
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
    if (run.pressure != Run::Pressure::none) signal_group(run, SIGTERM);
    if (run.output) watch_end(run);
    else await_end(run);
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

}  // namespace endpointd::exec
