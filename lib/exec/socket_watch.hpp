#pragma once
// Tells its owner when a socket that somebody else owns can be read or written,
// on the io_context's thread. Ends silently when it is destroyed.

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace endpointd::exec {

class SocketWatch {
public:
    // `socket` must outlive this, and stays open. `readable` is called again and
    // again until the watch is gone; it may destroy the watch.
    SocketWatch(boost::asio::io_context& io, int socket, std::function<void()> readable);
    ~SocketWatch();
    SocketWatch(const SocketWatch&) = delete;
    SocketWatch& operator=(const SocketWatch&) = delete;

    // `writable` is called once; while one waits, another is not added.
    void when_writable(std::function<void()> writable);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace endpointd::exec
