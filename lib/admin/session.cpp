#include "admin/session.hpp"

#include <unistd.h>

#include <utility>
#include <variant>

#include <boost/asio/buffer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>

#include "admin/arrival.hpp"
#include "admin/backend.hpp"
#include "admin/routes.hpp"
#include "admin/unix_socket.hpp"
#include "base/log.hpp"

namespace endpointd::admin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
// How long a refused client may go on sending before the connection closes.
constexpr std::chrono::milliseconds kRefusedLinger{500};

template <class Fields>
void set_common(Fields& message, bool keep_alive) {
    message.set(http::field::server, "endpointd");
    message.set(http::field::cache_control, "no-store");
    message.keep_alive(keep_alive);
}

http::response<http::string_body> to_beast(Response&& response, unsigned version, bool keep_alive) {
    http::response<http::string_body> message(http::int_to_status(response.status), version);
    message.reason(std::string(reason_phrase(response.status)));
    message.set(http::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) message.set(name, value);
    set_common(message, keep_alive);
    message.body() = std::move(response.body);
    message.prepare_payload();
    return message;
}

// A parse error as an answer; null if there is nobody to answer.
std::optional<Response> refusal_of(const error_code& why, const ServerConfig& config) {
    if (why == http::error::header_limit)
        return problem(431, "the request's header is larger than " + std::to_string(kHeaderBytes) + " bytes");
    if (why == http::error::body_limit)
        return problem(413, "the request's body is larger than " + std::to_string(config.request_bytes) + " bytes");
    if (why == http::error::buffer_overflow)
        return problem(431, "the request's header is larger than " + std::to_string(kHeaderBytes) + " bytes");
    if (why == http::error::end_of_stream || why == http::error::partial_message) return std::nullopt;
    if (why.category() == http::make_error_code(http::error::bad_method).category())
        return problem(400, "this is no HTTP/1.1 request: " + why.message());
    return std::nullopt;
}

}  // namespace

asio::awaitable<void> Session::run() {
    const Result<Caller> caller = caller_of(stream_.socket().native_handle());
    if (!caller) {
        tools_.log.error("admin", "connection closed", {{"why", caller.error().text}});
        co_return;
    }
    const pid_t starter = tools_.config.no_descendants_of;
    if (starter != 0 && caller->uid == ::geteuid() && descends_from(caller->pid, starter)) {
        tools_.log.warning("admin", "a plugin tried to use the admin socket", {{"pid", static_cast<int>(caller->pid)}});
        co_return;
    }
    while (!ending_) {
        idle_ = true;
        if (buffer_.size() == 0) {
            stream_.expires_after(tools_.config.idle_timeout);
            const auto [why, size] = co_await stream_.async_read_some(buffer_.prepare(4096), use_tuple);
            if (why) co_return;
            buffer_.commit(size);
        }
        idle_ = false;
        if (!co_await take_request(*caller)) co_return;
    }
}

// Reads and answers one request. False: the connection is to be closed.
asio::awaitable<bool> Session::take_request(const Caller& caller) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(kHeaderBytes));
    parser.body_limit(tools_.config.request_bytes);
    stream_.expires_after(tools_.config.request_timeout);
    const auto [why, read] = co_await http::async_read(stream_, buffer_, parser, use_tuple);
    if (why) {
        if (why == beast::error::timeout) tools_.log.info("admin", "connection closed: request too slow", {{"caller", caller.name}});
        if (std::optional<Response> refused = refusal_of(why, tools_.config)) co_await refuse(std::move(*refused));
        co_return false;
    }
    stream_.expires_never();

    http::request<http::string_body> message = parser.release();
    const bool head = message.method() == http::verb::head;
    Request request;
    request.method = head ? "GET" : std::string(message.method_string());
    request.caller = caller;
    request.body = std::move(message.body());
    const auto arrival = std::make_shared<Arrival<Answer>>(co_await asio::this_coro::executor);
    const boost::string_view raw = message.target();
    if (Result<Target> target = parse_target({raw.data(), raw.size()})) {
        request.path = std::move(target->path);
        request.query = std::move(target->query);
        dispatch(tools_.backend, tools_.clock, request, arrival->callback());
        abandon_ = [arrival] { arrival->timer.cancel(); };
        co_await arrival->wait();
        abandon_ = nullptr;
    } else {
        arrival->callback()(problem(target.error()));
    }
    if (!arrival->value) co_return false;
    const bool keep_alive = message.keep_alive() && !ending_;
    co_return co_await answer(std::move(*arrival->value), message.version(), keep_alive, head) && keep_alive;
}

