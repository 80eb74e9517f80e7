// Invariant: whatever the secrets and whatever a plugin prints, no secret is left
// in the result, and no beginning of one at the end of a text that was cut; it
// keeps within its bound, and scrubbing the words of an argv keeps their number.
// What is searched here is done the slow way, form by form.
//
// Input: one byte (lowest bit: the text was cut; highest bit: the others are the
// most bytes that may come out), values with a NUL byte behind each, the text.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "exec/scrubber.hpp"
#include "exec/secret_forms.hpp"

using namespace endpointd;

namespace {

constexpr std::string_view kName = "Q";
constexpr std::string_view kPlaceholder = "<secret:Q>";

// Text that is put in may make such a value anew together with what is beside it.
bool touches_placeholder(std::string_view form) { return form.find_first_of(kPlaceholder) != std::string_view::npos; }

bool holds(std::string_view text, std::string_view value) { return text.find(value) != std::string_view::npos; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const bool cut = (data[0] & 1) != 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t most = (data[0] & 0x80) != 0 ? data[0] >> 1 : limits::kArgvBytes;
    std::vector<exec::SecretValue> values;
    for (std::size_t end = rest.find('\0'); end != std::string_view::npos; end = rest.find('\0')) {
        const std::string_view value = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        if (values.size() < catalog::kSecretsMost && exec::without_blanks(value).size() >= exec::kSecretLeast)
            values.push_back({std::string(kName), exec::SecretText(value), catalog::SecretAs::env});
    }
    const exec::Scrubber scrubber(values);
    const exec::Scrubbed result = scrubber.scrub(rest, cut, most);
    EP_ASSERT(result.text.size() <= most);
    EP_ASSERT(result.cut || !cut);
    std::size_t budget = exec::kEncodedTotal;
    for (const exec::SecretValue& secret : values) {
        exec::each_form(secret.value.view(), budget, [&](std::string_view form) {
            EP_ASSERT(form.size() >= exec::kSecretLeast);
            if (touches_placeholder(form)) return;
            EP_ASSERT(!holds(result.text, form));
            // Unless it had to be cut for its length: then its end is not the text's.
            if (cut && result.text.size() + kPlaceholder.size() <= most)
                EP_ASSERT(!result.text.ends_with(form.substr(0, exec::kSecretLeast)));
        });
    }
    const std::vector<std::string> words = scrubber.scrub_words({std::string(rest), "plain", std::string(rest)});
    EP_ASSERT(words.size() == 3);
    EP_ASSERT(words[0].size() + words[1].size() + words[2].size() <= limits::kArgvBytes);
    if (values.empty()) EP_ASSERT(words[0] == rest.substr(0, limits::kArgvBytes));
    return 0;
}
