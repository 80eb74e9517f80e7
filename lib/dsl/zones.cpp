#include "dsl/zones.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/assert.hpp"
#include "base/units.hpp"
#include "dsl/constants.hpp"
#include "dsl/zones_parser.hpp"

namespace endpointd::dsl {

namespace {

constexpr std::string_view kTypes[] = {"Endpoint", "Zone"};

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

// One load of zones.d, step by step; lives no longer than the load.
class ZoneLoader {
public:
    ZoneLoader(std::string_view node_name, std::string_view configured_zone, Findings& findings)
        : node_(node_name), configured_zone_(configured_zone), findings_(findings), errors_before_(findings.errors.size()) {
        const std::string_view zone_name = configured_zone.empty() ? node_name : configured_zone;
        EP_ASSERT(constants_.add("NodeName", ZonesValue{std::string(node_name)}));
        EP_ASSERT(constants_.add("ZoneName", ZonesValue{std::string(zone_name)}));
    }

    std::optional<Topology> run(const std::vector<SourceFile>& files) {
        for (const SourceFile& file : files) {
            const Source& source = sources_.emplace_back(file);
            if (std::optional<ZonesTree> tree = parse_zones(source, kTypes, findings_)) parsed_.push_back({&source, std::move(*tree)});
        }
        if (!sound()) return std::nullopt;
        for (const Parsed& file : parsed_)
            for (const ZonesAssignment& constant : file.tree.constants) define(*file.source, constant);
        for (const Parsed& file : parsed_)
            for (const ZonesObject& object : file.tree.objects) add(*file.source, object);
        if (!sound()) return std::nullopt;
        check_zones();
        check_endpoints();
        if (!sound()) return std::nullopt;
        check_local();
        if (!sound()) return std::nullopt;
        return std::move(topology_);
    }

private:
    struct Parsed {
        const Source* source;
        ZonesTree tree;
    };

    bool sound() const { return findings_.errors.size() == errors_before_; }

    void error(const Source& source, Position at, std::string_view message, std::string_view hint = {}) {
        findings_.errors.push_back(source.finding(at, message, hint));
    }
    template <class Item>
    void error_at(const Item& item, std::string message) {
        findings_.errors.push_back({item.file, item.line, 1, std::nullopt, std::move(message)});
    }

    void define(const Source& source, const ZonesAssignment& constant) {
        std::optional<ZonesValue> value = constants_.evaluate(constant.value, source, findings_);
        if (!value) return;
        const ZonesValue* old = constants_.find(constant.name);
        if (old && *old == *value && (constant.name == "NodeName" || constant.name == "ZoneName")) return;  // a stock constants.conf
        if (!old) {
            if (!constants_.add(constant.name, std::move(*value))) error(source, constant.at, "constants too large in all");
            return;
        }
        error(source, constant.at, "constant '" + escaped(constant.name, 64) + "' is set already",
              constant.name == "NodeName"   ? "it is node.name of endpointd.json: " + quoted(node_)
              : constant.name == "ZoneName" ? "it is node.zone of endpointd.json, or the node's name"
                                            : std::string());
    }

    void add(const Source& source, const ZonesObject& object) {
        const std::optional<ZonesValue> name = constants_.evaluate(object.name, source, findings_);
        if (!name) return;
        const std::string* text = name->string();
        if (!text) return error(source, object.name.at, "an object's name is a string, not " + std::string(type_name(*name)));
        if (const std::string_view fault = name_fault(*text); !fault.empty())
            return error(source, object.name.at, quoted(*text) + " cannot be a name: " + std::string(fault));
        if (object.type == "Endpoint") add_endpoint(source, object, *text);
        else add_zone(source, object, *text);
    }

    template <class Item>
    bool is_new(const std::map<std::string, Item, std::less<>>& items, const Source& source, const ZonesObject& object,
                const std::string& name) {
        const auto found = items.find(name);
        if (found == items.end()) return true;
        error(source, object.at, object.type + " " + quoted(name) + " is defined twice",
              "the first is in " + found->second.file + ":" + std::to_string(found->second.line));
        return false;
    }

    void add_endpoint(const Source& source, const ZonesObject& object, const std::string& name) {
        if (!is_new(topology_.endpoints_, source, object, name)) return;
        Endpoint endpoint;
        endpoint.name = name;
        endpoint.file = source.path();
        endpoint.line = object.at.line;
        for (const ZonesAssignment& attribute : object.attributes) {
            const std::optional<ZonesValue> value = constants_.evaluate(attribute.value, source, findings_);
            if (!value) continue;
            if (attribute.name == "host") read_text(source, attribute, *value, endpoint.host);
            else if (attribute.name == "port") read_port(source, attribute, *value, endpoint.port);
            else if (attribute.name == "log_duration") read_log_duration(source, attribute, *value, endpoint);
            else unknown(source, object, attribute, "host, port and log_duration");
        }
        topology_.endpoints_.emplace(name, std::move(endpoint));
    }

