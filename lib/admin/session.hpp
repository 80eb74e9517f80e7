#pragma once
// One connection to the admin socket: reads requests within their limits, hands
// them to the routes, writes the answers. A local of its coroutine; the server
// keeps a pointer while it lives. On the io_context's thread.

#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "admin/http.hpp"
#include "admin/server.hpp"

namespace endpointd {
class Clock;
class Log;
}  // namespace endpointd

namespace endpointd::admin {

using LocalProtocol = boost::asio::local::stream_protocol;
using LocalSocket = boost::asio::basic_stream_socket<LocalProtocol, boost::asio::any_io_executor>;

// What every session is handed; all of it outlives the sessions.
struct SessionTools {
    Backend& backend;
    const ServerConfig& config;
    const Clock& clock;
    const Log& log;
};

class Session {
public:
    Session(LocalSocket socket, const SessionTools& tools)
        : stream_(std::move(socket)), tools_(tools), buffer_(kHeaderBytes + tools.config.request_bytes) {}
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Serves until the client goes, asks for the end, or breaks a limit.
    boost::asio::awaitable<void> run();

    // No further request; an idle connection and an event stream end at once.
    void ask_to_end();
    // Ends it at once, whatever is under way.
    void cut();

private:
    boost::asio::awaitable<bool> take_request(const Caller& caller);
    boost::asio::awaitable<void> refuse(Response response);
    boost::asio::awaitable<bool> answer(Answer answered, unsigned version, bool keep_alive, bool head);
    boost::asio::awaitable<bool> send(Response response, unsigned version, bool keep_alive);
    boost::asio::awaitable<void> send_pieces(std::unique_ptr<Stream> source, unsigned version);

    boost::beast::basic_stream<LocalProtocol, boost::asio::any_io_executor> stream_;
    const SessionTools& tools_;
    boost::beast::flat_buffer buffer_;
    bool idle_ = true;                   // between two requests: may be closed without loss
    bool ending_ = false;                // told to end
    std::function<void()> interrupt_{};  // ends the wait of an event stream
    std::function<void()> abandon_{};    // ends the wait for an answer
};

}  // namespace endpointd::admin
