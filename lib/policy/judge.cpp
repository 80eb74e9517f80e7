#include "policy/judge.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/units.hpp"

namespace endpointd::policy {

namespace {

// What upstream would have said, in our codes. With `depends`, its cause.
Reason reason_of(dsl::Why why, bool in_catalog) noexcept {
    switch (why) {
        case dsl::Why::syntax:
        case dsl::Why::evaluation:
            return Reason::syntax_error;
        case dsl::Why::attribute:
            return Reason::attribute_not_allowed;
        case dsl::Why::statement:
            return Reason::statement_not_allowed;
        case dsl::Why::function:
            return Reason::function_not_allowed;
        case dsl::Why::command:
            return in_catalog ? Reason::command_shadowed : Reason::command_pushed;
        case dsl::Why::type:
            return Reason::type_not_granted;
        case dsl::Why::redefined:
            return Reason::redefinition;
        case dsl::Why::depends:
            return Reason::syntax_error;  // without a cause: something that did not evaluate
        case dsl::Why::limit:
            return Reason::limit_exceeded;
    }
    return Reason::syntax_error;
}

}  // namespace

void Judge::expect(const std::vector<Modification>& modifications) {
    for (const Modification& change : modifications) changes_.emplace(key(change.type, change.name), &change);
}

void Judge::add_local(const std::shared_ptr<const std::vector<dsl::Object>>& objects) {
    for (const dsl::Object& object : *objects) {
        PlannedObject planned;
        planned.object = {objects, &object};
        stand(std::move(planned));
    }
}

// The objects' text is in memory already; here it is only not multiplied.
void Judge::reject(Rejection rejection) {
    content_ += rejection.content.size();
    if (content_ > kContentKept) {
        content_ -= rejection.content.size();
        rejection.content.clear();
    }
    plan_.rejections.push_back(std::move(rejection));
}

void Judge::add(const std::shared_ptr<const dsl::Evaluation>& made, const TextOrigins& origins) {
    const dsl::Evaluation& evaluated = *made;
    for (const dsl::Refused& refused : evaluated.refused) refuse(refused, origins);
    if (evaluated.left_out > 0) {
        Rejection more;
        more.reason = Reason::limit_exceeded;
        more.method = "config::Update";
        more.detail = std::to_string(evaluated.left_out) + " more refusals of this evaluation are not told one by one";
        const auto origin = origins.find(evaluated.refused.back().place.file.str());
        if (origin != origins.end()) more.parent = origin->second.parent;
        reject(std::move(more));
    }
    if (!evaluated.complete) {
        plan_.failed = true;
        return;
    }
    for (const dsl::Object& object : evaluated.objects) {
        // Something else of that name may have been refused: this one is there, and not judged yet.
        Known& known = known_[key(object.type->name, object.name)];
        if (known.state != State::standing) known = {};
    }
    const TextOrigin nobody;  // to whom nothing is granted
    for (const dsl::Object& object : evaluated.objects) {
        const auto origin = origins.find(object.place.file.str());
        judge({made, &object}, origin == origins.end() ? nobody : origin->second);
    }
    for (const auto& [path, origin] : origins) {
        if (!origin.announced || announced_met_.contains(path)) continue;
        reject(rejection_of(*origin.announced, {Reason::malformed_message, "the text makes no " + escaped(origin.announced->type) + " '" +
                                                                               escaped(origin.announced->name) + "'"}));
    }
    reject_late();
}

void Judge::refuse(const dsl::Refused& refused, const TextOrigins& origins) {
    const auto found = origins.find(refused.place.file.str());
    const TextOrigin* const origin = found == origins.end() ? nullptr : &found->second;
    const dsl::Why why = refused.why == dsl::Why::depends ? refused.cause.value_or(refused.why) : refused.why;
    const bool is_definition = refused.why == dsl::Why::command;
    Rejection rejection;
    rejection.detail = refused.message;
    if (is_definition) {
        Objection objection = pushed_command(refused.type.empty() ? "a command" : refused.type, refused.name, *world_.catalog);
        rejection.reason = objection.reason;
        rejection.detail = std::move(objection.detail);
    } else {
        rejection.reason = reason_of(why, false);
    }
    rejection.method = "config::Update";
    rejection.object_type = refused.type;
    rejection.object_name = refused.name;
    rejection.zone = refused.zone;
    rejection.content = *refused.text;
    if (origin) {
        rejection.parent = origin->parent;
        if (rejection.zone.empty()) rejection.zone = origin->zone;
    }
    if (origin && origin->announced) {
        rejection.method = "config::UpdateObject";
        rejection.object_type = origin->announced->type;
        rejection.object_name = origin->announced->name;
        announced_met_.insert(refused.place.file.str());
    } else {
        rejection.file = refused.place.file;
        rejection.line = refused.place.line;
    }
    // Of objects that stand, one is the local or the first one of this name: it stays what it is.
    if (!refused.type.empty() && !refused.name.empty() && refused.why != dsl::Why::redefined) {
        const auto [known, is_new] = known_.try_emplace(key(refused.type, refused.name));
        if (is_new) known->second = {State::rejected, 0, rejection.reason};
    }
    reject(std::move(rejection));
}

void Judge::judge(const std::shared_ptr<const dsl::Object>& made, const TextOrigin& origin) {
    const dsl::Object& object = *made;
    if (origin.announced && (object.type->name != origin.announced->type || object.name != origin.announced->name)) {
        return reject_object(object, origin,
                             {Reason::malformed_message, "the text makes " + std::string(object.type->name) + " '" + escaped(object.name) +
                                                             "', the message announces " + escaped(origin.announced->type) + " '" +
                                                             escaped(origin.announced->name) + "'"});
    }
    if (origin.announced) announced_met_.insert(object.place.file.str());
    if (std::optional<Objection> objection = objection_to(object, origin)) return reject_object(object, origin, *std::move(objection));
    PlannedObject planned;
    planned.object = made;
    planned.origin = origin.announced ? Origin::runtime : Origin::pushed;
    planned.parent = shared_parent(origin.parent);
    if (origin.announced) planned.version = origin.announced->version;
    leave_rejected_groups(planned);
    stand(std::move(planned));
}

std::optional<Objection> Judge::objection_to(const dsl::Object& object, const TextOrigin& origin) {
    const Known* const known = find(object.type->name, object.name);
    EP_ASSERT(known);
    if (known->state == State::standing) return Objection{Reason::redefinition, "the name is taken by an object that stands already"};
    if (object.type->role == dsl::TypeRole::command) return pushed_command(object.type->name, object.name, *world_.catalog);
    if (object.type->role != dsl::TypeRole::object)
        return Objection{Reason::type_not_granted, "type " + std::string(object.type->name) + " can never be pushed"};
    if (std::optional<Objection> objection = missing_of(object)) return objection;
    if (std::optional<Objection> objection = rights_.take(origin.parent, object)) return objection;
    std::optional<Objection> objection = commands_.judge(object, host_of(object));
    if (objection) rights_.give_back();
    return objection;
}

void Judge::stand(PlannedObject planned) {
    modify(planned);
    Known& known = known_[key(planned.object->type->name, planned.object->name)];
    known = {State::standing, plan_.objects.size(), Reason::ok};
    plan_.objects.push_back(std::move(planned));
}

void Judge::reject_object(const dsl::Object& object, const TextOrigin& origin, Objection objection) {
    Known& known = known_[key(object.type->name, object.name)];
    if (objection.reason != Reason::redefinition) known = {State::rejected, 0, objection.reason};
    Rejection rejection;
    rejection.reason = objection.reason;
    rejection.parent = origin.parent;
    rejection.method = origin.announced ? "config::UpdateObject" : "config::Update";
    rejection.object_type = object.type->name;
    rejection.object_name = object.name;
    rejection.zone = object.zone;
    if (!origin.announced) {
        rejection.file = object.place.file;
        rejection.line = object.place.line;
    }
    rejection.detail = std::move(objection.detail);
    rejection.content = *object.text;
    reject(std::move(rejection));
}

// Most objects in a row are one parent's.
const dsl::SharedString& Judge::shared_parent(const std::string& parent) {
    if (parent_ != parent) parent_ = parent;
    return parent_;
}

Plan Judge::finish() {
    std::sort(plan_.objects.begin(), plan_.objects.end(), planned_before);
    plan_.objects.shrink_to_fit();  // a plan stays for long, and up to half of what a vector grew to is empty
    return std::move(plan_);
}

}  // namespace endpointd::policy
