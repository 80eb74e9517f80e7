#pragma once
// One run from its request to its outcome, as runs.cpp begins it and runs_end.cpp ends
// it; shared by these two and by nothing else. Owned by Runs, its one thread.

#include <optional>
#include <string>
#include <vector>

#include "exec/runs.hpp"
#include "exec/scrubber.hpp"

namespace endpointd::exec {

// What is read at once: a pipe's capacity.
inline constexpr std::size_t kReadBytes = 64 * 1024;
struct Runs::Run {
    enum class Phase { starting, running } phase = Phase::starting;
    // What was done to it; each step has its own deadline.
    enum class Pressure { none, terminated, killed } pressure = Pressure::none;

    std::uint64_t id = 0;
    std::uint64_t serial = 0;  // of its spawn request
    std::uint64_t mark = 0;    // in the environment of its processes
    std::string command;
    std::vector<std::string> argv;
    Duration timeout{};
    bool patient = false;
    SteadyTime begun;
    SteadyTime deadline;  // as it stands in deadlines_
    double start = 0;
    UniqueFd output;
    std::string text;
    bool truncated = false;
    pid_t pid = 0;
    UniqueFd pidfd;
    bool end_watched = false;
    std::optional<Verdict> verdict;  // found before the process ended
    Scrubber scrubber;
    // For the record.
    catalog::Kind kind = catalog::Kind::check;
    std::string user;
    std::string parameters;  // their digest
};

}  // namespace endpointd::exec
