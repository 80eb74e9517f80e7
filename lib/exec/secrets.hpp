#pragma once
// The secrets of a command, opened for one run: the files are read anew each time,
// so that one may be replaced. Values never touch the disk and stand in no error.
// Owned by the runner, its one thread; dropped when the plugin has started.

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "catalog/command.hpp"
#include "exec/secret_text.hpp"

namespace endpointd::exec {

// Bytes of one value: half of what the kernel takes as one string of the environment.
inline constexpr std::size_t kSecretBytes = 64 * 1024;
// Bytes of all values of a command: they travel to the spawner within one request,
// and the scrubber holds them in memory for as long as the run lasts.
inline constexpr std::size_t kSecretsBytes = 256 * 1024;
// A shorter value is refused: it would be found, and replaced, all over any output.
inline constexpr std::size_t kSecretLeast = 4;

struct SecretValue {
    std::string name;
    SecretText value;
    catalog::SecretAs as = catalog::SecretAs::env;
};

// A sealed memory file that holds a value: nobody can write to it, its offset is 0.
struct PassedSecret {
    std::string variable;
    bool as_path = false;  // the variable holds "/dev/fd/N" instead of "N"
    UniqueFd fd;           // close-on-exec
};

struct OpenSecrets {
    std::vector<SecretValue> values;   // all, by name: what the Scrubber of the run is made of
    std::vector<PassedSecret> passed;  // of kind fd and file, in the order of their descriptors
};

// Reads and checks them all. `running_user` is the one the daemon runs as. Errors
// begin with "secret 'NAME' of 'COMMAND': " and name file, reason and next step:
// what files::open_trusted says of a file; too_large; invalid for a value that is
// empty, too short, or holds a NUL byte and is meant for the environment; io.
Result<OpenSecrets> open_secrets(const catalog::Command& command, const std::string& config_dir, uid_t running_user);

// "NAME=..." of every secret, where passed[0].fd becomes descriptor `first` of the
// plugin, passed[1].fd the next one, and so on. To be wiped by whoever gets them.
std::vector<std::string> environment_words(const OpenSecrets& secrets, int first);

}  // namespace endpointd::exec
