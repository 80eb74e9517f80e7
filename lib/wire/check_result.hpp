#pragma once
// A check result as it travels (protocol, 5.4), in both directions. Times are
// seconds since 1970. A plain value: whoever holds it owns it; any thread.

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace endpointd::wire {

// Performance data in parts, as built-in checks report it; units by their normalised names ("seconds").
struct PerfdataValue {
    std::string label;
    double value = 0;
    bool counter = false;
    std::string unit;
    std::optional<double> warn, crit, min, max;

    bool operator==(const PerfdataValue&) const = default;
};

// A raw `label=value;...` token of a plugin, or the parts.
using Perfdata = std::variant<std::string, PerfdataValue>;

// What was executed: nothing, a name or a shell line, an argv.
using ExecutedLine = std::variant<std::monostate, std::string, std::vector<std::string>>;

// The state machine's view before or after the result; every node computes its own.
struct CheckVars {
    int state = 0;       // 0 to 3; 99: none yet
    int state_type = 0;  // 0 soft, 1 hard
    double attempt = 0;
    bool reachable = true;

    bool operator==(const CheckVars&) const = default;
};

struct CheckResultBody {
    bool active = true;                                                               // false: submitted, not executed
    std::string check_source;                                                         // the endpoint that executed it
    ExecutedLine command;                                                             // null for an answer that ran nothing
    double execution_start = 0, execution_end = 0;                                    // of the process
    int exit_status = 0;                                                              // raw; 128: could not run, or killed
    std::string output;                                                               // without performance data
    std::optional<std::vector<Perfdata>> performance_data = std::vector<Perfdata>{};  // no value: null
    int previous_hard_state = 0;                                                      // 99: none
    double schedule_start = 0, schedule_end = 0;                                      // on an agent both are the time of completion
    std::string scheduling_source;
    int state = 0;                                     // 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, for hosts as well
    double ttl = 0;                                    // seconds for which a passive result holds; 0: for ever
    std::optional<CheckVars> vars_before, vars_after;  // null on an agent

    bool operator==(const CheckResultBody&) const = default;
};

}  // namespace endpointd::wire
