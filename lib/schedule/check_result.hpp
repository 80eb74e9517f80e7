#pragma once
// How a plugin ended, as Icinga 2.16 would report it: state, exit status, text
// and performance data (protocol, 6.6). Pure; any thread.

#include <string>
#include <vector>

namespace endpointd::schedule {

// The exit status of a plugin that was killed, timed out or could not be started.
inline constexpr int kNotRun = 128;

struct PluginRun {
    int exit_status = 0;     // 0 to 255; not looked at when timed out or signalled
    int signal = 0;          // that ended it; 0: it exited
    bool timed_out = false;  // we ended it, or it ended after we asked
    std::string output;      // stdout and stderr, as they came; for one not started: why
};

struct Checked {
    int state = 3;  // 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, for hosts as well
    int exit_status = 0;
    std::string output;
    std::vector<std::string> performance_data;
};

// For a check: what event::CheckResult carries.
Checked checked(const PluginRun& run);

// The exit status as the protocol reports it: kNotRun when timed out or signalled.
int reported_exit_status(const PluginRun& run) noexcept;

// The output with the reason of an end by time-out or signal behind it, neither
// trimmed nor split: what event::ExecutedCommand carries (protocol, 6.7).
std::string reported_output(const PluginRun& run);

}  // namespace endpointd::schedule
