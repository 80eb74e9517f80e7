// What it is asked to try, one attempt for each argument "HOW:NAME:PATH": r reads, w opens
// for writing, l lists, m makes a file, d deletes, x executes, c connects to a socket.

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "attempt.hpp"

using plugins::report;
using plugins::report_in_child;

namespace {

long connect_to(const char* path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return fd < 0 ? fd : connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

void attempt(const char* how, const char* name, const char* path) {
    char byte = 0;
    switch (*how) {
        case 'r': {
            const int file = open(path, O_RDONLY | O_CLOEXEC);
            report(name, file < 0 ? file : read(file, &byte, 1));
            return;
        }
        case 'w':
            report(name, open(path, O_WRONLY | O_CLOEXEC));
            return;
        case 'l':
            report(name, opendir(path) ? 0 : -1);
            return;
        case 'm':
            report(name, open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
            return;
        case 'd':
            report(name, unlink(path));
            return;
        case 'c':
            report(name, connect_to(path));
            return;
        case 'x':
            report_in_child(name, [path] {
                execl(path, path, static_cast<char*>(nullptr));
                return -1L;
            });
            return;
        default:
            plugins::say(name, "no such attempt");
    }
}

}  // namespace

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        char* name = strchr(argv[i], ':');
        char* path = name ? strchr(name + 1, ':') : nullptr;
        if (!path) return 2;
        *name = *path = '\0';
        attempt(argv[i], name + 1, path + 1);
    }
    return 0;
}
