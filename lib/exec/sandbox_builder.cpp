#include "exec/sandbox_builder.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace endpointd::exec {
namespace {

bool holds(const std::vector<std::string>& trees, const std::string& path) {
    return std::any_of(trees.begin(), trees.end(), [&](const std::string& tree) { return within(path, tree); });
}

}  // namespace

Result<Identities> identities_of(const catalog::Catalog& catalog, const User& own, bool root) {
    Identities identities;
    if (root) {
        auto daemon = identity_of(own);
        if (!daemon) return daemon.error();
        identities.list.push_back(std::move(*daemon));
    } else {
        identities.list.push_back(own_identity());
    }
    for (const auto& [name, command] : catalog.commands()) {
        if (command.builtin) continue;
        identities.gains_rights |= command.allow_setuid;
        if (!command.run_as || identities.named.contains(*command.run_as)) continue;
        auto user = find_user(*command.run_as);
        if (!user && user.error().code == Errc::not_found) continue;
        if (!user) return user.error();
        if (user->uid == own.uid) {
            identities.named.emplace(*command.run_as, 0);
            continue;
        }
        if (!root) continue;
        auto identity = identity_of(*user);
        if (!identity) return identity.error();
        if (identities.list.size() == kIdentities)
            return fail(Errc::too_large, "the catalog names more than " + std::to_string(kIdentities) + " users");
        identities.named.emplace(*command.run_as, static_cast<std::uint32_t>(identities.list.size()));
        identities.list.push_back(std::move(*identity));
    }
    return identities;
}

SandboxSpec sandbox_spec(const catalog::Command& command, std::uint32_t identity) {
    const catalog::Sandbox& sandbox = command.sandbox;
    SandboxSpec spec{identity, command.allow_setuid, {sandbox.network, sandbox.unix_sockets}, sandbox.read, sandbox.write, {}, {}};
    // Landlock looks at where a link leads to.
    const std::string program = real_path(command.command.front()).value_or(command.command.front());
    if (!holds(spec.read, program) && !holds(spec.write, program)) spec.program = program;
    ByteWriter key;
    key.u32(identity);
    for (const bool flag : {spec.allow_setuid, spec.families.network, spec.families.unix_sockets}) key.u8(flag ? 1 : 0);
    for (const auto* list : {&spec.read, &spec.write}) {
        key.u32(static_cast<std::uint32_t>(list->size()));
        for (const std::string& path : *list) key.text(path);
    }
    key.text(spec.program);
    spec.key = std::move(key).take();
    return spec;
}

ResourceLimits resource_limits(const catalog::Command& command, std::size_t at_once) {
    const catalog::Sandbox& sandbox = command.sandbox;
    const auto cpu = std::chrono::ceil<std::chrono::seconds>(sandbox.cpu).count();
    return {static_cast<std::uint64_t>(std::max<long>(cpu, 1)), sandbox.memory, kFileSize, sandbox.processes * at_once + kOtherProcesses,
            sandbox.open_files};
}

Result<SandboxProfile> SandboxBuilder::build(const SandboxSpec& spec) const {
    SandboxProfile profile;
    profile.no_new_privs = !spec.allow_setuid;
    auto paths = visible_paths(spec.read, spec.write, spec.program, hidden_);
    if (!paths) return paths.error();
    profile.paths = std::move(*paths);
    if (has_seccomp()) {
        auto filter = plugin_filter(spec.families, !spec.write.empty());
        if (!filter) return filter.error();
        profile.filter = std::move(*filter);
    }
    return profile;
}

}  // namespace endpointd::exec
