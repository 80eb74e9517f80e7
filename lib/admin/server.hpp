#pragma once
// The admin API's server: HTTP/1.1 over a Unix socket, for endpointctl and
// scripts. Whoever may open the socket may do everything; who did is taken from
// the socket's peer credentials. Owned by the daemon's app; lives on the
// io_context's thread.

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/limits.hpp"
#include "base/result.hpp"

namespace boost::asio {
class io_context;
}

namespace endpointd {
class Log;
}

namespace endpointd::admin {

class Backend;

// Connections at a time: an operator, Puppet, a few `audit follow`. More are closed at once.
inline constexpr std::size_t kConnections = 32;
// Bytes of a request's line and headers; ours are below 1 KiB.
inline constexpr std::size_t kHeaderBytes = 8 * 1024;
// Bytes of a Unix socket's path without the NUL (sockaddr_un).
inline constexpr std::size_t kSocketPath = 107;

struct ServerConfig {
    std::string socket_path;           // absolute, or relative to the working directory
    std::optional<std::string> group;  // the group that may open it; null: the process's own
    // A plugin runs as our own user and may reach the socket: a caller of our user that
    // descends from this process (the starter) is turned away. 0: nobody is.
    pid_t no_descendants_of = 0;
    std::size_t connections = kConnections;
    std::size_t request_bytes = limits::kAdminRequest;
    // From the first byte of a request to its last, and for an answer to be read.
    std::chrono::milliseconds request_timeout{10'000};
    // Between two requests of one connection.
    std::chrono::milliseconds idle_timeout{60'000};
    // Between two signs of life on an event stream.
    std::chrono::milliseconds event_heartbeat{15'000};
};

class Server {
public:
    // Binds and listens, mode 0660, before anything is accepted. Replaces a socket
    // that nobody answers on; refuses a path above kSocketPath bytes, one that is
    // no socket, and one that somebody answers on. `io`, `backend` and `log` must
    // outlive the server.
    static Result<std::unique_ptr<Server>> open(boost::asio::io_context& io, ServerConfig config, Backend& backend, const Log& log);
    ~Server();  // closes what is still open
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Begins to accept.
    void start();

    // Stops accepting, removes the socket, ends idle connections and event streams
    // at once, gives an answer under way `grace` to leave, then calls `done` (once,
    // from the io_context). The server must live until then. Called again, the new
    // grace counts, and both are told.
    void stop(std::chrono::milliseconds grace, std::function<void()> done);

    std::size_t connections() const noexcept;

private:
    struct Impl;
    explicit Server(std::shared_ptr<Impl> impl) noexcept;
    std::shared_ptr<Impl> impl_;
};

}  // namespace endpointd::admin
