#include "import_definitions.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/units.hpp"

namespace endpointd::ctl {

namespace {

using dsl::Node;
using dsl::NodeKind;
using Kind = Imported::Kind;

struct TypeName {
    std::string_view type;
    catalog::Kind kind;
};
constexpr TypeName kTypes[] = {
    {"CheckCommand", catalog::Kind::check}, {"EventCommand", catalog::Kind::event}, {"NotificationCommand", catalog::Kind::notification}};

// Where Debian's packages put things; a file's own `const` of that name comes first.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kConstants = {{{"PluginDir", "/usr/lib/nagios/plugins"},
                                                                                      {"PluginContribDir", "/usr/lib/nagios/plugins"},
                                                                                      {"ManubulonPluginDir", "/usr/lib/nagios/plugins"},
                                                                                      {"PrefixDir", "/usr"},
                                                                                      {"ConfigDir", "/etc/icinga2"},
                                                                                      {"SysconfDir", "/etc"}}};

// Built into Icinga. The first only say that a plugin is run; the work of the others is done in its process.
constexpr std::string_view kPluginTemplates[] = {"plugin-check-command", "plugin-event-command", "plugin-notification-command"};
constexpr std::string_view kInternalTemplates[] = {
    "icinga-check-command",    "cluster-check-command", "cluster-zone-check-command", "dummy-check-command", "random-check-command",
    "exception-check-command", "null-check-command",    "null-event-command",         "sleep-check-command", "ifw-api-check-command"};

// Bytes or elements that cost as much as a statement.
constexpr std::size_t kBytesPerStep = 64;

Imported opaque(std::string why) {
    Imported value;
    value.kind = Kind::opaque;
    value.text = std::move(why);
    return value;
}

Imported text(std::string content) {
    Imported value;
    value.kind = Kind::string;
    value.text = std::move(content);
    return value;
}

std::string type_of(const Node& definition) {
    return definition.children[0].kind == NodeKind::name ? definition.children[0].text : std::string();
}

const TypeName* known_type(const std::string& type) {
    const auto* const found = std::ranges::find(kTypes, type, &TypeName::type);
    return found == std::end(kTypes) ? nullptr : found;
}

struct Item {
    const Node* node;
    const std::string* file;
};

class Reader {
public:
    explicit Reader(const std::vector<ParsedFile>& files) : files_(files) {
        for (const ParsedFile& file : files) {
            for (const Node& statement : file.tree.children) collect(file, statement);
        }
    }

    std::vector<Definition> run() {
        std::vector<Definition> definitions;
        for (const ParsedFile& file : files_) {
            for (const Node& statement : file.tree.children) {
                if (statement.kind == NodeKind::definition) read(file, statement, definitions);
                else find_hidden(file, statement, definitions);
            }
        }
        return definitions;
    }

private:
    void collect(const ParsedFile& file, const Node& statement) {
        if (statement.kind == NodeKind::constant) {
            constants_.insert_or_assign(statement.text, &statement.children[0]);
        } else if (statement.kind == NodeKind::definition && known_type(type_of(statement)) &&
                   statement.children[1].kind == NodeKind::string) {
            items_.try_emplace({type_of(statement), statement.children[1].text}, Item{&statement, &file.path});
        }
    }

    static Definition begin(const ParsedFile& file, const Node& node) {
        Definition made;
        made.type = type_of(node);
        made.kind = known_type(made.type)->kind;
        made.file = file.path;
        made.line = node.at.line;
        made.attributes.kind = Kind::dictionary;
        if (node.children[1].kind == NodeKind::string) made.name = node.children[1].text;
        else made.broken = "its name is worked out when Icinga loads it";
        return made;
    }

    void read(const ParsedFile& file, const Node& node, std::vector<Definition>& into) {
        if (node.text != "object" || !known_type(type_of(node))) return;
        Definition made = begin(file, node);
        steps_ = 0;
        importing_.clear();
        if (made.broken.empty()) run_body(node.children[2], made);
        into.push_back(std::move(made));
    }

    // Definitions that only exist under a condition: named, so that none is lost.
    void find_hidden(const ParsedFile& file, const Node& node, std::vector<Definition>& into) {
        for (const Node& child : node.children) {
            if (child.kind == NodeKind::definition && child.text == "object" && known_type(type_of(child))) {
                Definition made = begin(file, child);
                made.broken = "it is defined within another statement, which only Icinga can evaluate";
                into.push_back(std::move(made));
            } else {
                find_hidden(file, child, into);
            }
        }
    }

