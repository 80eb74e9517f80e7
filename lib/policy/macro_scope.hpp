#pragma once
// What a host's and a service's attributes give for `$name$` (protocol, 6.4): addresses,
// names and custom variables are known without running anything, states and times only
// to a run. Pure; borrows the objects.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "dsl/evaluation.hpp"

namespace endpointd::policy {

// Values within values, as upstream.
inline constexpr unsigned kMacroLevels = 15;
// Macros looked up for one value: each level may name the one below many times.
inline constexpr std::size_t kMacroLookups = 1000;

struct StaticValue {
    bool known = false;  // false: only the run can tell
    json::Value value;   // null: not set
};

// What a run knows besides: "state", "check_attempt", "output", ... of each.
struct StateMacros {
    json::Object host, service;
};

class MacroScope {
public:
    // `host`, and `service` where it is one of a service. Either may be null.
    // `states`: null unless this is for a run.
    MacroScope(const dsl::Object* host, const dsl::Object* service, const StateMacros* states = nullptr) noexcept
        : host_(host), service_(service), states_(states) {}

    // The value of `$name$`. An error: the value can never be put together.
    Result<StaticValue> value_of(std::string_view name) const;

private:
    struct Found {
        const json::Value* value = nullptr;  // null: nowhere
        std::string_view text;               // with `is_text`
        bool is_text = false;
        bool is_custom = false;  // macros in it count
        bool later = false;      // only the run can tell
    };

    Found look_up(std::string_view name) const noexcept;
    Found in_object(const dsl::Object& object, std::string_view path) const noexcept;
    Result<StaticValue> expand(const Found& found, unsigned level, std::size_t& lookups) const;
    Result<StaticValue> expand_text(const std::string& text, unsigned level, std::size_t& lookups) const;

    const dsl::Object* host_;
    const dsl::Object* service_;
    const StateMacros* states_;
};

}  // namespace endpointd::policy
