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
    const bool same_output = kept == output;
    if (!same_output) output = kept;
    std::string tokens;
    tokens.reserve(performance_data.size());
    if (body.performance_data)
        for (const wire::Perfdata& data : *body.performance_data)
            if (!add_data(tokens, data)) break;
    if (same_output && tokens == performance_data) return false;
    performance_data = std::move(tokens);
    return true;
}

json::Array LastResult::tokens() const {
    json::Array list;
    for (std::size_t begin = 0; begin < performance_data.size();) {
        const std::size_t end = performance_data.find('\n', begin);
        list.emplace_back(std::string_view(performance_data).substr(begin, end - begin));
        begin = end + 1;
    }
    return list;
}

std::string text_of(const LastResult& result) {
    return json::to_text(json::Object{{"output", result.output}, {"performance_data", result.tokens()}});
}

std::optional<LastResult> last_result_from(std::string_view text) {
    const Result<json::Value> value = json::parse(text);
    const json::Object* const members = value ? value->object() : nullptr;
    const json::Value* const output = members ? members->find("output") : nullptr;
    const json::Value* const tokens = members ? members->find("performance_data") : nullptr;
    if (!output || !output->string() || !tokens || !tokens->array()) return std::nullopt;
    LastResult result;
    result.output.assign(*output->string(), 0, beginning(*output->string(), kKeptOutput));
    for (const json::Value& token : *tokens->array())
        if (!token.string() || !add(result.performance_data, *token.string())) return std::nullopt;
    return result;
}

}  // namespace endpointd::cluster
