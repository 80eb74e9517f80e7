#pragma once
// What each parent may do: the entries of caps.d, and the decision whether a
// request is covered by one. Pure and immutable after load; what is counted
// stands in Usage. Any thread may read.

#include <cstdint>
#include <memory>
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
struct Lease;

// Names a grant beyond the life of the Grants it stands in: the parent's key as in
// caps.d ("master1", "zone:dmz"), the capability, and the lease it is.
struct GrantId {
    std::string parent;
    Capability capability = Capability::results;
    std::uint64_t lease = 0;  // 0: of caps.d

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
    json::Object scope;                       // as written, without the rate
    std::string source;                       // "caps.d/10-web.json:4": the line of the capability's or preset's name; or "lease:7"
    std::shared_ptr<const Lease> lease = {};  // null: of caps.d
};

// One parent of caps.d, or one that has leases alone.
struct Entry {
    enum class Kind { endpoint, zone };

    std::string key;  // "master1.example.org" or "zone:dmz"
    Kind kind = Kind::endpoint;
    std::string name;           // the key without "zone:"
    std::vector<Grant> grants;  // in the order of Capability, each at most once
    std::vector<Grant> leases;  // by id; several may be of one capability, and of one that `grants` has

    // Of caps.d.
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

    // These of caps.d, and the leases (LeaseTable::grants()).
    Grants with_leases(const std::vector<Grant>& leases) const;

    const std::vector<Entry>& entries() const noexcept { return entries_; }  // endpoints, then zones, each by name
    const Entry* find(Entry::Kind kind, std::string_view name) const noexcept;

    // May `endpoint`, which is in `zone`, do this? Either entry or a lease may allow it. A
    // capability not granted and a command outside `commands` is capability-denied,
    // then an object outside `hosts` and `services` is out-of-scope. Rates are not
    // asked here: see Usage.
    Verdict decide(std::string_view endpoint, std::string_view zone, const Request& request) const;

    // The names granted to `endpoint` in `zone` by either entry or a lease, in the order of Capability.
    std::vector<Capability> granted(std::string_view endpoint, std::string_view zone) const;

    // The fields to leave out of a result about this object that is sent to `endpoint`:
    // the list of its `results` grant and, for the answer to its own command
    // (`answer`), that of `execute` as well. Where several grants cover the object a
    // field is dropped only if all of them say so, since any of them may allow; where none
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
