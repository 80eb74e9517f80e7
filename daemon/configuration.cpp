#include "configuration.hpp"

#include <netdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "dsl/local.hpp"
#include "exec/confine.hpp"
#include "files/trusted_file.hpp"
#include "json/document.hpp"
#include "policy/caps.hpp"
#include "policy/filter.hpp"
#include "policy/offered.hpp"

namespace endpointd {

namespace {

constexpr std::string_view kSettingsFile = "endpointd.json";

// The name this host has in DNS, as `hostname --fqdn` finds it; its bare name if DNS knows none.
std::string fqdn() {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) return {};
    const std::string bare = host.data();
    if (bare.find('.') != std::string::npos) return bare;
    addrinfo hints{};
    hints.ai_flags = AI_CANONNAME;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(bare.c_str(), nullptr, &hints, &found) != 0) return bare;
    std::string name = found != nullptr && found->ai_canonname != nullptr ? found->ai_canonname : bare;
    ::freeaddrinfo(found);
    return name;
}

std::string resolved(const std::string& config_dir, const std::string& path) {
    return path.starts_with('/') ? path : config_dir + "/" + path;
}

class Loader {
public:
    Loader(const ConfigurationSource& source, Findings& findings) : source_(source), findings_(findings) {}

    std::optional<Identity> identity();
    std::optional<Configuration> configuration();

private:
    uid_t assumed_user() const { return source_.running_user ? *source_.running_user : exec::settings_owner(source_.state_dir); }
    std::vector<SourceFile> read(files::TreeKind kind, uid_t user, Findings& findings);
    void put_candidate(std::vector<SourceFile>& files, Findings& findings) const;
    std::shared_ptr<tls::Contexts> contexts(const settings::Tls& tls, uid_t user);
    // A finding about a setting, at the file that the value in force came from.
    Finding at_setting(std::string_view pointer, std::string message) const;
    void check_sandboxes(const catalog::Catalog& catalog);
    void check_plugins(const catalog::Catalog& catalog, uid_t user);
    void check_secrets(const catalog::Catalog& catalog, uid_t user);
    void check_unix_sockets(const catalog::Catalog& catalog, uid_t user);
    bool read_pem(const std::string& setting, const std::string& path, files::TrustedKind kind, uid_t user, std::string& text);

    const ConfigurationSource& source_;
    Findings& findings_;
    std::vector<SourceFile> settings_files_;
    bool incomplete_ = false;  // something could not be read: what depends on it is not judged
};

std::vector<SourceFile> Loader::read(files::TreeKind kind, uid_t user, Findings& findings) {
    const std::size_t before = findings.errors.size() + findings.warnings.size();
    const bool opened = kind == files::TreeKind::settings && source_.settings;
    std::vector<SourceFile> files =
        opened ? files::read_settings(source_.config_dir, source_.settings->get(), user, source_.unreadable, findings)
               : files::read_tree(source_.config_dir, kind, user, source_.unreadable, findings);
    incomplete_ = findings.errors.size() + findings.warnings.size() != before;
    if (source_.candidate && source_.candidate->kind == kind) put_candidate(files, findings);
    return files;
}

void Loader::put_candidate(std::vector<SourceFile>& files, Findings& findings) const {
    const Candidate& candidate = *source_.candidate;
    std::ifstream in(candidate.file, std::ios::binary);
    if (!in) {
        findings.errors.push_back({candidate.file, 0, 0, std::nullopt, "cannot be read"});
        return;
    }
    std::string text;
    std::array<char, 65536> part;
    while (text.size() <= limits::kConfigFile && (in.read(part.data(), part.size()), in.gcount() > 0))
        text.append(part.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > limits::kConfigFile) {
        findings.errors.push_back({candidate.file, 0, 0, std::nullopt, "longer than " + std::to_string(limits::kConfigFile) + " bytes"});
        return;
    }
    // Fragments may be named with or without their folder.
    std::string name = candidate.name;
    if (candidate.kind == files::TreeKind::settings && name.starts_with("conf.d/")) name.erase(0, 7);
    const auto there = std::ranges::find(files, name, &SourceFile::name);
    if (there != files.end()) {
        *there = {candidate.file, name, std::move(text)};
        return;
    }
    const bool is_main = candidate.kind == files::TreeKind::settings && name == kSettingsFile;
    const auto place = is_main ? files.begin() : std::ranges::find_if(files, [&](const SourceFile& file) {
        return file.name > name && !(candidate.kind == files::TreeKind::settings && file.name == kSettingsFile);
    });
    files.insert(place, {candidate.file, name, std::move(text)});
}

