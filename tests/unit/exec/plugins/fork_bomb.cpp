// Every process forks for ever, each second one leaves the group, none heeds a signal that
// it can refuse. Stops by itself at 1,500 processes, so that an unconfined one is a failed
// test and not a lost machine.

#include <sys/mman.h>

#include <atomic>

#include "attempt.hpp"

int main() {
    constexpr int kMost = 1500;
    struct Shared {
        std::atomic<int> processes{1};
        std::atomic<int> failed{0};
    };
    void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    auto* shared = new (memory) Shared;
    for (int number = 1; number < NSIG; ++number) signal(number, SIG_IGN);
    const pid_t first = getpid();
    while (shared->processes.fetch_add(1) < kMost && shared->failed == 0) {
        const pid_t pid = fork();
        if (pid < 0) shared->failed = errno;
        if (pid == 0 && getpid() % 2 == 0) setsid();
    }
    if (getpid() == first) {
        char how[64];
        const int why = shared->failed;
        snprintf(how, sizeof how, "%s", why == 0 ? "ok" : strerrorname_np(why));
        plugins::say("fork", how);
    }
    for (;;) pause();
}
