#include "confinement.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "base/unique_fd.hpp"

namespace endpointd {

namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kDnsPort = 53;  // over TCP, when an answer is long

// What resolving a name and looking up a user reads, and nothing of it is ours. The
// files and not /etc, so a file that is replaced by rename is lost: see lost_files().
constexpr std::array kSystemFiles = {"/etc/resolv.conf", "/etc/hosts",    "/etc/nsswitch.conf", "/etc/host.conf",
                                     "/etc/gai.conf",    "/etc/services", "/etc/passwd",        "/etc/group",
                                     "/etc/localtime",   "/dev/null",     "/dev/urandom"};

constexpr std::array kConfigurationDirectories = {"conf.d", "catalog.d", "caps.d", "zones.d", "trusted-signers.d"};

// Absolute and without links, as far as it is there.
fs::path real(const fs::path& path) {
    std::error_code failed;
    fs::path found = fs::weakly_canonical(path, failed);
    return failed ? fs::absolute(path).lexically_normal() : found;
}

bool at_or_below(const fs::path& path, const fs::path& directory) {
    return std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first == directory.end();
}

// A directory that holds more than keys: granting it would grant secrets, the
// store's neighbours, or all of /etc.
bool too_wide(const fs::path& directory, const fs::path& config, const fs::path& state) {
    constexpr std::ptrdiff_t kTopLevel = 2;  // "/" and one name
    return at_or_below(config, directory) || at_or_below(state, directory) || at_or_below(directory, config / "secrets") ||
           std::distance(directory.begin(), directory.end()) <= kTopLevel;
}

void add_tls(exec::DaemonConfinementSpec& spec, const Directories& directories, const settings::Tls& tls, std::vector<Finding>& warnings) {
    const fs::path config = real(directories.config);
    const fs::path state = real(directories.state);
    const auto add = [&](const char* setting, const std::string& name) {
        const fs::path path = config / name;  // `name` alone where it is absolute
        // Where the name is a link, its target: a replaced link leads to a neighbour of that, as a rule.
        const fs::path target = real(path);
        bool file = false;
        for (const fs::path& directory : {real(path.parent_path()), target.parent_path()}) {
            if (too_wide(directory, config, state)) file = true;
            else spec.read_directories.push_back(directory.string());
        }
        if (!file) return;
        spec.read_files.push_back(target.string());
        warnings.push_back({path.string(), 0, 0, std::nullopt,
                            std::string(setting) + ": this file is granted to the confined daemon, not its directory: one that replaces "
                                                   "it by rename is read after a restart only; keep it in a directory like pki/"});
    };
    add("tls.ca", tls.ca);
    add("tls.certificate", tls.certificate);
    add("tls.key", tls.key);
    if (tls.crl) add("tls.crl", *tls.crl);
}

// A directory to write besides the store's, unless it holds what shall not be written.
void add_writable(exec::DaemonConfinementSpec& spec, const Directories& directories, const std::string& what, const fs::path& path,
                  Findings& findings) {
    const fs::path directory = real(path), config = real(directories.config);
    if (too_wide(directory, config, real(directories.state)) || at_or_below(directory, config)) {
        findings.errors.push_back({path.string(), 0, 0, std::nullopt,
                                   what + " holds more than the daemon may write: choose one that is not part of the configuration "
                                          "directory, and holds neither that nor the state directory"});
        return;
    }
    spec.write_directories.push_back(path.string());
}

std::vector<std::uint16_t> peer_ports(const dsl::Topology& topology) {
    std::vector<std::uint16_t> ports;
    for (const dsl::Endpoint* endpoint : topology.whom_to_dial()) {
        std::uint16_t port = 0;
        const char* const end = endpoint->port.data() + endpoint->port.size();
        if (const auto [stopped, error] = std::from_chars(endpoint->port.data(), end, port); error == std::errc() && stopped == end)
            ports.push_back(port);
    }
    return ports;
}

// access(2) asks modes and owners alone, open(2) Landlock as well.
bool kept_from_us(const std::string& path) {
    if (::access(path.c_str(), R_OK) != 0) return false;
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    return !file && errno == EACCES;
}

template <class T>
void sort_unique(std::vector<T>& values) {
    std::ranges::sort(values);
    values.erase(std::ranges::unique(values).begin(), values.end());
}

}  // namespace

