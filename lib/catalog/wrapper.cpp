#include "catalog/wrapper.hpp"

#include <algorithm>
#include <string_view>

namespace endpointd::catalog {

namespace {

bool is_below(std::string_view path, std::string_view tree) {
    return tree == "/" || path == tree || (path.starts_with(tree) && path[tree.size()] == '/');
}

// "/" does not open these: they have to be named.
bool is_private(std::string_view path) { return is_below(path, "/home") || is_below(path, "/root"); }

bool covers(const std::vector<std::string>& trees, std::string_view path) {
    return std::any_of(trees.begin(), trees.end(),
                       [&](const std::string& tree) { return is_below(path, tree) && (tree != "/" || !is_private(path)); });
}

bool covers(const std::vector<std::string>& trees, const std::vector<std::string>& paths) {
    return std::all_of(paths.begin(), paths.end(), [&](const std::string& path) { return covers(trees, path); });
}

// What the inner command would not have although its entry asks for it, by its name in "sandbox".
std::string lacking(const Command& wrapper, const Command& inner) {
    std::vector<std::string> readable = wrapper.sandbox.read;
    readable.insert(readable.end(), wrapper.sandbox.write.begin(), wrapper.sandbox.write.end());
    const Sandbox& has = wrapper.sandbox;
    const Sandbox& wants = inner.sandbox;
    std::string names;
    const auto name_if = [&names](bool lacks, std::string_view what) {
        if (lacks) names += (names.empty() ? "" : ", ") + std::string(what);
    };
    name_if(wants.network && !has.network, "network");
    name_if(wants.unix_sockets && !has.unix_sockets, "unix_sockets");
    // A plugin may always read itself, but not another one.
    name_if(!covers(readable, wants.read) || !covers(readable, inner.command.front()), "read");
    name_if(!covers(has.write, wants.write), "write");
    name_if(wants.memory > has.memory, "memory");
    name_if(wants.cpu > has.cpu, "cpu");
    name_if(wants.processes > has.processes, "processes");
    name_if(wants.open_files > has.open_files, "open_files");
    return names;
}

// Both would stand in one environment.
std::optional<std::string> contradicting_variable(const Command& wrapper, const Command& inner) {
    for (const auto& [name, text] : inner.env) {
        const auto own = wrapper.env.find(name);
        if (own != wrapper.env.end() && (own->second != text || text.find('$') != std::string::npos)) return name;
    }
    return std::nullopt;
}

bool needs_secrets(const Command& command) {
    const json::Value* secrets = command.entry.object() ? command.entry.object()->find("secrets") : nullptr;
    return secrets && secrets->object() && !secrets->object()->empty();
}

}  // namespace

std::optional<std::string> why_not_inside(const Command& wrapper, const Command& inner) {
    if (inner.builtin) return "it is built in";
    if (inner.kind != wrapper.kind) return "it is of kind " + std::string(name_of(inner.kind));
    if (inner.command_ref) return "it takes a command itself";
    if (inner.command.empty()) return "its entry is broken";
    if (inner.run_as != wrapper.run_as) return "it runs as another user";
    if (needs_secrets(inner)) return "it needs secrets";
    if (inner.allow_setuid) return "it has allow_setuid";
    if (const std::string names = lacking(wrapper, inner); !names.empty()) return "its sandbox asks for more: " + names;
    if (const auto name = contradicting_variable(wrapper, inner)) return "both set the environment variable " + *name;
    return std::nullopt;
}

}  // namespace endpointd::catalog
