// An update that a parent pushes, from its text to the plan: parsed, evaluated and
// filtered, with services written as object statements and made by apply rules; beside
// it, in one run, parsing of the same text alone. Then the same from the message's last
// byte until the plan is in force: decoded, handed to the evaluation's thread and back,
// as in the daemon, but for the store's disk. At last the bytes that the finished plan
// holds for each service. The budget: 10,000 services in 500 ms, 1.5 KiB each.

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cluster/dispatch.hpp"
#include "dsl/parser.hpp"
#include "json/document.hpp"
#include "policy/caps.hpp"
#include "policy/filter.hpp"
#include "wire/decode.hpp"

namespace endpointd {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kServicesOfHost = 50;
constexpr int kRepetitions = 7;

constexpr const char* kZones = R"(
object Endpoint "master1" { }
object Endpoint "agent" { }
object Zone "master" { endpoints = [ "master1" ] }
object Zone "agent" { parent = "master"; endpoints = [ "agent" ] }
)";

constexpr const char* kCatalog = R"({"commands": {
  "disk": {"kind": "check", "command": ["/bin/check_disk"], "arguments": {"-w": "$disk_wfree$", "-p": "$disk_partition$"},
           "parameters": {"disk_wfree": {"pattern": "[0-9]{1,3}%", "default": "20%"}, "disk_partition": {"pattern": "/[a-z0-9/]*"}}},
  "hostalive": {"kind": "check", "command": ["/bin/check_ping"], "arguments": {"-H": "$address$"},
                "parameters": {"address": {"pattern": "[0-9.]+"}}}
}})";

constexpr const char* kCaps = R"({"parents": {"master1": {"grant": {"config": {}}}}})";

enum class Form { objects, rules };

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "update_bench: %s\n", why.c_str());
    std::exit(1);
}

policy::World make_world() {
    Findings findings;
    policy::World world;
    auto topology = dsl::load_zones({{"/z/zones.conf", "zones.conf", kZones}}, "agent", "", findings);
    auto grants = policy::load_caps({{"/p/10.json", "10.json", kCaps}}, {}, findings);
    auto catalog = catalog::Catalog::load({{"/c/10.json", "10.json", kCatalog}}, findings);
    if (!topology || !grants || !findings.ok()) give_up(findings.errors.empty() ? "no rules" : findings.errors.front().message);
    world.topology = std::make_shared<const dsl::Topology>(std::move(*topology));
    world.grants = std::make_shared<const policy::Grants>(std::move(*grants));
    world.catalog = std::make_shared<const catalog::Catalog>(std::move(catalog));
    world.local = std::make_shared<const std::vector<dsl::Object>>();
    world.node = "agent";
    return world;
}

// Both forms make the same objects.
std::string make_text(Form form, int services) {
    std::string text =
        "template Service \"generic-service\" {\n  max_check_attempts = 5\n  check_interval = 1m\n  retry_interval = 30s\n}\n";
    const int hosts = services / kServicesOfHost;
    const auto body = [](int index) {
        const std::string number = std::to_string(index);
        return "  import \"generic-service\"\n  check_command = \"disk\"\n  display_name = \"Disk " + number +
               "\"\n  vars.disk_wfree = \"10%\"\n  vars.disk_partition = \"/srv/data" + number + "\"\n";
    };
    for (int host = 0; host < hosts; ++host)
        text += "object Host \"host" + std::to_string(host) + "\" {\n  check_command = \"hostalive\"\n  address = \"192.0.2." +
                std::to_string(host % 256) + "\"\n  vars.os = \"Linux\"\n}\n";
    for (int index = 0; index < kServicesOfHost; ++index) {
        if (form == Form::rules) {
            text +=
                "apply Service \"disk" + std::to_string(index) + "\" {\n" + body(index) + "  assign where host.vars.os == \"Linux\"\n}\n";
            continue;
        }
        for (int host = 0; host < hosts; ++host)
            text += "object Service \"disk" + std::to_string(index) + "\" {\n  host_name = \"host" + std::to_string(host) + "\"\n" +
                    body(index) + "}\n";
    }
    return text;
}

