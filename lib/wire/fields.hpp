#pragma once
// Reads the members of a peer's object with their types. The first thing that is
// wrong is kept in words, and what is read after that are defaults: a decoder
// reads all it wants and asks once. For lib/wire; borrows the object.

#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.hpp"
#include "json/value.hpp"

namespace endpointd::wire {

// The first error of a message, shared by all Fields of it.
class Complaint {
public:
    void add(const std::string& where, std::string_view what) {
        if (text_.empty()) text_ = where + ": " + std::string(what);
    }
    void wrong_type(const std::string& where, std::string_view expected, const json::Value& got) {
        add(where, "expected " + std::string(expected) + ", got " + std::string(got.type_name()));
    }
    bool empty() const noexcept { return text_.empty(); }
    const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};

class Fields {
public:
    // `object` and `complaint` must outlive this; `where` is the object's own place: "params".
    Fields(const json::Object& object, std::string where, Complaint& complaint)
        : object_(object), where_(std::move(where)), complaint_(complaint) {}

    std::string place(std::string_view key) const { return where_ + "." + escaped(key, 64); }
    Complaint& complaint() const noexcept { return complaint_; }

    // Null and absent are the same to upstream, except where presence means something.
    const json::Value* find(std::string_view key) const noexcept {
        const json::Value* value = object_.find(key);
        return value && !value->is_null() ? value : nullptr;
    }

    std::string text(std::string_view key) const { return required<std::string>(key, maybe_text(key)); }
    double number(std::string_view key) const { return required<double>(key, maybe_number(key)); }
    bool flag(std::string_view key) const { return required<bool>(key, maybe_flag(key)); }
    int integer(std::string_view key, int low, int high) const { return required<int>(key, maybe_integer(key, low, high)); }

    std::optional<std::string> maybe_text(std::string_view key) const { return maybe<std::string>(key, "string", &json::Value::string); }
    std::optional<double> maybe_number(std::string_view key) const { return maybe<double>(key, "number", &json::Value::number); }
    std::optional<bool> maybe_flag(std::string_view key) const { return maybe<bool>(key, "boolean", &json::Value::boolean); }
    std::optional<int> maybe_integer(std::string_view key, int low, int high) const {
        const auto number = maybe_number(key);
        if (!number) return std::nullopt;
        // The range first: a conversion of anything else would be undefined.
        if (*number >= low && *number <= high && static_cast<double>(static_cast<int>(*number)) == *number)
            return static_cast<int>(*number);
        complaint_.add(place(key), "expected an integer from " + std::to_string(low) + " to " + std::to_string(high) + ", got " +
                                       json::to_text(*number));
        return std::nullopt;
    }

    // Present means a text, null too little: where the presence of the key decides (protocol, 5.2).
    std::optional<std::string> present_text(std::string_view key) const {
        const json::Value* value = object_.find(key);
        if (value && value->is_null()) complaint_.wrong_type(place(key), "string", *value);
        return maybe_text(key);
    }

    // Null: absent, or of another type (then complained about).
    const json::Object* maybe_object(std::string_view key) const { return pointer(key, "object", &json::Value::object); }
    const json::Array* maybe_array(std::string_view key) const { return pointer(key, "array", &json::Value::array); }
    const json::Object* object(std::string_view key) const {
        const json::Object* value = maybe_object(key);
        if (!value) complaint_.add(place(key), "missing");
        return value;
    }

private:
    template <class T>
    using Getter = const T* (json::Value::*)() const noexcept;

    template <class T>
    const T* pointer(std::string_view key, std::string_view expected, Getter<T> getter) const {
        const json::Value* value = find(key);
        if (!value) return nullptr;
        const T* typed = (value->*getter)();
        if (!typed) complaint_.wrong_type(place(key), expected, *value);
        return typed;
    }
    template <class T>
    std::optional<T> maybe(std::string_view key, std::string_view expected, Getter<T> getter) const {
        const T* value = pointer<T>(key, expected, getter);
        if (!value) return std::nullopt;
        return *value;
    }
    template <class T>
    T required(std::string_view key, std::optional<T> value) const {
        if (value) return std::move(*value);
        complaint_.add(place(key), "missing");  // says nothing where the type was wrong: that came first
        return T{};
    }

    const json::Object& object_;
    std::string where_;
    Complaint& complaint_;
};

}  // namespace endpointd::wire
