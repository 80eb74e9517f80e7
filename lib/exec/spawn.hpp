#pragma once
// Starts one program, at the cost of a vfork: prepared completely beforehand,
// then clone and exec on a stack of its own. Used by the spawners only, which
// are single-threaded and have every signal blocked.

#include <sys/types.h>

#include <cstddef>

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

// Every descriptor is 3 or above. All pointers are borrowed for the call.
struct SpawnPlan {
    const char* path;   // of a script, resolved; null: `plugin` itself is executed
    int plugin;         // the checked descriptor
    int input;          // becomes 0
    int output;         // becomes 1 and 2
    char* const* argv;  // both end with a null
    char* const* env;
    int niceness;  // of the program
};

struct Spawned {
    pid_t pid = 0;       // a child of our own parent
    UniqueFd pidfd;      // none if exec failed
    int exec_error = 0;  // errno of exec; the child is then gone, but our parent has to reap it
};

// Errc::io if there could be no process at all.
Result<Spawned> spawn(const SpawnPlan& plan, const ChildStack& stack);

}  // namespace endpointd::exec
