// Status, health, objects, capabilities, reload.

#include "admin/objects.hpp"
#include "admin/parameters.hpp"
#include "admin/routes.hpp"
#include "admin/views.hpp"
#include "base/units.hpp"
#include "dsl/config_type.hpp"
#include "policy/subject.hpp"

namespace endpointd::admin {

namespace {

// Does its grant of `results` cover this host or service?
Result<bool> may_see(const Backend& backend, const std::string& parent, const std::string& name) {
    CapsQuestion question;
    question.parent = parent;
    question.capability = "results";
    policy::Checkable of = policy::checkable_of(name);
    question.host = std::move(of.host);
    question.service = std::move(of.service);
    const Result<json::Value> answer = backend.caps_check(question);
    if (!answer) return answer.error();
    const json::Value* const allowed = answer->object() ? answer->object()->find("allowed") : nullptr;
    return allowed && allowed->boolean() && *allowed->boolean();
}

}  // namespace

void get_status(const Call& call, Reply reply) { reply(json_response(call.backend.status())); }

void get_health(const Call& call, Reply reply) {
    const Health health = call.backend.health();
    Response response;
    response.status = health.ok ? 200 : 503;
    response.content_type = "text/plain; charset=utf-8";
    response.body = health.ok ? "ok\n" : health.reason + "\n";
    reply(std::move(response));
}

void get_objects(const Call& call, Reply reply) {
    const Query& query = call.request.query;
    if (const Result<void> known = only_known(query, {"type", "name", "text", "results_of"}); !known) return reply(problem(known.error()));
    ObjectSelection selection;
    for (const auto& [name, member] : {std::pair{"type", &selection.type}, std::pair{"name", &selection.name}}) {
        Result<std::optional<std::string>> value = unique_value(query, name);
        if (!value) return reply(problem(value.error()));
        *member = std::move(*value);
    }
    // An empty list would read as "there are none", where the word was mistyped.
    if (selection.type && !dsl::config_type(*selection.type))
        return reply(problem(
            400, "'" + escaped(*selection.type, 64) + "' is no type of the configuration; they are written as Host, Service, TimePeriod"));
    const Result<std::optional<std::string>> text = unique_value(query, "text");
    if (!text) return reply(problem(text.error()));
    if (*text && **text != "true" && **text != "false") return reply(problem(400, "text is true or false"));
    selection.text = text->value_or("false") == "true";
    const Result<std::optional<std::string>> parent = unique_value(query, "results_of");
    if (!parent) return reply(problem(parent.error()));
    // Nor would an empty one be true of what is not known yet.
    std::shared_ptr<const policy::Plan> plan = call.backend.plan();
    if (!plan) return reply(problem(503, std::string(kNoPlanYet)));
    std::function<bool(const std::string&)> results;
    if (*parent) {
        if (const Result<bool> known = may_see(call.backend, **parent, {}); !known) return reply(problem(known.error()));
        results = [&backend = call.backend, name_of_parent = **parent](const std::string& name) {
            const Result<bool> answer = may_see(backend, name_of_parent, name);
            return answer && *answer;
        };
    }
    reply(make_objects(
        std::move(plan), std::move(selection), [&backend = call.backend](const std::string& name) { return backend.check_view(name); },
        std::move(results)));
}

void get_caps(const Call& call, Reply reply) {
    if (const Result<void> known = only_known(call.request.query, {"parent"}); !known) return reply(problem(known.error()));
    const Result<std::optional<std::string>> parent = unique_value(call.request.query, "parent");
    if (!parent) return reply(problem(parent.error()));
    std::optional<json::Value> caps = call.backend.caps(*parent);
    if (!caps) return reply(problem(404, "no parent of that name: it is in no file of caps.d and no endpoint of a parent zone"));
    reply(json_response(*caps));
}

void get_caps_check(const Call& call, Reply reply) {
    const Query& query = call.request.query;
    if (const Result<void> known = only_known(query, {"parent", "capability", "host", "service", "command", "param"}); !known) {
        return reply(problem(known.error()));
    }
    CapsQuestion question;
    for (const auto& [name, member] : {std::pair{"parent", &question.parent}, std::pair{"capability", &question.capability}}) {
        Result<std::optional<std::string>> value = unique_value(query, name);
        if (!value) return reply(problem(value.error()));
        if (!*value || (**value).empty()) return reply(problem(400, std::string("parameter '") + name + "' is missing"));
        *member = std::move(**value);
    }
    for (const auto& [name, member] :
         {std::pair{"host", &question.host}, std::pair{"service", &question.service}, std::pair{"command", &question.command}}) {
        Result<std::optional<std::string>> value = unique_value(query, name);
        if (!value) return reply(problem(value.error()));
        *member = std::move(*value);
    }
    Result<json::Object> parameters = parameters_of_query(query);
    if (!parameters) return reply(problem(parameters.error()));
    question.parameters = std::move(*parameters);

    const Result<json::Value> answer = call.backend.caps_check(question);
    reply(answer ? json_response(*answer) : problem(answer.error()));
}

void post_reload(const Call& call, Reply reply) {
    call.backend.reload(call.request.caller,
                        [reply = std::move(reply)](const ReloadAnswer& answer) { reply(json_response(reload_view(answer))); });
}

}  // namespace endpointd::admin
