// Methods of strings (and the one of numbers and booleans). Bytes, not characters,
// as upstream counts.

#include <cstring>

#include "dsl/natives.hpp"
#include "dsl/natives_impl.hpp"

namespace endpointd::dsl {

namespace {

constexpr std::string_view kBlank = " \t\n\v\f\r";
constexpr std::string_view::size_type kNone = std::string_view::npos;

// The C library's search is linear with any needle; std::string's is not.
std::size_t find_from(std::string_view text, std::string_view what, std::size_t from) noexcept {
    if (from > text.size()) return kNone;
    if (what.empty()) return from;
    if (what.size() > text.size() - from) return kNone;
    const void* const found = ::memmem(text.data() + from, text.size() - from, what.data(), what.size());
    return found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) : kNone;
}

template <class Change>
Value changed(Call& call, Change change) {
    const TextOf self(call, call.self);
    call.heap.budget().take(self.view().size());
    std::string made(self.view());
    change(made);
    return call.heap.text(std::move(made));
}

Value len(Call& call) { return Value(static_cast<double>(TextOf(call, call.self).view().size())); }

Value upper(Call& call) {
    return changed(call, [](std::string& text) {
        for (char& c : text)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    });
}

Value lower(Call& call) {
    return changed(call, [](std::string& text) {
        for (char& c : text)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    });
}

Value reverse(Call& call) {
    return changed(call, [](std::string& text) { std::reverse(text.begin(), text.end()); });
}

Value trim(Call& call) {
    const TextOf self(call, call.self);
    const std::size_t first = self.view().find_first_not_of(kBlank);
    if (first == kNone) return call.heap.text({});
    return call.heap.text(std::string(self.view().substr(first, self.view().find_last_not_of(kBlank) - first + 1)));
}

Value substr(Call& call) {
    const TextOf self(call, call.self);
    const int from = whole(call, call.argument(0));
    if (from < 0 || static_cast<std::size_t>(from) >= self.view().size()) call.interpreter.fail("String index is out of range");
    const int count = call.arguments.size() > 1 ? whole(call, call.argument(1)) : -1;  // less than none: all of it
    call.heap.budget().take(self.view().size());
    return call.heap.text(
        std::string(self.view().substr(static_cast<std::size_t>(from), count < 0 ? kNone : static_cast<std::size_t>(count))));
}

Value find(Call& call) {
    const TextOf self(call, call.self), what(call, call.argument(0));
    const int from = whole(call, call.argument(1));
    if (from < 0) call.interpreter.fail("String index is out of range");
    const std::size_t found = find_from(self.view(), what.view(), static_cast<std::size_t>(from));
    return Value(found == kNone ? -1.0 : static_cast<double>(found));
}

Value contains(Call& call) {
    const TextOf self(call, call.self), what(call, call.argument(0));
    return Value(find_from(self.view(), what.view(), 0) != kNone);
}

Value split(Call& call) {
    const TextOf self(call, call.self), delimiters(call, call.argument(0));
    bool is_delimiter[256] = {};
    for (const char c : delimiters.view()) is_delimiter[static_cast<unsigned char>(c)] = true;
    Array* const parts = call.heap.array();
    std::size_t from = 0;
    for (std::size_t at = 0; at <= self.view().size(); ++at) {
        if (at < self.view().size() && !is_delimiter[static_cast<unsigned char>(self.view()[at])]) continue;
        call.heap.budget().step();
        call.heap.append(*parts, call.heap.text(std::string(self.view().substr(from, at - from))));
        from = at + 1;
    }
    return parts;
}

Value replace(Call& call) {
    const TextOf self(call, call.self), what(call, call.argument(0)), by(call, call.argument(1));
    std::string made;
    std::size_t from = 0;
    while (!what.view().empty()) {
        const std::size_t found = find_from(self.view(), what.view(), from);
        if (found == kNone) break;
        call.heap.budget().handled(by.view().size());
        call.heap.budget().take(found - from + by.view().size());  // before it is there: one letter may become megabytes
        made.append(self.view(), from, found - from).append(by.view());
        from = found + what.view().size();
    }
    call.heap.budget().take(self.view().size() - from);
    return call.heap.text(std::move(made.append(self.view(), from)));
}

constexpr Builtin kString[] = {
    {"contains", 1, contains, 1},       {"find", 1, find},       {"len", 0, len},        {"lower", 0, lower},
    {"replace", 2, replace, 2},         {"reverse", 0, reverse}, {"split", 1, split, 1}, {"substr", 1, substr},
    {"to_string", 0, native_to_string}, {"trim", 0, trim},       {"upper", 0, upper},
};
constexpr Builtin kToString[] = {{"to_string", 0, native_to_string}};

}  // namespace

Value native_to_string(Call& call) {
    if (call.self.text()) return call.self;
    return call.heap.text(call.interpreter.to_text(call.self));
}

std::span<const Builtin> string_methods() noexcept { return kString; }
std::span<const Builtin> number_methods() noexcept { return kToString; }
std::span<const Builtin> boolean_methods() noexcept { return kToString; }

}  // namespace endpointd::dsl
