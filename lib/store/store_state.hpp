#pragma once
// What a StoreThread holds, for the two files that implement it: store_thread.cpp
// (the callers' side) and store_worker.cpp (the thread's). Nobody else includes it.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "store/audit_log.hpp"
#include "store/audit_verify.hpp"
#include "store/database.hpp"
#include "store/store_thread.hpp"

namespace endpointd::store {

// Between attempts to write what failed: soon enough for a disk that was full for a
// moment, seldom enough for one that stays so.
inline constexpr std::chrono::seconds kRetryFirst{1};
inline constexpr std::chrono::seconds kRetryMost{30};

// Bytes an entry holds while it waits.
std::size_t size_of(const AuditEntry& entry);

struct Write {
    AuditEntry entry;
    StoreThread::Done<std::uint64_t> done;
};

struct Job {
    // One of the two.
    std::optional<Write> write;
    std::function<void(AuditLog&)> read;
    std::function<void(Error)> refuse;  // of a read that is not going to happen
    std::size_t bytes = 0;
};

// A queue bounded by number and by bytes.
class Bounded {
public:
    bool fits(std::size_t bytes) const noexcept { return count_ < kStoreQueueJobs && bytes_ + bytes <= kStoreQueueBytes; }
    void add(std::size_t bytes) noexcept {
        ++count_;
        bytes_ += bytes;
    }
    void remove(std::size_t bytes) noexcept {
        --count_;
        bytes_ -= bytes;
    }

private:
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
};

struct StoreThread::Impl {
    Impl(Options settings, const Clock& time, const Log& lines, Post answer)
        : options(std::move(settings)), clock(time), log(lines), post(std::move(answer)) {}

    const Options options;
    const Clock& clock;
    const Log& log;
    const Post post;

    // --- shared, under `mutex` ---
    mutable std::mutex mutex;
    std::condition_variable wake;
    std::deque<Job> queue;
    Bounded queued;
    bool stopping = false;
    std::uint64_t refused = 0;  // records that found the queue full, not yet on record
    Duration max_age{};
    std::uint64_t max_size = 0;
    StoreStatus status;
    struct Follower {
        std::function<void(const AuditRecord&)> call;
        std::shared_ptr<std::atomic<bool>> live;
    };
    std::map<std::uint64_t, Follower> followers;
    std::uint64_t next_token = 1;

    // --- the caller's, between start and take_wanted(), take_leases() ---
    StoredWanted wanted;
    OutboxState opened_outbox;
    StoredStates states;
    StoredLeases leases;

    // --- the thread's own ---
    std::unique_ptr<Database> database;
    std::unique_ptr<AuditLog> audit;
    std::optional<OutboxTable> outbox;
    std::deque<AuditEntry> waiting;  // what could not be written
    Bounded waiting_size;
    std::uint64_t unreported = 0;  // lost, and not yet on record
    bool failing = false;
    std::chrono::seconds backoff = kRetryFirst;
    SteadyTime retry_at;
    std::optional<SteadyTime> logged_at;  // that it fails
    SteadyTime trim_at;
    bool trim_more = false;
    std::unique_ptr<AuditVerifier> verifier;
    std::deque<Done<AuditVerdict>> verifies;  // the first one is under way
    std::thread thread;

    template <class T>
    void answer(const Done<T>& done, Result<T> result) {
        if (!done) return;
        post([done, result = std::move(result)] { done(result); });
    }

    // Has the thread write `change` as one transaction.
    template <class Change>
    void write(Result<void> (*write_to)(Database&, const Change&), Change change, Done<void> done) {
        EP_ASSERT(done);
        Job job;
        // The change is shared because a job may be copied, and it can be many megabytes.
        job.read = [this, done, write_to, change = std::make_shared<const Change>(std::move(change))](AuditLog&) {
            const Result<void> written = write_to(*database, *change);
            // A disk that refuses this refuses the audit as well, and there it is tried again.
            if (!written && written.error().code == Errc::io) failed(written.error());
            answer<void>(done, written);
        };
        job.refuse = [this, done](Error error) { answer<void>(done, std::move(error)); };
        if (!enqueue(job)) job.refuse(fail(Errc::unavailable, "the store has stopped or is too busy"));
    }

    template <class T, class Read>
    void read(Read work, Done<T> done);
    template <class T, class Use>
    void use_outbox(std::size_t bytes, Use use, Done<T> done);
    bool enqueue(Job& job);

    void run();
    SteadyTime wake_at() const;
    void one_job(std::vector<Job> jobs);
    void write(std::vector<Job> jobs);
    void postpone(AuditEntry entry);
    void retry();
    void report_lost();
    void failed(const Error& error);
    void recovered();
    void follow(const std::vector<std::uint64_t>& ids);
    void housekeeping();
    void verify_step();
    void finish();
    void publish_status();
};

template <class T, class Read>
void StoreThread::Impl::read(Read work, Done<T> done) {
    EP_ASSERT(done);
    Job job;
    job.read = [this, done, work = std::move(work)](AuditLog& store) { answer<T>(done, work(store)); };
    job.refuse = [this, done](Error error) { answer<T>(done, std::move(error)); };
    if (enqueue(job)) return;
    job.refuse(fail(Errc::unavailable, "the store has stopped or is too busy"));
}

// `use` gets the outbox; whatever it fails with of the disk is the store's failure as well.
template <class T, class Use>
void StoreThread::Impl::use_outbox(std::size_t bytes, Use use, Done<T> done) {
    EP_ASSERT(done);
    Job job;
    job.bytes = bytes;
    job.read = [this, done, use = std::move(use)](AuditLog&) {
        Result<T> result = use(*outbox);
        if (!result && result.error().code == Errc::io) failed(result.error());
        answer<T>(done, std::move(result));
    };
    job.refuse = [this, done](Error error) { answer<T>(done, std::move(error)); };
    if (!enqueue(job)) job.refuse(fail(Errc::unavailable, "the store has stopped or is too busy"));
}

}  // namespace endpointd::store
