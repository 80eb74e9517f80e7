#include "exec/visible_paths.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include "exec/landlock.hpp"

namespace endpointd::exec {
namespace {

constexpr std::uint64_t kReadTree = access::kRead | access::kExecute;
constexpr std::uint64_t kWriteTree = kReadTree | access::kWrite;

struct Device {
    const char* path;
    std::uint64_t access;
};
constexpr std::array<Device, 5> kDevices{{{"/dev/null", access::kReadFile | access::kWriteFile},
                                          {"/dev/zero", access::kReadFile | access::kWriteFile},
                                          {"/dev/full", access::kReadFile | access::kWriteFile},
                                          {"/dev/urandom", access::kReadFile},
                                          {"/dev/random", access::kReadFile}}};

class Expansion {
public:
    explicit Expansion(std::vector<PathRule>& rules) : rules_(rules) {}

    // False: too many rules.
    bool add(const std::string& tree, std::uint64_t access, const std::vector<std::string>& hidden) {
        const auto covers = [&](const std::string& path) { return within(tree, path); };
        if (std::any_of(hidden.begin(), hidden.end(), covers)) return true;
        const auto is_below = [&](const std::string& path) { return within(path, tree); };
        if (std::none_of(hidden.begin(), hidden.end(), is_below)) return put(tree, access);
        const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(tree.c_str()), &::closedir);
        if (!directory) return true;  // what we may not list stays hidden as a whole
        while (const dirent* entry = ::readdir(directory.get())) {
            const std::string name = entry->d_name;
            if (name == "." || name == "..") continue;
            const std::string path = (tree == "/" ? "/" : tree + "/") + name;
            struct stat status {};
            // A link gets no rule: where it leads to has its own, or is hidden.
            if (::lstat(path.c_str(), &status) != 0 || S_ISLNK(status.st_mode)) continue;
            if (!add(path, access, hidden)) return false;
        }
        return true;
    }

    bool put(const std::string& path, std::uint64_t access) {
        bytes_ += path.size();
        if (rules_.size() == kPathRules || path.size() > kPathBytes || bytes_ > kPathsBytes) return false;
        rules_.push_back({path, access});
        return true;
    }

private:
    std::vector<PathRule>& rules_;
    std::size_t bytes_ = 0;  // of all paths
};

}  // namespace

bool within(const std::string& path, const std::string& tree) {
    return path == tree || tree == "/" || (path.size() > tree.size() && path.starts_with(tree) && path[tree.size()] == '/');
}

std::optional<std::string> real_path(const std::string& path) {
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &std::free);
    if (!real) return std::nullopt;
    return std::string(real.get());
}

HiddenPaths resolved(const HiddenPaths& hidden) {
    HiddenPaths real;
    // One that is not there yet is hidden under the name it will have: links above it resolved.
    for (const std::string& path : hidden.always) {
        std::error_code failed;
        const auto there = std::filesystem::weakly_canonical(path, failed);
        real.always.push_back(failed ? path : there.string());
    }
    for (const std::string& path : hidden.unless_named)
        if (auto there = real_path(path)) real.unless_named.push_back(*there);
    return real;
}

Result<std::vector<PathRule>> visible_paths(const std::vector<std::string>& read, const std::vector<std::string>& write,
                                            const std::string& program, const HiddenPaths& hidden) {
    std::vector<PathRule> rules;
    Expansion expansion(rules);
    bool fits = true;
    const auto add_tree = [&](const std::string& named, std::uint64_t access) {
        const auto tree = real_path(named);
        if (!tree || !fits) return;
        std::vector<std::string> here = hidden.always;
        for (const std::string& path : hidden.unless_named)
            if (!within(*tree, path)) here.push_back(path);
        fits = expansion.add(*tree, access, here);
    };
    for (const std::string& tree : read) add_tree(tree, kReadTree);
    for (const std::string& tree : write) add_tree(tree, kWriteTree);
    for (const Device& device : kDevices) fits = fits && expansion.put(device.path, device.access);
    if (!program.empty()) fits = fits && expansion.put(program, access::kExecute | access::kReadFile);
    if (!fits)
        return fail(Errc::too_large, "its sandbox would take more than " + std::to_string(kPathRules) + " rules, or " +
                                         std::to_string(kPathsBytes / 1024 / 1024) + " MiB of paths: name fewer trees");
    return rules;
}

}  // namespace endpointd::exec
