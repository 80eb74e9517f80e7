#include "store/store_thread.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include "fixture.hpp"

namespace endpointd::store {
namespace {

// Where answers run: on the test's own thread, when it waits for them.
class Answers {
public:
    StoreThread::Post post() {
        return [this](std::function<void()> call) {
            const std::lock_guard lock(mutex_);
            calls_.push_back(std::move(call));
            more_.notify_one();
        };
    }
    void run_one() {
        std::function<void()> call;
        {
            std::unique_lock lock(mutex_);
            more_.wait(lock, [&] { return !calls_.empty(); });
            call = std::move(calls_.front());
            calls_.pop_front();
        }
        call();
    }
    void run_all() {
        for (;;) {
            {
                const std::lock_guard lock(mutex_);
                if (calls_.empty()) return;
            }
            run_one();
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable more_;
    std::deque<std::function<void()>> calls_;
};

class StoreThreadTest : public StoreTest {
protected:
    StoreThreadTest() : log_(clock_, -1, "test") {}
    ~StoreThreadTest() override { store_.reset(); }

    void start(std::uint64_t database_max_size = 0) {
        StoreThread::Options options;
        options.state_directory = directory_;
        options.database_max_size = database_max_size;
        start(options);
    }
    void start(const StoreThread::Options& options) {
        auto store = StoreThread::start(options, clock_, log_, answers_.post());
        ASSERT_TRUE(store) << store.error().text;
        store_ = std::move(*store);
    }

    template <class T, class Call>
    Result<T> ask(Call call) {
        std::optional<Result<T>> answer;
        call([&](Result<T> result) { answer = std::move(result); });
        while (!answer) answers_.run_one();
        return std::move(*answer);
    }
    Result<std::uint64_t> report(const AuditEntry& entry) {
        return ask<std::uint64_t>([&](auto done) { store_->record(entry, std::move(done)); });
    }
    AuditPage page() {
        return ask<AuditPage>([&](auto done) { store_->list({}, std::move(done)); }).value();
    }

    Log log_;
    Answers answers_;
    std::unique_ptr<StoreThread> store_;
};

TEST_F(StoreThreadTest, AnswersWithTheIdOfTheRecord) {
    start();
    EXPECT_EQ(report(denied("a")).value(), 1u);
    EXPECT_EQ(report(denied("b")).value(), 2u);
    EXPECT_EQ(report(denied("a")).value(), 1u);
    EXPECT_EQ(page().records.size(), 2u);
    EXPECT_EQ(store_->status().audit, 2u);
    EXPECT_GT(store_->status().size, 4096u);
}

TEST_F(StoreThreadTest, TakesTheTimeWhenItIsTold) {
    start();
    ASSERT_TRUE(report(denied("a")));
    EXPECT_EQ(page().records[0].time, kStart);
}

TEST_F(StoreThreadTest, WritesEverythingBeforeItStops) {
    start();
    for (int i = 0; i < 1000; ++i) store_->record(denied("c" + std::to_string(i % 100)), {});
    store_->stop();
    EXPECT_EQ(said(verify_file()), "ok");
    open();
    EXPECT_EQ(audit_->records(), 100u);
    EXPECT_EQ(record(1).count, 10u);
}

TEST_F(StoreThreadTest, RefusesWorkAfterItsEnd) {
    start();
    store_->stop();
    EXPECT_EQ(report(denied("a")).error().code, Errc::unavailable);
    EXPECT_EQ(ask<AuditPage>([&](auto done) { store_->list({}, done); }).error().code, Errc::unavailable);
    EXPECT_EQ(ask<AuditVerdict>([&](auto done) { store_->verify(done); }).error().code, Errc::unavailable);
}

TEST_F(StoreThreadTest, AnswersRecordsFromManyThreads) {
    start();
    std::atomic<int> answered{0};
    std::vector<std::thread> callers;
    for (int t = 0; t < 4; ++t)
        callers.emplace_back([&, t] {
            for (int i = 0; i < 100; ++i)
                store_->record(denied("c" + std::to_string(i), "p" + std::to_string(t)), [&](const Result<std::uint64_t>& id) {
                    EXPECT_TRUE(id);
                    ++answered;
                });
        });
    for (std::thread& caller : callers) caller.join();
    while (answered < 400) answers_.run_one();
    EXPECT_EQ(store_->status().audit, 400u);
    const auto verdict = ask<AuditVerdict>([&](auto done) { store_->verify(std::move(done)); });
    ASSERT_TRUE(verdict);
    EXPECT_EQ(said(*verdict), "ok");
    EXPECT_EQ(verdict->records, 400u);
}

TEST_F(StoreThreadTest, TwoVerificationsAreBothAnswered) {
    start();
    ASSERT_TRUE(report(denied("a")));
    int answered = 0;
    const auto count = [&](const Result<AuditVerdict>& verdict) {
        EXPECT_TRUE(verdict && verdict->ok());
        ++answered;
    };
    store_->verify(count);
    store_->verify(count);
    while (answered < 2) answers_.run_one();
}

TEST_F(StoreThreadTest, ShowsExportsAndReviews) {
    start();
    AuditEntry entry = denied("a");
    entry.content = "sent";
    ASSERT_TRUE(report(entry));
    const auto shown = ask<AuditDetail>([&](auto done) { store_->show(1, std::move(done)); });
    ASSERT_TRUE(shown);
    EXPECT_EQ(shown->content, "sent");
    EXPECT_EQ(ask<AuditDetail>([&](auto done) { store_->show(9, std::move(done)); }).error().code, Errc::not_found);
    EXPECT_EQ(ask<std::uint64_t>([&](auto done) { store_->review({1}, "anna", "", std::move(done)); }).value(), 2u);
    const auto exported = ask<std::vector<AuditRecord>>([&](auto done) { store_->export_page(0, 10, std::nullopt, std::move(done)); });
    ASSERT_TRUE(exported);
    EXPECT_EQ(exported->size(), 2u);
    EXPECT_EQ(exported->front().reviewed->by, "anna");
}

TEST_F(StoreThreadTest, WhatParentsWantIsThereAfterARestart) {
    start();
    EXPECT_TRUE(store_->take_wanted().objects.empty());
    WantedChange change;
    change.objects = {{"m", "Host", "a", "", 1, "x"}};
    std::optional<Result<void>> answer;
    store_->change_wanted(change, [&](Result<void> result) { answer = std::move(result); });
    while (!answer) answers_.run_one();
    EXPECT_TRUE(*answer);
    store_.reset();
    start();
    EXPECT_EQ(store_->take_wanted().objects, change.objects);
    EXPECT_TRUE(store_->take_wanted().objects.empty());
}

TEST_F(StoreThreadTest, FollowersSeeNewAndRaisedRecords) {
    start();
    std::vector<std::pair<std::uint64_t, std::uint64_t>> seen;
    const std::uint64_t token = store_->subscribe([&](const AuditRecord& record) { seen.emplace_back(record.id, record.count); });
    ASSERT_TRUE(report(denied("a")));
    ASSERT_TRUE(report(denied("a")));
    ASSERT_TRUE(report(denied("b")));
    page();  // whatever was posted before its answer has run
    EXPECT_THAT(seen, testing::ElementsAre(testing::Pair(1, 1), testing::Pair(1, 2), testing::Pair(2, 1)));
    store_->unsubscribe(token);
    ASSERT_TRUE(report(denied("c")));
    page();
    EXPECT_EQ(seen.size(), 3u);
}

TEST_F(StoreThreadTest, AnEventOnItsWayDoesNotReachWhoHasLeft) {
    start();
    bool called = false;
    const std::uint64_t token = store_->subscribe([&](const AuditRecord&) { called = true; });
    ASSERT_TRUE(report(denied("a")));
    // The answer came first, the event is on its way or already waiting here.
    store_->unsubscribe(token);
    page();
    answers_.run_all();
    EXPECT_FALSE(called);
}

TEST_F(StoreThreadTest, FlushesCountsThatAreDue) {
    start();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(report(denied("a")));
    clock_.advance(std::chrono::minutes(2));
    ASSERT_TRUE(report(denied("b")));
    page();  // housekeeping runs after each job, so before what follows
    page();
    ASSERT_TRUE(report(denied("c")));
    store_->stop();
    EXPECT_THAT(look_up("SELECT group_concat(kind) FROM (SELECT kind FROM audit_row ORDER BY seq)"),
                testing::AnyOf("record,repeat,repeat,record,record", "record,repeat,record,repeat,record"));
}

TEST_F(StoreThreadTest, TrimsByItself) {
    StoreThread::Options options;
    options.state_directory = directory_;
    options.audit_max_size = 50'000;
    start(options);
    for (int i = 0; i < 400; ++i) ASSERT_TRUE(report(denied("c" + std::to_string(i))));
    while (store_->status().audit >= 100) page();  // it goes in steps
    store_->stop();
    EXPECT_EQ(said(verify_file()), "ok");
}

TEST_F(StoreThreadTest, TakesNewLimitsAtAReload) {
    start();
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(report(denied("c" + std::to_string(i))));
    store_->set_audit_limits(std::chrono::hours(1), 20'000);
    while (store_->status().audit >= 60) page();  // it goes in steps
}

TEST_F(StoreThreadTest, ASecondDaemonIsToldWhy) {
    start();
    StoreThread::Options options;
    options.state_directory = directory_;
    const auto second = StoreThread::start(options, clock_, log_, answers_.post());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::unavailable);
    EXPECT_TRUE(report(denied("a")));
}

TEST_F(StoreThreadTest, AMissingStateDirectoryIsAnErrorOfTheStart) {
    StoreThread::Options options;
    options.state_directory = path("none");
    const auto store = StoreThread::start(options, clock_, log_, answers_.post());
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().text, "open " + path("none") + ": there is no such directory");
}

// --- A disk that is full ------------------------------------------------------------

TEST_F(StoreThreadTest, AFullDiskIsAnErrorAndNoEnd) {
    start(200'000);
    Result<std::uint64_t> id = 0;
    int written = 0;
    while (id && written < 1000) {
        AuditEntry entry = denied("c" + std::to_string(written++));
        entry.content = std::string(3000, 'x');
        id = report(entry);
    }
    ASSERT_FALSE(id);
    EXPECT_EQ(id.error().code, Errc::io);
    EXPECT_THAT(id.error().text, testing::HasSubstr("no space left"));
    page();
    EXPECT_TRUE(store_->status().failing);
    EXPECT_EQ(store_->status().waiting, 1u);
    EXPECT_THAT(store_->status().error, testing::HasSubstr("no space left"));
    // Reading goes on, and what cannot be written waits.
    EXPECT_FALSE(report(denied("while full")));
    EXPECT_EQ(page().records.size(), static_cast<std::size_t>(std::min(written - 1, 100)));
    store_->stop();
    EXPECT_EQ(said(verify_file()), "ok");
}

TEST_F(StoreThreadTest, WhatWaitedIsWrittenWhenThereIsSpaceAgain) {
    start(300'000);  // empty tables take half of it
    Result<std::uint64_t> id = 0;
    int written = 0;
    while (id && written < 1000) {
        AuditEntry entry = denied("c" + std::to_string(written++));
        entry.content = std::string(3000, 'x');
        id = report(entry);
    }
    ASSERT_FALSE(id);
    // A small one may fit where a large one did not, but none overtakes it.
    EXPECT_FALSE(report(denied("small")));
    store_->set_audit_limits(std::chrono::hours(24), 60'000);
    clock_.advance(std::chrono::seconds(31));
    page();  // housekeeping runs after each job, so before what follows
    const AuditPage after = page();
    ASSERT_GE(after.records.size(), 2u);
    EXPECT_EQ(after.records[0].object_name, "small");
    EXPECT_EQ(after.records[0].time, kStart);
    EXPECT_EQ(after.records[1].object_name, "c" + std::to_string(written - 1));
    EXPECT_TRUE(report(denied("now")));
    page();
    EXPECT_FALSE(store_->status().failing);
    EXPECT_EQ(store_->status().waiting, 0u);
    EXPECT_EQ(store_->status().lost, 0u);
    store_->stop();
    EXPECT_EQ(said(verify_file()), "ok");
}

TEST_F(StoreThreadTest, AFullQueueLosesRecordsAndSaysSo) {
    // Nothing is taken out while the thread waits for this answer.
    std::promise<void> entered, go;
    bool first = true;
    const auto post = [&](std::function<void()> call) {
        if (std::exchange(first, false)) {
            entered.set_value();
            go.get_future().wait();
        }
        answers_.post()(std::move(call));
    };
    StoreThread::Options options;
    options.state_directory = directory_;
    auto store = StoreThread::start(options, clock_, log_, post);
    ASSERT_TRUE(store);
    store_ = std::move(*store);
    store_->record(denied("first"), [](const Result<std::uint64_t>&) {});
    entered.get_future().wait();
    for (std::size_t i = 0; i < kStoreQueueJobs; ++i) store_->record(denied("c"), {});
    store_->record(denied("lost"), {});
    std::optional<Error> refused;
    store_->record(denied("lost too"), [&](const Result<std::uint64_t>& id) { refused = id.error(); });
    go.set_value();
    while (!refused) answers_.run_one();
    EXPECT_EQ(refused->text, "the store's queue is full: the record is lost");
    EXPECT_EQ(store_->status().lost, 2u);
    store_->stop();
    EXPECT_EQ(said(verify_file()), "ok");
    EXPECT_EQ(look_up("SELECT count(*) FROM audit_row WHERE payload LIKE '%2 records were lost: the store could not write them%'"), "1");
}

}  // namespace
}  // namespace endpointd::store
