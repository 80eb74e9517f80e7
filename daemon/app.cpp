#include "app.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "app_impl.hpp"
#include "files/digest.hpp"
#include "service_notify.hpp"

namespace endpointd {

namespace asio = boost::asio;

namespace {
// What accept loops get to end; they wait for nothing.
constexpr std::chrono::milliseconds kLoopsPatience{500};
// What an admin answer under way gets.
constexpr std::chrono::milliseconds kAdminGrace{1000};
// What the first plan may take until the service manager gives up: two evaluations, the second without what parents pushed.
constexpr std::chrono::microseconds kFirstPlan = std::chrono::seconds(180);
// Downtimes and comments end, a store that failed is tried again, and leases are held to a
// clock that was set, this often.
constexpr std::chrono::seconds kTick{30};
// What is due and cannot end yet, while a plan is made, is not looked at more often.
constexpr std::chrono::seconds kLeastTick{1};
}  // namespace

App::App(Directories directories, ConfigurationSource source, Configuration configuration, Confinement confinement,
         exec::StarterHandle starter, const Clock& clock, Log& log)
    : impl_(std::make_unique<Impl>(std::move(directories), std::move(source), std::move(configuration), std::move(confinement),
                                   std::move(starter), clock, log)) {}
App::~App() = default;
int App::run() { return impl_->run(); }

App::Impl::Impl(Directories directories, ConfigurationSource source, Configuration configuration, Confinement confinement,
                exec::StarterHandle starter, const Clock& clock, Log& log)
    : directories_(std::move(directories)),
      source_(std::move(source)),
      configuration_(std::move(configuration)),
      confinement_(std::move(confinement)),
      starter_(std::move(starter)),
      clock_(clock),
      log_(log),
      started_(clock.steady()),
      tasks_(io_.get_executor(), [this](std::string_view task, std::string_view what) {
          log_.error("daemon", "a task failed", {{"task", task}, {"why", what}});
      }) {}

int App::Impl::run() {
    if (!start_store() || !start_config_worker()) return 2;
    start_runner_client(std::move(starter_.fd));
    dispatcher_ = std::make_unique<cluster::Dispatcher>(services());
    dispatcher_->config().load(store_->take_wanted());
    dispatcher_->scheduling().load(store_->take_states());
    start_leases();
    peers_ = std::make_unique<cluster::Peers>(io_.get_executor(), *dispatcher_, clock_, log_);
    start_outbound();
    apply_rules();
    follow_audit();
    wait_for_signals();
    tick_at(clock_.steady() + kTick);
    tick_outbound();
    // Serving begins when the runner has loaded the same catalog: see runner_ready().
    io_.run();
    dispatcher_->scheduling().stop();
    notify_service_manager("STOPPING=1");
    config_worker_->stop();
    outbound_->stop();
    if (store_) store_->stop();
    log_.info("daemon", "stopped", {{"status", exit_status_}});
    return exit_status_;
}

bool App::Impl::start_store() {
    store::StoreThread::Options options;
    options.state_directory = store_directory(directories_);
    options.audit_max_age = configuration_.settings.audit.max_age;
    options.audit_max_size = configuration_.settings.audit.max_size;
    auto store = store::StoreThread::start(std::move(options), clock_, log_,
                                           [this](std::function<void()> work) { asio::post(io_, std::move(work)); });
    if (!store) {
        log_.error("store", "cannot start", {{"why", store.error().text}});
        return false;
    }
    store_ = std::move(*store);
    return true;
}

bool App::Impl::start_config_worker() {
    const auto make = []() -> cluster::ConfigWorker::Evaluate {
        return [planner = std::make_shared<policy::Planner>()](const policy::Wanted& wanted, const policy::World& world,
                                                               const dsl::Limits& limits) { return planner->plan(wanted, world, limits); };
    };
    auto worker = cluster::ConfigWorker::start(
        make, clock_, [this](std::function<void()> work) { asio::post(io_, std::move(work)); },
        [this](const cluster::EvaluationResult& result) { dispatcher_->config().planned(result); });
    if (!worker) {
        log_.error("config", "cannot start", {{"why", worker.error().text}});
        return false;
    }
    config_worker_ = std::move(*worker);
    return true;
}

// At `latest`, or when a parent's pause ends before that.
void App::Impl::tick_at(SteadyTime latest) {
    SteadyTime at = latest;
    if (const auto end = dispatcher_->config().next_end_of_pause()) {
        const std::chrono::duration<double> left(std::min(*end - to_unix(clock_.wall()), std::chrono::duration<double>(kTick).count()));
        at = std::min(at, clock_.steady() + std::max<SteadyTime::duration>(std::chrono::ceil<SteadyTime::duration>(left), kLeastTick));
    }
    tick_timer_.expires_at(at);
    tick_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error || stopping_) return;
        dispatcher_->config().tick();
        leases_->tick();
        tick_at(clock_.steady() + kTick);
    });
}

