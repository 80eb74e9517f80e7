#pragma once
// What each parent may do: the entries of caps.d, and the decision whether a
// request is covered by one. Pure and immutable after load; what is counted
// stands in Usage. Any thread may read.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "json/value.hpp"
#include "policy/capability.hpp"
#include "policy/rate.hpp"
#include "policy/verdict.hpp"

namespace endpointd::policy {

using Patterns = std::vector<std::string>;

// Names a grant beyond the life of the Grants it stands in: the parent's key as in
// caps.d ("master1", "zone:dmz") and the capability.
struct GrantId {
    std::string parent;
    Capability capability = Capability::results;

    auto operator<=>(const GrantId&) const = default;
};

// Where a list is absent it limits nothing; an empty list matches nothing.
struct Grant {
    GrantId id;
    std::optional<Patterns> hosts;
    std::optional<Patterns> services;
    std::optional<Patterns> commands;
    std::optional<Patterns> zones;
    std::optional<Patterns> attributes;
    std::vector<std::string> types;   // config only: never empty there, the default list filled in
    std::vector<std::string> redact;  // results, execute: fields not to send
    std::optional<Rate> rate;
    std::optional<std::uint64_t> max_concurrent;
    std::optional<std::uint64_t> max_objects;
    std::optional<Duration> max_duration;
    std::optional<Duration> min_check_interval;
    std::optional<std::string> signed_by;
    json::Object scope;  // as written, without the rate
    std::string source;  // "caps.d/10-web.json:4": the line of the capability's or preset's name
};

// One parent of caps.d.
struct Entry {
    enum class Kind { endpoint, zone };

    std::string key;  // "master1.example.org" or "zone:dmz"
    Kind kind = Kind::endpoint;
    std::string name;           // the key without "zone:"
    std::vector<Grant> grants;  // in the order of Capability, each at most once

    const Grant* find(Capability capability) const noexcept;
};

struct Request {
    Capability capability = Capability::results;
    std::optional<std::string_view> host;     // none: about no object (an empty name is one, and matches "*" only)
    std::optional<std::string_view> service;  // short name; none: about the host itself
    std::optional<std::string_view> command;  // none: about no command; a message that runs one must name it here
};

class Grants {
public:
    Grants() = default;                           // nobody may do anything
    explicit Grants(std::vector<Entry> entries);  // no key twice

    const std::vector<Entry>& entries() const noexcept { return entries_; }  // endpoints, then zones, each by name
    const Entry* find(Entry::Kind kind, std::string_view name) const noexcept;

    // May `endpoint`, which is in `zone`, do this? Either entry may allow it. A
    // capability not granted and a command outside `commands` is capability-denied,
    // then an object outside `hosts` and `services` is out-of-scope. Rates are not
    // asked here: see Usage.
    Verdict decide(std::string_view endpoint, std::string_view zone, const Request& request) const;

    // The names granted to `endpoint` in `zone` by either entry, in the order of Capability.
    std::vector<Capability> granted(std::string_view endpoint, std::string_view zone) const;

    // The fields to leave out of a result about this object that is sent to `endpoint`:
    // the list of its `results` grant and, for the answer to its own command
    // (`answer`), that of `execute` as well. Where both entries cover the object a
    // field is dropped only if both say so, since either entry may allow; where none
    // does, every list counts.
    std::vector<std::string> redacted(std::string_view endpoint, std::string_view zone, std::string_view host,
                                      std::optional<std::string_view> service, bool answer) const;

private:
    std::vector<Entry> entries_;
};

// True if `grant` covers the object: with neither hosts nor services every object,
// with one of them only objects of that kind. A service pattern with `!` is matched
// against "host!service", one without against the short name. A name that holds `!`
// is none of Icinga's and matches no pattern.
bool covers_object(const Grant& grant, std::string_view host, std::optional<std::string_view> service) noexcept;

}  // namespace endpointd::policy
