// Reads and kills whoever has the same parent, and the parent. With the argument "kill"
// it kills, otherwise it only looks.

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "attempt.hpp"

using plugins::report;
using plugins::say;

namespace {

// Name and parent of a process; a parent of 0: it is gone or hidden.
int parent_of(int pid, char (&name)[64]) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    const ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    if (size <= 0) return 0;
    text[size] = '\0';
    const char* begin = strchr(text, '(');
    const char* end = strrchr(text, ')');
    if (!begin || !end) return 0;
    snprintf(name, sizeof name, "%.*s", static_cast<int>(end - begin - 1), begin + 1);
    int parent = 0;
    char state = 0;
    return sscanf(end + 1, " %c %d", &state, &parent) == 2 ? parent : 0;
}

void open_of(const char* who, int pid, const char* what, int how) {
    char path[64], label[128];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, what);
    snprintf(label, sizeof label, "%s of %s", what, who);
    const int file = open(path, how | O_CLOEXEC);
    // Some are checked when they are read.
    char byte = 0;
    report(label, file < 0 || (how & O_DIRECTORY) ? file : read(file, &byte, 1));
    if (file >= 0) close(file);
}

// Its first descriptors; a secret may be one of them. That a process of one's own user has
// descriptors may be seen, what they are may not.
void descriptors_of(const char* who, int pid) {
    char path[64], label[128];
    snprintf(label, sizeof label, "descriptor of %s", who);
    int denied = ENOENT;
    for (int number = 0; number < 16; ++number) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, number);
        if (open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) >= 0) {
            say(label, "ok");
            return;
        }
        if (errno != ENOENT) denied = errno;
    }
    errno = denied;
    report(label, -1);
}

void attack(const char* who, int pid, bool kills) {
    char label[128];
    if (!kills) {
        open_of(who, pid, "environ", O_RDONLY);
        open_of(who, pid, "maps", O_RDONLY);
        open_of(who, pid, "mem", O_RDWR);
        descriptors_of(who, pid);
        open_of(who, pid, "root", O_RDONLY | O_DIRECTORY);
        snprintf(label, sizeof label, "ptrace of %s", who);
        report(label, ptrace(PTRACE_SEIZE, pid, nullptr, nullptr));
        return;
    }
    snprintf(label, sizeof label, "kill of %s", who);
    report(label, kill(pid, SIGKILL));
}

}  // namespace

int main(int argc, char** argv) {
    const bool kills = argc > 1 && strcmp(argv[1], "kill") == 0;
    const int parent = getppid();
    int neighbours = 0, spawners = 0, launchers = 0;
    DIR* all = opendir("/proc");
    if (!all) return report("list /proc", -1) ? 0 : 1;
    while (const dirent* entry = readdir(all)) {
        const int pid = atoi(entry->d_name);
        char name[64];
        if (pid <= 0 || pid == getpid() || parent_of(pid, name) != parent) continue;
        const bool spawner = strcmp(name, "endpointd-spawn") == 0;
        const bool launcher = strcmp(name, "endpointd-launc") == 0;  // as much of it as the kernel keeps
        ++(spawner ? spawners : launcher ? launchers : neighbours);
        attack(spawner ? "spawner" : launcher ? "launcher" : "neighbour", pid, kills);
    }
    closedir(all);
    attack("parent", parent, kills);
    char count[64];
    snprintf(count, sizeof count, "%d neighbours, %d spawners, %d launchers", neighbours, spawners, launchers);
    say("seen", count);
    return 0;
}