// Answers what broke a limit, then reads what the client still sends for a moment,
// else the kernel resets the connection and the client never sees the answer.
asio::awaitable<void> Session::refuse(Response response) {
    co_await send(std::move(response), 11, false);
    error_code ignored;
    stream_.socket().shutdown(LocalSocket::shutdown_send, ignored);
    stream_.expires_after(kRefusedLinger);
    for (;;) {
        buffer_.clear();
        const auto [ended, size] = co_await stream_.async_read_some(buffer_.prepare(4096), use_tuple);
        if (ended) co_return;
    }
}

asio::awaitable<bool> Session::send(Response response, unsigned version, bool keep_alive) {
    http::response<http::string_body> message = to_beast(std::move(response), version, keep_alive);
    stream_.expires_after(tools_.config.request_timeout);
    const auto [why, written] = co_await http::async_write(stream_, message, use_tuple);
    co_return !why;
}

// False: the connection is to be closed.
asio::awaitable<bool> Session::answer(Answer answered, unsigned version, bool keep_alive, bool head) {
    if (Response* response = std::get_if<Response>(&answered)) {
        if (head) {
            http::response<http::string_body> message = to_beast(std::move(*response), version, keep_alive);
            http::response_serializer<http::string_body> serializer(message);
            serializer.split(true);
            stream_.expires_after(tools_.config.request_timeout);
            const auto [why, written] = co_await http::async_write_header(stream_, serializer, use_tuple);
            co_return !why;
        }
        co_return co_await send(std::move(*response), version, keep_alive);
    }
    if (version < 11 || head) {
        co_await send(problem(400, "this answer comes in pieces: ask with GET and HTTP/1.1"), version, false);
        co_return false;
    }
    co_await send_pieces(std::get<std::unique_ptr<Stream>>(std::move(answered)), version);
    co_return false;
}

// Sends the pieces as they come. The connection closes afterwards: a stream ends
// with its connection, so nobody has to guess whether it was cut short.
asio::awaitable<void> Session::send_pieces(std::unique_ptr<Stream> source, unsigned version) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    http::response<http::empty_body> header(http::status::ok, version);
    header.set(http::field::content_type, std::string(source->content_type()));
    set_common(header, false);
    header.chunked(true);
    http::response_serializer<http::empty_body> serializer(header);
    stream_.expires_after(tools_.config.request_timeout);
    if (const auto [why, written] = co_await http::async_write_header(stream_, serializer, use_tuple); why) co_return;

    const bool beats = !source->heartbeat().empty();
    while (!(beats && ending_)) {
        auto arrival = std::make_shared<Arrival<Result<std::optional<std::string>>>>(executor);
        interrupt_ = [arrival] { arrival->timer.cancel(); };
        source->next(arrival->callback());
        while (!co_await arrival->wait(beats ? std::optional(tools_.config.event_heartbeat) : std::nullopt)) {
            // Events have no end of their own; an export that is told to end goes on
            // until it is cut, or its client would take the part for the whole.
            if (beats && ending_) break;
            if (!stream_.socket().is_open()) co_return;
            if (!beats) continue;
            stream_.expires_after(tools_.config.request_timeout);
            const auto [why, written] = co_await asio::async_write(stream_, http::make_chunk(asio::buffer(source->heartbeat())), use_tuple);
            if (why) co_return;
        }
        if (!arrival->value) break;  // told to end
        Result<std::optional<std::string>>& arrived = *arrival->value;
        if (!arrived) {
            tools_.log.error("admin", "an answer was cut short", {{"why", arrived.error().text}});
            co_return;
        }
        if (!*arrived) break;
        const std::string piece = std::move(**arrived);
        if (piece.empty()) continue;  // an empty chunk would be the end
        stream_.expires_after(tools_.config.request_timeout);
        const auto [why, written] = co_await asio::async_write(stream_, http::make_chunk(asio::buffer(piece)), use_tuple);
        if (why) co_return;
    }
    interrupt_ = nullptr;
    stream_.expires_after(tools_.config.request_timeout);
    co_await asio::async_write(stream_, http::make_chunk_last(), use_tuple);
}

void Session::ask_to_end() {
    ending_ = true;
    if (interrupt_) {
        interrupt_();
    } else if (idle_) {
        stream_.close();
    }
}

void Session::cut() {
    stream_.close();
    if (interrupt_) interrupt_();
    if (abandon_) abandon_();
}

}  // namespace endpointd::admin