    void run_body(const Node& body, Definition& made) {
        for (const Node& statement : body.children) {
            if (!made.broken.empty()) return;
            ++steps_;
            if (statement.kind == NodeKind::import) import(statement, made);
            else if (statement.kind == NodeKind::assignment) assign(statement, made);
            else made.broken = "its body does more than set attributes (line " + std::to_string(statement.at.line) + ")";
            if (steps_ > kImportSteps) made.broken = "it and what it imports are too large";
        }
    }

    void import(const Node& statement, Definition& made) {
        const Imported name = evaluate(statement.children[0], made.attributes);
        if (!name.is(Kind::string)) {
            made.broken = "what it imports is worked out when Icinga loads it";
            return;
        }
        const auto found = items_.find({made.type, name.text});
        if (found == items_.end()) {
            if (std::ranges::find(kPluginTemplates, name.text) != std::end(kPluginTemplates)) return;
            if (std::ranges::find(kInternalTemplates, name.text) != std::end(kInternalTemplates)) {
                made.internal = name.text;
                return;
            }
            made.broken = "it imports '" + escaped(name.text, 128) + "', which is in none of the files given";
            return;
        }
        if (!importing_.insert(name.text).second) {
            made.broken = "it imports '" + escaped(name.text, 128) + "', which imports itself";
            return;
        }
        run_body(found->second.node->children[2], made);
        importing_.erase(name.text);
    }

    // The steps of `a.b["c"]`; none: it is no plain path.
    std::optional<std::vector<std::string>> path_of(const Node& target, const Imported& scope) {
        if (target.kind == NodeKind::name || target.kind == NodeKind::string) return std::vector<std::string>{target.text};
        if (target.kind != NodeKind::chain) return std::nullopt;
        std::vector<std::string> path;
        for (std::size_t i = 0; i < target.children.size(); ++i) {
            const Node& step = target.children[i];
            if (i == 0 && step.kind == NodeKind::scope && step.text == "this") continue;
            if ((i == 0 && step.kind == NodeKind::name) || step.kind == NodeKind::field) {
                path.push_back(step.text);
            } else if (step.kind == NodeKind::index) {
                const Imported key = evaluate(step.children[0], scope);
                if (!key.is(Kind::string)) return std::nullopt;
                path.push_back(key.text);
            } else {
                return std::nullopt;
            }
        }
        return path;
    }

    void assign(const Node& statement, Definition& made) {
        const auto path = path_of(statement.children[0], made.attributes);
        if (!path) {
            made.broken = "it assigns to something that only Icinga can work out (line " + std::to_string(statement.at.line) + ")";
            return;
        }
        Imported value = evaluate(statement.children[1], made.attributes);
        Imported* target = &made.attributes;
        for (const std::string& step : *path) {
            if (target->is(Kind::null)) target->kind = Kind::dictionary;
            if (!target->is(Kind::dictionary)) {
                *target = opaque("is changed in a way that only Icinga can work out");
                return;
            }
            target = &target->entries[step];
        }
        *target = statement.text == "=" ? std::move(value) : combined(*target, statement.text.substr(0, 1), value);
    }

    static std::size_t size_of(const Imported& value) {
        std::size_t size = 1 + value.text.size();
        for (const Imported& item : value.items) size += size_of(item);
        for (const auto& [key, item] : value.entries) size += key.size() + size_of(item);
        return size;
    }

    static Imported combined(const Imported& left, const std::string& sign, const Imported& right) {
        if (left.is(Kind::opaque)) return left;
        if (right.is(Kind::opaque)) return right;
        if (sign != "+") return opaque("is worked out with '" + sign + "'");
        if (size_of(left) + size_of(right) > kImportValue) return opaque("is too large");
        if (left.is(Kind::null)) return right;
        if (right.is(Kind::null)) return left;
        if (left.is(Kind::number) && right.is(Kind::number)) {
            Imported sum = left;
            sum.number += right.number;
            return sum;
        }
        const auto textual = [](const Imported& value) { return value.is(Kind::string) || value.is(Kind::number); };
        const auto words = [](const Imported& value) { return value.is(Kind::string) ? value.text : number_text(value.number); };
        if (textual(left) && textual(right)) return text(words(left) + words(right));
        Imported joined = left;
        if (left.is(Kind::array) && right.is(Kind::array)) {
            joined.items.insert(joined.items.end(), right.items.begin(), right.items.end());
            return joined;
        }
        if (left.is(Kind::dictionary) && right.is(Kind::dictionary)) {
            for (const auto& [key, value] : right.entries) joined.entries.insert_or_assign(key, value);
            return joined;
        }
        return opaque("adds values that do not go together");
    }

