#include "cluster/last_result.hpp"

#include "base/units.hpp"
#include "json/document.hpp"

namespace endpointd::cluster {

namespace {

// Where to cut, so that no character is cut in two.
std::size_t beginning(std::string_view text, std::size_t most) noexcept {
    if (text.size() <= most) return text.size();
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
    return most;
}

// False: it does not fit any more.
bool add(std::string& tokens, std::string_view token) {
    if (tokens.size() + token.size() + 1 > kKeptPerformanceData) return false;
    // None that a plugin printed has a line's end in it; what somebody submits may.
    for (const char c : token) tokens += c == '\n' ? ' ' : c;
    tokens += '\n';
    return true;
}

bool add_data(std::string& tokens, const wire::Perfdata& data) {
    if (const auto* token = std::get_if<std::string>(&data)) return add(tokens, *token);
    const auto& parts = std::get<wire::PerfdataValue>(data);
    return add(tokens, parts.label + "=" + number_text(parts.value));
}

}  // namespace

bool LastResult::take(const wire::CheckResultBody& body) {
    const std::string_view kept = std::string_view(body.output).substr(0, beginning(body.output, kKeptOutput));
    std::string tokens;
    if (body.performance_data)
        for (const wire::Perfdata& data : *body.performance_data)
            if (!add_data(tokens, data)) break;
    if (kept == output() && tokens == token_lines()) return false;
    std::string text;
    text.reserve(kept.size() + tokens.size());
    text.append(kept).append(tokens);
    text_ = std::move(text);
    output_size_ = static_cast<std::uint16_t>(kept.size());
    return true;
}

json::Array LastResult::tokens() const {
    json::Array list;
    for (std::string_view left = token_lines(); !left.empty();) {
        const std::size_t end = left.find('\n');
        list.emplace_back(left.substr(0, end));
        left.remove_prefix(end + 1);
    }
    return list;
}

std::string text_of(const LastResult& result) {
    return json::to_text(json::Object{{"output", result.output()}, {"performance_data", result.tokens()}});
}

std::optional<LastResult> LastResult::from_text(std::string_view text) {
    const Result<json::Value> value = json::parse(text);
    const json::Object* const members = value ? value->object() : nullptr;
    const json::Value* const output = members ? members->find("output") : nullptr;
    const json::Value* const tokens = members ? members->find("performance_data") : nullptr;
    if (!output || !output->string() || !tokens || !tokens->array()) return std::nullopt;
    std::string lines;
    for (const json::Value& token : *tokens->array())
        if (!token.string() || !add(lines, *token.string())) return std::nullopt;
    LastResult result;
    result.text_.assign(*output->string(), 0, beginning(*output->string(), kKeptOutput));
    result.output_size_ = static_cast<std::uint16_t>(result.text_.size());
    result.text_ += lines;
    result.text_.shrink_to_fit();
    return result;
}

}  // namespace endpointd::cluster
