// A schema as it was written, walked beside the document. Recursion is bounded by
// the document's depth and, between two of its levels, by our own schemas.

#include "json/schema.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "json/schema_words.hpp"

namespace endpointd::json {

namespace {

constexpr std::array<std::string_view, 26> kKeywords{"$schema",
                                                     "id",
                                                     "title",
                                                     "description",
                                                     "default",
                                                     "definitions",
                                                     "$ref",
                                                     "type",
                                                     "properties",
                                                     "additionalProperties",
                                                     "required",
                                                     "enum",
                                                     "items",
                                                     "anyOf",
                                                     "oneOf",
                                                     "allOf",
                                                     "minimum",
                                                     "maximum",
                                                     "exclusiveMinimum",
                                                     "exclusiveMaximum",
                                                     "minLength",
                                                     "maxLength",
                                                     "pattern",
                                                     "minItems",
                                                     "maxItems",
                                                     "minProperties"};

const Object& object_of(const Value& schema) {
    EP_ASSERT(schema.object() != nullptr);
    return *schema.object();
}

const double* number_at(const Object& schema, std::string_view keyword) {
    const Value* value = schema.find(keyword);
    return value ? value->number() : nullptr;
}

bool flag_at(const Object& schema, std::string_view keyword) {
    const Value* value = schema.find(keyword);
    return value && value->boolean() && *value->boolean();
}

// The types that `schema` names; empty: it names none.
std::vector<std::string> types_of(const Object& schema) {
    std::vector<std::string> types;
    if (const Value* type = schema.find("type")) {
        if (const std::string* name = type->string()) types.push_back(*name);
        else
            for (const Value& item : *type->array()) types.push_back(*item.string());
    }
    return types;
}

bool is_of_type(const Value& value, std::string_view type) {
    if (type == "integer") return value.number() && std::trunc(*value.number()) == *value.number();
    return value.type_name() == type;
}

bool fits_types(const Value& value, const std::vector<std::string>& types) {
    return types.empty() || std::any_of(types.begin(), types.end(), [&](const std::string& type) { return is_of_type(value, type); });
}

}  // namespace

struct Schema::Impl {
    Value root;
    std::map<std::string, std::unique_ptr<re2::RE2>, std::less<>> patterns;

