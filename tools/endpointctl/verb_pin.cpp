// catalog pin and catalog verify, which need no daemon: the plugins' content beside
// what the catalog says it is, read the way the runner reads it.

#include <sys/stat.h>

#include <ostream>

#include "base/units.hpp"
#include "configuration.hpp"
#include "exec/confine.hpp"
#include "exec/plugin.hpp"
#include "files/digest.hpp"
#include "files/tree.hpp"
#include "files/trusted_file.hpp"
#include "render.hpp"
#include "settings/settings.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {
namespace {

struct Loaded {
    catalog::Catalog catalog;
    uid_t running_user = 0;
};

std::string first_of(const Findings& findings) {
    const Finding& first = findings.errors.front();
    std::string text = first.file + (first.line == 0 ? "" : ":" + std::to_string(first.line)) + ": " + first.message;
    if (findings.errors.size() > 1) text += " (and " + std::to_string(findings.errors.size() - 1) + " more)";
    return printable(text, 2048) + "; see endpointctl config validate";
}

// Who, besides root, may own catalog and plugins. Pins are also made where the daemon is
// not installed and its user is not there: then it is root alone.
uid_t running_user(const ConfigurationSource& source, Findings& findings) {
    const uid_t assumed = exec::settings_owner(source.state_dir);
    const auto files = files::read_tree(source.config_dir, files::TreeKind::settings, assumed, files::Unreadable::is_error, findings);
    if (!findings.ok()) return assumed;
    const auto settings = settings::load(files, findings);
    if (!settings) return assumed;
    const auto user = exec::running_user(settings->user, source.state_dir);
    return user ? user->uid : assumed;
}

// None: what is wrong was reported.
std::optional<Loaded> load(const Context& context) {
    ConfigurationSource source;
    source.config_dir = context.config;
    source.state_dir = context.state;
    source.run_dir = context.run;
    struct stat info {};
    if (::stat(source.config_dir.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
        report(context, kUsage, "'" + printable(source.config_dir) + "' is no directory that can be read; name it with --config");
        return std::nullopt;
    }
    Findings findings;
    const uid_t user = running_user(source, findings);
    if (findings.ok()) {
        const auto files = files::read_tree(source.config_dir, files::TreeKind::catalog, user, files::Unreadable::is_error, findings);
        Loaded loaded{catalog::Catalog::load(files, findings), user};
        if (findings.ok()) return loaded;
    }
    report(context, kUsage, first_of(findings));
    return std::nullopt;
}

Result<std::string> sha256_of(const catalog::Command& command, uid_t running_user) {
    // A command with run_as is started with root's help, which asks for a plugin of root's.
    const Result<UniqueFd> plugin =
        files::open_trusted(command.command.front(), files::TrustedKind::plugin, command.run_as ? 0 : running_user);
    if (!plugin) return plugin.error();
    struct stat info {};
    if (::fstat(plugin->get(), &info) != 0) return fail(Errc::io, command.command.front() + " cannot be read");
    if (static_cast<std::uint64_t>(info.st_size) > exec::kPinnedBytes) {
        return fail(Errc::too_large, command.command.front() + " is larger than " + std::to_string(exec::kPinnedBytes) +
                                         " bytes, the most that can be pinned");
    }
    return files::sha256_hex_of_fd(plugin->get());
}

std::string counted(std::size_t number, const char* what) { return std::to_string(number) + " " + what; }

}  // namespace

int catalog_pin(const Context& context, const Arguments& arguments) {
    const std::optional<Loaded> loaded = load(context);
    if (!loaded) return kUsage;
    const std::string name = arguments.one("NAME");
    const catalog::Command* const command = loaded->catalog.find(name);
    if (!command) {
        return report(context, kNo, "command '" + printable(name, 128) + "' is not in " + printable(context.config, 4096) + "/catalog.d");
    }
    if (command->builtin) return report(context, kNo, "command '" + name + "' is built in and has no plugin to pin");
    const Result<std::string> sha256 = sha256_of(*command, loaded->running_user);
    if (!sha256) return report(context, kNo, "plugin of '" + name + "' cannot be pinned: " + printable(sha256.error().text, 2048));
    if (context.json) {
        context.out << json::to_pretty_text(json::Object{{"name", name}, {"path", command->command.front()}, {"sha256", *sha256}}) << '\n';
    } else {
        context.out << "\"sha256\": \"" << *sha256 << "\"\n";
    }
    return kDone;
}

int catalog_verify(const Context& context, const Arguments&) {
    const std::optional<Loaded> loaded = load(context);
    if (!loaded) return kUsage;
    json::Array commands;
    Table table({"NAME", "PIN", "PLUGIN"});
    std::size_t differ = 0, unpinned = 0;
    for (const auto& [name, command] : loaded->catalog.commands()) {
        if (command.builtin) continue;
        if (!command.sha256) {
            ++unpinned;
            continue;
        }
        const Result<std::string> found = sha256_of(command, loaded->running_user);
        const bool same = found && *found == *command.sha256;
        json::Value why, hash;
        if (found) hash = *found;
        if (!found) why = found.error().text;
        else if (!same) why = "its content differs from the pinned sha256";
        if (!same) ++differ;
        table.add({name, same ? "ok" : text_of(why), command.command.front()});
        commands.emplace_back(json::Object{{"name", name},
                                           {"path", command.command.front()},
                                           {"pinned", *command.sha256},
                                           {"found", std::move(hash)},
                                           {"ok", same},
                                           {"why", std::move(why)}});
    }
    if (context.json) {
        context.out << json::to_pretty_text(json::Object{{"ok", differ == 0}, {"commands", std::move(commands)}}) << '\n';
    } else {
        if (!table.empty()) table.print(context.out, context.color);
        context.out << counted(commands.size(), "pinned, ") << counted(differ, "of them not as pinned, ")
                    << counted(unpinned, "without a pin") << '\n';
    }
    return differ == 0 ? kDone : kNo;
}

}  // namespace endpointd::ctl
