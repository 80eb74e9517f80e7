// Invariant: for any catalog file and any macros, loading ends with findings or
// with commands that hold what they promise: an admission is stable, each element
// of argv is free of NUL bytes and all of it together within its bounds.
//
// Input: a catalog file, a NUL byte, a JSON object of macros.

#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "catalog/catalog.hpp"
#include "catalog/invocation.hpp"
#include "catalog/render.hpp"
#include "json/document.hpp"

using namespace endpointd;

namespace {

void run(const catalog::Catalog& loaded, const catalog::Command& command, const json::Object& macros) {
    const catalog::Attempt<catalog::Admission> admission = catalog::admit(loaded, command, macros);
    if (!admission) {
        EP_ASSERT(!admission.error().text.empty());
        return;
    }
    const catalog::Attempt<catalog::Admission> again = catalog::admit(loaded, command, admission->parameters);
    EP_ASSERT(again && again->dropped.empty() && again->parameters == admission->parameters);
    const catalog::Attempt<catalog::Invocation> invocation = catalog::build(loaded, command, admission->parameters);
    if (!invocation) return;
    std::size_t bytes = 0;
    for (const auto* list : {&invocation->argv, &invocation->env}) {
        for (const std::string& word : *list) {
            EP_ASSERT(word.find('\0') == std::string::npos);
            EP_ASSERT(word.size() < catalog::kArgumentBytes);
            bytes += word.size() + 1;
        }
    }
    EP_ASSERT(bytes <= limits::kArgvBytes);
    EP_ASSERT(command.builtin == invocation->argv.empty());
    EP_ASSERT(command.builtin || invocation->argv[0] == command.command[0]);
    json::to_text(catalog::render_view(command, *invocation, std::chrono::seconds(60)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t end = input.find('\0');
    Findings findings;
    const catalog::Catalog loaded = catalog::Catalog::load({{"fuzz.json", "fuzz.json", std::string(input.substr(0, end))}}, findings);
    for (const Finding& finding : findings.errors) EP_ASSERT(!finding.message.empty());
    if (!findings.ok()) return 0;
    const Result<json::Value> macros = json::parse(end == std::string_view::npos ? "{}" : input.substr(end + 1));
    const json::Object none;
    for (const auto& [name, command] : loaded.commands()) {
        EP_ASSERT(loaded.find(name) == &command);
        run(loaded, command, macros && macros->object() ? *macros->object() : none);
    }
    return 0;
}
