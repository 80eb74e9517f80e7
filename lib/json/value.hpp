#pragma once
// A JSON value as a plain C++ value. Numbers are doubles and objects are sorted
// by key, as Icinga's are (protocol, 1.8); no key is there twice. Whoever holds
// it owns all of it; it is copied deeply and may be read from any thread.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace endpointd::json {

class Value;
using Array = std::vector<Value>;

class Object {
public:
    using Member = std::pair<std::string, Value>;

    Object() = default;
    Object(std::initializer_list<Member> members);  // later ones replace earlier ones of the same key

    const Value* find(std::string_view key) const noexcept;  // valid until the object changes; null: not there
    Value* find(std::string_view key) noexcept;
    void set(std::string key, Value value);
    bool erase(std::string_view key);

    // Takes members in any order. False (and empty) if a key is there twice.
    static std::optional<Object> from_members(std::vector<Member> members);

    std::size_t size() const noexcept;
    bool empty() const noexcept;
    std::vector<Member>::const_iterator begin() const noexcept;
    std::vector<Member>::const_iterator end() const noexcept;

    bool operator==(const Object&) const;

private:
    std::vector<Member> members_;  // sorted by key
};

class Value {
public:
    Value() noexcept : data_(nullptr) {}
    Value(std::nullptr_t) noexcept : data_(nullptr) {}
    Value(bool value) noexcept : data_(value) {}
    Value(double value) noexcept : data_(value) {}
    Value(int value) noexcept : data_(static_cast<double>(value)) {}
    Value(long value) noexcept : data_(static_cast<double>(value)) {}
    Value(long long value) noexcept : data_(static_cast<double>(value)) {}
    Value(unsigned value) noexcept : data_(static_cast<double>(value)) {}
    Value(unsigned long value) noexcept : data_(static_cast<double>(value)) {}
    Value(unsigned long long value) noexcept : data_(static_cast<double>(value)) {}
    Value(const char* value) : data_(std::string(value)) {}
    Value(std::string_view value) : data_(std::string(value)) {}
    Value(std::string value) noexcept : data_(std::move(value)) {}
    Value(Array value) noexcept : data_(std::move(value)) {}
    Value(Object value) noexcept : data_(std::move(value)) {}
    template <class T>
    Value(const std::optional<T>& value) : data_(nullptr) {
        if (value) *this = Value(*value);
    }

    bool is_null() const noexcept { return std::holds_alternative<std::nullptr_t>(data_); }
    // Null unless it is of that type: the way to read what somebody else wrote.
    const bool* boolean() const noexcept { return std::get_if<bool>(&data_); }
    const double* number() const noexcept { return std::get_if<double>(&data_); }
    const std::string* string() const noexcept { return std::get_if<std::string>(&data_); }
    const Array* array() const noexcept { return std::get_if<Array>(&data_); }
    const Object* object() const noexcept { return std::get_if<Object>(&data_); }
    Array* array() noexcept { return std::get_if<Array>(&data_); }
    Object* object() noexcept { return std::get_if<Object>(&data_); }

    // "null", "boolean", "number", "string", "array" or "object".
    std::string_view type_name() const noexcept;

    bool operator==(const Value&) const = default;

private:
    std::variant<std::nullptr_t, bool, double, std::string, Array, Object> data_;
};

// Text without white space; non-ASCII escaped as \uXXXX, invalid UTF-8 repaired,
// integral numbers without a fraction, keys in byte order: byte for byte what
// Icinga would write (protocol, 1.8). NaN and infinity become null.
std::string to_text(const Value& value);

// The same indented by two spaces and with UTF-8 as it is, for people.
std::string to_pretty_text(const Value& value);

}  // namespace endpointd::json
