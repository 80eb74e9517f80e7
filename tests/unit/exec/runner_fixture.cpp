#include "runner_fixture.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "base/unique_fd.hpp"

namespace endpointd::exec {
namespace {

namespace fs = std::filesystem;

// A user without anything of its own on every Debian.
constexpr uid_t kNobody = 65534;

std::string read_all(const std::string& path) {
    // Not a stream: one over /proc throws when the process ends between open and read.
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    char part[4096];
    for (ssize_t size = 0; file && (size = ::read(file.get(), part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(size));
    return text;
}

std::vector<pid_t> all_processes() {
    std::vector<pid_t> pids;
    for (const auto& entry : fs::directory_iterator("/proc", fs::directory_options::skip_permission_denied)) {
        const std::string name = entry.path().filename();
        if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) pids.push_back(std::stoi(name));
    }
    return pids;
}

// State and parent out of /proc/PID/stat.
std::pair<char, pid_t> state_of(pid_t pid) {
    const std::string stat = read_all("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t end = stat.rfind(')');
    if (end == std::string::npos) return {'X', 0};
    return {stat[end + 2], std::stoi(stat.substr(end + 4))};
}

}  // namespace

std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> children;
    for (const pid_t pid : all_processes())
        if (state_of(pid).second == parent) children.push_back(pid);
    return children;
}

bool exists(pid_t pid) {
    const char state = state_of(pid).first;
    return state != 'X' && state != 'Z';
}

RunnerFixture::RunnerFixture() : log_(clock_, STDERR_FILENO, "test") {
    for (const char* name : {"config/catalog.d", "state", "run", "plugins", "scratch"})
        fs::create_directories(directory_.path() + "/" + name);
    const uid_t owner = daemon_uid();
    for (const char* name : {"/state", "/scratch"})
        EXPECT_EQ(::chown((directory_.path() + name).c_str(), owner, is_root() ? kNobody : ::getegid()), 0);
}

RunnerFixture::~RunnerFixture() {
    client_.reset();
    if (starter_ > 0) ::waitpid(starter_, nullptr, 0);
    EXPECT_TRUE(plugins_left().empty()) << "processes were left behind";
}

bool RunnerFixture::is_root() const { return ::geteuid() == 0; }
uid_t RunnerFixture::daemon_uid() const { return is_root() ? kNobody : ::geteuid(); }

std::string RunnerFixture::plugin(const std::string& name) {
    return directory_.write("plugins/" + name, read_all(std::string(TEST_SOURCE_DIR) + "/tests/unit/exec/plugins/" + name), 0755);
}

void RunnerFixture::add_command(const std::string& name, const std::string& path, const std::string& members) {
    std::string text = "{ \"commands\": { \"" + name + "\": { \"kind\": \"check\", \"command\": [\"" + path + "\"]";
    if (members.find("\"env\"") == std::string::npos) text += ", \"env\": { \"FIXTURE\": \"" + directory_.path() + "\" }";
    if (!members.empty()) text += ", " + members;
    write_catalog(name + ".json", text + " } } }");
}

StarterConfig RunnerFixture::starter_config() const {
    return {directory_.path() + "/config",
            directory_.path() + "/state",
            directory_.path() + "/run",
            RUNNER_PATH,
            STARTER_PATH,
            is_root() ? std::optional<User>(User{"nobody", kNobody, kNobody}) : std::nullopt};
}

void RunnerFixture::start(ClientConfig config) {
    auto starter = fork_starter(starter_config());
    ASSERT_TRUE(starter.has_value()) << starter.error().text;
    starter_ = starter->pid;
    ClientEvents events;
    events.ready = [this](const std::string& digest) {
        digest_ = digest;
        ++ready_;
    };
    events.not_ready = [this](const std::string& errors) { not_ready_ = errors; };
    events.starter_gone = [this] { starter_gone_ = true; };
    client_ = std::make_unique<RunnerClient>(io_, log_, clock_, std::move(starter->fd), config, std::move(events));
    run_until([this] { return ready_ > 0 || not_ready_; });
}

void RunnerFixture::run_until(const std::function<bool()>& done, std::chrono::seconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!done()) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it never happened";
        io_.restart();
        io_.run_one_for(std::chrono::milliseconds(100));
    }
}

Outcome RunnerFixture::run(const std::string& command, json::Object parameters, Duration timeout, RunKind kind) {
    std::optional<Outcome> outcome;
    client_->run({command, kind, timeout, std::move(parameters)}, [&outcome](Outcome result) { outcome = std::move(result); });
    run_until([&outcome] { return outcome.has_value(); });
    return outcome.value_or(Outcome{});
}

void RunnerFixture::stop() {
    bool stopped = false;
    client_->stop([&stopped] { stopped = true; });
    run_until([&stopped] { return stopped; });
}

std::vector<pid_t> RunnerFixture::plugins_left() const {
    std::vector<pid_t> left;
    for (const pid_t pid : all_processes())
        if (exists(pid) && read_all("/proc/" + std::to_string(pid) + "/environ").find("FIXTURE=" + directory_.path()) != std::string::npos)
            left.push_back(pid);
    return left;
}

testing::AssertionResult RunnerFixture::all_gone() {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        const auto left = plugins_left();
        if (left.empty()) return testing::AssertionSuccess();
        if (std::chrono::steady_clock::now() > deadline)
            return testing::AssertionFailure() << left.size() << " are left, like " << left.front();
        // Nothing tells a stranger that a process is gone.
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

namespace {

std::vector<pid_t> children_named(pid_t parent, std::initializer_list<const char*> names) {
    std::vector<pid_t> found;
    for (const pid_t pid : children_of(parent)) {
        const std::string name = read_all("/proc/" + std::to_string(pid) + "/comm");
        if (std::find(names.begin(), names.end(), name) != names.end()) found.push_back(pid);
    }
    return found;
}

}  // namespace

std::vector<pid_t> RunnerFixture::spawners() const { return children_named(runner_pid(), {"endpointd-spawn\n"}); }

bool RunnerFixture::nothing_but_spawners() const {
    return children_of(runner_pid()).size() == children_named(runner_pid(), {"endpointd-spawn\n", "endpointd-launc\n"}).size();
}

}  // namespace endpointd::exec
