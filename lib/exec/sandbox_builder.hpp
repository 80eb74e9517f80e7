#pragma once
// From a catalog entry to the sandbox that its plugin gets. Entries that ask for the
// same share a spawner, so each is first reduced to what matters (SandboxSpec); the
// profile, with its look at the file system, is made when a spawner starts. Owned by
// the runner, its one thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "catalog/catalog.hpp"
#include "exec/launcher.hpp"
#include "exec/plugin_filter.hpp"
#include "exec/sandbox.hpp"
#include "exec/spawn.hpp"
#include "exec/visible_paths.hpp"

namespace endpointd::exec {

// Bytes of one file that a plugin may write: more than any state file of a plugin,
// and no disk is full of it.
inline constexpr std::uint64_t kFileSize = 256ULL * 1024 * 1024;
// The kernel counts all processes of a user and not those of one command, so an entry's
// `processes` is a common ceiling for as many commands as may run at once, and for what
// else the user runs.
inline constexpr std::uint64_t kOtherProcesses = 512;

// Everyone the catalog's commands run as.
struct Identities {
    std::vector<Identity> list;                  // [0] is the daemon's user
    std::map<std::string, std::uint32_t> named;  // run_as to index
    // What a runner is started for: another catalog that needs something else takes another one.
    bool gains_rights = false;  // a command has allow_setuid

    bool operator==(const Identities&) const = default;
};

// Looks up every run_as. Unknown users are left out, and where nobody is root (`root`
// false) all but `own`: their commands are refused when they are asked for.
Result<Identities> identities_of(const catalog::Catalog& catalog, const User& own, bool root);

struct SandboxSpec {
    std::uint32_t identity = 0;
    bool allow_setuid = false;
    SocketFamilies families;
    std::vector<std::string> read;
    std::vector<std::string> write;
    std::string program;  // the plugin, where no tree of `read` holds it
    std::string key;      // the same for the same sandbox
};

SandboxSpec sandbox_spec(const catalog::Command& command, std::uint32_t identity);

// What one run of it may use, `at_once` commands running beside each other.
ResourceLimits resource_limits(const catalog::Command& command, std::size_t at_once);

class SandboxBuilder {
public:
    explicit SandboxBuilder(const HiddenPaths& hidden) : hidden_(resolved(hidden)) {}

    Result<SandboxProfile> build(const SandboxSpec& spec) const;

private:
    HiddenPaths hidden_;
};

}  // namespace endpointd::exec
