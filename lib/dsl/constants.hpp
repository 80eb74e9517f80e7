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

struct ZonesValue {
    std::variant<std::nullptr_t, bool, double, std::string, std::vector<ZonesValue>> data = nullptr;

    ZonesValue() = default;
    explicit ZonesValue(bool value) : data(value) {}
    explicit ZonesValue(double value) : data(value) {}
    explicit ZonesValue(std::string value) : data(std::move(value)) {}

    const std::string* string() const noexcept { return std::get_if<std::string>(&data); }
    const double* number() const noexcept { return std::get_if<double>(&data); }
    const bool* boolean() const noexcept { return std::get_if<bool>(&data); }
    const std::vector<ZonesValue>* array() const noexcept { return std::get_if<std::vector<ZonesValue>>(&data); }
    bool is_null() const noexcept { return data.index() == 0; }
    bool operator==(const ZonesValue&) const = default;
};

std::string_view type_name(const ZonesValue& value) noexcept;

class Constants {
public:
    // False if all constants together would grow too large. No name twice.
    [[nodiscard]] bool add(std::string name, ZonesValue value);
    const ZonesValue* find(std::string_view name) const noexcept;

    // None after an error, which was reported.
    std::optional<ZonesValue> evaluate(const ZonesExpression& expression, const Source& source, Findings& findings) const;

private:
    std::map<std::string, ZonesValue, std::less<>> values_;
    std::size_t size_ = 0;
};

}  // namespace endpointd::dsl
