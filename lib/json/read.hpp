#pragma once
// Guarded JSON text to a Value. The only part that knows RapidJSON; for lib/json.
// Pure; any thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.hpp"
#include "json/value.hpp"

namespace endpointd::json {

struct ReadFailure {
    Errc code = Errc::malformed;
    std::string what;
    std::size_t offset = 0;
};

// Hears of every token that is no comma and no colon, in their order.
class ReadListener {
public:
    virtual ~ReadListener() = default;
    virtual void opened(bool object) = 0;
    virtual void closed() = 0;
    virtual void scalar() = 0;
    // A failure ends the reading.
    virtual std::optional<ReadFailure> key(std::string_view key) = 0;
};

// `text` must have passed guard(). `listener` may be null.
std::variant<Value, ReadFailure> read(std::string_view text, ReadListener* listener);

}  // namespace endpointd::json
