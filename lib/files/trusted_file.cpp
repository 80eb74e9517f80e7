#include "files/trusted_file.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <vector>

namespace endpointd::files {
namespace {

std::string user_text(uid_t uid) {
    std::array<char, 4096> buffer;
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found) return found->pw_name;
    return "user " + std::to_string(uid);
}

std::string mode_text(mode_t mode) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777));
    return text.data();
}

Error errno_error(const std::string& path, int number) {
    Error error = system_error(path, number);
    if (number == ENOENT || number == ENOTDIR) error.code = Errc::not_found;
    else if (number == EACCES || number == EPERM) error.code = Errc::not_permitted;
    else error.code = Errc::io;
    return error;
}

Error refused(const std::string& path, const std::string& why, const std::string& step) {
    return fail(Errc::invalid, path + ": " + why + ": " + step);
}

// Who could have changed what `status` is of: nobody we do not trust, or the reason.
Result<void> check_writers(const std::string& asked, const std::string& what, const std::string& where, const struct stat& status,
                           uid_t running_user) {
    if (status.st_uid != 0 && status.st_uid != running_user) {
        std::string allowed = running_user == 0 ? "not root" : "neither root nor " + user_text(running_user);
        return refused(asked, what + "owned by " + user_text(status.st_uid) + ", " + allowed, "chown root " + where);
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return refused(asked, what + "writable by group or others (mode " + mode_text(status.st_mode) + ")", "chmod go-w " + where);
    return {};
}

// A directory on the path. In a sticky directory of root's others may add names
// but not touch those of root and the running user: it may lead to a directory
// of theirs (which is checked next), but not hold the file itself.
Result<void> check_directory(const std::string& asked, const std::string& where, const struct stat& status, bool holds_file,
                             uid_t running_user) {
    const bool sticky = status.st_uid == 0 && (status.st_mode & S_ISVTX) != 0;
    if (sticky && !holds_file) return {};
    if (sticky && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return refused(asked, "lies in " + where + ", where everybody may write", "move it into a directory of its own");
    return check_writers(asked, "directory " + where + " is ", where, status, running_user);
}

Result<void> check_file(const std::string& path, const struct stat& status, TrustedKind kind, uid_t running_user) {
    if (!S_ISREG(status.st_mode)) return refused(path, "is no regular file", "put a file there");
    if (auto writers = check_writers(path, "is ", path, status, running_user); !writers) return writers;
    if (kind == TrustedKind::secret) {
        const std::string mode = " (mode " + mode_text(status.st_mode) + ")";
        if ((status.st_mode & S_IROTH) != 0) return refused(path, "may be read by others" + mode, "chmod o-rwx " + path);
        if ((status.st_mode & S_IRGRP) != 0 && status.st_uid != 0)
            return refused(path, "may be read by its group and is not owned by root" + mode, "chmod g-rwx " + path);
    }
    if (kind == TrustedKind::plugin && (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) return errno_error(path, EACCES);
    return {};
}

// Links on one path: the kernel's own bound.
constexpr int kMostLinks = 40;

// The path from "/" on as it is walked, links resolved by hand: every directory is
// checked, those that hold a link included, and so is whose link it is.
class Walk {
public:
    Walk(const std::string& asked, uid_t running_user) : asked_(asked), running_user_(running_user) {}

    Result<TrustedFile> open(TrustedKind kind, int access) {
        std::string start = asked_;
        if (!start.starts_with('/')) {
            std::array<char, PATH_MAX> here;
            if (::getcwd(here.data(), here.size()) == nullptr) return errno_error(asked_, errno);
            start = std::string(here.data()) + "/" + start;
        }
        push(start);
        to_root();
        for (;;) {
            struct stat status {};
            if (!at_ || ::fstat(at_.get(), &status) != 0) return errno_error(asked_, errno);
            if (steps_.empty()) return refused(asked_, "is no regular file", "put a file there");
            const std::string step = std::move(steps_.back());
            steps_.pop_back();
            if (step == "..") {
                // What is left again is no step of the way to the file.
                if (!where_.empty()) where_.pop_back();
                at_.reset(::openat(at_.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
                continue;
            }
            struct stat next {};
            if (::fstatat(at_.get(), step.c_str(), &next, AT_SYMLINK_NOFOLLOW) != 0) return errno_error(asked_, errno);
            const bool link = S_ISLNK(next.st_mode);
            const bool last = steps_.empty() && !link;
            if (auto checked = check_directory(asked_, place(), status, last, running_user_); !checked) return checked.error();
            if (link) {
                if (auto followed = follow(step, status, next); !followed) return followed.error();
            } else if (last) {
                return open_last(step, kind, access);
            } else {
                at_.reset(::openat(at_.get(), step.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
                where_.push_back(step);
            }
        }
    }

private:
    void to_root() {
        at_.reset(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
        where_.clear();
    }

    // The steps of `path`, to be taken before those that are left.
    void push(std::string_view path) {
        std::vector<std::string> steps;
        while (!path.empty()) {
            const std::size_t slash = std::min(path.find('/'), path.size());
            const std::string_view step = path.substr(0, slash);
            if (!step.empty() && step != ".") steps.emplace_back(step);
            path.remove_prefix(std::min(slash + 1, path.size()));
        }
        steps_.insert(steps_.end(), std::make_move_iterator(steps.rbegin()), std::make_move_iterator(steps.rend()));
    }

    std::string place() const {
        std::string text;
        for (const std::string& step : where_) text += "/" + step;
        return text.empty() ? "/" : text;
    }

    Result<void> follow(const std::string& step, const struct stat& directory, const struct stat& link) {
        const std::string name = (where_.empty() ? "" : place()) + "/" + step;
        if (link.st_uid != 0 && link.st_uid != running_user_)
            return refused(asked_, "link " + name + " is " + user_text(link.st_uid) + "'s", "put a link of root's there, or the file");
        // What root reads for a user must not be chosen by that user.
        if (::geteuid() == 0 && running_user_ != 0 && (link.st_uid != 0 || directory.st_uid != 0))
            return refused(asked_, "link " + name + " is not root's, and root follows no other", "put the file there, or a link of root's");
        if (++links_ > kMostLinks) return errno_error(asked_, ELOOP);
        std::array<char, PATH_MAX> target;
        const ssize_t size = ::readlinkat(at_.get(), step.c_str(), target.data(), target.size());
        if (size <= 0 || static_cast<std::size_t>(size) == target.size()) return errno_error(asked_, size < 0 ? errno : ENAMETOOLONG);
        push({target.data(), static_cast<std::size_t>(size)});
        if (target[0] == '/') to_root();
        return {};
    }

    // `access` is O_RDONLY or O_PATH.
    Result<TrustedFile> open_last(const std::string& step, TrustedKind kind, int access) {
        // Non-blocking, because a FIFO put in its place must not hold us.
        UniqueFd file(::openat(at_.get(), step.c_str(), access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        // A plugin only has to be executed, and by another user perhaps: then it is held without being read.
        if (!file && errno == EACCES && kind == TrustedKind::plugin)
            file.reset(::openat(at_.get(), step.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        struct stat status {};
        if (!file || ::fstat(file.get(), &status) != 0) return errno_error(asked_, errno);
        if (auto checked = check_file(asked_, status, kind, running_user_); !checked) return checked.error();
        return TrustedFile{std::move(file), (where_.empty() ? "" : place()) + "/" + step};
    }

    const std::string& asked_;
    uid_t running_user_;
    UniqueFd at_;
    std::vector<std::string> where_;  // the steps taken, without links
    std::vector<std::string> steps_;  // those left, the next one last
    int links_ = 0;
};

Result<TrustedFile> walk(const std::string& path, TrustedKind kind, uid_t running_user, int access) {
    return Walk(path, running_user).open(kind, access);
}

}  // namespace

Result<TrustedFile> open_trusted_file(const std::string& path, TrustedKind kind, uid_t running_user) {
    return walk(path, kind, running_user, O_RDONLY);
}

Result<void> check_trusted(const std::string& path, TrustedKind kind, uid_t running_user) {
    auto file = walk(path, kind, running_user, O_PATH);
    if (!file) return file.error();
    return {};
}

Result<UniqueFd> open_trusted(const std::string& path, TrustedKind kind, uid_t running_user) {
    auto file = open_trusted_file(path, kind, running_user);
    if (!file) return file.error();
    return std::move(file->fd);
}

Result<std::string> read_trusted(const std::string& path, TrustedKind kind, uid_t running_user, std::size_t most) {
    auto file = open_trusted_file(path, kind, running_user);
    if (!file) return file.error();
    return read_opened(file->fd.get(), path, most);
}

Result<std::string> read_opened(int fd, const std::string& path, std::size_t most) {
    std::string text;
    std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno_error(path, errno);
        if (got == 0) return text;
        if (text.size() + static_cast<std::size_t>(got) > most)
            return fail(Errc::too_large, path + ": larger than " + std::to_string(most) + " bytes");
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace endpointd::files
