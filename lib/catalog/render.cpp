#include "catalog/render.hpp"

namespace endpointd::catalog {

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

json::Array texts(const std::vector<std::string>& list) { return {list.begin(), list.end()}; }

json::Object summary(const Command& command) {
    const json::Value description = command.description.empty() ? json::Value() : json::Value(command.description);
    return {{"name", command.name},       {"kind", name_of(command.kind)},       {"description", description},
            {"builtin", command.builtin}, {"weakened", texts(command.weakened)}, {"source", command.source}};
}

json::Object sandbox_view(const Sandbox& sandbox) {
    return {{"network", sandbox.network},     {"unix_sockets", sandbox.unix_sockets},
            {"read", texts(sandbox.read)},    {"write", texts(sandbox.write)},
            {"memory", sandbox.memory},       {"cpu", seconds(sandbox.cpu)},
            {"processes", sandbox.processes}, {"open_files", sandbox.open_files}};
}

}  // namespace

json::Value list_view(const Catalog& catalog) {
    json::Array commands;
    for (const auto& [name, command] : catalog.commands()) commands.emplace_back(summary(command));
    return json::Object{{"commands", std::move(commands)}};
}

json::Value show_view(const Command& command) {
    json::Object view = summary(command);
    view.set("entry", command.entry);
    return view;
}

json::Value render_view(const Command& command, const Invocation& invocation, Duration default_timeout) {
    json::Object env;
    for (const std::string& variable : invocation.env) {
        const std::size_t equals = variable.find('=');
        env.set(variable.substr(0, equals), variable.substr(equals + 1));
    }
    for (const SecretUse& secret : command.secrets) env.set(secret.name, "<secret:" + secret.name + ">");
    return json::Object{{"name", command.name},
                        {"argv", texts(invocation.argv)},
                        {"env", std::move(env)},
                        {"run_as", command.run_as},
                        {"sandbox", sandbox_view(command.sandbox)},
                        {"timeout", seconds(command.timeout.value_or(default_timeout))}};
}

}  // namespace endpointd::catalog
