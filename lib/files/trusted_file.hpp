#pragma once
// Opens the files that decide what may be executed and who we are, the way ssh
// opens a key: only if nobody but root and the running user can have written
// them. What is checked is the whole path, from "/" on, each step relative to the
// directory checked before it, links and the directories that hold them included, and
// the very descriptor that is then read or executed. Root follows root's links only. It cannot see who may mount file systems or write the
// disk below. Stateless; any thread; blocks on the disk.

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace endpointd::files {

enum class TrustedKind {
    config,  // settings, catalog, caps, zones, certificates: anybody may read them
    secret,  // private keys and secrets: others may not read them, their group only if root owns them
    // What is executed: a set-user-ID bit changes nothing, somebody must be able to execute it. One that the
    // caller may not read is opened all the same (O_PATH), to be executed and not to be read.
    plugin,
};

struct TrustedFile {
    UniqueFd fd;           // open for reading, close-on-exec
    std::string resolved;  // absolute, without links
};

// Opens a regular file after every check. `running_user` is the user the daemon
// runs as, whoever asks. Errors, each naming the file, the reason and the next
// step: not_found; not_permitted if the caller himself may not reach or read it
// (a warning for somebody who only validates); invalid if it is loosely owned or
// no regular file (never to be used); io for the rest.
Result<TrustedFile> open_trusted_file(const std::string& path, TrustedKind kind, uid_t running_user);

// The same without the resolved path.
Result<UniqueFd> open_trusted(const std::string& path, TrustedKind kind, uid_t running_user);

// The same checks on a file that the caller need not be able to read: for who
// only warns, and may be confined to other files.
Result<void> check_trusted(const std::string& path, TrustedKind kind, uid_t running_user);

// Its whole content, at most `most` bytes (too_large beyond).
Result<std::string> read_trusted(const std::string& path, TrustedKind kind, uid_t running_user, std::size_t most = limits::kConfigFile);

// The content, from its start, of a file that was opened and checked before; `path`
// is for the error's text.
Result<std::string> read_opened(int fd, const std::string& path, std::size_t most = limits::kConfigFile);

}  // namespace endpointd::files
