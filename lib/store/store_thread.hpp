#pragma once
// The thread that owns the store: a slow disk delays it and nobody else. Callers
// (any thread) leave work in a bounded queue; everything that waits is committed
// as one transaction; answers come back through `post`, so they run where the
// caller lives. A full or failing disk costs an error answer, a log line and a
// counter: what could not be written waits in memory and is tried again.
// Owned by the daemon; started once the process is confined.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "store/audit_record.hpp"
#include "store/check_states.hpp"
#include "store/leases.hpp"
#include "store/outbox.hpp"
#include "store/wanted.hpp"

namespace endpointd::store {

// Jobs, and bytes of what they carry, that wait for the disk: beyond it a record is
// lost, counted, and the loss itself is recorded. The same holds for what failed.
inline constexpr std::size_t kStoreQueueJobs = 10'000;
inline constexpr std::size_t kStoreQueueBytes = 16 * 1024 * 1024;
// Records of one transaction: enough to share one sync, few enough to answer soon.
inline constexpr std::size_t kStoreBatch = 512;

// What the store looks like at this moment.
struct StoreStatus {
    std::uint64_t size = 0;     // bytes of the database that are in use
    std::uint64_t audit = 0;    // records in the audit
    std::uint64_t outbox = 0;   // messages that wait for a parent
    std::uint64_t queued = 0;   // jobs that wait
    std::uint64_t waiting = 0;  // records that could not be written and are tried again
    std::uint64_t failed = 0;   // transactions that failed, since the start
    std::uint64_t lost = 0;     // records given up, since the start
    bool failing = false;       // the last transaction failed
    std::string error;          // why, while failing
};

class StoreThread {
public:
    // Runs a function where the answers belong (an io_context's executor). It is
    // called from the store's thread and from callers', and must not block. It must
    // outlive stop(); a function it never runs is a lost answer, nothing else.
    using Post = std::function<void(std::function<void()>)>;
    template <class T>
    using Done = std::function<void(Result<T>)>;

    struct Options {
        std::string state_directory;  // holds store.db and audit.head
        Duration audit_max_age = std::chrono::hours(24 * 90);
        std::uint64_t audit_max_size = 256 * 1024 * 1024;  // bytes
        std::uint64_t database_max_size = 0;               // bytes; 0: what the disk takes
    };

    // Opens the store on the calling thread (so that its errors are the start's
    // errors), then starts the thread. `clock` and `log` must outlive it.
    static Result<std::unique_ptr<StoreThread>> start(Options options, const Clock& clock, const Log& log, Post post);

    // stop(), if that has not happened.
    ~StoreThread();

    // Writes what waits and the counts held in memory, then the head file, and joins.
    // Whatever is left afterwards is answered with Errc::unavailable.
    void stop();

    // `done` gets the record's id once it is committed. An error says that it is not
    // (yet) on disk: the store goes on trying by itself, the caller does not.
    void record(AuditEntry entry, Done<std::uint64_t> done = {});

    void list(AuditFilter filter, Done<AuditPage> done);
    void show(std::uint64_t id, Done<AuditDetail> done);  // Errc::not_found
    // At most `limit` records with an id above `after`, oldest first, seen since
    // `since`: call it again with the last id until it is empty. Writers get their
    // turn in between.
    void export_page(std::uint64_t after, std::size_t limit, std::optional<WallTime> since, Done<std::vector<AuditRecord>> done);
    // Marks all of `ids`, or none: Errc::not_found names the one that is not there.
    // The answer is the id of the record about the review itself.
    void review(std::vector<std::uint64_t> ids, std::string by, std::string note, Done<std::uint64_t> done);
    void verify(Done<AuditVerdict> done);  // in steps; writers get their turn in between

    // What parents want, as it was kept when the store was opened. Once: it is handed over.
    StoredWanted take_wanted();
    // Writes `change` as one transaction. It is not tried again: an error says that nothing of
    // it was written. Its size is not bounded here; a caller has one of them under way.
    void change_wanted(WantedChange change, Done<void> done);

    // Where the outbox stood when the store was opened.
    const OutboxState& opened_outbox() const noexcept;
    // Appends all of it or nothing, and drops the oldest beyond `most_bytes`. Not tried again here.
    void append_outbox(std::shared_ptr<const std::vector<OutboxMessage>> messages, std::uint64_t most_bytes, Done<OutboxSize> done);
    // What stands behind `after`, oldest first, at most a page; empty: nothing.
    void read_outbox(OutboxMark after, Done<std::vector<OutboxMessage>> done);
    void settle_outbox(OutboxSettlement settlement, Done<OutboxSize> done);

    // What became of checks, as it was kept when the store was opened. Once: it is handed over.
    StoredStates take_states();
    // As change_wanted().
    void change_states(StateChange change, Done<void> done);
    // The leases as they were kept when the store was opened. Once: they are handed over.
    StoredLeases take_leases();
    // Writes `change` as one transaction, after whatever was left before. Not tried again, as above.
    void change_leases(LeaseChange change, Done<void> done);

    // `follow` is called through `post` with each new or raised record after its
    // commit. After unsubscribe() it is not called again, if both happen on the
    // thread that runs the posted functions.
    std::uint64_t subscribe(std::function<void(const AuditRecord&)> follow);
    void unsubscribe(std::uint64_t token);

    void set_audit_limits(Duration max_age, std::uint64_t max_size);  // a reload
    StoreStatus status() const;                                       // any thread, never waits for the disk

private:
    struct Impl;
    explicit StoreThread(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace endpointd::store
