#include "policy/offered.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>

namespace endpointd::policy {

namespace {

// Words of filters and results; each is its own text.
constexpr std::string_view kWords[] = {"OK",
                                       "Warning",
                                       "Critical",
                                       "Unknown",
                                       "Up",
                                       "Down",
                                       "DowntimeStart",
                                       "DowntimeEnd",
                                       "DowntimeRemoved",
                                       "Custom",
                                       "Acknowledgement",
                                       "Problem",
                                       "Recovery",
                                       "FlappingStart",
                                       "FlappingEnd",
                                       "DowntimeNoChildren",
                                       "DowntimeTriggeredChildren",
                                       "DowntimeNonTriggeredChildren"};

struct Number {
    std::string_view name;
    double value;
};

constexpr Number kNumbers[] = {
    {"ServiceOK", 0},
    {"ServiceWarning", 1},
    {"ServiceCritical", 2},
    {"ServiceUnknown", 3},
    {"HostUp", 0},
    {"HostDown", 1},
    {"MatchAll", 0},
    {"MatchAny", 1},
    {"GlobFile", 1},
    {"GlobDirectory", 2},
    {"LogDebug", 0},
    {"LogNotice", 1},
    {"LogInformation", 2},
    {"LogWarning", 3},
    {"LogCritical", 4},
    {"ReloadTimeout", 300},
    {"MaxConcurrentChecks", 512},
    {"TlsHandshakeTimeout", 10},
    {"Concurrency", 1},
    // What the databases of a master are asked to keep.
    {"DbCatConfig", 1},
    {"DbCatState", 2},
    {"DbCatAcknowledgement", 4},
    {"DbCatComment", 8},
    {"DbCatDowntime", 16},
    {"DbCatEventHandler", 32},
    {"DbCatExternalCommand", 64},
    {"DbCatFlapping", 128},
    {"DbCatCheck", 256},
    {"DbCatLog", 512},
    {"DbCatNotification", 1024},
    {"DbCatProgramStatus", 2048},
    {"DbCatRetention", 4096},
    {"DbCatStateHistory", 8192},
    {"DbCatEverything", -1},
};

struct Text {
    std::string_view name;
    std::string_view value;
};

constexpr Text kTexts[] = {
    {"PrefixDir", "/usr"},
    {"SysconfDir", "/etc"},
    {"LocalStateDir", "/var"},
    {"RunDir", "/run"},
    {"InitRunDir", "/run/icinga2"},
    {"ConfigDir", "/etc/icinga2"},
    {"ZonesDir", "/etc/icinga2/zones.d"},
    {"DataDir", "/var/lib/icinga2"},
    {"LogDir", "/var/log/icinga2"},
    {"CacheDir", "/var/cache/icinga2"},
    {"SpoolDir", "/var/spool/icinga2"},
    {"PkgDataDir", "/usr/share/icinga2"},
    {"IncludeConfDir", "/usr/share/icinga2/include"},
    {"StatePath", "/var/lib/icinga2/icinga2.state"},
    {"ModAttrPath", "/var/lib/icinga2/modified-attributes.conf"},
    {"ObjectsPath", "/var/cache/icinga2/icinga2.debug"},
    {"VarsPath", "/var/cache/icinga2/icinga2.vars"},
    {"PidPath", "/run/icinga2/icinga2.pid"},
    {"RunAsUser", "nagios"},
    {"RunAsGroup", "nagios"},
    {"ApiBindHost", "::"},
    {"ApiBindPort", "5665"},
    {"EventEngine", ""},
    {"ApplicationType", "IcingaApplication"},
    {"ApplicationVersion", "r2.13.6-1"},  // what the cluster is told as well
    {"PlatformKernel", "Linux"},
    // Of the machine, and so nobody's business.
    {"PlatformName", ""},
    {"PlatformVersion", ""},
    {"PlatformArchitecture", ""},
    {"PlatformKernelVersion", ""},
    {"BuildHostName", ""},
    {"BuildCompilerName", ""},
    {"BuildCompilerVersion", ""},
    // Who has it signs certificates for anybody: there is one of these at the master alone.
    {"TicketSalt", ""},
};

constexpr std::string_view kFacilities[] = {"Auth",   "AuthPriv", "Cron",   "Daemon", "Ftp", "Kern", "Local0", "Local1", "Local2", "Local3",
                                            "Local4", "Local5",   "Local6", "Local7", "Lpr", "Mail", "News",   "Syslog", "User",   "Uucp"};

// "System" or "Icinga"; empty: none, it is a global.
std::string_view name_space_of(std::string_view constant) {
    const auto begins = [&](std::initializer_list<std::string_view> with) {
        return std::ranges::any_of(with, [&](std::string_view one) { return constant.starts_with(one); });
    };
    if (begins({"DbCat", "Service"}) || constant == "HostUp" || constant == "HostDown") return "Icinga";
    if (std::ranges::find(kWords, constant) != std::end(kWords)) return "Icinga";
    if (constant == "LogDir") return {};
    if (begins({"Match", "Glob", "Log", "Facility", "Platform", "Build", "Application"})) return "System";
    return {};
}

std::string facility(std::string_view name) {
    std::string made = "LOG_";
    for (const char c : name) made += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return made;
}

}  // namespace

std::vector<std::pair<std::string, json::Value>> host_constants(std::string_view node, std::string_view zone, std::string_view plugin_dir) {
    std::vector<std::pair<std::string, json::Value>> made = {
        {"NodeName", json::Value(node)},
        {"ZoneName", json::Value(zone)},
        {"PluginDir", json::Value(plugin_dir)},
        {"PluginContribDir", json::Value(plugin_dir)},
        {"ManubulonPluginDir", json::Value(plugin_dir)},
        {"AttachDebugger", json::Value(false)},
    };
    for (const std::string_view word : kWords) made.emplace_back(word, json::Value(word));
    for (const Number& one : kNumbers) made.emplace_back(one.name, json::Value(one.value));
    for (const Text& one : kTexts) made.emplace_back(one.name, json::Value(one.value));
    for (const std::string_view one : kFacilities) made.emplace_back("Facility" + std::string(one), json::Value(facility(one)));
    // Upstream keeps most of them in two namespaces that are looked through for names.
    const std::size_t all = made.size();
    made.reserve(2 * all);
    for (std::size_t i = 0; i < all; ++i)
        if (const std::string_view space = name_space_of(made[i].first); !space.empty())
            made.emplace_back(std::string(space) + "." + made[i].first, made[i].second);
    return made;
}

}  // namespace endpointd::policy
