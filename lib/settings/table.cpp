#include "settings/table.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace endpointd::settings {

namespace {

constexpr double kMinute = 60, kHour = 3600, kDay = 86400, kYear = 366 * kDay;
constexpr double kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB, kTiB = 1024 * kGiB;

constexpr bool kReload = false;  // counts from the next reload on
constexpr bool kRestart = true;

#define EP_AT(member) [](Settings& s) -> Target { return &s.member; }

constexpr std::array kTable = {
    // The node
    Setting{"/node/name", Form::text, EP_AT(node.name), 0, 0, kRestart,
            "name of this node: its Endpoint and its certificate's CN; default: the FQDN"},
    Setting{"/node/zone", Form::text, EP_AT(node.zone), 0, 0, kRestart,
            "zone that zones.d must put this node into; default: whichever it does"},
    Setting{"/user", Form::text, EP_AT(user), 0, 0, kRestart,
            "user to become when started as root; null: the owner of the state directory"},

    // Connections
    Setting{"/listen/addresses", Form::addresses, EP_AT(listen.addresses), 0, 0, kRestart,
            "IPv4 and IPv6 addresses to listen on; `::` is IPv6 only"},
    Setting{"/listen/port", Form::count, EP_AT(listen.port), 0, 65535, kRestart, "TCP port to listen on; 0: any free one"},
    Setting{"/tls/ca", Form::path, EP_AT(tls.ca), 0, 0, kReload, "certificates of the authorities that peers are checked against"},
    Setting{"/tls/certificate", Form::path, EP_AT(tls.certificate), 0, 0, kReload, "this node's certificate"},
    Setting{"/tls/key", Form::path, EP_AT(tls.key), 0, 0, kReload, "its private key"},
    Setting{"/tls/crl", Form::path, EP_AT(tls.crl), 0, 0, kReload, "revoked certificates; null: none are"},
    Setting{"/tls/min_version", Form::choice, EP_AT(tls.min_version), 0, 0, kReload, "oldest TLS version taken: 1.2 or 1.3"},
    Setting{"/tls/ciphers", Form::text, EP_AT(tls.ciphers), 0, 0, kReload,
            "ciphers of TLS 1.2, in OpenSSL's form; only ECDHE or DHE with AEAD"},
    Setting{"/tls/ciphersuites", Form::text, EP_AT(tls.ciphersuites), 0, 0, kReload, "ciphersuites of TLS 1.3; null: OpenSSL's"},
    Setting{"/tls/renew_before", Form::duration, EP_AT(tls.renew_before), 0, 10 * kYear, kReload,
            "how long before its end a certificate is renewed"},
    Setting{"/connect/timeout", Form::duration, EP_AT(connect.timeout), 1, kHour, kReload, "longest time to reach a peer, TLS included"},
    Setting{"/connect/reconnect_min", Form::duration, EP_AT(connect.reconnect_min), 0.1, kDay, kReload,
            "first pause before dialling again"},
    Setting{"/connect/reconnect_max", Form::duration, EP_AT(connect.reconnect_max), 0.1, kDay, kReload,
            "longest pause before dialling again"},
    Setting{"/replay/max_age", Form::duration, EP_AT(replay.max_age), 0, 10 * kYear, kReload,
            "how long results wait for a parent that is away"},
    Setting{"/replay/max_size", Form::size, EP_AT(replay.max_size), 0, 16 * kTiB, kReload, "bytes of results that may wait"},

    // Commands
    Setting{"/runner/max_concurrent", Form::count, EP_AT(runner.max_concurrent), 1, 4096, kReload, "commands that run at the same time"},
    Setting{"/runner/timeout", Form::duration, EP_AT(runner.timeout), 1, kDay, kReload, "timeout of a command that names none"},
    Setting{"/runner/max_output", Form::size, EP_AT(runner.max_output), kKiB, kMiB, kReload, "bytes kept of a command's output"},
    Setting{"/runner/queue", Form::count, EP_AT(runner.queue), 1, 1e6, kReload, "commands that may wait to be run"},

    // Records and limits
    Setting{"/audit/max_age", Form::duration, EP_AT(audit.max_age), kMinute, 100 * kYear, kReload, "how long audit records are kept"},
    Setting{"/audit/max_size", Form::size, EP_AT(audit.max_size), kMiB, kTiB, kReload, "bytes of audit records that are kept"},
    Setting{"/audit/syslog", Form::flag, EP_AT(audit.syslog), 0, 0, kReload, "audit records also go to syslog"},
    Setting{"/limits/message_size", Form::size, EP_AT(limits.message_size), 64 * kKiB, 512 * kMiB, kReload,
            "bytes of one message of a known peer"},
    Setting{"/limits/config_files", Form::count, EP_AT(limits.config_files), 1, 1e6, kReload, "files that a parent may push"},
    Setting{"/limits/config_size", Form::size, EP_AT(limits.config_size), kKiB, kGiB, kReload, "bytes that a parent may push"},
    Setting{"/limits/objects", Form::count, EP_AT(limits.objects), 1, 1e7, kReload, "objects in all"},
    Setting{"/limits/eval_steps", Form::count, EP_AT(limits.eval_steps), 1000, 1e10, kReload,
            "steps of one evaluation of pushed configuration"},
    Setting{"/limits/eval_depth", Form::count, EP_AT(limits.eval_depth), 16, 1024, kReload, "nested calls of one evaluation"},
    Setting{"/limits/min_answer", Form::duration, EP_AT(limits.min_answer), 0, 10, kReload,
            "no answer to a command leaves sooner than this after its request"},

    // The process
    Setting{"/confinement/seccomp", Form::choice, EP_AT(confinement.seccomp), 0, 0, kRestart,
            "required: no start without it; best-effort: without if it must be"},
    Setting{"/confinement/landlock", Form::choice, EP_AT(confinement.landlock), 0, 0, kRestart,
            "required: no start without it; best-effort: without if it must be"},
    Setting{"/admin/socket", Form::path, EP_AT(admin.socket), 0, 0, kRestart, "the admin socket, relative to the run directory"},
    Setting{"/admin/group", Form::text, EP_AT(admin.group), 0, 0, kRestart, "group that may use the admin socket; null: the daemon's own"},
    Setting{"/metrics/listen", Form::unavailable, nullptr, 0, 0, kRestart,
            "address and port of a metrics listener; not available in this version"},
    Setting{"/nrpe", Form::unavailable, nullptr, 0, 0, kRestart, "NRPE listener; not available in this version"},
    Setting{"/log/level", Form::choice, EP_AT(log.level), 0, 0, kReload, "debug, info, warning or error"},
    Setting{"/log/format", Form::choice, EP_AT(log.format), 0, 0, kReload, "text or json"},
};

#undef EP_AT

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

// The largest unit that leaves no remainder.
std::string in_units(std::uint64_t amount, std::initializer_list<std::pair<std::string_view, std::uint64_t>> units) {
    for (const auto& [name, size] : units)
        if (amount != 0 && amount % size == 0) return quoted(std::to_string(amount / size) + std::string(name));
    return std::to_string(amount);
}

std::string duration_text(Duration value) {
    const auto count = static_cast<std::uint64_t>(value.count());
    if (count == 0) return "0";
    if (count % 1000 != 0) return std::to_string(static_cast<double>(count) / 1e6);
    return in_units(count, {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}, {"ms", 1000}});
}

