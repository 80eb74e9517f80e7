#include "cluster/config_worker.hpp"

#include <gmock/gmock.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>

#include "cluster/planned_schedule.hpp"
#include "dsl/config_type.hpp"
#include "fake_services.hpp"
#include "policy/filter.hpp"

namespace endpointd::cluster {
namespace {

using testing::ElementsAre;

class ConfigWorkerTest : public testing::Test {
protected:
    // An evaluation that says it began and ends when it is told to, or out of time.
    policy::Plan evaluate(const dsl::Limits& limits) {
        std::unique_lock lock(mutex_);
        ++began_;
        changed_.notify_all();
        policy::Plan plan;
        while (!may_end_ && !plan.failed) {
            changed_.wait_for(lock, std::chrono::milliseconds(1));
            plan.failed = limits.out_of_time();
        }
        if (!plan.failed) --may_end_;
        return plan;
    }
    void start() {
        auto worker = ConfigWorker::start(
            [this]() -> ConfigWorker::Evaluate {
                return [this](const policy::Wanted&, const policy::World&, const dsl::Limits& limits) { return evaluate(limits); };
            },
            clock_,
            [this](std::function<void()> work) {
                const std::lock_guard lock(mutex_);
                posted_.push_back(std::move(work));
                changed_.notify_all();
            },
            [this](const EvaluationResult& result) { answers_.emplace_back(result.number, result.plan->failed); });
        ASSERT_TRUE(worker);
        worker_ = std::move(*worker);
    }
    void submit(std::uint64_t number, bool abandon = false) {
        EvaluationRequest request;
        request.number = number;
        request.abandon_running = abandon;
        worker_->submit(std::move(request));
    }
    void wait_until_begun(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return began_ >= count; });
    }
    void let_end(int count) {
        const std::lock_guard lock(mutex_);
        may_end_ += count;
        changed_.notify_all();
    }
    void wait_for_answers(std::size_t count) {
        while (answers_.size() < count) {
            std::function<void()> work;
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [&] { return !posted_.empty(); });
                work = std::move(posted_.front());
                posted_.pop_front();
            }
            work();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    int began_ = 0, may_end_ = 0;
    std::deque<std::function<void()>> posted_;
    std::vector<std::pair<std::uint64_t, bool>> answers_;
    ManualClock clock_{WallTime{}};
    std::unique_ptr<ConfigWorker> worker_;
};

TEST_F(ConfigWorkerTest, OfWhatWaitsOnlyTheNewestIsEvaluated) {
    start();
    submit(1);
    wait_until_begun(1);
    submit(2);
    submit(3);
    let_end(2);
    wait_for_answers(2);
    EXPECT_THAT(answers_, ElementsAre(std::pair(1ul, false), std::pair(3ul, false)));
    EXPECT_EQ(began_, 2);
}

TEST_F(ConfigWorkerTest, StopEndsWhatIsBeingEvaluatedAndAnswersNothing) {
    start();
    submit(1);
    wait_until_begun(1);
    submit(2);
    worker_->stop();
    EXPECT_EQ(began_, 1);
    EXPECT_TRUE(posted_.empty());
    submit(3);
}

TEST_F(ConfigWorkerTest, AnAbandonedEvaluationMakesWayAtOnce) {
    start();
    submit(1);
    wait_until_begun(1);
    submit(2, true);
    wait_until_begun(2);
    let_end(1);
    wait_for_answers(1);
    EXPECT_THAT(answers_, ElementsAre(std::pair(2ul, false)));
}

TEST_F(ConfigWorkerTest, AnEvaluationThatTakesTooLongFails) {
    start();
    submit(1);
    wait_until_begun(1);
    clock_.advance(kEvaluationTime);
    wait_for_answers(1);
    EXPECT_THAT(answers_, ElementsAre(std::pair(1ul, true)));
}

TEST(ConfigWorker, AnExceptionIsAFailedPlanAndNotTheEnd) {
    ManualClock clock{WallTime{}};
    std::promise<policy::Plan> got;
    auto worker = ConfigWorker::start(
        []() -> ConfigWorker::Evaluate {
            return [](const policy::Wanted&, const policy::World&, const dsl::Limits&) -> policy::Plan { throw std::bad_alloc(); };
        },
        clock, [](const std::function<void()>& work) { work(); }, [&](const EvaluationResult& result) { got.set_value(*result.plan); });
    ASSERT_TRUE(worker);
    (*worker)->submit({});
    const policy::Plan plan = got.get_future().get();
    EXPECT_TRUE(plan.failed);
    ASSERT_EQ(plan.rejections.size(), 1U);
    EXPECT_EQ(plan.rejections[0].reason, policy::Reason::limit_exceeded);
}

