// Leaves parent, group and session twice, throws away its environment and name, cannot be
// looked into, heeds no signal it can refuse, and has told its number before.

#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "attempt.hpp"

int main(int argc, char** argv) {
    if (argc > 1) {
        // The daemon, after its exec: argv[1] is the pipe to the plugin.
        for (int number = 1; number < NSIG; ++number) signal(number, SIG_IGN);
        prctl(PR_SET_NAME, "kworker/0:1");
        prctl(PR_SET_DUMPABLE, 0);
        const pid_t self = getpid();
        const int pipe_end = atoi(argv[1]);
        if (write(pipe_end, &self, sizeof self) != sizeof self) _exit(1);
        close(pipe_end);
        for (;;) pause();
    }
    int ends[2];
    if (pipe(ends) != 0) return 1;
    if (fork() == 0) {
        setsid();
        if (fork() != 0) _exit(0);
        setsid();
        for (int fd = 0; fd <= STDERR_FILENO; ++fd) close(fd);
        close(ends[0]);
        char number[16];
        snprintf(number, sizeof number, "%d", ends[1]);
        char* words[] = {argv[0], number, nullptr};
        char* nothing[] = {nullptr};
        execve("/proc/self/exe", words, nothing);
        _exit(1);
    }
    close(ends[1]);
    pid_t hidden = 0;
    if (read(ends[0], &hidden, sizeof hidden) != sizeof hidden) return 1;
    printf("%d\n", hidden);
    return 0;
}
