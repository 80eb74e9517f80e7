#pragma once
// Our messages to JSON text, byte for byte as upstream writes them (protocol, 1.8):
// keys sorted, non-ASCII escaped, invalid UTF-8 repaired. The text is not framed;
// netstring() does that. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>

#include "wire/message.hpp"

namespace endpointd::wire {

std::string encode(const Hello& message);
std::string encode(const Heartbeat& message);
std::string encode(const SetLogPosition& message);

// What makes a message a relayed event, that the peer acknowledges (protocol, 2.3).
struct Relayed {
    std::optional<double> ts;        // none: said directly, to this peer alone
    std::string_view origin_zone{};  // of whom it came from; empty: it was made here (protocol, 8.2)
};

// Without `relayed` it is the direct answer to an ExecuteCommand.
std::string encode(const CheckResult& message, Relayed relayed = {});
std::string encode(const SetNextCheck& message, Relayed relayed);
std::string encode(const SetLastCheckStarted& message, Relayed relayed);
std::string encode(const SetForceNextCheck& message, Relayed relayed);
std::string encode(const SetAcknowledgement& message, Relayed relayed);
std::string encode(const ClearAcknowledgement& message, Relayed relayed);
std::string encode(const SetRemovalInfo& message, Relayed relayed);
std::string encode(const ConfigUpdateObject& message, Relayed relayed);
std::string encode(const ConfigDeleteObject& message, Relayed relayed);

std::string encode(const ExecutedCommand& message);

}  // namespace endpointd::wire
