#pragma once
// Reads the files of one kind out of the configuration directory, each of them
// through trusted_file, in the order in which they count. What could not be
// used is a finding with the file's name, so that all of it is seen at once.
// Stateless; any thread; blocks on the disk.

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "base/findings.hpp"

namespace endpointd::files {

enum class TreeKind {
    settings,  // endpointd.json, then conf.d/*.json
    catalog,   // catalog.d/*.json
    caps,      // caps.d/*.json
    zones,     // zones.d/**/*.conf
};

// What the caller may not read: an error for who runs by it, a warning for who
// validates a tree as somebody else (interfaces, section 2).
enum class Unreadable { is_error, is_warning };

// Files and bytes of one kind, and folders deep below zones.d (a loop of links
// ends there): far above what one host needs, far below what hurts.
inline constexpr std::size_t kTreeFiles = 10'000;
inline constexpr std::size_t kTreeBytes = 64 * 1024 * 1024;
inline constexpr std::size_t kTreeDepth = 16;

// The kind's files in lexical order of their names; hidden names and names with
// another ending are skipped, a missing directory or endpointd.json is empty.
// SourceFile::name is relative to the kind's directory (`endpointd.json` for
// that one), SourceFile::path is below `config_dir` as it was given.
std::vector<SourceFile> read_tree(const std::string& config_dir, TreeKind kind, uid_t running_user, Unreadable unreadable,
                                  Findings& findings);

// TreeKind::settings with endpointd.json opened and checked by somebody else, who may
// do what we may not; -1: there is none.
std::vector<SourceFile> read_settings(const std::string& config_dir, int opened, uid_t running_user, Unreadable unreadable,
                                      Findings& findings);

}  // namespace endpointd::files
