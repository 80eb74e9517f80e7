#pragma once
// An object of the configuration while its body runs: what `this`, `host` and
// `service` are. Owned by the evaluation's Heap. One thread.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dsl/config_type.hpp"
#include "dsl/value.hpp"

namespace endpointd::dsl {

class Heap;

struct Instance {
    explicit Instance(const ConfigType& made_of) : type(&made_of) {}

    const ConfigType* type;
    std::string name;        // full: "host!service"
    std::string short_name;  // the part behind the last "!"; what `name` reads as
    std::string zone, package;
    std::vector<std::string> templates;                   // own name, then what was imported, in order
    std::vector<std::pair<std::uint16_t, Value>> fields;  // index in type->fields; only what was set, in that order
    // Where a field was written last, for errors that are found when all of the object is there.
    struct Written {
        std::uint16_t field = 0;
        std::uint32_t file = 0, line = 0, column = 0;
    };
    std::vector<Written> written;
    bool done = false;  // committed: its attributes are final (groups aside)

    // Null: not set.
    const Value* find(std::uint16_t field) const noexcept;
    const Written* written_at(std::uint16_t field) const noexcept;

private:
    friend class Heap;  // which charges for them
    void set(std::uint16_t field, Value value);
    void wrote(Written place);
};

}  // namespace endpointd::dsl
