// To stdout, or to the file it is given.

#include <fcntl.h>

#include "attempt.hpp"

int main(int argc, char** argv) {
    static char block[1 << 20];
    memset(block, 'x', sizeof block);
    const int out = argc > 1 ? open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : STDOUT_FILENO;
    if (out < 0) return plugins::report("open", out) ? 0 : 1;
    signal(SIGXFSZ, SIG_IGN);
    for (size_t left = 1U << 30; left > 0;) {
        const ssize_t written = write(out, block, left < sizeof block ? left : sizeof block);
        if (written < 0) {
            if (argc > 1) plugins::report("write", -1);
            return 2;
        }
        left -= static_cast<size_t>(written);
    }
    if (argc > 1) plugins::say("write", "ok");
    return 0;
}
