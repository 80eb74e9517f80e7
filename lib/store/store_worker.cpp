// The store's thread: what it does with the jobs it finds, and with its own time.

#include <algorithm>
#include <set>

#include "store/store_state.hpp"

namespace endpointd::store {

namespace {

// Between two log lines that say the store cannot be written.
constexpr std::chrono::minutes kFailureLogEvery{1};
// Age moves slowly.
constexpr std::chrono::hours kTrimEvery{1};
// Rows `verify` reads before writers get their turn: some 20 ms.
constexpr std::size_t kVerifyRows = 2000;

}  // namespace

SteadyTime StoreThread::Impl::wake_at() const {
    if (failing) return retry_at;
    return std::min(trim_at, audit->flush_due_at().value_or(trim_at));
}

void StoreThread::Impl::run() {
    for (;;) {
        std::vector<Job> jobs;
        bool stop = false;
        {
            std::unique_lock lock(mutex);
            const bool busy = !verifies.empty() || (trim_more && !failing);
            const auto ready = [&] { return stopping || !queue.empty(); };
            if (!busy) wake.wait_for(lock, std::max(wake_at() - clock.steady(), SteadyTime::duration::zero()), ready);
            // Either writes, which share a transaction, or one reader.
            while (!queue.empty() && jobs.size() < kStoreBatch && (jobs.empty() || (jobs.front().write && queue.front().write))) {
                queued.remove(queue.front().bytes);
                jobs.push_back(std::move(queue.front()));
                queue.pop_front();
            }
            status.queued = queue.size();
            stop = stopping && jobs.empty();
        }
        if (stop) return finish();
        if (!jobs.empty()) one_job(std::move(jobs));
        housekeeping();
        verify_step();
        publish_status();
    }
}

void StoreThread::Impl::one_job(std::vector<Job> jobs) {
    if (jobs.front().write) write(std::move(jobs));
    else jobs.front().read(*audit);
}

void StoreThread::Impl::write(std::vector<Job> jobs) {
    // While the disk refuses, nobody waits for it; and what waits goes first.
    if (failing && clock.steady() >= retry_at) retry();
    Error error{Errc::io, "the store is failing"};
    if (!failing) {
        std::vector<AuditEntry> entries;
        entries.reserve(jobs.size());
        for (const Job& job : jobs) entries.push_back(job.write->entry);
        const Result<std::vector<std::uint64_t>> ids = audit->append(entries);
        if (ids) {
            publish_status();
            for (std::size_t i = 0; i < jobs.size(); ++i) answer<std::uint64_t>(jobs[i].write->done, (*ids)[i]);
            follow(*ids);
            return;
        }
        error = ids.error();
        failed(error);
    } else {
        const std::lock_guard lock(mutex);
        error.text = status.error;
    }
    for (Job& job : jobs) {
        answer<std::uint64_t>(job.write->done, error);
        postpone(std::move(job.write->entry));
    }
}

void StoreThread::Impl::postpone(AuditEntry entry) {
    const std::size_t size = size_of(entry);
    if (!waiting_size.fits(size)) {
        ++unreported;
        const std::lock_guard lock(mutex);
        ++status.lost;
        return;
    }
    waiting_size.add(size);
    waiting.push_back(std::move(entry));
}

void StoreThread::Impl::retry() {
    while (!waiting.empty()) {
        const std::size_t count = std::min(waiting.size(), kStoreBatch);
        const std::vector<AuditEntry> entries(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count));
        const Result<std::vector<std::uint64_t>> ids = audit->append(entries);
        if (!ids) return failed(ids.error());
        for (std::size_t i = 0; i < count; ++i) {
            waiting_size.remove(size_of(waiting.front()));
            waiting.pop_front();
        }
        follow(*ids);
    }
    if (const Result<void> done = audit->flush_all(); !done) return failed(done.error());
    recovered();
}

// A gap in the audit is itself on record.
void StoreThread::Impl::report_lost() {
    {
        const std::lock_guard lock(mutex);
        unreported += std::exchange(refused, 0);
    }
    if (unreported == 0 || failing) return;
    AuditEntry entry;
    entry.object_type = "audit";
    entry.decision = Decision::changed;
    entry.reason = Reason::limit_exceeded;
    entry.detail = std::to_string(unreported) + " records were lost: the store could not write them, and too many waited";
    const Result<std::uint64_t> id = audit->append(entry);
    if (!id) return failed(id.error());
    log.error("store", "audit records were lost", {{"count", static_cast<unsigned long long>(unreported)}});
    unreported = 0;
    follow({*id});
}

