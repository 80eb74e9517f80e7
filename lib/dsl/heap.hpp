#pragma once
// Owns every array, dictionary, function, object and namespace of one evaluation,
// and charges the budget for them and for every text. Nothing is freed before the
// heap is: the budget bounds it. One thread.

#include <deque>
#include <string>

#include "dsl/budget.hpp"
#include "dsl/function.hpp"
#include "dsl/instance.hpp"
#include "dsl/value.hpp"

namespace endpointd::dsl {

class Heap {
public:
    explicit Heap(Budget& budget) : budget_(budget) {}
    Heap(const Heap&) = delete;
    Heap& operator=(const Heap&) = delete;

    Budget& budget() noexcept { return budget_; }

    Value text(std::string text) {
        budget_.take(sizeof(std::string) + 32 + text.size());
        budget_.step(text.size() / kBytesOfStep);
        return Value(std::make_shared<const std::string>(std::move(text)));
    }
    Array* array(std::vector<Value> items = {}) {
        budget_.take(sizeof(Array) + items.size() * sizeof(Value));
        budget_.step(items.size());
        return &arrays_.emplace_back(Array{std::move(items)});
    }
    Dictionary* dictionary() {
        budget_.take(sizeof(Dictionary));
        return &dictionaries_.emplace_back();
    }
    Function* function(Function made) {
        budget_.take(sizeof(Function));
        return &functions_.emplace_back(std::move(made));
    }
    Instance* instance(const ConfigType& type) {
        budget_.take(sizeof(Instance));
        return &instances_.emplace_back(type);
    }
    Namespace* name_space(std::string_view name) {
        budget_.take(sizeof(Namespace));
        return &namespaces_.emplace_back(Namespace{name, {}});
    }
    Reference* reference(Value parent, std::string field) {
        budget_.take(sizeof(Reference) + field.size());
        return &references_.emplace_back(Reference{std::move(parent), std::move(field)});
    }

    // Growing what is there costs as well. They do not look at `frozen`.
    void append(Array& array, Value value) {
        budget_.take(sizeof(Value));
        array.items.push_back(std::move(value));
    }
    void set(Dictionary& dictionary, std::string key, Value value) {
        const auto place = dictionary.items.lower_bound(key);
        if (place != dictionary.items.end() && place->first == key) {
            place->second = std::move(value);
            return;
        }
        budget_.take(kDictionaryEntry + key.size());
        dictionary.items.emplace_hint(place, std::move(key), std::move(value));
    }

    void set(Instance& object, std::uint16_t field, Value value) {
        if (!object.find(field)) budget_.take(sizeof(decltype(object.fields)::value_type));
        object.set(field, std::move(value));
    }
    void wrote(Instance& object, Instance::Written place) {
        if (!object.written_at(place.field)) budget_.take(sizeof place);
        object.wrote(place);
    }

private:
    static constexpr std::size_t kDictionaryEntry = 96;  // bytes of a node of std::map with its key and value

    Budget& budget_;
    std::deque<Array> arrays_;
    std::deque<Dictionary> dictionaries_;
    std::deque<Function> functions_;
    std::deque<Instance> instances_;
    std::deque<Namespace> namespaces_;
    std::deque<Reference> references_;
};

}  // namespace endpointd::dsl
