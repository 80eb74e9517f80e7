#include "files/tree.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include "files/trusted_file.hpp"

namespace endpointd::files {
namespace {

struct Listing {
    std::string directory;                // as the operator named it, to be put before a name
    std::string_view ending;              // ".json"
    bool recursive;                       // folders below count too
    std::vector<std::string> names = {};  // relative to directory
};

void add_finding(Findings& findings, bool as_error, std::string file, std::string message) {
    (as_error ? findings.errors : findings.warnings).push_back({std::move(file), 0, 0, std::nullopt, std::move(message)});
}

// False when the bound on files was passed: one finding, and no more is listed.
bool list_into(Listing& listing, const std::string& below, std::size_t depth, Unreadable unreadable, Findings& findings) {
    const std::string path = listing.directory + "/" + below;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
    if (!directory) {
        const int number = errno;
        const bool forbidden = number == EACCES;
        if (number != ENOENT || depth > 0)
            add_finding(findings, !forbidden || unreadable == Unreadable::is_error, path, system_error("open the directory", number).text);
        return true;
    }
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string name = entry->d_name;
        if (name.starts_with('.')) continue;
        struct stat status {};
        const bool exists = ::stat((path + name).c_str(), &status) == 0;
        if (exists && S_ISDIR(status.st_mode)) {
            if (!listing.recursive) continue;
            if (depth + 1 >= kTreeDepth) {
                add_finding(findings, true, path + name, "more than " + std::to_string(kTreeDepth) + " directories deep");
                continue;
            }
            if (!list_into(listing, below + name + "/", depth + 1, unreadable, findings)) return false;
        } else if (name.ends_with(listing.ending)) {
            if (listing.names.size() == kTreeFiles) {
                add_finding(findings, true, listing.directory, "more than " + std::to_string(kTreeFiles) + " files");
                return false;
            }
            listing.names.push_back(below + name);
        }
    }
    return true;
}

class Reader {
public:
    Reader(uid_t running_user, Unreadable unreadable, Findings& findings)
        : running_user_(running_user), unreadable_(unreadable), findings_(findings) {}

    // False when the bound on bytes was passed.
    bool read(const std::string& path, const std::string& name, bool may_be_missing) {
        return take_in(path, name, may_be_missing, read_trusted(path, TrustedKind::config, running_user_));
    }
    bool read(int opened, const std::string& path, const std::string& name) {
        return take_in(path, name, false, read_opened(opened, path));
    }

    std::vector<SourceFile> take() && { return std::move(files_); }

private:
    bool take_in(const std::string& path, const std::string& name, bool may_be_missing, Result<std::string> text) {
        if (!text) {
            if (text.error().code == Errc::not_found && may_be_missing) return true;
            const bool forbidden = text.error().code == Errc::not_permitted;
            std::string message = text.error().text;
            if (message.starts_with(path + ": ")) message.erase(0, path.size() + 2);
            add_finding(findings_, !forbidden || unreadable_ == Unreadable::is_error, path, std::move(message));
            return true;
        }
        bytes_ += text->size();
        if (bytes_ > kTreeBytes) {
            add_finding(findings_, true, path, "the files of this kind are larger than " + std::to_string(kTreeBytes) + " bytes together");
            return false;
        }
        files_.push_back({path, name, std::move(*text)});
        return true;
    }

    uid_t running_user_;
    Unreadable unreadable_;
    Findings& findings_;
    std::size_t bytes_ = 0;
    std::vector<SourceFile> files_;
};

constexpr const char* kSettings = "endpointd.json";

std::vector<SourceFile> read_listed(Reader reader, Listing listing, Unreadable unreadable, Findings& findings) {
    list_into(listing, "", 0, unreadable, findings);
    std::sort(listing.names.begin(), listing.names.end());
    for (const std::string& name : listing.names)
        if (!reader.read(listing.directory + "/" + name, name, false)) break;
    return std::move(reader).take();
}

}  // namespace

std::vector<SourceFile> read_tree(const std::string& config_dir, TreeKind kind, uid_t running_user, Unreadable unreadable,
                                  Findings& findings) {
    Reader reader(running_user, unreadable, findings);
    Listing listing{"", ".json", false};
    switch (kind) {
        case TreeKind::settings:
            reader.read(config_dir + "/" + kSettings, kSettings, true);
            listing.directory = config_dir + "/conf.d";
            break;
        case TreeKind::catalog:
            listing.directory = config_dir + "/catalog.d";
            break;
        case TreeKind::caps:
            listing.directory = config_dir + "/caps.d";
            break;
        case TreeKind::zones:
            listing = {config_dir + "/zones.d", ".conf", true};
            break;
    }
    return read_listed(std::move(reader), std::move(listing), unreadable, findings);
}

std::vector<SourceFile> read_settings(const std::string& config_dir, int opened, uid_t running_user, Unreadable unreadable,
                                      Findings& findings) {
    Reader reader(running_user, unreadable, findings);
    if (opened >= 0) reader.read(opened, config_dir + "/" + kSettings, kSettings);
    return read_listed(std::move(reader), {config_dir + "/conf.d", ".json", false}, unreadable, findings);
}

}  // namespace endpointd::files
