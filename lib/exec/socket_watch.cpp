#include "exec/socket_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace endpointd::exec {

struct SocketWatch::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& io, int socket, std::function<void()> on_readable)
        : descriptor(io, socket), readable(std::move(on_readable)) {}

    void wait_readable() {
        descriptor.async_wait(boost::asio::posix::descriptor_base::wait_read, [self = shared_from_this()](const auto& error) {
            if (error || self->ended) return;
            self->readable();
            if (!self->ended) self->wait_readable();
        });
    }

    boost::asio::posix::stream_descriptor descriptor;
    std::function<void()> readable;
    bool ended = false;
    bool writing = false;
};

SocketWatch::SocketWatch(boost::asio::io_context& io, int socket, std::function<void()> readable)
    : state_(std::make_shared<State>(io, socket, std::move(readable))) {
    state_->wait_readable();
}

SocketWatch::~SocketWatch() {
    state_->ended = true;
    state_->descriptor.release();  // cancels what waits; the socket is not ours to close
}

void SocketWatch::when_writable(std::function<void()> writable) {
    if (std::exchange(state_->writing, true)) return;
    state_->descriptor.async_wait(boost::asio::posix::descriptor_base::wait_write,
                                  [self = state_, writable = std::move(writable)](const auto& error) {
                                      self->writing = false;
                                      if (!error && !self->ended) writable();
                                  });
}

}  // namespace endpointd::exec
