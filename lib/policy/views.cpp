#include "policy/views.hpp"

#include "policy/lease.hpp"

namespace endpointd::policy {

namespace {

json::Value shown(const Grant& grant, const Usage& usage) {
    const Counts counts = usage.counts(grant.id);
    const Lease* const lease = grant.lease.get();
    return json::Object{
        {"capability", name_of(grant.id.capability)},
        {"scope", grant.scope},
        {"rate", grant.rate ? json::Value(grant.rate->text) : json::Value()},
        {"expires", lease ? json::Value(to_rfc3339(lease->expires)) : json::Value()},
        {"source", grant.source},
        {"granted", lease ? json::Value(to_rfc3339(lease->granted)) : json::Value()},
        {"by", lease ? json::Value(lease->by) : json::Value()},
        {"reason", lease ? json::Value(lease->reason) : json::Value()},
        {"used", counts.used},
        {"denied", counts.denied},
    };
}

json::Value shown(const Entry& entry, const Usage& usage) {
    json::Array grants, denied;
    for (const Capability capability : kCapabilities) {
        const std::size_t before = grants.size();
        if (const Grant* grant = entry.find(capability)) grants.push_back(shown(*grant, usage));
        for (const Grant& lease : entry.leases)
            if (lease.id.capability == capability) grants.push_back(shown(lease, usage));
        if (grants.size() == before) denied.emplace_back(name_of(capability));
    }
    return json::Object{
        {"name", entry.name},
        {"kind", entry.kind == Entry::Kind::zone ? "zone" : "endpoint"},
        {"grants", std::move(grants)},
        {"denied", std::move(denied)},
    };
}

}  // namespace

json::Value caps_show(const Grants& grants, const Usage& usage, std::optional<std::string_view> parent, std::string_view zone) {
    json::Array parents;
    for (const Entry& entry : grants.entries()) {
        const bool wanted = !parent || entry.key == *parent || (entry.kind == Entry::Kind::zone && !zone.empty() && entry.name == zone);
        if (wanted) parents.push_back(shown(entry, usage));
    }
    return json::Object{{"parents", std::move(parents)}};
}

json::Value caps_check(const Verdict& verdict, Capability asked) {
    return json::Object{
        {"allowed", verdict.allowed},
        {"capability", name_of(asked)},
        {"reason", name_of(verdict.reason)},
        {"source", verdict.source.empty() ? json::Value() : json::Value(verdict.source)},
        {"detail", verdict.detail.empty() ? json::Value() : json::Value(verdict.detail)},
    };
}

}  // namespace endpointd::policy
