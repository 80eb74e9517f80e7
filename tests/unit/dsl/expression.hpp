#pragma once
// What one expression is worth, for tests: evaluated alone, with objects that a test gives.

#include <map>
#include <string>
#include <vector>

#include "base/findings.hpp"
#include "dsl/interpreter.hpp"
#include "dsl/parser.hpp"

namespace endpointd::dsl {

class GivenObjects final : public Definitions {
public:
    void define(const Node&, Frame&) override {}
    void apply(const Node&, Frame&) override {}
    void import(const std::string&, Frame&) override {}
    void include(const Node&, Frame&) override {}
    Instance* find(const ConfigType& type, std::string_view name) override {
        for (Instance* const object : objects)
            if (object->type == &type && object->name == name) return object;
        return nullptr;
    }
    std::vector<Instance*> all(const ConfigType& type) override {
        std::vector<Instance*> found;
        for (Instance* const object : objects)
            if (object->type == &type) found.push_back(object);
        return found;
    }

    std::vector<Instance*> objects;
};

// JSON of the value of `expression`; "ERROR: why"; or "LIMIT" where the budget ran out. Objects: type, full name.
inline std::string worth(const std::string& expression, Limits limits = {},
                         const std::vector<std::pair<std::string, std::string>>& objects = {}) {
    const SourceFile file{"t.conf", "t.conf", "Json.encode(" + expression + ")"};
    const Source source(file);
    Findings findings;
    const std::optional<Node> tree = parse(source, findings);
    if (!tree) return "SYNTAX";
    Budget budget(std::move(limits));
    try {
        Heap heap(budget);
        GivenObjects given;
        for (const auto& [type, name] : objects) {
            Instance* const object = heap.instance(*config_type(type));
            object->name = name;
            object->short_name = name.substr(name.rfind('!') == std::string::npos ? 0 : name.rfind('!') + 1);
            object->done = true;
            given.objects.push_back(object);
        }
        Interpreter interpreter(heap, given, Authority::pushed);
        interpreter.provide("MatchAll", Value(0.0));
        interpreter.provide("MatchAny", Value(1.0));
        interpreter.provide("NodeName", heap.text("vm"));
        Frame frame = interpreter.frame(Value(&interpreter.globals()), nullptr, 0);
        const Value value = interpreter.run(*tree, frame).value;
        return value.string() ? *value.string() : "?";
    } catch (const ScriptError& error) {
        return "ERROR: " + error.message;
    } catch (const OutOfBudget&) {
        return "LIMIT";
    }
}

}  // namespace endpointd::dsl