std::string store_directory(const Directories& directories) { return directories.state + "/store"; }

std::string admin_socket(const Directories& directories, const settings::Settings& settings) {
    return settings.admin.socket.starts_with('/') ? settings.admin.socket : directories.run + "/" + settings.admin.socket;
}

exec::DaemonConfinementSpec confinement_spec(const Directories& directories, const Configuration& configuration,
                                             std::optional<exec::User> user, Findings& findings) {
    const settings::Settings& settings = configuration.settings;
    exec::DaemonConfinementSpec spec;
    spec.user = std::move(user);
    spec.seccomp_required = settings.confinement.seccomp == settings::Demand::required;
    spec.landlock_required = settings.confinement.landlock == settings::Demand::required;
    for (const char* name : kConfigurationDirectories) spec.read_directories.push_back(directories.config + "/" + name);
    spec.read_directories.emplace_back("/proc");  // whose child a caller of the admin socket is
    spec.read_files.assign(kSystemFiles.begin(), kSystemFiles.end());
    add_tls(spec, directories, settings.tls, findings.warnings);
    // Whoever writes it below /run (systemd-resolved, NetworkManager, resolvconf) replaces it by rename.
    if (const fs::path resolver = real("/etc/resolv.conf"); at_or_below(resolver, "/run") && resolver.parent_path() != "/run")
        spec.read_directories.push_back(resolver.parent_path().string());
    spec.write_directories.push_back(store_directory(directories));
    add_writable(spec, directories, "the run directory", directories.run, findings);
    const fs::path socket = fs::path(admin_socket(directories, settings)).lexically_normal();
    if (real(socket.parent_path()) != real(directories.run))
        add_writable(spec, directories, "admin.socket's directory", socket.parent_path(), findings);
    if (settings.listen.enabled) spec.bind_ports.push_back(static_cast<std::uint16_t>(settings.listen.port));
    spec.connect_ports = peer_ports(*configuration.topology);
    spec.connect_ports.push_back(kDnsPort);
    const char* const manager = std::getenv("NOTIFY_SOCKET");
    spec.abstract_sockets = manager != nullptr && manager[0] == '@';
    sort_unique(spec.read_directories);
    sort_unique(spec.read_files);
    sort_unique(spec.connect_ports);
    return spec;
}

std::vector<Finding> needing_wider_confinement(const Confinement& confinement, const Configuration& next) {
    std::vector<Finding> findings;
    if (!confinement.holds.tcp_ports) return findings;
    for (const dsl::Endpoint* endpoint : next.topology->whom_to_dial()) {
        std::uint16_t port = 0;
        std::from_chars(endpoint->port.data(), endpoint->port.data() + endpoint->port.size(), port);
        if (std::ranges::binary_search(confinement.spec.connect_ports, port)) continue;
        findings.push_back({endpoint->file, endpoint->line, 0, std::nullopt,
                            "endpoint '" + endpoint->name + "' is dialled at port " + endpoint->port +
                                ", which the confined daemon may not connect to: no port can be added while it runs; restart endpointd"});
    }
    return findings;
}

std::vector<std::string> lost_files(const Confinement& confinement) {
    std::vector<std::string> lost;
    for (const std::string& path : confinement.spec.read_files) {
        const bool granted = std::ranges::find(confinement.holds.absent, path) == confinement.holds.absent.end();
        if (granted && kept_from_us(path)) lost.push_back(path);
    }
    return lost;
}

void explain_refusals(Findings& findings) {
    for (Finding& error : findings.errors)
        if (kept_from_us(error.file))
            error.message +=
                "; the confined daemon was not granted it when it started: restart endpointd, and keep what is read "
                "in the directories of the configuration, without links to elsewhere";
}

}  // namespace endpointd
