#pragma once
// endpointd.json with conf.d over it, as plain structs: what every other module
// is configured from. Loaded once by main (and again by a reload), immutable
// afterwards, handed down by reference; any thread may read.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/findings.hpp"
#include "base/log.hpp"

namespace endpointd::settings {

// Stands for the node's name in the paths of certificate and key.
inline constexpr std::string_view kNodePlaceholder = "<node>";
// Bytes of a node's or zone's name: a CN has at most 64, no file name more than 255.
inline constexpr std::size_t kNameLength = 255;

struct Node {
    std::string name;  // empty until name_node(): the FQDN, which is not ours to find out here
    std::string zone;  // empty: the zone that zones.d puts the node into
};

struct Listen {
    bool enabled = true;                                     // "listen": false only connects out
    std::vector<std::string> addresses = {"0.0.0.0", "::"};  // literals; `::` is IPv6 only
    bool default_addresses = true;                           // nobody set them: a family the kernel lacks is skipped
    std::uint64_t port = 5665;                               // 0: any free port
};

enum class TlsVersion { tls12, tls13 };

struct Tls {
    std::string ca = "pki/ca.crt";  // paths relative to the configuration directory
    std::string certificate = "pki/<node>.crt";
    std::string key = "pki/<node>.key";
    std::optional<std::string> crl;
    TlsVersion min_version = TlsVersion::tls12;
    std::string ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
    std::optional<std::string> ciphersuites;  // none: OpenSSL's
    Duration renew_before = std::chrono::days(30);
};

struct Connect {
    Duration timeout = std::chrono::seconds(15);
    Duration reconnect_min = std::chrono::seconds(1);
    Duration reconnect_max = std::chrono::seconds(60);
};

struct Replay {
    Duration max_age = std::chrono::days(1);
    std::uint64_t max_size = 512ULL << 20;
};

struct Runner {
    std::uint64_t max_concurrent = 64;
    Duration timeout = std::chrono::seconds(60);  // of a command that names none
    std::uint64_t max_output = 64ULL << 10;
    std::uint64_t queue = 10000;
};

struct Audit {
    Duration max_age = std::chrono::days(90);
    std::uint64_t max_size = 256ULL << 20;
    bool syslog = false;
};

struct Limits {
    std::uint64_t message_size = 64ULL << 20;
    std::uint64_t config_files = 10000;
    std::uint64_t config_size = 64ULL << 20;
    std::uint64_t objects = 100000;
    std::uint64_t eval_steps = 20000000;
    std::uint64_t eval_depth = 256;
    Duration min_answer = std::chrono::milliseconds(5);
};

enum class Demand { required, best_effort };

struct Confinement {
    Demand seccomp = Demand::required;
    Demand landlock = Demand::best_effort;
};

struct Admin {
    std::string socket = "admin.sock";  // relative to the run directory
    std::optional<std::string> group;
};

struct Logging {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
};

struct Settings {
    Node node;
    std::optional<std::string> user;
    Listen listen;
    Tls tls;
    Connect connect;
    Replay replay;
    Runner runner;
    Audit audit;
    Limits limits;
    Confinement confinement;
    Admin admin;
    Logging log;
};

// `files`: endpointd.json first (or absent), then conf.d in lexical order. Objects
// merge, scalars and arrays replace. No file at all means the defaults. Every
// error and warning goes to `findings`, at the file that the value in force came
// from; none is returned if there was an error.
std::optional<Settings> load(const std::vector<SourceFile>& files, Findings& findings);

// Gives the node `fqdn` as its name where the file names none, and puts the name
// in the place of `<node>` in the TLS paths. Call once, after load(). An FQDN that
// cannot be a node's name is an error that asks for node.name.
void name_node(Settings& settings, std::string_view fqdn, Findings& findings);

// The settings (as "/listen/port") that differ and count only after a restart.
std::vector<std::string> needing_restart(const Settings& running, const Settings& loaded);

}  // namespace endpointd::settings