std::string text_of(const std::string& value) { return quoted(value); }
std::string text_of(const std::optional<std::string>& value) { return value ? quoted(*value) : "null"; }
std::string text_of(bool value) { return value ? "true" : "false"; }
std::string text_of(TlsVersion value) { return value == TlsVersion::tls13 ? "\"1.3\"" : "\"1.2\""; }
std::string text_of(Demand value) { return value == Demand::required ? "\"required\"" : "\"best-effort\""; }
std::string text_of(LogLevel value) { return quoted(name_of(value)); }
std::string text_of(LogFormat value) { return value == LogFormat::json ? "\"json\"" : "\"text\""; }
std::string text_of(Duration value) { return duration_text(value); }
std::string text_of(const std::vector<std::string>& values) {
    std::string text = "[";
    for (const std::string& value : values) text += (text.size() > 1 ? ", " : "") + quoted(value);
    return text + "]";
}

}  // namespace

std::span<const Setting> table() noexcept { return kTable; }

std::string value_text(const Setting& setting, const Settings& settings) {
    if (setting.form == Form::unavailable) return "null";
    Settings copy = settings;  // the table hands out places to write to
    return std::visit(
        [&](const auto* value) -> std::string {
            if constexpr (std::is_same_v<decltype(value), const std::uint64_t*>) {
                if (setting.form == Form::count) return std::to_string(*value);
                return in_units(*value, {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}});
            } else {
                return text_of(*value);
            }
        },
        setting.target(copy));
}

}  // namespace endpointd::settings
