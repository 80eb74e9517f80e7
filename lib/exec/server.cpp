#include "exec/server.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "exec/exit_status.hpp"

namespace endpointd::exec {
namespace {

// Events taken from the kernel at once.
constexpr int kBatch = 64;
// Requests read before the processes get their turn again.
constexpr int kRequestsAtOnce = 64;

// What stands for a descriptor in epoll: never a pointer, since an event may
// arrive for something that an earlier event of the same batch has ended.
constexpr unsigned kWatchedBits = 3;

std::uint64_t token_of(Watched what, std::uint64_t id) { return (id << kWatchedBits) | static_cast<std::uint64_t>(what); }

RunnerLimits bounded(RunnerLimits limits) {
    limits.max_output = std::min(limits.max_output, kOutputCeiling);
    limits.max_concurrent = std::max<std::size_t>(limits.max_concurrent, 1);
    return limits;
}

}  // namespace

// Everything the runner does for a daemon. `during`: in which state of a reload it
// may be asked; anything else there is a mistake of the daemon's and is ignored.
struct Server::Entry {
    enum class During { always, no_reload, prepared } during;
    void (Server::*handler)(Request&);
};

// In the order of the alternatives of Request.
const std::array<Server::Entry, 6> Server::kTable{{
    {Entry::During::always, &Server::run},
    {Entry::During::always, &Server::cancel},
    {Entry::During::no_reload, &Server::prepare_reload},
    {Entry::During::prepared, &Server::commit_reload},
    {Entry::During::prepared, &Server::abort_reload},
    {Entry::During::always, &Server::status},
}};
static_assert(std::variant_size_v<Request> == 6);

Server::Server(const Log& log, const Clock& clock, LauncherClient& launcher, Record& record, ServerConfig config, LoadedRunner loaded)
    : log_(log),
      clock_(clock),
      launcher_(launcher),
      record_(record),
      config_(std::move(config)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      client_(std::move(config_.client), kRequestBytes),
      runs_(log, clock, launcher, record, config_.self,
            {[this](std::uint64_t id, Outcome outcome, bool patient) {
                 const Done done{id, std::move(outcome)};
                 if (patient) keep(encode(done));
                 else reply(done);
             },
             [this](int fd, Watched what, std::uint64_t id, Interest interest) { watch(fd, what, id, interest); }}),
      identities_(loaded.identities) {
    EP_ASSERT(epoll_);
    apply(std::move(loaded));
    record_.started(digest_);
    update_client_interest();
    watch(launcher_.fd(), Watched::launcher, 0, {});
    reply(Ready{::getpid(), digest_, config_.confinement});
}

Server::~Server() = default;

int Server::serve() {
    std::array<epoll_event, kBatch> events;
    while (!closed_) {
        if (leaving_ && runs_.running() == 0 && runs_.waiting() == 0) {
            send_kept();
            if (!client_.waiting()) {
                runs_.kill_all();
                return kRestartStatus;
            }
            update_client_interest();
        }
        const int count = ::epoll_wait(epoll_.get(), events.data(), kBatch, wait_milliseconds());
        EP_ASSERT(count >= 0 || errno == EINTR);
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            const std::uint64_t id = event.data.u64 >> kWatchedBits;
            switch (static_cast<Watched>(event.data.u64 & ((1U << kWatchedBits) - 1))) {
                case Watched::client:
                    if ((event.events & EPOLLOUT) != 0 && !client_.flush()) closed_ = true;
                    if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read_requests();
                    break;
                case Watched::spawner:
                    runs_.spawner_ready(id, (event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0, (event.events & EPOLLOUT) != 0);
                    break;
                case Watched::output:
                    runs_.output_ready(id);
                    break;
                case Watched::process:
                    runs_.process_ended(id);
                    break;
                case Watched::launcher:
                    launcher_.check();
                    break;
            }
        }
        runs_.tick();
        if (!kept_.empty() && clock_.steady() >= kept_until_) send_kept();
        update_client_interest();
        if (launcher_.gone()) {
            // Nothing can be started any more; the starter starts both anew.
            log_.error("runner", "the launcher is gone: ending");
            break;
        }
    }
    runs_.kill_all();
    return 0;
}

void Server::read_requests() {
    for (int i = 0; i < kRequestsAtOnce && !closed_; ++i) {
        auto received = client_.receive();
        if (received && received->state == Channel::Received::State::nothing) return;
        if (!received || received->state == Channel::Received::State::closed) {
            if (!received) log_.error("runner", "cannot read from the daemon", {{"reason", received.error().text}});
            closed_ = true;
            return;
        }
        auto request = decode_request(received->message.bytes);
        if (!request) {
            // Our own daemon never sends that. Whoever does is not it any more.
            log_.error("runner", "a request that cannot be read: ending", {{"reason", request.error().text}});
            closed_ = true;
            return;
        }
        handle(std::move(*request));
    }
}

void Server::handle(Request request) {
    const Entry& entry = kTable[request.index()];
    const bool prepared = reload_ == Reload::prepared;
    const bool allowed = entry.during == Entry::During::always || (entry.during == Entry::During::prepared) == prepared;
    if (!allowed) {
        log_.warning("runner", "a request out of order was ignored", {{"request", request.index()}});
        return;
    }
    (this->*entry.handler)(request);
}

void Server::run(Request& request) {
    RunCommand& run = std::get<RunCommand>(request);
    // Beyond this an id would not fit beside its kind in epoll's token.
    if ((run.id << kWatchedBits) >> kWatchedBits != run.id) return reply(Done{run.id, refused(Refusal::malformed, "an id out of range")});
    if (leaving_) return reply(Done{run.id, refused(Refusal::unavailable, "the runner is being started anew")});
    runs_.start(run.id, std::move(run.request));
}

void Server::cancel(Request& request) { runs_.cancel(std::get<Cancel>(request).id); }

void Server::prepare_reload(Request&) {
    auto loaded = config_.load();
    if (!loaded) return reply(ReloadFailed{loaded.error().text});
    prepared_ = std::move(*loaded);
    reload_ = Reload::prepared;
    reply(ReloadPrepared{prepared_->digest, !(prepared_->identities == identities_)});
}

void Server::commit_reload(Request&) {
    reload_ = Reload::none;
    // Who a spawner may be, and whether rights may be gained, was settled once: other users
    // (or the end of a need for root) take new processes.
    if (!(prepared_->identities == identities_)) leaving_ = true;
    else {
        apply(std::move(*prepared_));
        record_.switched(digest_);
    }
    prepared_.reset();
    reply(ReloadCommitted{});
}

void Server::abort_reload(Request&) {
    reload_ = Reload::none;
    prepared_.reset();
}

void Server::status(Request&) {
    reply(Status{::getpid(), digest_, static_cast<std::uint32_t>(runs_.running()), static_cast<std::uint32_t>(runs_.waiting()),
                 static_cast<std::uint32_t>(runs_.spawners())});
}

void Server::apply(LoadedRunner loaded) {
    digest_ = loaded.digest;
    loaded.limits = bounded(loaded.limits);
    runs_.use(std::move(loaded));
}

// In the order in which they became known, those that were kept first.
void Server::reply(const Reply& reply) {
    send_kept();
    if (!closed_ && !client_.send(encode(reply))) closed_ = true;
}

void Server::keep(std::string answer) {
    if (kept_.empty()) kept_until_ = clock_.steady() + kAnswersTogether;
    kept_bytes_ += answer.size();
    kept_.push_back(std::move(answer));
    if (kept_bytes_ >= kAnswersKept) send_kept();
}

void Server::send_kept() {
    for (const std::string& answer : kept_)
        if (!closed_ && !client_.send(answer)) closed_ = true;
    kept_.clear();
    kept_bytes_ = 0;
}

void Server::update_client_interest() {
    std::uint32_t wanted = client_.waiting_bytes() < kUnreadReplies ? EPOLLIN : 0U;
    if (client_.waiting()) wanted |= EPOLLOUT;
    if (wanted == client_interest_) return;
    epoll_event event{};
    event.events = wanted;
    event.data.u64 = token_of(Watched::client, 0);
    EP_ASSERT(::epoll_ctl(epoll_.get(), client_interest_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, client_.fd(), &event) == 0);
    client_interest_ = wanted;
}

void Server::watch(int fd, Watched what, std::uint64_t id, Interest interest) {
    epoll_event event{};
    event.events = (interest.readable ? EPOLLIN : 0U) | (interest.writable ? EPOLLOUT : 0U);
    event.data.u64 = token_of(what, id);
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return;
    EP_ASSERT(errno == EEXIST && ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

int Server::wait_milliseconds() const {
    auto next = runs_.next();
    if (!kept_.empty() && (!next || kept_until_ < *next)) next = kept_until_;
    if (!next) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - clock_.steady()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

}  // namespace endpointd::exec
