#include "policy/rights.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <unordered_set>

#include "base/assert.hpp"
#include "base/units.hpp"
#include "dsl/object_attributes.hpp"

namespace endpointd::policy {

namespace {

// Answers about attributes that are kept for a grant: names of vars are the parent's choice.
constexpr std::size_t kAttributesKept = 10'000;

// What an object is rather than what it says: judged by zones, hosts and services. `version` is the cluster's own.
constexpr std::array<std::string_view, 5> kIdentity = {"host_name", "service_name", "child_host_name", "child_service_name", "version"};

bool contains(const auto& list, std::string_view name) noexcept { return std::find(list.begin(), list.end(), name) != list.end(); }

bool any_matches(const Patterns& patterns, std::string_view name) noexcept {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) { return glob_match(pattern, name); });
}

bool is_checkable(const dsl::Object& object) noexcept { return object.type->name == "Host" || object.type->name == "Service"; }

std::string in_words(const dsl::Object& object) { return std::string(object.type->name) + " '" + escaped(object.name) + "'"; }

std::string rule_of(const Grant& grant) { return "the config grant of " + grant.id.parent + " (" + grant.source + ")"; }

// In seconds, the default where it is not set; none: no number.
std::optional<double> interval_of(const dsl::Object& object, std::string_view name) {
    if (const json::Value* value = object.attributes.find(name)) return value->number() ? std::optional(*value->number()) : std::nullopt;
    for (const dsl::Field& field : object.type->fields)
        if (field.name == name) return std::strtod(std::string(field.fallback).c_str(), nullptr);
    return std::nullopt;
}

std::optional<Objection> too_often(const Grant& grant, const dsl::Object& object) {
    if (!grant.min_check_interval || !is_checkable(object)) return std::nullopt;
    const double least = std::chrono::duration<double>(*grant.min_check_interval).count();
    for (const std::string_view name : {"check_interval", "retry_interval"}) {
        const std::optional<double> interval = interval_of(object, name);
        if (interval && *interval >= least) continue;
        return Objection{Reason::limit_exceeded,
                         std::string(name) + " " + (interval ? number_text(*interval) : "") + " s is below min_check_interval (" +
                             number_text(least) + " s) of " + rule_of(grant),
                         std::string(name)};
    }
    return std::nullopt;
}

// True where the object is in these groups by their own `assign where` alone.
bool only_assigned(const json::Value& groups, const std::vector<std::string>& assigned) {
    const json::Array* const names = groups.array();
    if (!names || names->size() > assigned.size()) return false;
    const std::unordered_set<std::string_view> of_rules(assigned.begin(), assigned.end());
    return std::all_of(names->begin(), names->end(),
                       [&](const json::Value& name) { return name.string() && of_rules.contains(*name.string()); });
}

}  // namespace

ParentRights rights_of(std::string_view parent, const Grants& grants, const dsl::Topology& topology) {
    ParentRights rights;
    if (const dsl::Endpoint* endpoint = topology.endpoint(parent)) rights.zone = endpoint->zone;
    const Verdict verdict = grants.decide(parent, rights.zone, {Capability::config, std::nullopt, std::nullopt, std::nullopt});
    if (!verdict.allowed) {
        rights.refusal = Objection{verdict.reason, verdict.detail};
        return rights;
    }
    const Grant* wants_signature = nullptr;
    for (const Grant* grant : verdict.grants) {
        if (!grant) continue;
        if (grant->signed_by) wants_signature = grant;
        else rights.grants.push_back(grant);
    }
    if (rights.grants.empty() && wants_signature) {
        rights.refusal =
            Objection{Reason::unsigned_zone, rule_of(*wants_signature) + " wants a signature by '" + escaped(*wants_signature->signed_by) +
                                                 "' (signed_by); nothing is taken without it"};
    }
    return rights;
}

std::optional<std::string> why_not_ours(std::string_view name, const dsl::Topology& topology) {
    if (name.empty()) return std::nullopt;
    const dsl::Zone* const zone = topology.zone(name);
    if (!zone) return "there is no Zone '" + escaped(name) + "' in zones.d";
    const std::string& own = topology.local_zone().name;
    if (zone->global || topology.is_at_or_below(name, own)) return std::nullopt;
    return "Zone '" + escaped(name) + "' is neither our own ('" + own + "'), below it, nor global";
}

const ParentRights& Rights::of(const std::string& parent) {
    const auto known = parents_.find(parent);
    return known != parents_.end() ? known->second : parents_.emplace(parent, rights_of(parent, grants_, topology_)).first->second;
}

bool Rights::covers_attribute(const Grant& grant, const std::string& path) {
    auto& known = states_[&grant].attributes;
    if (const auto found = known.find(path); found != known.end()) return found->second;
    const std::size_t dot = path.find('.');
    const bool covered = any_matches(*grant.attributes, path) ||
                         (dot != std::string::npos && any_matches(*grant.attributes, std::string_view(path).substr(0, dot)));
    if (known.size() < kAttributesKept) known.emplace(path, covered);
    return covered;
}

