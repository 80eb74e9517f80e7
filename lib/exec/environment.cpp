#include "exec/environment.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "exec/run_mark.hpp"

namespace endpointd::exec {
namespace {

// A fixed search path for scripts, no locale of somebody's, upstream's LC_NUMERIC
// (protocol, 6.6), and a home that holds no one's files.
constexpr std::array<std::string_view, 4> kDefaults{
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG=C.UTF-8",
    "LC_NUMERIC=C",
    "HOME=/",
};

std::string_view name_in(std::string_view assignment) { return assignment.substr(0, assignment.find('=')); }

}  // namespace

std::vector<std::string> environment_for(std::uint64_t run, const std::vector<std::string>& own) {
    std::vector<std::string> env;
    env.reserve(own.size() + kDefaults.size() + 1);
    env.push_back(std::string(kRunVariable) + "=" + std::to_string(run));
    for (const std::string_view ours : kDefaults) {
        const auto same_name = [ours](const std::string& theirs) { return name_in(theirs) == name_in(ours); };
        if (std::none_of(own.begin(), own.end(), same_name)) env.emplace_back(ours);
    }
    for (const std::string& theirs : own)
        if (name_in(theirs) != kRunVariable) env.push_back(theirs);
    return env;
}

}  // namespace endpointd::exec
