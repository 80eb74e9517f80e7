#include "dsl/zones.hpp"

#include <algorithm>
#include <cmath>

#include "base/units.hpp"
#include "dsl/evaluation.hpp"
#include "dsl/object_attributes.hpp"

namespace endpointd::dsl {

namespace {

// Why `name` cannot be an Endpoint's or Zone's name; empty if it can. It stands in
// log lines, in certificates and as a directory of pushed files.
std::string_view name_fault(std::string_view name) {
    if (name.empty()) return "it is empty";
    if (name.size() > kNameLength) return "it is longer than 255 bytes";
    if (name.front() == '.') return "it begins with '.'";
    if (!is_utf8(name)) return "it is not UTF-8";
    const auto bad = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '!' || c == '/'; };
    return std::any_of(name.begin(), name.end(), bad) ? "it holds a control character, '!' or '/'" : "";
}

bool same_but_for_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string quoted(std::string_view name) { return '"' + escaped(name) + '"'; }

}  // namespace

// One load, step by step; lives no longer than it.
class ZoneLoader {
public:
    ZoneLoader(std::string_view node_name, std::string_view configured_zone, Findings& findings)
        : node_(node_name), configured_zone_(configured_zone), findings_(findings), errors_before_(findings.errors.size()) {}

    std::optional<Topology> run(const Evaluation& evaluation) {
        for (const Object& object : evaluation.objects)
            if (object.type->role == TypeRole::topology) add(object);
        if (!sound()) return std::nullopt;
        check_zones();
        check_endpoints();
        if (!sound()) return std::nullopt;
        check_local();
        if (!sound()) return std::nullopt;
        return std::move(topology_);
    }

private:
    bool sound() const { return findings_.errors.size() == errors_before_; }

    void error(const Object& object, std::string message) {
        findings_.errors.push_back({object.place.file, object.place.line, object.place.column, std::nullopt, std::move(message)});
    }
    template <class Item>
    void error_at(const Item& item, std::string message) {
        findings_.errors.push_back({item.file, item.line, 1, std::nullopt, std::move(message)});
    }

    void add(const Object& object) {
        if (const std::string_view fault = name_fault(object.name); !fault.empty())
            return error(object, quoted(object.name) + " cannot be a name: " + std::string(fault));
        if (object.type->name == "Endpoint") add_endpoint(object);
        else add_zone(object);
    }

    void add_endpoint(const Object& object) {
        Endpoint endpoint;
        endpoint.name = object.name;
        endpoint.file = object.place.file;
        endpoint.line = object.place.line;
        read_text(object, "host", endpoint.host);
        read_port(object, endpoint.port);
        read_log_duration(object, endpoint);
        topology_.endpoints_.emplace(object.name, std::move(endpoint));
    }

    void add_zone(const Object& object) {
        Zone zone;
        zone.name = object.name;
        zone.file = object.place.file;
        zone.line = object.place.line;
        read_text(object, "parent", zone.parent);
        read_names(object, zone.endpoints);
        zone.global = flag_attribute(object, "global", false);
        topology_.zones_.emplace(object.name, std::move(zone));
    }

    void wrong_type(const Object& object, std::string_view attribute, std::string_view expected, const json::Value& value) {
        error(object, std::string(object.type->name) + " " + quoted(object.name) + ": '" + std::string(attribute) + "' is " +
                          std::string(expected) + ", not of type '" + std::string(value.type_name()) + "'");
    }