std::optional<Identity> Loader::identity() {
    // Who the daemon runs as stands in files whose owner depends on it: a first look
    // takes the user that no setting names, a second one the user that was found.
    const auto look = [&](uid_t owner, Findings& findings) -> std::optional<settings::Settings> {
        settings_files_ = read(files::TreeKind::settings, owner, findings);
        if (incomplete_) return std::nullopt;
        auto loaded = settings::load(settings_files_, findings);
        return findings.ok() ? std::move(loaded) : std::nullopt;
    };
    const uid_t assumed = assumed_user();
    Findings first;
    auto loaded = look(assumed, first);
    if (!loaded) {
        findings_.errors.insert(findings_.errors.end(), first.errors.begin(), first.errors.end());
        findings_.warnings.insert(findings_.warnings.end(), first.warnings.begin(), first.warnings.end());
        return std::nullopt;
    }
    const auto user = source_.running_user ? Result<exec::User>(exec::User{"", *source_.running_user, 0})
                                           : exec::running_user(loaded->user, source_.state_dir);
    if (!user) {
        findings_.errors.push_back({source_.config_dir + "/" + std::string(kSettingsFile), 0, 0, "/user", user.error().text});
        return std::nullopt;
    }
    if (user->uid != assumed) {
        first = {};
        loaded = look(user->uid, first);
    }
    findings_.errors.insert(findings_.errors.end(), first.errors.begin(), first.errors.end());
    findings_.warnings.insert(findings_.warnings.end(), first.warnings.begin(), first.warnings.end());
    if (!loaded) return std::nullopt;
    // Asked only where it is needed: a dead DNS takes half a minute to say nothing.
    std::string name;
    if (loaded->node.name.empty()) name = source_.fqdn.empty() ? fqdn() : source_.fqdn;
    settings::name_node(*loaded, name, findings_);
    return Identity{std::move(*loaded), user->uid, std::move(name)};
}

bool Loader::read_pem(const std::string& setting, const std::string& path, files::TrustedKind kind, uid_t user, std::string& text) {
    auto content = files::read_trusted(resolved(source_.config_dir, path), kind, user);
    if (content) {
        text = std::move(*content);
        return true;
    }
    const bool warn = content.error().code == Errc::not_permitted && source_.unreadable == files::Unreadable::is_warning;
    (warn ? findings_.warnings : findings_.errors)
        .push_back({resolved(source_.config_dir, path), 0, 0, std::nullopt, setting + ": " + content.error().text});
    return false;
}

std::shared_ptr<tls::Contexts> Loader::contexts(const settings::Tls& tls, uid_t user) {
    tls::TlsMaterial material;
    bool complete = read_pem("tls.ca", tls.ca, files::TrustedKind::config, user, material.ca);
    complete &= read_pem("tls.certificate", tls.certificate, files::TrustedKind::config, user, material.certificate);
    complete &= read_pem("tls.key", tls.key, files::TrustedKind::secret, user, material.key);
    if (tls.crl) complete &= read_pem("tls.crl", *tls.crl, files::TrustedKind::config, user, material.crl.emplace());
    if (!complete) return nullptr;
    material.min_version = tls.min_version == settings::TlsVersion::tls13 ? "1.3" : "1.2";
    material.ciphers = tls.ciphers;
    material.ciphersuites = tls.ciphersuites;
    auto made = tls::make_contexts(material, SystemClock().wall());
    if (!made) {
        // "tls.ciphers: ..." is about the setting /tls/ciphers.
        const std::string& text = made.error().text;
        const bool named = text.starts_with("tls.") && text.find(':') != std::string::npos;
        findings_.errors.push_back(at_setting(named ? "/tls/" + text.substr(4, text.find(':') - 4) : "/tls", text));
        return nullptr;
    }
    for (const std::string& warning : (*made)->warnings) findings_.warnings.push_back(at_setting("/tls", warning));
    return *made;
}

