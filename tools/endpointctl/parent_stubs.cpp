#include "parent_stubs.hpp"

#include <array>

#include "policy/subject.hpp"
#include "render.hpp"

namespace endpointd::ctl {
namespace {

// A parent decides states, and when a result is overdue, by its own copy of an attribute: those that count for it are
// always written, so that no default template of the parent's changes them. Others are left out where they are empty.
struct Exported {
    std::string_view name;
    bool always = false;
};
constexpr std::array kExported = {
    Exported{"max_check_attempts", true},
    Exported{"check_interval", true},
    Exported{"retry_interval", true},
    Exported{"volatile", true},
    Exported{"enable_flapping", true},
    Exported{"flapping_threshold_low", true},
    Exported{"flapping_threshold_high", true},
    Exported{"flapping_ignore_states"},
    Exported{"address"},
    Exported{"address6"},
    Exported{"display_name"},
    Exported{"notes"},
    Exported{"notes_url"},
    Exported{"action_url"},
    Exported{"icon_image"},
    Exported{"icon_image_alt"},
};

bool is_empty(const json::Value& value) noexcept {
    return value.is_null() || (value.string() && value.string()->empty()) || (value.array() && value.array()->empty());
}

std::vector<std::pair<std::string_view, json::Value>> exported_of(const json::Value& attributes, const std::string& short_name) {
    std::vector<std::pair<std::string_view, json::Value>> all;
    for (const Exported& each : kExported) {
        const json::Value& value = member(attributes, each.name);
        if (each.always ? value.is_null() : is_empty(value)) continue;
        if (each.name == "display_name" && value == json::Value(short_name)) continue;  // its default
        all.emplace_back(each.name, value);
    }
    return all;
}

}  // namespace

bool ParentStubs::add(const json::Value& object) {
    const std::string* const type = member(object, "type").string();
    const std::string* const name = member(object, "name").string();
    const std::string* const origin = member(object, "origin").string();
    if (!type || !name || !origin || !member(object, "attrs").object()) return false;
    if (*type != "Host" && *type != "Service") return true;
    const bool* const results = member(object, "results").boolean();
    if (of_one_parent_ && !results) return false;
    if (*origin != "local") {
        ++of_parents_;
        return true;
    }
    // What is in no zone is in the node's own.
    if (const std::string* const zone = member(object, "zone").string(); zone && *zone != zone_) {
        ++elsewhere_;
        return true;
    }
    const bool seen = !of_one_parent_ || *results;
    if (!seen) ++unseen_;
    if (*type != policy::checkable_type(*name)) return false;
    const policy::Checkable of = policy::checkable_of(*name);
    const std::string& of_host = of.host;
    const std::string service = of.service.value_or("");
    Stub stub{of_host, service, zone_, {}};
    if (seen) stub.attributes = exported_of(member(object, "attrs"), service.empty() ? of_host : service);
    Host& host = hosts_[of_host];
    if (*type == "Host") {
        host.stub = std::move(stub);
        host.seen = seen;
    } else if (seen) {
        host.services[service] = std::move(stub);
    }
    return true;
}

std::vector<Stub> ParentStubs::stubs() const {
    std::vector<Stub> all;
    for (const auto& [name, host] : hosts_) {
        if (host.stub && (host.seen || !host.services.empty())) all.push_back(*host.stub);
        for (const auto& [short_name, service] : host.services) all.push_back(service);
    }
    return all;
}

}  // namespace endpointd::ctl