    void prepare(const Value& schema);
    const Object& resolved(const Value& schema) const;
    void check(const Object& schema, const Value& value, const std::string& pointer, const Document& document,
               std::vector<Finding>& out) const;
    void check_object(const Object& schema, const Object& object, const std::string& pointer, const Document& document,
                      std::vector<Finding>& out) const;
    void check_array(const Object& schema, const Array& items, const std::string& pointer, const Document& document,
                     std::vector<Finding>& out) const;
    std::vector<std::string> broken_bounds(const Object& schema, const Value& value) const;
    void check_choice(const Array& branches, bool only_one, const Value& value, const std::string& pointer, const Document& document,
                      std::vector<Finding>& out) const;
    std::vector<std::string> names_of(const Object& schema) const;
};

// Every sub-schema once, so that a slip in one of ours shows at the start and not with the file that meets it.
void Schema::Impl::prepare(const Value& schema) {
    const Object& object = object_of(schema);
    for (const auto& [keyword, value] : object) {
        EP_ASSERT(std::find(kKeywords.begin(), kKeywords.end(), keyword) != kKeywords.end());
        if (keyword == "properties" || keyword == "definitions") {
            for (const auto& member : object_of(value)) prepare(member.second);
        } else if (keyword == "items" || (keyword == "additionalProperties" && !value.boolean())) {
            prepare(value);
        } else if (keyword == "anyOf" || keyword == "oneOf" || keyword == "allOf") {
            EP_ASSERT(value.array() != nullptr && !value.array()->empty());
            for (const Value& branch : *value.array()) prepare(branch);
        } else if (keyword == "pattern") {
            auto& pattern = patterns[*value.string()];
            if (!pattern) pattern = std::make_unique<re2::RE2>(*value.string(), re2::RE2::Quiet);
            EP_ASSERT(pattern->ok());
        } else if (keyword == "$ref") {
            resolved(schema);
        }
    }
}

const Object& Schema::Impl::resolved(const Value& schema) const {
    static constexpr std::string_view kPrefix = "#/definitions/";
    const Object* object = &object_of(schema);
    for (int hops = 0; const Value* reference = object->find("$ref"); ++hops) {
        EP_ASSERT(hops < 8 && reference->string() && reference->string()->starts_with(kPrefix));
        const Value* definitions = object_of(root).find("definitions");
        EP_ASSERT(definitions != nullptr);
        const Value* target = object_of(*definitions).find(std::string_view(*reference->string()).substr(kPrefix.size()));
        EP_ASSERT(target != nullptr);
        object = &object_of(*target);
    }
    return *object;
}

// What a schema admits, in words, for "expected A or B, got C".
std::vector<std::string> Schema::Impl::names_of(const Object& schema) const {
    std::vector<std::string> names;
    if (const Value* values = schema.find("enum")) {
        for (const Value& value : *values->array()) names.push_back(to_text(value));
        return names;
    }
    names = types_of(schema);
    for (const std::string_view choice : {"anyOf", "oneOf"}) {
        const Value* branches = names.empty() ? schema.find(choice) : nullptr;
        if (!branches) continue;
        for (const Value& branch : *branches->array())
            for (std::string& name : names_of(resolved(branch)))
                if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }
    return names;
}

void Schema::Impl::check(const Object& schema, const Value& value, const std::string& pointer, const Document& document,
                         std::vector<Finding>& out) const {
    const auto types = types_of(schema);
    if (!fits_types(value, types)) {
        out.push_back(document.at(pointer, "expected " + alternatives(types) + ", got " + std::string(value.type_name())));
        return;  // what else is wrong with it follows from this
    }
    if (const Value* values = schema.find("enum")) {
        const Array& known = *values->array();
        if (std::find(known.begin(), known.end(), value) == known.end()) {
            out.push_back(document.at(pointer, expected_one_of(known)));
            return;
        }
    }
    for (std::string& message : broken_bounds(schema, value)) out.push_back(document.at(pointer, std::move(message)));
    if (value.object()) check_object(schema, *value.object(), pointer, document, out);
    if (value.array()) check_array(schema, *value.array(), pointer, document, out);
    if (const Value* all = schema.find("allOf"))
        for (const Value& part : *all->array()) check(resolved(part), value, pointer, document, out);
    if (const Value* any = schema.find("anyOf")) check_choice(*any->array(), false, value, pointer, document, out);
    if (const Value* one = schema.find("oneOf")) check_choice(*one->array(), true, value, pointer, document, out);
}

std::vector<std::string> Schema::Impl::broken_bounds(const Object& schema, const Value& value) const {
    std::vector<std::string> broken;
    if (const double* number = value.number()) {
        const double* minimum = number_at(schema, "minimum");
        const double* maximum = number_at(schema, "maximum");
        if (minimum && flag_at(schema, "exclusiveMinimum")) {
            if (*number <= *minimum) broken.push_back("expected more than " + to_text(*minimum) + ", got " + to_text(*number));
        } else if (minimum && *number < *minimum) {
            broken.push_back("expected " + at_least(*minimum, "") + ", got " + to_text(*number));
        }
        if (maximum && flag_at(schema, "exclusiveMaximum")) {
            if (*number >= *maximum) broken.push_back("expected less than " + to_text(*maximum) + ", got " + to_text(*number));
        } else if (maximum && *number > *maximum) {
            broken.push_back("expected " + at_most(*maximum, "") + ", got " + to_text(*number));
        }
    }
    if (const std::string* text = value.string()) {
        const auto length = static_cast<double>(character_count(*text));
        const double* shortest = number_at(schema, "minLength");
        const double* longest = number_at(schema, "maxLength");
        if (shortest && length < *shortest)
            broken.push_back(length == 0 ? "must not be empty" : "expected " + at_least(*shortest, "character"));
        if (longest && length > *longest) broken.push_back("expected " + at_most(*longest, "character") + ", got " + to_text(length));
        if (const Value* pattern = schema.find("pattern");
            pattern && !re2::RE2::PartialMatch(*text, *patterns.find(*pattern->string())->second))
            broken.push_back("\"" + escaped(*text, 64) + "\" does not match " + *pattern->string());
    }
    return broken;
}

void Schema::Impl::check_object(const Object& schema, const Object& object, const std::string& pointer, const Document& document,
                                std::vector<Finding>& out) const {
    const Value* listed = schema.find("properties");
    const Object* properties = listed ? listed->object() : nullptr;
    const Value* additional = schema.find("additionalProperties");
    if (const Value* required = schema.find("required"))
        for (const Value& key : *required->array())
            if (!object.find(*key.string())) out.push_back(document.at(pointer, "missing key \"" + *key.string() + "\""));
    if (const double* fewest = number_at(schema, "minProperties"); fewest && static_cast<double>(object.size()) < *fewest)
        out.push_back(document.at(pointer, object.empty() ? "must not be empty" : "expected " + at_least(*fewest, "member")));
    for (const auto& [key, member] : object) {
        const std::string below = pointer_to(pointer, key);
        if (const Value* property = properties ? properties->find(key) : nullptr) {
            check(resolved(*property), member, below, document, out);
        } else if (additional && additional->object()) {
            check(resolved(*additional), member, below, document, out);
        } else if (additional && additional->boolean() && !*additional->boolean()) {
            std::vector<std::string> known;
            if (properties)
                for (const auto& property_name : *properties) known.push_back(property_name.first);
            out.push_back(document.at(below, unknown_key(key, known), true));
        }
    }
}

void Schema::Impl::check_array(const Object& schema, const Array& items, const std::string& pointer, const Document& document,
                               std::vector<Finding>& out) const {
    const auto count = static_cast<double>(items.size());
    const double* fewest = number_at(schema, "minItems");
    const double* most = number_at(schema, "maxItems");
    if (fewest && count < *fewest)
        out.push_back(document.at(pointer, items.empty() ? "must not be empty" : "expected " + at_least(*fewest, "element")));
    if (most && count > *most) out.push_back(document.at(pointer, "expected " + at_most(*most, "element") + ", got " + to_text(count)));
    if (const Value* item = schema.find("items"))
        for (std::size_t i = 0; i < items.size(); ++i) check(resolved(*item), items[i], pointer_to(pointer, i), document, out);
}

// Of several forms the one that was probably meant is the one whose type is right,
// and of those the one with the fewest errors: its errors are told.
void Schema::Impl::check_choice(const Array& branches, bool only_one, const Value& value, const std::string& pointer,
                                const Document& document, std::vector<Finding>& out) const {
    std::vector<Finding> best;
    bool meant = false;
    std::size_t fitting = 0;
    std::vector<std::string> expected;
    for (const Value& branch : branches) {
        const Object& schema = resolved(branch);
        std::vector<Finding> errors;
        check(schema, value, pointer, document, errors);
        if (errors.empty()) ++fitting;
        const auto types = types_of(schema);
        const bool right_type = types.empty() ? !schema.find("enum") : fits_types(value, types);
        if (right_type && (!meant || errors.size() < best.size())) {
            best = std::move(errors);
            meant = true;
        }
        for (std::string& name : names_of(schema))
            if (std::find(expected.begin(), expected.end(), name) == expected.end()) expected.push_back(std::move(name));
    }
    if (fitting == 1 || (fitting > 1 && !only_one)) return;
    if (fitting > 1) {
        out.push_back(document.at(pointer, "fits more than one of the forms that exclude each other"));
    } else if (meant) {
        std::move(best.begin(), best.end(), std::back_inserter(out));
    } else {
        out.push_back(
            document.at(pointer, "expected " + alternatives(expected) + ", got " +
                                     (value.object() || value.array() ? std::string(value.type_name()) : escaped(to_text(value), 64))));
    }
}

Schema::Schema(std::string_view text) : impl_(std::make_unique<Impl>()) {
    auto parsed = parse(text);
    EP_ASSERT(parsed.has_value());
    impl_->root = std::move(parsed.value());
    impl_->prepare(impl_->root);
}

Schema::~Schema() = default;
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;

bool Schema::check(const Document& document, Findings& findings) const {
    std::vector<Finding> errors;
    impl_->check(impl_->resolved(impl_->root), document.root, "", document, errors);
    std::stable_sort(errors.begin(), errors.end(),
                     [](const Finding& a, const Finding& b) { return a.line != b.line ? a.line < b.line : a.column < b.column; });
    const bool fits = errors.empty();
    std::move(errors.begin(), errors.end(), std::back_inserter(findings.errors));
    return fits;
}

}  // namespace endpointd::json
