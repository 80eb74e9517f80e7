#pragma once
// For plugins that try what they must not: each attempt prints one line,
// "NAME: ok" or "NAME: EPERM". Unbuffered, so that a plugin that is killed in the
// middle has told what came before.

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

namespace plugins {

inline void say(const char* what, const char* how) {
    char line[512];
    const int size = snprintf(line, sizeof line, "%s: %s\n", what, how);
    if (write(STDOUT_FILENO, line, static_cast<size_t>(size)) < 0) _exit(99);
}

// What a system call returned.
inline bool report(const char* what, long result) {
    if (result >= 0) {
        say(what, "ok");
        return true;
    }
    char number[32];
    const int why = errno;
    const char* name = strerrorname_np(why);
    snprintf(number, sizeof number, "%d", why);
    say(what, name ? name : number);
    return false;
}

// Something that may kill whoever tries it, tried in a child: "NAME: SIGSYS".
template <typename Attempt>
void report_in_child(const char* what, Attempt attempt) {
    const pid_t pid = fork();
    if (pid < 0) {
        report(what, -1);
        return;
    }
    if (pid == 0) {
        report(what, attempt());
        _exit(0);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFSIGNALED(status)) return;
    char name[32];
    snprintf(name, sizeof name, "SIG%s", sigabbrev_np(WTERMSIG(status)));
    say(what, name);
}

}  // namespace plugins
