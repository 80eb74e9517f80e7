#include "exec/client_impl.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/units.hpp"
#include "exec/starter_wire.hpp"

namespace endpointd::exec {
namespace {

Error gone() { return fail(Errc::unavailable, "the runner is not there"); }

Outcome cancelled() {
    Outcome outcome;
    outcome.verdict = Verdict::cancelled;
    return outcome;
}

}  // namespace

RunnerClient::Impl::Impl(boost::asio::io_context& io, const Log& log, const Clock& clock, UniqueFd starter, ClientConfig config,
                         ClientEvents events)
    : io_(io),
      log_(log),
      clock_(clock),
      config_(config),
      events_(std::move(events)),
      starter_(std::move(starter)),
      away_(io),
      stop_timer_(io) {}

void RunnerClient::Impl::open() {
    starter_watch_ = std::make_unique<SocketWatch>(io_, starter_.get(), [self = weak_from_this()] {
        if (const auto impl = self.lock()) impl->starter_readable();
    });
    expect_runner();
}

void RunnerClient::Impl::close() {
    closed_ = true;
    runner_watch_.reset();
    starter_watch_.reset();
    runner_.reset();
    starter_.reset();
    away_.cancel();
    stop_timer_.cancel();
    // What they hold (callers' callbacks) may refer to what is being destroyed now.
    waiting_.clear();
    in_flight_.clear();
    settings_asked_.clear();
    prepare_done_ = nullptr;
    commit_done_ = nullptr;
    stop_done_ = nullptr;
    events_ = {};
}

void RunnerClient::Impl::later(std::function<void()> what) {
    boost::asio::post(io_, [self = shared_from_this(), what = std::move(what)] {
        if (!self->closed_) what();
    });
}

// --- Runs -------------------------------------------------------------------------

RunId RunnerClient::Impl::run(RunRequest request, Done done) {
    const RunId id = next_id_++;
    if (stop_ != Stop::no) {
        // Told nothing, as upstream: the parent asks again, and a restart is no UNKNOWN.
        later([done = std::move(done)] { done(cancelled()); });
    } else if (waiting_.size() >= config_.queue && !(ready_ && !paused_ && in_flight_.size() < config_.max_concurrent)) {
        ++counters_.refused;
        later([done = std::move(done)] { done(refused(Refusal::limit, "too many commands are waiting")); });
    } else {
        waiting_.emplace(id, Waiting{std::move(request), std::move(done)});
        pump();
    }
    return id;
}

// Hands over what waits, as far as there are free places.
void RunnerClient::Impl::pump() {
    if (restart_asked_ && in_flight_.empty() && ready_) {
        restart_asked_ = false;
        paused_ = true;
        ask_starter(kAskRestart);
    }
    while (ready_ && !paused_ && !restart_asked_ && !waiting_.empty() && in_flight_.size() < config_.max_concurrent) {
        auto node = waiting_.extract(waiting_.begin());
        const RunId id = node.key();
        Waiting& waiting = node.mapped();
        if (waiting.request.deadline) {
            const SteadyTime now = clock_.steady();
            if (now >= *waiting.request.deadline) {
                later([done = std::move(waiting.done)] { done(cancelled()); });
                continue;
            }
            const Duration left = std::chrono::ceil<Duration>(*waiting.request.deadline - now);
            Duration& timeout = waiting.request.timeout;
            timeout = timeout > Duration::zero() ? std::min(timeout, left) : left;
        }
        // Where places get rare, an answer makes room for what waits.
        if (in_flight_.size() >= config_.max_concurrent / 2) waiting.request.patient = false;
        std::string command = waiting.request.command;
        auto bytes = encode(Request(RunCommand{id, std::move(waiting.request)}));
        if (!bytes) {
            ++counters_.refused;
            const Refusal why = bytes.error().code == Errc::too_large ? Refusal::limit : Refusal::malformed;
            later([done = std::move(waiting.done), outcome = refused(why, bytes.error().text)]() mutable { done(std::move(outcome)); });
            continue;
        }
        in_flight_.emplace(id, InFlight{std::move(command), to_unix(clock_.wall()), std::move(waiting.done)});
        if (!runner_->send(*bytes)) {
            later([this] { runner_lost(); });
            ready_ = false;
            return;
        }
    }
    if (runner_ && runner_->waiting())
        runner_watch_->when_writable([this] {
            if (!runner_->flush()) return runner_lost();
            pump();
        });
}

void RunnerClient::Impl::cancel(RunId id) {
    if (auto node = waiting_.extract(id)) {
        later([done = std::move(node.mapped().done)] { done(cancelled()); });
        return;
    }
    if (in_flight_.contains(id)) send(Cancel{id});
}

void RunnerClient::Impl::count(const Outcome& outcome) {
    if (outcome.ran()) ++counters_.executed;
    else if (outcome.verdict == Verdict::refused) ++counters_.refused;
    if (outcome.verdict == Verdict::timed_out) ++counters_.timeouts;
}

void RunnerClient::Impl::on_done(std::uint64_t id, Outcome outcome) {
    auto node = in_flight_.extract(id);
    if (!node) return log_.warning("runner", "an outcome that nobody asked for", {{"id", id}});
    count(outcome);
    node.mapped().done(std::move(outcome));
}

void RunnerClient::Impl::fail_waiting(const Outcome& outcome) {
    for (auto& [id, waiting] : std::exchange(waiting_, {})) {
        if (outcome.verdict == Verdict::refused) ++counters_.refused;
        later([done = std::move(waiting.done), outcome] { done(outcome); });
    }
}

// Gives all that is in flight an outcome with the text `before` command `after`.
void RunnerClient::Impl::end_in_flight(Verdict verdict, const std::string& before, const std::string& after) {
    for (auto& [id, run] : std::exchange(in_flight_, {})) {
        Outcome outcome;
        outcome.verdict = verdict;
        outcome.text = before + "'" + escaped(run.command) + "'" + after;
        outcome.start = run.sent;
        outcome.end = to_unix(clock_.wall());
        count(outcome);
        later([done = std::move(run.done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
    }
}

// --- The runner -------------------------------------------------------------------

void RunnerClient::Impl::runner_connected(UniqueFd socket) {
    if (runner_) runner_lost();
    runner_.emplace(std::move(socket), kReplyBytes);
    runner_watch_ = std::make_unique<SocketWatch>(io_, runner_->fd(), [self = weak_from_this()] {
        if (const auto impl = self.lock()) impl->runner_readable();
    });
}

void RunnerClient::Impl::runner_readable() {
    const auto keep = shared_from_this();
    while (!closed_ && runner_) {
        auto received = runner_->receive();
        if (!received || received->state == Channel::Received::State::closed) {
            if (!received) log_.error("runner", "cannot read from the runner", {{"reason", received.error().text}});
            return runner_lost();
        }
        if (received->state == Channel::Received::State::nothing) break;
        auto reply = decode_reply(received->message.bytes);
        if (!reply) {
            log_.error("runner", "an answer that cannot be read", {{"reason", reply.error().text}});
            return runner_lost();
        }
        runner_reply(std::move(*reply));
    }
    if (closed_) return;
    pump();
    stop_step();
}

void RunnerClient::Impl::runner_reply(Reply reply) {
    if (auto* done = std::get_if<exec::Done>(&reply)) return on_done(done->id, std::move(done->outcome));
    if (const auto* ready = std::get_if<Ready>(&reply)) {
        ready_ = true;
        paused_ = false;
        away_.cancel();
        counters_.pid = ready->pid;
        counters_.confinement = ready->confinement;
        log_.info("runner", "ready",
                  {{"pid", ready->pid}, {"seccomp", ready->confinement.seccomp ? "yes" : "no"}, {"landlock", ready->confinement.landlock}});
        for (const std::string& text : ready->confinement.missing) log_.warning("confinement", text);
        if (const auto tell = events_.ready) tell(ready->digest);  // a copy: it may destroy us
    } else if (const auto* not_ready = std::get_if<NotReady>(&reply)) {
        log_.error("runner", "the runner cannot load its configuration", {{"reason", not_ready->errors}});
        if (const auto tell = events_.not_ready) tell(not_ready->errors);
    } else if (const auto* prepared = std::get_if<ReloadPrepared>(&reply)) {
        prepared_restarts_ = prepared->restarts_runner;
        if (auto done_once = std::exchange(prepare_done_, nullptr)) done_once(ReloadAnswer{prepared->digest, prepared->restarts_runner});
    } else if (const auto* failed = std::get_if<ReloadFailed>(&reply)) {
        if (auto done_once = std::exchange(prepare_done_, nullptr)) done_once(fail(Errc::invalid, failed->errors));
    } else if (std::holds_alternative<ReloadCommitted>(reply)) {
        if (auto done_once = std::exchange(commit_done_, nullptr)) done_once(Result<void>());
    }
}

void RunnerClient::Impl::runner_lost() {
    if (!runner_) return;
    if (paused_) log_.info("runner", "ended, a new one is started");
    else log_.error("runner", "died, a new one is started", {{"running", in_flight_.size()}});
    ++counters_.restarts;
    runner_watch_.reset();
    runner_.reset();
    ready_ = false;
    counters_.pid = 0;
    end_in_flight(Verdict::runner_died, "runner died while ", " ran");
    fail_reload(gone());
    expect_runner();
    later([this] { stop_step(); });
}

// Until the next runner is ready, nothing waits longer than kRunnerAway.
void RunnerClient::Impl::expect_runner() {
    away_.expires_after(kRunnerAway);
    away_.async_wait([self = weak_from_this()](const auto& error) {
        const auto impl = self.lock();
        if (error || !impl || impl->closed_ || impl->ready_) return;
        impl->fail_waiting(refused(Refusal::unavailable, "the runner is not there"));
        impl->expect_runner();
    });
}

bool RunnerClient::Impl::send(const Request& request) {
    if (!runner_) return false;
    const auto bytes = encode(request);
    EP_ASSERT(bytes.has_value());  // only a RunCommand can be too large
    if (!runner_->send(*bytes)) {
        later([this] { runner_lost(); });
        return false;
    }
    pump();
    return true;
}

// --- Reload -----------------------------------------------------------------------

void RunnerClient::Impl::prepare_reload(std::function<void(Result<ReloadAnswer>)> done) {
    if (!ready_ || prepare_done_ || commit_done_) return later([done = std::move(done)] { done(gone()); });
    prepare_done_ = std::move(done);
    send(PrepareReload{});
}

void RunnerClient::Impl::commit_reload(std::function<void(Result<void>)> done) {
    if (!ready_ || prepare_done_ || commit_done_) return later([done = std::move(done)] { done(gone()); });
    commit_done_ = std::move(done);
    // A runner that is to be replaced finishes what it has and gets nothing new.
    if (std::exchange(prepared_restarts_, false)) paused_ = true;
    send(CommitReload{});
}

void RunnerClient::Impl::abort_reload() {
    prepared_restarts_ = false;
    send(AbortReload{});
}

void RunnerClient::Impl::fail_reload(const Error& error) {
    if (auto done = std::exchange(prepare_done_, nullptr)) later([done = std::move(done), error] { done(error); });
    if (auto done = std::exchange(commit_done_, nullptr)) later([done = std::move(done), error] { done(error); });
}

void RunnerClient::Impl::configure(ClientConfig config) {
    config_ = config;
    pump();
}

// --- The starter ------------------------------------------------------------------

void RunnerClient::Impl::restart_runner() {
    restart_asked_ = true;
    pump();
}

void RunnerClient::Impl::open_settings(std::function<void(Result<UniqueFd>)> done) {
    settings_asked_.push_back(std::move(done));
    if (!ask_starter(kAskSettings)) later([this] { starter_lost("it cannot be reached"); });
}

bool RunnerClient::Impl::ask_starter(char what) { return starter_ && send_packet(starter_.get(), std::string_view(&what, 1)).has_value(); }

void RunnerClient::Impl::starter_readable() {
    const auto keep = shared_from_this();
    auto packet = receive_packet(starter_.get(), starter_buffer_, 1);
    if (!packet) return starter_lost(packet.error().text);
    if (packet->state == Packet::State::closed) return starter_lost("its socket closed");
    if (packet->state == Packet::State::packet) starter_packet(std::move(*packet));
}

void RunnerClient::Impl::starter_packet(Packet packet) {
    const char what = packet.bytes.front();
    if (what == kTellRunner && packet.fds.size() == 1) return runner_connected(std::move(packet.fds.front()));
    if (what != kTellSettings && what != kTellNoSettings) return starter_lost("it sent what it never sends");
    if (settings_asked_.empty()) return;
    const auto done = std::move(settings_asked_.front());
    settings_asked_.erase(settings_asked_.begin());
    if (what == kTellSettings && packet.fds.size() == 1) return done(std::move(packet.fds.front()));
    const auto code = packet.bytes.size() > 1 ? static_cast<Errc>(packet.bytes[1]) : Errc::io;
    done(fail(code, std::string(packet.bytes.substr(std::min<std::size_t>(2, packet.bytes.size())))));
}

void RunnerClient::Impl::starter_lost(const std::string& why) {
    if (!starter_) return;
    log_.error("runner", "the starter is gone", {{"reason", why}});
    starter_watch_.reset();
    starter_.reset();
    for (auto& done : std::exchange(settings_asked_, {})) later([done = std::move(done)] { done(gone()); });
    if (events_.starter_gone) later([tell = events_.starter_gone] { tell(); });
}

RunnerCounters RunnerClient::Impl::counters() const {
    RunnerCounters counters = counters_;
    counters.running = in_flight_.size();
    counters.queued = waiting_.size();
    counters.connected = ready_;
    return counters;
}

// --- The end ----------------------------------------------------------------------

void RunnerClient::Impl::stop(std::function<void()> done) {
    if (stop_ != Stop::no) return;
    stop_ = Stop::patient;
    stop_done_ = std::move(done);
    Outcome outcome;
    outcome.verdict = Verdict::cancelled;
    fail_waiting(outcome);
    stop_timer_.expires_after(kStopPatience);
    stop_timer_.async_wait([self = weak_from_this()](const auto& error) {
        const auto impl = self.lock();
        if (error || !impl || impl->closed_ || impl->stop_ != Stop::patient) return;
        impl->stop_ = Stop::cancelling;
        for (const auto& [id, run] : impl->in_flight_)
            if (impl->runner_) impl->runner_->send(*encode(Request(Cancel{id})));
        impl->stop_timer_.expires_after(kCancelPatience);
        impl->stop_timer_.async_wait([self](const auto& late) {
            const auto still = self.lock();
            if (late || !still || still->closed_ || still->stop_ != Stop::cancelling) return;
            still->end_in_flight(Verdict::cancelled, "", " did not end");
            still->stop_step();
        });
    });
    later([this] { stop_step(); });
}

void RunnerClient::Impl::stop_step() {
    if (closed_ || stop_ == Stop::no || stop_ == Stop::done || !in_flight_.empty()) return;
    stop_ = Stop::done;
    // Behind the outcomes that are still on their way to their owners.
    later([this] { finish_stop(); });
}

void RunnerClient::Impl::finish_stop() {
    const auto keep = shared_from_this();
    const auto done = std::move(stop_done_);
    close();
    if (done) done();
}

}  // namespace endpointd::exec
