// Holds the pipe it is given open until it is killed, and so do its children: one that
// heeds no signal, and one that has left the session.

#include <fcntl.h>

#include "attempt.hpp"

int main(int argc, char** argv) {
    if (argc != 2 || open(argv[1], O_WRONLY) < 0) return 2;
    if (fork() == 0) {
        signal(SIGTERM, SIG_IGN);
        for (;;) pause();
    }
    if (fork() == 0) {
        setsid();
        for (;;) pause();
    }
    for (;;) pause();
}