// The first attribute that is set and that the grant does not cover.
std::optional<std::string> Rights::uncovered(const Grant& grant, const dsl::Object& object) {
    if (!grant.attributes || contains(*grant.attributes, "*")) return std::nullopt;
    for (const auto& [name, value] : object.attributes) {
        if (contains(kIdentity, name)) continue;
        if (name == "groups" && only_assigned(*value, object.assigned_groups)) continue;
        const json::Object* const vars = name == "vars" ? value->object() : nullptr;
        if (!vars) {
            if (!covers_attribute(grant, std::string(name))) return std::string(name);
            continue;
        }
        for (const auto& [key, ignored] : *vars) {
            std::string path = "vars." + key;
            if (!covers_attribute(grant, path)) return path;
        }
    }
    return std::nullopt;
}

Rights::Judged Rights::judge(const Grant& grant, const dsl::Object& object, const Subject& subject,
                             std::optional<std::string_view> attribute) {
    if (!contains(grant.types, object.type->name)) {
        return {0, Objection{Reason::type_not_granted,
                             "type " + std::string(object.type->name) + " is not among the types of " + rule_of(grant)}};
    }
    const std::string& zone = object.zone.empty() ? topology_.local_zone().name : object.zone.str();
    if (grant.zones && !any_matches(*grant.zones, zone))
        return {1, Objection{Reason::out_of_scope, "Zone '" + escaped(zone) + "' is outside the zones of " + rule_of(grant)}};
    // `hosts` alone is about what belongs to these hosts, their services included: a grant to
    // configure hosts of which no service may be checked is not what anybody means.
    const bool by_host = grant.id.capability == Capability::config && grant.hosts && !grant.services;
    if (subject.host && !covers_object(grant, *subject.host, by_host ? std::nullopt : subject.service)) {
        return {2, Objection{Reason::out_of_scope, in_words(object) + " is outside the hosts and services of " + rule_of(grant)}};
    }
    const auto refused_attribute = [&](const std::string& path) {
        return Objection{Reason::attribute_not_allowed,
                         "attribute '" + escaped(path) + "' is not among the attributes of " + rule_of(grant), path};
    };
    if (attribute) {
        const std::string path(*attribute);
        // "vars.a.b" is a part of vars.a as well.
        const std::size_t dot = path.find('.');
        const std::string whole = path.substr(0, dot == std::string::npos ? dot : path.find('.', dot + 1));
        if (grant.attributes && !covers_attribute(grant, path) && !covers_attribute(grant, whole)) return {3, refused_attribute(path)};
        if (*attribute != "check_interval" && *attribute != "retry_interval") return {};
    } else if (const std::optional<std::string> path = uncovered(grant, object)) {
        return {3, refused_attribute(*path)};
    }
    if (std::optional<Objection> objection = too_often(grant, object)) return {4, std::move(objection)};
    if (!attribute && grant.max_objects && states_[&grant].objects >= *grant.max_objects) {
        return {5, Objection{Reason::limit_exceeded,
                             "there are " + std::to_string(*grant.max_objects) + " objects already, the max_objects of " + rule_of(grant)}};
    }
    return {};
}

std::optional<Objection> Rights::take(const std::string& parent, const dsl::Object& object) {
    const ParentRights& rights = of(parent);
    if (rights.refusal) return rights.refusal;
    if (std::optional<std::string> why = why_not_ours(object.zone.str(), topology_))
        return Objection{Reason::zone_not_authorized, *std::move(why)};
    const Subject subject = subject_of(object);
    Judged furthest{-1, std::nullopt};
    for (const Grant* grant : rights.grants) {
        Judged judged = judge(*grant, object, subject, std::nullopt);
        if (!judged.objection) {
            ++states_[grant].objects;
            last_ = grant;
            return std::nullopt;
        }
        if (judged.stage > furthest.stage) furthest = std::move(judged);
    }
    return furthest.objection;
}

void Rights::give_back() {
    EP_ASSERT(last_);
    --states_[last_].objects;
    last_ = nullptr;
}

std::optional<Objection> Rights::change(const std::string& parent, const dsl::Object& object, std::string_view attribute) {
    const ParentRights& rights = of(parent);
    if (rights.refusal) return rights.refusal;
    const Subject subject = subject_of(object);
    Judged furthest{-1, std::nullopt};
    for (const Grant* grant : rights.grants) {
        Judged judged = judge(*grant, object, subject, attribute);
        if (!judged.objection) return std::nullopt;
        if (judged.stage > furthest.stage) furthest = std::move(judged);
    }
    return furthest.objection;
}

}  // namespace endpointd::policy
