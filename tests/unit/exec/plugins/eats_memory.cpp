// Takes memory and touches it until there is no more; stops by itself at 1 GiB.

#include <stdlib.h>

#include "attempt.hpp"

int main() {
    constexpr size_t kPiece = 1U << 20;
    constexpr size_t kMost = 1024;
    for (size_t taken = 0; taken < kMost; ++taken) {
        // Nothing is given back.
        char* piece = static_cast<char*>(malloc(kPiece));
        if (!piece) {
            char how[64];
            snprintf(how, sizeof how, "%s after %zu MiB", strerrorname_np(errno), taken);
            plugins::say("memory", how);
            return 1;
        }
        memset(piece, 1, kPiece);
        __asm__ volatile("" : : "r"(piece) : "memory");
    }
    plugins::say("memory", "ok");
    return 0;
}
