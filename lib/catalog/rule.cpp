#include "catalog/rule.hpp"

#include <algorithm>
#include <initializer_list>

#include "catalog/macro.hpp"

namespace endpointd::catalog {

namespace {

// The members that bound a rule. One that does not go with its kind is a mistake:
// it would silently not be enforced.
constexpr std::string_view kBounds[] = {"min", "max", "max_length", "items", "max_items"};

class RuleReader {
public:
    RuleReader(const json::Document& document, std::string_view name, Patterns& patterns, Findings& findings)
        : document_(document), name_(name), patterns_(patterns), findings_(findings) {}

    Parameter parameter(const std::string& pointer, const json::Object& written) {
        Parameter result;
        if (const json::Value* text = written.find("description"); text && text->string()) result.description = *text->string();
        if (const json::Value* review = written.find("review"); review && review->boolean()) result.review = *review->boolean();
        const json::Value* type = written.find("type");
        if (type && type->string() && *type->string() == "command-ref") {
            result.command_ref = true;
            result.rule = command_ref(pointer, written);
        } else if (type && type->string() && *type->string() == "array") {
            result.array = true;
            if (one_kind(pointer, written)) allow_only(pointer, written, {"items", "max_items"}, "type \"array\"");
            if (const json::Value* most = written.find("max_items"); most && most->number()) {
                result.max_items = static_cast<std::size_t>(*most->number());
            }
            const json::Value* items = written.find("items");
            if (items && items->object()) {
                result.rule = rule(json::pointer_to(pointer, "items"), *items->object());
            } else {
                result.rule.type = Type::string;
            }
        } else {
            result.rule = rule(pointer, written);
        }
        if (const json::Value* value = written.find("default"); value && !failed_) set_default(pointer, *value, result);
        if (failed_) {
            // Tuples are judged by it all the same, and one mistake is named once.
            result.rule = {};
            result.rule.type = Type::string;
        }
        return result;
    }

private:
    void error(const std::string& pointer, std::string message, bool at_key = false) {
        findings_.errors.push_back(document_.at(pointer, std::move(message), at_key));
        failed_ = true;
    }

    std::string the_parameter() const { return "parameter '" + std::string(name_) + "'"; }

    // The names may be listed beside the type; which commands may run inside is not known before all are read.
    Rule command_ref(const std::string& pointer, const json::Object& written) {
        Rule result;
        if (written.find("pattern")) error(pointer, the_parameter() + " names a command: limit it with an \"enum\" of names", true);
        allow_only(pointer, written, {}, "type \"command-ref\"");
        const json::Value* names = written.find("enum");
        if (!names || !names->array()) {
            result.type = Type::string;
            return result;
        }
        read_values(pointer, *names->array(), result);
        return result;
    }

    void read_values(const std::string& pointer, const json::Array& values, Rule& result) {
        if (values.empty() || values.size() > kEnumValues) {
            error(json::pointer_to(pointer, "enum"), "an \"enum\" has from 1 to " + std::to_string(kEnumValues) + " values");
        }
        for (const json::Value& value : values) result.values.push_back(value_text(value));
    }

    bool one_kind(const std::string& pointer, const json::Object& written) {
        const int kinds = (written.find("pattern") ? 1 : 0) + (written.find("enum") ? 1 : 0) + (written.find("type") ? 1 : 0);
        if (kinds == 1) return true;
        error(pointer,
              kinds == 0 ? the_parameter() + " has no rule; give it a \"pattern\", an \"enum\" or a \"type\""
                         : the_parameter() + " has more than one rule; keep one of \"pattern\", \"enum\" and \"type\"",
              true);
        return false;
    }

    void allow_only(const std::string& pointer, const json::Object& written, std::initializer_list<std::string_view> allowed,
                    std::string_view kind) {
        for (const std::string_view bound : kBounds) {
            if (written.find(bound) && std::find(allowed.begin(), allowed.end(), bound) == allowed.end()) {
                error(json::pointer_to(pointer, bound), '"' + std::string(bound) + "\" does not go with " + std::string(kind), true);
            }
        }
    }

    Rule rule(const std::string& pointer, const json::Object& written) {
        Rule result;
        if (!one_kind(pointer, written)) return result;
        if (const json::Value* most = written.find("max_length"); most && most->number()) {
            result.max_length = static_cast<std::size_t>(*most->number());
        }
        if (const json::Value* pattern = written.find("pattern"); pattern && pattern->string()) {
            allow_only(pointer, written, {"max_length"}, "\"pattern\"");
            set_pattern(json::pointer_to(pointer, "pattern"), *pattern->string(), result);
        } else if (const json::Value* values = written.find("enum"); values && values->array()) {
            allow_only(pointer, written, {}, "\"enum\"");
            read_values(pointer, *values->array(), result);
        } else if (const json::Value* type = written.find("type"); type && type->string()) {
            typed(pointer, written, *type->string(), result);
        }
        return result;
    }

    void set_pattern(const std::string& pointer, const std::string& text, Rule& result) {
        if (const auto known = patterns_.find(text); known != patterns_.end()) {
            result.pattern = known->second;
            return;
        }
        const Result<Pattern> compiled = Pattern::compile(text);
        if (compiled) {
            result.pattern = patterns_.emplace(text, *compiled).first->second;
        } else {
            error(pointer, "the pattern of " + the_parameter() + " cannot be used: " + compiled.error().text);
        }
    }

    void typed(const std::string& pointer, const json::Object& written, const std::string& type, Rule& result) {
        const std::string kind = "type \"" + type + "\"";
        if (type == "string") {
            result.type = Type::string;
            allow_only(pointer, written, {"max_length"}, kind);
        } else if (type == "integer" || type == "number") {
            result.type = type == "integer" ? Type::integer : Type::number;
            allow_only(pointer, written, {"min", "max"}, kind);
            if (const json::Value* least = written.find("min"); least && least->number()) result.min = *least->number();
            if (const json::Value* most = written.find("max"); most && most->number()) result.max = *most->number();
            if (result.min && result.max && *result.min > *result.max) {
                error(json::pointer_to(pointer, "min"), "\"min\" of " + the_parameter() + " is above its \"max\"");
            }
        } else if (type == "boolean") {
            result.type = Type::boolean;
            allow_only(pointer, written, {}, kind);
        } else {
            error(json::pointer_to(pointer, "type"), "an element of an array cannot be of " + kind);
        }
    }

    void set_default(const std::string& pointer, const json::Value& value, Parameter& result) {
        Judged judged = judge(result, value);
        if (judged) {
            result.default_value = *std::move(judged);
        } else {
            error(json::pointer_to(pointer, "default"),
                  "the default of " + the_parameter() + " breaks its own rule: " + judged.error().rule);
        }
    }

    const json::Document& document_;
    std::string_view name_;
    Patterns& patterns_;
    Findings& findings_;
    bool failed_ = false;
};

}  // namespace

Parameter read_parameter(const json::Document& document, const std::string& pointer, std::string_view name, const json::Object& written,
                         Patterns& patterns, Findings& findings) {
    return RuleReader(document, name, patterns, findings).parameter(pointer, written);
}

}  // namespace endpointd::catalog
