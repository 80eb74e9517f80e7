#include "policy/subject.hpp"

#include "dsl/config_type.hpp"
#include "dsl/object_attributes.hpp"

namespace endpointd::policy {

std::string Checkable::name() const { return service ? host + "!" + *service : host; }

Checkable checkable_of(std::string_view name) {
    const std::size_t mark = name.find('!');
    if (mark == std::string_view::npos) return {std::string(name), std::nullopt};
    return {std::string(name.substr(0, mark)), std::string(name.substr(mark + 1))};
}

std::string_view checkable_type(std::string_view name) noexcept { return name.find('!') == std::string_view::npos ? "Host" : "Service"; }

Subject subject_of(const dsl::Object& object) {
    if (object.type->name == "Host") return {object.name, std::nullopt};
    if (object.type->name == "Service") return {std::string(text_attribute(object, "host_name")), std::string(object.short_name())};
    if (!object.type->composed) return {};
    const bool child = object.type->name == "Dependency";
    Subject subject{std::string(text_attribute(object, child ? "child_host_name" : "host_name")), std::nullopt};
    const std::string_view service = text_attribute(object, child ? "child_service_name" : "service_name");
    if (!service.empty()) subject.service = service;
    return subject;
}

Subject subject_of(std::string_view type, std::string_view name) {
    const dsl::ConfigType* const known = dsl::config_type(type);
    if (!known) return {};
    if (known->name == "Host") return {std::string(name), std::nullopt};
    if (!known->composed) return {};
    Checkable checkable = checkable_of(name);
    if (known->name != "Service" && checkable.service) {
        // The last part is its own.
        const std::size_t mark = checkable.service->rfind('!');
        if (mark == std::string::npos) checkable.service.reset();
        else checkable.service->resize(mark);
    }
    return {std::move(checkable.host), std::move(checkable.service)};
}

}  // namespace endpointd::policy
