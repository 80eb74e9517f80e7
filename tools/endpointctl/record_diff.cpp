#include "record_diff.hpp"

#include "base/units.hpp"
#include "json/document.hpp"
#include "line_diff.hpp"
#include "pushed_command.hpp"
#include "render.hpp"

namespace endpointd::ctl {
namespace {

std::string place_of(const json::Value& value) {
    const json::Value& file = member(value, "file");
    if (file.is_null()) return "record " + text_of(member(value, "id"));
    const json::Value& line = member(value, "line");
    return escaped(text_of(file), 512) + (line.is_null() ? "" : ":" + text_of(line));
}

// A message is one long line as it was sent.
std::string readable(const std::string& content) {
    const Result<json::Value> message = json::parse(content);
    return message && message->object() ? json::to_pretty_text(*message) + "\n" : content;
}

}  // namespace

std::optional<std::string> diff_of(const json::Value& record, const json::Value& command, const json::Value& object) {
    const std::string* const content = member(record, "content").string();
    if (!content) return std::nullopt;
    const std::string pushed = "pushed: " + place_of(record);
    const bool asked = text_of(member(record, "method")).starts_with("event::");
    if (is_command_type(text_of(member(record, "object_type"))) && !asked && !command.is_null()) {
        const std::string label = "in force: " + escaped(text_of(member(command, "source")), 512);
        const std::string entry = comparable_text(member(command, "entry"));
        // Both in the catalog's form, so that only what runs is compared; as written where its text cannot be read by itself.
        const std::optional<Definition> definition = pushed_definition(record);
        return unified_diff(entry, definition ? comparable_text(*definition) : *content, label, pushed);
    }
    if (!object.is_null()) {
        const std::string* const text = member(object, "text").string();
        return unified_diff(text ? *text : json::to_pretty_text(member(object, "attrs")) + "\n", readable(*content),
                            "in force: " + place_of(object), pushed);
    }
    return unified_diff("", readable(*content), "in force: nothing", pushed);
}

}  // namespace endpointd::ctl
