#pragma once
// The whole surface between daemon and runner: what can be asked, what can be
// answered, and the bytes of both. Host byte order, one message per Channel
// message. A request names a command and gives parameter values; no argv and no
// path ever travels towards the runner. Pure; any thread; both decoders are fuzzed.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "exec/outcome.hpp"
#include "exec/run_request.hpp"

namespace endpointd::exec {

// Bytes of one request: limits::kArgvBytes several times over, since not every
// parameter ends up in argv.
inline constexpr std::size_t kRequestBytes = 1024 * 1024;
// What the runner keeps of one command's output, whatever the settings say.
inline constexpr std::size_t kOutputCeiling = 16 * 1024 * 1024;
// Bytes of one reply: output, argv and texts.
inline constexpr std::size_t kReplyBytes = kOutputCeiling + 1024 * 1024;
// Bytes of a command's name, and of any of our own texts in a reply.
inline constexpr std::size_t kNameBytes = 255;
inline constexpr std::size_t kTextBytes = 64 * 1024;
// What a kernel leaves open, in sentences.
inline constexpr std::size_t kMissingTexts = 32;
// Words of an argv in a reply.
inline constexpr std::size_t kArgvWords = 64 * 1024;

// --- Requests ---------------------------------------------------------------------

struct RunCommand {
    std::uint64_t id = 0;  // chosen by the daemon, not in use
    RunRequest request;
};
struct Cancel {
    std::uint64_t id = 0;
};
struct PrepareReload {};
struct CommitReload {};
struct AbortReload {};
struct AskStatus {};

using Request = std::variant<RunCommand, Cancel, PrepareReload, CommitReload, AbortReload, AskStatus>;

// Errc::invalid: a parameter is neither a scalar nor an array of scalars;
// too_large: a bound above or in base/limits.hpp is passed.
Result<std::string> encode(const Request& request);
Result<Request> decode_request(std::string_view bytes);

// --- Replies ----------------------------------------------------------------------

struct Done {
    std::uint64_t id = 0;
    Outcome outcome;
};
struct Ready {  // the first message of a runner that has loaded its configuration
    std::int32_t pid = 0;
    std::string digest;
    RunnerConfinement confinement = {};
};
struct NotReady {  // the last message of one that has not
    std::string errors;
};
struct ReloadPrepared {
    std::string digest;
    bool restarts_runner = false;
};
struct ReloadFailed {
    std::string errors;
};
struct ReloadCommitted {};
struct Status {
    std::int32_t pid = 0;
    std::string digest;
    std::uint32_t running = 0;
    std::uint32_t waiting = 0;
    std::uint32_t spawners = 0;
};

using Reply = std::variant<Done, Ready, NotReady, ReloadPrepared, ReloadFailed, ReloadCommitted, Status>;

// Texts beyond their bounds are cut.
std::string encode(const Reply& reply);
Result<Reply> decode_reply(std::string_view bytes);

}  // namespace endpointd::exec
