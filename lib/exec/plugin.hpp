#pragma once
// A command's program, opened and checked before each run: ownership and modes
// of the file and its whole path, and its content where the catalog pins it.
// What is opened here is what is executed. Owned by the runner, its one thread.

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

#include <boost/system/result.hpp>

#include "base/unique_fd.hpp"
#include "catalog/command.hpp"

namespace endpointd::exec {

struct OpenPlugin {
    UniqueFd fd;
    std::string resolved;  // its path without links
    bool script = false;   // it begins with "#!", or may do so: it cannot be read
};

struct PluginProblem {
    bool refused = false;  // false: it is simply not there or not executable for us
    std::string text;      // refused: "plugin of 'x' refused: <why>"; otherwise what upstream prints (protocol, 6.6)
};

[[noreturn]] void throw_exception_from_error(const PluginProblem& problem, const boost::source_location& where);

// "execvpe(<path>) failed: <strerror>" and a line's end.
std::string exec_failure(const std::string& path, int number);

// A pinned plugin is read whole while nothing else is done, so its size is bounded.
inline constexpr std::uint64_t kPinnedBytes = 256ULL * 1024 * 1024;

class Plugins {
public:
    // `root`: what has a run_as is started with root's help.
    Plugins(uid_t running_user, bool root) : running_user_(running_user), root_(root) {}

    boost::system::result<OpenPlugin, PluginProblem> open(const catalog::Command& command);

private:
    // What tells one content from another without reading it.
    struct Fingerprint {
        std::uint64_t device, inode, size;
        std::int64_t mtime_s, mtime_ns, ctime_s, ctime_ns;
        bool operator==(const Fingerprint&) const = default;
    };
    struct Hashed {
        Fingerprint fingerprint;
        std::string sha256;
    };
    // False and a reason if it differs from the pin.
    bool matches_pin(const catalog::Command& command, int fd, const std::string& resolved, std::string& why);

    uid_t running_user_;
    bool root_;
    std::map<std::string, Hashed> hashed_;  // by resolved path: as many as the catalog pins
};

}  // namespace endpointd::exec
