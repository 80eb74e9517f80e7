#include "dsl/director.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <iterator>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "dsl/parser.hpp"

namespace endpointd::dsl {

namespace {

constexpr std::string_view kKinds[] = {"-",       "null",  "bool",      "num",  "str",    "name",  "scope",   "place",  "array",  "dict",
                                       "chain",   "field", "index",     "call", "prefix", "op",    "choice",  "fn",     "if",     "block",
                                       "set",     "const", "var",       "use",  "define", "apply", "assign",  "ignore", "import", "include",
                                       "library", "using", "namespace", "loop", "leave",  "try",   "debugger"};
static_assert(std::size(kKinds) == static_cast<std::size_t>(NodeKind::debugger) + 1);

// Writes a tree until it grows too long.
class Form {
public:
    explicit Form(std::size_t most) : most_(most) {}

    bool write(const Node& node) {
        text_ += '(';
        text_ += kKinds[static_cast<std::size_t>(node.kind)];
        if (node.flag) text_ += " !";
        if (node.kind == NodeKind::number) number(node.number);
        if (!node.text.empty()) quoted(" '", node.text);
        for (const std::string& word : node.words) quoted(" :'", word);
        for (const Node& child : node.children) {
            if (text_.size() > most_) return false;
            text_ += ' ';
            if (!write(child)) return false;
        }
        text_ += ')';
        return text_.size() <= most_;
    }
    std::string take() { return std::move(text_); }

private:
    void number(double value) {
        char digits[32];
        const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
        text_ += ' ';
        text_.append(digits, end);
    }
    // No byte of a text can be taken for one of the form.
    void quoted(std::string_view before, std::string_view text) {
        constexpr std::string_view kHex = "0123456789abcdef";
        text_ += before;
        for (const char c : text.substr(0, most_ + 1)) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte >= 0x20 && byte < 0x7f && c != '\'' && c != '\\' && c != '%') text_ += c;
            else {
                text_ += '\\';
                text_ += kHex[byte >> 4];
                text_ += kHex[byte & 15];
            }
        }
        text_ += '\'';
    }

    std::size_t most_;
    std::string text_;
};

// --- The forms known; %s stands for any text ---

std::string block(std::initializer_list<std::string> statements) {
    std::string made = "(block";
    for (const std::string& statement : statements) made += ' ' + statement;
    return made + ')';
}

std::string name(std::string_view of) { return "(name '" + std::string(of) + "')"; }

std::string global(std::string_view field, std::string_view more = {}) {
    return "(chain (scope 'globals') (field '" + std::string(field) + "')" + std::string(more) + ')';
}

std::string set_global(std::string_view field, std::string_view value) {
    return "(set '=' " + global(field) + ' ' + std::string(value) + ')';
}

std::string set_vars(std::string_view how, const std::string& value) {
    return "(set '" + std::string(how) + "' " + name("vars") + ' ' + value + ')';
}

std::string unless(const std::string& condition, const std::string& then) { return "(if (prefix :'!' " + condition + ") " + then + ')'; }

// A function that logs something, and remembers in a global that it did. What it says does not matter: nothing is logged here.
std::string warn_once(std::string_view function, std::string_view flag, bool braces) {
    const std::string log = "(chain (name 'log') (call (name 'LogWarning') (str 'config') (str '%s')))";
    const std::string body = "(if (op :'==' " + global(flag) + " (bool)) " + block({set_global(flag, "(bool !)"), log}) + ')';
    return set_global(function, (braces ? "(fn ! " : "(fn ") + block({body}) + ')');
}

// The template that adds what a host overrides. `key`: the variable that may name the service, and is taken away
// again; empty: there is none.
std::string overrides(std::string_view key) {
    const std::string of =
        "(chain (name 'host') (field 'vars') (index (name 'DirectorOverrideVars')) (index " + name(key.empty() ? "name" : key) + "))";
    const std::string field = "(chain (name 'vars') (field '" + std::string(key) + "'))";
    std::string body = "(block " + unless(name("host"), block({"(var 'host' (chain (name 'get_host') (call (name 'host_name'))))"})) + ' ' +
                       unless(name("host"), block({global("directorWarnOnceForServiceWithoutHost", " (call)")}));
    if (!key.empty())
        body += " (var '" + std::string(key) + "' (name 'name')) (if " + field + ' ' +
                block({"(set '=' " + name(key) + ' ' + field + ')'}) + ')';
    body += " (if ! (name 'vars') " + block({set_vars("+=", of)}) + ' ' + block({set_vars("=", of)}) + ')';
    if (!key.empty()) body += " (chain (name 'vars') (field 'remove') (call (str '" + std::string(key) + "')))";
    return "(define 'template' (name 'Service') (name 'DirectorOverrideTemplate') " + body + "))";
}

std::string overrides_once(std::string_view key) {
    return unless(
        global("contains", " (call (name 'DirectorOverrideTemplate'))"),
        block({"(const 'DirectorOverrideVars' (str '%s'))", set_global("directorWarnedOnceForServiceWithoutHost", "(bool)"),
               warn_once("directorWarnOnceForServiceWithoutHost", "directorWarnedOnceForServiceWithoutHost", false), overrides(key)}));
}

