#pragma once
// Runs one coroutine to its end on an io_context; what it throws reaches the test.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

namespace endpointd::test {

inline void run_on(boost::asio::io_context& io, boost::asio::awaitable<void> task) {
    std::exception_ptr failure;
    boost::asio::co_spawn(io, std::move(task), [&failure](const std::exception_ptr& thrown) { failure = thrown; });
    io.run();
    io.restart();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace endpointd::test
