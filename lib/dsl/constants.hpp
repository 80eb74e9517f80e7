#pragma once
// Constants and the values of expressions, as far as zones.d needs them: no
// functions, no scopes, nothing of the host. Belongs to one load.

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dsl/zones_ast.hpp"

namespace endpointd::dsl {

// Bytes and elements of one value, and of all constants of a load together: each
// constant may double another one, and the longest sane list of endpoints is far below.
inline constexpr std::size_t kValueSize = 64 * 1024;
inline constexpr std::size_t kConstantsSize = 1024 * 1024;

struct Value {
    std::variant<std::nullptr_t, bool, double, std::string, std::vector<Value>> data = nullptr;

    Value() = default;
    explicit Value(bool value) : data(value) {}
    explicit Value(double value) : data(value) {}
    explicit Value(std::string value) : data(std::move(value)) {}

    const std::string* string() const noexcept { return std::get_if<std::string>(&data); }
    const double* number() const noexcept { return std::get_if<double>(&data); }
    const bool* boolean() const noexcept { return std::get_if<bool>(&data); }
    const std::vector<Value>* array() const noexcept { return std::get_if<std::vector<Value>>(&data); }
    bool is_null() const noexcept { return data.index() == 0; }
    bool operator==(const Value&) const = default;
};

std::string_view type_name(const Value& value) noexcept;

class Constants {
public:
    // False if all constants together would grow too large. No name twice.
    [[nodiscard]] bool add(std::string name, Value value);
    const Value* find(std::string_view name) const noexcept;

    // None after an error, which was reported.
    std::optional<Value> evaluate(const ZonesExpression& expression, const Source& source, Findings& findings) const;

private:
    std::map<std::string, Value, std::less<>> values_;
    std::size_t size_ = 0;
};

}  // namespace endpointd::dsl