void App::Impl::start_outbound() {
    cluster::OutboundParts parts{clock_,
                                 log_,
                                 [this](const std::string& endpoint, std::string_view payload) { return peers_->hand(endpoint, payload); },
                                 [this](std::shared_ptr<const std::vector<store::OutboxMessage>> messages, std::uint64_t most_bytes,
                                        std::function<void(Result<store::OutboxSize>)> done) {
                                     store_->append_outbox(std::move(messages), most_bytes, std::move(done));
                                 },
                                 [this](store::OutboxMark after, std::function<void(Result<std::vector<store::OutboxMessage>>)> done) {
                                     store_->read_outbox(after, std::move(done));
                                 },
                                 [this](store::OutboxSettlement settlement, std::function<void(Result<store::OutboxSize>)> done) {
                                     store_->settle_outbox(std::move(settlement), std::move(done));
                                 },
                                 [this] { return peers_->remote_positions(); },
                                 [this] { flush_outbound_soon(); }};
    outbound_ = std::make_unique<cluster::Outbound>(std::move(parts), store_->opened_outbox());
    peers_->load(store_->opened_outbox().remote);
    peers_->set_hooks({[this](const std::string& endpoint) { outbound_->opened(endpoint); },
                       [this](const std::string& endpoint) { outbound_->room(endpoint); },
                       [this](const std::string& endpoint) { outbound_->closed(endpoint); }});
}

void App::Impl::flush_outbound_soon() {
    flush_timer_.expires_after(cluster::kOutboundWait);
    flush_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !stopping_) outbound_->flush();
    });
}

void App::Impl::tick_outbound() {
    outbound_timer_.expires_after(cluster::kOutboundTick);
    outbound_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error || stopping_) return;
        outbound_->tick();
        tick_outbound();
    });
}

void App::Impl::start_runner_client(UniqueFd starter) {
    exec::ClientEvents events;
    events.ready = [this](const std::string& digest) { runner_ready(digest); };
    events.not_ready = [this](const std::string& errors) {
        if (!serving_) return fail_start("runner", "it could not load its configuration: " + errors);
        log_.error("runner", "started anew and could not load its configuration", {{"why", errors}});
    };
    events.starter_gone = [this] {
        if (stopping_) return;
        log_.error("daemon", "the starter is gone: no command can be run any more");
        stop(1);
    };
    const exec::ClientConfig config{configuration_.settings.runner.max_concurrent, configuration_.settings.runner.queue};
    runner_ = std::make_unique<exec::RunnerClient>(io_, log_, clock_, std::move(starter), config, std::move(events));
}

std::string App::Impl::digest() const { return files::sha256_hex(configuration_.catalog->canonical_text()); }

void App::Impl::runner_ready(const std::string& digest) {
    if (stopping_) return;
    if (digest == this->digest()) {
        if (!serving_ && !start_serving()) stop(2);
        return;
    }
    // catalog.d changed between the two loads, or under a runner that was started anew.
    if (!serving_) return fail_start("runner", "catalog.d changed while the daemon started; start it again");
    log_.warning("runner", "started anew with a catalog that differs from ours; reloading");
    reload_by("the new runner", [](admin::ReloadAnswer) {});
}

void App::Impl::fail_start(std::string_view area, const std::string& why) {
    log_.error(area, "cannot start", {{"why", why}});
    stop(2);
}

