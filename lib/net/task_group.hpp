#pragma once
// The coroutines that belong to one owner: spawned together, stopped together in
// two stages, none detached. Owned by whoever owns what the coroutines refer to;
// every member is called on the group's executor (one thread, or a strand).
//
// A coroutine hears the first stage (cancellation of type total) only if it asked
// to with asio::enable_total_cancellation(); the second stage (terminal) reaches
// each. So an accept loop ends at once, while a connection says goodbye first.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace endpointd::net {

class TaskGroup {
public:
    // Called when a task ends with an exception: `task` is the name it was spawned
    // with, `what` the exception's text. Both views die when the call returns. An
    // abort during stop() is an ordinary end and not reported.
    using FailureHandler = std::function<void(std::string_view task, std::string_view what)>;

    TaskGroup(boost::asio::any_io_executor executor, FailureHandler on_failure);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    // Every task must have ended: stop() first. A task that is left is our own bug
    // (it would use what its owner is about to free) and aborts.
    ~TaskGroup();

    // Starts `task` on the group's executor, possibly before spawn returns. False,
    // and the task is destroyed unstarted, once stop() or request_stop() was called.
    bool spawn(std::string name, boost::asio::awaitable<void> task);

    // First stage alone: no new tasks; asks those there are to end.
    void request_stop();

    // Both stages: asks, waits up to `patience`, cancels hard, waits until the last
    // task is gone. Cancelling the caller only shortens its patience. Called from a
    // coroutine that is not itself in the group.
    boost::asio::awaitable<void> stop(std::chrono::milliseconds patience);

    std::size_t size() const noexcept;
    bool stopping() const noexcept;
    boost::asio::any_io_executor executor() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace endpointd::net
