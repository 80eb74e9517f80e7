// The reference of scheduling.py: the same program started at an even pace, with pipes and
// nothing else around it. Prints as JSON what a command cost in processor time (with its
// child's) and how late it was started.
//
// Usage: bare_spawn PER_SECOND SECONDS PROGRAM

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(int who) {
    rusage usage{};
    ::getrusage(who, &usage);
    const auto of = [](const timeval& time) { return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3; };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

struct Started {
    pid_t pid;
    int output;
};

Started start(char* program) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    char* const argv[] = {program, nullptr};
    char locale[] = "LC_NUMERIC=C";
    char* const env[] = {locale, nullptr};
    Started started{};
    if (::posix_spawn(&started.pid, program, &actions, nullptr, argv, env) != 0) {
        std::perror(program);
        std::exit(1);
    }
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    started.output = ends[0];
    return started;
}

void read_to_end(const Started& started) {
    std::array<char, 4096> buffer;
    while (::read(started.output, buffer.data(), buffer.size()) > 0) {
    }
    ::close(started.output);
    ::waitpid(started.pid, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
    const double rate = argc == 4 ? std::atof(argv[1]) : 0, seconds = argc == 4 ? std::atof(argv[2]) : 0;
    if (rate <= 0 || seconds <= 0) {
        std::fputs("usage: bare_spawn PER_SECOND SECONDS PROGRAM\n", stderr);
        return 2;
    }
    std::vector<double> late;
    std::vector<Started> running;
    const double before = milliseconds(RUSAGE_SELF) + milliseconds(RUSAGE_CHILDREN);
    const Clock::time_point begun = Clock::now();
    const auto due = [&](std::size_t number) {
        return begun + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(static_cast<double>(number) / rate));
    };
    std::vector<pollfd> polled;
    for (std::size_t number = 0; static_cast<double>(number) < rate * seconds;) {
        const auto wait = std::chrono::duration_cast<std::chrono::nanoseconds>(due(number) - Clock::now());
        if (wait.count() <= 0) {
            running.push_back(start(argv[3]));
            late.push_back(-static_cast<double>(wait.count()) / 1e6);
            ++number;
            continue;
        }
        polled.clear();
        for (const Started& started : running) polled.push_back({started.output, POLLIN, 0});
        const timespec patience{static_cast<time_t>(wait.count() / 1'000'000'000), static_cast<long>(wait.count() % 1'000'000'000)};
        if (::ppoll(polled.data(), polled.size(), &patience, nullptr) <= 0) continue;
        std::size_t left = 0;
        for (std::size_t index = 0; index < polled.size(); ++index) {
            if (polled[index].revents != 0) read_to_end(running[index]);
            else running[left++] = running[index];
        }
        running.resize(left);
    }
    for (const Started& started : running) read_to_end(started);
    const double cost = milliseconds(RUSAGE_SELF) + milliseconds(RUSAGE_CHILDREN) - before;
    std::sort(late.begin(), late.end());
    const auto at = [&](double share) { return late[static_cast<std::size_t>(share * static_cast<double>(late.size() - 1))]; };
    std::printf("{\"commands\": %zu, \"cpu_ms\": %.4f, \"p50\": %.3f, \"p99\": %.3f}\n", late.size(),
                cost / static_cast<double>(late.size()), at(0.5), at(0.99));
    return 0;
}
