// Every kind of socket there is to be had, and other ways to get one.

#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "attempt.hpp"

using plugins::report;
using plugins::report_in_child;

namespace {

// The same call by the 32-bit entry, whose numbers a filter for 64 bits takes for other calls.
#ifdef __x86_64__
long by_int80(long number, long first, long second, long third) {
    long result = number;
    __asm__ volatile("int $0x80" : "+a"(result) : "b"(first), "c"(second), "d"(third) : "memory");
    if (result < 0 && result > -4096) {
        errno = static_cast<int>(-result);
        return -1;
    }
    return result;
}
constexpr long kSocketIn32Bit = 359;
constexpr long kX32Bit = 0x40000000;
#endif

}  // namespace

int main() {
    report("socket inet", socket(AF_INET, SOCK_STREAM, 0));
    report("socket inet datagram", socket(AF_INET, SOCK_DGRAM, 0));
    report("socket inet raw", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    report("socket inet6", socket(AF_INET6, SOCK_STREAM, 0));
    report("socket unix", socket(AF_UNIX, SOCK_STREAM, 0));
    int pair[2];
    report("pair stream", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    report("pair packet", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
    // These two can be connected to any socket with a path.
    report("pair datagram", socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair));
    report("pair raw", socketpair(AF_UNIX, SOCK_RAW, 0, pair));
    report("pair tipc", socketpair(AF_TIPC, SOCK_DGRAM, 0, pair));
    report("socket netlink", socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    report("socket packet", socket(AF_PACKET, SOCK_RAW, 0));
    report("socket alg", socket(AF_ALG, SOCK_SEQPACKET, 0));
    report("socket vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
    report("socket bluetooth", socket(AF_BLUETOOTH, SOCK_RAW, 0));
#ifdef __x86_64__
    report_in_child("socket by int80", [] { return by_int80(kSocketIn32Bit, AF_INET, SOCK_STREAM, 0); });
    report_in_child("socket by x32", [] { return syscall(kX32Bit | SYS_socket, AF_INET, SOCK_STREAM, 0); });
#endif
    char parameters[256] = {};
    report("io_uring_setup", syscall(SYS_io_uring_setup, 1, parameters));
    return 0;
}