void StoreThread::Impl::failed(const Error& error) {
    const SteadyTime now = clock.steady();
    // One that fails again at once was not better in between.
    backoff = logged_at && now - retry_at < kRetryMost ? std::min(backoff * 2, kRetryMost) : kRetryFirst;
    retry_at = now + backoff;
    // A disk that stays full does not fill the log as well.
    if (!logged_at || now - *logged_at >= kFailureLogEvery) {
        log.error("store", "the store cannot be written; it is tried again until it can", {{"why", error.text}});
        logged_at = now;
    }
    failing = true;
    const std::lock_guard lock(mutex);
    ++status.failed;
    status.error = error.text;
}

void StoreThread::Impl::recovered() {
    if (!std::exchange(failing, false)) return;
    log.debug("store", "the store can be written again");
    const std::lock_guard lock(mutex);
    status.error.clear();
}

void StoreThread::Impl::follow(const std::vector<std::uint64_t>& ids) {
    std::vector<Follower> list;
    {
        const std::lock_guard lock(mutex);
        for (const auto& [token, follower] : followers) list.push_back(follower);
    }
    if (list.empty()) return;
    for (const std::uint64_t id : std::set<std::uint64_t>(ids.begin(), ids.end())) {
        const Result<AuditRecord> record = audit->find(id);
        if (!record) continue;
        for (const Follower& follower : list)
            post([follower, record = *record] {
                if (follower.live->load()) follower.call(record);
            });
    }
}

void StoreThread::Impl::housekeeping() {
    const SteadyTime now = clock.steady();
    Duration age{};
    std::uint64_t size = 0;
    {
        const std::lock_guard lock(mutex);
        age = max_age;
        size = max_size;
    }
    if (failing && now >= retry_at) {
        // Trimming may be what makes room; if it cannot be done either, retry() says so.
        if (verifies.empty() && audit->wants_trim(size)) static_cast<void>(audit->trim(age, size));
        retry();
    }
    if (failing) return;
    report_lost();
    if (const auto flush = audit->flush_due_at(); flush && now >= *flush)
        if (const Result<void> done = audit->flush_due(); !done) return failed(done.error());
    // A chain that is being verified keeps its beginning.
    if (verifies.empty() && (trim_more || now >= trim_at || audit->wants_trim(size))) {
        const Result<bool> more = audit->trim(age, size);
        if (!more) {
            trim_more = false;
            trim_at = now + kRetryMost;
            return failed(more.error());
        }
        trim_more = *more;
        if (!trim_more) trim_at = now + kTrimEvery;
    }
    if (audit->head_file_due())
        if (const Result<void> done = audit->write_head_file(); !done) failed(done.error());
}

void StoreThread::Impl::verify_step() {
    if (verifies.empty()) return;
    if (!verifier) verifier = std::make_unique<AuditVerifier>(*database, options.state_directory + "/audit.head");
    const Result<bool> done = verifier->step(kVerifyRows);
    if (done && !*done) return;
    answer<AuditVerdict>(verifies.front(), done ? Result<AuditVerdict>(verifier->verdict()) : Result<AuditVerdict>(done.error()));
    verifies.pop_front();
    verifier.reset();
}

void StoreThread::Impl::finish() {
    if (failing) retry();
    report_lost();
    if (const Result<void> done = audit->flush_all(); !done) failed(done.error());
    if (!failing)
        if (const Result<void> done = audit->write_head_file(); !done) failed(done.error());
    if (!waiting.empty())
        log.error("store", "audit records could not be written before the end",
                  {{"count", static_cast<unsigned long long>(waiting.size())}});
    verifier.reset();
    for (const Done<AuditVerdict>& done : verifies) answer<AuditVerdict>(done, fail(Errc::unavailable, "the store has stopped"));
    verifies.clear();
    publish_status();
    audit.reset();
    outbox.reset();
    database.reset();
}

void StoreThread::Impl::publish_status() {
    const std::uint64_t size = database->size_in_use();
    const std::lock_guard lock(mutex);
    status.size = size;
    status.audit = audit->records();
    status.outbox = outbox->size().messages;
    status.waiting = waiting.size();
    status.failing = failing;
}

}  // namespace endpointd::store
