#include "exec/plugin.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/assert.hpp"
#include "files/digest.hpp"
#include "files/trusted_file.hpp"

namespace endpointd::exec {

void throw_exception_from_error(const PluginProblem& problem, const boost::source_location& where) {
    assertion_failed(problem.text.c_str(), where.file_name(), static_cast<int>(where.line()));
}

std::string exec_failure(const std::string& path, int number) {
    return "execvpe(" + path + ") failed: " + std::generic_category().message(number) + "\n";
}

boost::system::result<OpenPlugin, PluginProblem> Plugins::open(const catalog::Command& command) {
    // What root's help starts as somebody else must be root's: the daemon's user could
    // otherwise write himself a plugin that runs with that user's rights.
    const uid_t owner = command.run_as && root_ ? 0 : running_user_;
    EP_ASSERT(!command.command.empty());
    const std::string& path = command.command.front();
    const std::string refusal = "plugin of '" + command.name + "' refused: ";
    auto file = files::open_trusted_file(path, files::TrustedKind::plugin, owner);
    if (!file) {
        switch (file.error().code) {
            case Errc::not_found:
                return PluginProblem{false, exec_failure(path, ENOENT)};
            case Errc::not_permitted:
                return PluginProblem{false, exec_failure(path, EACCES)};
            default:
                return PluginProblem{true, refusal + file.error().text};
        }
    }
    if (std::string why; command.sha256 && !matches_pin(command, file->fd.get(), file->resolved, why))
        return PluginProblem{true, refusal + why};

    std::array<char, 2> magic{};
    const ssize_t got = ::pread(file->fd.get(), magic.data(), magic.size(), 0);
    const bool script = got < 0 || (got == 2 && magic[0] == '#' && magic[1] == '!');
    return OpenPlugin{std::move(file->fd), std::move(file->resolved), script};
}

bool Plugins::matches_pin(const catalog::Command& command, int fd, const std::string& resolved, std::string& why) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        why = std::generic_category().message(errno);
        return false;
    }
    if (static_cast<std::uint64_t>(status.st_size) > kPinnedBytes) {
        why = "it is pinned and larger than " + std::to_string(kPinnedBytes) + " bytes";
        return false;
    }
    const Fingerprint fingerprint{status.st_dev,         status.st_ino,          static_cast<std::uint64_t>(status.st_size),
                                  status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                                  status.st_ctim.tv_nsec};
    auto known = hashed_.find(resolved);
    if (known == hashed_.end() || known->second.fingerprint != fingerprint) {
        auto sha256 = files::sha256_hex_of_fd(fd);
        if (!sha256) {
            why = sha256.error().text;
            return false;
        }
        known = hashed_.insert_or_assign(resolved, Hashed{fingerprint, std::move(*sha256)}).first;
    }
    if (known->second.sha256 == *command.sha256) return true;
    why = "its content differs from the pinned sha256";
    return false;
}

}  // namespace endpointd::exec
