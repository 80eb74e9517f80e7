#pragma once
// A starter, a runner and a client in a directory of their own, with a catalog
// that a test fills. Everything ends with the fixture.

#include <gtest/gtest.h>
#include <sys/types.h>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "exec/client.hpp"
#include "exec/starter.hpp"
#include "temporary_directory.hpp"

namespace endpointd::exec {

// Only to fail a test that hangs.
inline constexpr std::chrono::seconds kPatience{60};

class RunnerFixture : public testing::Test {
protected:
    RunnerFixture();
    ~RunnerFixture() override;

    bool is_root() const;
    // The user that commands without run_as run as.
    uid_t daemon_uid() const;

    // The runner's own record.
    std::string record_path() const { return directory_.path() + "/state/runner/record.jsonl"; }
    // A directory that plugins may write, once their entry's sandbox says so.
    std::string scratch() const { return directory_.path() + "/scratch"; }
    // Copies one of the plugins in tests/unit/exec/plugins and returns its path.
    std::string plugin(const std::string& name);
    // An entry of kind check with these further members ("\"timeout\": \"1s\"").
    void add_command(const std::string& name, const std::string& path, const std::string& members = "");
    // One that runs the plugin of its own name.
    void add_plugin(const std::string& name, const std::string& members = "") { add_command(name, plugin(name), members); }
    void write_catalog(const std::string& file, const std::string& text) { directory_.write("config/catalog.d/" + file, text); }
    void settings(const std::string& json) { directory_.write("config/endpointd.json", json); }

    StarterConfig starter_config() const;
    // Starts everything and waits until the runner is ready.
    void start(ClientConfig config = {});
    // Runs the io_context until `done`; the test fails after a generous while.
    void run_until(const std::function<bool()>& done, std::chrono::seconds patience = kPatience);
    Outcome run(const std::string& command, json::Object parameters = {}, Duration timeout = Duration(0), RunKind kind = RunKind::check);
    void stop();

    // Processes that carry this fixture's mark in their environment.
    std::vector<pid_t> plugins_left() const;
    // Waits until there are none.
    testing::AssertionResult all_gone();
    std::vector<pid_t> spawners() const;
    // No plugin, no orphan and no zombie below the runner: only its launcher and spawners.
    bool nothing_but_spawners() const;
    pid_t runner_pid() const { return client_->counters().pid; }

    files::TemporaryDirectory directory_;
    boost::asio::io_context io_;
    SystemClock clock_;
    Log log_;
    std::unique_ptr<RunnerClient> client_;
    pid_t starter_ = 0;
    std::string digest_;
    int ready_ = 0;
    std::optional<std::string> not_ready_;
    bool starter_gone_ = false;
};

// Direct children of a process.
std::vector<pid_t> children_of(pid_t parent);
bool exists(pid_t pid);  // a zombie does not count

}  // namespace endpointd::exec
