// Ten thousand commands that do not end in time, each with a child that heeds no SIGTERM and
// one that has left the session: every process of every one is gone, and how long after its
// deadline is measured. A pipe that only they hold open tells when the last of them went.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <algorithm>
#include <memory>

#include "plugin_programs.hpp"

namespace endpointd::exec {
namespace {

constexpr std::size_t kRuns = 10'000;
// At once: three processes each.
constexpr std::size_t kSlots = 128;
constexpr double kTimeout = 0.2;

double unix_now() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

class TimeoutsTest : public PluginPrograms {
protected:
    struct Slot {
        std::string path;
        std::unique_ptr<boost::asio::posix::stream_descriptor> pipe;
    };

    void add_slot() {
        slots_.push_back({pipes_ + "/" + std::to_string(slots_.size()), nullptr});
        ASSERT_EQ(::mkfifo(slots_.back().path.c_str(), 0600), 0);
        ASSERT_EQ(::chown(slots_.back().path.c_str(), daemon_uid(), static_cast<gid_t>(-1)), 0);
    }

    void next(std::size_t number) {
        if (begun_ == kRuns) return;
        ++begun_;
        Slot& slot = slots_[number];
        const int fd = ::open(slot.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        ASSERT_GE(fd, 0);
        slot.pipe = std::make_unique<boost::asio::posix::stream_descriptor>(io_, fd);
        client_->run({"waits", RunKind::check, Duration(0), {{"pipe", slot.path}}},
                     [this, number](const Outcome& outcome) { ended(number, outcome); });
    }

    void ended(std::size_t number, const Outcome& outcome) {
        if (outcome.verdict != Verdict::timed_out) {
            ADD_FAILURE() << name_of(outcome.verdict) << ": " << outcome.text << outcome.output;
            return;
        }
        Slot& slot = slots_[number];
        // One that was killed before it could open its pipe never closed it; this did.
        ::close(::open(slot.path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        const double deadline = outcome.start + kTimeout;
        slot.pipe->async_wait(boost::asio::posix::stream_descriptor::wait_read, [this, number, deadline](boost::system::error_code error) {
            EXPECT_FALSE(error);
            late_.push_back(unix_now() - deadline);
            ++gone_;
            next(number);
        });
    }

    std::string pipes_;
    std::vector<Slot> slots_;
    std::size_t begun_ = 0;
    std::size_t gone_ = 0;
    std::vector<double> late_;
};

TEST_F(TimeoutsTest, TenThousandLeaveNoProcessAndNoZombie) {
    settings(R"({ "runner": { "max_concurrent": )" + std::to_string(kSlots) + " } }");
    pipes_ = writable_directory("pipes");
    const std::string path = program("waits_at");
    write_catalog("waits.json", R"({ "commands": { "waits": { "kind": "check", "command": [")" + path + R"("],
        "env": { "FIXTURE": ")" + directory_.path() +
                                    R"(" }, "arguments": { "pipe": { "value": "$pipe$", "skip_key": true } },
        "parameters": { "pipe": { "pattern": "/[A-Za-z0-9/_.-]*" } }, "timeout": "200ms",
        "sandbox": { "write": [")" + pipes_ +
                                    R"("] } } } })");
    add_plugin("ok");
    for (std::size_t i = 0; i < kSlots; ++i) add_slot();
    start({kSlots, kRuns});
    for (std::size_t i = 0; i < kSlots; ++i) next(i);
    run_until([this] { return HasFailure() || (gone_ == begun_ && begun_ == kRuns); }, std::chrono::seconds(240));
    if (HasFailure()) return;
    EXPECT_EQ(late_.size(), kRuns);
    EXPECT_EQ(client_->counters().timeouts, kRuns);
    EXPECT_TRUE(all_gone());
    run_until([this] { return !zombie_left(); });
    EXPECT_EQ(run("ok").output, "OK - \n");
    if (late_.empty()) return;
    std::sort(late_.begin(), late_.end());
    const auto at = [this](double share) { return late_[static_cast<std::size_t>(share * static_cast<double>(late_.size() - 1))]; };
    std::printf("last process gone after the deadline: median %.3f s, 99%% %.3f s, worst %.3f s; %zu of %zu within 1 s\n", at(0.5),
                at(0.99), late_.back(), static_cast<std::size_t>(std::upper_bound(late_.begin(), late_.end(), 1.0) - late_.begin()),
                late_.size());
    RecordProperty("worst_ms", static_cast<int>(late_.back() * 1000));
}

}  // namespace
}  // namespace endpointd::exec
