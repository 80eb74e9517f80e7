#include "pushed_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/unique_fd.hpp"
#include "base/units.hpp"

namespace endpointd::ctl {
namespace {

namespace fs = std::filesystem;

Error problem(const std::string& path, const std::string& why, Errc code = Errc::invalid) {
    return fail(code, "'" + escaped(path, 4096) + "' " + why);
}

class Reader {
public:
    Reader(const std::string& parent, const ReadBounds& bounds, std::vector<policy::PushedFile>& files)
        : parent_(parent), bounds_(bounds), files_(files) {
        for (const policy::PushedFile& file : files) bytes_ += file.content.size();
    }

    Result<void> file(const std::string& path, const std::string& zone, const std::string& name) {
        if (files_.size() == bounds_.files)
            return problem(path, "is one file too many: limits.config_files is " + std::to_string(bounds_.files), Errc::too_large);
        const UniqueFd in(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (in.get() < 0) return problem(path, std::string("cannot be read: ") + std::strerror(errno), Errc::io);
        struct stat info {};
        if (::fstat(in.get(), &info) != 0 || !S_ISREG(info.st_mode)) return problem(path, "is no regular file");
        policy::PushedFile made{parent_, zone, name, {}};
        std::array<char, 65536> part;
        for (;;) {
            const ssize_t size = ::read(in.get(), part.data(), part.size());
            if (size < 0 && errno == EINTR) continue;
            if (size < 0) return problem(path, std::string("cannot be read: ") + std::strerror(errno), Errc::io);
            if (size == 0) break;
            bytes_ += static_cast<std::size_t>(size);
            if (bytes_ > bounds_.bytes)
                return problem(path, "is too much: limits.config_size is " + std::to_string(bounds_.bytes) + " bytes", Errc::too_large);
            made.content.append(part.data(), static_cast<std::size_t>(size));
        }
        const bool again = std::ranges::any_of(files_, [&](const policy::PushedFile& one) { return one.zone == zone && one.path == name; });
        if (again) return problem(path, "is the second file that would be " + zone + escaped(name, 1024));
        files_.push_back(std::move(made));
        return {};
    }

    Result<void> zone(const fs::path& directory) {
        std::error_code ignored;
        const bool received = fs::exists(directory / ".timestamp", ignored) || fs::is_directory(directory / "_etc", ignored);
        return below(directory, directory.filename().string(), received ? "/" : "/_etc/", 0);
    }

private:
    Result<void> below(const fs::path& directory, const std::string& zone, const std::string& prefix, std::size_t depth) {
        if (depth == kPushedDepth) return problem(directory.string(), "is more than " + std::to_string(kPushedDepth) + " directories deep");
        Result<std::vector<fs::path>> entries = entries_of(directory);
        if (!entries) return entries.error();
        for (const fs::path& entry : *entries) {
            const std::string name = entry.filename().string();
            std::error_code ignored;
            if (fs::is_directory(entry, ignored)) {
                if (const Result<void> read = below(entry, zone, prefix + name + "/", depth + 1); !read) return read;
            } else if (name.ends_with(".conf")) {
                if (const Result<void> read = file(entry.string(), zone, prefix + name); !read) return read;
            }
        }
        return {};
    }

public:
    // Without what is hidden, in the order of the names.
    Result<std::vector<fs::path>> entries_of(const fs::path& directory) {
        std::vector<fs::path> entries;
        std::error_code why;
        for (fs::directory_iterator at(directory, why), end; !why && at != end; at.increment(why)) {
            if (at->path().filename().string().starts_with('.')) continue;
            // A directory without any file of ours costs as well.
            if (++seen_ > 10 * bounds_.files) return problem(directory.string(), "holds too many entries", Errc::too_large);
            entries.push_back(at->path());
        }
        if (why) return problem(directory.string(), "cannot be read: " + why.message(), Errc::io);
        std::ranges::sort(entries);
        return entries;
    }

private:
    const std::string& parent_;
    const ReadBounds& bounds_;
    std::vector<policy::PushedFile>& files_;
    std::size_t bytes_ = 0, seen_ = 0;
};

}  // namespace

Result<void> read_pushed(const std::string& path, const std::string& parent, const std::string& own_zone, const ReadBounds& bounds,
                         std::vector<policy::PushedFile>& files) {
    std::error_code why;
    const fs::file_status status = fs::status(path, why);
    if (!fs::exists(status)) return problem(path, "is not there, or cannot be reached", Errc::not_found);
    Reader reader(parent, bounds, files);
    if (!fs::is_directory(status)) return reader.file(path, own_zone, "/_etc/" + fs::path(path).filename().string());
    const Result<std::vector<fs::path>> entries = reader.entries_of(path);
    if (!entries) return entries.error();
    bool any = false;
    for (const fs::path& entry : *entries) {
        std::error_code ignored;
        if (!fs::is_directory(entry, ignored)) continue;
        any = true;
        if (const Result<void> read = reader.zone(entry); !read) return read;
    }
    if (!any) return problem(path, "has no subdirectory: its subdirectories are the zones");
    return {};
}

}  // namespace endpointd::ctl
