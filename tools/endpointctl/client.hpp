#pragma once
// The admin API's client: one request over the daemon's Unix socket, blocking,
// with time-outs. Keeps nothing open between requests. Used by one thread.

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/value.hpp"

namespace endpointd::ctl {

struct Context;

// How long an answer may take: a moment, or as long as the daemon works on it (a
// plugin, a large audit, events). A daemon that dies ends both at once.
enum class Patience { moment, as_long_as_it_takes };

struct HttpAnswer {
    unsigned status = 0;
    std::string body;
};

struct HttpRequest {
    std::string method = "GET";
    std::string target;
    std::string body;  // JSON, for POST
    Patience patience = Patience::moment;
};

// Bytes of an answer that is read as a whole: a full `audit list` has some 10 MiB.
inline constexpr std::size_t kAnswerBytes = 64 * 1024 * 1024;

class Client {
public:
    explicit Client(std::string socket_path) : socket_path_(std::move(socket_path)) {}

    // Errc::unavailable: nobody answers there (the text names the next step);
    // not_permitted: the socket may not be opened; timed_out, malformed: no proper answer.
    Result<HttpAnswer> ask(const HttpRequest& request) const;

    // The same, handing on a good answer (200) piece by piece as it arrives, and
    // returning it with an empty body. `take` returns false to stop reading.
    using Take = std::function<bool(std::string_view piece)>;
    Result<HttpAnswer> stream(const HttpRequest& request, const Take& take) const;

    const std::string& socket_path() const noexcept { return socket_path_; }

private:
    std::string socket_path_;
};

// admin.socket of the configuration, else `admin.sock`, in the run directory. A
// configuration that cannot be read or is broken does not matter here: the daemon
// may well run on an older one.
std::string socket_path(const Context& context);

// Asks and reads the answer's JSON. On failure it has been reported, and `status` is the exit status.
struct Answered {
    bool ok = false;
    int status = 0;
    json::Value value;
};
Answered ask_daemon(const Context& context, const HttpRequest& request);

// Reports what went wrong; the exit status.
int report_failure(const Context& context, const Error& error);
int report_refusal(const Context& context, const HttpAnswer& answer);

}  // namespace endpointd::ctl
