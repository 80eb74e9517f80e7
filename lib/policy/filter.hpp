#pragma once
// Makes the plan: evaluates what parents want, judges every object on its own by the
// grants of who sent it and by the catalog, and says of each that is refused why.
// Commands are never taken, whatever is granted. Pure, seconds long when the text is
// hostile: belongs to the evaluation thread, which owns one Planner.

#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "dsl/evaluation.hpp"
#include "dsl/zones.hpp"
#include "policy/grants.hpp"
#include "policy/plan.hpp"

namespace endpointd::policy {

// The rules in force, as one consistent set.
struct World {
    std::shared_ptr<const dsl::Topology> topology;
    std::shared_ptr<const Grants> grants;
    std::shared_ptr<const catalog::Catalog> catalog;
    std::shared_ptr<const std::vector<dsl::Object>> local;  // the host's own objects, already checked
    std::string node;                                       // NodeName
    std::string plugin_dir = "/usr/lib/nagios/plugins";     // what PluginDir reads as: a text and nothing more
};

class Planner {
public:
    Planner();
    ~Planner();

    // Everything of `wanted` under `world`. What did not change since the last call (by
    // the shared parts' addresses and `world`'s) is not evaluated again. The local objects are in the plan.
    Plan plan(const Wanted& wanted, const World& world, const dsl::Limits& limits);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The host's own objects, from zones.d without Endpoint and Zone: judged by the catalog
// alone. Errors are findings, as in the rest of the configuration. None if there was one.
std::shared_ptr<const std::vector<dsl::Object>> local_objects(dsl::Evaluation evaluated, const catalog::Catalog& catalog,
                                                              const dsl::Topology& topology, Findings& findings);

struct UpdateLimits {
    std::size_t files = 10'000;            // settings: limits.config_files
    std::size_t bytes = 64 * 1024 * 1024;  // limits.config_size
};

// Is this update, as a whole, one that may be looked at: the parent may configure, every
// path is one (no "..", no NUL, no absolute or doubled slashes beyond the leading one, at most kPathLength bytes), it
// is within the limits, and not one that has to be signed. Zones that are none of ours to be configured
// (unknown, or neither our own, below it, nor global) are left out, each with its rejection. `files` are
// the text files (*.conf); what else is sent is checked by the caller with check_path().
struct CheckedUpdate {
    bool refused = false;           // as a whole: the previous one stays in force
    std::vector<PushedFile> files;  // sorted
    std::vector<Rejection> rejections;
};
CheckedUpdate check_update(const std::string& parent, std::vector<PushedFile> files, const World& world, const UpdateLimits& limits);

inline constexpr std::size_t kPathLength = 1024;  // bytes; the longest path a kernel takes is 4096
bool is_safe_path(std::string_view path) noexcept;

// May `parent` configure an object of this type, name and zone, whatever its attributes are.
bool is_in_scope(const std::string& parent, std::string_view type, std::string_view name, std::string_view zone, const World& world);

// May `parent` create or delete this object at run time; the verdict's detail is for the audit.
Verdict may_manage(const std::string& parent, std::string_view type, std::string_view name, const World& world);

}  // namespace endpointd::policy
