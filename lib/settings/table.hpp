#pragma once
// The table of settings: name, where it is kept, bounds, whether it needs a
// restart, and a sentence. The loader reads through it and tests compare schema
// and documentation with it, so that no setting exists in one of them only.
// Immutable; any thread.

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "settings/settings.hpp"

namespace endpointd::settings {

// Where a setting is kept in a Settings; the kind of pointer is its type.
using Target = std::variant<std::string*, std::optional<std::string>*, bool*, std::uint64_t*, Duration*, std::vector<std::string>*,
                            TlsVersion*, Demand*, LogLevel*, LogFormat*>;

enum class Form { text, path, flag, count, size, duration, addresses, choice, unavailable };

struct Setting {
    std::string_view pointer;  // JSON pointer: "/listen/port"
    Form form;
    Target (*target)(Settings&);  // not called for Form::unavailable
    // Bounds of a count, of a size in bytes, of a duration in seconds.
    double least;
    double most;
    bool restart;  // counts only after a restart
    std::string_view text;
};

std::span<const Setting> table() noexcept;

// The value as an operator would write it in JSON: `"15s"`, `64`, `null`.
std::string value_text(const Setting& setting, const Settings& settings);

}  // namespace endpointd::settings
