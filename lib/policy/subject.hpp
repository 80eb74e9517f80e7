#pragma once
// Whom a grant is asked about: hosts and services, and what belongs to them, by full names
// ("host", "host!service", "host!service!own") as messages, records and the store have them.
// No part of a name holds a "!". Pure; any thread.

#include <optional>
#include <string>
#include <string_view>

#include "dsl/evaluation.hpp"

namespace endpointd::policy {

// A host, or a service of it.
struct Checkable {
    std::string host;
    std::optional<std::string> service;

    // "host" or "host!service".
    std::string name() const;
};
Checkable checkable_of(std::string_view name);
// "Host" or "Service".
std::string_view checkable_type(std::string_view name) noexcept;

// The host, and the service, that an object is or belongs to; no host: it belongs to none.
struct Subject {
    std::optional<std::string> host;
    std::optional<std::string> service;
};
Subject subject_of(const dsl::Object& object);
// By its name alone, where there is no object; of a type that nobody knows: none.
Subject subject_of(std::string_view type, std::string_view name);

}  // namespace endpointd::policy
