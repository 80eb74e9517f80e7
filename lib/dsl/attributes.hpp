#pragma once
// The attributes of one object by name. Values are immutable and may be shared: among
// the objects that a template or a rule made alike, among copies of an object, and
// among threads. Names are those of the table of types (config_type.hpp), which are
// not copied. Whoever holds it may change it; values it shares stay as they are.

#include <initializer_list>
#include <iterator>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace endpointd::dsl {

struct Field;

class Attributes {
public:
    using Shared = std::shared_ptr<const json::Value>;  // never null
    struct Member {
        std::string_view name;  // of the table, so it lives as long as the program
        Shared value;
    };

    Attributes() = default;
    // Every name must be that of an attribute of some type.
    Attributes(const json::Object& from);
    // Takes them; sorted by name, none twice.
    explicit Attributes(std::span<Member> members)
        : members_(std::make_move_iterator(members.begin()), std::make_move_iterator(members.end())) {}
    Attributes(std::initializer_list<json::Object::Member> members) : Attributes(json::Object(members)) {}

    const json::Value* find(std::string_view name) const noexcept;  // valid until this attribute changes; null: not set
    void set(const Field& field, Shared value);
    void set(std::string_view name, json::Value value);  // the name as above
    bool erase(std::string_view name);

    std::size_t size() const noexcept { return members_.size(); }
    std::vector<Member>::const_iterator begin() const noexcept { return members_.begin(); }
    std::vector<Member>::const_iterator end() const noexcept { return members_.end(); }

    void reserve(std::size_t count) { members_.reserve(count); }

private:
    std::vector<Member>::iterator place_of(std::string_view name) noexcept;

    std::vector<Member> members_;  // sorted by name
};

}  // namespace endpointd::dsl
