// An update that a parent pushes, from its text to the plan: parsed, evaluated and
// filtered, with services written as object statements and made by apply rules; beside
// it, in one run, parsing of the same text alone. Then the bytes that the finished
// plan holds for each service. The budget: 10,000 services in 500 ms, 1.5 KiB each.

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "dsl/parser.hpp"
#include "policy/caps.hpp"
#include "policy/filter.hpp"

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
        const auto expected = static_cast<std::size_t>(services_ + services_ / kServicesOfHost);
        if (plan.objects.size() != expected) give_up(name_ + ": the plan has " + std::to_string(plan.objects.size()) + " objects");
        return plan;
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

    std::vector<double> parse_times, plan_times;  // milliseconds

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
        benchmark->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(1)->Repetitions(kRepetitions)->ReportAggregatesOnly(true);
    };
    for (const auto& one : updates) {
        Update* const update = one.get();
        settings(benchmark::RegisterBenchmark((update->name() + ", parsed").c_str(), [update](benchmark::State& state) {
            measure(state, update->parse_times, [update] { update->parse(); });
        }));
        settings(benchmark::RegisterBenchmark((update->name() + ", planned").c_str(), [update](benchmark::State& state) {
            measure(state, update->plan_times, [update] {
                policy::Planner planner;
                benchmark::DoNotOptimize(update->plan(planner));
            });
        }));
    }
    benchmark::RunSpecifiedBenchmarks();

    std::printf("\n%-22s %10s %12s %12s %14s %14s\n", "services", "text", "parsed", "planned", "plan/service", "kept/service");
    for (const auto& update : updates) {
        const Update::Memory memory = update->memory();
        std::printf("  %-20s %6zu KiB %9.1f ms %9.1f ms %12.0f B %12.0f B\n", update->name().c_str(), update->text_size() / 1024,
                    median(update->parse_times), median(update->plan_times), memory.plan, memory.planner);
    }
    return 0;
}

}  // namespace
}  // namespace endpointd

int main(int argc, char** argv) { return endpointd::bench_main(argc, argv); }