bool App::Impl::start_serving() {
    const settings::Settings& settings = configuration_.settings;
    if (settings.listen.enabled && !listen(settings.listen)) return false;
    admin::ServerConfig config;
    config.socket_path = admin_socket(directories_, settings);
    config.group = settings.admin.group;
    config.no_descendants_of = starter_.pid;
    auto admin = admin::Server::open(io_, config, *this, log_);
    if (!admin) {
        log_.error("admin", "cannot start", {{"why", admin.error().text}});
        return false;
    }
    admin_ = std::move(*admin);
    if (const auto forbidden = exec::forbid_listening(confinement_.holds); !forbidden) {
        log_.error("confinement", "cannot start", {{"why", forbidden.error().text}});
        return false;
    }
    peers_->configure(peers_config());
    admin_->start();
    serving_ = true;
    if (!plan_) notify_service_manager("STATUS=Evaluating the configuration\nEXTEND_TIMEOUT_USEC=" + std::to_string(kFirstPlan.count()));
    begin_work();
    return true;
}

// Not before the first plan: a parent sends at once what it kept for us, and would take for done what came to an object that
// is not known yet.
void App::Impl::begin_work() {
    if (working_ || !serving_ || !plan_ || stopping_) return;
    working_ = true;
    peers_->start();
    if (listener_) listener_->start(tasks_, [this](net::Accepted accepted) { peers_->accept(std::move(accepted)); });
    dispatcher_->scheduling().start();
    log_.info("daemon", "ready",
              {{"node", configuration_.settings.node.name}, {"zone", configuration_.topology->local_zone().name}, {"version", kVersion}});
    notify_service_manager("READY=1\nSTATUS=");
}

cluster::PeersConfig App::Impl::peers_config() {
    const settings::Settings& settings = configuration_.settings;
    cluster::PeersConfig peers;
    peers.topology = configuration_.topology;
    peers.contexts = configuration_.contexts;
    peers.message_size = settings.limits.message_size;
    peers.connect_timeout = settings.connect.timeout;
    peers.reconnect_min = settings.connect.reconnect_min;
    peers.reconnect_max = settings.connect.reconnect_max;
    peers.min_answer = settings.limits.min_answer;
    peers.cannot_connect = [this] { note_lost_files(); };
    return peers;
}

// Said once: a name that can no longer be resolved is tried again every minute.
void App::Impl::note_lost_files() {
    if (lost_files_noted_) return;
    for (const std::string& path : lost_files(confinement_)) {
        lost_files_noted_ = true;
        log_.warning("confinement", "a file was replaced, and the confined daemon cannot read the new one: restart endpointd",
                     {{"file", path}});
    }
}

bool App::Impl::listen(const settings::Listen& where) {
    net::ListenAddresses addresses;
    addresses.addresses = where.addresses;
    addresses.port = static_cast<std::uint16_t>(where.port);
    addresses.skip_missing_families = where.default_addresses;
    auto listener = net::Listener::open(io_.get_executor(), addresses, log_, clock_);
    if (!listener) {
        log_.error("net", "cannot listen", {{"why", listener.error().text}});
        return false;
    }
    listener_ = std::move(*listener);
    for (const auto& endpoint : listener_->endpoints())
        log_.info("net", "listening", {{"address", endpoint.address().to_string()}, {"port", static_cast<unsigned>(endpoint.port())}});
    return true;
}

void App::Impl::wait_for_signals() {
    boost::system::error_code ignored;
    for (const int signal : {SIGHUP, SIGTERM, SIGINT}) signals_.add(signal, ignored);
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        if (signal == SIGHUP) reload_by("SIGHUP", [](admin::ReloadAnswer) {});
        else stop(0);
        wait_for_signals();
    });
}

void App::Impl::stop(int status) {
    if (stopping_) return;
    stopping_ = true;
    exit_status_ = status;
    log_.info("daemon", "stopping");
    // In the order of the way in: no new connections and requests, then what runs
    // ends and its results go out, then goodbye to the parents.
    dispatcher_->scheduling().stop();
    if (listener_) listener_->close();
    tasks_.request_stop();
    if (leases_) leases_->keep_all();
    const auto after_runner = [this] {
        asio::co_spawn(
            io_,
            [this]() -> asio::awaitable<void> {
                co_await peers_->stop();
                co_await tasks_.stop(kLoopsPatience);
                signals_.cancel();
                runner_.reset();  // runner and starter end with their socket
                // A name that is being resolved would keep us for as long as DNS is dead.
                io_.stop();
            },
            asio::detached);
    };
    const auto after_admin = [this, after_runner] { runner_->stop(after_runner); };
    if (admin_) admin_->stop(kAdminGrace, after_admin);
    else after_admin();
}

}  // namespace endpointd
