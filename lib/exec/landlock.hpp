#pragma once
// Landlock, as far as this kernel has it: what a process may do with files, TCP
// ports and signals, for good and for everything it starts. The caller builds a
// ruleset and enforces it on the calling thread, so a process does that before its
// second thread. Asks the kernel which ABI it has and leaves out what is missing;
// a lower one can be named, which is how tests see an older kernel.
//
// What it does not stop, whatever the ABI: stat and readlink anywhere, chdir,
// chmod, chown and utime by path, connecting to a Unix socket by its path, sockets
// other than TCP, what an inherited descriptor already allows. Before ABI 2
// nothing may be moved to another directory, before 3 truncate(2) is not covered,
// before 4 TCP ports are not, before 5 ioctl on devices is not, before 6 signals
// and abstract Unix sockets are not.

#include <cstdint>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace endpointd::exec {

// The kernel's ABI; 0: it has no Landlock, or has it switched off.
int landlock_abi() noexcept;

// Rights on files, as the kernel's interface numbers them (Debian 12's header
// does not know them all).
namespace access {
inline constexpr std::uint64_t kExecute = 1U << 0;
inline constexpr std::uint64_t kWriteFile = 1U << 1;
inline constexpr std::uint64_t kReadFile = 1U << 2;
inline constexpr std::uint64_t kReadDir = 1U << 3;
inline constexpr std::uint64_t kRemoveDir = 1U << 4;
inline constexpr std::uint64_t kRemoveFile = 1U << 5;
inline constexpr std::uint64_t kMakeChar = 1U << 6;
inline constexpr std::uint64_t kMakeDir = 1U << 7;
inline constexpr std::uint64_t kMakeRegular = 1U << 8;
inline constexpr std::uint64_t kMakeSocket = 1U << 9;
inline constexpr std::uint64_t kMakeFifo = 1U << 10;
inline constexpr std::uint64_t kMakeBlock = 1U << 11;
inline constexpr std::uint64_t kMakeLink = 1U << 12;
inline constexpr std::uint64_t kRefer = 1U << 13;     // ABI 2
inline constexpr std::uint64_t kTruncate = 1U << 14;  // ABI 3
inline constexpr std::uint64_t kIoctl = 1U << 15;     // ABI 5, on devices

inline constexpr std::uint64_t kRead = kReadFile | kReadDir;
// Files and directories, but no device.
inline constexpr std::uint64_t kWrite =
    kWriteFile | kTruncate | kRemoveDir | kRemoveFile | kMakeDir | kMakeRegular | kMakeSocket | kMakeFifo | kMakeLink | kRefer;
// Everything but ioctl.
inline constexpr std::uint64_t kFiles = kExecute | kRead | kWrite | kMakeChar | kMakeBlock;
}  // namespace access

// What a ruleset is about; what it handles is denied unless a rule allows it.
struct Handled {
    std::uint64_t files = 0;  // of `access`
    bool tcp = false;         // bind and connect
    bool signals = false;     // to processes outside of this ruleset's reach
    bool abstract_sockets = false;
};

enum class TcpUse : std::uint8_t { bind, connect };

class Landlock {
public:
    // Errc::unavailable if the kernel (or `abi`) has none. A ruleset of which this ABI
    // handles nothing is an error as well: it would confine nothing.
    static Result<Landlock> make(int abi, const Handled& handled);

    // `fd` is a file or a directory, with all that is below it; of `files` counts what
    // is handled and, for a file, has a meaning.
    Result<void> allow(int fd, std::uint64_t files);
    // The same by path, links followed; a path that is not there is Errc::not_found.
    Result<void> allow(const char* path, std::uint64_t files);
    // Nothing where this ABI does not handle TCP.
    Result<void> allow(TcpUse use, std::uint16_t port);

    // Needs no_new_privs or CAP_SYS_ADMIN. The calling thread, for good.
    Result<void> enforce() const;

    int abi() const noexcept { return abi_; }
    int fd() const noexcept { return ruleset_.get(); }

private:
    Landlock(int abi, std::uint64_t files, bool tcp, UniqueFd ruleset)
        : abi_(abi), files_(files), tcp_(tcp), ruleset_(std::move(ruleset)) {}

    int abi_;
    std::uint64_t files_;
    bool tcp_;
    UniqueFd ruleset_;
};

}  // namespace endpointd::exec
