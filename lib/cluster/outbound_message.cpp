#include "cluster/outbound_message.hpp"

#include <algorithm>
#include <type_traits>

#include "cluster/result_body.hpp"
#include "json/document.hpp"
#include "wire/decode.hpp"

namespace endpointd::cluster {

namespace {

// Of what belongs to a host or service a parent is told of downtimes and comments, and of nothing else.
std::optional<policy::Checkable> subject_of_object(std::string_view type, std::string_view name) {
    if (type != "Host" && type != "Service" && type != "Downtime" && type != "Comment") return std::nullopt;
    policy::Subject subject = policy::subject_of(type, name);
    if (!subject.host) return std::nullopt;
    return policy::Checkable{*std::move(subject.host), std::move(subject.service)};
}

bool is_part_of(std::string_view path, std::string_view attribute) noexcept {
    return path.starts_with(attribute) && (path.size() == attribute.size() || path[attribute.size()] == '.');
}

// Removes `attribute` and what is below it.
void leave_out(wire::ConfigUpdateObject& object, std::string_view attribute) {
    json::Object kept;
    for (const auto& [path, value] : object.modified_attributes)
        if (!is_part_of(path, attribute)) kept.set(path, value);
    object.modified_attributes = std::move(kept);
    std::erase_if(object.original_attributes, [&](const std::string& path) { return is_part_of(path, attribute); });
}

void redact_object(wire::ConfigUpdateObject& object, std::string_view field) {
    if (field != "command" && field != "vars") return;
    if (object.type != "Downtime" && object.type != "Comment") object.config.reset();
    if (field == "vars") return leave_out(object, "vars");
    for (const std::string_view attribute : {"check_command", "event_command", "command"}) leave_out(object, attribute);
}

}  // namespace

std::optional<policy::Checkable> subject_of(const StateEvent& event) {
    return std::visit(
        [](const auto& message) -> std::optional<policy::Checkable> {
            if constexpr (requires { message.host; }) return policy::Checkable{message.host, message.service};
            else {
                if constexpr (requires { message.type; }) return subject_of_object(message.type, message.name);
                else return subject_of_object(message.object_type, message.object_name);
            }
        },
        event);
}

wire::Method method_of(const StateEvent& event) noexcept {
    constexpr wire::Method kMethods[] = {
        wire::Method::check_result,         wire::Method::set_next_check,       wire::Method::set_last_check_started,
        wire::Method::set_force_next_check, wire::Method::set_acknowledgement,  wire::Method::clear_acknowledgement,
        wire::Method::set_removal_info,     wire::Method::config_update_object, wire::Method::config_delete_object};
    static_assert(std::size(kMethods) == std::variant_size_v<StateEvent>);
    return kMethods[event.index()];
}

std::string encode(const StateEvent& event, wire::Relayed relayed) {
    return std::visit([&](const auto& message) { return wire::encode(message, relayed); }, event);
}

std::optional<StateEvent> decode_state(std::string_view payload) {
    const auto root = json::parse(payload);
    if (!root) return std::nullopt;
    auto decoded = wire::decode(*root);
    auto* incoming = std::get_if<wire::Incoming>(&decoded);
    if (incoming == nullptr) return std::nullopt;
    return std::visit(
        [](auto& message) -> std::optional<StateEvent> {
            if constexpr (std::is_constructible_v<StateEvent, decltype(std::move(message))>) return StateEvent(std::move(message));
            else return std::nullopt;
        },
        incoming->message);
}

void redact(StateEvent& event, std::span<const std::string> fields) {
    if (auto* result = std::get_if<wire::CheckResult>(&event)) redact(result->cr, fields);
    if (auto* object = std::get_if<wire::ConfigUpdateObject>(&event))
        for (const std::string& field : fields) redact_object(*object, field);
}

}  // namespace endpointd::cluster
