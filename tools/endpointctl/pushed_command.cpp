#include "pushed_command.hpp"

#include <algorithm>

#include "dsl/parser.hpp"
#include "json/document.hpp"
#include "render.hpp"

namespace endpointd::ctl {
namespace {

using Kind = Imported::Kind;

constexpr std::string_view kCompared[] = {"command", "arguments", "env", "timeout"};

std::string text_member(const json::Value& record, std::string_view name) {
    const std::string* const text = member(record, name).string();
    return text ? *text : std::string();
}

std::optional<dsl::Node> tree_of(const json::Value& record) {
    const std::string* const content = member(record, "content").string();
    if (!content) return std::nullopt;
    const SourceFile file{"pushed", "pushed", *content};
    Findings ignored;
    return dsl::parse(dsl::Source(file), ignored);
}

json::Value to_json(const Imported& value) {
    switch (value.kind) {
        case Kind::null:
            return nullptr;
        case Kind::boolean:
            return value.boolean;
        case Kind::number:
            return value.number;
        case Kind::string:
            return value.text;
        case Kind::opaque:
            return "<" + value.text + ">";
        case Kind::array: {
            json::Array items;
            for (const Imported& item : value.items) items.push_back(to_json(item));
            return items;
        }
        case Kind::dictionary: {
            json::Object entries;
            for (const auto& [name, entry] : value.entries) entries.set(name, to_json(entry));
            return entries;
        }
    }
    return nullptr;
}

// The literal value of check_command in the body of the first definition that has one.
std::optional<std::string> check_command_in(const dsl::Node& tree) {
    for (const dsl::Node& statement : tree.children) {
        if (statement.kind != dsl::NodeKind::definition && statement.kind != dsl::NodeKind::apply) continue;
        for (const dsl::Node& part : statement.children) {
            if (part.kind != dsl::NodeKind::block) continue;
            for (const dsl::Node& line : part.children) {
                if (line.kind == dsl::NodeKind::assignment && line.text == "=" && line.children[0].text == "check_command" &&
                    line.children[1].kind == dsl::NodeKind::string)
                    return line.children[1].text;
            }
        }
    }
    return std::nullopt;
}

}  // namespace

bool is_command_type(std::string_view type) noexcept {
    return type == "CheckCommand" || type == "EventCommand" || type == "NotificationCommand";
}

std::optional<std::string> command_of(const json::Value& record) {
    const std::string type = text_member(record, "object_type");
    if (is_command_type(type)) {
        const std::string name = text_member(record, "object_name");
        return name.empty() ? std::nullopt : std::optional(name);
    }
    if (type != "Host" && type != "Service") return std::nullopt;
    const std::optional<dsl::Node> tree = tree_of(record);
    return tree ? check_command_in(*tree) : std::nullopt;
}

std::optional<Definition> pushed_definition(const json::Value& record) {
    const std::string type = text_member(record, "object_type"), name = text_member(record, "object_name");
    // The message that asks for a command to be run has its type and name as well, and defines nothing.
    if (!is_command_type(type) || text_member(record, "method").starts_with("event::")) return std::nullopt;
    std::optional<dsl::Node> tree = tree_of(record);
    if (!tree) return std::nullopt;
    const std::string file = text_member(record, "file");
    std::vector<ParsedFile> files;
    files.push_back({file.empty() ? "pushed" : file, std::move(*tree)});
    for (Definition& definition : definitions_of(files)) {
        if (definition.name == name && definition.type == type) return std::move(definition);
    }
    return std::nullopt;
}

std::string comparable_text(const Definition& definition) {
    json::Object shown;
    for (const std::string_view name : kCompared) {
        if (const Imported* const value = definition.attributes.find(name)) shown.set(std::string(name), to_json(*value));
    }
    return json::to_pretty_text(shown) + "\n";
}

std::string comparable_text(const json::Value& entry) {
    json::Object shown;
    for (const std::string_view name : kCompared) {
        if (const json::Value& value = member(entry, name); !value.is_null()) shown.set(std::string(name), value);
    }
    return json::to_pretty_text(shown) + "\n";
}

json::Value message_parameters(const json::Value& record) {
    const std::string* const content = member(record, "content").string();
    if (!content) return nullptr;
    const Result<json::Value> message = json::parse(*content);
    if (!message || !message->object()) return nullptr;
    const json::Value& parameters = member(*message, "params");
    return parameters.is_null() ? *message : parameters;
}

}  // namespace endpointd::ctl
