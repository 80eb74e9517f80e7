#pragma once
// JSON to a typed message, or the reason why not. This is the edge: behind it
// nobody reads JSON from a peer. Pure; any thread; never throws for what a peer sent.

#include <string>
#include <variant>

#include "json/value.hpp"
#include "wire/message.hpp"

namespace endpointd::wire {

// A method outside the table: denied and audited.
struct UnknownMethod : Envelope {
    std::string name;  // the peer's word, of any length: escape it, and cut it
};

// JSON, but not a message: a wrong type, or something needed is missing.
struct Malformed : Envelope {
    std::string method;  // a name of the table, or empty
    std::string what;    // our words, with escaped names of keys at most: "params.host: expected string, got number"
};

// Nothing to do, as upstream (protocol, 2.2): an answer to a request that we never
// made, or a known method without params.
struct Ignored : Envelope {
    std::string why;
};

using DecodeResult = std::variant<Incoming, UnknownMethod, Malformed, Ignored>;

DecodeResult decode(const json::Value& root);

}  // namespace endpointd::wire
