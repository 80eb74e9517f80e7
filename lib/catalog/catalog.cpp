#include "catalog/catalog.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "catalog/builtin.hpp"
#include "catalog/entry.hpp"
#include "catalog/macro.hpp"
#include "catalog/wrapper.hpp"
#include "json/document.hpp"
#include "json/schema.hpp"

namespace endpointd::schema {
extern const std::string_view catalog;
}

namespace endpointd::catalog {

namespace {

using Commands = std::map<std::string, Command, std::less<>>;

void add_builtin(Commands& commands, Patterns& patterns) {
    Findings findings;
    const std::optional<json::Document> document = json::parse_config({"built-in", "built-in", std::string(kBuiltinCatalog)}, findings);
    EP_ASSERT(document && document->root.object() && document->root.object()->find("commands"));
    for (const auto& [name, entry] : *document->root.object()->find("commands")->object()) {
        Command command = read_entry(*document, name, *entry.object(), true, patterns, findings);
        command.source = "built-in";
        commands.emplace(name, std::move(command));
    }
    EP_ASSERT(findings.ok());
}

// A name that an entry gives for the command it takes: the enum, the default or a
// tuple. Judged when all commands are known.
struct InnerName {
    std::string wrapper;
    std::string inner;
    Finding place;
};

// Names that stand in broken places have been reported; only what can be read is collected.
void collect_inner_names(const json::Document& document, const std::string& pointer, const Command& command,
                         std::vector<InnerName>& names) {
    if (!command.command_ref) return;
    const auto add = [&](const std::string& at, const json::Value& value) {
        names.push_back({command.name, value_text(value), document.at(at, {})});
    };
    const std::string parameter = json::pointer_to(json::pointer_to(pointer, "parameters"), *command.command_ref);
    const json::Object& rule = *command.entry.object()->find("parameters")->object()->find(*command.command_ref)->object();
    if (const json::Value* values = rule.find("enum"); values && values->array()) {
        const std::string at = json::pointer_to(parameter, "enum");
        for (std::size_t i = 0; i < values->array()->size(); ++i) add(json::pointer_to(at, i), (*values->array())[i]);
    }
    if (const json::Value* value = rule.find("default")) add(json::pointer_to(parameter, "default"), *value);
    const json::Value* tuples = command.entry.object()->find("tuples");
    for (std::size_t i = 0; tuples && tuples->array() && i < tuples->array()->size(); ++i) {
        const json::Object* tuple = (*tuples->array())[i].object();
        const json::Value* value = tuple ? tuple->find(*command.command_ref) : nullptr;
        if (value) add(json::pointer_to(json::pointer_to(json::pointer_to(pointer, "tuples"), i), *command.command_ref), *value);
    }
}

void check_inner_names(std::vector<InnerName> names, const Commands& commands, Findings& findings) {
    for (InnerName& name : names) {
        const auto inner = commands.find(name.inner);
        if (inner == commands.end()) {
            name.place.message = "there is no command '" + name.inner + "' in catalog.d for '" + name.wrapper + "' to run";
        } else if (const std::optional<std::string> why = why_not_inside(commands.find(name.wrapper)->second, inner->second)) {
            name.place.message = "command '" + name.inner + "' cannot run inside '" + name.wrapper + "': " + *why;
        } else {
            continue;
        }
        findings.errors.push_back(std::move(name.place));
    }
}

void add_file(const SourceFile& file, const json::Schema& schema, Commands& commands, Patterns& patterns,
              std::vector<InnerName>& inner_names, Findings& findings) {
    const std::optional<json::Document> document = json::parse_config(file, findings);
    if (!document || !schema.check(*document, findings)) return;
    const json::Value* entries = document->root.object() ? document->root.object()->find("commands") : nullptr;
    if (!entries || !entries->object()) return;
    for (const auto& [name, entry] : *entries->object()) {
        const std::string pointer = json::pointer_to("/commands", name);
        const auto place = document->places.find(pointer);
        if (const auto first = commands.find(name); first != commands.end()) {
            findings.errors.push_back(document->at(
                pointer,
                first->second.builtin ? "command '" + name + "' is built in; give this one another name"
                                      : "command '" + name + "' is already defined in " + first->second.source + "; keep one of them",
                true));
            continue;
        }
        Command command = read_entry(*document, name, *entry.object(), false, patterns, findings);
        command.source = "catalog.d/" + file.name + ':' + std::to_string(place == document->places.end() ? 0 : place->second.key_line);
        collect_inner_names(*document, pointer, command, inner_names);
        commands.emplace(name, std::move(command));
    }
}

}  // namespace

Catalog Catalog::load(const std::vector<SourceFile>& files, Findings& findings) {
    Catalog catalog;
    Patterns patterns;
    add_builtin(catalog.commands_, patterns);
    const json::Schema schema(schema::catalog);
    // By name, so that of two definitions the same one is the first on every start.
    std::vector<const SourceFile*> ordered;
    for (const SourceFile& file : files) ordered.push_back(&file);
    std::sort(ordered.begin(), ordered.end(), [](const SourceFile* left, const SourceFile* right) { return left->name < right->name; });
    std::vector<InnerName> inner_names;
    for (const SourceFile* file : ordered) {
        add_file(*file, schema, catalog.commands_, patterns, inner_names, findings);
        catalog.texts_[file->name] = file->text;
    }
    check_inner_names(std::move(inner_names), catalog.commands_, findings);
    return catalog;
}

const Command* Catalog::find(std::string_view name) const noexcept {
    const auto command = commands_.find(name);
    return command == commands_.end() ? nullptr : &command->second;
}

std::string Catalog::canonical_text() const {
    // Each part with its length in front, so that no two catalogs read the same.
    std::string text = "endpointd-catalog-1\n";
    const auto add = [&text](std::string_view part) {
        text += std::to_string(part.size());
        text += ':';
        text += part;
        text += '\n';
    };
    add(kBuiltinCatalog);
    for (const auto& [name, content] : texts_) {
        add(name);
        add(content);
    }
    return text;
}

}  // namespace endpointd::catalog
