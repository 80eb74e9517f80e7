#include "cluster/production.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <span>

#include "base/units.hpp"
#include "files/digest.hpp"

namespace endpointd::cluster {

namespace {

// A zone without timestamp is newer than anything, as upstream has it.
constexpr double kNoTimestampAhead = 10;

std::span<const policy::PushedFile> files_of(const std::vector<policy::PushedFile>& files, std::string_view zone) {
    const auto range = std::ranges::equal_range(files, zone, {}, &policy::PushedFile::zone);
    return {range.begin(), range.end()};
}

// The same text under the same paths; who pushed it does not matter.
bool same_text(std::span<const policy::PushedFile> left, std::span<const policy::PushedFile> right) {
    return std::ranges::equal(left, right, [](const auto& a, const auto& b) { return a.path == b.path && a.content == b.content; });
}

double timestamp_of(const wire::ConfigUpdate& update, std::string_view zone, double now) {
    for (const wire::ConfigFile& file : update.files) {
        if (file.zone != zone || file.path != "/.timestamp") continue;
        double value = 0;
        const auto [end, error] = std::from_chars(file.content.data(), file.content.data() + file.content.size(), value);
        if (error != std::errc() || !std::isfinite(value)) return 0;  // what nobody can read is not newer
        return std::min(value, now + kAheadOfClock);
    }
    return now + kNoTimestampAhead;
}

// May an update of `parent` end what `before` pushed: it is the same zone's voice, or nobody's any more.
bool speaks_for(const std::string& parent, const std::string& before, const dsl::Topology& topology) {
    const dsl::Endpoint* one = topology.endpoint(parent);
    const dsl::Endpoint* other = topology.endpoint(before);
    return other == nullptr || (one != nullptr && one->zone == other->zone);
}

// A zone that somebody else pushed is replaced only by who may configure that zone: the
// text of another may not be all that is refused, but it would be all that is left.
bool may_replace(const std::string& parent, const store::PushedZone& zone, const policy::World& world) {
    if (zone.parent == parent) return true;
    const dsl::Endpoint* endpoint = world.topology->endpoint(parent);
    policy::Request request;
    request.capability = policy::Capability::config;
    const policy::Verdict verdict = world.grants->decide(parent, endpoint != nullptr ? std::string_view(endpoint->zone) : "", request);
    return verdict.allowed && std::ranges::any_of(verdict.grants, [&](const policy::Grant* grant) {
               if (grant == nullptr) return false;
               return !grant->zones ||
                      std::ranges::any_of(*grant->zones, [&](const std::string& glob) { return glob_match(glob, zone.zone); });
           });
}

policy::Rejection about_zone(policy::Reason reason, const std::string& parent, const std::string& zone, std::string detail) {
    policy::Rejection rejection;
    rejection.reason = reason;
    rejection.parent = parent;
    rejection.method = "config::Update";
    rejection.zone = zone;
    rejection.detail = std::move(detail);
    return rejection;
}

}  // namespace

const store::PushedZone* Production::zone(std::string_view name) const noexcept {
    const auto found = std::ranges::lower_bound(zones, name, {}, &store::PushedZone::zone);
    return found != zones.end() && found->zone == name ? &*found : nullptr;
}

UpdateOutcome judge_update(const Production& there, const std::string& parent, const wire::ConfigUpdate& update, const policy::World& world,
                           const policy::UpdateLimits& limits, double now) {
    UpdateOutcome outcome;
    outcome.next = there;
    const std::set<std::string, std::less<>> named(update.zones.begin(), update.zones.end());

    std::vector<policy::PushedFile> texts;
    for (const wire::ConfigFile& file : update.files) {
        if (!policy::is_safe_path(file.path)) {
            policy::Rejection rejection =
                about_zone(policy::Reason::bad_path, parent, file.zone, "this is no path of a file: the update as a whole is refused");
            rejection.file = file.zone + (file.path.starts_with('/') ? "" : "/") + file.path;
            rejection.content = file.content;
            outcome.rejections.push_back(std::move(rejection));
            outcome.refused = true;
        }
        // Only text is evaluated; what else lies in a zone's directory is of no use here.
        if (!file.metadata && file.path.ends_with(".conf") && named.contains(file.zone))
            texts.push_back({parent, file.zone, file.path, file.content});
    }
    if (outcome.refused) return outcome;
    policy::CheckedUpdate checked = policy::check_update(parent, std::move(texts), world, limits);
    outcome.rejections = std::move(checked.rejections);
    outcome.refused = checked.refused;
    if (outcome.refused) return outcome;
    std::ranges::stable_sort(checked.files, {}, &policy::PushedFile::zone);

    // Zones that were left out are not touched, whatever was sent for them.
    std::set<std::string, std::less<>> left_out;
    for (const policy::Rejection& rejection : outcome.rejections)
        if (rejection.object_type.empty()) left_out.insert(rejection.zone);

    std::set<std::string, std::less<>> fresh;  // zones to be taken from the message
    std::vector<store::PushedZone> zones;
    for (const std::string& zone : named) {
        const store::PushedZone* before = there.zone(zone);
        const auto received = files_of(checked.files, zone);
        if ((received.empty() && left_out.contains(zone)) || world.topology->zone(zone) == nullptr) continue;
        const double timestamp = timestamp_of(update, zone, now);
        const bool newer = (before != nullptr ? before->timestamp : 0) < timestamp;
        if (same_text(files_of(*there.files, zone), received)) {
            // An empty zone that is new is nothing new.
            if (before != nullptr) zones.push_back({zone, before->parent, std::max(before->timestamp, timestamp)});
            continue;
        }
        if (!newer) {
            outcome.stale.push_back(zone);
            if (before != nullptr) zones.push_back(*before);
            continue;
        }
        if (before != nullptr && !may_replace(parent, *before, world)) {
            outcome.rejections.push_back(about_zone(
                policy::Reason::out_of_scope, parent, zone,
                "zone '" + zone + "' was pushed by " + before->parent + ", and the zones of this parent's config grant do not include it"));
            zones.push_back(*before);
            continue;
        }
        fresh.insert(zone);
        outcome.changed.push_back(zone);
        zones.push_back({zone, parent, timestamp});
    }
    // As upstream: what a changed update does not name is gone, and without a change nothing is.
    if (fresh.empty()) return outcome;
    for (const store::PushedZone& zone : there.zones) {
        if (named.contains(zone.zone) && world.topology->zone(zone.zone) != nullptr && !left_out.contains(zone.zone)) continue;
        if (!named.contains(zone.zone) && speaks_for(parent, zone.parent, *world.topology)) outcome.vanished.push_back(zone.zone);
        else zones.push_back(zone);
    }
    std::ranges::sort(zones, {}, &store::PushedZone::zone);
    zones.erase(std::unique(zones.begin(), zones.end(), [](const auto& a, const auto& b) { return a.zone == b.zone; }), zones.end());

    auto files = std::make_shared<std::vector<policy::PushedFile>>();
    for (const store::PushedZone& zone : zones) {
        const auto taken = files_of(fresh.contains(zone.zone) ? checked.files : *there.files, zone.zone);
        files->insert(files->end(), taken.begin(), taken.end());
    }
    outcome.next = {std::move(zones), std::move(files)};
    return outcome;
}

std::string listing(const Production& production, std::string_view zone) {
    std::string lines;
    for (const policy::PushedFile& file : files_of(*production.files, zone))
        lines += files::sha256_hex(file.content) + "  " + file.path + "\n";
    return lines;
}

}  // namespace endpointd::cluster
