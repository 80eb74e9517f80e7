#pragma once
// Starts one program, at the cost of a vfork: prepared completely beforehand,
// then clone and exec on a stack of its own. Used by the spawners only, which
// are single-threaded and have every signal blocked.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace endpointd::exec {

// The child's stack, mapped once and used by one child at a time: it lives
// between clone and exec only, and its parent sleeps meanwhile.
class ChildStack {
public:
    ChildStack();
    ~ChildStack();
    ChildStack(const ChildStack&) = delete;
    ChildStack& operator=(const ChildStack&) = delete;
    void* top() const noexcept;

private:
    void* base_;
};

// What one program may use; each counts for each of its processes, but for
// `processes`, which counts all of the user.
struct ResourceLimits {
    std::uint64_t cpu = 0;         // seconds of CPU time
    std::uint64_t memory = 0;      // bytes of private, writable memory (not what is only reserved)
    std::uint64_t file_size = 0;   // bytes of a file written
    std::uint64_t processes = 0;   // of the user
    std::uint64_t open_files = 0;  // descriptors
};

// The first descriptor that is handed to a program beyond the usual three.
inline constexpr int kFirstPassed = 3;

// Every descriptor, the ruleset's included, is above kFirstPassed + passed.size(). All pointers are borrowed for the call.
struct SpawnPlan {
    const char* path;             // executed by it; null: the descriptor itself is
    int plugin;                   // the checked descriptor
    bool script;                  // its copy passed[0] is executed, which stays open for the interpreter
    int input;                    // becomes 0
    int output;                   // becomes 1 and 2
    std::span<const int> passed;  // become kFirstPassed and what follows
    char* const* argv;            // both end with a null
    char* const* env;
    int niceness;  // of the program
    ResourceLimits limits;
    int landlock;  // a ruleset of its own; -1: none
};

struct Spawned {
    pid_t pid = 0;       // a child of our own parent
    UniqueFd pidfd;      // none if exec failed
    int exec_error = 0;  // errno of exec; the child is then gone, but our parent has to reap it
};

// Errc::io if there could be no process at all.
Result<Spawned> spawn(const SpawnPlan& plan, const ChildStack& stack);

}  // namespace endpointd::exec
