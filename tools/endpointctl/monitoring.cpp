#include "monitoring.hpp"

#include "base/units.hpp"
#include "render.hpp"

namespace endpointd::ctl {
namespace {

constexpr const char* kStates[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

// A | would begin the performance data.
std::string plugin_text(std::string_view text) {
    std::string out = printable(text, 1024);
    for (char& c : out) {
        if (c == '|') c = '/';
    }
    return out;
}

struct Datum {
    const char* group;
    const char* member;
    const char* label;
    const char* unit;
};
constexpr Datum kData[] = {
    {"", "uptime", "uptime", "s"},           {"runner", "running", "running", ""},  {"runner", "queued", "queued", ""},
    {"runner", "executed", "executed", "c"}, {"runner", "refused", "refused", "c"}, {"runner", "timeouts", "timeouts", "c"},
    {"store", "size", "store", "B"},         {"store", "outbox", "outbox", ""},     {"store", "audit", "audit", ""},
};

}  // namespace

PluginLine plugin_line(const json::Value& status, const std::string& health) {
    const json::Array& parents = items(member(status, "parents"));
    std::size_t connected = 0;
    std::string missing;
    for (const json::Value& parent : parents) {
        const bool* const is = member(parent, "connected").boolean();
        if (is && *is) {
            ++connected;
        } else {
            missing += (missing.empty() ? "" : ", ") + text_of(member(parent, "name"));
        }
    }
    PluginLine line{0, {}};
    std::string what;
    if (!health.empty()) {
        line.state = 2;
        what = health;
    } else if (parents.empty()) {
        what = "no parents configured";
    } else if (connected == parents.size()) {
        what = std::to_string(connected) + " of " + std::to_string(parents.size()) + " parents connected";
    } else {
        line.state = connected == 0 ? 2 : 1;
        what = std::to_string(connected) + " of " + std::to_string(parents.size()) + " parents connected, not " + missing;
    }
    line.text = std::string("ENDPOINTD ") + kStates[line.state] + " - " + plugin_text(what) + " | parents=" + std::to_string(connected) +
                ";;;0;" + std::to_string(parents.size());
    for (const Datum& datum : kData) {
        const json::Value& group = *datum.group ? member(status, datum.group) : status;
        const json::Value& value = member(group, datum.member);
        if (value.number()) line.text += std::string(" ") + datum.label + "=" + number_text(*value.number()) + datum.unit;
    }
    return line;
}

PluginLine unknown_line(const std::string& why) { return {3, "ENDPOINTD UNKNOWN - " + plugin_text(why)}; }

}  // namespace endpointd::ctl
