#include "base/error.hpp"

#include <system_error>

namespace endpointd {

std::string_view name_of(Errc code) noexcept {
    switch (code) {
        case Errc::malformed:
            return "malformed";
        case Errc::too_large:
            return "too-large";
        case Errc::not_found:
            return "not-found";
        case Errc::not_permitted:
            return "not-permitted";
        case Errc::invalid:
            return "invalid";
        case Errc::unavailable:
            return "unavailable";
        case Errc::timed_out:
            return "timed-out";
        case Errc::io:
            return "io";
    }
    return "unknown";
}

Error system_error(std::string_view what, int number) {
    std::string text(what);
    text += ": ";
    text += std::generic_category().message(number);
    return {Errc::io, std::move(text)};
}

}  // namespace endpointd