// What stands behind a connection, with the real thread for evaluations. What this thread is
// handed in the daemon by its io_context it takes from a queue here; records and stores are dropped.
class Node {
public:
    explicit Node(const policy::World& world) : log_(clock_, -1, "update_bench") {
        cluster::Services services{clock_,
                                   log_,
                                   usage_,
                                   [](const store::AuditEntry&, const std::function<void(std::optional<std::uint64_t>)>& done) {
                                       if (done) done(1);
                                   },
                                   [](const exec::RunRequest&, const std::function<void(exec::Outcome)>&) {},
                                   [](const cluster::Sender&, const std::string&, SteadyTime) {},
                                   [] { return cluster::NodeHealth{}; },
                                   [] { return false; }};
        services.evaluate = [this](cluster::EvaluationRequest request) { worker_->submit(std::move(request)); };
        services.keep = [](const store::WantedChange&, const std::function<void(bool)>& done) { done(true); };
        services.publish = [this](std::shared_ptr<const policy::Plan> plan) { plan_ = std::move(plan); };
        dispatcher_ = std::make_unique<cluster::Dispatcher>(std::move(services));
        const auto make = []() -> cluster::ConfigWorker::Evaluate {
            return [planner = std::make_shared<policy::Planner>()](const policy::Wanted& wanted, const policy::World& of,
                                                                   const dsl::Limits& limits) { return planner->plan(wanted, of, limits); };
        };
        auto worker = cluster::ConfigWorker::start(
            make, clock_, [this](std::function<void()> work) { post(std::move(work)); },
            [this](const cluster::EvaluationResult& result) { dispatcher_->config().planned(result); });
        if (!worker) give_up(worker.error().text);
        worker_ = std::move(*worker);
        auto rules = std::make_shared<cluster::Rules>();
        rules->topology = world.topology;
        rules->grants = world.grants;
        rules->catalog = world.catalog;
        rules->local = world.local;
        dispatcher_->configure(std::move(rules));
        wait_for_plan();
    }

    // Until the plan made of it is in force.
    std::shared_ptr<const policy::Plan> receive(std::string message) {
        plan_.reset();
        {
            const auto root = json::parse(message);
            if (!root) give_up("a message that is no JSON");
            auto decoded = wire::decode(*root);
            auto* const incoming = std::get_if<wire::Incoming>(&decoded);
            if (!incoming) give_up("a message that is none");
            dispatcher_->deliver({"master1", 1, clock_.steady()}, {std::move(*incoming), std::move(message)});
        }
        wait_for_plan();
        return plan_;
    }

private:
    void post(std::function<void()> work) {
        {
            const std::lock_guard lock(mutex_);
            posted_.push_back(std::move(work));
        }
        wake_.notify_one();
    }

    void wait_for_plan() {
        while (!plan_) {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return !posted_.empty(); });
            const std::function<void()> work = std::move(posted_.front());
            posted_.pop_front();
            lock.unlock();
            work();
        }
    }

    SystemClock clock_;
    Log log_;
    policy::Usage usage_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> posted_;
    std::shared_ptr<const policy::Plan> plan_;
    std::unique_ptr<cluster::Dispatcher> dispatcher_;
    std::unique_ptr<cluster::ConfigWorker> worker_;  // the last: its thread ends before what it posts to
};

// What mallinfo2 counts as given out, in all arenas and by mmap.
std::size_t bytes_in_use() {
    const struct mallinfo2 heap = ::mallinfo2();
    return heap.uordblks + heap.hblkhd;
}

class Update {
public:
    Update(Form form, int services) : services_(services), world_(make_world()) {
        file_ = {"agent/_etc/services.conf", "_etc/services.conf", make_text(form, services)};
        wanted_.files = std::make_shared<const std::vector<policy::PushedFile>>(
            std::vector<policy::PushedFile>{{"master1", "agent", "/_etc/services.conf", file_.text}});
        name_ = std::to_string(services) + (form == Form::objects ? " as objects" : " by rules");
    }

    const std::string& name() const noexcept { return name_; }
    int services() const noexcept { return services_; }
    std::size_t text_size() const noexcept { return file_.text.size(); }

    void parse() const {
        Findings findings;
        if (!dsl::parse(dsl::Source(file_), findings)) give_up(findings.errors.front().message);
    }

    // A planner that knows nothing of an update before.
    policy::Plan plan(policy::Planner& planner) const {
        policy::Plan plan = planner.plan(wanted_, world_, {});
        if (plan.failed || !plan.rejections.empty()) give_up(plan.rejections.front().detail);
        if (plan.objects.size() != expected()) give_up(name_ + ": the plan has " + std::to_string(plan.objects.size()) + " objects");
        return plan;
    }

