#include "policy/grants.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/units.hpp"

namespace endpointd::policy {

namespace {

bool any_matches(const Patterns& patterns, std::string_view name) noexcept {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) { return glob_match(pattern, name); });
}

// By kind and name, as entries are sorted.
struct ByName {
    using Key = std::pair<Entry::Kind, std::string_view>;
    static Key key(const Entry& entry) noexcept { return {entry.kind, entry.name}; }
    bool operator()(const Entry& a, const Entry& b) const noexcept { return key(a) < key(b); }
    bool operator()(const Entry& a, const Key& b) const noexcept { return key(a) < b; }
};

std::string object_in_words(const Request& request) {
    const std::string host = escaped(request.host.value_or(""), 128);
    return request.service ? "Service '" + host + "!" + escaped(*request.service, 128) + "'" : "Host '" + host + "'";
}

// Every grant of a capability that `own` (the endpoint's entry) and `whole` (its zone's) have;
// null: there is no such entry. Files first: a lease is used for what they do not allow.
template <class Take>
void each_grant(const Entry* own, const Entry* whole, Capability capability, const Take& take) {
    for (const Entry* entry : {own, whole})
        if (const Grant* grant = entry ? entry->find(capability) : nullptr) take(*grant);
    for (const Entry* entry : {own, whole}) {
        if (!entry) continue;
        for (const Grant& lease : entry->leases)
            if (lease.id.capability == capability) take(lease);
    }
}

void add_missing(std::vector<std::string>& fields, const std::vector<std::string>& more) {
    for (const std::string& field : more)
        if (std::find(fields.begin(), fields.end(), field) == fields.end()) fields.push_back(field);
}

}  // namespace

const Grant* Entry::find(Capability capability) const noexcept {
    const auto found = std::find_if(grants.begin(), grants.end(), [&](const Grant& grant) { return grant.id.capability == capability; });
    return found == grants.end() ? nullptr : &*found;
}

bool covers_object(const Grant& grant, std::string_view host, std::optional<std::string_view> service) noexcept {
    if (!grant.hosts && !grant.services) return true;
    // "a!b" as a host would let one name pass for another in "host!service".
    if (host.find('!') != std::string_view::npos || (service && service->find('!') != std::string_view::npos)) return false;
    if (!service) return grant.hosts && any_matches(*grant.hosts, host);
    if (!grant.services) return false;
    return std::any_of(grant.services->begin(), grant.services->end(), [&](const std::string& pattern) {
        const std::size_t mark = pattern.find('!');
        if (mark == std::string::npos) return glob_match(pattern, *service);
        const std::string_view view(pattern);  // neither name holds `!`: both sides match on their own
        return glob_match(view.substr(0, mark), host) && glob_match(view.substr(mark + 1), *service);
    });
}

Grants::Grants(std::vector<Entry> entries) : entries_(std::move(entries)) {
    std::sort(entries_.begin(), entries_.end(), ByName());
    EP_ASSERT(std::adjacent_find(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.key == b.key; }) ==
              entries_.end());
}

Grants Grants::with_leases(const std::vector<Grant>& leases) const {
    constexpr std::string_view kZone = "zone:";
    std::vector<Entry> entries = entries_;
    for (const Grant& lease : leases) {
        auto entry = std::find_if(entries.begin(), entries.end(), [&](const Entry& each) { return each.key == lease.id.parent; });
        if (entry == entries.end()) {
            Entry made;
            made.key = lease.id.parent;
            made.kind = made.key.starts_with(kZone) ? Entry::Kind::zone : Entry::Kind::endpoint;
            made.name = made.key.substr(made.kind == Entry::Kind::zone ? kZone.size() : 0);
            entry = entries.insert(entries.end(), std::move(made));
        }
        // A verdict has room for so many.
        EP_ASSERT(std::count_if(entry->leases.begin(), entry->leases.end(), [&](const Grant& each) {
                      return each.id.capability == lease.id.capability;
                  }) < static_cast<std::ptrdiff_t>(kLeasesOfOne));
        entry->leases.push_back(lease);
    }
    return Grants(std::move(entries));
}

const Entry* Grants::find(Entry::Kind kind, std::string_view name) const noexcept {
    const ByName::Key key{kind, name};
    const auto found = std::lower_bound(entries_.begin(), entries_.end(), key, ByName());
    return found != entries_.end() && ByName::key(*found) == key ? &*found : nullptr;
}

Verdict Grants::decide(std::string_view endpoint, std::string_view zone, const Request& request) const {
    const std::string capability(name_of(request.capability));
    Verdict verdict;
    verdict.capability = request.capability;

    // What comes closest to being allowed is what the operator wants to read.
    std::array<const Grant*, kBearingGrants> allowing{}, wrong_object{}, wrong_command{};
    std::size_t allowed = 0, objects = 0, commands = 0;
    each_grant(find(Entry::Kind::endpoint, endpoint), find(Entry::Kind::zone, zone), request.capability, [&](const Grant& grant) {
        if (request.command && grant.commands && !any_matches(*grant.commands, *request.command)) wrong_command[commands++] = &grant;
        else if (request.host && !covers_object(grant, *request.host, request.service)) wrong_object[objects++] = &grant;
        else allowing[allowed++] = &grant;
    });

    if (allowed > 0 && !is_available(request.capability)) {
        verdict.grants = allowing;
        verdict.detail = capability + " is granted but not available in this version";
    } else if (allowed > 0) {
        verdict.allowed = true;
        verdict.reason = Reason::ok;
        verdict.grants = allowing;
    } else if (objects > 0) {
        verdict.reason = Reason::out_of_scope;
        verdict.grants = wrong_object;
        verdict.detail = object_in_words(request) + " is outside the scope of " + capability + " for " + escaped(endpoint, 128);
    } else if (commands > 0) {
        verdict.grants = wrong_command;
        verdict.detail = "command '" + escaped(*request.command, 128) + "' is not granted to " + escaped(endpoint, 128);
    } else {
        verdict.detail = capability + " is not granted to " + escaped(endpoint, 128);
    }
    if (verdict.grants[0]) verdict.source = verdict.grants[0]->source;
    return verdict;
}

std::vector<Capability> Grants::granted(std::string_view endpoint, std::string_view zone) const {
    const Entry* own = find(Entry::Kind::endpoint, endpoint);
    const Entry* whole = find(Entry::Kind::zone, zone);
    std::vector<Capability> names;
    for (const Capability capability : kCapabilities)
        each_grant(own, whole, capability, [&](const Grant&) {
            if (names.empty() || names.back() != capability) names.push_back(capability);
        });
    return names;
}

std::vector<std::string> Grants::redacted(std::string_view endpoint, std::string_view zone, std::string_view host,
                                          std::optional<std::string_view> service, bool answer) const {
    std::vector<std::string> fields;
    for (const Capability capability : {Capability::results, Capability::execute}) {
        if (capability == Capability::execute && !answer) break;
        std::optional<std::vector<std::string>> covering;
        std::vector<std::string> all;
        each_grant(find(Entry::Kind::endpoint, endpoint), find(Entry::Kind::zone, zone), capability, [&](const Grant& grant) {
            add_missing(all, grant.redact);
            if (!covers_object(grant, host, service)) return;
            if (!covering) covering = grant.redact;
            else
                std::erase_if(*covering, [&](const std::string& field) {
                    return std::find(grant.redact.begin(), grant.redact.end(), field) == grant.redact.end();
                });
        });
        add_missing(fields, covering ? *covering : all);
    }
    return fields;
}

}  // namespace endpointd::policy
