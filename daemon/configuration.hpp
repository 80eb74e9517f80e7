#pragma once
// A whole configuration directory, loaded and checked as one: what the daemon
// starts with and switches to at a reload, and what `config validate` judges.
// Immutable once loaded; whoever asked owns it. Blocks on the disk; any thread.

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/findings.hpp"
#include "base/unique_fd.hpp"
#include "catalog/catalog.hpp"
#include "dsl/evaluation.hpp"
#include "dsl/zones.hpp"
#include "files/tree.hpp"
#include "policy/grants.hpp"
#include "settings/settings.hpp"
#include "tls/context.hpp"

namespace endpointd {

struct Configuration {
    settings::Settings settings;
    std::shared_ptr<const dsl::Topology> topology;
    std::shared_ptr<const policy::Grants> grants;
    std::shared_ptr<const catalog::Catalog> catalog;
    std::shared_ptr<const std::vector<dsl::Object>> local;  // zones.d without Endpoint and Zone
    std::shared_ptr<tls::Contexts> contexts;                // null only where keys could not be read and that is a warning
};

// One file to be judged in place of another of its kind (`config validate --as`):
// it comes from a configuration management's temporary file, so its owner and
// mode are not looked at.
struct Candidate {
    files::TreeKind kind = files::TreeKind::settings;
    std::string file;  // where it is now
    std::string name;  // of the file it would become, relative to its kind's directory
};

struct ConfigurationSource {
    std::string config_dir;
    std::string state_dir;  // whose owner the daemon becomes where it is started as root
    std::string run_dir;    // like the state directory, never open to a plugin
    std::optional<Candidate> candidate;
    files::Unreadable unreadable = files::Unreadable::is_error;

    // What a confined daemon was told before, because it could not find it out again.
    std::optional<uid_t> running_user = std::nullopt;
    std::string fqdn = {};                          // empty: asked where the settings name no node
    std::shared_ptr<const UniqueFd> settings = {};  // endpointd.json, opened and checked; no descriptor: there is none
};

// What one evaluation may cost, by the settings.
dsl::Limits evaluation_limits(const settings::Limits& limits);

// None if there was an error; every error and warning is in `findings`.
std::optional<Configuration> load_configuration(const ConfigurationSource& source, Findings& findings);

// The settings alone, and who the daemon runs as by them: what has to be known
// before privileges are given up.
struct Identity {
    settings::Settings settings;
    uid_t running_user = 0;
    std::string fqdn;  // where it had to be asked
};
std::optional<Identity> load_identity(const ConfigurationSource& source, Findings& findings);

}  // namespace endpointd
