#pragma once
// A text that many objects have in common, held once: a zone, a package, a path.
// Immutable; copies share it, on any thread.

#include <concepts>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

namespace endpointd::dsl {

class SharedString {
public:
    SharedString() = default;  // empty
    SharedString(std::string text) : text_(text.empty() ? nullptr : std::make_shared<const std::string>(std::move(text))) {}
    // Shares a text that somebody else holds, perhaps as a part of more. Null: empty.
    explicit SharedString(std::shared_ptr<const std::string> text) : text_(text && !text->empty() ? std::move(text) : nullptr) {}
    SharedString(std::string_view text) : SharedString(std::string(text)) {}
    SharedString(const char* text) : SharedString(std::string(text)) {}

    // Valid as long as any copy of this is.
    const std::string& str() const noexcept { return text_ ? *text_ : none(); }
    operator const std::string&() const noexcept { return str(); }
    bool empty() const noexcept { return !text_; }

    friend bool operator==(const SharedString& left, const SharedString& right) noexcept {
        return left.text_ == right.text_ || left.str() == right.str();
    }
    template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
    friend bool operator==(const SharedString& left, const Text& right) noexcept { return left.str() == std::string_view(right); }
    friend std::ostream& operator<<(std::ostream& out, const SharedString& text) { return out << text.str(); }

private:
    static const std::string& none() noexcept {
        static const std::string kNone;
        return kNone;
    }

    std::shared_ptr<const std::string> text_;  // null: empty
};

}  // namespace endpointd::dsl