    void add_zone(const Source& source, const ZonesObject& object, const std::string& name) {
        if (!is_new(topology_.zones_, source, object, name)) return;
        Zone zone;
        zone.name = name;
        zone.file = source.path();
        zone.line = object.at.line;
        for (const ZonesAssignment& attribute : object.attributes) {
            const std::optional<ZonesValue> value = constants_.evaluate(attribute.value, source, findings_);
            if (!value) continue;
            if (attribute.name == "parent") read_text(source, attribute, *value, zone.parent);
            else if (attribute.name == "endpoints") read_names(source, attribute, *value, zone.endpoints);
            else if (attribute.name == "global") read_flag(source, attribute, *value, zone.global);
            else unknown(source, object, attribute, "parent, endpoints and global");
        }
        topology_.zones_.emplace(name, std::move(zone));
    }

    void unknown(const Source& source, const ZonesObject& object, const ZonesAssignment& attribute, std::string_view known) {
        error(source, attribute.at, object.type + " has no attribute '" + escaped(attribute.name, 64) + "'",
              "known are " + std::string(known));
    }

    void wrong_type(const Source& source, const ZonesAssignment& attribute, std::string_view expected, const ZonesValue& value) {
        error(source, attribute.value.at,
              "'" + attribute.name + "' is " + std::string(expected) + ", not " + std::string(type_name(value)));
    }

    // A number where a text belongs becomes its text, null the empty text, as upstream.
    bool read_text(const Source& source, const ZonesAssignment& attribute, const ZonesValue& value, std::string& into) {
        if (value.is_null()) into.clear();
        else if (value.number()) into = number_text(*value.number());
        else if (value.string()) into = *value.string();
        else {
            wrong_type(source, attribute, "a string", value);
            return false;
        }
        if (into.size() <= kNameLength && is_utf8(into) &&
            std::none_of(into.begin(), into.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
            return true;
        error(source, attribute.value.at, "'" + attribute.name + "' is too long, not UTF-8 or holds control characters");
        return false;
    }

    void read_port(const Source& source, const ZonesAssignment& attribute, const ZonesValue& value, std::string& into) {
        if (!read_text(source, attribute, value, into) || into.empty()) return;
        const bool digits = into.size() <= 5 && std::all_of(into.begin(), into.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (!digits || std::stoi(into) < 1 || std::stoi(into) > 65535)
            error(source, attribute.value.at, "a port is a number from 1 to 65535");
    }

    void read_log_duration(const Source& source, const ZonesAssignment& attribute, const ZonesValue& value, Endpoint& endpoint) {
        endpoint.log_duration.reset();
        endpoint.log_unlimited = false;
        if (value.is_null()) return;
        if (!value.number()) return wrong_type(source, attribute, "a duration such as 1d", value);
        constexpr double kMost = 3.2e9;  // a century, far from overflow
        if (*value.number() < 0) endpoint.log_unlimited = true;
        else endpoint.log_duration = Duration(std::llround(std::min(*value.number(), kMost) * 1e6));
    }

    void read_names(const Source& source, const ZonesAssignment& attribute, const ZonesValue& value, std::vector<std::string>& into) {
        into.clear();
        if (value.is_null()) return;
        if (!value.array()) return wrong_type(source, attribute, "an array of names", value);
        for (const ZonesValue& item : *value.array()) {
            if (!item.string()) return wrong_type(source, attribute, "an array of names", item);
            into.push_back(*item.string());
        }
    }

    void read_flag(const Source& source, const ZonesAssignment& attribute, const ZonesValue& value, bool& into) {
        if (value.boolean()) into = *value.boolean();
        else if (value.number()) into = *value.number() != 0;
        else if (value.is_null()) into = false;
        else wrong_type(source, attribute, "true or false", value);
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
    Constants constants_;
    std::deque<Source> sources_;
    std::vector<Parsed> parsed_;
    Topology topology_;
};

std::optional<Topology> load_zones(const std::vector<SourceFile>& files, std::string_view node_name, std::string_view configured_zone,
                                   Findings& findings) {
    return ZoneLoader(node_name, configured_zone, findings).run(files);
}

}  // namespace endpointd::dsl