Finding Loader::at_setting(std::string_view pointer, std::string message) const {
    for (auto file = settings_files_.rbegin(); file != settings_files_.rend(); ++file) {
        Findings ignored;
        const auto document = json::parse_config(*file, ignored);
        if (document && document->places.contains(pointer)) return document->at(pointer, std::move(message));
    }
    return {source_.config_dir + "/" + std::string(kSettingsFile), 0, 0, std::string(pointer), std::move(message)};
}

// Interfaces, catalog.d: what is the daemon's own can never be opened to a plugin by name.
void Loader::check_sandboxes(const catalog::Catalog& catalog) {
    const auto absolute = [](const std::string& path) { return std::filesystem::absolute(path).lexically_normal().string(); };
    std::vector<std::string> own = {absolute(source_.state_dir), absolute(source_.config_dir + "/pki"),
                                    absolute(source_.config_dir + "/secrets")};
    if (!source_.run_dir.empty()) own.push_back(absolute(source_.run_dir));
    for (const auto& [name, command] : catalog.commands()) {
        for (const auto* list : {&command.sandbox.read, &command.sandbox.write}) {
            for (const std::string& path : *list) {
                const bool inside =
                    std::ranges::any_of(own, [&](const std::string& hidden) { return path == hidden || path.starts_with(hidden + "/"); });
                if (!inside) continue;
                findings_.errors.push_back(
                    {command.source.substr(0, command.source.rfind(':')), 0, 0, std::nullopt,
                     "sandbox of '" + name + "' names " + path + ", which is the daemon's own and stays hidden from every plugin"});
            }
        }
    }
}

// A plugin that would be refused when it is asked for: better known today. One that is
// not installed says so by itself when it is run.
void Loader::check_plugins(const catalog::Catalog& catalog, uid_t user) {
    for (const auto& [name, command] : catalog.commands()) {
        if (command.builtin) continue;
        const auto plugin = files::check_trusted(command.command.front(), files::TrustedKind::plugin, user);
        if (plugin || plugin.error().code != Errc::invalid) continue;
        findings_.warnings.push_back({command.source.substr(0, command.source.rfind(':')), 0, 0, std::nullopt,
                                      "plugin of '" + name + "' will be refused: " + plugin.error().text});
    }
}

// What the runner would refuse when the command is asked for: better known today. Only
// for somebody who validates: the daemon itself cannot look into secrets/.
void Loader::check_secrets(const catalog::Catalog& catalog, uid_t user) {
    if (source_.unreadable != files::Unreadable::is_warning) return;
    std::error_code ignored;
    const std::string hidden = std::filesystem::weakly_canonical(source_.config_dir + "/secrets", ignored).string() + "/";
    for (const auto& [name, command] : catalog.commands()) {
        for (const catalog::SecretUse& secret : command.secrets) {
            const auto add = [&](std::vector<Finding>& list, const std::string& what) {
                list.push_back({command.source.substr(0, command.source.rfind(':')), 0, 0, std::nullopt,
                                "secret '" + secret.name + "' of '" + name + "': " + what});
            };
            const std::string path = resolved(source_.config_dir, secret.file);
            const auto file = files::open_trusted_file(path, files::TrustedKind::secret, user);
            if (!file) {
                add(file.error().code == Errc::not_permitted ? findings_.warnings : findings_.errors, file.error().text);
                continue;
            }
            struct stat status {};
            if (::fstat(file->fd.get(), &status) == 0 && user != 0 && status.st_uid != user && (status.st_mode & S_IRGRP) == 0)
                add(findings_.errors, path +
                                          ": only root may read it, and the runner does not run as root: chgrp it to the daemon's group"
                                          " and chmod 0640");
            if (!file->resolved.starts_with(hidden))
                add(findings_.warnings, path + ": is outside of secrets/, and only that is hidden from every plugin: move it there");
        }
    }
}

