#include "schedule/check_result.hpp"

#include <cstdio>
#include <cstring>
#include <string_view>

#include "schedule/perfdata.hpp"

namespace endpointd::schedule {

namespace {

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view kSpace = " \t\n\v\f\r";
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// "15 (Terminated)", the number alone where the system has no name for it. The
// words are the C library's English ones, not those of a locale.
std::string signal_text(int signal) {
    std::string text = std::to_string(signal);
    if (const char* name = ::sigdescr_np(signal)) text += " (" + std::string(name) + ")";
    return text;
}

}  // namespace

int reported_exit_status(const PluginRun& run) noexcept { return run.timed_out || run.signal != 0 ? kNotRun : run.exit_status; }

std::string reported_output(const PluginRun& run) {
    std::string output = run.output;
    if (run.timed_out) output += "<Timeout exceeded.>";
    if (run.signal != 0) output += "<Terminated by signal " + signal_text(run.signal) + ".>";
    return output;
}

Checked checked(const PluginRun& run) {
    Checked result;
    result.exit_status = reported_exit_status(run);
    if (result.exit_status >= 0 && result.exit_status <= 2) result.state = result.exit_status;
    const std::string raw = reported_output(run);
    std::string output(trimmed(raw));
    if (result.exit_status > 3) {
        char note[64];
        std::snprintf(note, sizeof note, "<Terminated with exit code %d (0x%X).>", result.exit_status,
                      static_cast<unsigned>(result.exit_status));
        output += note;
    }
    SplitOutput split = split_output(output);
    result.output = std::move(split.text);
    result.performance_data = split_performance_data(split.performance_data);
    return result;
}

}  // namespace endpointd::schedule
