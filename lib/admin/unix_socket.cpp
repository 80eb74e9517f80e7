#include "admin/unix_socket.hpp"
#include <charconv>
#include <string_view>
#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "admin/server.hpp"

namespace endpointd::admin {
namespace {

constexpr int kBacklog = 64;

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    static_assert(sizeof address.sun_path == kSocketPath + 1);
    if (path.empty() || path.size() > kSocketPath) {
        return fail(Errc::invalid, "admin socket '" + path + "': the path has " + std::to_string(path.size()) +
                                       " bytes, a socket's may have " + std::to_string(kSocketPath) +
                                       "; choose a shorter --run directory or admin.socket");
    }
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) noexcept { return reinterpret_cast<const sockaddr*>(&address); }

// Removes a socket nobody answers on, and nothing else.
Result<void> clear_stale(const std::string& path, const sockaddr_un& address) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
        if (errno == ENOENT) return {};
        return system_error("admin socket '" + path + "'", errno);
    }
    if (!S_ISSOCK(info.st_mode)) {
        return fail(Errc::invalid, "admin socket '" + path + "': something that is no socket is there; remove it or change admin.socket");
    }
    // Non-blocking: a living server whose queue is full answers EAGAIN, and is alive.
    const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe) return system_error("admin socket '" + path + "'", errno);
    if (::connect(probe.get(), generic(address), sizeof address) == 0 || errno != ECONNREFUSED) {
        return fail(Errc::unavailable,
                    "admin socket '" + path + "': another endpointd answers on it; stop it or choose another --run directory");
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return system_error("admin socket '" + path + "': cannot remove the stale one", errno);
    return {};
}

Result<gid_t> group_id(const std::string& name) {
    // At start, before confinement: the name services may be asked here.
    errno = 0;
    const group* entry = ::getgrnam(name.c_str());
    if (!entry) return fail(Errc::invalid, "admin.group: there is no group '" + name + "'; create it, or set admin.group to null");
    return entry->gr_gid;
}

}  // namespace

Result<UniqueFd> listen_at(const std::string& path, const std::optional<std::string>& group) {
    const Result<sockaddr_un> address = address_of(path);
    if (!address) return address.error();
    std::optional<gid_t> gid;
    if (group) {
        const Result<gid_t> found = group_id(*group);
        if (!found) return found.error();
        gid = *found;
    }
    if (const Result<void> cleared = clear_stale(path, *address); !cleared) return cleared.error();

    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return system_error("admin socket '" + path + "'", errno);
    // Bound without any right for others, opened only when owner and group are
    // right; nobody can connect before listen() anyway.
    const mode_t before = ::umask(0177);
    const int bound = ::bind(fd.get(), generic(*address), sizeof *address);
    const int why = errno;
    ::umask(before);
    if (bound != 0) return system_error("admin socket '" + path + "': cannot bind", why);
    const auto undo = [&](const std::string& what, int number) {
        ::unlink(path.c_str());
        return system_error("admin socket '" + path + "': " + what, number);
    };
    if (gid && ::lchown(path.c_str(), static_cast<uid_t>(-1), *gid) != 0) {
        return undo("cannot give it to group '" + *group + "' (the daemon's user must be a member)", errno);
    }
    if (::chmod(path.c_str(), 0660) != 0) return undo("cannot set its mode", errno);
    if (::listen(fd.get(), kBacklog) != 0) return undo("cannot listen", errno);
    return fd;
}

Result<Caller> caller_of(int fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 || size != sizeof credentials) {
        return system_error("peer credentials of the admin socket", errno);
    }
    return Caller{credentials.uid, credentials.gid, credentials.pid, user_name(credentials.uid)};
}

bool descends_from(pid_t pid, pid_t ancestor) {
    // A tree deeper than this is made to be deep.
    constexpr int kLevels = 256;
    for (int level = 0; level < kLevels && pid > 1; ++level) {
        if (pid == ancestor) return true;
        const UniqueFd file(::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
        char text[1024];
        const ssize_t size = file ? ::read(file.get(), text, sizeof text - 1) : -1;
        if (size <= 0) return true;
        // "pid (name) state ppid": the name may hold anything, so from its last bracket on.
        const std::string_view stat(text, static_cast<std::size_t>(size));
        const std::size_t bracket = stat.rfind(')');
        if (bracket == std::string_view::npos || stat.size() < bracket + 5) return true;
        const std::string_view rest = stat.substr(bracket + 4);
        if (std::from_chars(rest.data(), rest.data() + rest.size(), pid).ec != std::errc()) return true;
    }
    return pid > 1;
}

std::string user_name(uid_t uid) {
    if (std::FILE* file = std::fopen("/etc/passwd", "re")) {
        char buffer[4096];
        passwd entry{};
        passwd* found = nullptr;
        std::string name;
        while (::fgetpwent_r(file, &entry, buffer, sizeof buffer, &found) == 0 && found) {
            if (found->pw_uid != uid) continue;
            name = found->pw_name;
            break;
        }
        std::fclose(file);
        if (!name.empty()) return name;
    }
    return "uid " + std::to_string(uid);
}

}  // namespace endpointd::admin