// The daemon's two threads with the real planner between them: what a thread sanitizer is to look at.
class SharedPlan : public testing::Test {
protected:
    SharedPlan()
        : node_(R"({"parents":{"master1":{"grant":{"config":{},"downtime":{},"comment":{},"pause":{"max_duration":"1h"}}}}})", true, {},
                true) {
        auto worker = ConfigWorker::start(
            []() -> ConfigWorker::Evaluate {
                auto planner = std::make_shared<policy::Planner>();
                return [planner](const policy::Wanted& wanted, const policy::World& world, const dsl::Limits& limits) {
                    return planner->plan(wanted, world, limits);
                };
            },
            node_.clock,
            [this](std::function<void()> work) {
                const std::lock_guard lock(mutex_);
                posted_.push_back(std::move(work));
            },
            [this](const EvaluationResult& result) { node_.dispatcher.config().planned(result); });
        worker_ = std::move(*worker);
        finish();
    }
    // As long as a plan is made, the one in force is used for whatever this thread does with it.
    void finish() {
        while (!node_.evaluations.empty()) {
            worker_->submit(std::move(node_.evaluations.front()));
            node_.evaluations.pop_front();
            std::function<void()> work;
            while (!work) {
                use();
                const std::lock_guard lock(mutex_);
                if (posted_.empty()) continue;
                work = std::move(posted_.front());
                posted_.pop_front();
            }
            work();
        }
    }
    void use() {
        const policy::Plan copy = *node_.plan;
        for (const policy::PlannedObject& planned : copy.objects) {
            dsl::Object object = *planned.object;
            object.attributes.set("vars", json::Object{{"mine", 1}});
            used_ += dsl::with_defaults(*object.type, object.name, planned.object->attributes).size();
        }
        used_ += schedule_of(copy, "web1").checkables.size();
        node_.dispatcher.scheduling().wake();
        for (const std::string name : {"h0", "h0!s"}) used_ += node_.dispatcher.scheduling().view(name).is_null() ? 0 : 1;
    }
    void push(int timestamp, int hosts) {
        const std::string text =
            "template Service \"t\" {\n check_command = \"free\"\n vars.list = [ 1, { a = \"b\" } ]\n}\n"
            "for (i in range(" +
            std::to_string(hosts) +
            ")) {\n object Host \"h\" + i {\n  check_command = \"free\"\n  vars.deep = { x = [ 1 ] }\n }\n}\n"
            "apply Service \"s\" {\n import \"t\"\n assign where true\n}\n";
        node_.say("config::Update", R"({"update":{"web1":)" + json::to_text(json::Object{{"/_etc/a.conf", text}}) +
                                        R"(},"update_v2":{"web1":{"/.timestamp":")" + std::to_string(timestamp) + R"("}},"checksums":{}})");
        finish();
    }
    void modify(double version, const json::Object& attributes) {
        json::Array original;
        for (const auto& attribute : attributes) original.emplace_back(attribute.first);
        node_.say("config::UpdateObject", json::to_text(json::Object{{"type", "Host"},
                                                                     {"name", "h0"},
                                                                     {"version", version},
                                                                     {"modified_attributes", attributes},
                                                                     {"original_attributes", original}}));
        finish();
    }

    FakeServices node_;
    std::mutex mutex_;
    std::deque<std::function<void()>> posted_;
    std::size_t used_ = 0;
    std::unique_ptr<ConfigWorker> worker_;
};

TEST_F(SharedPlan, IsUsedWhileTheNextIsMadeOfTheSameParts) {
    for (int round = 1; round <= 4; ++round) {
        push(round * 10, 20 + round);
        ASSERT_NE(node_.plan->find("Service", "h" + std::to_string(19 + round) + "!s"), nullptr)
            << node_.plan->objects.size() << " objects" << (node_.plan->rejections.empty() ? "" : ": " + node_.plan->rejections[0].detail);
        for (int change = 0; change < 4; ++change) {
            modify(to_unix(node_.clock.wall()) + round * 10 + change, {{"enable_active_checks", change % 2 == 0}, {"vars.deep.x", change}});
            const json::Value* const vars = node_.plan->find("Host", "h0")->object->attributes.find("vars");
            EXPECT_EQ(*vars->object()->find("deep")->object()->find("x"), json::Value(change));
        }
        node_.clock.advance(std::chrono::hours(2));
        node_.dispatcher.config().tick();
        finish();
    }
    EXPECT_GT(used_, 0U);
}

}  // namespace
}  // namespace endpointd::cluster