    std::string message() const {
        const json::Object files{{"/_etc/services.conf", file_.text}};
        const json::Object metadata{{"/.timestamp", "1700000000.5"}};
        return json::to_text(json::Object{{"jsonrpc", "2.0"},
                                          {"method", "config::Update"},
                                          {"params", json::Object{{"update", json::Object{{"agent", files}}},
                                                                  {"update_v2", json::Object{{"agent", metadata}}},
                                                                  {"checksums", json::Object{}}}}});
    }

    // A node that has no configuration gets this one.
    void measure_arrival(benchmark::State& state) {
        for ([[maybe_unused]] auto step : state) {
            Node node(world_);
            std::string arriving = message();
            const auto begun = Steady::now();
            const auto now = node.receive(std::move(arriving));
            const std::chrono::duration<double> took = Steady::now() - begun;
            if (now->objects.size() != expected())
                give_up(name_ + ": the plan in force has " + std::to_string(now->objects.size()) + " objects");
            state.SetIterationTime(took.count());
            arrival_times.push_back(took.count() * 1000);
        }
    }

    struct Memory {
        double plan;     // bytes for each service, after the evaluation is freed
        double planner;  // more that the planner keeps: what it would not evaluate again
    };
    Memory memory() const {
        const std::size_t before = bytes_in_use();
        auto planner = std::make_unique<policy::Planner>();
        const policy::Plan finished = plan(*planner);
        const std::size_t both = bytes_in_use();
        planner.reset();
        const std::size_t after = bytes_in_use();
        return {static_cast<double>(after - before) / services_, static_cast<double>(both - after) / services_};
    }

    std::size_t expected() const noexcept { return static_cast<std::size_t>(services_ + services_ / kServicesOfHost); }

    std::vector<double> parse_times, plan_times, arrival_times;  // milliseconds

private:
    int services_;
    policy::World world_;
    SourceFile file_;
    policy::Wanted wanted_;
    std::string name_;
};

template <class Run>
void measure(benchmark::State& state, std::vector<double>& milliseconds, Run run) {
    for ([[maybe_unused]] auto step : state) {
        const auto begun = Steady::now();
        run();
        milliseconds.push_back(std::chrono::duration<double, std::milli>(Steady::now() - begun).count());
    }
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

int bench_main(int argc, char** argv) {
    std::vector<char*> arguments(argv, argv + argc);
    // Turn by turn, so that a busy neighbour hits all.
    std::string interleave = "--benchmark_enable_random_interleaving=true";
    arguments.push_back(interleave.data());
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());

    std::vector<std::unique_ptr<Update>> updates;
    for (const int services : {1'000, 10'000})
        for (const Form form : {Form::objects, Form::rules}) updates.push_back(std::make_unique<Update>(form, services));
    const auto settings = [](benchmark::internal::Benchmark* benchmark) {
        benchmark->Unit(benchmark::kMillisecond)->Iterations(1)->Repetitions(kRepetitions)->ReportAggregatesOnly(true);
    };
    for (const auto& one : updates) {
        Update* const update = one.get();
        settings(benchmark::RegisterBenchmark((update->name() + ", parsed").c_str(), [update](benchmark::State& state) {
                     measure(state, update->parse_times, [update] { update->parse(); });
                 })->UseRealTime());
        settings(benchmark::RegisterBenchmark((update->name() + ", planned").c_str(), [update](benchmark::State& state) {
                     measure(state, update->plan_times, [update] {
                         policy::Planner planner;
                         benchmark::DoNotOptimize(update->plan(planner));
                     });
                 })->UseRealTime());
        settings(benchmark::RegisterBenchmark((update->name() + ", in force").c_str(), [update](benchmark::State& state) {
                     update->measure_arrival(state);
                 })->UseManualTime());
    }
    benchmark::RunSpecifiedBenchmarks();

    std::printf("\n%-22s %10s %12s %12s %12s %14s %14s\n", "services", "text", "parsed", "planned", "in force", "plan/service",
                "kept/service");
    for (const auto& update : updates) {
        const Update::Memory memory = update->memory();
        std::printf("  %-20s %6zu KiB %9.1f ms %9.1f ms %9.1f ms %12.0f B %12.0f B\n", update->name().c_str(), update->text_size() / 1024,
                    median(update->parse_times), median(update->plan_times), median(update->arrival_times), memory.plan, memory.planner);
    }
    return 0;
}

}  // namespace
}  // namespace endpointd

int main(int argc, char** argv) { return endpointd::bench_main(argc, argv); }
