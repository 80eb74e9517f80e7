#include "client.hpp"

#include <unistd.h>

#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "admin/server.hpp"
#include "base/units.hpp"
#include "context.hpp"
#include "files/tree.hpp"
#include "json/document.hpp"
#include "render.hpp"

namespace endpointd::ctl {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Protocol = asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::chrono::seconds kMoment{30};

Error unreachable(const std::string& path, const error_code& why) {
    const bool forbidden = why == boost::system::errc::permission_denied;
    const std::string next = forbidden ? "your user may not open it: be root, or a member of the group in admin.group"
                                       : "is endpointd running? (systemctl status endpointd; --run names its run directory)";
    return fail(forbidden ? Errc::not_permitted : Errc::unavailable,
                "cannot reach the daemon at " + escaped(path) + ": " + why.message() + "; " + next);
}

// One connection and its single request. Each step runs the io_context until it is
// done, so that every step has a time-out, which plain blocking calls have not.
class Exchange {
public:
    explicit Exchange(const std::string& path) : path_(path), stream_(io_) {}

    Result<void> send(const HttpRequest& request) {
        if (path_.size() > admin::kSocketPath) {
            return fail(Errc::unavailable, "the socket's path '" + escaped(path_) + "' has more than " +
                                               std::to_string(admin::kSocketPath) + " bytes; choose a shorter --run directory");
        }
        error_code why;
        stream_.socket().connect(Protocol::endpoint(path_), why);
        if (why) return unreachable(path_, why);

        http::request<http::string_body> message(http::string_to_verb(request.method), request.target, 11);
        message.set(http::field::host, "endpointd");
        message.set(http::field::user_agent, "endpointctl");
        message.keep_alive(false);
        message.body() = request.body;
        if (!request.body.empty()) message.set(http::field::content_type, "application/json");
        message.prepare_payload();
        stream_.expires_after(kMoment);
        http::async_write(stream_, message, [&](const error_code& result, std::size_t) { why = result; });
        run();
        // A server that refuses a connection answers before it reads: look for that answer.
        if (why && why != boost::system::errc::broken_pipe && why != boost::system::errc::connection_reset) return failure(why);
        patience_ = request.patience;
        return {};
    }

    template <class Parser>
    Result<void> read_header(Parser& parser) {
        parser.header_limit(64 * 1024);
        error_code why;
        wait();
        http::async_read_header(stream_, buffer_, parser, [&](const error_code& result, std::size_t) { why = result; });
        run();
        if (why) return failure(why);
        return {};
    }

    template <class Parser>
    Result<void> read_all(Parser& parser) {
        error_code why;
        wait();
        http::async_read(stream_, buffer_, parser, [&](const error_code& result, std::size_t) { why = result; });
        run();
        if (why) return failure(why);
        return {};
    }

    // What there is of the body, at least one byte; empty at its end.
    Result<std::string_view> read_piece(http::response_parser<http::buffer_body>& parser) {
        while (!parser.is_done()) {
            parser.get().body().data = piece_;
            parser.get().body().size = sizeof piece_;
            error_code why;
            wait();
            http::async_read_some(stream_, buffer_, parser, [&](const error_code& result, std::size_t) { why = result; });
            run();
            if (why == http::error::need_buffer) why = {};
            if (why) return failure(why);
            const std::size_t size = sizeof piece_ - parser.get().body().size;
            if (size != 0) return std::string_view(piece_, size);
        }
        return std::string_view();
    }

private:
    void run() {
        io_.restart();
        io_.run();
    }
    void wait() {
        if (patience_ == Patience::moment) {
            stream_.expires_after(kMoment);
        } else {
            stream_.expires_never();
        }
    }
    Error failure(const error_code& why) const {
        if (why == beast::error::timeout) return fail(Errc::timed_out, "the daemon at " + escaped(path_) + " does not answer; see its log");
        if (why == http::error::end_of_stream || why == http::error::partial_message || why == asio::error::eof ||
            why == boost::system::errc::connection_reset || why == boost::system::errc::broken_pipe) {
            return fail(Errc::unavailable,
                        "the daemon at " + escaped(path_) + " closed the connection before its answer was whole; see its log");
        }
        return fail(Errc::malformed, "the answer from " + escaped(path_) + " cannot be read: " + why.message());
    }

