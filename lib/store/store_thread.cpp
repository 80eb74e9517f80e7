#include "store/store_thread.hpp"

#include "files/digest.hpp"
#include "store/store_state.hpp"

namespace endpointd::store {

std::size_t size_of(const AuditEntry& entry) {
    std::size_t size = sizeof(AuditEntry) + entry.detail.size();
    for (const auto* text :
         {&entry.parent, &entry.zone, &entry.method, &entry.object_type, &entry.object_name, &entry.file, &entry.parameter, &entry.content})
        if (*text) size += (*text)->size();
    return size;
}

Result<std::unique_ptr<StoreThread>> StoreThread::start(Options options, const Clock& clock, const Log& log, Post post) {
    auto impl = std::make_unique<Impl>(std::move(options), clock, log, std::move(post));
    const std::string& directory = impl->options.state_directory;
    Result<std::unique_ptr<Database>> database = Database::open(directory + "/store.db");
    if (!database) return database.error();
    impl->database = std::move(*database);
    if (impl->options.database_max_size != 0)
        if (const Result<void> done = impl->database->limit_size(impl->options.database_max_size); !done) return done.error();
    if (const Result<void> done = migrate(*impl->database); !done) return done.error();
    Result<std::unique_ptr<AuditLog>> audit = AuditLog::open(*impl->database, clock, directory + "/audit.head");
    if (!audit) return audit.error();
    impl->audit = std::move(*audit);
    if (const std::string& problem = impl->audit->head_problem(); !problem.empty())
        log.error("store", "the audit is damaged; see 'endpointctl audit verify', and remove audit.head to accept it", {{"why", problem}});
    impl->wanted = read_wanted(*impl->database);
    Result<OutboxTable> outbox = OutboxTable::open(*impl->database);
    if (!outbox) return outbox.error();
    impl->outbox.emplace(std::move(*outbox));
    impl->opened_outbox = impl->outbox->state();
    impl->opened_outbox.size = impl->outbox->size();
    if (const std::string& problem = impl->opened_outbox.problem; !problem.empty())
        log.error("store", "results that waited for a parent are damaged and lost", {{"why", problem}});
    impl->states = read_states(*impl->database);
    impl->leases = read_leases(*impl->database);
    impl->max_age = impl->options.audit_max_age;
    impl->max_size = impl->options.audit_max_size;
    impl->trim_at = clock.steady();
    impl->publish_status();
    std::unique_ptr<StoreThread> store(new StoreThread(std::move(impl)));
    store->impl_->thread = std::thread([raw = store->impl_.get()] { raw->run(); });
    return store;
}

StoreThread::StoreThread(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

StoreThread::~StoreThread() { stop(); }

void StoreThread::stop() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->wake.notify_one();
    if (impl_->thread.joinable()) impl_->thread.join();
}

bool StoreThread::Impl::enqueue(Job& job) {
    {
        const std::lock_guard lock(mutex);
        if (stopping || !queued.fits(job.bytes)) return false;
        queued.add(job.bytes);
        queue.push_back(std::move(job));
        status.queued = queue.size();
    }
    wake.notify_one();
    return true;
}

void StoreThread::record(AuditEntry entry, Done<std::uint64_t> done) {
    // Later than now it would be the time of the disk.
    if (!entry.time) entry.time = impl_->clock.wall();
    // What is not kept does not wait in the queue either.
    if (entry.content && entry.content->size() > limits::kAuditContent) {
        if (!entry.content_sha256) entry.content_sha256 = files::sha256_hex(*entry.content);
        entry.content->resize(limits::kAuditContent);
        entry.content->shrink_to_fit();
    }
    Job job;
    job.bytes = size_of(entry);
    job.write = Write{std::move(entry), std::move(done)};
    if (impl_->enqueue(job)) return;
    bool stopped = false;
    {
        const std::lock_guard lock(impl_->mutex);
        stopped = impl_->stopping;
        ++impl_->refused;
        ++impl_->status.lost;
    }
    impl_->answer<std::uint64_t>(job.write->done, stopped ? fail(Errc::unavailable, "the store has stopped")
                                                          : fail(Errc::too_large, "the store's queue is full: the record is lost"));
}

void StoreThread::list(AuditFilter filter, Done<AuditPage> done) {
    impl_->read<AuditPage>([filter = std::move(filter)](AuditLog& audit) { return audit.list(filter); }, std::move(done));
}

void StoreThread::show(std::uint64_t id, Done<AuditDetail> done) {
    impl_->read<AuditDetail>([id](AuditLog& audit) { return audit.show(id); }, std::move(done));
}

void StoreThread::export_page(std::uint64_t after, std::size_t limit, std::optional<WallTime> since, Done<std::vector<AuditRecord>> done) {
    impl_->read<std::vector<AuditRecord>>([=](AuditLog& audit) { return audit.export_page(after, limit, since); }, std::move(done));
}

void StoreThread::review(std::vector<std::uint64_t> ids, std::string by, std::string note, Done<std::uint64_t> done) {
    Impl* impl = impl_.get();
    impl_->read<std::uint64_t>(
        [impl, ids = std::move(ids), by = std::move(by), note = std::move(note)](AuditLog& audit) {
            const Result<std::uint64_t> id = audit.review(ids, by, note);
            if (id) impl->follow({*id});
            return id;
        },
        std::move(done));
}

void StoreThread::verify(Done<AuditVerdict> done) {
    EP_ASSERT(done);
    Job job;
    Impl* impl = impl_.get();
    job.read = [impl, done](AuditLog&) { impl->verifies.push_back(done); };
    job.refuse = [impl, done](Error error) { impl->answer<AuditVerdict>(done, std::move(error)); };
    if (!impl_->enqueue(job)) job.refuse(fail(Errc::unavailable, "the store has stopped or is too busy"));
}

StoredWanted StoreThread::take_wanted() { return std::exchange(impl_->wanted, {}); }

void StoreThread::change_wanted(WantedChange change, Done<void> done) { impl_->write(write_wanted, std::move(change), std::move(done)); }

StoredStates StoreThread::take_states() { return std::exchange(impl_->states, {}); }

void StoreThread::change_states(StateChange change, Done<void> done) { impl_->write(write_states, std::move(change), std::move(done)); }

StoredLeases StoreThread::take_leases() { return std::exchange(impl_->leases, {}); }

void StoreThread::change_leases(LeaseChange change, Done<void> done) { impl_->write(write_leases, std::move(change), std::move(done)); }

const OutboxState& StoreThread::opened_outbox() const noexcept { return impl_->opened_outbox; }

void StoreThread::append_outbox(std::shared_ptr<const std::vector<OutboxMessage>> messages, std::uint64_t most_bytes,
                                Done<OutboxSize> done) {
    std::size_t bytes = 0;
    for (const OutboxMessage& message : *messages) bytes += size_of(message);
    impl_->use_outbox<OutboxSize>(
        bytes, [messages = std::move(messages), most_bytes](OutboxTable& outbox) { return outbox.append(*messages, most_bytes); },
        std::move(done));
}

void StoreThread::read_outbox(OutboxMark after, Done<std::vector<OutboxMessage>> done) {
    impl_->use_outbox<std::vector<OutboxMessage>>(
        0, [after](const OutboxTable& outbox) { return outbox.page(after); }, std::move(done));
}

void StoreThread::settle_outbox(OutboxSettlement settlement, Done<OutboxSize> done) {
    impl_->use_outbox<OutboxSize>(
        0, [settlement = std::move(settlement)](OutboxTable& outbox) { return outbox.settle(settlement); }, std::move(done));
}

std::uint64_t StoreThread::subscribe(std::function<void(const AuditRecord&)> follow) {
    const std::lock_guard lock(impl_->mutex);
    const std::uint64_t token = impl_->next_token++;
    impl_->followers.emplace(token, Impl::Follower{std::move(follow), std::make_shared<std::atomic<bool>>(true)});
    return token;
}

void StoreThread::unsubscribe(std::uint64_t token) {
    const std::lock_guard lock(impl_->mutex);
    const auto follower = impl_->followers.find(token);
    if (follower == impl_->followers.end()) return;
    // What was posted already finds it gone.
    follower->second.live->store(false);
    impl_->followers.erase(follower);
}

void StoreThread::set_audit_limits(Duration max_age, std::uint64_t max_size) {
    const std::lock_guard lock(impl_->mutex);
    impl_->max_age = max_age;
    impl_->max_size = max_size;
}

StoreStatus StoreThread::status() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->status;
}

}  // namespace endpointd::store
