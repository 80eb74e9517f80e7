#pragma once
// Files of a directory as a parent would push them, for `config filter`. Reading is
// bounded in files, bytes and depth; what is no regular file is refused, never waited
// for. Blocks on the disk.

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "policy/plan.hpp"

namespace endpointd::ctl {

struct ReadBounds {
    std::size_t files = 10'000;            // settings: limits.config_files
    std::size_t bytes = 64 * 1024 * 1024;  // limits.config_size
};

// Directories within each other; a loop of links ends there.
inline constexpr std::size_t kPushedDepth = 16;

// Adds the *.conf files of `path`: of each subdirectory as those of the zone of its name, or the one file as one of `own_zone`.
// The path of a file is what a master would send: "/_etc/x.conf" for x.conf of a zones.d, and as it is in a tree that a
// node has received ("_etc/x.conf" or a .timestamp says so). Errors name the path and the reason: not_found, invalid (no
// file or directory, no zone in it, a file named twice), too_large, io.
Result<void> read_pushed(const std::string& path, const std::string& parent, const std::string& own_zone, const ReadBounds& bounds,
                         std::vector<policy::PushedFile>& files);

}  // namespace endpointd::ctl
