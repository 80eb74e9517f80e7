// The catalog: what there is, what would be run, and running it.

#include "admin/parameters.hpp"
#include "admin/routes.hpp"
#include "base/units.hpp"
#include "catalog/render.hpp"

namespace endpointd::admin {
namespace {

Response no_command(const std::string& name) {
    return problem(404, "command '" + escaped(name) + "' is not in the local catalog; see `endpointctl catalog list`");
}

// A parent's unknown macro is dropped; an operator's is a slip of the pen, and
// running without it would answer another question than the one asked.
std::optional<Response> unknown_parameter(const catalog::Catalog& catalog, const catalog::Command& command,
                                          const json::Object& parameters) {
    const catalog::Command* inner = catalog::inner_command(catalog, command, parameters);
    for (const auto& [name, value] : parameters) {
        if (command.parameters.contains(name) || (inner && inner->parameters.contains(name))) continue;
        std::string known;
        for (const auto& [parameter, rule] : command.parameters) known += (known.empty() ? "" : ", ") + parameter;
        return problem(
            422, "'" + escaped(name, 64) + "' is no parameter of '" + command.name + "'; it has: " + (known.empty() ? "none" : known));
    }
    return std::nullopt;
}

}  // namespace

void get_catalog(const Call& call, Reply reply) { reply(json_response(catalog::list_view(*call.backend.catalog()))); }

void get_catalog_command(const Call& call, Reply reply) {
    const std::shared_ptr<const catalog::Catalog> catalog = call.backend.catalog();
    const catalog::Command* const command = catalog->find(call.parts[0]);
    reply(command ? json_response(catalog::show_view(*command)) : no_command(call.parts[0]));
}

void get_catalog_render(const Call& call, Reply reply) {
    const std::shared_ptr<const catalog::Catalog> catalog = call.backend.catalog();
    const catalog::Command* const command = catalog->find(call.parts[0]);
    if (!command) return reply(no_command(call.parts[0]));
    if (const Result<void> known = only_known(call.request.query, {"param"}); !known) return reply(problem(known.error()));
    const Result<json::Object> parameters = parameters_of_query(call.request.query);
    if (!parameters) return reply(problem(parameters.error()));
    if (std::optional<Response> unknown = unknown_parameter(*catalog, *command, *parameters)) return reply(std::move(*unknown));
    const catalog::Attempt<catalog::Admission> admission = catalog::admit(*catalog, *command, *parameters);
    if (!admission) return reply(problem(422, admission.error().text));
    const catalog::Attempt<catalog::Invocation> invocation = catalog::build(*catalog, *command, admission->parameters);
    if (!invocation) return reply(problem(422, invocation.error().text));
    reply(json_response(catalog::render_view(*command, *invocation, call.backend.command_timeout())));
}

void post_catalog_run(const Call& call, Reply reply) {
    const std::shared_ptr<const catalog::Catalog> catalog = call.backend.catalog();
    const catalog::Command* const command = catalog->find(call.parts[0]);
    if (!command) return reply(no_command(call.parts[0]));
    Result<json::Object> parameters = parameters_of_body(call.request.body);
    if (!parameters) return reply(problem(parameters.error()));
    if (std::optional<Response> unknown = unknown_parameter(*catalog, *command, *parameters)) return reply(std::move(*unknown));
    call.backend.run_command(call.parts[0], std::move(*parameters), call.request.caller,
                             [reply = std::move(reply)](const Result<json::Value>& outcome) {
                                 // A broken rule is the answer "no", not a malformed request.
                                 if (!outcome && outcome.error().code == Errc::invalid) return reply(problem(422, outcome.error().text));
                                 reply(outcome ? json_response(*outcome) : problem(outcome.error()));
                             });
}

}  // namespace endpointd::admin
