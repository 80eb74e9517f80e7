#include "net/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <list>
#include <vector>

#include "base/assert.hpp"

namespace endpointd::net {

namespace asio = boost::asio;

struct TaskGroup::State {
    struct Task {
        std::string name;
        asio::cancellation_signal signal;
    };

    State(asio::any_io_executor on, FailureHandler handler)
        : executor(std::move(on)), on_failure(std::move(handler)), emptied(executor, asio::steady_timer::time_point::max()) {}

    void emit(asio::cancellation_type type) {
        // A copy: a task may end, and leave the list, while its own signal is at work.
        const std::vector<std::shared_ptr<Task>> now(tasks.begin(), tasks.end());
        for (const auto& task : now) task->signal.emit(type);
    }

    void finished(std::list<std::shared_ptr<Task>>::iterator at, const std::exception_ptr& failure) {
        const std::shared_ptr<Task> task = *at;
        tasks.erase(at);
        if (failure) report(task->name, failure);
        if (tasks.empty()) emptied.cancel();
    }

    void report(const std::string& name, const std::exception_ptr& failure) const {
        try {
            std::rethrow_exception(failure);
        } catch (const boost::system::system_error& error) {
            if (stopping && error.code() == asio::error::operation_aborted) return;
            on_failure(name, error.what());
        } catch (const std::exception& error) {
            on_failure(name, error.what());
        } catch (...) {
            on_failure(name, "an exception that is no std::exception");
        }
    }

    asio::any_io_executor executor;
    FailureHandler on_failure;
    std::list<std::shared_ptr<Task>> tasks;
    asio::steady_timer emptied;  // cancelled when the last task is gone
    bool stopping = false;
};

TaskGroup::TaskGroup(asio::any_io_executor executor, FailureHandler on_failure)
    : state_(std::make_shared<State>(std::move(executor), std::move(on_failure))) {}

TaskGroup::~TaskGroup() { EP_ASSERT(state_->tasks.empty()); }

bool TaskGroup::spawn(std::string name, asio::awaitable<void> task) {
    if (state_->stopping) return false;
    auto entry = std::make_shared<State::Task>();
    entry->name = std::move(name);
    const auto at = state_->tasks.insert(state_->tasks.end(), entry);
    // The slot rides on the completion handler, which also keeps the signal alive as
    // long as an operation may look at it.
    asio::co_spawn(state_->executor, std::move(task),
                   asio::bind_cancellation_slot(entry->signal.slot(), [state = state_, entry, at](const std::exception_ptr& failure) {
                       state->finished(at, failure);
                   }));
    return true;
}

void TaskGroup::request_stop() {
    if (state_->stopping) return;
    state_->stopping = true;
    state_->emit(asio::cancellation_type::total);
}

asio::awaitable<void> TaskGroup::stop(std::chrono::milliseconds patience) {
    const std::shared_ptr<State> state = state_;
    request_stop();
    // A cancelled caller must not leave before the tasks: it would destroy what they use.
    const bool caller_throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    if (!state->tasks.empty()) {
        state->emptied.expires_after(patience);
        co_await state->emptied.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    while (!state->tasks.empty()) {
        state->emit(asio::cancellation_type::terminal);
        state->emptied.expires_at(asio::steady_timer::time_point::max());
        if (!state->tasks.empty()) co_await state->emptied.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_await asio::this_coro::throw_if_cancelled(caller_throws);
}

std::size_t TaskGroup::size() const noexcept { return state_->tasks.size(); }
bool TaskGroup::stopping() const noexcept { return state_->stopping; }
asio::any_io_executor TaskGroup::executor() const { return state_->executor; }

}  // namespace endpointd::net
