#pragma once
// What the daemon grants itself before it gives up everything else, worked out of
// its configuration: which directories, files and ports; and what a reload would
// need that was not granted. main confines, App asks. Blocks on the disk; any thread.

#include <optional>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "configuration.hpp"
#include "exec/daemon_confinement.hpp"

namespace endpointd {

struct Confinement {
    exec::DaemonConfinementSpec spec;
    exec::DaemonConfinement holds;
};

// Where the store lives: the only part of the state directory that the daemon can
// write once it is confined.
std::string store_directory(const Directories& directories);

// Where the admin socket is made.
std::string admin_socket(const Directories& directories, const settings::Settings& settings);

// The rights for `configuration`, to be granted before it is loaded for good. Never
// the configuration directory itself: secrets/ is in it, and what is granted by a
// directory survives a replacement by rename. A warning is what is granted as a single
// file because of that; an error, a directory that cannot be granted for writing.
exec::DaemonConfinementSpec confinement_spec(const Directories& directories, const Configuration& configuration,
                                             std::optional<exec::User> user, Findings& findings);

// What `next` needs and a confined daemon cannot be given any more: ports of peers.
std::vector<Finding> needing_wider_confinement(const Confinement& confinement, const Configuration& next);

// Granted files that can no longer be read, because another file has their name now.
std::vector<std::string> lost_files(const Confinement& confinement);

// Adds to each error about a file or directory that our user may read, but this process
// may not, that it was not granted.
void explain_refusals(Findings& findings);

}  // namespace endpointd
