#pragma once
// The parts of the App and how they hang together; shared by app.cpp (start and
// stop), reload.cpp, leases.cpp and backend.cpp (what the admin API sees), and by nothing else.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>

#include "admin/backend.hpp"
#include "admin/server.hpp"
#include "app.hpp"
#include "cluster/config_worker.hpp"
#include "cluster/dispatch.hpp"
#include "cluster/leases.hpp"
#include "cluster/outbound.hpp"
#include "cluster/peers.hpp"
#include "exec/client.hpp"
#include "net/listener.hpp"
#include "net/task_group.hpp"
#include "policy/plan.hpp"
#include "policy/usage.hpp"
#include "store/store_thread.hpp"

namespace endpointd {

class App::Impl final : public admin::Backend {
public:
    Impl(Directories directories, ConfigurationSource source, Configuration configuration, Confinement confinement,
         exec::StarterHandle starter, const Clock& clock, Log& log);

    int run();

    // admin::Backend
    json::Value status() const override;
    admin::Health health() const override;
    std::optional<json::Value> caps(const std::optional<std::string>& parent) const override;
    Result<json::Value> caps_check(const admin::CapsQuestion& question) const override;
    void grant_lease(admin::LeaseWish wish, const admin::Caller& caller, LeaseDone done) override;
    void revoke_lease(std::uint64_t id, const admin::Caller& caller, LeaseDone done) override;
    std::shared_ptr<const catalog::Catalog> catalog() const override { return configuration_.catalog; }
    std::shared_ptr<const policy::Plan> plan() const override { return plan_; }
    json::Value check_view(const std::string& name) const override;
    Result<void> control_check(const admin::CheckWish& wish, const admin::Caller& caller) override;
    Duration command_timeout() const override { return configuration_.settings.runner.timeout; }
    store::StoreThread& store() override { return *store_; }
    void run_command(const std::string& name, json::Object parameters, const admin::Caller& caller, RunDone done) override;
    void reload(const admin::Caller& caller, ReloadDone done) override;

private:
    bool start_store();
    bool start_config_worker();
    void tick_at(SteadyTime latest);
    void start_outbound();
    void tick_outbound();
    void flush_outbound_soon();
    void start_leases();
    void await_end_of_lease();
    void start_runner_client(UniqueFd starter);
    void runner_ready(const std::string& digest);
    bool start_serving();
    void begin_work();
    bool listen(const settings::Listen& where);
    void wait_for_signals();
    void fail_start(std::string_view area, const std::string& why);
    void stop(int status);

    void reload_by(std::string by, ReloadDone done);
    void load_anew(const std::string& by, std::shared_ptr<const UniqueFd> settings);
    void switch_to(Configuration loaded);
    void finish_reload(const std::string& by, Findings findings, bool reloaded);
    void apply_rules();
    void follow_audit();
    cluster::PeersConfig peers_config();
    void note_lost_files();
    cluster::Services services();
    cluster::NodeHealth node_health() const;
    void publish(std::shared_ptr<const policy::Plan> plan);
    std::string digest() const;
    void wake_checks_at(SteadyTime at);

    Directories directories_;
    ConfigurationSource source_;
    Configuration configuration_;
    const Confinement confinement_;
    exec::StarterHandle starter_;
    const Clock& clock_;
    Log& log_;
    SteadyTime started_;

    boost::asio::io_context io_{1};
    boost::asio::signal_set signals_{io_};
    boost::asio::steady_timer stop_timer_{io_};
    boost::asio::steady_timer tick_timer_{io_};
    boost::asio::steady_timer check_timer_{io_};
    std::optional<SteadyTime> checks_wake_;  // when check_timer_ ends, while it is set
    boost::asio::steady_timer outbound_timer_{io_};
    boost::asio::steady_timer flush_timer_{io_};
    boost::asio::steady_timer lease_timer_{io_};
    policy::Usage usage_;
    // What is in force, and its numbers for `status`. Null until the first evaluation has ended.
    std::shared_ptr<const policy::Plan> plan_;
    std::size_t hosts_ = 0, services_planned_ = 0;
    std::unique_ptr<store::StoreThread> store_;
    std::unique_ptr<exec::RunnerClient> runner_;
    std::unique_ptr<cluster::ConfigWorker> config_worker_;
    std::unique_ptr<cluster::Leases> leases_;
    std::shared_ptr<const policy::Grants> grants_;  // of caps.d, and the leases
    std::unique_ptr<cluster::Dispatcher> dispatcher_;
    std::unique_ptr<cluster::Outbound> outbound_;
    std::unique_ptr<cluster::Peers> peers_;
    std::unique_ptr<net::Listener> listener_;
    std::unique_ptr<admin::Server> admin_;
    net::TaskGroup tasks_;

    std::optional<ReloadDone> reloading_;
    std::optional<std::uint64_t> syslog_;  // our subscription to the audit, while audit.syslog is on
    int exit_status_ = 0;
    bool serving_ = false;  // the operators
    bool working_ = false;  // with parents, and checks
    bool stopping_ = false;
    bool lost_files_noted_ = false;
};

}  // namespace endpointd
