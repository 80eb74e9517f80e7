#include "wire/netstring.hpp"

#include "base/limits.hpp"
#include "base/units.hpp"

namespace endpointd::wire {

Error NetstringReader::broken(Errc code, std::string text) {
    error_ = fail(code, "netstring: " + std::move(text));
    buffer_ = {};
    position_ = 0;
    return *error_;
}

void NetstringReader::drop_consumed() {
    buffer_.erase(0, position_);
    position_ = 0;
}

void NetstringReader::feed(std::string_view bytes) {
    if (error_) return;
    // What was taken leaves before more comes, not with every frame: small frames would move the rest each time.
    if (position_ > 0) drop_consumed();
    buffer_ += bytes;
}

Result<bool> NetstringReader::read_header() {
    const std::string_view rest = std::string_view(buffer_).substr(position_);
    std::size_t length = 0;
    for (std::size_t i = 0; i < rest.size(); ++i) {
        const char c = rest[i];
        if (c == ':') {
            if (i == 0) return broken(Errc::malformed, "no length before the colon");
            if (length > max_payload_)
                return broken(Errc::too_large,
                              std::to_string(length) + " bytes announced, at most " + std::to_string(max_payload_) + " are allowed");
            position_ += i + 1;
            length_ = length;
            return true;
        }
        if (c < '0' || c > '9') return broken(Errc::malformed, "'" + escaped(rest.substr(i, 1)) + "' in the length");
        if (i > 0 && rest[0] == '0') return broken(Errc::malformed, "leading zero in the length");
        if (i >= limits::kNetstringDigits)
            return broken(Errc::malformed, "more than " + std::to_string(limits::kNetstringDigits) + " digits in the length");
        length = length * 10 + static_cast<std::size_t>(c - '0');
    }
    return false;
}

Result<std::optional<std::string>> NetstringReader::next() {
    if (error_) return *error_;
    if (!length_) {
        const auto header = read_header();
        if (!header) return header.error();
        if (!*header) return std::optional<std::string>();
    }
    const std::size_t length = *length_;
    if (buffered() <= length) return std::optional<std::string>();
    const char trailer = buffer_[position_ + length];
    if (trailer != ',') return broken(Errc::malformed, "'" + escaped(std::string_view(&trailer, 1)) + "' where the comma belongs");
    length_.reset();
    std::string payload;
    if (buffered() - length - 1 < length) {
        // Most of the buffer is the payload: it goes, and the rest is what is copied.
        drop_consumed();
        payload = std::move(buffer_);
        buffer_ = payload.substr(length + 1);
        payload.resize(length);
    } else {
        payload = buffer_.substr(position_, length);
        position_ += length + 1;
    }
    return std::optional<std::string>(std::move(payload));
}

std::string netstring(std::string_view payload) {
    std::string frame = std::to_string(payload.size());
    frame.reserve(frame.size() + payload.size() + 2);
    frame += ':';
    frame += payload;
    frame += ',';
    return frame;
}

}  // namespace endpointd::wire
