#include "policy/runtime_text.hpp"

#include <algorithm>

#include "base/units.hpp"
#include "dsl/parser.hpp"

namespace endpointd::policy {

namespace {

using dsl::Node;
using dsl::NodeKind;

std::string_view short_name_of(std::string_view full) noexcept {
    const std::size_t mark = full.rfind('!');
    return mark == std::string_view::npos ? full : full.substr(mark + 1);
}

Objection malformed(std::string detail) { return {Reason::malformed_message, std::move(detail)}; }

bool is_command(std::string_view type) noexcept {
    const dsl::ConfigType* const known = dsl::config_type(type);
    return known && known->role == dsl::TypeRole::command;
}

// The statement, or why it is not the one announced. The tree may be as deep as its parser lets it; it is walked
// without recursion.
struct Announced {
    std::optional<Node> file;  // owns `definition`
    const Node* definition = nullptr;
    std::optional<Objection> objection;
};

// The first definition anywhere below `root`, beside `own`.
const Node* definition_below(const Node& root, const Node* own) {
    std::vector<const Node*> open{&root};
    while (!open.empty()) {
        const Node* const node = open.back();
        open.pop_back();
        if (node != own && (node->kind == NodeKind::definition || node->kind == NodeKind::apply)) return node;
        for (const Node& child : node->children) open.push_back(&child);
    }
    return nullptr;
}

Announced read(const RuntimeObject& announced, const catalog::Catalog& catalog) {
    Announced result;
    if (is_command(announced.type)) {
        result.objection = pushed_command(announced.type, announced.name, catalog);
        return result;
    }
    Findings findings;
    const SourceFile file{"config", "config", announced.config};
    result.file = dsl::parse(dsl::Source(file), findings);
    if (!result.file) {
        const Finding& first = findings.errors.front();
        result.objection = Objection{Reason::syntax_error, "line " + std::to_string(first.line) + ": " + first.message};
        return result;
    }
    const std::string wanted = "object " + announced.type + " \"" + escaped(short_name_of(announced.name)) + "\"";
    const std::vector<Node>& statements = result.file->children;
    const Node* const only = statements.size() == 1 ? &statements.front() : nullptr;
    const bool is_object = only && only->kind == NodeKind::definition && only->text == "object" && only->children.size() >= 3;
    const Node* const other = definition_below(*result.file, is_object ? only : nullptr);
    for (const Node* definition : {is_object ? only : nullptr, other}) {
        if (!definition || definition->children.size() < 2 || !is_command(definition->children[0].text)) continue;
        result.objection = pushed_command(definition->children[0].text, definition->children[1].text, catalog);
        return result;
    }
    if (!is_object || other) {
        result.objection = malformed("the text must be one `" + wanted + "` and nothing else");
    } else if (only->children[0].kind != NodeKind::name || only->children[0].text != announced.type ||
               only->children[1].kind != NodeKind::string || only->children[1].text != short_name_of(announced.name)) {
        result.objection = malformed("the text must be `" + wanted + "`, as the message announces");
    } else {
        result.definition = only;
    }
    return result;
}

// The value of a literal; none: it is something else.
std::optional<json::Value> literal(const Node& node) {
    switch (node.kind) {
        case NodeKind::null:
            return json::Value();
        case NodeKind::boolean:
            return json::Value(node.flag);
        case NodeKind::number:
            return json::Value(node.number);
        case NodeKind::string:
            return json::Value(node.text);
        case NodeKind::prefix:
            if (node.words.size() == 1 && node.words[0] == "-" && node.children.size() == 1 && node.children[0].kind == NodeKind::number)
                return json::Value(-node.children[0].number);
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

// One statement of an annotation's body into `object`.
std::optional<Objection> read_attribute(const Node& statement, dsl::Object& object) {
    const bool assigns = statement.kind == NodeKind::assignment && statement.text == "=" && statement.children.size() == 2 &&
                         (statement.children[0].kind == NodeKind::name || statement.children[0].kind == NodeKind::string);
    std::optional<json::Value> value = assigns ? literal(statement.children[1]) : std::nullopt;
    if (!value) {
        return malformed("line " + std::to_string(statement.at.line) + ": a " + std::string(object.type->name) +
                         " holds `attribute = literal value` and nothing else");
    }
    const std::string& name = statement.children[0].text;
    if (name == "version") return std::nullopt;  // the message says it
    if (name == "zone") {
        if (!value->string()) return Objection{Reason::attribute_not_allowed, "attribute 'zone' must be a text"};
        object.zone = *value->string();
        return std::nullopt;
    }
    const auto index = dsl::field_of(*object.type, name);
    if (!index || object.type->fields[*index].kind == dsl::FieldKind::own)
        return Objection{Reason::attribute_not_allowed,
                         std::string(object.type->name) + " has no attribute '" + escaped(name) + "' to set"};
    const dsl::Field& field = object.type->fields[*index];
    if (value->is_null() || (value->string() && value->string()->empty() && field.fallback.empty())) {
        object.attributes.erase(name);
        return std::nullopt;
    }
    Result<json::Value> converted = dsl::converted(field, *value);
    if (!converted) return Objection{Reason::attribute_not_allowed, "attribute '" + name + "': " + converted.error().text};
    object.attributes.set(name, std::move(*converted));
    return std::nullopt;
}

std::optional<Objection> check_whole(const dsl::Object& object) {
    for (const dsl::Field& field : object.type->fields) {
        if (field.required && field.fallback.empty() && !object.attributes.find(field.name))
            return Objection{Reason::attribute_not_allowed, "attribute '" + std::string(field.name) + "' must be set"};
    }
    if (std::string wrong = dsl::validate(*object.type, object.attributes); !wrong.empty())
        return Objection{Reason::attribute_not_allowed, std::move(wrong)};
    const Subject subject = subject_of(object);
    const std::string full =
        subject.host.value_or("") + (subject.service ? "!" + *subject.service : "") + "!" + std::string(object.short_name());
    if (full != object.name)
        return malformed("the text makes '" + escaped(full) + "', the message announces '" + escaped(object.name) + "'");
    return std::nullopt;
}

}  // namespace

Rejection rejection_of(const RuntimeObject& object, Objection objection) {
    Rejection rejection;
    rejection.reason = objection.reason;
    rejection.parent = object.parent;
    rejection.method = "config::UpdateObject";
    rejection.object_type = object.type;
    rejection.object_name = object.name;
    rejection.zone = object.zone;
    rejection.detail = std::move(objection.detail);
    rejection.content = object.config.substr(0, dsl::kKeptText);
    return rejection;
}

Objection pushed_command(std::string_view type, std::string_view name, const catalog::Catalog& catalog) {
    const std::string what = std::string(type) + " '" + escaped(name) + "'";
    if (const catalog::Command* known = catalog.find(name))
        return {Reason::command_shadowed, what + " is not taken: the local catalog's command of that name is used (" + known->source + ")"};
    return {Reason::command_pushed, what + " is not taken: commands come from the local catalog only"};
}

std::optional<Objection> check_announced(const RuntimeObject& announced, const catalog::Catalog& catalog) {
    return read(announced, catalog).objection;
}

ReadAnnotation read_annotation(const RuntimeObject& announced, const catalog::Catalog& catalog) {
    ReadAnnotation result;
    const Announced text = read(announced, catalog);
    result.objection = text.objection;
    if (result.objection) return result;
    dsl::Object& object = result.object;
    object.type = dsl::config_type(announced.type);
    if (!object.type || (announced.type != "Downtime" && announced.type != "Comment")) {
        result.objection = malformed(escaped(announced.type) + " is no Downtime and no Comment");
        return result;
    }
    object.name = announced.name;
    object.zone = announced.zone;
    object.package = "_api";
    object.text = std::make_shared<const std::string>(announced.config.substr(0, dsl::kKeptText));
    object.place.line = text.definition->at.line;
    for (std::size_t i = 3; i < text.definition->children.size(); ++i) {
        result.objection = malformed("a " + announced.type + " takes nothing along (`use`)");
        return result;
    }
    for (const Node& statement : text.definition->children[2].children) {
        result.objection = read_attribute(statement, object);
        if (result.objection) return result;
    }
    result.objection = check_whole(object);
    return result;
}

}  // namespace endpointd::policy
