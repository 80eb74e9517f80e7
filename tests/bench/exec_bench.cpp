// Commands per second and their latency, through client, runner and spawners and
// by a bare posix_spawn loop with pipes, with the same number outstanding, in one
// run; then the memory of our processes when idle. The budget:
// at least 80% of the bare loop, 0.3 ms more at the median and 2 ms at p99.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "exec/client.hpp"
#include "exec/starter.hpp"

namespace endpointd {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr int kOutstanding = 16;
constexpr int kCommands = 1000;  // of one measurement
constexpr uid_t kNobody = 65534;
char* const kTrue[] = {const_cast<char*>("/usr/bin/true"), nullptr};

struct Figures {
    std::vector<double> rates;         // commands per second, of each repetition
    std::vector<double> milliseconds;  // of each command

    double rate() const { return at(rates, 0.5); }
    double latency(double share) const { return at(milliseconds, share); }

private:
    static double at(std::vector<double> values, double share) {
        if (values.empty()) return 0;
        std::sort(values.begin(), values.end());
        return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    }
};

double since(Steady::time_point begun) { return std::chrono::duration<double, std::milli>(Steady::now() - begun).count(); }

// --- The bare loop ----------------------------------------------------------------

class BareLoop {
public:
    explicit BareLoop(std::vector<double>& milliseconds) : milliseconds_(milliseconds), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
    ~BareLoop() { ::close(epoll_); }

    void run(int commands) {
        int started = 0;
        int ended = 0;
        while (started < std::min(commands, kOutstanding)) start(started++ % kOutstanding);
        std::array<epoll_event, kOutstanding> events;
        while (ended < commands) {
            const int count = ::epoll_wait(epoll_, events.data(), kOutstanding, -1);
            for (int i = 0; i < count; ++i) {
                const int slot = static_cast<int>(events[static_cast<std::size_t>(i)].data.u32);
                if (!finish(slot)) continue;
                ++ended;
                if (started < commands) {
                    ++started;
                    start(slot);
                }
            }
        }
    }

private:
    struct Slot {
        pid_t pid;
        int output;
        Steady::time_point begun;
    };

    void start(int index) {
        Slot& slot = slots_[static_cast<std::size_t>(index)];
        slot.begun = Steady::now();
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
        char* const env[] = {const_cast<char*>("LC_NUMERIC=C"), nullptr};
        if (::posix_spawn(&slot.pid, kTrue[0], &actions, nullptr, kTrue, env) != 0) std::abort();
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        slot.output = ends[0];
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u32 = static_cast<std::uint32_t>(index);
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, slot.output, &event);
    }

    bool finish(int index) {
        Slot& slot = slots_[static_cast<std::size_t>(index)];
        std::array<char, 65536> buffer;
        if (::read(slot.output, buffer.data(), buffer.size()) > 0) return false;
        ::close(slot.output);
        ::waitpid(slot.pid, nullptr, 0);
        milliseconds_.push_back(since(slot.begun));
        return true;
    }

    std::vector<double>& milliseconds_;
    int epoll_;
    std::array<Slot, kOutstanding> slots_{};
};

// --- Ours -------------------------------------------------------------------------

class Ours {
public:
    Ours() : log_(clock_, STDERR_FILENO, "bench") {
        log_.configure(LogLevel::warning, LogFormat::text);
        std::string path = fs::temp_directory_path() / "endpointd_bench_XXXXXX";
        if (!::mkdtemp(path.data())) std::abort();
        directory_ = path;
        fs::permissions(directory_, fs::perms(0755));
        fs::create_directories(directory_ / "config/catalog.d");
        fs::create_directories(directory_ / "state");
        if (::geteuid() == 0 && ::chown((directory_ / "state").c_str(), kNobody, kNobody) != 0) std::abort();
        std::ofstream(directory_ / "config/catalog.d/true.json") << R"({"commands":{"true":{"kind":"check","command":["/usr/bin/true"]}}})";
        auto starter = exec::fork_starter({directory_ / "config", directory_ / "state", directory_ / "run", RUNNER_PATH, STARTER_PATH,
                                           ::geteuid() == 0 ? std::optional<exec::User>({"nobody", kNobody, kNobody}) : std::nullopt});
        if (!starter) std::abort();
        starter_ = starter->pid;
        bool ready = false;
        exec::ClientEvents events;
        events.ready = [&ready](const std::string&) { ready = true; };
        client_ = std::make_unique<exec::RunnerClient>(io_, log_, clock_, std::move(starter->fd), exec::ClientConfig{}, std::move(events));
        while (!ready) io_.run_one();
    }
    ~Ours() {
        client_.reset();
        ::waitpid(starter_, nullptr, 0);
        std::error_code ignored;
        fs::remove_all(directory_, ignored);
    }

