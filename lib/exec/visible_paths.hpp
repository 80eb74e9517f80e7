#pragma once
// What a plugin may see of the file system, as rules for Landlock. Landlock knows no
// "all but": a tree with something hidden below it becomes a rule for each of its
// other entries, and cannot be listed itself. Reads directories; any thread.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "exec/sandbox.hpp"

namespace endpointd::exec {

// `path` is `tree` or below it; both without links.
bool within(const std::string& path, const std::string& tree);

// Without links; none if it is not there, or out of our reach.
std::optional<std::string> real_path(const std::string& path);

struct HiddenPaths {
    std::vector<std::string> always;  // the daemon's own: state, run, pki, secrets, the TLS key
    // Hidden unless they, or something in them, are named: /root, /home.
    std::vector<std::string> unless_named;
};

// The same without links and what is not there.
HiddenPaths resolved(const HiddenPaths& hidden);

// Rules for the trees of a sandbox's `read` and `write`, for the devices that every
// program needs, and for `program`, if that is not empty. What is not there, or below
// something hidden, gets no rule. Errc::too_large beyond kPathRules
// or kPathsBytes.
Result<std::vector<PathRule>> visible_paths(const std::vector<std::string>& read, const std::vector<std::string>& write,
                                            const std::string& program, const HiddenPaths& hidden);

}  // namespace endpointd::exec
