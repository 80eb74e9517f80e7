#include "dsl/config_type.hpp"

#include "base/assert.hpp"
#include "dsl/instance.hpp"
#include "json/document.hpp"

namespace endpointd::dsl {

namespace {

// The text of an attribute that is set; empty otherwise.
std::string_view text_of(const Instance& object, std::string_view attribute) {
    const auto field = field_of(*object.type, attribute);
    const Value* const value = field ? object.find(*field) : nullptr;
    const std::string* const text = value ? value->string() : nullptr;
    return text ? std::string_view(*text) : std::string_view();
}

std::string_view behind_last_mark(std::string_view name) {
    const std::size_t mark = name.rfind('!');
    return mark == std::string_view::npos ? name : name.substr(mark + 1);
}

json::Value default_of(const Field& field, std::string_view name) {
    if (field.name == "display_name") return behind_last_mark(name);
    if (field.fallback.empty()) {
        if (field.kind == FieldKind::text || field.kind == FieldKind::reference) return "";
        return nullptr;
    }
    auto parsed = json::parse(field.fallback);
    EP_ASSERT(parsed.has_value());
    return std::move(*parsed);
}

}  // namespace

const ConfigType* config_type(std::string_view name) noexcept {
    for (const ConfigType& type : config_types())
        if (type.name == name) return &type;
    return nullptr;
}

std::optional<std::uint16_t> field_of(const ConfigType& type, std::string_view name) noexcept {
    for (std::size_t i = 0; i < type.fields.size(); ++i)
        if (type.fields[i].name == name) return static_cast<std::uint16_t>(i);
    return std::nullopt;
}

std::string full_name(const Instance& object, std::string_view short_name) {
    if (!object.type->composed) return std::string(short_name);
    const bool child = field_of(*object.type, "child_host_name").has_value();
    const std::string_view host = text_of(object, child ? "child_host_name" : "host_name");
    const std::string_view service = text_of(object, child ? "child_service_name" : "service_name");
    if (host.empty()) return {};
    std::string name(host);
    if (!service.empty()) name.append("!").append(service);
    return name.append("!").append(short_name);
}

json::Object with_defaults(const ConfigType& type, std::string_view name, const Attributes& set) {
    std::vector<json::Object::Member> members;
    for (const Field& field : type.fields) {
        const json::Value* const value = set.find(field.name);
        const bool unnamed = field.name == "display_name" && value && value->string() && value->string()->empty();
        if (value && !unnamed) members.emplace_back(field.name, *value);
        else if (field.listed) members.emplace_back(field.name, default_of(field, name));
    }
    auto made = json::Object::from_members(std::move(members));
    EP_ASSERT(made);
    return std::move(*made);
}

}  // namespace endpointd::dsl
