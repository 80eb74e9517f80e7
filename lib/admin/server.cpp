#include "admin/server.hpp"

#include <unistd.h>

#include <list>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "admin/backend.hpp"
#include "admin/session.hpp"
#include "admin/unix_socket.hpp"
#include "base/log.hpp"

namespace endpointd::admin {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
// Before accepting again when the process is out of descriptors or memory.
constexpr std::chrono::milliseconds kRetryAccept{200};

void refuse_crowd(LocalSocket& socket) {
    // Best effort and without waiting: whoever is one too many learns why.
    Response response = problem(503, "too many connections to the admin socket; close one (audit follow?) and try again");
    const std::string text = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: " + response.content_type +
                             "\r\nConnection: close\r\nContent-Length: " + std::to_string(response.body.size()) + "\r\n\r\n" +
                             response.body;
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(text), ignored);
    socket.shutdown(LocalSocket::shutdown_both, ignored);
}

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
    Impl(asio::io_context& io_context, ServerConfig server_config, Backend& backend, const Log& the_log)
        : io(io_context),
          config(std::move(server_config)),
          log(the_log),
          acceptor(io_context),
          retry(io_context),
          grace(io_context),
          tools{backend, config, clock, log} {}

    asio::io_context& io;
    const ServerConfig config;
    const Log& log;
    const SystemClock clock;
    asio::basic_socket_acceptor<LocalProtocol, asio::any_io_executor> acceptor;
    asio::steady_timer retry;
    asio::steady_timer grace;
    const SessionTools tools;
    std::list<Session*> sessions;  // each is a local of its coroutine
    bool accepting = false;
    bool stopping = false;
    std::function<void()> stopped;

    asio::awaitable<void> accept_loop();
    asio::awaitable<void> serve(LocalSocket socket);
    void ask_to_end();
    void cut();
    void finish_if_idle();
};

asio::awaitable<void> Server::Impl::accept_loop() {
    const auto self = shared_from_this();
    accepting = true;
    while (!stopping) {
        auto [why, socket] = co_await acceptor.async_accept(use_tuple);
        if (stopping) break;
        if (why) {
            if (why == asio::error::operation_aborted || why == asio::error::bad_descriptor) break;
            // Out of descriptors or memory: accepting again at once would spin.
            log.warning("admin", "cannot accept a connection", {{"why", why.message()}});
            retry.expires_after(kRetryAccept);
            co_await retry.async_wait(use_tuple);
            continue;
        }
        if (sessions.size() >= config.connections) {
            log.warning("admin", "connection refused: too many", {{"connections", sessions.size()}});
            refuse_crowd(socket);
            continue;
        }
        asio::co_spawn(io, serve(std::move(socket)), [self](std::exception_ptr problem_pointer) {
            if (problem_pointer) {
                try {
                    std::rethrow_exception(problem_pointer);
                } catch (const std::exception& problem_text) {
                    self->log.error("admin", "a connection ended with an exception", {{"why", problem_text.what()}});
                }
            }
            self->finish_if_idle();
        });
    }
    accepting = false;
    asio::post(io, [self] { self->finish_if_idle(); });
}

asio::awaitable<void> Server::Impl::serve(LocalSocket socket) {
    const auto self = shared_from_this();
    Session session(std::move(socket), tools);
    // The list holds the session exactly as long as the coroutine lives, however it ends.
    struct Entry {
        std::list<Session*>& list;
        std::list<Session*>::iterator place;
        ~Entry() { list.erase(place); }
    } const entry{sessions, sessions.insert(sessions.end(), &session)};
    if (!stopping) co_await session.run();
}

void Server::Impl::ask_to_end() {
    error_code ignored;
    acceptor.close(ignored);
    retry.cancel();
    for (Session* const session : sessions) session->ask_to_end();
}

void Server::Impl::cut() {
    for (Session* const session : sessions) session->cut();
}

void Server::Impl::finish_if_idle() {
    if (!stopping || accepting || !sessions.empty() || !stopped) return;
    grace.cancel();
    std::exchange(stopped, nullptr)();
}

Server::Server(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

Server::~Server() {
    impl_->stopping = true;
    impl_->ask_to_end();
    impl_->cut();
    impl_->grace.cancel();
}

Result<std::unique_ptr<Server>> Server::open(asio::io_context& io, ServerConfig config, Backend& backend, const Log& log) {
    Result<UniqueFd> fd = listen_at(config.socket_path, config.group);
    if (!fd) return fd.error();
    auto impl = std::make_shared<Impl>(io, std::move(config), backend, log);
    error_code why;
    impl->acceptor.assign(LocalProtocol(), fd->get(), why);
    if (why) return fail(Errc::io, "admin socket: " + why.message());
    fd->release();
    return std::unique_ptr<Server>(new Server(std::move(impl)));
}

void Server::start() {
    // The handler keeps the coroutine's object alive, also before its first step.
    asio::co_spawn(impl_->io, impl_->accept_loop(), [impl = impl_](std::exception_ptr) {});
}

void Server::stop(std::chrono::milliseconds grace, std::function<void()> done) {
    if (!impl_->stopping) {
        impl_->stopping = true;
        // Removed before it is closed: a client that comes now gets "no such file" and not a dead socket.
        ::unlink(impl_->config.socket_path.c_str());
        impl_->ask_to_end();
    }
    impl_->stopped = [before = std::move(impl_->stopped), done = std::move(done)] {
        if (before) before();
        if (done) done();
    };
    impl_->grace.expires_after(grace);
    impl_->grace.async_wait([impl = impl_](const error_code& why) {
        if (!why) impl->cut();
    });
    asio::post(impl_->io, [impl = impl_] { impl->finish_if_idle(); });
}

std::size_t Server::connections() const noexcept { return impl_->sessions.size(); }

}  // namespace endpointd::admin
