#pragma once
// The answers to event::ExecuteCommand (protocol, 6.6, 6.7): a check result, or
// the end of an execution, as text for the wire. Pure; any thread.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cluster/builtin.hpp"
#include "cluster/result_body.hpp"
#include "exec/outcome.hpp"
#include "wire/message.hpp"

namespace endpointd::cluster {

// Exit status of an execution that was refused, as of a shell that may not execute.
inline constexpr int kRefusedExit = 126;

class CommandAnswer {
public:
    // `redact` names the fields that this parent is not to see: "command", "vars",
    // "performance_data", "output".
    CommandAnswer(std::string node, const wire::ExecuteCommand& request, std::vector<std::string> redact);

    // An UNKNOWN (or exit 126) with our own words, which are never redacted. Empty
    // if this kind of request gets no answer: a check result would change the state
    // of the object that an event handler or notification was for.
    std::string refusal(std::string text, WallTime now) const;
    std::string result(const exec::Outcome& outcome, WallTime now) const;
    std::string result(const BuiltinResult& result, WallTime now) const;

private:
    bool redacted(std::string_view field) const noexcept;
    std::string encode(wire::CheckResultBody body) const;

    std::string node_;
    wire::CommandType type_;
    std::string command_, host_;
    std::optional<std::string> service_, source_;
    std::vector<std::string> redact_;
};

}  // namespace endpointd::cluster