    Imported evaluate(const Node& node, const Imported& scope) {
        // What is copied counts as well: a value may hold another one twice.
        steps_ += 1 + node.text.size() / kBytesPerStep;
        if (steps_ > kImportSteps) return opaque("is too large");
        Imported value;
        switch (node.kind) {
            case NodeKind::null:
                return value;
            case NodeKind::boolean:
                value.kind = Kind::boolean;
                value.boolean = node.flag;
                return value;
            case NodeKind::number:
                value.kind = Kind::number;
                value.number = node.number;
                return value;
            case NodeKind::string:
                return text(node.text);
            case NodeKind::array:
                value.kind = Kind::array;
                for (const Node& item : node.children) value.items.push_back(evaluate(item, scope));
                return value;
            case NodeKind::dictionary:
                return dictionary(node, scope);
            case NodeKind::name:
                return named(node.text, scope);
            case NodeKind::chain:
                return looked_up(node, scope);
            case NodeKind::operation:
                value = evaluate(node.children[0], scope);
                for (std::size_t i = 0; i < node.words.size(); ++i)
                    value = combined(value, node.words[i], evaluate(node.children[i + 1], scope));
                return value;
            case NodeKind::prefix:
                value = evaluate(node.children[0], scope);
                if (node.words != std::vector<std::string>{"-"} || !value.is(Kind::number)) return opaque("is worked out by Icinga");
                value.number = -value.number;
                return value;
            case NodeKind::function:
                return opaque("is a function");
            default:
                return opaque("is worked out by Icinga");
        }
    }

    Imported dictionary(const Node& node, const Imported& scope) {
        Imported value;
        value.kind = Kind::dictionary;
        for (const Node& statement : node.children) {
            if (statement.kind != NodeKind::assignment || statement.text != "=") return opaque("does more than set keys");
            const auto path = path_of(statement.children[0], scope);
            if (!path || path->size() != 1) return opaque("has a key that only Icinga can work out");
            value.entries.insert_or_assign(path->front(), evaluate(statement.children[1], scope));
        }
        return value;
    }

    Imported named(const std::string& name, const Imported& scope) {
        if (const Imported* own = scope.find(name)) return copied(*own);
        if (const auto constant = constants_.find(name); constant != constants_.end()) {
            // A constant that is made of itself ends here; each is folded where it is used.
            if (!folding_.insert(name).second) return opaque("uses the constant " + name + ", which uses itself");
            Imported value = evaluate(*constant->second, Imported{});
            folding_.erase(name);
            return value;
        }
        for (const auto& [known, value] : kConstants) {
            if (known == name) return text(std::string(value));
        }
        return opaque("uses " + escaped(name, 64) + ", which is no constant known here");
    }

    Imported looked_up(const Node& chain, const Imported& scope) {
        const auto path = path_of(chain, scope);
        if (!path || path->empty()) return opaque("is worked out by Icinga");
        const Imported* value = &scope;
        for (const std::string& step : *path) {
            value = value->find(step);
            if (!value) return opaque("refers to something that is not set");
        }
        return copied(*value);
    }

    Imported copied(const Imported& value) {
        steps_ += size_of(value) / kBytesPerStep;
        if (steps_ > kImportSteps) return opaque("is too large");
        return value;
    }

    const std::vector<ParsedFile>& files_;
    std::map<std::string, const Node*, std::less<>> constants_;
    std::map<std::pair<std::string, std::string>, Item> items_;  // objects and templates, by type and name
    std::set<std::string> importing_, folding_;
    std::size_t steps_ = 0;
};

}  // namespace

std::vector<Definition> definitions_of(const std::vector<ParsedFile>& files) { return Reader(files).run(); }

}  // namespace endpointd::ctl
