#pragma once
// Checks a configuration file's shape against a JSON Schema and says in words
// what was expected and where, all errors at once. The schemas are compiled into
// the binary from schema/ and use these keywords of draft 4: type, properties,
// additionalProperties, required, enum, items, anyOf, oneOf, allOf, minimum and
// maximum with their exclusive forms, minLength, maxLength, pattern, minItems,
// maxItems, minProperties, definitions, $ref to "#/definitions/...", and the
// annotations $schema, id, title, description, default. Pure; any thread.

#include <memory>
#include <string_view>

#include "json/document.hpp"

namespace endpointd::json {

class Schema {
public:
    // `text` is one of our own embedded schemas: a broken one, or one with another keyword, is our bug and asserts.
    explicit Schema(std::string_view text);
    ~Schema();
    Schema(Schema&&) noexcept;
    Schema& operator=(Schema&&) noexcept;

    // True if `document` fits; otherwise at least one error was appended, in the order of the file.
    bool check(const Document& document, Findings& findings) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace endpointd::json