    void read_text(const Object& object, std::string_view attribute, std::string& into) {
        const json::Value* const value = object.attributes.find(attribute);
        if (!value || value->is_null()) return;
        if (!value->string()) return wrong_type(object, attribute, "a text", *value);
        into = *value->string();
        const bool control =
            std::any_of(into.begin(), into.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
        if (into.size() > kNameLength || control || !is_utf8(into))
            error(object, std::string(object.type->name) + " " + quoted(object.name) + ": '" + std::string(attribute) +
                              "' is too long, not UTF-8 or holds control characters");
    }

    void read_port(const Object& object, std::string& into) {
        read_text(object, "port", into);
        const bool digits =
            !into.empty() && into.size() <= 5 && std::all_of(into.begin(), into.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (!digits || std::stoi(into) < 1 || std::stoi(into) > 65535)
            error(object, "Endpoint " + quoted(object.name) + ": a port is a number from 1 to 65535");
    }

    void read_log_duration(const Object& object, Endpoint& endpoint) {
        const json::Value* const value = object.attributes.find("log_duration");
        if (!value || !value->number()) return;
        constexpr double kMost = 3.2e9;  // a century, far from overflow
        if (*value->number() < 0) endpoint.log_unlimited = true;
        else endpoint.log_duration = Duration(std::llround(std::min(*value->number(), kMost) * 1e6));
    }

    void read_names(const Object& object, std::vector<std::string>& into) {
        const json::Value* const value = object.attributes.find("endpoints");
        if (!value || value->is_null()) return;
        if (!value->array()) return wrong_type(object, "endpoints", "an array of names", *value);
        for (const json::Value& item : *value->array()) {
            if (!item.string()) return wrong_type(object, "endpoints", "an array of names", item);
            into.push_back(*item.string());
        }
    }

    void check_zones() {
        for (auto& [name, zone] : topology_.zones_) {
            const std::string who = "Zone " + quoted(name);
            if (zone.global && !zone.endpoints.empty()) error_at(zone, who + " is global and cannot have endpoints");
            for (const std::string& member : zone.endpoints) {
                const auto found = topology_.endpoints_.find(member);
                if (found == topology_.endpoints_.end())
                    error_at(zone, who + " names Endpoint " + quoted(member) + ", which does not exist; add: object Endpoint " +
                                       quoted(member) + " { }");
                else if (found->second.zone.empty()) found->second.zone = name;
                else if (found->second.zone == name) error_at(zone, who + " names Endpoint " + quoted(member) + " twice");
                else
                    error_at(zone, "Endpoint " + quoted(member) + " is in Zone " + quoted(found->second.zone) + " and in Zone " +
                                       quoted(name) + "; it can be in one only");
            }
            if (zone.parent.empty()) continue;
            const Zone* parent = topology_.zone(zone.parent);
            if (!parent) error_at(zone, who + " has the parent " + quoted(zone.parent) + ", which does not exist");
            else if (parent->global) error_at(zone, who + " has the parent " + quoted(zone.parent) + ", which is global");
            else check_chain(zone);
        }
    }

    void check_chain(const Zone& zone) {
        std::size_t levels = 1;
        for (const Zone* at = topology_.zone(zone.parent); at; at = topology_.zone(at->parent)) {
            if (at == &zone) return error_at(zone, "Zone " + quoted(zone.name) + " is its own ancestor");
            // A chain that runs into a cycle further up ends here as well.
            if (++levels > kZoneLevels)
                return error_at(zone, "Zone " + quoted(zone.name) + " has more than " + std::to_string(kZoneLevels) + " zones above it");
        }
    }

    void check_endpoints() {
        for (const auto& [name, endpoint] : topology_.endpoints_)
            if (endpoint.zone.empty()) error_at(endpoint, "Endpoint " + quoted(name) + " is in no zone; name it in the 'endpoints' of one");
    }

    void check_local() {
        const Endpoint* own = topology_.endpoint(node_);
        if (!own) {
            std::string message = "there is no Endpoint for this node; add: object Endpoint " + quoted(node_) + " { } and object Zone " +
                                  quoted(node_) + " { endpoints = [ " + quoted(node_) + " ]; parent = \"...\" }";
            for (const auto& [name, endpoint] : topology_.endpoints_)
                if (same_but_for_case(name, node_))
                    message = "there is no Endpoint " + quoted(node_) + " for this node, but " + quoted(name) + " (" + endpoint.file + ":" +
                              std::to_string(endpoint.line) + "); upper and lower case count";
            findings_.errors.push_back({"zones.d", 0, 0, std::nullopt, std::move(message)});
            return;
        }
        if (!configured_zone_.empty() && own->zone != configured_zone_)
            return error_at(*own, "Endpoint " + quoted(node_) + " is in Zone " + quoted(own->zone) +
                                      ", but node.zone of endpointd.json is " + quoted(configured_zone_));
        topology_.node_ = node_;
        topology_.own_zone_ = own->zone;
    }

    std::string node_;
    std::string configured_zone_;
    Findings& findings_;
    std::size_t errors_before_;
    Topology topology_;
};

std::optional<Topology> topology_of(const Evaluation& evaluation, std::string_view node_name, std::string_view configured_zone,
                                    Findings& findings) {
    return ZoneLoader(node_name, configured_zone, findings).run(evaluation);
}

}  // namespace endpointd::dsl
