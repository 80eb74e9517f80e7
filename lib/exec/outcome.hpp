#pragma once
// How one run of a command ended, whichever process noticed. Made by the runner
// (or by the client when the runner is gone), owned by whoever asked for the
// run; plain values, any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace endpointd::exec {

// The first one that was found stands: a plugin that exits 0 after its time was
// up is timed_out.
enum class Verdict : std::uint8_t {
    exited,        // `exit_status` is the plugin's own
    signalled,     // ended by `signal`
    timed_out,     // its time was up; `signal` or `exit_status` say how it then ended
    spawn_failed,  // it could not be started; `output` is the text upstream would show (protocol, 6.6)
    refused,       // nothing was started; `refusal` and `text` say why
    cancelled,     // we no longer wanted it
    runner_died,   // the runner went away while it was under way
};

enum class Refusal : std::uint8_t {
    none,
    unknown_command,  // not in the runner's catalog
    wrong_kind,       // in the catalog, but of another kind
    parameter,        // a parameter breaks its rule, or the combination is not listed
    missing,          // a required parameter is missing
    plugin,           // the plugin is loosely owned or differs from its pin
    limit,            // too many commands, or too large a command
    malformed,        // the request could not be read
    unavailable,      // no runner, no spawner, or one of them died while starting it
};

struct Outcome {
    Verdict verdict = Verdict::runner_died;
    Refusal refusal = Refusal::none;
    std::string text;               // of refused and runner_died: the reason in the words of interfaces, section 5, without "endpointd: "
    int exit_status = 128;          // as CheckResult.exit_status wants it: 128 unless it exited in time (protocol, 6.6)
    int signal = 0;                 // that ended it; 0: none
    std::string output;             // stdout and stderr as they came: any bytes
    bool truncated = false;         // more than the runner's max_output was written, the rest dropped
    std::vector<std::string> argv;  // what was run, empty when nothing was
    double start = 0;               // unix time in seconds; 0 when nothing was started
    double end = 0;

    bool ran() const noexcept { return start > 0; }
};

// How the runner and what it starts are confined, for `status`.
struct RunnerConfinement {
    bool seccomp = false;              // the runner itself, and each plugin
    int landlock = 0;                  // ABI; 0: none
    bool root = false;                 // its launcher is root, for run_as
    std::vector<std::string> missing;  // what this kernel, or this catalog, leaves open
};

std::string_view name_of(Verdict verdict) noexcept;
std::string_view name_of(Refusal refusal) noexcept;

Outcome refused(Refusal why, std::string text);

}  // namespace endpointd::exec
