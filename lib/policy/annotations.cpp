// Downtimes and comments that came through a parent's API.

#include "base/units.hpp"
#include "dsl/object_attributes.hpp"
#include "policy/judge.hpp"
#include "policy/method_capability.hpp"

namespace endpointd::policy {

namespace {

// Longer than the grant lets it be: the time from start to end, and what a flexible one lasts once it began.
std::optional<Objection> too_long(const Grant& grant, const dsl::Object& object) {
    if (!grant.max_duration || object.type->name != "Downtime") return std::nullopt;
    const double most = std::chrono::duration<double>(*grant.max_duration).count();
    const double window = number_attribute(object, "end_time", 0) - number_attribute(object, "start_time", 0);
    const double duration = number_attribute(object, "duration", 0);
    if (window <= most && duration <= most) return std::nullopt;
    return Objection{Reason::limit_exceeded, "it lasts " + number_text(window <= most ? duration : window) +
                                                 " s, more than max_duration (" + number_text(most) + " s) of the downtime grant of " +
                                                 grant.id.parent + " (" + grant.source + ")"};
}

}  // namespace

// By every one of the grants that allow it: one that lets it last is enough.
std::optional<Objection> Judge::longer_than_granted(const Verdict& verdict, const dsl::Object& annotation) {
    std::optional<Objection> first;
    for (const Grant* grant : verdict.grants) {
        if (!grant) continue;
        std::optional<Objection> objection = too_long(*grant, annotation);
        if (!objection) return std::nullopt;
        if (!first) first = std::move(objection);
    }
    return first;
}

std::optional<Objection> Judge::objection_to_annotation(const ReadAnnotation& read, const std::string& parent) {
    if (read.objection) return read.objection;
    const dsl::Object& object = read.object;
    const Subject subject = subject_of(object);
    Request request;
    request.capability = object.type->name == "Downtime" ? Capability::downtime : Capability::comment;
    request.host = subject.host ? std::string_view(*subject.host) : std::string_view();
    if (subject.service) request.service = *subject.service;
    const Verdict verdict = rights_.grants().decide(parent, rights_.of(parent).zone, request);
    if (!verdict.allowed) return Objection{verdict.reason, verdict.detail};
    if (std::optional<std::string> why = why_not_ours(object.zone.str(), rights_.topology()))
        return Objection{Reason::zone_not_authorized, *std::move(why)};
    if (find(object.type->name, object.name)) return Objection{Reason::redefinition, "the name is taken by an object that stands already"};
    if (std::optional<Objection> objection = missing_of(object)) return objection;
    return longer_than_granted(verdict, object);
}

void Judge::add_annotations(const std::vector<RuntimeObject>& announced, const std::vector<std::shared_ptr<const ReadAnnotation>>& read) {
    for (std::size_t i = 0; i < announced.size(); ++i) {
        if (std::optional<Objection> objection = objection_to_annotation(*read[i], announced[i].parent)) {
            reject(rejection_of(announced[i], *std::move(objection)));
            continue;
        }
        PlannedObject planned;
        planned.object = {read[i], &read[i]->object};
        planned.origin = Origin::runtime;
        planned.parent = shared_parent(announced[i].parent);
        planned.version = announced[i].version;
        stand(std::move(planned));
    }
}

}  // namespace endpointd::policy
