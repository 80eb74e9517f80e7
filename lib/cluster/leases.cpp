#include "cluster/leases.hpp"

#include "base/units.hpp"
#include "cluster/audit_entry.hpp"

namespace endpointd::cluster {

namespace {

std::string name_of(std::uint64_t id) { return "lease:" + std::to_string(id); }

// For `audit show`: what was granted, in full.
std::string content_of(const policy::Lease& lease) {
    return json::to_text(json::Object{{"id", lease.id},
                                      {"parent", lease.parent},
                                      {"capability", policy::name_of(lease.capability)},
                                      {"scope", lease.scope},
                                      {"granted", to_rfc3339(lease.granted)},
                                      {"expires", to_rfc3339(lease.expires)},
                                      {"by", lease.by},
                                      {"reason", lease.reason}});
}

}  // namespace

void Leases::record(std::uint64_t id, std::string detail, std::optional<std::string> content) const {
    ways_.log.info("lease", "changed", {{"lease", static_cast<unsigned long long>(id)}, {"what", detail}});
    store::AuditEntry entry;
    entry.decision = store::Decision::changed;
    entry.reason = store::Reason::ok;
    entry.object_type = "Lease";
    entry.object_name = name_of(id);
    entry.detail = std::move(detail);
    entry.content = std::move(content);
    ways_.audit(std::move(entry));
}

void Leases::load(store::StoredLeases kept) {
    std::vector<std::string> problems = std::move(kept.problems);
    for (std::string& problem : table_.load(std::move(kept.leases), kept.next_id, ways_.clock.steady()))
        problems.push_back(std::move(problem));
    for (const std::string& problem : problems) {
        ways_.log.error("store", "a lease is lost: what it allowed is denied until it is granted again", {{"what", problem}});
        ways_.audit(lost_in_store(problem));
    }
    end_expired();
}

std::optional<Duration> Leases::next_end() const { return table_.next_end(ways_.clock.wall(), ways_.clock.steady()); }

void Leases::grant(const policy::LeaseRequest& request, const std::string& by, const policy::KnownNames& known,
                   std::function<void(Result<Granted>)> done) {
    if (ways_.audit_fails())
        return done(
            fail(Errc::unavailable, "the audit cannot be written, and nothing is granted without a record; see endpointctl status"));
    Granted granted;
    Result<policy::Lease> lease = table_.add(request, by, known, ways_.clock.wall(), ways_.clock.steady(), granted.warnings);
    if (!lease) return done(lease.error());
    granted.lease = *std::move(lease);
    const std::uint64_t id = granted.lease.id;
    // The record goes first: a lease that is in force after a crash has one.
    record(id, "granted until " + to_rfc3339(granted.lease.expires) + ": " + policy::in_words(granted.lease), content_of(granted.lease));
    store::LeaseChange change;
    change.put.push_back(granted.lease);
    ways_.keep(std::move(change), [this, id, granted = std::move(granted), done = std::move(done)](bool written) {
        if (!written) {
            table_.take_back(id);
            record(id, "never came into force: it could not be stored");
            return done(fail(Errc::unavailable, "the lease could not be stored and is not in force; see endpointctl status"));
        }
        table_.enter_into_force(id);
        ways_.changed();
        done(granted);
    });
}

void Leases::revoke(std::uint64_t id, const std::string& by, std::function<void(Result<policy::Lease>)> done) {
    std::optional<policy::Lease> lease = table_.remove(id);
    if (!lease) return done(fail(Errc::not_found, "there is no " + name_of(id) + " in force; see endpointctl caps show"));
    record(id, "revoked by " + escaped(by, 64) + ": " + policy::in_words(*lease));
    ways_.changed();
    forget({id}, [id, lease = *std::move(lease), done = std::move(done)](bool written) {
        if (written) return done(lease);
        done(fail(Errc::unavailable, name_of(id) + " is over, but the store could not be told and is told again until it can; a restart "
                                                   "before that brings the lease back: see endpointctl status"));
    });
}

void Leases::forget(const std::vector<std::uint64_t>& ids, const std::function<void(bool)>& done) {
    over_.insert(ids.begin(), ids.end());
    if (over_.empty()) return;
    store::LeaseChange change;
    change.dropped.assign(over_.begin(), over_.end());
    ++forgetting_;
    const std::vector<std::uint64_t> dropped = change.dropped;
    ways_.keep(std::move(change), [this, dropped, done](bool written) {
        --forgetting_;
        if (written)
            for (const std::uint64_t id : dropped) over_.erase(id);
        if (done) done(written);
    });
}

void Leases::end_expired() {
    std::vector<std::uint64_t> ids;
    for (const policy::Lease& lease : table_.take_expired(ways_.clock.wall(), ways_.clock.steady())) {
        record(lease.id, "expired: " + policy::in_words(lease));
        ids.push_back(lease.id);
    }
    if (!ids.empty()) forget(ids, {});
}

void Leases::tick() {
    const std::size_t before = table_.grants().size();
    end_expired();
    if (table_.grants().size() != before) ways_.changed();
    if (!over_.empty() && forgetting_ == 0) forget({}, {});
    const SteadyTime now = ways_.clock.steady();
    if (!kept_at_ || now - *kept_at_ >= kLeasesKeptEvery) keep_all();
}

void Leases::keep_all() {
    kept_at_ = ways_.clock.steady();
    store::LeaseChange change;
    change.put = table_.in_force(*kept_at_);
    // A minute that could not be written down is written with the next.
    if (!change.empty()) ways_.keep(std::move(change), [](bool) {});
}

}  // namespace endpointd::cluster
