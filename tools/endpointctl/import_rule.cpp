#include "import_rule.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "catalog/macro.hpp"

namespace endpointd::ctl {

namespace {

// A number with a unit or percent; ranges as monitoring plugins write them, several with commas between. None
// begins with '-': what begins so is taken for an option.
#define EP_NUMBER "[0-9]+(?:\\.[0-9]+)?(?:%|[A-Za-z]{1,3})?"
constexpr const char* kNumber = "[0-9]+(?:\\.[0-9]+)?";
constexpr const char* kTimeout = "[0-9]+(?:\\.[0-9]+)?(?:ms|s|m|h)?(?::[A-Za-z0-9]+)?";
constexpr const char* kRange = "(?:" EP_NUMBER "|@-?" EP_NUMBER "|@?~)?(?::(?:-?" EP_NUMBER
                               ")?)?"
                               "(?:,(?:-?" EP_NUMBER "|@-?" EP_NUMBER "|@?~)?(?::(?:-?" EP_NUMBER ")?)?)*";
#undef EP_NUMBER
constexpr const char* kHost = "[A-Za-z0-9_:][A-Za-z0-9_.:%-]{0,254}";
// Absolute and without "..": no step is "..", and none begins with it.
constexpr const char* kPath = "/(?:\\.?[A-Za-z0-9_@+=,:~%#-][A-Za-z0-9_@+=,:~%#. -]*/?)*";
constexpr const char* kUrl = "(?:[A-Za-z][A-Za-z0-9+.]*://[A-Za-z0-9_.:@\\[\\]-]+)?/[A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=%-]*";
constexpr const char* kName = "[A-Za-z0-9_.][A-Za-z0-9_.:@/+=,\\\\-]{0,255}";
// Bytes of a text without a better rule, and elements of a list.
constexpr int kTextLength = 1024, kItems = 64;

bool has(const std::string& words, const char* pattern) { return RE2::PartialMatch(words, pattern); }

// Words of the description that list the values: "(md5|sha)", "states ok, warn, crit".
std::vector<std::string> listed_values(const std::string& words) {
    std::string list;
    std::vector<std::string> values;
    if (!RE2::PartialMatch(words, "\\(([a-z0-9]+(?:\\|[a-z0-9]+)+)\\)", &list) &&
        !RE2::PartialMatch(words, "with states ((?:[a-z]+, )+[a-z]+)", &list))
        return values;
    re2::StringPiece rest(list);
    std::string value;
    while (RE2::FindAndConsume(&rest, "([a-z0-9]+)", &value)) {
        if (std::ranges::find(values, value) == values.end()) values.push_back(value);
    }
    return values;
}

json::Object pattern(std::string text) { return {{"pattern", std::move(text)}}; }
json::Object free_text() { return {{"type", "string"}, {"max_length", kTextLength}}; }

json::Object rule_for_value(const MacroUse& use, MacroClass& of) {
    const std::string& words = use.words;
    const std::string& name = use.name;
    const bool expression = has(words, "regex|regular expression|regexp|filter|expression|perl|search string|string to ");
    if (of == MacroClass::password || expression) return free_text();
    if (const auto values = listed_values(words); !values.empty()) {
        json::Array list(values.begin(), values.end());
        const std::string chosen = catalog::value_text(use.default_value);
        if (use.default_value.is_null() || std::ranges::find(values, chosen) != values.end()) return {{"enum", std::move(list)}};
    }
    if (has(name, "(?:^|[_-])port$") || has(words, "\\b(?:tcp|udp|http|snmp|ssh) port\\b|^\\S+ port number|\\bport number\\b")) {
        of = MacroClass::network;
        if (has(words, "port\\(s\\)|\\bports\\b")) return pattern("[0-9]{1,5}(?:,[0-9]{1,5})*");
        return {{"type", "integer"}, {"min", 1}, {"max", 65535}};
    }
    if (has(name, "(?:^|[_-])(?:url|uri)$") || has(words, "\\burl\\b|\\buri\\b")) {
        of = MacroClass::network;
        return pattern(kUrl);
    }
    if (has(name, "timeout")) return pattern(kTimeout);
    if (has(name, "warn|crit|[wc](?:free|used|time|load[0-9]*|rta|pl|greater|stratum|source)$|threshold|range|[_-][wc]$") ||
        has(words, "(?:warning|critical) thresholds?\\b|threshold range|number of days"))
        return pattern(kRange);
    if (has(name, "(?:^|[_-])(?:address|hostname|host|server|ip|ipaddress|gateway|vhost|fqdn|peer)[0-9]*$") ||
        has(words, "\\bhost ?name\\b|\\bip[- ]address|\\bfqdn\\b|address of the host|name or ip")) {
        of = MacroClass::network;
        if (has(words, "unix socket|absolute path")) return pattern(std::string(kHost) + "|" + kPath);
        return pattern(kHost);
    }
    if (has(name, "(?:path|file|dir|directory|socket|mountpoint|keytab|keyring|cert|certificate|privatekey)$") ||
        has(words, "\\bpath to\\b|\\bpath of\\b|\\bfile ?name\\b|name of (?:the |a )?file|\\bdirectory\\b|mount ?point"))
        return pattern(kPath);
    if (has(name, "(?:partition|partitions|device|drive|disk|mount|path)s?$")) return pattern(std::string(kPath) + "|" + kName);
    if (has(words, "\\b(?:number of|seconds|minutes|milliseconds|size of|count of|how many|maximum|minimum|days)\\b") ||
        has(name, "(?:interval|retries|count|packets|bytes|days|age|seconds|delay|number|size|length)$") || use.default_value.number())
        return pattern(kNumber);
    if (has(name,
            "(?:user|username|login|logname|name|database|dbname|db|unit|units|interface|mode|type|version|protocol|label|id|oid|jail|"
            "service|domain|realm|principal|instance|metric|attribute|state|level|repo|command|module|query|zone|action|sid|severity)$"))
        return pattern(kName);
    return free_text();
}

MacroClass class_of(const MacroUse& use) {
    if (has(use.words, "command(?: line)? to (?:be )?(?:run|execute)|execute (?:this|the|a) (?:shell )?command|remote command"))
        return MacroClass::command;
    // A file of settings often says what to execute; a root or search path decides what is found there.
    if (has(use.words,
            "executable|\\bbinary\\b|path to \\S*(?:cli|conf|command|program|tool|client)\\b|perl (?:code|module)|plugin's environment|"
            "substitution|\\bscripts?\\b|handler|as argument|command line arguments from|options file|installation root|"
            "(?:path to|name of|specify|alternative)[^.,]{0,32} conf(?:ig|iguration)? (?:file|directory)") ||
        has(use.name,
            "mymodules|extra[_-]?opts|(?:^|_)environment$|sudo|installroot|config(?:_?file|_?dir|_path)?$|conf_file$|defaultfile|"
            "exec_dir$|client_path$"))
        return MacroClass::code;
    if (has(use.words, "passw|passphrase|phrase|community|secret|token|credential|api[ _-]?key|basic authentication") ||
        has(use.name, "pass$|auth_pair|privpass|authpass|clientpass"))
        return MacroClass::password;
    return MacroClass::ordinary;
}

// Judged the way the catalog will judge it.
bool admits(const json::Object& rule, const json::Value& value) {
    const std::string text = catalog::value_text(value);
    if (const json::Value* expected = rule.find("pattern")) return RE2::FullMatch(text, *expected->string());
    if (const json::Value* values = rule.find("enum")) {
        return std::ranges::any_of(*values->array(), [&](const json::Value& one) { return catalog::value_text(one) == text; });
    }
    if (*rule.find("type")->string() == "integer")
        return RE2::FullMatch(text, "0|[1-9][0-9]{0,4}") && std::stoi(text) >= 1 && std::stoi(text) <= 65535;
    return !text.starts_with('-') && text.size() <= static_cast<std::size_t>(kTextLength);
}

bool admits_all(const json::Object& rule, const json::Value& value) {
    if (const json::Array* items = value.array())
        return std::ranges::all_of(*items, [&](const json::Value& item) { return admits(rule, item); });
    return admits(rule, value);
}

}  // namespace

InferredRule infer_rule(const MacroUse& use) {
    InferredRule made;
    if (use.only_condition) {
        made.rule = {{"enum", json::Array{true, false, 1, 0}}};
    } else {
        made.of = class_of(use);
        made.rule = rule_for_value(use, made.of);
    }
    const json::Value& chosen = use.default_value;
    if (made.of == MacroClass::code && chosen.string() && !chosen.string()->empty()) {
        // Nobody chooses where there is one value.
        made.of = MacroClass::ordinary;
        made.rule = {{"enum", json::Array{chosen}}, {"default", chosen}, {"review", true}};
        return made;
    }
    if (!chosen.is_null() && !admits_all(made.rule, chosen)) made.rule = free_text();
    const bool usable = !chosen.is_null() && admits_all(made.rule, chosen);
    made.default_dropped = !chosen.is_null() && !usable;
    // A macro within a longer text cannot be a list.
    if (use.alone && !use.only_condition && (use.many || chosen.array())) {
        made.rule = {{"type", "array"}, {"items", std::move(made.rule)}, {"max_items", kItems}};
    }
    if (usable) made.rule.set("default", chosen);
    made.rule.set("review", true);
    return made;
}

}  // namespace endpointd::ctl
