#pragma once
// What an expression of the configuration language is worth (protocol, 10.2, 10.3).
// Arrays, dictionaries and objects are references, as upstream: two names can stand
// for the same one, and one may hold itself. They belong to the Heap of their
// evaluation and die with it, all at once and without recursion; a Value must not
// outlive it. One thread.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace endpointd::dsl {

class Budget;
struct Array;
struct Dictionary;
struct Function;
struct Instance;   // an object of the configuration that is being made; see instance.hpp
struct Namespace;  // globals, Types, Math, Json
struct Reference;  // &x
struct TypeValue;  // Host, String, ...

// A text that many values share.
using Text = std::shared_ptr<const std::string>;

// Seconds since 1970.
struct DateTime {
    double at = 0;
};

class Value {
public:
    using Data = std::variant<std::nullptr_t, bool, double, Text, DateTime, Array*, Dictionary*, Function*, Instance*, Namespace*,
                              const TypeValue*, Reference*>;

    Value() noexcept : data_(nullptr) {}
    Value(std::nullptr_t) noexcept : data_(nullptr) {}
    Value(bool value) noexcept : data_(value) {}
    Value(double value) noexcept : data_(value) {}
    Value(Text value) noexcept : data_(std::move(value)) {}
    Value(DateTime value) noexcept : data_(value) {}
    Value(Array* value) noexcept : data_(value) {}
    Value(Dictionary* value) noexcept : data_(value) {}
    Value(Function* value) noexcept : data_(value) {}
    Value(Instance* value) noexcept : data_(value) {}
    Value(Namespace* value) noexcept : data_(value) {}
    Value(const TypeValue* value) noexcept : data_(value) {}
    Value(Reference* value) noexcept : data_(value) {}
    template <class T>
    Value(T) = delete;  // no int for a number, no pointer for a bool

    bool is_null() const noexcept { return data_.index() == 0; }
    // Null, or an empty string: what upstream calls empty.
    bool is_empty() const noexcept;

    // Null unless it is of that type.
    const bool* boolean() const noexcept { return std::get_if<bool>(&data_); }
    const double* number() const noexcept { return std::get_if<double>(&data_); }
    const std::string* string() const noexcept;
    const Text* text() const noexcept { return std::get_if<Text>(&data_); }
    const DateTime* date_time() const noexcept { return std::get_if<DateTime>(&data_); }
    Array* array() const noexcept { return get<Array*>(); }
    Dictionary* dictionary() const noexcept { return get<Dictionary*>(); }
    Function* function() const noexcept { return get<Function*>(); }
    Instance* instance() const noexcept { return get<Instance*>(); }
    Namespace* name_space() const noexcept { return get<Namespace*>(); }
    const TypeValue* type() const noexcept { return get<const TypeValue*>(); }
    Reference* reference() const noexcept { return get<Reference*>(); }

    const Data& data() const noexcept { return data_; }

private:
    template <class T>
    T get() const noexcept {
        const T* const found = std::get_if<T>(&data_);
        return found ? *found : nullptr;
    }

    Data data_;
};

struct Array {
    std::vector<Value> items;
    bool frozen = false;
};

struct Dictionary {
    std::map<std::string, Value, std::less<>> items;
    bool frozen = false;

    const Value* find(std::string_view key) const noexcept;
};

// Names that exist for the whole evaluation. A constant is never written again.
struct Namespace {
    struct Entry {
        Value value;
        bool constant = false;
    };
    std::string_view name;  // "globals", "Math"
    std::map<std::string, Entry, std::less<>> items;
};

struct ConfigType;

// A type as a value: what `Host`, `String` and typeof() give. Compared by identity.
struct TypeValue {
    std::string_view name;
    const ConfigType* config = nullptr;  // null: String, Number, Array, ...: no objects are made of it
};

// Field of something, as `&a.b` keeps it.
struct Reference {
    Value parent;
    std::string field;
};

// "String", "Number", "Boolean", "Array", "Dictionary", "Function", "Host", "Empty", ...
std::string_view type_name(const Value& value) noexcept;

// Truth as `if` and `&&` see it: null, false, 0, "", [] and {} are false.
bool truth(const Value& value) noexcept;

// `==`: numbers and booleans by their number, null is "" as well, arrays element by
// element (at most kCompareDepth deep, deeper is different), DateTimes by their
// time, everything else by identity; different types differ.
// What it goes through is charged: shared arrays compare as many times as they are met.
bool equal(const Value& left, const Value& right, Budget& budget);
inline constexpr unsigned kCompareDepth = 32;

// The number that a text is as a whole ("5", "-0.5", "1e3"); none: it is not one.
std::optional<double> number_from(std::string_view text) noexcept;

// A number as upstream writes it into a text: "3", "2.250000".
std::string number_text(double number);

}  // namespace endpointd::dsl