// A socket's owner lets in whoever is his user, and nothing of the sandbox tells a plugin
// from the daemon there. Only for somebody who validates: it is advice, and no news at each start.
void Loader::check_unix_sockets(const catalog::Catalog& catalog, uid_t user) {
    if (source_.unreadable != files::Unreadable::is_warning) return;
    for (const auto& [name, command] : catalog.commands()) {
        if (command.builtin || !command.sandbox.unix_sockets) continue;
        if (command.run_as) {
            const auto other = exec::find_user(*command.run_as);
            if (!other || other->uid != user) continue;
        }
        const std::size_t colon = command.source.rfind(':');
        const auto line = static_cast<std::uint32_t>(std::strtoul(command.source.c_str() + colon + 1, nullptr, 10));
        findings_.warnings.push_back({command.source.substr(0, colon), line, 1, std::nullopt,
                                      "'" + name +
                                          "' has unix_sockets and runs as the daemon's user, so it reaches every socket that admits the"
                                          " daemon: give it a run_as of its own"});
    }
}

std::optional<Configuration> Loader::configuration() {
    auto who = identity();
    Configuration loaded;
    // Later kinds are checked even where the settings are broken: an operator wants all
    // errors at once. What depends on the node's name has to wait for it.
    const uid_t user = who ? who->running_user : assumed_user();
    loaded.catalog =
        std::make_shared<const catalog::Catalog>(catalog::Catalog::load(read(files::TreeKind::catalog, user, findings_), findings_));
    check_sandboxes(*loaded.catalog);
    check_plugins(*loaded.catalog, user);
    check_secrets(*loaded.catalog, user);
    check_unix_sockets(*loaded.catalog, user);
    const auto caps = read(files::TreeKind::caps, user, findings_);
    policy::KnownNames known;
    known.commands.emplace();
    for (const auto& [name, command] : loaded.catalog->commands()) known.commands->push_back(name);
    if (who) {
        loaded.settings = std::move(who->settings);
        const auto zones = read(files::TreeKind::zones, user, findings_);
        if (!incomplete_) {
            const settings::Node& node = loaded.settings.node;
            const std::string& zone = node.zone.empty() ? node.name : node.zone;
            auto local = dsl::load_local(zones, {node.name, node.zone}, policy::host_constants(node.name, zone),
                                         evaluation_limits(loaded.settings.limits), findings_);
            if (local) {
                loaded.topology = std::make_shared<const dsl::Topology>(std::move(local->topology));
                loaded.local = policy::local_objects(std::move(local->objects), *loaded.catalog, *loaded.topology, findings_);
            }
        }
        loaded.contexts = contexts(loaded.settings.tls, user);
        if (loaded.contexts && loaded.contexts->own.common_name() != loaded.settings.node.name) {
            findings_.errors.push_back({resolved(source_.config_dir, loaded.settings.tls.certificate), 0, 0, std::nullopt,
                                        "tls.certificate: its CN is '" + loaded.contexts->own.common_name().value_or("") +
                                            "', but this node is '" + loaded.settings.node.name +
                                            "'; peers know a node by its CN: set node.name or use the node's own certificate"});
        }
    }
    known.topology = loaded.topology.get();
    auto grants = policy::load_caps(caps, known, findings_);
    if (!findings_.ok() || !grants || !loaded.topology) return std::nullopt;
    loaded.grants = std::make_shared<const policy::Grants>(std::move(*grants));
    return loaded;
}

}  // namespace

dsl::Limits evaluation_limits(const settings::Limits& limits) {
    return {.steps = limits.eval_steps, .depth = static_cast<unsigned>(limits.eval_depth), .objects = limits.objects};
}

std::optional<Configuration> load_configuration(const ConfigurationSource& source, Findings& findings) {
    return Loader(source, findings).configuration();
}

std::optional<Identity> load_identity(const ConfigurationSource& source, Findings& findings) { return Loader(source, findings).identity(); }

}  // namespace endpointd
