// Settings from any bytes, as endpointd.json and again as a fragment over it: no
// crash, an answer or an error but never neither, and every value that is let
// through is one that an operator could read back.

#include <cstdint>

#include "base/assert.hpp"
#include "settings/table.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace endpointd;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const std::vector<SourceFile> files = {{"endpointd.json", "endpointd.json", text}, {"conf.d/10.json", "10.json", text}};
    Findings findings;
    std::optional<settings::Settings> loaded = settings::load(files, findings);
    EP_ASSERT(loaded.has_value() == findings.ok());
    if (!loaded) return 0;
    settings::name_node(*loaded, "fuzz.example.org", findings);
    for (const settings::Setting& setting : settings::table()) EP_ASSERT(!settings::value_text(setting, *loaded).empty());
    EP_ASSERT(settings::needing_restart(*loaded, *loaded).empty());
    return 0;
}