    void run(int commands, std::vector<double>& milliseconds) {
        int started = 0;
        int ended = 0;
        std::function<void()> start = [&] {
            if (started == commands) return;
            ++started;
            client_->run({"true", exec::RunKind::check, Duration(0), {}}, [&, begun = Steady::now()](const exec::Outcome& outcome) {
                if (outcome.verdict != exec::Verdict::exited) std::abort();
                milliseconds.push_back(since(begun));
                ++ended;
                start();
            });
        };
        for (int i = 0; i < kOutstanding; ++i) start();
        while (ended < commands) io_.run_one();
    }

    // KiB of starter, runner and spawners.
    long idle_memory() const {
        long sum = 0;
        for (const auto& entry : fs::directory_iterator("/proc")) {
            const std::string pid = entry.path().filename();
            std::ifstream comm(entry.path() / "comm");
            std::string name;
            if (pid.find_first_not_of("0123456789") != std::string::npos || !std::getline(comm, name)) continue;
            if (!name.starts_with("endpointd-") || !descends(std::stoi(pid))) continue;
            std::ifstream rollup(entry.path() / "smaps_rollup");
            for (std::string word; rollup >> word;) {
                long kib = 0;
                if (word != "Pss:" || !(rollup >> kib)) continue;
                std::printf("  %-16s pid %-8s PSS %6ld KiB\n", name.c_str(), pid.c_str(), kib);
                sum += kib;
                break;
            }
        }
        return sum;
    }

private:
    bool descends(int pid) const {
        while (pid > 1) {
            if (pid == starter_) return true;
            std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
            std::string line;
            if (!std::getline(stat, line)) return false;
            pid = std::stoi(line.substr(line.rfind(')') + 4));
        }
        return false;
    }

    fs::path directory_;
    boost::asio::io_context io_;
    SystemClock clock_;
    Log log_;
    std::unique_ptr<exec::RunnerClient> client_;
    pid_t starter_ = 0;
};

template <class Run>
void measure(benchmark::State& state, Figures& figures, Run run) {
    for ([[maybe_unused]] auto step : state) {
        const auto begun = Steady::now();
        run(kCommands, figures.milliseconds);
        figures.rates.push_back(kCommands * 1000.0 / since(begun));
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kCommands);
}

int bench_main(int argc, char** argv) {
    std::vector<char*> arguments(argv, argv + argc);
    // Turn by turn, so that a busy neighbour hits both.
    std::string interleave = "--benchmark_enable_random_interleaving=true";
    arguments.push_back(interleave.data());
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());

    Ours ours;
    Figures bare_figures;
    Figures our_figures;
    const auto settings = [](benchmark::internal::Benchmark* benchmark) {
        benchmark->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(1)->Repetitions(15)->ReportAggregatesOnly(true);
    };
    settings(benchmark::RegisterBenchmark("bare posix_spawn", [&](benchmark::State& state) {
        measure(state, bare_figures, [](int commands, std::vector<double>& milliseconds) { BareLoop(milliseconds).run(commands); });
    }));
    settings(benchmark::RegisterBenchmark("client, runner, spawners", [&](benchmark::State& state) {
        measure(state, our_figures, [&ours](int commands, std::vector<double>& milliseconds) { ours.run(commands, milliseconds); });
    }));
    benchmark::RunSpecifiedBenchmarks();

    std::printf("\n%d commands in flight   per second      p50       p99\n", kOutstanding);
    for (const auto& [name, figures] : {std::pair{"bare", &bare_figures}, std::pair{"ours", &our_figures}})
        std::printf("  %-20s %10.0f %8.2f ms %8.2f ms\n", name, figures->rate(), figures->latency(0.5), figures->latency(0.99));
    std::printf("  share %.0f%%\n", bare_figures.rate() > 0 ? 100 * our_figures.rate() / bare_figures.rate() : 0.0);

    // One at a time: what our way adds to a single command.
    std::vector<double> single_bare;
    std::vector<double> single_ours;
    for (int i = 0; i < 300; ++i) {
        BareLoop(single_bare).run(1);
        ours.run(1, single_ours);
    }
    std::printf("\none command at a time             p50       p99\n");
    for (auto* values : {&single_bare, &single_ours}) {
        std::sort(values->begin(), values->end());
        std::printf("  %-20s %8.2f ms %8.2f ms\n", values == &single_bare ? "bare" : "ours", (*values)[values->size() / 2],
                    (*values)[values->size() * 99 / 100]);
    }
    std::printf("\nidle memory\n");
    const long memory = ours.idle_memory();
    std::printf("  together %ld KiB\n", memory);
    return 0;
}

}  // namespace
}  // namespace endpointd

int main(int argc, char** argv) { return endpointd::bench_main(argc, argv); }
