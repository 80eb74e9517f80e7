#include "policy/views.hpp"

namespace endpointd::policy {

namespace {

json::Value shown(const Entry& entry, const Usage& usage) {
    json::Array grants, denied;
    for (const Capability capability : kCapabilities) {
        const Grant* grant = entry.find(capability);
        if (!grant) {
            denied.emplace_back(name_of(capability));
            continue;
        }
        const Counts counts = usage.counts(grant->id);
        grants.emplace_back(json::Object{
            {"capability", name_of(capability)},
            {"scope", grant->scope},
            {"rate", grant->rate ? json::Value(grant->rate->text) : json::Value()},
            {"expires", nullptr},
            {"source", grant->source},
            {"used", counts.used},
            {"denied", counts.denied},
        });
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
