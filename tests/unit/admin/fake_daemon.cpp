#include "fake_daemon.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace endpointd::test {
namespace {

constexpr char kCatalog[] = R"({ "commands": {
  "disk": { "kind": "check", "description": "Free space", "command": ["/usr/lib/nagios/plugins/check_disk"],
            "arguments": { "-w": "$disk_wfree$", "-p": { "value": "$disk_partitions$", "repeat_key": true } },
            "parameters": { "disk_wfree": { "pattern": "[0-9]{1,3}%", "default": "20%" },
                            "disk_partitions": { "type": "array", "items": { "pattern": "/[a-z/]*" } } } },
  "negate": { "kind": "check", "command": ["/p/negate", "$inner$"], "parameters": { "inner": { "type": "command-ref" } } }
} })";

std::shared_ptr<const catalog::Catalog> sample_catalog() {
    Findings findings;
    auto loaded =
        std::make_shared<const catalog::Catalog>(catalog::Catalog::load({{"catalog.d/10-test.json", "10-test.json", kCatalog}}, findings));
    for (const Finding& error : findings.errors) ADD_FAILURE() << error.message;
    return loaded;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
    path_ = testing::TempDir() + "epXXXXXX";
    if (!::mkdtemp(path_.data())) ADD_FAILURE() << "no temporary directory";
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::optional<json::Value> FakeBackend::caps(const std::optional<std::string>& parent) const {
    if (parent && *parent != "master1") return std::nullopt;
    return caps_answer;
}

Result<json::Value> FakeBackend::caps_check(const admin::CapsQuestion& question) const {
    asked = question;
    if (question.capability == "fly") return fail(Errc::invalid, "there is no capability 'fly'");
    return json::Value(json::Object{{"allowed", allow},
                                    {"capability", question.capability},
                                    {"reason", allow ? "ok" : "capability-denied"},
                                    {"source", allow ? json::Value("caps.d/10-web.json:4") : json::Value()}});
}

void FakeBackend::grant_lease(admin::LeaseWish asked_for, const admin::Caller& who, LeaseDone done) {
    wish = std::move(asked_for);
    caller = who;
    done(lease_answer);
}

void FakeBackend::revoke_lease(std::uint64_t id, const admin::Caller& who, LeaseDone done) {
    revoked = id;
    caller = who;
    done(lease_answer);
}

void FakeBackend::run_command(const std::string& name, json::Object parameters, const admin::Caller& who, RunDone done) {
    run_name = name;
    run_parameters = std::move(parameters);
    caller = who;
    if (hold_runs) {
        held = std::move(done);
    } else {
        done(run_answer);
    }
}

void FakeBackend::release(const json::Value& answer) { held(Result<json::Value>(answer)); }

void FakeBackend::reload(const admin::Caller& who, ReloadDone done) {
    caller = who;
    done(reload_answer);
}

struct FakeDaemon::Loop {
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{io.get_executor()};
};

FakeDaemon::FakeDaemon(const std::function<void(admin::ServerConfig&)>& adjust)
    : log_(clock_, STDERR_FILENO, "test"), loop_(std::make_unique<Loop>()) {
    for (const std::string& part : {run_directory(), state_directory(), state_directory() + "/store", config_directory()})
        ::mkdir(part.c_str(), 0700);
    config_.socket_path = run_directory() + "/admin.sock";
    if (adjust) adjust(config_);
    log_.configure(LogLevel::error, LogFormat::text);
    backend.catalog_in_force = sample_catalog();
    store::StoreThread::Options options;
    options.state_directory = state_directory() + "/store";
    Result<std::unique_ptr<store::StoreThread>> audit = store::StoreThread::start(
        options, clock_, log_, [this](std::function<void()> action) { boost::asio::post(loop_->io, std::move(action)); });
    if (!audit) {
        ADD_FAILURE() << audit.error().text;
    } else {
        backend.audit = std::move(*audit);
    }
}

void FakeDaemon::start() {
    Result<std::unique_ptr<admin::Server>> server = admin::Server::open(loop_->io, config_, backend, log_);
    if (!server) {
        ADD_FAILURE() << server.error().text;
        return;
    }
    server_ = std::move(*server);
    server_->start();
    thread_ = std::thread([this] { loop_->io.run(); });
}

void FakeDaemon::on_loop(const std::function<void()>& action) {
    std::promise<void> done;
    boost::asio::post(loop_->io, [&] {
        action();
        done.set_value();
    });
    done.get_future().wait();
}

bool FakeDaemon::stop(std::chrono::milliseconds grace) {
    auto ended = std::make_shared<std::promise<void>>();
    std::future<void> future = ended->get_future();
    on_loop([&] { server_->stop(grace, [ended] { ended->set_value(); }); });
    stopped_ = future.wait_for(std::chrono::seconds(60)) == std::future_status::ready;
    return stopped_;
}

FakeDaemon::~FakeDaemon() {
    if (server_ && !stopped_) stop(std::chrono::milliseconds(0));
    if (backend.audit) backend.audit->stop();
    loop_->guard.reset();
    loop_->io.stop();
    if (thread_.joinable()) thread_.join();
    server_.reset();
    // Coroutines and posted answers that were left go before what they refer to.
    loop_.reset();
    backend.audit.reset();
}

std::uint64_t FakeDaemon::record(store::AuditEntry entry) {
    std::promise<std::uint64_t> id;
    backend.audit->record(std::move(entry), [&](const Result<std::uint64_t>& result) {
        if (!result) ADD_FAILURE() << result.error().text;
        id.set_value(result ? *result : 0);
    });
    return id.get_future().get();
}

store::AuditEntry denied_command(const std::string& command) {
    store::AuditEntry entry;
    entry.parent = "master1";
    entry.zone = "master";
    entry.method = "event::ExecuteCommand";
    entry.object_type = "CheckCommand";
    entry.object_name = command;
    entry.decision = store::Decision::denied;
    entry.reason = store::Reason::unknown_command;
    entry.detail = "command '" + command + "' is not in the local catalog";
    entry.content = R"({"command":")" + command + R"("})";
    return entry;
}

}  // namespace endpointd::test
