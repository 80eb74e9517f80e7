#include "cluster/config_worker.hpp"

#include <gmock/gmock.h>

#include <deque>
#include <future>

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

}  // namespace
}  // namespace endpointd::cluster
