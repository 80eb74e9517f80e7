// Creating and deleting through a parent's API, judged by type and name alone.

#include <algorithm>

#include "base/units.hpp"
#include "policy/filter.hpp"
#include "policy/method_capability.hpp"
#include "policy/runtime_text.hpp"

namespace endpointd::policy {

namespace {

Verdict denied(Verdict verdict, Reason reason, std::string detail) {
    verdict.allowed = false;
    verdict.reason = reason;
    verdict.detail = std::move(detail);
    return verdict;
}

}  // namespace

bool is_in_scope(const std::string& parent, std::string_view type, std::string_view name, std::string_view zone, const World& world) {
    const dsl::ConfigType* const known = dsl::config_type(type);
    if (!known || known->role != dsl::TypeRole::object) return false;
    const Subject subject = subject_of(type, name);
    const ParentRights rights = rights_of(parent, *world.grants, *world.topology);
    const std::string_view there = zone.empty() ? std::string_view(world.topology->local_zone().name) : zone;
    return std::any_of(rights.grants.begin(), rights.grants.end(), [&](const Grant* grant) {
        const auto covers_zone = [&](const std::string& glob) { return glob_match(glob, there); };
        return std::find(grant->types.begin(), grant->types.end(), type) != grant->types.end() &&
               (!grant->zones || std::any_of(grant->zones->begin(), grant->zones->end(), covers_zone)) &&
               (!subject.host || covers_object(*grant, *subject.host, grant->hosts && !grant->services ? std::nullopt : subject.service));
    });
}

Verdict may_manage(const std::string& parent, std::string_view type, std::string_view name, const World& world) {
    Verdict verdict;
    const dsl::ConfigType* const known = dsl::config_type(type);
    if (known && known->role == dsl::TypeRole::command) {
        Objection objection = pushed_command(type, name, *world.catalog);
        return denied(std::move(verdict), objection.reason, std::move(objection.detail));
    }
    const std::optional<Capability> capability = capability_of_object(type);
    if (!known || !capability)
        return denied(std::move(verdict), Reason::type_not_granted,
                      "type " + escaped(type) + " can never be created or deleted by a parent");

    const Subject subject = subject_of(type, name);
    Request request;
    request.capability = *capability;
    if (subject.host) request.host = *subject.host;
    if (subject.service) request.service = *subject.service;
    const ParentRights rights = rights_of(parent, *world.grants, *world.topology);
    verdict = world.grants->decide(parent, rights.zone, request);
    if (!verdict.allowed || *capability != Capability::config) return verdict;
    if (rights.refusal) return denied(std::move(verdict), rights.refusal->reason, rights.refusal->detail);
    for (const Grant* grant : rights.grants) {
        const bool covers = std::find(verdict.grants.begin(), verdict.grants.end(), grant) != verdict.grants.end();
        if (covers && std::find(grant->types.begin(), grant->types.end(), type) != grant->types.end()) return verdict;
    }
    std::string detail =
        "type " + std::string(type) + " is not among the types of the config grant of " + parent + " (" + verdict.source + ")";
    return denied(std::move(verdict), Reason::type_not_granted, std::move(detail));
}

}  // namespace endpointd::policy
