#pragma once
// One JSON object written as text straight away, for messages that are made by the
// thousand: byte for byte what to_text() makes of the same json::Object, without
// building that first. Keys come in byte order, as Icinga's do (protocol, 1.8), which is
// asserted. Belongs to whoever made it, one thread at a time.

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "json/value.hpp"

namespace endpointd::json {

class ObjectText {
public:
    // Objects and arrays in each other, the outermost counted.
    static constexpr std::size_t kDepth = 8;

    ObjectText();

    ObjectText& member(std::string_view key, std::string_view text);
    ObjectText& member(std::string_view key, const char* text) { return member(key, std::string_view(text)); }
    ObjectText& member(std::string_view key, double number);
    ObjectText& member(std::string_view key, std::nullptr_t);
    ObjectText& member(std::string_view key, const Object& object);
    // As such: a pointer is no boolean.
    template <std::same_as<bool> Boolean>
    ObjectText& member(std::string_view key, Boolean boolean) {
        begin_member(key);
        out_ += boolean ? "true" : "false";
        return *this;
    }
    // Null if there is none.
    template <class T>
    ObjectText& member(std::string_view key, const std::optional<T>& value) {
        return value ? member(key, *value) : member(key, nullptr);
    }

    // What follows is in there, until end().
    ObjectText& object(std::string_view key);
    ObjectText& array(std::string_view key);
    // In an array: a text, or an object until end().
    ObjectText& item(std::string_view text);
    ObjectText& item_object();
    ObjectText& end();

    // All is closed but the outermost, which this does.
    std::string take() &&;

private:
    struct Level {
        char close;
        bool empty = true;
        std::string_view last_key{};  // of the caller's
    };
    void begin_member(std::string_view key);
    void begin_item();
    void push(char open, char close);

    std::string out_;
    std::array<Level, kDepth> levels_{};
    std::size_t depth_ = 0;
};

}  // namespace endpointd::json
