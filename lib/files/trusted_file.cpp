#include "files/trusted_file.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

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

// `access` is O_RDONLY or O_PATH.
Result<TrustedFile> walk(const std::string& path, TrustedKind kind, uid_t running_user, int access) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
    if (!real) return errno_error(path, errno);
    std::string resolved = real.get();

    // Step by step from "/", never following a link: what is opened in the end is
    // below exactly the directories that were checked.
    UniqueFd at(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    std::string_view rest = std::string_view(resolved).substr(1);
    std::size_t end_of_directory = 1;
    for (;;) {
        const std::size_t slash = rest.find('/');
        const bool last = slash == std::string_view::npos;
        struct stat status {};
        if (!at || ::fstat(at.get(), &status) != 0) return errno_error(path, errno);
        const std::string where = resolved.substr(0, end_of_directory > 1 ? end_of_directory - 1 : 1);
        if (auto checked = check_directory(path, where, status, last, running_user); !checked) return checked.error();
        const std::string step(rest.substr(0, slash));
        if (last) {
            // Non-blocking, because a FIFO put in its place must not hold us.
            UniqueFd file(::openat(at.get(), step.c_str(), access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
            // A plugin only has to be executed, and by another user perhaps: then it is held without being read.
            if (!file && errno == EACCES && kind == TrustedKind::plugin)
                file.reset(::openat(at.get(), step.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
            if (!file) return errno_error(path, errno);
            if (::fstat(file.get(), &status) != 0) return errno_error(path, errno);
            if (auto checked = check_file(path, status, kind, running_user); !checked) return checked.error();
            return TrustedFile{std::move(file), std::move(resolved)};
        }
        at.reset(::openat(at.get(), step.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        rest.remove_prefix(slash + 1);
        end_of_directory += slash + 1;
    }
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
