#pragma once
// A request and its answer as the routes see them: plain values, no sockets.
// The server makes a Request of what a client sent, after its limits held, and
// writes the Answer. Owned by the connection; the io_context's thread.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "admin/backend.hpp"
#include "admin/query.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace endpointd::admin {

struct Request {
    std::string method;  // "GET"
    std::string path;    // as sent, without the query
    Query query;
    std::string body;
    Caller caller;
};

struct Response {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

// An answer that comes in pieces: an export, or events as they happen.
class Stream {
public:
    virtual ~Stream() = default;
    virtual std::string_view content_type() const noexcept = 0;
    // What is sent when nothing happened for a while, so that a client that went
    // away is noticed; empty: nothing, the next piece is waited for.
    virtual std::string_view heartbeat() const noexcept { return {}; }
    // Calls `done` once, now or later on the io_context's thread: with the next
    // piece, with null at the end, or with an error, which cuts the answer short so
    // that the client sees it is not whole. Not called again before that.
    // Destroying the stream drops a pending call.
    using Next = std::function<void(Result<std::optional<std::string>>)>;
    virtual void next(Next done) = 0;
};

using Answer = std::variant<Response, std::unique_ptr<Stream>>;
using Reply = std::function<void(Answer)>;  // called exactly once

// 200 with this value as indented JSON and a newline at the end.
Response json_response(const json::Value& value);

// An RFC 9457 problem document; `detail` says what is wrong and what to do.
Response problem(unsigned status, std::string_view detail);
// The same for an Error: each code has its status.
Response problem(const Error& error);

std::string_view reason_phrase(unsigned status) noexcept;

}  // namespace endpointd::admin