// A command for agents that do not have it: ours come from the catalog.
std::string fallback_command() {
    return "(if (op :'||' :'||' (prefix :'!' " + global("System") +
           ") (prefix :'!' (chain (name 'System') (field 'get_template'))) (prefix :'!' (chain (name 'get_template') (call (name "
           "'CheckCommand') (str 'ifw-api-check-command'))))) " +
           block({"(define 'object' (name 'CheckCommand') (str 'ifw-api') " + block({"(import (str 'plugin-check-command'))"}) + ')'}) +
           ')';
}

// --- What they stand for ---

constexpr std::string_view kStageDir = R"(const DirectorStageDir = "/var/lib/icinga2/api/zones/director-global")";
constexpr std::string_view kWarnOfThresholds = "const directorWarnOnceForThresholds = function() { }";

// `DirectorOverrideVars` gets the text that was pushed. Services without a host have nothing to be overridden.
constexpr std::string_view kOverrides = R"(
const DirectorOverrideVars = ""
const directorWarnOnceForServiceWithoutHost = function() { }
template Service DirectorOverrideTemplate {
    var director_host = get_host(host_name)
    if (director_host) {
        var director_changes = director_host.vars[DirectorOverrideVars][name]
        if (director_changes != null) { vars += director_changes }
    }
})";
constexpr std::string_view kOverridesByKey = R"(
const DirectorOverrideVars = ""
const directorWarnOnceForServiceWithoutHost = function() { }
template Service DirectorOverrideTemplate {
    var director_host = get_host(host_name)
    var director_key = name
    if (vars && vars.KEY) { director_key = vars.KEY }
    if (director_host) {
        var director_changes = director_host.vars[DirectorOverrideVars][director_key]
        if (director_changes != null) { vars += director_changes }
    }
    if (vars) { vars.remove("KEY") }
})";

std::string by_key(std::string_view key) {
    std::string text(kOverridesByKey);
    for (std::size_t at = text.find("KEY"); at != std::string::npos; at = text.find("KEY", at)) text.replace(at, 3, key);
    return text;
}

struct Row {
    std::string_view what;
    std::string form;
    std::string text;  // of ours
};

const std::vector<Row>& rows() {
    static const std::vector<Row> kRows = {
        {"the stage's directory",
         "(const 'DirectorStageDir' (chain (name 'dirname') (call (chain (name 'dirname') (call (place 'current_filename'))))))",
         std::string(kStageDir)},
        {"the flag of the thresholds' warning", set_global("directorWarnedOnceForThresholds", "(bool)"), ""},
        // 1.5 wrote it in double braces.
        {"the thresholds' warning", warn_once("directorWarnOnceForThresholds", "directorWarnedOnceForThresholds", true),
         std::string(kWarnOfThresholds)},
        {"the thresholds' warning", warn_once("directorWarnOnceForThresholds", "directorWarnedOnceForThresholds", false),
         std::string(kWarnOfThresholds)},
        {"the template of overrides", overrides_once(""), std::string(kOverrides)},
        {"the template of overrides, with vars.overridenVar", overrides_once("overridenVar"), by_key("overridenVar")},
        {"the template of overrides, with vars.overriddenVar", overrides_once("overriddenVar"), by_key("overriddenVar")},
        {"the fallback of ifw-api", fallback_command(), ""},
    };
    return kRows;
}

// Longer than any row with texts of a sane length in it.
constexpr std::size_t kMostForm = 8 * 1024;

// Does `form` match `pattern`, whose %s stand for the inside of quotes?
bool matches(std::string_view form, std::string_view pattern) {
    for (std::size_t hole = pattern.find("%s"); hole != std::string_view::npos; hole = pattern.find("%s")) {
        if (!form.starts_with(pattern.substr(0, hole))) return false;
        form.remove_prefix(hole);
        form.remove_prefix(std::min(form.find('\''), form.size()));  // a quote of the text itself is escaped
        pattern.remove_prefix(hole + 2);
    }
    return form == pattern;
}

void move_to(Node& node, const Node& place) {
    node.at = place.at;
    node.end = place.end;
    for (Node& child : node.children) move_to(child, place);
}

// Most statements end here: those of the table have few kinds.
bool may_be_known(const Node& statement) {
    if (statement.kind == NodeKind::constant) return statement.text == "DirectorStageDir";
    return statement.kind == NodeKind::assignment || statement.kind == NodeKind::branch;
}

}  // namespace

std::optional<std::string> form_of(const Node& node, std::size_t most) {
    Form form(most);
    if (!form.write(node)) return std::nullopt;
    return form.take();
}

std::optional<DirectorStatement> recognise(const Node& statement) {
    if (!may_be_known(statement)) return std::nullopt;
    const auto form = form_of(statement, kMostForm);
    if (!form) return std::nullopt;
    for (const Row& row : rows()) {
        if (!matches(*form, row.form)) continue;
        const SourceFile file{"director", "director", row.text};
        Findings findings;
        std::optional<Node> block = parse(Source(file), findings);
        EP_ASSERT(block);
        for (Node& own : block->children)
            if (own.kind == NodeKind::constant && own.text == "DirectorOverrideVars")
                own.children.front().text = statement.children[1].children.front().children.front().text;
        move_to(*block, statement);
        return DirectorStatement{row.what, std::move(*block)};
    }
    return std::nullopt;
}

}  // namespace endpointd::dsl
