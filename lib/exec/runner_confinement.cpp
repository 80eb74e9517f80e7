#include "exec/runner_confinement.hpp"

#include "exec/landlock.hpp"
#include "exec/plugin_filter.hpp"
#include "exec/sandbox.hpp"

namespace endpointd::exec {

std::string runner_directory(const std::string& state_dir) { return state_dir + "/runner"; }

Result<RunnerConfinement> confine_runner(const RunnerRules& rules) {
    RunnerConfinement confinement;
    const int abi = landlock_abi();
    if (abi == 0 && rules.landlock_required)
        return fail(Errc::unavailable,
                    "confinement.landlock is required and this kernel has none: boot one with lsm=landlock, or set it to best-effort");
    if (abi == 0) confinement.missing.push_back("this kernel has no Landlock: plugins read and write what their user may");
    else if (abi < 3)
        confinement.missing.push_back("Landlock ABI " + std::to_string(abi) + ": plugins may truncate files that they may not write");
    if (abi > 0 && abi < 6)
        confinement.missing.push_back("Landlock ABI " + std::to_string(abi) + ": plugins may signal processes of their user");
    if (!has_seccomp() && rules.seccomp_required)
        return fail(Errc::unavailable, "confinement.seccomp is required and this kernel has none: set it to best-effort to do without");
    if (!has_seccomp()) confinement.missing.push_back("this kernel has no seccomp: plugins may make every system call");
    SandboxProfile profile;
    profile.paths = {{"/", access::kRead}, {runner_directory(rules.state_dir), access::kRead | access::kWrite}};
#ifndef ENDPOINTD_SANITIZED
    // A sanitizer's runtime makes calls that no filter of ours should allow.
    if (has_seccomp()) {
        auto filter = runner_filter();
        if (!filter) return filter.error();
        profile.filter = std::move(*filter);
    }
#endif
    auto sandboxed = enter_sandbox(own_identity(), profile);
    if (!sandboxed) return sandboxed.error();
    confinement.landlock = sandboxed->landlock;
    confinement.seccomp = sandboxed->seccomp;
    return confinement;
}

}  // namespace endpointd::exec
