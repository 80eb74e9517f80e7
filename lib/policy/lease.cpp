#include "policy/lease.hpp"

#include <algorithm>
#include <set>

#include "base/assert.hpp"
#include "base/units.hpp"
#include "dsl/zones.hpp"
#include "json/document.hpp"

namespace endpointd::policy {

namespace {

// Wide enough for every name a parent's key can have.
constexpr std::size_t kShownName = 300;

std::string listed(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + escaped(name, kShownName);
    return list.empty() ? "none: zones.d names no parent" : list;
}

// The loader's sentence, with the place in the scope instead of that in a file.
std::string about_scope(const Finding& finding, const std::string& root) {
    const std::string pointer = finding.pointer.value_or("");
    const std::string place = pointer.starts_with(root) ? pointer.substr(root.size()) : "";
    return "scope" + (place.empty() ? "" : " " + escaped(place, kShownName)) + ": " + finding.message;
}

// As a file of caps.d that holds this grant and nothing else: one syntax, one judge.
Result<Grant> as_grant(const Lease& lease, const KnownNames& known, std::vector<std::string>& warnings) {
    const std::string capability(name_of(lease.capability));
    const json::Value text = json::Object{
        {"parents", json::Object{{lease.parent, json::Object{{"grant", json::Object{{capability, json::Value(lease.scope)}}}}}}}};
    Findings findings;
    // Who may be granted to was judged before, by more than a warning.
    KnownNames names = known;
    names.topology = nullptr;
    const auto grants = load_caps({{"lease", "lease", json::to_text(text)}}, names, findings);
    const std::string root = json::pointer_to(json::pointer_to(json::pointer_to("/parents", lease.parent), "grant"), capability);
    for (const Finding& warning : findings.warnings) warnings.push_back(about_scope(warning, root));
    if (!grants) return fail(Errc::invalid, about_scope(findings.errors.front(), root));
    const Grant* grant = grants->entries().front().find(lease.capability);
    EP_ASSERT(grant);
    return *grant;
}

Result<Capability> judged(const LeaseRequest& request, const KnownNames& known) {
    const std::optional<Capability> capability = capability_from(request.capability);
    if (!capability) {
        std::string names;
        for (const Capability each : kCapabilities) names += (names.empty() ? "" : ", ") + std::string(name_of(each));
        return fail(Errc::invalid, "'" + escaped(request.capability, 64) + "' is no capability; they are " + names);
    }
    if (request.length < kLeaseShortest || request.length > kLeaseLongest)
        return fail(Errc::invalid, "a lease lasts from 1 second to 30 days; what is needed for longer stands in caps.d");
    const bool blank = request.reason.find_first_not_of(" \t\r\n") == std::string::npos;
    if (blank || request.reason.size() > kLeaseReason)
        return fail(Errc::invalid, "a lease needs a reason, of at most " + std::to_string(kLeaseReason) + " bytes");
    if (json::to_text(request.scope).size() > kLeaseScope)
        return fail(Errc::invalid, "the scope has more than " + std::to_string(kLeaseScope) + " bytes");
    EP_ASSERT(known.topology);
    const std::vector<std::string> parents = lease_parents(*known.topology);
    if (!std::binary_search(parents.begin(), parents.end(), request.parent))
        return fail(Errc::not_found, "there is no parent '" + escaped(request.parent, kShownName) + "'; known: " + listed(parents));
    return *capability;
}

}  // namespace

std::string in_words(const Lease& lease) {
    return std::string(name_of(lease.capability)) + " of " + escaped(lease.parent, kShownName) + ", granted by " + escaped(lease.by, 64) +
           ": " + escaped(lease.reason, kLeaseReason);
}

std::vector<std::string> lease_parents(const dsl::Topology& topology) {
    std::set<std::string> names;
    for (const auto& [name, endpoint] : topology.endpoints()) {
        if (!topology.is_parent(name)) continue;
        names.insert(name);
        names.insert("zone:" + endpoint.zone);
    }
    return {names.begin(), names.end()};
}

std::optional<Error> LeaseTable::no_room(const std::string& parent, Capability capability) const {
    if (held_.size() >= kLeases)
        return fail(Errc::too_large, "there are " + std::to_string(kLeases) + " leases already; revoke one, or write caps.d");
    const auto alike = std::count_if(held_.begin(), held_.end(), [&](const auto& item) {
        return item.second.lease->parent == parent && item.second.lease->capability == capability;
    });
    if (static_cast<std::size_t>(alike) < kLeasesOfOne) return std::nullopt;
    return fail(Errc::too_large, "there are " + std::to_string(kLeasesOfOne) + " leases of " + std::string(name_of(capability)) + " for " +
                                     escaped(parent, kShownName) + " already; revoke one, or write caps.d");
}

Result<LeaseTable::Held> LeaseTable::hold(Lease lease, const KnownNames& known, SteadyTime now, std::vector<std::string>& warnings) {
    Result<Grant> grant = as_grant(lease, known, warnings);
    if (!grant) return grant.error();
    Held held;
    held.until = now + std::clamp(lease.left, Duration(0), kLeaseLongest);
    held.lease = std::make_shared<const Lease>(std::move(lease));
    held.grant = std::move(*grant);
    held.grant.id.lease = held.lease->id;
    held.grant.source = "lease:" + std::to_string(held.lease->id);
    held.grant.lease = held.lease;
    return held;
}

std::vector<std::string> LeaseTable::load(std::vector<Lease> kept, std::uint64_t next_id, SteadyTime now) {
    std::vector<std::string> problems;
    next_id_ = next_id;
    for (Lease& lease : kept) {
        const std::uint64_t id = lease.id;
        next_id_ = std::max(next_id_, id + 1);
        std::vector<std::string> warnings;
        const std::string words = in_words(lease);
        // Whoever wrote the store: a verdict has room for so many.
        const std::optional<Error> full = no_room(lease.parent, lease.capability);
        Result<Held> taken = full ? Result<Held>(*full) : hold(std::move(lease), {}, now, warnings);
        if (!taken) {
            problems.push_back("lease:" + std::to_string(id) + " (" + words + ") can no longer be granted: " + taken.error().text);
            continue;
        }
        taken->in_force = true;
        held_.emplace(id, std::move(*taken));
    }
    return problems;
}

Result<Lease> LeaseTable::add(const LeaseRequest& request, const std::string& by, const KnownNames& known, WallTime wall, SteadyTime steady,
                              std::vector<std::string>& warnings) {
    const Result<Capability> capability = judged(request, known);
    if (!capability) return capability.error();
    if (std::optional<Error> full = no_room(request.parent, *capability)) return *std::move(full);
    Lease lease{next_id_, request.parent, *capability, request.scope, request.reason, by, wall, wall + request.length, request.length};
    Result<Held> taken = hold(lease, known, steady, warnings);
    if (!taken) return taken.error();
    held_.emplace(next_id_++, std::move(*taken));
    return lease;
}

void LeaseTable::enter_into_force(std::uint64_t id) {
    const auto found = held_.find(id);
    if (found != held_.end()) found->second.in_force = true;
}

std::optional<Lease> LeaseTable::remove(std::uint64_t id) {
    const auto found = held_.find(id);
    if (found == held_.end() || !found->second.in_force) return std::nullopt;
    Lease lease = *found->second.lease;
    held_.erase(found);
    return lease;
}

std::vector<Lease> LeaseTable::take_expired(WallTime wall, SteadyTime steady) {
    std::vector<Lease> over;
    std::erase_if(held_, [&](const auto& item) {
        const Held& held = item.second;
        if (!held.in_force || (wall < held.lease->expires && steady < held.until)) return false;
        over.push_back(*held.lease);
        return true;
    });
    return over;
}

std::optional<Duration> LeaseTable::next_end(WallTime wall, SteadyTime steady) const {
    std::optional<Duration> next;
    for (const auto& [id, held] : held_) {
        if (!held.in_force) continue;
        const Duration by_steady = std::chrono::ceil<Duration>(held.until - steady);
        const Duration until = std::max(std::min(held.lease->expires - wall, by_steady), Duration(0));
        if (!next || until < *next) next = until;
    }
    return next;
}

std::vector<Grant> LeaseTable::grants() const {
    std::vector<Grant> grants;
    for (const auto& [id, held] : held_)
        if (held.in_force) grants.push_back(held.grant);
    return grants;
}

std::vector<Lease> LeaseTable::in_force(SteadyTime now) const {
    std::vector<Lease> leases;
    for (const auto& [id, held] : held_) {
        if (!held.in_force) continue;
        leases.push_back(*held.lease);
        leases.back().left = std::max(std::chrono::ceil<Duration>(held.until - now), Duration(0));
    }
    return leases;
}

}  // namespace endpointd::policy