    const std::string& path_;
    asio::io_context io_;
    beast::basic_stream<Protocol> stream_;
    beast::flat_buffer buffer_{1024 * 1024};
    Patience patience_ = Patience::moment;
    char piece_[64 * 1024];
};

}  // namespace

Result<HttpAnswer> Client::ask(const HttpRequest& request) const {
    const auto exchange = std::make_unique<Exchange>(socket_path_);
    if (const Result<void> sent = exchange->send(request); !sent) return sent.error();
    http::response_parser<http::string_body> parser;
    parser.body_limit(kAnswerBytes);
    if (const Result<void> read = exchange->read_header(parser); !read) return read.error();
    if (const Result<void> read = exchange->read_all(parser); !read) return read.error();
    return HttpAnswer{parser.get().result_int(), std::move(parser.get().body())};
}

Result<HttpAnswer> Client::stream(const HttpRequest& request, const Take& take) const {
    const auto exchange = std::make_unique<Exchange>(socket_path_);
    if (const Result<void> sent = exchange->send(request); !sent) return sent.error();
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    if (const Result<void> read = exchange->read_header(parser); !read) return read.error();
    HttpAnswer answer{parser.get().result_int(), {}};
    for (;;) {
        const Result<std::string_view> piece = exchange->read_piece(parser);
        if (!piece) return piece.error();
        if (piece->empty()) return answer;
        if (answer.status == 200) {
            if (!take(*piece)) return answer;
        } else {
            if (answer.body.size() + piece->size() > kAnswerBytes) return fail(Errc::malformed, "the daemon's answer is too large");
            answer.body += *piece;
        }
    }
}

std::string socket_path(const Context& context) {
    Findings ignored;
    std::string name = "admin.sock";
    for (const SourceFile& file :
         files::read_tree(context.config, files::TreeKind::settings, ::geteuid(), files::Unreadable::is_warning, ignored)) {
        const std::optional<json::Document> document = json::parse_config(file, ignored);
        const json::Object* const root = document ? document->root.object() : nullptr;
        const json::Value* const admin = root ? root->find("admin") : nullptr;
        const json::Value* const socket = admin && admin->object() ? admin->object()->find("socket") : nullptr;
        if (socket && socket->string() && !socket->string()->empty()) name = *socket->string();
    }
    return name.front() == '/' ? name : context.run + "/" + name;
}

int report_failure(const Context& context, const Error& error) { return report(context, kUnreachable, error.text); }

int report_refusal(const Context& context, const HttpAnswer& answer) {
    std::string detail;
    if (const Result<json::Value> problem = json::parse(answer.body); problem && problem->object()) {
        const json::Value* const text = problem->object()->find("detail");
        if (text && text->string()) detail = *text->string();
    }
    if (detail.empty()) detail = "the daemon answered with status " + std::to_string(answer.status);
    return report(context, answer.status == 400 ? kUsage : kNo, printable(detail, 4096));
}

Answered ask_daemon(const Context& context, const HttpRequest& request) {
    const Result<HttpAnswer> answer = Client(socket_path(context)).ask(request);
    if (!answer) return {false, report_failure(context, answer.error()), {}};
    if (answer->status != 200) return {false, report_refusal(context, *answer), {}};
    Result<json::Value> value = json::parse(answer->body);
    if (!value) return {false, report(context, kUnreachable, "the daemon's answer is not JSON: " + value.error().text), {}};
    return {true, kDone, std::move(*value)};
}

}  // namespace endpointd::ctl
