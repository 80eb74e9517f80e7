#pragma once
// A daemon that is none: the real admin server over a real socket, a real store
// and catalog, and a backend whose answers a test sets. Runs its io_context in a
// thread of its own; everything is gone when it is destroyed.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "admin/backend.hpp"
#include "admin/server.hpp"
#include "base/log.hpp"
#include "catalog/catalog.hpp"
#include "policy/plan.hpp"
#include "store/store_thread.hpp"

namespace endpointd::test {

// A fresh directory, removed with all that is in it.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

class FakeBackend final : public admin::Backend {
public:
    json::Value status() const override { return status_answer; }
    admin::Health health() const override { return health_answer; }
    std::optional<json::Value> caps(const std::optional<std::string>& parent) const override;
    Result<json::Value> caps_check(const admin::CapsQuestion& question) const override;
    void grant_lease(admin::LeaseWish wish, const admin::Caller& caller, LeaseDone done) override;
    void revoke_lease(std::uint64_t id, const admin::Caller& caller, LeaseDone done) override;
    std::shared_ptr<const catalog::Catalog> catalog() const override { return catalog_in_force; }
    std::shared_ptr<const policy::Plan> plan() const override { return plan_in_force; }
    json::Value check_view(const std::string&) const override { return check_state; }
    Result<void> control_check(const admin::CheckWish& check, const admin::Caller&) override {
        check_wishes.push_back(check);
        return check_answer;
    }
    Duration command_timeout() const override { return std::chrono::seconds(60); }
    store::StoreThread& store() override { return *audit; }
    void run_command(const std::string& name, json::Object parameters, const admin::Caller& caller, RunDone done) override;
    void reload(const admin::Caller& caller, ReloadDone done) override;

    // Answers the run that is held.
    void release(const json::Value& answer);

    // Set before the first request.
    json::Value status_answer;
    admin::Health health_answer;
    json::Value check_state;
    Result<void> check_answer;
    std::vector<admin::CheckWish> check_wishes;
    json::Value caps_answer;
    bool allow = true;
    Result<json::Value> lease_answer;  // to granting and revoking
    Result<json::Value> run_answer;
    bool hold_runs = false;  // never answers a run
    admin::ReloadAnswer reload_answer;
    std::shared_ptr<const catalog::Catalog> catalog_in_force;
    std::shared_ptr<const policy::Plan> plan_in_force = std::make_shared<const policy::Plan>();
    std::unique_ptr<store::StoreThread> audit;

    // What was asked; read them after the answer came.
    mutable admin::CapsQuestion asked;
    admin::LeaseWish wish;
    std::uint64_t revoked = 0;
    std::string run_name;
    json::Object run_parameters;
    admin::Caller caller;
    RunDone held;
};

class FakeDaemon {
public:
    // `adjust` changes the server's limits; the socket's path is set already.
    explicit FakeDaemon(const std::function<void(admin::ServerConfig&)>& adjust = {});
    ~FakeDaemon();

    FakeBackend backend;  // set answers before start()
    void start();
    // Stops the server; false: it did not end.
    bool stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

    const std::string& socket() const noexcept { return config_.socket_path; }
    std::string run_directory() const { return directory_.path() + "/run"; }
    std::string state_directory() const { return directory_.path() + "/state"; }
    std::string config_directory() const { return directory_.path() + "/etc"; }

    // Waits for the record to be committed; its id.
    std::uint64_t record(store::AuditEntry entry);
    // Runs on the io_context's thread and waits for it.
    void on_loop(const std::function<void()>& action);
    admin::Server& server() noexcept { return *server_; }

private:
    struct Loop;
    TemporaryDirectory directory_;
    admin::ServerConfig config_;
    SystemClock clock_;
    Log log_;
    std::unique_ptr<Loop> loop_;
    std::unique_ptr<admin::Server> server_;
    std::thread thread_;
    bool stopped_ = false;
};

// An entry as the daemon writes one for a command outside the catalog.
store::AuditEntry denied_command(const std::string& command);

}  // namespace endpointd::test
