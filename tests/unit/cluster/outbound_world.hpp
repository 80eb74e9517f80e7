#pragma once
// Both ends of the way out: an Outbound over a real outbox in memory, whose disk works
// only when the test says so, and parents that keep what Icinga would keep of it.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/outbound.hpp"
#include "json/document.hpp"
#include "policy/caps.hpp"
#include "store/database.hpp"

namespace endpointd::cluster {

struct FakeParent {
    bool here = false;
    std::size_t room = 1000;              // messages its connection takes
    std::deque<std::string> on_the_wire;  // lost with the connection
    std::vector<std::string> received;    // what it acted upon
    std::string bytes;                    // everything that was handed to its connection
    double position = 0;

    // The next message arrives; Icinga drops what is older than what it has (protocol, 2.2).
    void receive() {
        const std::string payload = std::move(on_the_wire.front());
        on_the_wire.pop_front();
        const auto root = json::parse(payload);
        ASSERT_TRUE(root) << payload;
        const double ts = *root->object()->find("ts")->number();
        if (ts < position) return;
        position = ts;
        received.push_back(payload);
    }
    // The numbers of the checks it heard of, in the order in which it did.
    std::vector<int> checks() const {
        std::vector<int> numbers;
        for (const std::string& payload : received)
            numbers.push_back(static_cast<int>(*json::parse(payload)->object()->find("params")->object()->find("next_check")->number()));
        return numbers;
    }
};

class OutboundWorld {
public:
    explicit OutboundWorld(std::string caps, std::string master1 = "", std::string more = "") : log_(clock_, -1, "test") {
        auto opened = store::Database::open_in_memory();
        EXPECT_TRUE(opened);
        database_ = std::move(*opened);
        EXPECT_TRUE(store::migrate(*database_));
        zones_ = "object Endpoint \"master1\" { " + master1 +
                 " }\nobject Endpoint \"master2\" { }\nobject Endpoint \"web1\" { }\nobject Endpoint \"web2\" { }\n"
                 "object Zone \"master\" { endpoints = [ \"master1\", \"master2\" ] }\n"
                 "object Zone \"web\" { endpoints = [ \"web1\", \"web2\" ]; parent = \"master\" }\n" +
                 more;
        caps_ = std::move(caps);
        start();
    }

    // As after a crash: only what the store has is left.
    void restart() {
        jobs_.clear();
        flush_asked_ = false;
        for (auto& [name, parent] : parents) {
            parent.here = false;
            parent.on_the_wire.clear();
        }
        start();
    }
    void configure(const std::string& caps) {
        caps_ = caps;
        Findings findings;
        auto topology = dsl::load_zones({{"zones.conf", "zones.conf", zones_}}, "web1", "", findings);
        ASSERT_TRUE(topology && findings.ok()) << (findings.errors.empty() ? "" : findings.errors[0].message);
        auto grants = policy::load_caps({{"caps.d/a.json", "a.json", caps_}}, {}, findings);
        ASSERT_TRUE(grants && findings.ok()) << (findings.errors.empty() ? "" : findings.errors[0].message);
        outbound->configure({std::make_shared<const dsl::Topology>(std::move(*topology)),
                             std::make_shared<const policy::Grants>(std::move(*grants)), max_age, max_size});
    }

    void connect(const std::string& name) {
        parents[name].here = true;
        outbound->opened(name);
    }
    void disconnect(const std::string& name) {
        FakeParent& parent = parents[name];
        if (!parent.here) return;
        parent.here = false;
        parent.on_the_wire.clear();
        outbound->closed(name);
    }
    void acknowledge(const std::string& name) {
        if (parents[name].position != 0) outbound->acknowledged(name, parents[name].position);
    }

    // One thing the disk was asked for. False: there was none.
    bool disk() {
        if (std::exchange(flush_asked_, false)) outbound->flush();
        if (jobs_.empty()) return false;
        const auto job = std::move(jobs_.front());
        jobs_.pop_front();
        job();
        return true;
    }
    std::size_t jobs() const { return jobs_.size(); }
    // Everything that can happen without anybody's doing.
    void settle() {
        for (bool more = true; more;) {
            more = false;
            while (disk()) more = true;
            for (auto& [name, parent] : parents)
                while (!parent.on_the_wire.empty()) {
                    parent.receive();
                    more = true;
                    if (parent.here) outbound->room(name);
                }
        }
    }

    void say(int number, const std::string& host = "h", const std::optional<Sender>& from = {}) {
        outbound->relay({wire::SetNextCheck{host, "s", static_cast<double>(number)}, ""}, from);
    }
    void say(StateEvent event, const std::optional<Sender>& from = {}) { outbound->relay({std::move(event), ""}, from); }

    std::uint64_t stored() const { return table_->size().messages; }
    const store::OutboxState& state() const { return table_->state(); }

    ManualClock clock_{WallTime(Duration(1795193700250000))};
    Log log_;
    std::map<std::string, FakeParent> parents;
    std::map<std::string, double> remote;
    Duration max_age = std::chrono::hours(24);
    std::uint64_t max_size = 1 << 20;
    bool disk_fails = false;
    std::unique_ptr<Outbound> outbound;

private:
    template <class T>
    void later(std::function<Result<T>()> work, std::function<void(Result<T>)> done) {
        jobs_.push_back([this, work = std::move(work), done = std::move(done)] {
            done(disk_fails ? Result<T>(fail(Errc::io, "no space left")) : work());
        });
    }
    void start() {
        outbound.reset();
        auto table = store::OutboxTable::open(*database_);
        ASSERT_TRUE(table);
        table_.emplace(std::move(*table));
        OutboundParts parts{clock_,
                            log_,
                            [this](const std::string& name, std::string_view payload) {
                                FakeParent& parent = parents[name];
                                if (!parent.here) return Handed::away;
                                if (parent.on_the_wire.size() >= parent.room) return Handed::no_room;
                                parent.on_the_wire.emplace_back(payload);
                                parent.bytes += payload;
                                return Handed::sent;
                            },
                            [this](std::shared_ptr<const std::vector<store::OutboxMessage>> messages, std::uint64_t most,
                                   std::function<void(Result<store::OutboxSize>)> done) {
                                later<store::OutboxSize>([this, messages, most] { return table_->append(*messages, most); },
                                                         std::move(done));
                            },
                            [this](store::OutboxMark after, std::function<void(Result<std::vector<store::OutboxMessage>>)> done) {
                                later<std::vector<store::OutboxMessage>>([this, after] { return table_->page(after); }, std::move(done));
                            },
                            [this](store::OutboxSettlement settlement, std::function<void(Result<store::OutboxSize>)> done) {
                                later<store::OutboxSize>([this, settlement = std::move(settlement)] { return table_->settle(settlement); },
                                                         std::move(done));
                            },
                            [this] { return remote; },
                            [this] { flush_asked_ = true; }};
        store::OutboxState state = table_->state();
        state.size = table_->size();
        outbound = std::make_unique<Outbound>(std::move(parts), state);
        configure(caps_);
    }

    std::string zones_, caps_;
    std::unique_ptr<store::Database> database_;
    std::optional<store::OutboxTable> table_;
    std::deque<std::function<void()>> jobs_;
    bool flush_asked_ = false;
};

inline const std::string kAllResults = R"({"parents": {"zone:master": {"grant": ["results"]}}})";

}  // namespace endpointd::cluster
