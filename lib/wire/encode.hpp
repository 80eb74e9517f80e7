#pragma once
// Our messages to JSON text, byte for byte as upstream writes them (protocol, 1.8):
// keys sorted, non-ASCII escaped, invalid UTF-8 repaired. The text is not framed;
// netstring() does that. Pure; any thread.

#include <optional>
#include <string>

#include "wire/message.hpp"

namespace endpointd::wire {

std::string encode(const Hello& message);
std::string encode(const Heartbeat& message);
std::string encode(const SetLogPosition& message);

// With `ts` it is a relayed event, that the peer acknowledges; without, the direct answer to an ExecuteCommand (protocol, 2.3).
std::string encode(const CheckResult& message, std::optional<double> ts = {});

std::string encode(const ExecutedCommand& message);

}  // namespace endpointd::wire
