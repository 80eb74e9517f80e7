#include "json/document.hpp"

#include "json/guard.hpp"
#include "json/read.hpp"

namespace endpointd::json {

namespace {

Error located(Errc code, std::string_view what, std::size_t offset) {
    return fail(code, std::string(what) + " at byte " + std::to_string(offset));
}

}  // namespace

Result<Value> parse(std::string_view text, Bounds bounds) {
    if (const auto refusal = guard(text, bounds, Comments::refused)) return located(refusal->code, refusal->what, refusal->offset);
    auto outcome = read(text, nullptr);
    if (const auto* failure = std::get_if<ReadFailure>(&outcome)) return located(failure->code, failure->what, failure->offset);
    return std::get<Value>(std::move(outcome));
}

std::string pointer_to(std::string_view base, std::string_view key) {
    std::string pointer(base);
    pointer += '/';
    for (const char c : key) {
        if (c == '~') pointer += "~0";
        else if (c == '/') pointer += "~1";
        else pointer += c;
    }
    return pointer;
}

std::string pointer_to(std::string_view base, std::size_t index) { return std::string(base) + '/' + std::to_string(index); }

Finding Document::at(std::string_view pointer, std::string message, bool at_key) const {
    Finding finding{file, 0, 0, std::string(pointer), std::move(message)};
    // What is not there (a missing key) is reported where it is missing: at the nearest that is.
    for (std::string_view nearest = pointer;;) {
        const auto place = places.find(nearest);
        if (place != places.end()) {
            finding.line = at_key ? place->second.key_line : place->second.line;
            finding.column = at_key ? place->second.key_column : place->second.column;
            return finding;
        }
        if (nearest.empty()) return finding;
        nearest = nearest.substr(0, nearest.rfind('/'));
    }
}

}  // namespace endpointd::json
